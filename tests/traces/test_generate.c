/* Generators: what they draw has the figures they state, the same draw gives the same bytes, and
 * what is wrong in one is named. */

#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const family[] = {"g01-calm",    "g02-restless", "g03-jolt",     "g04-slide",
                                     "g05-squeeze", "g06-flash",    "g07-crash",    "g08-echo",
                                     "g09-waves",   "g10-double",   "g11-fivefold", "g12-tenfold"};

/** A complete generator; tests replace pieces of it. */
static const char good[] =
    "{\"schema\":\"weir.generator/1\",\"name\":\"small\",\"what\":\"w\","
    "\"start_utc\":\"2030-01-01T00:00:00Z\",\"duration_s\":20000,\n"
    "\"arrivals\":{\"note\":\"n\",\"base_per_s\":0.5,\"branching_ratio\":0.75,"
    "\"kernel\":[[1,0.5],[10,0.5]],\"shocks\":[]},\n"
    "\"symbols\":{\"note\":\"n\",\"own_share\":0.5,\"rows\":[[\"AUSDT\",0.6,1000,10],"
    "[\"BUSDT\",0.3,5000,0.01],[\"CUSDT\",0.1,200,2000]]},\n"
    "\"sizes\":{\"note\":\"n\",\"symbol_sd\":0,\"second_sd\":0.5,\"own_sd\":1.5,\"tail_share\":0,"
    "\"tail_exponent\":0.8,\"usd_max\":100000000},\n"
    "\"sides\":{\"note\":\"n\",\"sell_share\":0.8,\"inherited\":0.5},\n"
    "\"prices\":{\"note\":\"n\",\"depth\":0.3,\"half_usd\":10000000,\"market_share\":0.7,"
    "\"permanent\":0.5,\"recovery_s\":300,\"volatility_sqrt_s\":0.0001}}\n";

/** The good generator with the first `from` replaced by `to`. */
static struct fixture_path with(const char *from, const char *to) {
    char text[sizeof good + 256];
    const char *at = strstr(good, from);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    return fixture_text("generator.json", text);
}

static struct weir_trace *draw(const char *path, uint64_t seed, uint32_t replication) {
    const struct weir_build_options options = {.seed = seed, .replication = replication};
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_trace *trace = weir_trace_open(&path, 1, NULL, &options, &error);
    if (trace == NULL) {
        fail_msg("%s", error.text);
    }
    return trace;
}

static void family_is_drawn_anew_by_replication(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(family); i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s.json", WEIR_GENERATED, family[i]);
        assert_true(weir_is_profile(path));
        struct weir_trace *a = draw(path, 1, 0);
        assert_string_equal(a->name, family[i]);
        assert_true(a->built);
        assert_int_equal(a->field_count, 5);
        if (i < 6) {
            struct weir_trace *b = draw(path, 1, 0);
            struct weir_trace *c = draw(path, 1, 1);
            struct weir_trace *d = draw(path, 2, 0);
            assert_true(a->digest == b->digest);
            assert_true(a->digest != c->digest && a->digest != d->digest && c->digest != d->digest);
            weir_trace_free(b);
            weir_trace_free(c);
            weir_trace_free(d);
        }
        weir_trace_free(a);
    }
}

/** These bytes are promised to be the same with every compiler and on every machine. */
static void digests_are_fixed(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint64_t digest;
    } known[] = {{"g02-restless", 0x61becb8c7cdd28c0u}, {"g07-crash", 0x8d26e8b6e0aebf27u}};
    for (size_t i = 0; i < COUNT(known); i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s.json", WEIR_GENERATED, known[i].name);
        struct weir_trace *trace = draw(path, 1, 0);
        if (trace->digest != known[i].digest) {
            fail_msg("%s: 0x%016llx", known[i].name, (unsigned long long)trace->digest);
        }
        weir_trace_free(trace);
    }
}

static void close_to(const char *what, double is, double wanted, double within) {
    if (!(fabs(is - wanted) <= within)) {
        fail_msg("%s is %g; %g is stated", what, is, wanted);
    }
}

/** Counts, shares and sizes of a long quiet trace, against what its parameters imply. */
static void stated_figures_come_back(void **state) {
    (void)state;
    struct weir_trace *trace = draw(with("{", "{").text, 3, 0);
    /* 0.5 a second from outside, each with 1 / (1 - 0.75) descendants, itself included */
    close_to("count", (double)trace->row_count, 40000.0, 3000.0);
    size_t sells = 0;
    double logs = 0.0;
    double squares = 0.0;
    size_t of_a = 0;
    for (size_t i = 0; i < trace->row_count; i++) {
        const struct weir_liquidation *row = &trace->rows[i];
        sells += row->side == WEIR_SIDE_SELL ? 1 : 0;
        if (strcmp(trace->symbols[row->symbol], "AUSDT") == 0) {
            const double x = log(weir_liquidation_notional_usd(row));
            of_a++;
            logs += x;
            squares += x * x;
        }
    }
    const double n = (double)of_a;
    close_to("share of A", n / (double)trace->row_count, 0.6, 0.02);
    close_to("share of SELL", (double)sells / (double)trace->row_count, 0.8, 0.02);
    close_to("median of A", exp(logs / n), 1000.0, 60.0);
    close_to("sd of log size", sqrt(squares / n - logs / n * logs / n), sqrt(1.5 * 1.5 + 0.25),
             0.05);
    weir_trace_free(trace);
}

/** The branching ratio shows in how uneven counts are: variance / mean of the counts of long
 *  intervals tends to 1 / (1 - n)^2. */
static void liquidations_set_off_others(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double ratio;
    } cases[] = {{"\"branching_ratio\":0.0", 0.0},
                 {"\"branching_ratio\":0.5", 0.5},
                 {"\"branching_ratio\":0.75", 0.75}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        double squares = 0.0;
        double sum = 0.0;
        size_t bins = 0;
        for (uint32_t replication = 0; replication < 8; replication++) {
            const struct fixture_path path = with("\"branching_ratio\":0.75", cases[i].text);
            struct weir_trace *trace = draw(path.text, 5, replication);
            static double counts[100];
            memset(counts, 0, sizeof counts);
            const int64_t start_ns = INT64_C(1893456000) * 1000000000;
            for (size_t k = 0; k < trace->row_count; k++) {
                counts[(trace->rows[k].time_ns - start_ns) / (INT64_C(200) * 1000000000)] += 1.0;
            }
            for (size_t b = 1; b < COUNT(counts); b++, bins++) {
                sum += counts[b];
                squares += counts[b] * counts[b];
            }
            weir_trace_free(trace);
        }
        const double mean = sum / (double)bins;
        const double variance = squares / (double)bins - mean * mean;
        close_to("branching ratio", 1.0 - 1.0 / sqrt(variance / mean), cases[i].ratio, 0.08);
    }
}

/** Descent keeps symbol and side together: neighbours are more often alike than by chance. */
static void descent_is_inherited(void **state) {
    (void)state;
    struct weir_trace *apart = draw(with("\"own_share\":0.5", "\"own_share\":0").text, 1, 0);
    struct weir_trace *together = draw(with("\"own_share\":0.5", "\"own_share\":1").text, 1, 0);
    double alike[2] = {0.0, 0.0};
    const struct weir_trace *traces[2] = {apart, together};
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 1; i < traces[t]->row_count; i++) {
            alike[t] += traces[t]->rows[i].symbol == traces[t]->rows[i - 1].symbol ? 1.0 : 0.0;
        }
        alike[t] /= (double)traces[t]->row_count;
    }
    close_to("alike by chance", alike[0], 0.36 + 0.09 + 0.01, 0.02);
    assert_true(alike[1] > alike[0] + 0.1);
    weir_trace_free(apart);
    weir_trace_free(together);
}

/** Mean price of a symbol over the rows [from, to) of the trace. */
static double mean_price(const struct weir_trace *trace, const char *name, size_t from, size_t to) {
    double sum = 0.0;
    double n = 0.0;
    for (size_t i = from; i < to; i++) {
        if (strcmp(trace->symbols[trace->rows[i].symbol], name) == 0) {
            sum += weir_liquidation_price(&trace->rows[i]);
            n += 1.0;
        }
    }
    assert_true(n > 0.0);
    return sum / n;
}

/** A wave of SELL pushes every price down, a wave of BUY up; later part of it has come back. */
static void prices_give_way_to_the_flow(void **state) {
    (void)state;
    static const char shock[] = "\"shocks\":[[1000,100,50]]";
    for (int up = 0; up < 2; up++) {
        char text[sizeof good + 256];
        const char *at = strstr(good, "\"shocks\":[]");
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, shock,
                 at + strlen("\"shocks\":[]"));
        char *share = strstr(text, "\"sell_share\":0.8");
        assert_non_null(share);
        memcpy(share + strlen("\"sell_share\":"), up ? "0.0" : "1.0", 3);
        struct weir_trace *trace = draw(fixture_text("shock.json", text).text, 1, 0);
        size_t after = 0;
        while (trace->rows[after].time_ns < (INT64_C(1893456000) + 1150) * 1000000000) {
            after++;
        }
        const double before = 10.0;
        const double low = mean_price(trace, "AUSDT", after, after + 200);
        const double late = mean_price(trace, "AUSDT", trace->row_count - 2000, trace->row_count);
        if (up) {
            assert_true(low > 1.08 * before && late > before && late < low);
        } else {
            assert_true(low < 0.92 * before && late < before && late > low);
        }
        weir_trace_free(trace);
    }
}

/** A Pareto tail makes the largest larger; the bound holds. */
static void sizes_have_a_tail(void **state) {
    (void)state;
    double largest[3];
    static const char *const cases[] = {"\"tail_share\":0", "\"tail_share\":0.2",
                                        "\"tail_share\":0.2"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture_path path = with("\"tail_share\":0", cases[i]);
        if (i == 2) {
            path = with("\"tail_share\":0,\"tail_exponent\":0.8,\"usd_max\":100000000",
                        "\"tail_share\":0.2,\"tail_exponent\":0.8,\"usd_max\":20000");
        }
        struct weir_trace *trace = draw(path.text, 1, 0);
        largest[i] = 0.0;
        for (size_t k = 0; k < trace->row_count; k++) {
            const double usd = weir_liquidation_notional_usd(&trace->rows[k]);
            largest[i] = usd > largest[i] ? usd : largest[i];
        }
        weir_trace_free(trace);
    }
    assert_true(largest[1] > 2.0 * largest[0]);
    close_to("largest", largest[2], 20000.0, 2.0);
}

static void fails(const char *from, const char *to, const char *part1, const char *part2) {
    const struct fixture_path path = with(from, to);
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    const char *name = path.text;
    struct weir_trace *trace = weir_trace_open(&name, 1, NULL, NULL, &error);
    if (trace != NULL) {
        fail_msg("drawn though %s became %s", from, to);
    }
    if (error.status != WEIR_TRACE_BAD_INPUT || strstr(error.text, part1) == NULL ||
        strstr(error.text, part2) == NULL) {
        fail_msg("%s -> %s: %s", from, to, error.text);
    }
}

static void what_is_wrong_is_named(void **state) {
    (void)state;
    fails("\"base_per_s\"", "\"base_rate\"", "arrivals.base_rate", "not known");
    fails("0.75", "1.0", "arrivals.branching_ratio", "0.99");
    fails("[[1,0.5],[10,0.5]]", "[[1,0.5],[10,0.4]]", "arrivals.kernel", "sum to 0.9");
    fails("[[1,0.5],[10,0.5]]", "[]", "arrivals.kernel", "not empty");
    fails("\"shocks\":[]", "\"shocks\":[[1,2]]", "arrivals.shocks", "");
    fails("\"base_per_s\":0.5", "\"base_per_s\":90000", "base_per_s", "at most 50000000");
    fails("\"base_per_s\":0.5", "\"base_per_s\":0", "base_per_s", "more than 0");
    fails("\"base_per_s\":0.5", "\"base_per_s\":1e-9", "draws no liquidation", "raise");
    fails("\"BUSDT\"", "\"AUSDT\"", "symbols.rows", "'AUSDT' is there twice");
    fails("\"BUSDT\"", "\"B USDT\"", "symbols.rows", "not a symbol");
    fails("\"sell_share\":0.8", "\"sell_share\":80", "sides.sell_share", "from 0 to 1");
    fails("\"note\":\"n\",\"depth\"", "\"depth\"", "prices.note", "missing");
    fails("\"rows\"", "\"count\":3,\"row\"", "symbols.row", "not known");
    fails("\"duration_s\":20000", "\"duration_s\":0", "duration_s", "from 1");
}

static void a_path_is_not_for_generators(void **state) {
    (void)state;
    const struct fixture_path path = with("{", "{");
    const char *name = path.text;
    const struct weir_build_options options = {.path = "v"};
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    assert_null(weir_trace_open(&name, 1, NULL, &options, &error));
    assert_int_equal(error.status, WEIR_TRACE_WRONG_USE);
    assert_non_null(strstr(error.text, "is a generator"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(family_is_drawn_anew_by_replication),
        cmocka_unit_test(digests_are_fixed),
        cmocka_unit_test(stated_figures_come_back),
        cmocka_unit_test(liquidations_set_off_others),
        cmocka_unit_test(descent_is_inherited),
        cmocka_unit_test(prices_give_way_to_the_flow),
        cmocka_unit_test(sizes_have_a_tail),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(a_path_is_not_for_generators),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
