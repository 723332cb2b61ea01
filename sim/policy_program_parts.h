#ifndef WEIR_SIM_POLICY_PROGRAM_PARTS_H
#define WEIR_SIM_POLICY_PROGRAM_PARTS_H

#include <jansson.h>
#include <pthread.h>

#include "child_process.h"
#include "policy_program.h"
#include "program_line.h"

/** What the files of policy_program share, and nobody else. */

#define WEIR_PROGRAM_OPTIONS_MAX 40
#define WEIR_PROGRAM_TEXTS_MAX 1024
#define WEIR_PROGRAM_EVENTS_MAX 256
#define WEIR_PROGRAM_FAILURE_MAX 600

/** Key of the option that every program has: how long its answer may take, in seconds. */
#define WEIR_PROGRAM_PATIENCE "answer_within_s"

struct weir_program {
    struct weir_program *self; /* the table's context points here */
    char *command;
    struct weir_policy table;
    struct weir_option options[WEIR_PROGRAM_OPTIONS_MAX + 2]; /* patience; the end */
    size_t option_count;
    bool queues, observes, settles_later;
    pthread_mutex_t lock; /* of the texts */
    char *texts[WEIR_PROGRAM_TEXTS_MAX];
    size_t text_count;
};

/** A running program: one limiter. */
struct weir_conversation {
    struct weir_program *program;
    struct weir_child child;
    int64_t patience_ms;
    int64_t origin_ns; /* start of the day in which it begins: time 0 of what the program is told */
    int64_t now_ns;    /* latest time it was told, in its own times */
    struct weir_line line;    /* the call */
    struct weir_line notes;   /* what goes along with it, objects separated by commas */
    struct weir_line *writes; /* which of them is being written */
    uint64_t lines;           /* answered so far */
    const char *answer;       /* text of the last line, for messages */
    uint64_t *queued;         /* ids */
    uint32_t queued_count, queued_max;
    struct weir_event events[WEIR_PROGRAM_EVENTS_MAX];
    size_t event_head, event_count;
    char failure[WEIR_PROGRAM_FAILURE_MAX];
};

/** The program's text, kept as long as the program is known; NULL if there are too many. */
const char *weir_program_keep(struct weir_program *program, const char *text);

/** Starts the program of a conversation; false and its failure if that cannot be. */
bool weir_conversation_start(struct weir_conversation *c, struct weir_program *program,
                             int64_t now_ns, uint32_t max_open);
void weir_conversation_end(struct weir_conversation *c, int64_t grace_ms);

/** Notes what was wrong, with the last answer's number and text and the call it answers. Returns
 *  false. */
bool weir_conversation_fail(struct weir_conversation *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Begins a call, {"call":"NAME"…, and `writes` is where it goes on. */
void weir_call_begin(struct weir_conversation *c, const char *name);

/** Ends a call, sends it and reads its answer, which the caller drops; NULL after a failure. */
json_t *weir_call_ask(struct weir_conversation *c);

/** Begins a note: a call without an answer, which goes along with the next call that has one. */
bool weir_note_begin(struct weir_conversation *c, const char *name);
void weir_note_end(struct weir_conversation *c);

/** Says hello and checks the answer. With `learn` the program's declarations are taken over, else
 *  they must be as before. */
bool weir_program_hello(struct weir_conversation *c, const struct weir_config *config, bool learn);

/** Checks that an answer has only keys of `known` (ends with NULL) beside `events`. */
bool weir_answer_keys(struct weir_conversation *c, json_t *answer, const char *const *known);

/** Reads a whole number or a time of an answer; `*value` stays as it is if the key is not there. */
bool weir_answer_integer(struct weir_conversation *c, json_t *answer, const char *key, int64_t min,
                         int64_t max, int64_t *value);
bool weir_answer_flag(struct weir_conversation *c, json_t *answer, const char *key, bool *value);
/** A time in the program's own counting, as one of the caller's. */
bool weir_answer_time(struct weir_conversation *c, json_t *answer, const char *key,
                      int64_t *time_ns);
/** Position of a text among names that end with NULL. */
bool weir_answer_word(struct weir_conversation *c, json_t *answer, const char *key,
                      const char *const *names, int *position);

#endif
