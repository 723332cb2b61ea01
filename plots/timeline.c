/**
 * The seconds of a replay, read through once: ranges and totals, so that the script needs to draw
 * nothing that did not occur, and the phase of the server's minutes.
 */
#include "timeline.h"

#include <math.h>
#include <stdlib.h>

#include "rows.h"
#include "variable.h"

#define FILE_NAME "timeline.tsv"
#define HEADING                                                                                    \
    "#second\tused_weight\tused_orders\tcaptures\tcaptured_usd\tmisses\tmissed_usd\thttp_429\t"    \
    "http_418"
#define SECOND_MAX 1e9
#define VALUE_MAX 1e18

/** More bars than that cannot be told apart on the page. */
#define BINS_MAX 600

/** More lines than that are no light marking any more. */
#define MINUTES_MAX 40

#define MINUTE_S 60

struct second {
    double at_s;
    double captures;
    double misses;
};

struct reader {
    struct plots_timeline *timeline;
    struct second *seconds;
    size_t count;
    size_t capacity;
    double weight;
    double orders;
    size_t resets[MINUTE_S]; /**< by second of a minute: how often a counter fell there */
};

static bool append(struct reader *reader, struct second second, struct plots_error *error) {
    if (reader->count == reader->capacity) {
        const size_t capacity = reader->capacity ? 2 * reader->capacity : 1024;
        struct second *more = realloc(reader->seconds, capacity * sizeof *more);
        if (!more) {
            return plots_fail(error, FILE_NAME ": not enough memory");
        }
        reader->seconds = more;
        reader->capacity = capacity;
    }
    reader->seconds[reader->count++] = second;
    return true;
}

static void count_reset(struct reader *reader, double at_s, double weight, double orders) {
    if (weight < reader->weight || orders < reader->orders) {
        const double phase = at_s - MINUTE_S * floor(at_s / MINUTE_S);
        reader->resets[(size_t)phase % MINUTE_S]++;
    }
    reader->weight = weight;
    reader->orders = orders;
}

/** A value that counts or sums something. */
static double amount(struct plots_rows *rows, size_t column) {
    return plots_rows_number(rows, column, 0.0, VALUE_MAX);
}

static void add_row(struct reader *reader, struct plots_rows *rows) {
    struct plots_timeline *timeline = reader->timeline;
    const struct second second = {plots_rows_number(rows, 0, -SECOND_MAX, SECOND_MAX),
                                  amount(rows, 3), amount(rows, 5)};
    if (reader->count > 0 && second.at_s <= reader->seconds[reader->count - 1].at_s) {
        plots_rows_fail(rows, "the second is not later than that of the row before");
        return;
    }
    const double weight = amount(rows, 1), orders = amount(rows, 2);
    timeline->weight_max = fmax(timeline->weight_max, weight);
    timeline->orders_max = fmax(timeline->orders_max, orders);
    timeline->captures += second.captures;
    timeline->captured_usd += amount(rows, 4);
    timeline->misses += second.misses;
    timeline->missed_usd += amount(rows, 6);
    timeline->http_429 += amount(rows, 7);
    timeline->http_418 += amount(rows, 8);
    count_reset(reader, second.at_s, weight, orders);
    append(reader, second, rows->error);
}

/** The narrowest round width that leaves at most BINS_MAX bars. */
static double bin_width(double span_s) {
    static const double widths_s[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600};
    for (size_t i = 0; i < sizeof widths_s / sizeof widths_s[0]; i++) {
        if (span_s <= BINS_MAX * widths_s[i]) {
            return widths_s[i];
        }
    }
    return 3600.0 * ceil(span_s / (3600.0 * BINS_MAX));
}

static void find_bin_maxima(struct reader *reader) {
    struct plots_timeline *timeline = reader->timeline;
    double captures = 0.0, misses = 0.0, bin = -HUGE_VAL;
    for (size_t i = 0; i < reader->count; i++) {
        const struct second *second = &reader->seconds[i];
        const double this_bin = floor(second->at_s / timeline->bin_s);
        if (this_bin > bin) {
            captures = misses = 0.0;
            bin = this_bin;
        }
        captures += second->captures;
        misses += second->misses;
        timeline->captures_bin_max = fmax(timeline->captures_bin_max, captures);
        timeline->misses_bin_max = fmax(timeline->misses_bin_max, misses);
    }
}

/** Where the counters fall, the server's minute begins. Counters that fall at no second of the
 *  minute more often than at all others together have no common beginning. */
static void find_minutes(struct reader *reader) {
    struct plots_timeline *timeline = reader->timeline;
    size_t best = 0, resets = 0;
    for (size_t i = 0; i < MINUTE_S; i++) {
        resets += reader->resets[i];
        best = reader->resets[i] > reader->resets[best] ? i : best;
    }
    if (2 * reader->resets[best] <= resets) {
        return;
    }
    const double minutes = (timeline->until_s - timeline->from_s) / MINUTE_S;
    const double phase = (double)best;
    timeline->minute_first_s = phase + MINUTE_S * ceil((timeline->from_s - phase) / MINUTE_S);
    if (minutes <= MINUTES_MAX) {
        timeline->minute_step_s = MINUTE_S;
        timeline->minute_count =
            (size_t)floor((timeline->until_s - timeline->minute_first_s) / MINUTE_S) + 1;
    }
}

bool plots_timeline_read(struct plots_timeline *timeline, int folder,
                         const struct plots_result *result, struct plots_error *error) {
    struct plots_rows rows;
    *timeline = (struct plots_timeline){0};
    if (!plots_rows_open(&rows, folder, FILE_NAME, HEADING, error)) {
        return false;
    }
    struct reader reader = {.timeline = timeline};
    while (plots_rows_next(&rows)) {
        add_row(&reader, &rows);
    }
    plots_rows_close(&rows);
    if (!reader.seconds) {
        plots_fail(error, FILE_NAME ": no rows; expected one a second");
    } else if (!error->set) {
        timeline->from_s = reader.seconds[0].at_s;
        timeline->until_s = reader.seconds[reader.count - 1].at_s + 1.0;
        timeline->bin_s = bin_width(timeline->until_s - timeline->from_s);
        find_bin_maxima(&reader);
        if (!result->sliding) {
            find_minutes(&reader);
        }
    }
    free(reader.seconds);
    return !error->set;
}

void plots_timeline_write(const struct plots_timeline *timeline, FILE *script) {
    const struct {
        const char *name;
        double value;
    } variables[] = {
        {"x_from", timeline->from_s},
        {"x_until", timeline->until_s},
        {"weight_max", timeline->weight_max},
        {"orders_max", timeline->orders_max},
        {"captures", timeline->captures},
        {"captured_usd", timeline->captured_usd},
        {"misses", timeline->misses},
        {"missed_usd", timeline->missed_usd},
        {"http_429", timeline->http_429},
        {"http_418", timeline->http_418},
        {"bin_s", timeline->bin_s},
        {"captures_bin_max", timeline->captures_bin_max},
        {"misses_bin_max", timeline->misses_bin_max},
        {"minute_first", timeline->minute_first_s},
        {"minute_step", timeline->minute_step_s},
        {"minute_count", (double)timeline->minute_count},
    };
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        plots_variable_number(script, variables[i].name, variables[i].value);
    }
}
