#ifndef WEIR_PLOTS_SPANS_H
#define WEIR_PLOTS_SPANS_H

#include <stdbool.h>
#include <stdio.h>

#include "error.h"

/** Kinds of spans, in the order of their lanes. */
enum plots_span_kind {
    PLOTS_SPAN_CASCADE,
    PLOTS_SPAN_MODE,
    PLOTS_SPAN_HOLD,
    PLOTS_SPAN_BAN,
    PLOTS_SPAN_KINDS
};

/** A stretch of time in which something held. */
struct plots_span {
    double from_s;
    double until_s;
    enum plots_span_kind kind;
    char *label;
};

/** The spans of a replay. */
struct plots_spans {
    struct plots_span *spans;
    size_t count;
    size_t capacity;
};

/** Reads spans.tsv, cut to [from_s, until_s]; what lies outside is left out. On true the caller
 *  frees with plots_spans_free; on false there is nothing to free. */
bool plots_spans_read(struct plots_spans *spans, int folder, double from_s, double until_s,
                      struct plots_error *error);

/** Sets the variables of the script: lanes, lane_names, $spans and span_label. */
void plots_spans_write(const struct plots_spans *spans, FILE *script);

/** Frees the spans. */
void plots_spans_free(struct plots_spans *spans);

#endif
