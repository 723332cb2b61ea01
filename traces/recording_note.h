#ifndef WEIR_TRACES_RECORDING_NOTE_H
#define WEIR_TRACES_RECORDING_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "fields.h"

/**
 * What `weir record` writes between the events of a recording: one JSON object a line with the key
 * "weir". Readers pass over notes, report gaps, and put the rows of such a file in order of time.
 *
 *     {"weir":"recording","version":1,"at_ms":…,"why":URL}     it begins, or goes on; with heard_ms
 *                                                              an earlier one heard all up to then
 *     {"weir":"gap","from_ms":…,"to_ms":…,"why":…}             nothing was heard
 *     {"weir":"alive","at_ms":…}                               all was heard up to here
 *     {"weir":"other","at_ms":…,"why":…,"text":…}              a message that is no liquidation
 *     {"weir":"end","at_ms":…,"why":…}                         it ended in an orderly way
 */
enum weir_note_kind {
    WEIR_NOTE_RECORDING,
    WEIR_NOTE_GAP,
    WEIR_NOTE_ALIVE,
    WEIR_NOTE_OTHER,
    WEIR_NOTE_END
};

/** Longest reason that is kept, with its end. */
#define WEIR_NOTE_WHY_SIZE 256

struct weir_note {
    enum weir_note_kind kind;
    int64_t at_ns;   /**< when; of a gap its end. Whole milliseconds are written. */
    int64_t from_ns; /**< of a gap, when it began; of a beginning, up to when all was heard before
                          it, or 0; otherwise 0 */
    char why[WEIR_NOTE_WHY_SIZE];
};

/** The line of a note, without its end; the caller frees it. `text` and its length are for
 *  WEIR_NOTE_OTHER, NULL otherwise; bytes that are no UTF-8 become '?'. NULL if memory is short. */
char *weir_note_line(const struct weir_note *note, const char *text, size_t length);

/** Reads a line that has the key "weir". False and `fault` if it is no note. */
bool weir_note_read(const json_t *line, struct weir_note *note, struct weir_row_fault *fault);

#endif
