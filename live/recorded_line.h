#ifndef WEIR_LIVE_RECORDED_LINE_H
#define WEIR_LIVE_RECORDED_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_json;

/** A message as it is recorded. */
struct live_recorded_line {
    char *text; /**< without its end; the caller frees it; NULL if memory is short */
    size_t liquidations;
    char why[160]; /**< "", or why it is none: then the line is a note */
};

/** Makes the line of a message that came at `now_ns`: {"received_ms":…,"data":MESSAGE}, or the
 *  message itself with received_ms if it is wrapped in {"stream","data"} already. Whether readers
 *  will take it is tried with `reader`; if not, the line is a note that holds the message. */
struct live_recorded_line live_recorded_line(struct weir_json *reader, const char *message,
                                             size_t length, int64_t now_ns);

/** Up to when all was heard, as far as lines of a recording tell; 0: they do not. */
int64_t live_recorded_until_ns(const char *lines);

#endif
