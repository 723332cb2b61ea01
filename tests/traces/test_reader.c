/* Every form is read as documented, and every kind of bad row is refused with file, line, column
 * and what would be right; under skip_bad it is counted instead. */

#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#define HEADER "time_ms,symbol,side,price,quantity\n"
#define GOOD "1700000000000,BTCUSDT,SELL,35000,1\n"

static void fails(const char *text, const char *part1, const char *part2, const char *part3) {
    fixture_one_fails(fixture_text("bad.csv", text).text, part1, part2, part3);
}

static void bad_files(void **state) {
    (void)state;
    fails("", "bad.csv", "is empty", "header");
    fails("\n  \n", "is empty", NULL, NULL);
    fails(HEADER, "bad.csv", "no rows", NULL);
    fails("time,symbol,side,price\n", "found: time, symbol, side, price", "needed: time_ns",
          "quantity");
    fails("time_ms,symbol,side,price,quantity,price\n" GOOD, "bad.csv:1", "'price' twice", NULL);
    fails("hello\n", "lacks columns", "found: hello", NULL);
}

static void bad_rows(void **state) {
    (void)state;
    fails(HEADER GOOD "1700000000000,BTCUSDT,SELL,abc,1\n", "bad.csv:3: column 'price': 'abc'",
          "not a decimal", "above 0");
    fails(HEADER "1700000000000,BTCUSDT,SELL,-5,1\n", "bad.csv:2", "'price'", "negative");
    fails(HEADER "1700000000000,BTCUSDT,SELL,0.0,1\n", "'price'", "not above 0", NULL);
    fails(HEADER "1700000000000,BTCUSDT,SELL,NaN,1\n", "'price'", "not a decimal", NULL);
    fails(HEADER "1700000000000,BTCUSDT,SELL,1e15,1000000000000000.1\n", "'quantity'", "absurdly",
          NULL);
    fails(HEADER "1700000000000,BTCUSDT,SELL,1,\n", "'quantity'", "is empty", NULL);
    fails(HEADER "1700000000000,BTCUSDT,LONG,1,1\n", "'side': 'LONG'", "SELL or BUY", NULL);
    fails(HEADER "1700000000000,BTC USDT,SELL,1,1\n", "'symbol'", "1 to 32 characters", NULL);
    fails(HEADER "1700000000000,ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG,SELL,1,1\n", "'symbol'", NULL,
          NULL);
    fails(HEADER "1700000000000,BTCUSDT,SELL,1\n", "has 4 columns", "has 5", NULL);
    fails(HEADER "1700000000000,\"BTCUSDT,SELL,1,1\n", "quotation marks", NULL, NULL);
}

static void bad_times(void **state) {
    (void)state;
    fails(HEADER "1700000000,BTCUSDT,SELL,1,1\n", "'time_ms'", "between 2010", "milliseconds");
    fails(HEADER "1700000000000000,BTCUSDT,SELL,1,1\n", "'time_ms'", "between 2010", NULL);
    fails(HEADER "1700000000000.0000001,BTCUSDT,SELL,1,1\n", "'time_ms'", "more digits", NULL);
    fails(HEADER GOOD "1699999999999,BTCUSDT,SELL,1,1\n", "bad.csv:3", "goes back by 1000000 ns",
          "in order of time");
    const char *iso = "timestamp,symbol,side,price,quantity\n";
    char text[200];
    const char *const bad[] = {"2023-11-14T22:13:20",       "2023-02-30T22:13:20Z",
                               "2023-11-14T24:13:20Z",      "2023-11-14T22:13:20.Z",
                               "2023-11-14T22:13:20+0:00",  "1700000000000",
                               "2023-11-14T22:13:20+15:00", "2009-11-14T22:13:20Z"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        strcpy(text, iso);
        strcat(text, bad[i]);
        strcat(text, ",BTCUSDT,SELL,1,1\n");
        fails(text, "'timestamp'", bad[i], NULL);
    }
}

static void bad_bytes(void **state) {
    (void)state;
    const char nul[] = HEADER "1700000000000,BTC\0USDT,SELL,1,1\n";
    fixture_one_fails(fixture_write("nul.csv", nul, sizeof nul - 1).text, "nul.csv:2", "NUL byte",
                      NULL);
    const char nul_first[] = "time_ms\0,symbol\n";
    fixture_one_fails(fixture_write("nul.csv", nul_first, sizeof nul_first - 1).text, "nul.csv:1",
                      "NUL byte", NULL);
    const size_t size = 3 << 20;
    char *line = malloc(size);
    assert_non_null(line);
    memset(line, '1', size);
    memcpy(line, HEADER, strlen(HEADER));
    fixture_one_fails(fixture_write("long.csv", line, size).text, "long.csv:2", "longer than 1 MiB",
                      NULL);
    free(line);
}

static void bad_json(void **state) {
    (void)state;
    const char *good = "{\"e\":\"forceOrder\",\"o\":{\"s\":\"BTCUSDT\",\"S\":\"SELL\",\"q\":"
                       "\"1\",\"p\":\"10\",\"T\":1700000000000}}\n";
    char text[1024];
    const struct {
        const char *line;
        const char *part;
    } bad[] = {
        {"{\"e\":\"forceOrder\",", "is not JSON"},
        {"{\"e\":\"aggTrade\"}", "not a forceOrder event"},
        {"[1]", "not a forceOrder event"},
        {"{\"e\":\"forceOrder\",\"o\":{\"s\":\"A\",\"S\":\"SELL\",\"q\":\"1\",\"p\":\"1\"}}",
         "'T' is missing"},
        {"{\"e\":\"forceOrder\",\"o\":{\"s\":\"A\",\"S\":\"SELL\",\"q\":1.5,\"p\":\"1\",\"T\":"
         "1700000000000}}",
         "written as text"},
        {"{\"e\":\"forceOrder\",\"o\":{\"s\":\"A\",\"S\":\"LONG\",\"q\":\"1\",\"p\":\"1\",\"T\":"
         "1700000000000}}",
         "SELL or BUY"},
        {"{\"e\":\"forceOrder\",\"o\":{\"s\":\"A\",\"S\":\"SELL\",\"q\":\"1\",\"p\":\"0\",\"ap\":"
         "\"0\",\"T\":1700000000000}}",
         "not above 0"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        strcpy(text, good);
        strcat(text, bad[i].line);
        fails(text, "bad.csv:2", bad[i].part, NULL);
    }
}

static void force_orders(void **state) {
    (void)state;
    const char *text =
        "{\"stream\":\"!forceOrder@arr\",\"data\":{\"e\":\"forceOrder\",\"E\":1700000000005,\"o\":"
        "{\"s\":\"BTCUSDT\",\"S\":\"SELL\",\"q\":\"0.014\",\"p\":\"100.5\",\"ap\":\"100.25\","
        "\"T\":1700000000000}}}\n"
        "[{\"e\":\"forceOrder\",\"o\":{\"s\":\"BTCUSDT\",\"S\":\"BUY\",\"q\":\"2\",\"p\":\"101\","
        "\"ap\":\"0\",\"T\":1700000000001}},"
        "{\"e\":\"forceOrder\",\"o\":{\"s\":\"ETHUSDT\",\"S\":\"BUY\",\"q\":\"3\",\"p\":\"7\","
        "\"T\":\"1700000000002\"}}]\n"
        "{\"stream\":\"x\",\"data\":[]}\n";
    struct weir_trace *trace = fixture_open(fixture_text("force.jsonl", text).text);
    assert_int_equal(trace->row_count, 3);
    assert_int_equal(trace->rows[0].time_ns, 1700000000000000000);
    assert_int_equal(trace->rows[0].price, 10025);
    assert_int_equal(trace->rows[0].price_decimals, 2);
    assert_int_equal(trace->rows[0].quantity, 14);
    assert_int_equal(trace->rows[0].side, WEIR_SIDE_SELL);
    assert_int_equal(trace->rows[1].price, 101);
    assert_int_equal(trace->rows[2].price, 7);
    assert_string_equal(trace->symbols[trace->rows[2].symbol], "ETHUSDT");
    assert_string_equal(trace->name, "force");
    weir_trace_free(trace);
}

static void other_headers(void **state) {
    (void)state;
    const char *tardis = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
                         "x,BTCUSDT,1700000000000001,1700000000000900,,buy,10,2\n";
    struct weir_trace *trace = fixture_open(fixture_text("tardis.csv", tardis).text);
    assert_int_equal(trace->rows[0].time_ns, 1700000000000001000);
    assert_int_equal(trace->rows[0].side, WEIR_SIDE_BUY);
    weir_trace_free(trace);
    const char *iso = "id,timestamp,symbol,side,price,quantity,value,time\n"
                      "x,2023-11-15T00:13:20.250001+02:00,BTCUSDT,SELL,10,2,20,00:13:20\r\n";
    trace = fixture_open(fixture_text("iso.csv", iso).text);
    assert_int_equal(trace->rows[0].time_ns, 1700000000250001000);
    weir_trace_free(trace);
    const char *fractions = "time_ms,symbol,side,price,quantity\n"
                            "1700000000000.25,A,SELL,1,1\n1.70000000001e12,A,SELL,1,1\n";
    trace = fixture_open(fixture_text("fraction.csv", fractions).text);
    assert_int_equal(trace->rows[0].time_ns, 1700000000000250000);
    assert_int_equal(trace->rows[1].time_ns, 1700000000010000000);
    weir_trace_free(trace);
}

/** The headerless form: doubled rows count once though they do not follow each other, though the
 *  doubles come late, and though the last column differs. */
static void raw_stream(void **state) {
    (void)state;
    const char *text = "LRC,SELL,LIMIT,IOC,226,0.2,0.25,FILLED,1,226,1700000000002,38.0\n"
                       "ABCUSDC,BUY,LIMIT,IOC,3,7,8,FILLED,1,3,1700000000005,21\n"
                       "LRC,SELL,LIMIT,IOC,226,0.2,0.25,FILLED,1,226,1700000000002,0.000038\n"
                       "LRC,SELL,LIMIT,IOC,226,0.2,0.25,FILLED,2,226,1700000000005,38.0\n";
    struct weir_trace *trace = fixture_open(fixture_text("raw.csv", text).text);
    assert_int_equal(trace->row_count, 3);
    assert_string_equal(trace->symbols[0], "LRCUSDT");
    assert_string_equal(trace->symbols[1], "ABCUSDC");
    assert_int_equal(trace->rows[0].price, 25);
    assert_int_equal(trace->rows[0].quantity, 226);
    weir_trace_free(trace);
}

static void skips_what_is_bad(void **state) {
    (void)state;
    const char *text = HEADER GOOD "1700000000001,BTCUSDT,LONG,1,1\n"
                                   "1600000000001,BTCUSDT,SELL,1,1\n"
                                   "nonsense\n"
                                   "1700000000002,\"BTC\"USDT\",SELL,1,1\n"
                                   "1700000000003,BTCUSDT,SELL,2,1\n";
    const struct fixture_path file = fixture_text("skip.csv", text);
    const char *path = file.text;
    const struct weir_read_options options = {.skip_bad = true};
    struct weir_trace_error error;
    struct weir_trace *trace = weir_trace_open(&path, 1, &options, NULL, &error);
    assert_non_null(trace);
    assert_int_equal(trace->row_count, 2);
    assert_int_equal(trace->bad_rows, 4);
    weir_trace_free(trace);
    const struct fixture_path all_bad = fixture_text("skip.csv", HEADER "nonsense\n");
    path = all_bad.text;
    assert_null(weir_trace_open(&path, 1, &options, NULL, &error));
    assert_non_null(strstr(error.text, "1 bad ones"));
    const char *json = "{\"e\":\"forceOrder\",\n"
                       "[{\"e\":\"forceOrder\",\"o\":{\"s\":\"A\",\"S\":\"BUY\",\"q\":\"2\",\"p\":"
                       "\"1\",\"T\":1700000000001}},7]\n";
    const struct fixture_path events = fixture_text("skip.json", json);
    path = events.text;
    assert_null(weir_trace_open(&path, 1, NULL, NULL, &error));
    trace = weir_trace_open(&path, 1, &options, NULL, &error);
    assert_non_null(trace);
    assert_int_equal(trace->row_count, 1);
    assert_int_equal(trace->bad_rows, 2);
    weir_trace_free(trace);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files),         cmocka_unit_test(bad_rows),
        cmocka_unit_test(bad_times),         cmocka_unit_test(bad_bytes),
        cmocka_unit_test(bad_json),          cmocka_unit_test(force_orders),
        cmocka_unit_test(other_headers),     cmocka_unit_test(raw_stream),
        cmocka_unit_test(skips_what_is_bad),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
