/* Traces that are none: each is refused with exit code 3 and a message that says where, what was
 * wrong and what would be right. */

#include "cli_test.h"
#include "refusal.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define HEADER "time_ms,symbol,side,price,quantity\n"
#define GOOD "1700000000000,BTCUSDT,SELL,50000,1\n"

/** Contents of a file, and what the message about it says. */
struct bad {
    const char *what, *text, *parts;
};

static const struct bad bad_rows[] = {
    {"no number", HEADER GOOD "1700000000001,BTCUSDT,SELL,abc,1\n",
     "bad.csv:3|price|abc|decimal number"},
    {"negative price", HEADER "1700000000000,BTCUSDT,SELL,-5,1\n", "bad.csv:2|price|-5|above 0"},
    {"price of nothing", HEADER "1700000000000,BTCUSDT,SELL,0,1\n", "bad.csv:2|price|above 0"},
    {"absurd price", HEADER "1700000000000,BTCUSDT,SELL,1e300,1\n", "bad.csv:2|price|1e300|1e15"},
    {"infinite price", HEADER "1700000000000,BTCUSDT,SELL,inf,1\n", "bad.csv:2|price|inf"},
    {"price that is no number", HEADER "1700000000000,BTCUSDT,SELL,nan,1\n", "bad.csv:2|price|nan"},
    {"hexadecimal price", HEADER "1700000000000,BTCUSDT,SELL,0x10,1\n", "bad.csv:2|price|0x10"},
    {"empty price", HEADER "1700000000000,BTCUSDT,SELL,,1\n", "bad.csv:2|price"},
    {"quantity of nothing", HEADER "1700000000000,BTCUSDT,SELL,1,0\n",
     "bad.csv:2|quantity|above 0"},
    {"negative quantity", HEADER "1700000000000,BTCUSDT,SELL,1,-1\n", "bad.csv:2|quantity|-1"},
    {"negative time", HEADER "-1,BTCUSDT,SELL,1,1\n", "bad.csv:2|time_ms|negative"},
    {"time in seconds", HEADER "1700000000,BTCUSDT,SELL,1,1\n", "bad.csv:2|time_ms|milliseconds"},
    {"absurd time", HEADER "99999999999999999999999,BTCUSDT,SELL,1,1\n",
     "bad.csv:2|time_ms|too large"},
    {"unknown side", HEADER "1700000000000,BTCUSDT,HOLD,1,1\n", "bad.csv:2|side|HOLD|SELL or BUY"},
    {"no symbol", HEADER "1700000000000,,SELL,1,1\n", "bad.csv:2|symbol"},
    {"too few columns", HEADER "1700000000000,BTCUSDT,SELL,1\n", "bad.csv:2|4 columns|5"},
    {"too many columns", HEADER "1700000000000,BTCUSDT,SELL,1,1,9\n", "bad.csv:2|6 columns|5"},
    {"open quotation", HEADER "\"1700000000000,BTCUSDT,SELL,1,1\n", "bad.csv:2|quot"},
    {"time goes back", HEADER GOOD "1699999999999,BTCUSDT,SELL,1,1\n",
     "bad.csv:3|back|order of time"},
    {"wrong column", "time_ms,symbol,side,cost,quantity\n" GOOD,
     "bad.csv:1|found|cost|needed|price"},
    {"header alone", HEADER, "bad.csv|no rows|at least one"},
    {"empty", "", "bad.csv|empty|needed"},
    {"blank lines", "\n\n\n", "bad.csv|empty|needed"},
    {"no trace at all", "Dear diary,\ntoday I lost it all.\n", "bad.csv:1|needed"},
};

static bool replay_refuses(const char *path, const char *parts, const char *what) {
    return is_refused(WEIR("replay", path), EXIT_BAD_INPUT, parts, what);
}

static void bad_rows_are_refused(void **state) {
    (void)state;
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(bad_rows); i++) {
        const struct path path = write_text("bad.csv", bad_rows[i].text);
        failures += !replay_refuses(path.text, bad_rows[i].parts, bad_rows[i].what);
    }
    assert_int_equal(failures, 0);
}

/** The same from standard input, which has no name but is named all the same. */
static void bad_standard_input_is_refused(void **state) {
    (void)state;
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(bad_rows); i++) {
        const struct run_setting given = {.input = bad_rows[i].text,
                                          .input_size = strlen(bad_rows[i].text)};
        failures += !is_refused(WEIR_WITH(&given, "replay", "-"), EXIT_BAD_INPUT, "standard input",
                                bad_rows[i].what);
    }
    const struct run_setting closed = {.input_closed = true};
    failures +=
        !is_refused(WEIR_WITH(&closed, "replay", "-"), EXIT_BAD_INPUT, "standard input", "closed");
    assert_int_equal(failures, 0);
}

static void what_cannot_be_read_is_refused(void **state) {
    (void)state;
    size_t failures = 0;
    const struct path folder = make_folder("folder.csv");
    const struct path missing = workspace_path("missing.csv");
    failures +=
        !replay_refuses(missing.text, "missing.csv|cannot be opened|No such file", "missing");
    failures += !replay_refuses(folder.text, "folder.csv|directory", "folder");
    failures += !replay_refuses("/proc/self/mem", "/proc/self/mem|cannot be read", "unreadable");
    failures += !replay_refuses("", "cannot be opened", "no name");
    const struct path good = write_text("good.csv", HEADER GOOD);
    failures += !is_refused(WEIR("replay", good.text, missing.text), EXIT_BAD_INPUT, "missing.csv",
                            "second");
    assert_int_equal(failures, 0);
}

static void nul_bytes_are_refused(void **state) {
    (void)state;
    static const char text[] = HEADER GOOD "1700000000001,BTC\0USDT,SELL,1,1\n";
    const struct path path = write_bytes("bad.csv", text, sizeof text - 1);
    assert_true(replay_refuses(path.text, "bad.csv:3|NUL", "NUL byte"));
    static const char noise[] = "\x7f"
                                "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0>\0";
    const struct path binary = write_bytes("bad.csv", noise, sizeof noise);
    assert_true(replay_refuses(binary.text, "bad.csv:1", "binary"));
}

/** A compressed trace that was cut off is no shorter trace. */
static void cut_off_compression_is_refused(void **state) {
    (void)state;
    char *recording = synthetic_recording(5, 2000);
    static const size_t cuts[] = {1, 4, 9, 1000};
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(cuts); i++) {
        const struct path gzip = write_gzip("cut.csv.gz", recording);
        const struct path zstd = write_zstd("cut.csv.zst", recording);
        cut_off(gzip.text, cuts[i]);
        cut_off(zstd.text, cuts[i]);
        failures += !replay_refuses(gzip.text, "cut.csv.gz", "gzip cut off");
        failures += !replay_refuses(zstd.text, "cut.csv.zst", "zstd cut off");
        failures += !is_refused(WEIR("replay", gzip.text, "--skip-bad"), EXIT_BAD_INPUT,
                                "cut.csv.gz", "gzip cut off, --skip-bad");
    }
    free(recording);
    assert_int_equal(failures, 0);
}

/** Bad rows may be left out; a trace of nothing else is none. */
static void nothing_but_bad_rows_is_refused(void **state) {
    (void)state;
    const struct path path = write_text("bad.csv", HEADER "a,b,c,d,e\nf,g,h,i,j\n");
    assert_true(is_refused(WEIR("replay", path.text, "--skip-bad"), EXIT_BAD_INPUT,
                           "bad.csv|no rows|2", "only bad rows"));
}

static const struct bad bad_profiles[] = {
    {"no name", "{\"schema\": \"weir.profile/1\"}", "bad.json|missing"},
    {"another version", "{\"schema\": \"weir.profile/9\"}",
     "bad.json|weir.profile/9|weir.profile/1"},
    {"cut off", "{\"schema\": \"weir.profile/1\",\n\"name\": ", "bad.json:2"},
    {"unknown key", "{\"schema\": \"weir.profile/1\", \"nonsense\": 1}", "bad.json|nonsense"},
    {"two of a key", "{\"schema\": \"weir.profile/1\", \"name\": \"a\", \"name\": \"b\"}",
     "bad.json:1|name"},
};

static void bad_profiles_are_refused(void **state) {
    (void)state;
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(bad_profiles); i++) {
        const struct path path = write_text("bad.json", bad_profiles[i].text);
        failures += !replay_refuses(path.text, bad_profiles[i].parts, bad_profiles[i].what);
    }
    assert_int_equal(failures, 0);
}

/** A bundled profile, cut off after every so many bytes, is never taken for a whole one. */
static void cut_off_profiles_are_refused(void **state) {
    (void)state;
    char *profile = read_text(profile_path("hyperliquid-2025-10-10").text);
    const size_t size = strlen(profile) - 2;
    size_t failures = 0;
    for (size_t i = 1; i < 40; i++) {
        const struct path path = write_bytes("cut.json", profile, size * i / 40);
        failures += !replay_refuses(path.text, "cut.json", "profile cut off");
    }
    free(profile);
    assert_int_equal(failures, 0);
}

/** Any byte of a recording may be any other: there is an answer or a refusal, never a crash. */
static void damage_is_answered_or_refused(void **state) {
    (void)state;
    uint64_t seed = 42;
    for (size_t i = 0; i < 60; i++) {
        const uint64_t before = seed;
        char *recording = synthetic_recording(9, 30);
        const size_t size = strlen(recording);
        for (size_t damage = 0; damage < 3; damage++) {
            recording[draw(&seed) % size] = (char)(draw(&seed) % 256);
        }
        const struct path path = write_bytes("damaged.csv", recording, size);
        struct run run = WEIR("replay", path.text);
        if (run.exit_code != 0 && (run.exit_code != EXIT_BAD_INPUT || run.out_size != 0)) {
            print_error("seed %llu: exit code %d: %s\n", (unsigned long long)before, run.exit_code,
                        run.err);
            fail();
        }
        run_free(&run);
        free(recording);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(bad_rows_are_refused),
    cmocka_unit_test(bad_standard_input_is_refused),
    cmocka_unit_test(what_cannot_be_read_is_refused),
    cmocka_unit_test(nul_bytes_are_refused),
    cmocka_unit_test(cut_off_compression_is_refused),
    cmocka_unit_test(nothing_but_bad_rows_is_refused),
    cmocka_unit_test(bad_profiles_are_refused),
    cmocka_unit_test(cut_off_profiles_are_refused),
    cmocka_unit_test(damage_is_answered_or_refused),
};

int main(void) {
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
