#include "draws.h"
#include "property.h"

#include <string.h>

static const char *const names[STEP_KINDS] = {"wait",   "submit", "next",    "reply", "lose",
                                              "cancel", "wrong",  "observe", "clock", "restart"};

/** How often each kind is drawn, in hundredths. */
static const int shares[STEP_KINDS] = {14, 42, 12, 20, 3, 2, 2, 3, 1, 1};

static enum step_kind draw_kind(struct draws *draws, bool steady) {
    int64_t at = draw(draws, 0, 99);
    for (int kind = 0; kind < STEP_KINDS; kind++) {
        at -= shares[kind];
        if (at < 0) {
            return steady && kind >= STEP_CLOCK ? STEP_SUBMIT : (enum step_kind)kind;
        }
    }
    return STEP_WAIT;
}

void input_draw(struct input *input, uint64_t seed, size_t count) {
    struct draws draws = {.state = seed};
    *input = (struct input){.count = count};
    for (size_t i = 0; i < PLAN_NUMBERS; i++) {
        input->plan[i] = (int)draw(&draws, 0, 99);
    }
    // Half of the inputs have no step of the clock and no restart: there limits must hold.
    const bool steady = draw_percent(&draws, 50);
    for (size_t i = 0; i < count; i++) {
        input->steps[i].kind = draw_kind(&draws, steady);
        for (size_t j = 0; j < 4; j++) {
            input->steps[i].number[j] = (int)draw(&draws, 0, 99);
        }
    }
}

void input_print(const struct input *input, FILE *file) {
    fprintf(file, "plan");
    for (size_t i = 0; i < PLAN_NUMBERS; i++) {
        fprintf(file, " %d", input->plan[i]);
    }
    fprintf(file, "\n");
    for (size_t i = 0; i < input->count; i++) {
        const struct step *step = &input->steps[i];
        fprintf(file, "%s %d %d %d %d\n", names[step->kind], step->number[0], step->number[1],
                step->number[2], step->number[3]);
    }
}

static bool read_numbers(FILE *file, int *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (fscanf(file, "%d", &numbers[i]) != 1 || numbers[i] < 0 || numbers[i] > 99) {
            return false;
        }
    }
    return true;
}

bool input_read(struct input *input, FILE *file) {
    char name[16];
    *input = (struct input){.count = 0};
    if (fscanf(file, "%15s", name) != 1 || strcmp(name, "plan") != 0 ||
        !read_numbers(file, input->plan, PLAN_NUMBERS)) {
        return false;
    }
    while (fscanf(file, "%15s", name) == 1) {
        int kind = 0;
        while (kind < STEP_KINDS && strcmp(names[kind], name) != 0) {
            kind++;
        }
        if (kind == STEP_KINDS || input->count == STEPS_MAX) {
            return false;
        }
        struct step *step = &input->steps[input->count++];
        step->kind = (enum step_kind)kind;
        if (!read_numbers(file, step->number, 4)) {
            return false;
        }
    }
    return true;
}

static bool still_fails(const struct input *input) {
    char why[256];
    return !input_holds(input, why, sizeof why);
}

/** Leaves out stretches of steps, long ones first. */
static bool shorten(struct input *input) {
    bool shorter = false;
    for (size_t length = input->count; length > 0; length /= 2) {
        for (size_t at = 0; at + length <= input->count;) {
            struct input tried = *input;
            memmove(&tried.steps[at], &tried.steps[at + length],
                    (tried.count - at - length) * sizeof tried.steps[0]);
            tried.count -= length;
            if (still_fails(&tried)) {
                *input = tried;
                shorter = true;
            } else {
                at++;
            }
        }
    }
    return shorter;
}

/** Tries 0, a half and one less for a number of the input. */
static bool lower(struct input *input, int *number) {
    const int before = *number;
    const int smaller[] = {0, before / 2, before - 1};
    for (size_t i = 0; i < 3 && before > 0; i++) {
        *number = smaller[i];
        if (still_fails(input)) {
            return true;
        }
    }
    *number = before;
    return false;
}

void input_shrink(struct input *input) {
    bool better = true;
    for (int round = 0; better && round < 100; round++) {
        better = shorten(input);
        for (size_t i = 0; i < PLAN_NUMBERS; i++) {
            better = lower(input, &input->plan[i]) || better;
        }
        for (size_t i = 0; i < input->count; i++) {
            for (size_t j = 0; j < 4; j++) {
                better = lower(input, &input->steps[i].number[j]) || better;
            }
        }
    }
}
