/* A profile measured from a trace, and a trace built from that: how far its figures are from those
 * of the first. Each is counted here anew, row by row. Prints what it finds; docs/profiles.md
 * states the bounds. */

#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"
#include "profile_write.h"

#define NS_PER_S 1000000000
#define SYMBOLS_MAX 512
#define SECONDS_MAX 4000

/** Shares, but for the quantiles: differences of natural logarithms. */
struct errors {
    double symbol_usd;    /**< largest of any symbol's notional */
    double moved_usd;     /**< share of all notional that lies in another second */
    double average_price; /**< largest of any symbol's mean price */
    double size_quantile; /**< largest of the deciles of size */
    double size_p99;      /**< of the 99th percentile */
    double price,
        price_95; /**< of a price against the nearest of its symbol in time: median, p95 */
};

struct figures {
    size_t seconds[SECONDS_MAX];
    double second_usd[SECONDS_MAX];
    size_t counts[SYMBOLS_MAX], sells[SYMBOLS_MAX];
    double usd[SYMBOLS_MAX], price[SYMBOLS_MAX];
    double *sizes; /**< sorted */
};

static int by_value(const void *left, const void *right) {
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static uint32_t number_of(const struct weir_trace *trace, const char *name) {
    for (size_t s = 0; s < trace->symbol_count; s++) {
        if (strcmp(trace->symbols[s], name) == 0) {
            return (uint32_t)s;
        }
    }
    fail_msg("symbol %s was lost", name);
    return 0;
}

/** The figures of a trace; symbols by their numbers in `names`. */
static struct figures *count(const struct weir_trace *trace, const struct weir_trace *names) {
    struct figures *f = calloc(1, sizeof *f);
    f->sizes = calloc(trace->row_count, sizeof *f->sizes);
    const int64_t start_s = names->rows[0].time_ns / NS_PER_S;
    for (size_t i = 0; i < trace->row_count; i++) {
        const struct weir_liquidation *row = &trace->rows[i];
        const uint32_t s = number_of(names, trace->symbols[row->symbol]);
        const int64_t second = row->time_ns / NS_PER_S - start_s;
        const double usd = weir_liquidation_notional_usd(row);
        assert_true(second >= 0 && second < SECONDS_MAX && s < SYMBOLS_MAX);
        f->seconds[second]++;
        f->second_usd[second] += usd;
        f->counts[s]++;
        f->sells[s] += row->side == WEIR_SIDE_SELL;
        f->usd[s] += usd;
        f->price[s] += weir_liquidation_price(row);
        f->sizes[i] = usd;
    }
    qsort(f->sizes, trace->row_count, sizeof *f->sizes, by_value);
    return f;
}

static void keep_largest(double *most, double error) {
    *most = fabs(error) > *most ? fabs(error) : *most;
}

/** How far prices are from the nearest in time of the same symbol. */
static void compare_prices(const struct weir_trace *a, const struct weir_trace *b,
                           struct errors *errors) {
    double *apart = calloc(b->row_count, sizeof *apart);
    size_t count = 0;
    for (size_t i = 0; i < b->row_count; i += 8, count++) { /* each eighth: it is a slow search */
        const uint32_t s = number_of(a, b->symbols[b->rows[i].symbol]);
        int64_t nearest_ns = INT64_MAX;
        for (size_t k = 0; k < a->row_count; k++) {
            const int64_t away_ns = llabs(a->rows[k].time_ns - b->rows[i].time_ns);
            if (a->rows[k].symbol == s && away_ns < nearest_ns) {
                nearest_ns = away_ns;
                apart[count] = fabs(
                    log(weir_liquidation_price(&b->rows[i]) / weir_liquidation_price(&a->rows[k])));
            }
        }
    }
    qsort(apart, count, sizeof *apart, by_value);
    errors->price = apart[count / 2];
    errors->price_95 = apart[count * 95 / 100];
    free(apart);
}

static struct errors compare(const struct weir_trace *a, const struct weir_trace *b) {
    struct figures *x = count(a, a);
    struct figures *y = count(b, a);
    struct errors errors = {0};
    double total = 0.0;
    assert_int_equal(a->row_count, b->row_count);
    for (size_t i = 0; i < SECONDS_MAX; i++) {
        assert_int_equal(x->seconds[i], y->seconds[i]);
        errors.moved_usd += fabs(x->second_usd[i] - y->second_usd[i]) / 2.0;
        total += x->second_usd[i];
    }
    errors.moved_usd /= total;
    for (size_t s = 0; s < a->symbol_count; s++) {
        assert_int_equal(x->counts[s], y->counts[s]);
        assert_int_equal(x->sells[s], y->sells[s]);
        keep_largest(&errors.symbol_usd, y->usd[s] / x->usd[s] - 1.0);
        keep_largest(&errors.average_price, y->price[s] / x->price[s] - 1.0);
    }
    for (size_t decile = 1; decile < 10; decile++) {
        const size_t at = a->row_count * decile / 10;
        keep_largest(&errors.size_quantile, log(y->sizes[at] / x->sizes[at]));
    }
    keep_largest(&errors.size_p99,
                 log(y->sizes[a->row_count * 99 / 100] / x->sizes[a->row_count * 99 / 100]));
    compare_prices(a, b, &errors);
    free(x->sizes);
    free(y->sizes);
    free(x);
    free(y);
    return errors;
}

static struct weir_trace *build(const char *path, uint32_t replication) {
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    const struct weir_build_options options = {.seed = 1, .replication = replication};
    struct weir_trace *trace = weir_trace_open(&path, 1, NULL, &options, &error);
    if (trace == NULL) {
        fail_msg("%s", error.text);
    }
    return trace;
}

static void figures_come_back(void **state) {
    (void)state;
    static const char *const names[] = {"hyperliquid-2025-10-10", "binance-2025-01-27",
                                        "binance-2025-06-23", "binance-2023-01-14"};
    static const struct errors allowed = {.symbol_usd = 0.0002,
                                          .moved_usd = 0.07,
                                          .average_price = 0.004,
                                          .size_quantile = 0.6,
                                          .size_p99 = 0.4,
                                          .price = 0.04,
                                          .price_95 = 0.15};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s.json", WEIR_CASCADES, names[i]);
        struct weir_trace_error error = {WEIR_TRACE_OK, ""};
        struct weir_trace *first = build(path, 0);
        char *text = weir_profile_measure(first, &error);
        assert_non_null(text);
        const struct fixture_path measured = fixture_text("measured.json", text);
        struct weir_trace *second = build(measured.text, 1);
        const struct errors e = compare(first, second);
        print_message("%-24s symbol %.4f %%, moved %.1f %%, average price %.2f %%, deciles %.3f, "
                      "p99 %.3f, price %.4f, p95 %.4f\n",
                      names[i], 100.0 * e.symbol_usd, 100.0 * e.moved_usd, 100.0 * e.average_price,
                      e.size_quantile, e.size_p99, e.price, e.price_95);
        assert_true(e.symbol_usd <= allowed.symbol_usd && e.moved_usd <= allowed.moved_usd);
        assert_true(e.average_price <= allowed.average_price);
        assert_true(e.size_quantile <= allowed.size_quantile && e.size_p99 <= allowed.size_p99);
        assert_true(e.price <= allowed.price && e.price_95 <= allowed.price_95);
        weir_trace_free(first);
        weir_trace_free(second);
        free(text);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {cmocka_unit_test(figures_come_back)};
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
