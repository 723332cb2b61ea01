/* What a profile records comes back from every trace that is built from it; what is drawn differs
 * between replications and not between calls. */

#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile_data.h"

#define NS_PER_MS 1000000

static struct weir_profile *open_bundled(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s.json", WEIR_CASCADES, name);
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_profile *profile = weir_profile_open(path, &error);
    if (profile == NULL) {
        fail_msg("%s", error.text);
    }
    return profile;
}

static struct weir_trace *build(const struct weir_profile *profile,
                                const struct weir_build_options *options) {
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_trace *trace = weir_profile_build(profile, options, &error);
    if (trace == NULL) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(trace->row_count, profile->count);
    return trace;
}

static const char *exchange_name(const struct weir_profile *profile, size_t symbol, char name[40]) {
    const char *venue = profile->symbols[symbol].name;
    if (profile->mapping == WEIR_MAPPING_NONE) {
        return venue;
    }
    snprintf(name, 40, "%s%sUSDT", venue[0] == 'k' ? "1000" : "", venue + (venue[0] == 'k'));
    return name;
}

/** Counts, notional and sides of every symbol. */
static void check_symbols(const struct weir_profile *profile, const struct weir_trace *trace) {
    for (size_t s = 0; s < profile->symbol_count; s++) {
        char room[40];
        const char *name = exchange_name(profile, s, room);
        uint32_t count = 0;
        uint32_t sells = 0;
        double usd = 0.0;
        for (size_t i = 0; i < trace->row_count; i++) {
            const struct weir_liquidation *row = &trace->rows[i];
            if (strcmp(trace->symbols[row->symbol], name) == 0) {
                count++;
                sells += row->side == WEIR_SIDE_SELL ? 1 : 0;
                usd += weir_liquidation_notional_usd(row);
            }
        }
        assert_int_equal(count, profile->symbols[s].count);
        if (profile->sides_by_symbol) {
            assert_int_equal(sells, profile->symbols[s].sells);
        }
        if (fabs(usd / profile->symbols[s].usd - 1.0) > 0.0002) {
            fail_msg("%s: %.2f USD instead of %.2f", name, usd, profile->symbols[s].usd);
        }
    }
}

/** Rows of every bin; returns the share of the notional that lies in another bin than recorded. */
static double check_bins(const struct weir_profile *profile, const struct weir_trace *trace) {
    size_t i = 0;
    double misplaced = 0.0;
    for (size_t b = 0; b < profile->bin_count; b++) {
        const int64_t end_ns =
            profile->start_ns + (profile->bins[b].start_s + profile->bin_s) * 1000 * NS_PER_MS;
        uint32_t count = 0;
        double usd = 0.0;
        for (; i < trace->row_count && trace->rows[i].time_ns < end_ns; i++) {
            count++;
            usd += weir_liquidation_notional_usd(&trace->rows[i]);
        }
        assert_int_equal(count, profile->bins[b].count);
        misplaced += fabs(usd - profile->bins[b].usd) / 2.0;
    }
    assert_int_equal(i, trace->row_count);
    return misplaced / profile->usd;
}

static void check_options(const char *name, const struct weir_build_options *options,
                          double misplaced_max) {
    struct weir_profile *profile = open_bundled(name);
    struct weir_trace *trace = build(profile, options);
    check_symbols(profile, trace);
    const double misplaced = check_bins(profile, trace);
    if (profile->bins_have_usd && misplaced > misplaced_max) {
        fail_msg("%s: %.3f of the notional is in another bin", name, misplaced);
    }
    weir_trace_free(trace);
    weir_profile_free(profile);
}

static void recorded_figures_come_back(void **state) {
    (void)state;
    for (uint32_t replication = 0; replication < 5; replication++) {
        struct weir_build_options options = {.seed = 1, .replication = replication};
        check_options("binance-2025-01-27", &options, 0.12);
        check_options("binance-2025-06-23", &options, 0.12);
        check_options("binance-2023-01-14", &options, 0.12);
        options.shape = "block";
        check_options("hyperliquid-2025-10-10", &options, 0.0);
    }
}

/** Spread: a block's rows lie between it and the next block. */
static void spread_keeps_order_of_blocks(void **state) {
    (void)state;
    struct weir_profile *profile = open_bundled("hyperliquid-2025-10-10");
    struct weir_trace *trace = build(profile, NULL);
    check_symbols(profile, trace);
    assert_int_equal(trace->row_count, 14327);
    size_t i = 0;
    size_t sells = 0;
    for (size_t b = 0; b < profile->bin_count; b++) {
        const int64_t end_s =
            b + 1 < profile->bin_count ? profile->bins[b + 1].start_s : profile->duration_s;
        for (uint32_t k = 0; k < profile->bins[b].count; k++, i++) {
            const int64_t at_ns = trace->rows[i].time_ns - profile->start_ns;
            assert_true(at_ns >= profile->bins[b].start_s * 1000 * NS_PER_MS);
            assert_true(at_ns < end_s * 1000 * NS_PER_MS);
            sells += trace->rows[i].side == WEIR_SIDE_SELL ? 1 : 0;
        }
    }
    assert_int_equal(sells, (size_t)(profile->sell_share * 14327 + 0.5));
    weir_trace_free(trace);
    weir_profile_free(profile);
}

static void draws_are_reproducible(void **state) {
    (void)state;
    static const char *const names[] = {"hyperliquid-2025-10-10", "binance-2025-01-27",
                                        "binance-2023-01-14", "binance-2025-06-23"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        struct weir_profile *profile = open_bundled(names[n]);
        uint64_t digest[4];
        const struct weir_build_options options[4] = {{.seed = 7, .replication = 3},
                                                      {.seed = 7, .replication = 3},
                                                      {.seed = 7, .replication = 4},
                                                      {.seed = 8, .replication = 3}};
        for (size_t i = 0; i < 4; i++) {
            struct weir_trace *trace = build(profile, &options[i]);
            digest[i] = trace->digest;
            weir_trace_free(trace);
        }
        assert_true(digest[0] == digest[1]);
        assert_true(digest[0] != digest[2]);
        assert_true(digest[0] != digest[3]);
        assert_true(digest[2] != digest[3]);
        weir_profile_free(profile);
    }
}

/** These bytes are promised to be the same with every compiler and on every machine. */
static void digests_are_fixed(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint64_t digest;
    } known[] = {{"hyperliquid-2025-10-10", 0xceec8ba8ee521a0du},
                 {"binance-2025-01-27", 0x217dc866c1b68e4du},
                 {"binance-2023-01-14", 0xd7e2a3b427b61d7eu},
                 {"binance-2025-06-23", 0x2444f8d9571962c0u}};
    for (size_t n = 0; n < sizeof known / sizeof known[0]; n++) {
        struct weir_profile *profile = open_bundled(known[n].name);
        struct weir_trace *trace = build(profile, NULL);
        if (trace->digest != known[n].digest) {
            fail_msg("%s: 0x%016llx", known[n].name, (unsigned long long)trace->digest);
        }
        weir_trace_free(trace);
        weir_profile_free(profile);
    }
}

/** Pushes of one symbol closer than the throttle. */
static size_t close_pushes(const struct weir_trace *trace) {
    int64_t *last = calloc(trace->symbol_count, sizeof *last);
    assert_non_null(last);
    size_t close = 0;
    for (size_t i = 0; i < trace->row_count; i++) {
        int64_t *before = &last[trace->rows[i].symbol];
        const double gap_ms = (double)(trace->rows[i].time_ns - *before) / NS_PER_MS;
        close += *before != 0 && gap_ms < trace->recorded_throttle_ms ? 1 : 0;
        *before = trace->rows[i].time_ns;
    }
    free(last);
    return close;
}

static void throttle_is_kept(void **state) {
    (void)state;
    struct weir_profile *seconds = open_bundled("binance-2025-01-27");
    struct weir_profile *buckets = open_bundled("binance-2023-01-14");
    for (uint32_t replication = 0; replication < 10; replication++) {
        const struct weir_build_options options = {.replication = replication};
        struct weir_trace *trace = build(seconds, &options);
        assert_true(trace->recorded_throttle_ms >= 1000.0);
        assert_int_equal(close_pushes(trace), 0);
        weir_trace_free(trace);
        /* ten seconds hold too many for that now and then */
        trace = build(buckets, &options);
        assert_true(close_pushes(trace) * 100 < trace->row_count);
        weir_trace_free(trace);
    }
    weir_profile_free(seconds);
    weir_profile_free(buckets);
}

struct price_range {
    double low;
    double high;
    double mean;
};

static struct price_range prices_of(const struct weir_trace *trace, const char *name) {
    struct price_range range = {1e300, 0.0, 0.0};
    size_t count = 0;
    for (size_t i = 0; i < trace->row_count; i++) {
        if (strcmp(trace->symbols[trace->rows[i].symbol], name) == 0) {
            const double price = weir_liquidation_price(&trace->rows[i]);
            range.low = fmin(range.low, price);
            range.high = fmax(range.high, price);
            range.mean += price;
            count++;
        }
    }
    range.mean /= (double)count;
    return range;
}

static void paths_meet_what_was_recorded(void **state) {
    (void)state;
    struct weir_profile *profile = open_bundled("hyperliquid-2025-10-10");
    static const char *const paths[] = {"v", "slide", "late"};
    for (size_t p = 0; p < 3; p++) {
        const struct weir_build_options options = {.replication = 2, .path = paths[p]};
        struct weir_trace *trace = build(profile, &options);
        for (size_t s = 0; s < profile->symbol_count; s++) {
            const double average = profile->symbols[s].average_price;
            char room[40];
            const struct price_range range = prices_of(trace, exchange_name(profile, s, room));
            if (average > 0.0 && fabs(range.mean / average - 1.0) > 0.004) {
                fail_msg("%s: mean %g, recorded %g", room, range.mean, average);
            }
            /* no deeper than drawn or derived, and no higher than the start */
            assert_true(range.low > 0.5 * range.high);
        }
        weir_trace_free(trace);
    }
    struct weir_trace *trace = build(profile, NULL);
    const struct price_range btc = prices_of(trace, "BTCUSDT");
    assert_true(btc.high < 112000.0 * 1.004 && btc.high > 111000.0);
    assert_true(btc.low < 104000.0 && btc.low > 95000.0);
    assert_true(fabs(weir_liquidation_price(&trace->rows[0])) > 0.0);
    weir_trace_free(trace);
    weir_profile_free(profile);
}

static void a_squeeze_goes_up(void **state) {
    (void)state;
    struct weir_profile *profile = open_bundled("binance-2023-01-14");
    struct weir_trace *trace = build(profile, NULL);
    double first = 0.0;
    double last = 0.0;
    bool quarterly = false;
    for (size_t i = 0; i < trace->row_count; i++) {
        const struct weir_liquidation *row = &trace->rows[i];
        assert_int_equal(row->side, WEIR_SIDE_BUY);
        const char *name = trace->symbols[row->symbol];
        quarterly = quarterly || strcmp(name, "BTCUSDT_230331") == 0;
        if (strcmp(name, "ETHUSDT") == 0) {
            last = weir_liquidation_price(row);
            first = first > 0.0 ? first : last;
        }
    }
    assert_true(quarterly);
    assert_true(last > first * 1.02 && last < first * 1.2);
    weir_trace_free(trace);
    weir_profile_free(profile);
}

/** Sizes are heavy-tailed and spread as recorded: sd of log size 2.12 on 2025-01-27. */
static void sizes_are_spread_as_recorded(void **state) {
    (void)state;
    struct weir_profile *profile = open_bundled("binance-2025-01-27");
    double mean_sd = 0.0;
    for (uint32_t replication = 0; replication < 10; replication++) {
        const struct weir_build_options options = {.replication = replication};
        struct weir_trace *trace = build(profile, &options);
        double sum = 0.0;
        double squares = 0.0;
        for (size_t i = 0; i < trace->row_count; i++) {
            const double x = log(weir_liquidation_notional_usd(&trace->rows[i]));
            sum += x;
            squares += x * x;
        }
        const double n = (double)trace->row_count;
        mean_sd += sqrt(squares / n - sum / n * (sum / n)) / 10.0;
        weir_trace_free(trace);
    }
    if (mean_sd < 1.9 || mean_sd > 2.4) {
        fail_msg("sd of log size is %g", mean_sd);
    }
    weir_profile_free(profile);
}

static void settings_are_marked(void **state) {
    (void)state;
    struct weir_profile *profile = open_bundled("binance-2025-01-27");
    const struct weir_build_options options = {.shape = "spread", .path = "v"};
    struct weir_trace *plain = build(profile, NULL);
    struct weir_trace *changed = build(profile, &options);
    check_symbols(profile, changed);
    assert_int_equal(plain->field_count, 10);
    size_t differing = 0;
    for (size_t i = 0; i < plain->field_count; i++) {
        if (strcmp(plain->fields[i].note, changed->fields[i].note) != 0) {
            assert_int_equal(changed->fields[i].mark, WEIR_MARK_DRAWN);
            differing++;
        }
    }
    assert_int_equal(differing, 2);
    assert_true(plain->digest != changed->digest);
    weir_trace_free(plain);
    weir_trace_free(changed);
    weir_profile_free(profile);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_figures_come_back),
        cmocka_unit_test(spread_keeps_order_of_blocks),
        cmocka_unit_test(draws_are_reproducible),
        cmocka_unit_test(digests_are_fixed),
        cmocka_unit_test(throttle_is_kept),
        cmocka_unit_test(paths_meet_what_was_recorded),
        cmocka_unit_test(a_squeeze_goes_up),
        cmocka_unit_test(sizes_are_spread_as_recorded),
        cmocka_unit_test(settings_are_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
