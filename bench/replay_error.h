#ifndef WEIR_BENCH_REPLAY_ERROR_H
#define WEIR_BENCH_REPLAY_ERROR_H

#include <stdbool.h>
#include <stdint.h>

/** Why a replay, or anything made of replays, failed, as far as the exit code cares. */
enum weir_replay_status {
    WEIR_REPLAY_OK = 0,
    WEIR_REPLAY_FAILED,    /**< out of memory, a policy broke, the ledger does not add up */
    WEIR_REPLAY_WRONG_USE, /**< a setting */
    WEIR_REPLAY_BAD_INPUT, /**< a trace or strategy */
    WEIR_REPLAY_INCOMPLETE /**< a study of which cells are missing */
};

struct weir_replay_error {
    enum weir_replay_status status;
    char text[640];
};

/** Notes an error; what does not fit is cut off. Returns false, so that a caller can return it. */
bool weir_replay_fails(struct weir_replay_error *error, enum weir_replay_status status,
                       const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Told after each piece of work; may be NULL. Called from one thread at a time. */
typedef void (*weir_progress)(void *context, uint32_t done, uint32_t of);

#endif
