#include "inflow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "trace_error.h"

#define PATHS_MAX 1000

/** One recording and its row at hand. */
struct spring {
    struct weir_reader *reader;
    struct weir_row row;
    bool ended;
};

struct weir_inflow {
    struct spring *springs;
    size_t spring_count;
    struct spring *last; /**< whose row was handed out, and is to be replaced */
    struct weir_trace *built;
    size_t next;
    struct weir_row built_row;
    struct weir_filter filter;
    enum weir_time_unit unit;
};

/** Reads the next row of a recording. */
static bool advance(struct spring *spring, struct weir_trace_error *error) {
    switch (weir_reader_next(spring->reader, &spring->row, error)) {
    case WEIR_READER_ROW:
        return true;
    case WEIR_READER_END:
        spring->ended = true;
        return true;
    case WEIR_READER_FAILED:
        break;
    }
    spring->ended = true;
    return false;
}

static bool open_springs(struct weir_inflow *inflow, const char *const *paths, size_t path_count,
                         const struct weir_read_options *read, struct weir_trace_error *error) {
    if (path_count > PATHS_MAX) {
        return weir_trace_fail(error, WEIR_TRACE_WRONG_USE,
                               "%zu files are named; at most %d are read at once", path_count,
                               PATHS_MAX);
    }
    inflow->springs = calloc(path_count, sizeof *inflow->springs);
    if (inflow->springs == NULL) {
        return weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    inflow->unit = WEIR_TIME_MS;
    for (size_t i = 0; i < path_count; i++) {
        struct spring *spring = &inflow->springs[i];
        spring->reader = weir_reader_open(paths[i], read, error);
        if (spring->reader == NULL) {
            return false;
        }
        inflow->spring_count++;
        if (!advance(spring, error)) {
            return false;
        }
        if (!spring->ended && spring->row.unit < inflow->unit) {
            inflow->unit = spring->row.unit;
        }
    }
    return true;
}

/** The coarsest unit in which every time of a trace is whole. */
static enum weir_time_unit finest_unit(const struct weir_trace *trace) {
    enum weir_time_unit unit = WEIR_TIME_MS;
    for (size_t i = 0; i < trace->row_count; i++) {
        const int64_t time_ns = trace->rows[i].time_ns;
        if (time_ns % 1000 != 0) {
            return WEIR_TIME_NS;
        }
        unit = time_ns % 1000000 != 0 ? WEIR_TIME_US : unit;
    }
    return unit;
}

struct weir_inflow *weir_inflow_open(const char *const *paths, size_t path_count,
                                     const struct weir_read_options *read,
                                     const struct weir_build_options *build,
                                     const struct weir_filter *filter,
                                     struct weir_trace_error *error) {
    struct weir_inflow *inflow = calloc(1, sizeof *inflow);
    if (inflow == NULL) {
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (filter != NULL) {
        inflow->filter = *filter;
    }
    bool ok = weir_trace_check_paths(paths, path_count, error);
    if (ok && weir_is_profile(paths[0])) {
        inflow->built = weir_trace_open(paths, path_count, read, build, error);
        ok = inflow->built != NULL;
        inflow->unit = ok ? finest_unit(inflow->built) : WEIR_TIME_MS;
    } else if (ok) {
        ok = open_springs(inflow, paths, path_count, read, error);
    }
    if (!ok) {
        weir_inflow_close(inflow);
        return NULL;
    }
    return inflow;
}

/** The earliest row at hand; few files, so they are looked through. */
static bool next_read(struct weir_inflow *inflow, const struct weir_row **row,
                      struct weir_trace_error *error) {
    if (inflow->last != NULL && !advance(inflow->last, error)) {
        return false;
    }
    struct spring *earliest = NULL;
    for (size_t i = 0; i < inflow->spring_count; i++) {
        struct spring *spring = &inflow->springs[i];
        if (!spring->ended && (earliest == NULL || spring->row.time_ns < earliest->row.time_ns)) {
            earliest = spring;
        }
    }
    inflow->last = earliest;
    *row = earliest != NULL ? &earliest->row : NULL;
    return true;
}

static const struct weir_row *next_built(struct weir_inflow *inflow) {
    const struct weir_trace *trace = inflow->built;
    if (inflow->next == trace->row_count) {
        return NULL;
    }
    const struct weir_liquidation *from = &trace->rows[inflow->next++];
    inflow->built_row = (struct weir_row){.time_ns = from->time_ns,
                                          .price = {from->price, from->price_decimals},
                                          .quantity = {from->quantity, from->quantity_decimals},
                                          .side = (enum weir_side)from->side,
                                          .unit = WEIR_TIME_MS};
    const char *symbol = trace->symbols[from->symbol];
    assert(strlen(symbol) <= WEIR_SYMBOL_MAX);
    memcpy(inflow->built_row.symbol, symbol, strlen(symbol) + 1);
    return &inflow->built_row;
}

static bool passes(const struct weir_filter *filter, const struct weir_row *row) {
    if (row->time_ns < filter->from_ns || (filter->end_ns != 0 && row->time_ns >= filter->end_ns)) {
        return false;
    }
    for (size_t i = 0; i < filter->symbol_count; i++) {
        if (strcmp(filter->symbols[i], row->symbol) == 0) {
            return true;
        }
    }
    return filter->symbol_count == 0;
}

bool weir_inflow_next(struct weir_inflow *inflow, const struct weir_row **row,
                      struct weir_trace_error *error) {
    do {
        if (inflow->built != NULL) {
            *row = next_built(inflow);
        } else if (!next_read(inflow, row, error)) {
            *row = NULL;
            return false;
        }
    } while (*row != NULL && !passes(&inflow->filter, *row));
    return true;
}

enum weir_time_unit weir_inflow_unit(const struct weir_inflow *inflow) {
    return inflow->unit;
}

size_t weir_inflow_bad_rows(const struct weir_inflow *inflow) {
    size_t rows = 0;
    for (size_t i = 0; i < inflow->spring_count; i++) {
        rows += weir_reader_bad_rows(inflow->springs[i].reader);
    }
    return rows;
}

size_t weir_inflow_repeated_rows(const struct weir_inflow *inflow) {
    size_t rows = 0;
    for (size_t i = 0; i < inflow->spring_count; i++) {
        rows += weir_reader_repeated_rows(inflow->springs[i].reader);
    }
    return rows;
}

struct weir_gaps weir_inflow_gaps(const struct weir_inflow *inflow) {
    struct weir_gaps gaps = {.count = 0};
    for (size_t i = 0; i < inflow->spring_count; i++) {
        weir_gaps_add_all(&gaps, weir_reader_gaps(inflow->springs[i].reader));
    }
    return gaps;
}

size_t weir_inflow_cut_files(const struct weir_inflow *inflow) {
    size_t files = 0;
    for (size_t i = 0; i < inflow->spring_count; i++) {
        files += weir_reader_is_cut(inflow->springs[i].reader) ? 1 : 0;
    }
    return files;
}

const char *weir_inflow_path(const struct weir_inflow *inflow) {
    return inflow->built != NULL  ? inflow->built->name
           : inflow->last != NULL ? weir_reader_path(inflow->last->reader)
                                  : "";
}

size_t weir_inflow_line(const struct weir_inflow *inflow) {
    return inflow->built != NULL  ? inflow->next
           : inflow->last != NULL ? weir_reader_line(inflow->last->reader)
                                  : 0;
}

const struct weir_trace *weir_inflow_built(const struct weir_inflow *inflow) {
    return inflow->built;
}

void weir_inflow_close(struct weir_inflow *inflow) {
    if (inflow == NULL) {
        return;
    }
    for (size_t i = 0; i < inflow->spring_count; i++) {
        weir_reader_close(inflow->springs[i].reader);
    }
    free(inflow->springs);
    weir_trace_free(inflow->built);
    free(inflow);
}

/** Times of a sliding window, oldest first, in a ring that grows. */
struct window {
    int64_t *times;
    size_t capacity;
    size_t first;
    size_t count;
};

static bool window_add(struct window *window, int64_t time_ns) {
    if (window->count == window->capacity) {
        const size_t capacity = window->capacity == 0 ? 1024 : window->capacity * 2;
        int64_t *times = malloc(capacity * sizeof *times);
        if (times == NULL) {
            return false;
        }
        for (size_t i = 0; i < window->count; i++) {
            times[i] = window->times[(window->first + i) % window->capacity];
        }
        free(window->times);
        *window = (struct window){times, capacity, 0, window->count};
    }
    window->times[(window->first + window->count++) % window->capacity] = time_ns;
    return true;
}

bool weir_strongest_start(const char *const *paths, size_t path_count,
                          const struct weir_read_options *read,
                          const struct weir_build_options *build, double minutes, int64_t *start_ns,
                          struct weir_trace_error *error) {
    const int64_t length_ns = (int64_t)(minutes * 60e9);
    struct weir_inflow *inflow = weir_inflow_open(paths, path_count, read, build, NULL, error);
    struct window window = {NULL, 0, 0, 0};
    const struct weir_row *row = NULL;
    size_t most = 0;
    bool ok = inflow != NULL;
    while (ok && (ok = weir_inflow_next(inflow, &row, error)) && row != NULL) {
        while (window.count > 0 && window.times[window.first] <= row->time_ns - length_ns) {
            window.first = (window.first + 1) % window.capacity;
            window.count--;
        }
        if (!window_add(&window, row->time_ns)) {
            ok = weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
            break;
        }
        if (window.count > most) {
            most = window.count;
            *start_ns = window.times[window.first];
        }
    }
    free(window.times);
    weir_inflow_close(inflow);
    return ok;
}
