/**
 * Strategies: the bundled ones, what they cost, and what is said of a file that is not right.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strategy.h"
#include "temporary.h"

static struct weir_strategy *open_bundled(const char *name) {
    struct weir_scenario_error error = {0};
    struct weir_strategy *strategy = weir_strategy_open(name, &error);
    if (!strategy) {
        print_error("%s\n", error.text);
    }
    assert_non_null(strategy);
    return strategy;
}

static int32_t weight_of(const struct weir_call *calls, size_t count) {
    int32_t weight = 0;
    for (size_t i = 0; i < count; i++) {
        weight += weir_endpoint_cost(calls[i].endpoint, calls[i].params).weight;
    }
    return weight;
}

static const struct weir_loop *loop_of(const struct weir_strategy *strategy, const char *id) {
    for (size_t i = 0; i < strategy->standing_count; i++) {
        if (strcmp(strategy->standing[i].id, id) == 0) {
            return &strategy->standing[i];
        }
    }
    return NULL;
}

static void test_bundled_strategies_load_under_their_names(void **state) {
    (void)state;
    static const char *const names[] = {"hunt-all", "shipped"};
    for (size_t i = 0; i < 2; i++) {
        struct weir_strategy *strategy = open_bundled(names[i]);
        assert_string_equal(strategy->name, names[i]);
        assert_int_equal(strategy->condition_window_ns, MINUTE);
        weir_strategy_free(strategy);
    }
}

static void test_the_start_costs_what_the_bot_costs(void **state) {
    (void)state;
    struct weir_strategy *s = open_bundled("hunt-all");
    const struct weir_loop *cleanup = loop_of(s, "cleanup");
    assert_non_null(cleanup);
    assert_int_equal(weight_of(s->startup, s->startup_count), 246);
    assert_int_equal(weight_of(cleanup->calls, cleanup->call_count), 130);
    assert_int_equal(cleanup->period_ns, 20 * SECOND);
    assert_int_equal(cleanup->first_ns, SECOND);
    assert_int_equal(weight_of(s->dashboard.calls, s->dashboard.call_count), 55);
    assert_int_equal(s->dashboard.period_ns, 5 * SECOND);
    const struct weir_loop *key = loop_of(s, "listenkey");
    assert_non_null(key);
    assert_int_equal(key->period_ns, 1800 * SECOND);
    weir_strategy_free(s);
}

static void test_an_opportunity_costs_what_the_bot_spends_on_it(void **state) {
    (void)state;
    struct weir_strategy *s = open_bundled("hunt-all");
    const struct weir_cost entry = weir_strategy_entry_cost(s);
    assert_int_equal(entry.weight, 1);
    assert_int_equal(entry.orders, 1);
    static const struct {
        int variant;
        bool in_cascade;
        int32_t weight, orders;
    } costs[] = {
        {WEIR_CASCADE_ORIGINAL, false, 10, 3}, /* order book 2, entry 1, two cancels 2, protection 5
                                                */
        {WEIR_CASCADE_ORIGINAL, true, 10, 3},  {WEIR_CASCADE_SKIP, false, 10, 3},
        {WEIR_CASCADE_SKIP, true, 1, 1},       {WEIR_CASCADE_DEFER, false, 10, 3},
        {WEIR_CASCADE_DEFER, true, 8, 3},
    };
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        const struct weir_cost cost =
            weir_strategy_full_cost(s, costs[i].variant, costs[i].in_cascade);
        assert_int_equal(cost.weight, costs[i].weight);
        assert_int_equal(cost.orders, costs[i].orders);
    }
    weir_strategy_free(s);
}

static void test_hunt_all_hunts_every_symbol_and_shipped_its_eleven(void **state) {
    (void)state;
    struct weir_strategy *all = open_bundled("hunt-all");
    const struct weir_symbol_settings *any = weir_strategy_symbol(all, "WHATEVERUSDT");
    assert_non_null(any);
    ASSERT_NEAR(any->threshold_long_usd, 10000.0, 0.0);
    ASSERT_NEAR(any->threshold_short_usd, 10000.0, 0.0);
    weir_strategy_free(all);
    struct weir_strategy *shipped = open_bundled("shipped");
    assert_int_equal(shipped->symbol_count, 11);
    assert_null(weir_strategy_symbol(shipped, "WHATEVERUSDT"));
    assert_null(weir_strategy_symbol(shipped, "BTCUSD"));
    const struct weir_symbol_settings *btc = weir_strategy_symbol(shipped, "BTCUSDT");
    assert_non_null(btc);
    ASSERT_NEAR(btc->threshold_long_usd, 100000.0, 0.0);
    ASSERT_NEAR(btc->threshold_short_usd, 250000.0, 0.0);
    ASSERT_NEAR(btc->stake_usd, 0.55, 0.0);
    ASSERT_NEAR(btc->stop_loss_pct, 50.0, 0.0);
    weir_strategy_free(shipped);
}

static void test_steps_are_skipped_in_their_variant_and_in_a_cascade_only(void **state) {
    (void)state;
    struct weir_step step = {.skip_in = {[WEIR_CASCADE_SKIP] = true}};
    assert_false(weir_step_applies(&step, WEIR_CASCADE_SKIP, true));
    assert_true(weir_step_applies(&step, WEIR_CASCADE_SKIP, false));
    assert_true(weir_step_applies(&step, WEIR_CASCADE_DEFER, true));
}

/* ---- files ---- */

/** A file that is right. */
static const char *const good =
    "{\"schema\": \"weir.strategy/1\", \"name\": \"mine\",\n"
    " \"condition\": {\"window_s\": 30, \"threshold_usd\": 5000},\n"
    " \"defaults\": {\"stake_usd\": 2, \"leverage\": 5, \"take_profit_pct\": 1,"
    " \"stop_loss_pct\": 20, \"price_offset_pct\": 0.1},\n"
    " \"symbols\": {\"AUSDT\": {\"threshold_long_usd\": 1}, \"BUSDT\": {\"stake_usd\": 3}},\n"
    " \"cascade\": {\"volume_usd\": 1000, \"volume_window_s\": 10, \"move_pct\": 2,"
    " \"move_window_s\": 30, \"lasts_s\": 60},\n"
    " \"chains\": {\"opportunity\": [\n"
    "  {\"id\": \"entry\", \"effect\": \"entry\", \"method\": \"POST\", \"path\": "
    "\"/fapi/v1/order\","
    " \"params\": {\"symbol\": true}, \"priority\": \"critical\", \"on_failure\": \"abandon\","
    " \"delay_ms\": 5, \"skip_in\": [\"skip\"]}],\n"
    "  \"fill\": [{\"id\": \"protect\", \"effect\": \"protect\", \"method\": \"POST\","
    " \"path\": \"/fapi/v1/batchOrders\", \"params\": {\"symbol\": true, \"count\": 2},"
    " \"on_failure\": \"retry\", \"retry_ms\": 7}]},\n"
    " \"standing\": [{\"id\": \"check\", \"period_ms\": 1000, \"spacing_ms\": 10, \"requests\": ["
    "{\"method\": \"GET\", \"path\": \"/fapi/v1/ping\"}]}],\n"
    " \"startup\": [{\"repeat\": 3, \"requests\": ["
    "{\"method\": \"GET\", \"path\": \"/fapi/v1/time\", \"repeat\": 4}]}]}\n";

/** The good file with one part replaced by another. */
static char *with(const char *part, const char *replacement) {
    const char *at = strstr(good, part);
    assert_non_null(at);
    const size_t size = strlen(good) + strlen(replacement) + 1;
    char *text = calloc(1, size);
    assert_non_null(text);
    snprintf(text, size, "%.*s%s%s", (int)(at - good), good, replacement, at + strlen(part));
    return text;
}

static struct weir_strategy *read_text(const char *text, struct weir_scenario_error *error) {
    const struct temporary file = temporary_write(text);
    struct weir_strategy *strategy = weir_strategy_open(file.path, error);
    if (!strategy) {
        assert_int_equal(error->status, WEIR_SCENARIO_BAD_FILE);
        if (!strstr(error->text, file.path)) {
            print_error("'%s' does not name the file\n", error->text);
            fail();
        }
    }
    temporary_remove(&file);
    return strategy;
}

static void test_a_file_is_read_as_it_is_written(void **state) {
    (void)state;
    struct weir_scenario_error error = {0};
    struct weir_strategy *s = read_text(good, &error);
    assert_non_null(s);
    assert_string_equal(s->name, "mine");
    assert_int_equal(s->condition_window_ns, 30 * SECOND);
    ASSERT_NEAR(s->defaults.threshold_long_usd, 5000.0, 0.0);
    const struct weir_symbol_settings *a = weir_strategy_symbol(s, "AUSDT");
    const struct weir_symbol_settings *b = weir_strategy_symbol(s, "BUSDT");
    assert_true(a && b && !weir_strategy_symbol(s, "CUSDT"));
    ASSERT_NEAR(a->threshold_long_usd, 1.0, 0.0);
    ASSERT_NEAR(a->threshold_short_usd, 5000.0, 0.0);
    ASSERT_NEAR(a->stake_usd, 2.0, 0.0);
    ASSERT_NEAR(b->stake_usd, 3.0, 0.0);
    assert_int_equal(s->detector.lasts_ns, MINUTE);
    const struct weir_step *entry = &s->steps[WEIR_ON_OPPORTUNITY][0];
    assert_int_equal(s->step_count[WEIR_ON_OPPORTUNITY], 1);
    assert_int_equal(entry->effect, WEIR_EFFECT_ENTRY);
    assert_int_equal(entry->delay_ns, 5 * MILLISECOND);
    assert_int_equal(entry->on_failure, WEIR_FAILURE_ABANDONS);
    assert_true(entry->skip_in[WEIR_CASCADE_SKIP] && !entry->skip_in[WEIR_CASCADE_DEFER]);
    assert_int_equal(s->steps[WEIR_ON_FILL][0].retry_ns, 7 * MILLISECOND);
    assert_int_equal(s->step_count[WEIR_ON_CLOSED], 0);
    assert_int_equal(s->standing_count, 1);
    assert_int_equal(s->standing[0].spacing_ns, 10 * MILLISECOND);
    assert_int_equal(s->startup_count, 12);
    assert_int_equal(s->dashboard.call_count, 0);
    weir_strategy_free(s);
}

/** One mistake, and the key that the error must name. */
struct mistake {
    const char *part, *replacement, *key;
};

static const struct mistake mistakes[] = {
    {"weir.strategy/1", "weir.strategy/2", "schema"},
    {"\"name\": \"mine\"", "\"name\": 7", "name"},
    {"\"name\": \"mine\",", "", "name"},
    {"\"name\": \"mine\"", "\"nam\": \"mine\"", "nam"},
    {"\"condition\"", "\"conditions\"", "conditions"},
    {"{\"window_s\": 30, \"threshold_usd\": 5000}", "7", "condition"},
    {"\"window_s\": 30", "\"window_s\": 0", "window_s"},
    {"\"window_s\": 30", "\"window_s\": \"30\"", "window_s"},
    {"\"window_s\": 30,", "", "window_s"},
    {"\"threshold_usd\": 5000", "\"threshold_usd\": -1", "threshold_usd"},
    {"\"threshold_usd\": 5000", "\"threshold\": 1", "threshold"},
    {"\"stake_usd\": 2,", "", "stake_usd"},
    {"\"stake_usd\": 2", "\"stake_usd\": 0", "stake_usd"},
    {"\"leverage\": 5", "\"leverage\": 0.5", "leverage"},
    {"\"leverage\": 5", "\"leverage\": 5, \"levrage\": 5", "levrage"},
    {"\"take_profit_pct\": 1", "\"take_profit_pct\": null", "take_profit_pct"},
    {"\"stop_loss_pct\": 20", "\"stop_loss_pct\": 100", "stop_loss_pct"},
    {"\"price_offset_pct\": 0.1", "\"price_offset_pct\": 51", "price_offset_pct"},
    {"{\"threshold_long_usd\": 1}", "1", "AUSDT"},
    {"\"threshold_long_usd\": 1", "\"threshold_long_usd\": []", "threshold_long_usd"},
    {"\"threshold_long_usd\": 1", "\"long\": 1", "long"},
    {"\"volume_usd\": 1000", "\"volume_usd\": -1", "volume_usd"},
    {"\"volume_window_s\": 10", "\"volume_window_s\": 0", "volume_window_s"},
    {"\"move_pct\": 2", "\"move_pct\": 101", "move_pct"},
    {"\"move_window_s\": 30", "\"move_window_s\": 1e9", "move_window_s"},
    {"\"lasts_s\": 60", "\"last_s\": 60", "last_s"},
    {", \"lasts_s\": 60", "", "lasts_s"},
    {"\"opportunity\"", "\"opportunities\"", "opportunities"},
    {"\"opportunity\": [", "\"opportunity\": 7, \"unfilled\": [", "opportunity"},
    {"\"id\": \"entry\"", "\"id\": 7", "id"},
    {"\"id\": \"entry\"", "\"id\": \"a-name-that-is-far-too-long-for-a-step\"", "id"},
    {"\"id\": \"entry\",", "", "id"},
    {"\"effect\": \"entry\"", "\"effect\": \"enter\"", "effect"},
    {"\"effect\": \"entry\"", "\"effect\": \"none\"", "entry"},
    {"\"effect\": \"protect\"", "\"effect\": \"entry\"", "entry"},
    {"\"method\": \"POST\"", "\"method\": \"FETCH\"", "method"},
    {"\"path\": \"/fapi/v1/order\"", "\"path\": \"/fapi/v1/ordr\"", "path"},
    {"\"path\": \"/fapi/v1/order\",", "", "path"},
    {"\"params\": {\"symbol\": true}", "\"params\": 7", "params"},
    {"\"params\": {\"symbol\": true}", "\"params\": {\"symbol\": 1}", "symbol"},
    {"\"params\": {\"symbol\": true}", "\"params\": {\"limit\": 5}", "params"},
    {"\"params\": {\"symbol\": true}", "\"params\": {\"sym\": true}", "sym"},
    {"\"count\": 2", "\"count\": 9", "params"},
    {"\"count\": 2", "\"count\": 1.5", "count"},
    {"\"priority\": \"critical\"", "\"priority\": \"high\"", "priority"},
    {"\"on_failure\": \"abandon\"", "\"on_failure\": \"give up\"", "on_failure"},
    {"\"delay_ms\": 5", "\"delay_ms\": -5", "delay_ms"},
    {"\"delay_ms\": 5", "\"at_open\": 1", "at_open"},
    {"\"delay_ms\": 5", "\"deadline_ms\": \"x\"", "deadline_ms"},
    {"\"delay_ms\": 5", "\"when\": \"never\"", "when"},
    {"\"retry_ms\": 7", "\"retry_ms\": 0", "retry_ms"},
    {"[\"skip\"]", "\"skip\"", "skip_in"},
    {"[\"skip\"]", "[\"skipp\"]", "skip_in"},
    {"[\"skip\"]", "[7]", "skip_in"},
    {"\"id\": \"check\"", "\"ident\": \"check\"", "ident"},
    {"\"period_ms\": 1000", "\"period_ms\": 99", "period_ms"},
    {"\"period_ms\": 1000,", "", "period_ms"},
    {"\"spacing_ms\": 10", "\"spacing_ms\": -1", "spacing_ms"},
    {"\"spacing_ms\": 10", "\"first_ms\": \"soon\"", "first_ms"},
    {"{\"method\": \"GET\", \"path\": \"/fapi/v1/ping\"}", "", "requests"},
    {"{\"method\": \"GET\", \"path\": \"/fapi/v1/ping\"}", "7", "requests"},
    {"\"path\": \"/fapi/v1/ping\"", "\"path\": \"/ping\"", "path"},
    {"\"path\": \"/fapi/v1/ping\"", "\"path\": \"/fapi/v1/ping\", \"effect\": \"none\"", "effect"},
    {"\"standing\": [", "\"standing\": [7, ", "standing"},
    {"\"standing\": [", "\"dashboard\": {\"id\": \"d\"}, \"standing\": [", "period_ms"},
    {"\"repeat\": 3", "\"repeat\": 0", "repeat"},
    {"\"repeat\": 3", "\"repeat\": 2.5", "repeat"},
    {"\"repeat\": 4", "\"repeat\": 1001", "repeat"},
    {"\"repeat\": 4", "\"repeat\": 100", "startup"},
    {"\"startup\": [", "\"startup\": [[], ", "startup"},
};

static void test_every_mistake_is_named_with_its_key(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        char *text = with(mistakes[i].part, mistakes[i].replacement);
        struct weir_scenario_error error = {0};
        struct weir_strategy *strategy = read_text(text, &error);
        if (strategy || !strstr(error.text, mistakes[i].key)) {
            print_error("%s for %s: %s\n", mistakes[i].replacement, mistakes[i].part,
                        strategy ? "accepted" : error.text);
        }
        assert_null(strategy);
        assert_non_null(strstr(error.text, mistakes[i].key));
        free(text);
    }
}

/** `count` copies of an item with commas between them, each # its number, between head and tail. */
static char *many(const char *head, const char *item, size_t count, const char *tail) {
    const size_t size = strlen(head) + count * (strlen(item) + 32) + strlen(tail) + 1;
    char *list = calloc(1, size);
    assert_non_null(list);
    size_t used = (size_t)snprintf(list, size, "%s", head);
    const size_t before = strcspn(item, "#");
    const char *after = item[before] ? item + before + 1 : "";
    for (size_t i = 0; i < count; i++) {
        char number[24] = "";
        if (item[before]) {
            snprintf(number, sizeof number, "%zu", i);
        }
        used += (size_t)snprintf(list + used, size - used, "%s%.*s%s%s", i ? ", " : "", (int)before,
                                 item, number, after);
    }
    snprintf(list + used, size - used, "%s", tail);
    return list;
}

static void assert_too_many(const char *part, const char *head, const char *item, size_t most,
                            const char *tail, const char *key) {
    for (size_t count = most; count <= most + 1; count++) {
        char *list = many(head, item, count, tail);
        char *text = with(part, list);
        struct weir_scenario_error error = {0};
        struct weir_strategy *strategy = read_text(text, &error);
        assert_int_equal(strategy != NULL, count == most);
        assert_true(strategy || strstr(error.text, key));
        weir_strategy_free(strategy);
        free(text);
        free(list);
    }
}

static void test_nothing_overflows(void **state) {
    (void)state;
    assert_too_many("\"fill\": [{", "\"closed\": [",
                    "{\"id\": \"s#\", \"method\": \"GET\", \"path\": \"/fapi/v1/ping\"}",
                    WEIR_STEPS_MAX, "], \"fill\": [{", "closed");
    assert_too_many("\"standing\": [{", "\"standing\": [",
                    "{\"id\": \"l#\", \"period_ms\": 1000, \"requests\": [{\"method\": \"GET\","
                    " \"path\": \"/fapi/v1/ping\"}]}",
                    WEIR_LOOPS_MAX - 1, ", {", "standing");
    assert_too_many("{\"method\": \"GET\", \"path\": \"/fapi/v1/ping\"}", "",
                    "{\"method\": \"GET\", \"path\": \"/fapi/v1/ping\"}", WEIR_STEPS_MAX, "",
                    "requests");
    assert_too_many("\"symbols\": {\"AUSDT\": {\"threshold_long_usd\": 1}, \"BUSDT\":"
                    " {\"stake_usd\": 3}}",
                    "\"symbols\": {", "\"A#USDT\": {}", WEIR_SYMBOLS_MAX, "}", "symbols");
    char *text = with("\"AUSDT\"", "\"A-SYMBOL-WHOSE-NAME-IS-TOO-LONG-BY-FAR\"");
    struct weir_scenario_error error = {0};
    assert_null(read_text(text, &error));
    assert_non_null(strstr(error.text, "A-SYMBOL"));
    free(text);
}

static void test_what_is_no_strategy_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "7",
                                        "{}",
                                        "{\"schema\": 7}",
                                        "{\"schema\": \"weir.strategy/1\", \"schema\": \"x\"}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct weir_scenario_error error = {0};
        assert_null(read_text(texts[i], &error));
    }
    struct weir_scenario_error error = {0};
    assert_null(weir_strategy_open("hunt-some", &error));
    assert_int_equal(error.status, WEIR_SCENARIO_NO_FILE);
    assert_non_null(strstr(error.text, "hunt-some"));
    assert_non_null(strstr(error.text, "hunt-all"));
    weir_strategy_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bundled_strategies_load_under_their_names),
        cmocka_unit_test(test_the_start_costs_what_the_bot_costs),
        cmocka_unit_test(test_an_opportunity_costs_what_the_bot_spends_on_it),
        cmocka_unit_test(test_hunt_all_hunts_every_symbol_and_shipped_its_eleven),
        cmocka_unit_test(test_steps_are_skipped_in_their_variant_and_in_a_cascade_only),
        cmocka_unit_test(test_a_file_is_read_as_it_is_written),
        cmocka_unit_test(test_every_mistake_is_named_with_its_key),
        cmocka_unit_test(test_nothing_overflows),
        cmocka_unit_test(test_what_is_no_strategy_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
