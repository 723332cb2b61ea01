#include "spans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quote.h"
#include "rows.h"

#define FILE_NAME "spans.tsv"
#define HEADING "#from_s\tuntil_s\tkind\tlabel"
#define SECOND_MAX 1e12
#define LABEL_SIZE (4 * PLOTS_NAME_MAX + 8)

static const char *const KIND_NAMES[PLOTS_SPAN_KINDS] = {"cascade", "mode", "hold", "ban"};

static bool find_kind(const char *name, enum plots_span_kind *kind) {
    for (int i = 0; i < PLOTS_SPAN_KINDS; i++) {
        if (strcmp(KIND_NAMES[i], name) == 0) {
            *kind = (enum plots_span_kind)i;
            return true;
        }
    }
    return false;
}

static bool append(struct plots_spans *spans, const struct plots_span *span, const char *label) {
    if (spans->count == spans->capacity) {
        const size_t capacity = spans->capacity ? 2 * spans->capacity : 64;
        struct plots_span *more = realloc(spans->spans, capacity * sizeof *more);
        if (!more) {
            return false;
        }
        spans->spans = more;
        spans->capacity = capacity;
    }
    spans->spans[spans->count] = *span;
    spans->spans[spans->count].label = strdup(label);
    return spans->spans[spans->count++].label != NULL;
}

static void add_row(struct plots_spans *spans, struct plots_rows *rows, double from_s,
                    double until_s) {
    struct plots_span span = {.from_s = plots_rows_number(rows, 0, -SECOND_MAX, SECOND_MAX),
                              .until_s = plots_rows_number(rows, 1, -SECOND_MAX, SECOND_MAX)};
    if (!find_kind(rows->fields[2], &span.kind)) {
        plots_rows_fail(rows, "the kind is none of cascade, mode, hold, ban");
        return;
    }
    if (span.until_s < span.from_s) {
        plots_rows_fail(rows, "the span ends before it begins");
        return;
    }
    if (span.until_s < from_s || span.from_s > until_s) {
        return;
    }
    span.from_s = fmax(span.from_s, from_s);
    span.until_s = fmin(span.until_s, until_s);
    char label[LABEL_SIZE];
    plots_clean(rows->fields[3], PLOTS_NAME_MAX, label, sizeof label);
    if (!append(spans, &span, label)) {
        plots_rows_fail(rows, "not enough memory");
    }
}

bool plots_spans_read(struct plots_spans *spans, int folder, double from_s, double until_s,
                      struct plots_error *error) {
    struct plots_rows rows;
    *spans = (struct plots_spans){0};
    if (!plots_rows_open(&rows, folder, FILE_NAME, HEADING, error)) {
        return false;
    }
    while (plots_rows_next(&rows)) {
        add_row(spans, &rows, from_s, until_s);
    }
    plots_rows_close(&rows);
    if (error->set) {
        plots_spans_free(spans);
        return false;
    }
    return true;
}

/** Numbers the lanes of the kinds that there are, from 1; 0: no lane. */
static int number_lanes(const struct plots_spans *spans, int lanes[PLOTS_SPAN_KINDS]) {
    memset(lanes, 0, PLOTS_SPAN_KINDS * sizeof *lanes);
    for (size_t i = 0; i < spans->count; i++) {
        lanes[spans->spans[i].kind] = 1;
    }
    int count = 0;
    for (int kind = 0; kind < PLOTS_SPAN_KINDS; kind++) {
        lanes[kind] = lanes[kind] ? ++count : 0;
    }
    return count;
}

void plots_spans_write(const struct plots_spans *spans, FILE *script) {
    int lanes[PLOTS_SPAN_KINDS];
    fprintf(script, "lanes = %d\nlane_names = \"", number_lanes(spans, lanes));
    for (int kind = 0; kind < PLOTS_SPAN_KINDS; kind++) {
        fprintf(script, "%s%s", lanes[kind] ? KIND_NAMES[kind] : "", lanes[kind] ? " " : "");
    }
    fputs("\"\n# from, until, lane\n$spans << END\n", script);
    /* lane by lane, so that a ban is drawn over a hold over a cascade */
    for (int kind = 0; kind < PLOTS_SPAN_KINDS; kind++) {
        for (size_t i = 0; i < spans->count; i++) {
            const struct plots_span *span = &spans->spans[i];
            if ((int)span->kind == kind) {
                fprintf(script, "%.15g %.15g %d\n", span->from_s, span->until_s, lanes[kind]);
            }
        }
    }
    fprintf(script, "END\narray span_label[%zu]\n", spans->count ? spans->count : 1);
    size_t number = 0;
    for (int kind = 0; kind < PLOTS_SPAN_KINDS; kind++) {
        for (size_t i = 0; i < spans->count; i++) {
            if ((int)spans->spans[i].kind == kind) {
                fprintf(script, "span_label[%zu] = ", ++number);
                plots_quote(script, spans->spans[i].label);
                fputc('\n', script);
            }
        }
    }
}

void plots_spans_free(struct plots_spans *spans) {
    for (size_t i = 0; i < spans->count; i++) {
        free(spans->spans[i].label);
    }
    free(spans->spans);
    *spans = (struct plots_spans){0};
}
