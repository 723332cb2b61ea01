/* One question, one answer: lines out, lines in, and what was wrong with them. */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "policy_program_parts.h"

#define LINE_CAPACITY (1 << 18)
#define DAY_NS INT64_C(86400000000000)
#define TIME_MAX_NS INT64_C(4000000000000000000)
#define NOTES_CAPACITY (1 << 16)
#define NOTES_FULL (NOTES_CAPACITY - (1 << 14)) /* room for one more is left */

bool weir_conversation_fail(struct weir_conversation *c, const char *format, ...) {
    char what[240];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    const char *newline = memchr(c->line.bytes, '\n', c->line.used);
    const int call_length = newline ? (int)(newline - c->line.bytes) : (int)c->line.used;
    snprintf(c->failure, sizeof c->failure, "%s: line %" PRIu64 " of '%.100s'%s%.120s%s, to %.*s",
             what, c->lines, c->program->command, c->answer ? ": " : "", c->answer ? c->answer : "",
             c->answer && strlen(c->answer) > 120 ? "…" : "", call_length < 180 ? call_length : 180,
             c->line.bytes);
    return false;
}

bool weir_conversation_start(struct weir_conversation *c, struct weir_program *program,
                             int64_t now_ns, uint32_t max_open) {
    *c = (struct weir_conversation){
        .program = program, .origin_ns = now_ns / DAY_NS * DAY_NS, .queued_max = max_open};
    c->line = (struct weir_line){.bytes = malloc(LINE_CAPACITY), .capacity = LINE_CAPACITY};
    c->notes = (struct weir_line){.bytes = malloc(NOTES_CAPACITY), .capacity = NOTES_CAPACITY};
    c->queued = calloc(max_open, sizeof *c->queued);
    if (!c->line.bytes || !c->notes.bytes || !c->queued) {
        snprintf(c->failure, sizeof c->failure, "out of memory");
        return false;
    }
    if (!weir_child_start(&c->child, program->command)) {
        snprintf(c->failure, sizeof c->failure, "'%.100s' cannot be started: %s", program->command,
                 strerror(errno));
        return false;
    }
    return true;
}

void weir_conversation_end(struct weir_conversation *c, int64_t grace_ms) {
    if (c->child.buffer) {
        weir_child_end(&c->child, grace_ms);
    }
    free(c->line.bytes);
    free(c->notes.bytes);
    free(c->queued);
    c->line.bytes = NULL;
    c->notes.bytes = NULL;
    c->queued = NULL;
}

/* ---- calls ---- */

static void begin_object(struct weir_line *line, const char *name) {
    weir_line_raw(line, "{\"call\":\"");
    weir_line_raw(line, name);
    weir_line_raw(line, "\"");
}

void weir_call_begin(struct weir_conversation *c, const char *name) {
    c->writes = &c->line;
    c->line.used = 0;
    c->line.overflow = false;
    begin_object(&c->line, name);
}

static void describe_end(struct weir_conversation *c) {
    weir_child_end(&c->child, 1000);
    const int status = c->child.exit_status;
    c->answer = NULL;
    if (c->child.killed) {
        weir_conversation_fail(c, "the program closed its standard output instead of an answer");
    } else if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        weir_conversation_fail(c, "the program ended with exit code 127 (was not found?) instead "
                                  "of an answer");
    } else if (WIFEXITED(status)) {
        weir_conversation_fail(c, "the program ended with exit code %d instead of an answer",
                               WEXITSTATUS(status));
    } else {
        weir_conversation_fail(c, "the program was ended by signal %d instead of an answer",
                               WTERMSIG(status));
    }
}

static bool explain(struct weir_conversation *c, enum weir_child_result result) {
    const double seconds = (double)c->patience_ms / 1000.0;
    switch (result) {
    case WEIR_CHILD_OK:
        return true;
    case WEIR_CHILD_TIMEOUT:
        return weir_conversation_fail(
            c, "no answer within %g s (limiter." WEIR_PROGRAM_PATIENCE ")", seconds);
    case WEIR_CHILD_DEAF:
        return weir_conversation_fail(c, "its input was not read within %g s", seconds);
    case WEIR_CHILD_ENDED:
        describe_end(c);
        return false;
    case WEIR_CHILD_TOO_LONG:
        return weir_conversation_fail(c, "an answer of more than %d bytes", WEIR_CHILD_LINE_MAX);
    case WEIR_CHILD_UNASKED:
        return weir_conversation_fail(
            c, "a line that nobody asked for: one line for each line, and standard output is for "
               "answers alone");
    }
    return false;
}

static json_t *parse(struct weir_conversation *c, size_t length) {
    json_error_t error;
    json_t *answer = json_loadb(c->answer, length, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(answer)) {
        return answer;
    }
    if (answer) {
        weir_conversation_fail(c, "not a JSON object");
    } else {
        weir_conversation_fail(c, "not JSON (%.100s)", error.text);
    }
    json_decref(answer);
    return NULL;
}

/* ---- answers ---- */

bool weir_answer_keys(struct weir_conversation *c, json_t *answer, const char *const *known) {
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(answer, key, value) {
        bool is_known = strcmp(key, "events") == 0;
        for (size_t i = 0; known[i] && !is_known; i++) {
            is_known = strcmp(known[i], key) == 0;
        }
        if (!is_known) {
            char list[160] = "events";
            for (size_t i = 0, used = 6; known[i] && used < sizeof list; i++) {
                used += (size_t)snprintf(list + used, sizeof list - used, ", %s", known[i]);
            }
            return weir_conversation_fail(c, "unknown key '%.40s' (there are %s)", key, list);
        }
    }
    return true;
}

bool weir_answer_integer(struct weir_conversation *c, json_t *answer, const char *key, int64_t min,
                         int64_t max, int64_t *value) {
    const json_t *at = json_object_get(answer, key);
    if (!at) {
        return true;
    }
    /* programs count times in floating point, too: the next whole number is meant */
    const double real = ceil(json_number_value(at));
    const bool fits = json_is_integer(at) || (json_is_real(at) && fabs(real) < 4e18);
    const int64_t number = json_is_integer(at) ? (int64_t)json_integer_value(at)
                           : fits              ? (int64_t)real
                                               : 0;
    if (!fits || number < min || number > max) {
        return weir_conversation_fail(c, "'%s' must be a number from %" PRId64 " to %" PRId64, key,
                                      min, max);
    }
    *value = number;
    return true;
}

bool weir_answer_time(struct weir_conversation *c, json_t *answer, const char *key,
                      int64_t *time_ns) {
    int64_t told_ns = -1;
    if (!weir_answer_integer(c, answer, key, 0, TIME_MAX_NS - c->origin_ns, &told_ns)) {
        return false;
    }
    *time_ns = told_ns < 0 ? *time_ns : told_ns + c->origin_ns;
    return true;
}

bool weir_answer_flag(struct weir_conversation *c, json_t *answer, const char *key, bool *value) {
    const json_t *at = json_object_get(answer, key);
    if (at && !json_is_boolean(at)) {
        return weir_conversation_fail(c, "'%s' must be true or false", key);
    }
    *value = at ? json_is_true(at) : *value;
    return true;
}

bool weir_answer_word(struct weir_conversation *c, json_t *answer, const char *key,
                      const char *const *names, int *position) {
    const json_t *at = json_object_get(answer, key);
    const char *text = json_string_value(at);
    for (int i = 0; text && names[i]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *position = i;
            return true;
        }
    }
    if (!at && *position >= 0) {
        return true;
    }
    char list[160] = "";
    for (size_t i = 0, used = 0; names[i] && used < sizeof list; i++) {
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    }
    return weir_conversation_fail(c, "'%s' must be one of %s", key, list);
}

const char *weir_program_keep(struct weir_program *program, const char *text) {
    const char *kept = NULL;
    pthread_mutex_lock(&program->lock);
    for (size_t i = 0; i < program->text_count && !kept; i++) {
        kept = strcmp(program->texts[i], text) == 0 ? program->texts[i] : NULL;
    }
    if (!kept && program->text_count < WEIR_PROGRAM_TEXTS_MAX) {
        char *copy = strdup(text);
        program->texts[program->text_count] = copy;
        program->text_count += copy != NULL;
        kept = copy;
    }
    pthread_mutex_unlock(&program->lock);
    return kept;
}

/** A text of an event, or NULL if the key is not there; false if it is no text, or one too many. */
static bool event_text(struct weir_conversation *c, const json_t *event, const char *key,
                       const char **text) {
    const json_t *at = json_object_get(event, key);
    if (!at) {
        return true;
    }
    const char *given = json_string_value(at);
    *text = given && strlen(given) <= 60 ? weir_program_keep(c->program, given) : NULL;
    return *text || weir_conversation_fail(c,
                                           "'%s' of an event must be a text of at most 60 bytes, "
                                           "and there may be %d different ones",
                                           key, WEIR_PROGRAM_TEXTS_MAX);
}

static bool take_event(struct weir_conversation *c, json_t *given) {
    static const char *const keys[] = {"what", "value", "cause", "number", "until_ns", NULL};
    if (!json_is_object(given) || c->event_count == WEIR_PROGRAM_EVENTS_MAX) {
        return weir_conversation_fail(c, "'events' must be a list of at most %d objects",
                                      WEIR_PROGRAM_EVENTS_MAX);
    }
    struct weir_event event = {.time_ns = c->now_ns + c->origin_ns, .until_ns = WEIR_NEVER};
    const json_t *number = json_object_get(given, "number");
    event.number = json_number_value(number);
    if (!weir_answer_keys(c, given, keys) || !event_text(c, given, "what", &event.what) ||
        !event_text(c, given, "value", &event.value) ||
        !event_text(c, given, "cause", &event.cause) ||
        !weir_answer_time(c, given, "until_ns", &event.until_ns)) {
        return false;
    }
    if (!event.what || (number && !json_is_number(number))) {
        return weir_conversation_fail(c, "an event needs 'what', and its 'number' must be one");
    }
    c->events[(c->event_head + c->event_count++) % WEIR_PROGRAM_EVENTS_MAX] = event;
    return true;
}

static bool take_events(struct weir_conversation *c, json_t *answer) {
    json_t *list = json_object_get(answer, "events");
    if (list && !json_is_array(list)) {
        return weir_conversation_fail(c, "'events' must be a list");
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!take_event(c, json_array_get(list, i))) {
            return false;
        }
    }
    return true;
}

/** What is waiting goes along with the call. */
static bool end_call(struct weir_conversation *c) {
    if (c->notes.used > 0) {
        weir_line_raw(&c->line, ",\"before\":[");
        weir_line_bytes(&c->line, c->notes.bytes, c->notes.used);
        weir_line_raw(&c->line, "]");
    }
    weir_line_raw(&c->line, "}\n");
    const bool overflow = c->line.overflow || c->notes.overflow;
    c->notes.used = 0;
    return !overflow || weir_conversation_fail(c, "a call of more than %d bytes", NOTES_CAPACITY);
}

json_t *weir_call_ask(struct weir_conversation *c) {
    size_t length = 0;
    if (c->failure[0] || !end_call(c)) {
        return NULL;
    }
    c->lines++;
    c->answer = NULL;
    json_t *answer = explain(c, weir_child_ask(&c->child, c->line.bytes, c->line.used,
                                               c->patience_ms, &c->answer, &length))
                         ? parse(c, length)
                         : NULL;
    if (answer && !take_events(c, answer)) {
        json_decref(answer);
        answer = NULL;
    }
    return answer;
}

/** Sends the notes without waiting for a call that has an answer. */
static bool send_notes(struct weir_conversation *c) {
    static const char *const none[] = {NULL};
    weir_call_begin(c, "notes");
    weir_line_integer(&c->line, "now_ns", c->now_ns);
    json_t *answer = weir_call_ask(c);
    const bool ok = answer && weir_answer_keys(c, answer, none);
    json_decref(answer);
    return ok;
}

bool weir_note_begin(struct weir_conversation *c, const char *name) {
    if (c->failure[0] || (c->notes.used > NOTES_FULL && !send_notes(c))) {
        return false;
    }
    c->writes = &c->notes;
    weir_line_raw(&c->notes, c->notes.used > 0 ? "," : "");
    begin_object(&c->notes, name);
    return true;
}

void weir_note_end(struct weir_conversation *c) {
    weir_line_raw(&c->notes, "}");
}
