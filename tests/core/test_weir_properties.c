/* Properties of policy weir under random calls. An input that breaks one is shrunk and printed: put
 * the lines into a new file of tests/core/broken and it is tried in every run. Such an input is
 * also found by `test_weir_properties FIRST LAST`, which tries many more seeds. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "property.h"

#define SEEDS 1500

static bool try_input(struct input *input, const char *name) {
    char why[256] = "";
    if (input_holds(input, why, sizeof why)) {
        return true;
    }
    print_error("%s breaks a property %s\n", name, why);
    input_shrink(input);
    (void)input_holds(input, why, sizeof why);
    print_error("shrunk, it breaks one %s:\n", why);
    input_print(input, stderr);
    return false;
}

static bool try_seeds(uint64_t first, uint64_t last) {
    static struct input input;
    for (uint64_t seed = first; seed <= last; seed++) {
        char name[48];
        (void)snprintf(name, sizeof name, "seed %llu", (unsigned long long)seed);
        input_draw(&input, seed, 20 + seed * 37 % (STEPS_MAX - 20));
        if (!try_input(&input, name)) {
            return false;
        }
    }
    return true;
}

static void test_random_inputs(void **state) {
    (void)state;
    assert_true(try_seeds(1, SEEDS));
}

static void test_inputs_that_broke_something(void **state) {
    (void)state;
    static struct input input;
    DIR *folder = opendir(WEIR_BROKEN_INPUTS);
    assert_non_null(folder);
    const struct dirent *file = NULL;
    int count = 0;
    while ((file = readdir(folder))) {
        if (file->d_name[0] == '.') {
            continue;
        }
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", WEIR_BROKEN_INPUTS, file->d_name);
        FILE *text = fopen(path, "r");
        assert_non_null(text);
        if (!input_read(&input, text)) {
            fail_msg("%s cannot be read", path);
        }
        fclose(text);
        assert_true(try_input(&input, file->d_name));
        count++;
    }
    closedir(folder);
    assert_true(count > 0);
}

/** What is printed is read back as the same. */
static void test_text_form(void **state) {
    (void)state;
    static struct input drawn;
    static struct input read;
    input_draw(&drawn, 7, STEPS_MAX);
    FILE *file = tmpfile();
    assert_non_null(file);
    input_print(&drawn, file);
    rewind(file);
    assert_true(input_read(&read, file));
    fclose(file);
    assert_int_equal(read.count, drawn.count);
    assert_memory_equal(read.plan, drawn.plan, sizeof read.plan);
    assert_memory_equal(read.steps, drawn.steps, drawn.count * sizeof drawn.steps[0]);
}

int main(int argc, char **argv) {
    if (argc == 3) {
        const bool held = try_seeds(strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10));
        return held ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_form),
        cmocka_unit_test(test_inputs_that_broke_something),
        cmocka_unit_test(test_random_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
