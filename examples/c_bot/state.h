#ifndef C_BOT_STATE_H
#define C_BOT_STATE_H

#include <stdbool.h>
#include <weir/limiter.h>

/** The limiter's state in a file, so that a bot that starts again knows of a ban. */

/** Takes back what the file holds; no file is no state. False, with a message, if it is damaged. */
bool state_restore(struct weir_limiter *limiter, const char *path);

/** Writes the file whole or not at all. False, with a message, if that fails. */
bool state_save(struct weir_limiter *limiter, const char *path);

#endif
