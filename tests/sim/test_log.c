/**
 * The log: one line of JSON for everything that is in the two ledgers, in the order of time.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "log.h"
#include "staged.h"

/** The log of a run, parsed. */
struct lines {
    json_t *all;
    size_t requests, opportunities, states;
};

static const char *type_of(const json_t *line) {
    const char *type = json_string_value(json_object_get(line, "type"));
    assert_non_null(type);
    return type;
}

static int64_t integer_of(const json_t *line, const char *key) {
    const json_t *value = json_object_get(line, key);
    assert_true(json_is_integer(value));
    return (int64_t)json_integer_value(value);
}

static void add_line(struct lines *lines, const char *text) {
    json_error_t where;
    json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    if (!line) {
        print_error("%s: %s\n", where.text, text);
    }
    assert_non_null(line);
    const char *type = type_of(line);
    lines->requests += strcmp(type, "request") == 0;
    lines->opportunities += strcmp(type, "opportunity") == 0;
    lines->states += strcmp(type, "state") == 0;
    json_array_append_new(lines->all, line);
}

static struct lines read_log(const struct staged *s, const struct weir_run *run) {
    struct lines lines = {.all = json_array()};
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    assert_true(weir_log_write(file, &run->own, &run->foreign, s->strategy, s->second));
    assert_int_equal(fclose(file), 0);
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        add_line(&lines, line);
    }
    free(text);
    return lines;
}

/** A busy run with everything in it. */
static struct staged *busy(void) {
    struct weir_trace *trace = staged_burst(4, 200, 30);
    tape_rename(trace, 0, "BTCUSDT");
    tape_rename(trace, 1, "A \"quoted\" name");
    struct staged *s = STAGED(trace, "foreign.second_bot=true", "foreign.dashboards=2",
                              "network.preset=stressed", "exchange.orders_per_minute=60",
                              "exchange.weight_per_minute=900", "network.lost_rate=0.05");
    staged_set(s, 3, 0, 1);
    return s;
}

static void test_everything_is_logged_once_in_the_order_of_time(void **state) {
    (void)state;
    struct staged *s = busy();
    static const char *const policies[] = {"none", "current", "weir"};
    for (size_t p = 0; p < 3; p++) {
        struct weir_run run = staged_run_named(s, policies[p]);
        struct lines lines = read_log(s, &run);
        assert_int_equal(lines.requests, run.own.request_count + run.foreign.request_count);
        assert_int_equal(lines.opportunities, run.own.opportunity_count);
        assert_int_equal(lines.states, run.own.state_count + run.foreign.state_count);
        int64_t last_ns = 0;
        size_t index = 0;
        json_t *line = NULL;
        json_array_foreach(lines.all, index, line) {
            const int64_t seq = integer_of(line, "seq");
            assert_true(index == 0 ||
                        seq == integer_of(json_array_get(lines.all, index - 1), "seq") + 1);
            if (strcmp(type_of(line), "state") == 0) {
                assert_true(integer_of(line, "time_ns") >= last_ns);
                last_ns = integer_of(line, "time_ns");
            }
        }
        json_decref(lines.all);
        weir_run_close(&run);
    }
    staged_free(s);
}

/** The ids of others' requests come after the bot's, so that none comes twice. */
static void assert_request_line(const struct staged *s, const struct weir_ledger *l,
                                size_t first_id, const json_t *line) {
    const int64_t id = integer_of(line, "id") - (int64_t)first_id;
    assert_in_range(id, 1, l->request_count);
    const struct weir_request_record *r = &l->requests[id - 1];
    assert_string_equal(json_string_value(json_object_get(line, "client")),
                        weir_client_name((enum weir_client)r->client));
    assert_string_equal(json_string_value(json_object_get(line, "path")),
                        weir_endpoint_path(r->endpoint));
    assert_string_equal(json_string_value(json_object_get(line, "outcome")),
                        weir_outcome_name((enum weir_outcome)r->outcome));
    assert_int_equal(integer_of(line, "submitted_ns"), r->submitted_ns);
    assert_int_equal(json_object_get(line, "sent_ns") != NULL, r->sent_ns != 0);
    assert_int_equal(json_object_get(line, "status") != NULL, r->status != 0);
    const json_t *symbol = json_object_get(json_object_get(line, "params"), "symbol");
    if (r->symbol >= 0) {
        assert_string_equal(json_string_value(symbol), s->trace->symbols[r->symbol]);
    }
}

static void test_lines_say_what_the_ledger_holds(void **state) {
    (void)state;
    struct staged *s = busy();
    struct weir_run run = staged_run_named(s, "weir");
    struct lines lines = read_log(s, &run);
    size_t index = 0;
    json_t *line = NULL;
    json_array_foreach(lines.all, index, line) {
        const char *client = json_string_value(json_object_get(line, "client"));
        if (strcmp(type_of(line), "request") == 0) {
            const bool own = strcmp(client, "bot") == 0;
            assert_request_line(s, own ? &run.own : &run.foreign, own ? 0 : run.own.request_count,
                                line);
        } else if (strcmp(type_of(line), "opportunity") == 0) {
            assert_non_null(json_object_get(line, "state"));
            assert_non_null(json_object_get(line, "symbol"));
        }
    }
    json_decref(lines.all);
    weir_run_close(&run);
    staged_free(s);
}

static void test_a_stream_that_fails_is_reported(void **state) {
    (void)state;
    struct staged *s = busy();
    struct weir_run run = staged_run_named(s, "none");
    FILE *full = fopen("/dev/full", "w");
    if (full) {
        assert_false(weir_log_write(full, &run.own, &run.foreign, s->strategy, s->second));
        fclose(full);
    }
    weir_run_close(&run);
    staged_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_is_logged_once_in_the_order_of_time),
        cmocka_unit_test(test_lines_say_what_the_ledger_holds),
        cmocka_unit_test(test_a_stream_that_fails_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
