#ifndef WEIR_TRACES_READER_JSON_H
#define WEIR_TRACES_READER_JSON_H

#include "fields.h"
#include "recording_note.h"

/** The events of one line that have not been taken yet. Opaque. */
struct weir_json;

enum weir_json_result {
    WEIR_JSON_ROW,
    WEIR_JSON_END, /**< no more events on this line */
    WEIR_JSON_BAD
};

/** Forms of JSON lines. */
enum weir_json_kind {
    WEIR_JSON_ANY,         /**< recognised line by line */
    WEIR_JSON_FORCE_ORDER, /**< Binance, Aster */
    WEIR_JSON_OWN,         /**< what this project writes */
    WEIR_JSON_BYBIT,
    WEIR_JSON_HYPERLIQUID
};

/** NULL when there is no memory. */
struct weir_json *weir_json_open(enum weir_json_kind kind);

/** Reads one line; its events are then taken one by one. False and `fault` when it is no JSON. */
bool weir_json_feed(struct weir_json *json, const char *line, size_t length,
                    struct weir_row_fault *fault);

/** The note that the line is (recording_note.h), or NULL; then it has no events. Belongs to `json`,
 *  until the next line. */
const struct weir_note *weir_json_note(const struct weir_json *json);

/** Takes the next event of the line. */
enum weir_json_result weir_json_take(struct weir_json *json, struct weir_row *row,
                                     struct weir_row_fault *fault);

void weir_json_close(struct weir_json *json);

#endif
