/* Profiles are read strictly: what is unknown, missing, negative, or does not agree is refused with
 * the name of the key; whatever bytes stand in the file, nothing worse happens. */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

/** A complete profile; tests replace one piece of it. */
static const char good[] =
    "{\"schema\":\"weir.profile/1\",\"name\":\"small\",\"venue\":\"v\",\"source\":\"s\","
    "\"what\":\"w\",\"start_utc\":\"2025-01-27T16:50:00Z\",\"duration_s\":100,\n"
    "\"counts\":{\"mark\":\"recorded\",\"note\":\"n\",\"bin_s\":1,\"bins\":[[3,4],[10,6]]},\n"
    "\"shape\":{\"mark\":\"drawn\",\"note\":\"n\",\"kind\":\"block\"},\n"
    "\"within_second\":{\"mark\":\"recorded\",\"note\":\"n\",\"tenths_pct\":[10,10,10,10,10,10,10,"
    "10,10,10]},\n"
    "\"symbols\":{\"mark\":\"recorded\",\"note\":\"n\",\"mapping\":\"hyperliquid\",\"rows\":"
    "[[\"BTC\",7],[\"kBONK\",3]]},\n"
    "\"notional\":{\"mark\":\"recorded\",\"note\":\"n\",\"by_symbol\":[[\"BTC\",5000],"
    "[\"kBONK\",200]],\"by_bin\":[[3,1000],[10,4200]]},\n"
    "\"sizes\":{\"mark\":\"drawn\",\"note\":\"n\",\"second_sd_low\":0.4,\"second_sd_high\":1.2,"
    "\"own_sd_low\":1.6,\"own_sd_high\":1.9},\n"
    "\"sides\":{\"mark\":\"recorded\",\"note\":\"n\",\"by_symbol\":[[\"BTC\",5,2],[\"kBONK\",0,3]]"
    "},\n"
    "\"throttle\":{\"mark\":\"recorded\",\"note\":\"n\",\"ms\":0},\n"
    "\"prices\":{\"mark\":\"derived\",\"note\":\"n\",\"average\":[[\"BTC\",95]],\"drawn_low\":0.1,"
    "\"drawn_high\":10},\n"
    "\"path\":{\"mark\":\"drawn\",\"note\":\"n\",\"kind\":\"v\",\"direction\":\"down\",\"from_s\":"
    "0,\"turn_s\":50,\"recovered\":0.5,\"depth_low\":0.1,\"depth_high\":0.2,\"noise_sd\":0.001}}\n";

/** The good profile with the first `from` replaced by `to`. */
static struct fixture_path with(const char *from, const char *to) {
    char text[sizeof good + 256];
    const char *at = strstr(good, from);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    return fixture_text("profile.json", text);
}

static void fails(const char *from, const char *to, const char *part1, const char *part2) {
    const struct fixture_path path = with(from, to);
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_profile *profile = weir_profile_open(path.text, &error);
    if (profile != NULL) {
        fail_msg("read though %s became %s", from, to);
    }
    assert_int_equal(error.status, WEIR_TRACE_BAD_INPUT);
    if (strstr(error.text, "profile.json") == NULL || strstr(error.text, part1) == NULL ||
        (part2 != NULL && strstr(error.text, part2) == NULL)) {
        fail_msg("%s -> %s: %s", from, to, error.text);
    }
}

static void good_one_is_read(void **state) {
    (void)state;
    const struct fixture_path path = fixture_text("small.json", good);
    assert_true(weir_is_profile(path.text));
    struct weir_trace *trace = fixture_open(path.text);
    assert_int_equal(trace->row_count, 10);
    assert_string_equal(trace->name, "small");
    assert_true(trace->built);
    assert_int_equal(trace->field_count, 10);
    assert_string_equal(weir_mark_name(trace->fields[0].mark), "recorded");
    bool bonk = false;
    for (size_t i = 0; i < trace->symbol_count; i++) {
        bonk = bonk || strcmp(trace->symbols[i], "1000BONKUSDT") == 0;
    }
    assert_true(bonk);
    weir_trace_free(trace);
    assert_true(weir_is_profile(fixture_gzip("small.json.gz", good, false).text));
    assert_false(weir_is_profile(fixture_text("not.json", "{\"schema\":\"other\"}").text));
    assert_false(weir_is_profile("/nonexistent"));
}

static void top_level_is_strict(void **state) {
    (void)state;
    fails("\"venue\"", "\"venues\"", "'venues'", "not known");
    fails("weir.profile/1", "weir.profile/2", "'schema'", "weir.profile/1 is needed");
    fails("\"name\":\"small\"", "\"name\":\"\"", "'name'", "not empty");
    fails("2025-01-27T16:50:00Z", "2025-01-27", "'start_utc'", NULL);
    fails("\"duration_s\":100", "\"duration_s\":-1", "'duration_s'", "from 1");
    fails("\"counts\":{", "\"counts\":7,\"name\":{", "profile.json", NULL);
    fails("{\"schema\"", "[\"schema\"", "not a JSON object", NULL);
}

static void parts_are_strict(void **state) {
    (void)state;
    fails("\"mark\":\"recorded\",\"note\":\"n\",\"bin_s\"", "\"note\":\"n\",\"bin_s\"",
          "'counts.mark'", "missing");
    fails("\"mark\":\"recorded\",\"note\":\"n\",\"bin_s\"",
          "\"mark\":\"guessed\",\"note\":\"n\",\"bin_s\"", "'counts.mark'",
          "recorded, derived, drawn");
    fails("\"bin_s\":1", "\"bin_s\":1,\"extra\":1", "'counts.extra'", "not known");
    fails("[3,4]", "[3,-4]", "'counts.bins[1][2]'", "integer from 1");
    fails("[3,4]", "[3,4.5]", "'counts.bins[1][2]'", "integer");
    fails("[3,4]", "[3]", "'counts.bins'", "list of 2");
    fails("[10,6]", "[3,6]", "'counts.bins'", "starts before");
    fails("[10,6]", "[100,6]", "'counts.bins[2][1]'", "to 99");
    fails("[[3,4],[10,6]]", "[]", "'counts.bins'", "not empty");
    fails("[10,6]", "[10,7]", "'symbols.rows'", "count 10");
    fails("[\"kBONK\",3]", "[\"BTC\",3]", "'symbols.rows'", "twice");
    fails("[\"kBONK\",3]", "[\"k BONK\",3]", "'symbols.rows'", "not a symbol");
    fails("\"hyperliquid\"", "\"okx\"", "'symbols.mapping'", "none, hyperliquid");
    fails("\"kind\":\"block\"", "\"kind\":\"heap\"", "'shape.kind'", "block, spread");
    fails("[10,10,", "[11,10,", "'within_second.tenths_pct'", "sum to 100");
}

static void figures_must_agree(void **state) {
    (void)state;
    fails("[\"kBONK\",200]", "[\"DOGE\",200]", "'notional.by_symbol'", "'DOGE' is not in");
    fails(",[\"kBONK\",200]", "", "'notional.by_symbol'", "1 entries");
    fails("[10,4200]", "[10,4300]", "'notional.by_bin'", "5300.00");
    fails("[10,4200]", "[11,4200]", "'notional.by_bin'", "bin at 10");
    fails("[3,1000]", "[3,-1000]", "'notional.by_bin[1][2]'", "from");
    fails("[\"BTC\",5,2]", "[\"BTC\",5,3]", "'sides.by_symbol'", "8 liquidations");
    fails("[\"BTC\",5,2],", "", "'sides.by_symbol'", "1 entries");
    fails("\"own_sd_high\":1.9", "\"own_sd_high\":1.5", "'sizes.own_sd_high'", "from 1.6");
    fails("\"drawn_low\":0.1,", "", "'prices.drawn_low'", "missing");
    fails("[[\"BTC\",95]]", "[[\"BTC\",95],[\"BTC\",96]]", "'prices.average'", "twice");
    fails("\"turn_s\":50", "\"turn_s\":500", "'path.turn_s'", "to 100");
    fails("\"noise_sd\"", "\"anchors\":[[\"kBONK\",1,1]],\"noise_sd\"", "'path.anchors'",
          "prices.average");
}

static void impossible_anchors_are_refused(void **state) {
    (void)state;
    const struct fixture_path path =
        with("\"noise_sd\"", "\"anchors\":[[\"BTC\",10,1000]],\"noise_sd\"");
    fixture_one_fails(path.text, "small", "path.anchors", "BTC");
}

static void wrong_options(void **state) {
    (void)state;
    const struct fixture_path file = fixture_text("small.json", good);
    const char *path = file.text;
    struct weir_trace_error error;
    const struct weir_build_options shape = {.shape = "heap"};
    assert_null(weir_trace_open(&path, 1, NULL, &shape, &error));
    assert_int_equal(error.status, WEIR_TRACE_WRONG_USE);
    assert_non_null(strstr(error.text, "spread or block"));
    const struct weir_build_options kind = {.path = "w"};
    assert_null(weir_trace_open(&path, 1, NULL, &kind, &error));
    assert_non_null(strstr(error.text, "v, slide or late"));
    const struct weir_build_options replication = {.replication = 1u << 24};
    assert_null(weir_trace_open(&path, 1, NULL, &replication, &error));
    assert_int_equal(error.status, WEIR_TRACE_WRONG_USE);
}

/** Bytes changed at random: read or refused with a message, and built if read. */
static void survives_damage(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        char text[sizeof good];
        memcpy(text, good, sizeof good);
        uint64_t random = seed * 0x9e3779b97f4a7c15u;
        for (unsigned changes = 0; changes < 1 + seed % 3; changes++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            const char bytes[] = "0159-.e\"[]{},:Ax \x01\xff";
            text[(random >> 33) % (sizeof good - 1)] = bytes[(random >> 20) % (sizeof bytes - 1)];
        }
        const struct fixture_path path = fixture_write("damaged.json", text, sizeof good - 1);
        struct weir_trace_error error = {WEIR_TRACE_OK, ""};
        struct weir_profile *profile = weir_profile_open(path.text, &error);
        if (profile == NULL) {
            if (error.status == WEIR_TRACE_OK || error.text[0] == '\0') {
                fail_msg("seed %llu: no message", (unsigned long long)seed);
            }
            continue;
        }
        weir_trace_free(weir_profile_build(profile, NULL, &error));
        weir_profile_free(profile);
    }
}

static void bundled_ones_are_read(void **state) {
    (void)state;
    static const char *const names[] = {"hyperliquid-2025-10-10", "binance-2025-01-27",
                                        "binance-2023-01-14", "binance-2025-06-23"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s.json", WEIR_CASCADES, names[i]);
        assert_true(weir_is_profile(path));
        struct weir_trace *trace = fixture_open(path);
        assert_string_equal(trace->name, names[i]);
        weir_trace_free(trace);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_one_is_read), cmocka_unit_test(top_level_is_strict),
        cmocka_unit_test(parts_are_strict), cmocka_unit_test(figures_must_agree),
        cmocka_unit_test(wrong_options),    cmocka_unit_test(impossible_anchors_are_refused),
        cmocka_unit_test(survives_damage),  cmocka_unit_test(bundled_ones_are_read),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
