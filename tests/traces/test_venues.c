/* The feeds of venues, recognised and by name: which row is a liquidation, on which side, at what
 * price, of how much; and CSV whose columns the user names. */

#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "reader.h"

/** Reads one file into canonical text, "time_ns symbol side price quantity;…". */
static void read_text(const char *path, const struct weir_read_options *options, char *text,
                      size_t size) {
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_reader *reader = weir_reader_open(path, options, &error);
    if (reader == NULL) {
        snprintf(text, size, "%s", error.text);
        return;
    }
    struct weir_row row;
    size_t used = 0;
    enum weir_reader_result result = WEIR_READER_ROW;
    text[0] = '\0';
    while ((result = weir_reader_next(reader, &row, &error)) == WEIR_READER_ROW) {
        char price[WEIR_DECIMAL_TEXT_SIZE];
        char quantity[WEIR_DECIMAL_TEXT_SIZE];
        weir_decimal_format(row.price, price);
        weir_decimal_format(row.quantity, quantity);
        used += (size_t)snprintf(text + used, size - used, "%lld %s %s %s %s;",
                                 (long long)row.time_ns, row.symbol,
                                 row.side == WEIR_SIDE_SELL ? "SELL" : "BUY", price, quantity);
    }
    if (result == WEIR_READER_FAILED) {
        snprintf(text + used, size - used, "%s", error.text);
    }
    weir_reader_close(reader);
}

static void reads(const char *name, const char *content, const char *reader, const char *columns,
                  const char *wanted) {
    char text[2048];
    const struct weir_read_options options = {.reader = reader, .columns = columns};
    read_text(fixture_text(name, content).text, &options, text, sizeof text);
    assert_string_equal(text, wanted);
}

static void fails(const char *content, const char *reader, const char *columns, const char *part) {
    char text[2048];
    const struct weir_read_options options = {.reader = reader, .columns = columns};
    read_text(fixture_text("bad.txt", content).text, &options, text, sizeof text);
    if (strstr(text, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, text);
    }
}

#define VISION                                                                                     \
    "time,side,order_type,time_in_force,original_quantity,price,average_price,order_status,"       \
    "last_fill_quantity,accumulated_fill_quantity\n"

static void vision_names_the_symbol_in_the_file(void **state) {
    (void)state;
    const char *rows = VISION "1600000000000,BUY,LIMIT,IOC,7,110.5,100,FILLED,6,7\n"
                              "1600000000000,BUY,LIMIT,IOC,7,110.5,100,FILLED,6,7\n"
                              "1600000000500,SELL,LIMIT,IOC,1,99,98.5,FILLED,1,1\n";
    reads("ABCUSDT-liquidationSnapshot-2020-09-13.csv", rows, NULL, NULL,
          "1600000000000000000 ABCUSDT BUY 100 7;1600000000500000000 ABCUSDT SELL 98.5 1;");
    /* contracts of 10 USD, of 100 USD for Bitcoin */
    reads("ETHUSD_PERP-liquidationSnapshot-2020-09-13.csv", rows, "binance-vision", NULL,
          "1600000000000000000 ETHUSD_PERP BUY 100 0.70000000000;"
          "1600000000500000000 ETHUSD_PERP SELL 98.5 0.10152284264;");
    reads("BTCUSD_PERP-liquidationSnapshot-2020-09-13.csv", rows, NULL, NULL,
          "1600000000000000000 BTCUSD_PERP BUY 100 7.0000000000;"
          "1600000000500000000 BTCUSD_PERP SELL 98.5 1.0152284264;");
    fails(rows, NULL, NULL, "SYMBOL-liquidationSnapshot-DATE.csv");
}

static void tardis_is_in_microseconds(void **state) {
    (void)state;
    const char *rows = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
                       "binance-futures,ABCUSDT,1600000000000123,1600000000000999,,sell,1.50,20\n";
    reads("t.csv", rows, NULL, NULL, "1600000000000123000 ABCUSDT SELL 1.50 20;");
    reads("t.csv", rows, "tardis", NULL, "1600000000000123000 ABCUSDT SELL 1.50 20;");
}

/** The side of Bybit is that of the position. */
static void bybit_gives_the_side_of_the_position(void **state) {
    (void)state;
    reads("b.jsonl",
          "{\"topic\":\"allLiquidation.ABCUSDT\",\"type\":\"snapshot\",\"ts\":1600000000009,"
          "\"data\":[{\"T\":1600000000001,\"s\":\"ABCUSDT\",\"S\":\"Buy\",\"v\":\"5\",\"p\":\"2\"},"
          "{\"T\":1600000000002,\"s\":\"ABCUSDT\",\"S\":\"Sell\",\"v\":\"6\",\"p\":\"3\"}]}\n"
          "{\"topic\":\"liquidation.XUSDT\",\"data\":{\"side\":\"Buy\",\"size\":\"7\",\"symbol\":"
          "\"XUSDT\",\"updatedTime\":1600000000003,\"price\":\"0.1\"}}\n",
          NULL, NULL,
          "1600000000001000000 ABCUSDT SELL 2 5;1600000000002000000 ABCUSDT BUY 3 6;"
          "1600000000003000000 XUSDT SELL 0.1 7;");
}

#define FILL(user, side, dir, coin, liquidation)                                                   \
    "[\"" user "\",{\"coin\":\"" coin "\",\"px\":\"0.5\",\"sz\":\"8.0\",\"side\":\"" side          \
    "\",\"time\":1600000000004,\"dir\":\"" dir "\"" liquidation "}]"
#define OF_A ",\"liquidation\":{\"liquidatedUser\":\"0xA\",\"method\":\"market\"}"

/** Both sides carry the record: the liquidated one counts; deleveraging does not. */
static void hyperliquid_counts_once(void **state) {
    (void)state;
    reads("h.jsonl",
          "{\"block_number\":1,\"events\":[" FILL("0xB", "A", "Open Short", "ABC", OF_A) "," FILL(
              "0xa", "B", "Close Short", "ABC",
              OF_A) "," FILL("0xC", "B", "Close Short", "ABC",
                             "") "," FILL("0xA", "A", "Auto-Deleveraging", "ABC",
                                          OF_A) "," FILL("0xA", "A", "Close Long", "kDEF",
                                                         OF_A) "]}\n"
                                                               "{\"block_number\":2,\"events\":[]}"
                                                               "\n",
          NULL, NULL,
          "1600000000004000000 ABCUSDT BUY 0.5 8.0;1600000000004000000 1000DEFUSDT SELL 0.5 8.0;");
    fails("{\"block_number\":2}\n", "hyperliquid", NULL, "no list 'events'");
}

static void force_orders_come_wrapped_and_in_arrays(void **state) {
    (void)state;
    static const char order[] =
        "{\"e\":\"forceOrder\",\"E\":1600000000001,\"o\":{\"s\":\"ABCUSDT\","
        "\"S\":\"SELL\",\"q\":\"2.50\",\"p\":\"10\",\"ap\":\"9.90\","
        "\"T\":1600000000000}}";
    static const char wanted[] = "1600000000000000000 ABCUSDT SELL 9.90 2.50;";
    char text[2048];
    snprintf(text, sizeof text, "%s\n", order);
    reads("f.jsonl", text, NULL, NULL, wanted);
    snprintf(text, sizeof text, "{\"stream\":\"!forceOrder@arr\",\"data\":%s}\n", order);
    reads("f.jsonl", text, "forceorder", NULL, wanted);
    snprintf(text, sizeof text, "[{\"stream\":\"x\",\"data\":%s}]\n", order);
    reads("f.jsonl", text, NULL, NULL, wanted);
    fails("{\"time_ms\":1600000000000,\"symbol\":\"A\",\"side\":\"BUY\",\"price\":\"1\","
          "\"quantity\":\"1\"}\n",
          "forceorder", NULL, "not a forceOrder event");
}

static void columns_by_name_and_number(void **state) {
    (void)state;
    reads(
        "c.csv",
        "when,what,way,px,amt\n1600000000,ABC,long,1.5,2\n1600000001.5,DEFUSDT,short,3,4\n", NULL,
        "time=when,symbol=what,side=way,price=px,quantity=amt,unit=s,symbol-suffix=USDT,sell=long,"
        "buy=short",
        "1600000000000000000 ABCUSDT SELL 1.5 2;1600000001500000000 DEFUSDT BUY 3 4;");
    reads("c.csv", "2,1.5,SELL,ABC,1600000000000\n", NULL,
          "time=5,symbol=4,side=3,price=2,quantity=1", "1600000000000000000 ABC SELL 1.5 2;");
    reads("c.csv", "a,b,c,d,e\n2,1.5,SELL,ABC,1600000000000\n", NULL,
          "time=5,symbol=4,side=3,price=2,quantity=1,header=yes",
          "1600000000000000000 ABC SELL 1.5 2;");
    /* what is not given has its usual name */
    reads("c.csv", "ts_us,symbol,side,px,quantity\n1600000000000001,ABC,SELL,1,2\n", NULL,
          "price=px", "1600000000000001000 ABC SELL 1 2;");
}

static void wrong_columns_are_named(void **state) {
    (void)state;
    fails("a,b\n", NULL, "time", "has no '='");
    fails("a,b\n", NULL, "tim=a", "'tim' is not known");
    fails("a,b\n", NULL, "unit=h", "unit 'h' is not known");
    fails("a,b\n", NULL, "time=0", "'0' is no number of a column");
    fails("a,b\n", NULL, "sell=x", "given together");
    fails("a,b\n", NULL, "time=nope", "no column 'nope'");
    fails("a,b\n", NULL, "time=1,symbol=2", "must give time, symbol");
    fails("a,b\n", NULL, "time=1,symbol=9", "no column '9'");
    fails("time_ms,symbol,side,price,quantity\n1600000000000,A,up,1,1\n", NULL, "sell=down,buy=UP ",
          "'up' is not a side");
    fails("a,b\n", "nope", NULL, "reader 'nope' is not known");
    fails("a,b\n", "weir", NULL, "is not a binary trace");
    fails("a,b\n", "forceorder-raw", NULL, "has 2 columns");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vision_names_the_symbol_in_the_file),
        cmocka_unit_test(tardis_is_in_microseconds),
        cmocka_unit_test(bybit_gives_the_side_of_the_position),
        cmocka_unit_test(hyperliquid_counts_once),
        cmocka_unit_test(force_orders_come_wrapped_and_in_arrays),
        cmocka_unit_test(columns_by_name_and_number),
        cmocka_unit_test(wrong_columns_are_named),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
