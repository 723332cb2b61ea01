// The checked wrapper: settings, arguments, and the life of a request, for every policy.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "draws.h"
#include "id_table.h"
#include "weir/limiter.h"

#define SECOND INT64_C(1000000000)

static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, 60 * SECOND, 2400},
                                           {WEIR_LIMIT_ORDERS, 60 * SECOND, 1200}};

static struct weir_config config_of(const struct weir_setting *settings, size_t count) {
    return (struct weir_config){.limits = limits,
                                .limit_count = 2,
                                .settings = settings,
                                .setting_count = count,
                                .now_ns = SECOND,
                                .max_open = 4};
}

static struct weir_limiter *make(const char *policy) {
    struct weir_config config = config_of(NULL, 0);
    struct weir_limiter *limiter = NULL;
    struct weir_error error;
    assert_int_equal(weir_limiter_create(weir_policy_find(policy), &config, &limiter, &error),
                     WEIR_OK);
    assert_non_null(limiter);
    return limiter;
}

static struct weir_request order(uint64_t id) {
    return (struct weir_request){.id = id,
                                 .endpoint = weir_endpoint_find(WEIR_POST, "/fapi/v1/order"),
                                 .params = WEIR_PARAMS_NONE,
                                 .deadline_ns = WEIR_NEVER,
                                 .escalate_ns = WEIR_NEVER,
                                 .can_send = true,
                                 .may_queue = true};
}

static struct weir_reply reply_to(uint64_t id, int64_t received_ns) {
    return (struct weir_reply){
        .id = id, .status = 200, .sent_ns = received_ns - 1, .received_ns = received_ns};
}

static void expect_refused(const char *policy, const struct weir_config *config,
                           enum weir_status expected, const char *words) {
    struct weir_limiter *limiter = (struct weir_limiter *)1;
    struct weir_error error = {.text = ""};
    assert_int_equal(weir_limiter_create(weir_policy_find(policy), config, &limiter, &error),
                     expected);
    assert_null(limiter);
    assert_int_equal(error.status, expected);
    assert_non_null(strstr(error.text, words));
}

static void test_settings(void **state) {
    (void)state;
    static const struct {
        const char *policy;
        struct weir_setting setting;
        enum weir_status status;
        const char *words;
    } wrong[] = {
        {"weir", {"normal.bufer", "0"}, WEIR_UNKNOWN_KEY, "\"normal.buffer\""},
        {"weir", {"deadline", "on"}, WEIR_UNKNOWN_KEY, "\"deadlines\""},
        {"none", {"normal.buffer", "0"}, WEIR_UNKNOWN_KEY, "no settings"},
        {"weir", {"normal.buffer", "1.5"}, WEIR_UNKNOWN_VALUE, "from 0 to 0.99"},
        {"weir", {"normal.buffer", "x"}, WEIR_UNKNOWN_VALUE, "from 0 to 0.99"},
        {"weir", {"queue", "0"}, WEIR_UNKNOWN_VALUE, "from 1 to 1000000"},
        {"weir", {"queue", "1.5"}, WEIR_UNKNOWN_VALUE, "whole number"},
        {"weir", {"headers", "maybe"}, WEIR_UNKNOWN_VALUE, "on or off"},
        {"weir", {"window", "slid"}, WEIR_UNKNOWN_VALUE, "fixed|sliding"},
        {"current", {"burst.reserve", "-0.1"}, WEIR_UNKNOWN_VALUE, "from 0 to 1"},
        {"fixed-window", {"normal.reserve", "0.1"}, WEIR_UNKNOWN_KEY, "normal.buffer"},
        {"weir", {NULL, "1"}, WEIR_INVALID, "setting number 1"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct weir_config config = config_of(&wrong[i].setting, 1);
        expect_refused(wrong[i].policy, &config, wrong[i].status, wrong[i].words);
    }
}

static void test_config(void **state) {
    (void)state;
    struct weir_config config = config_of(NULL, 0);
    config.max_open = 0;
    expect_refused("weir", &config, WEIR_INVALID, "max_open is 0");
    config = config_of(NULL, 0);
    config.limit_count = 0;
    expect_refused("weir", &config, WEIR_INVALID, "1 to 8 limits");
    config.limit_count = WEIR_LIMITS_MAX + 1;
    expect_refused("weir", &config, WEIR_INVALID, "1 to 8 limits");
    struct weir_limit zero = {WEIR_LIMIT_WEIGHT, SECOND, 0};
    config = config_of(NULL, 0);
    config.limits = &zero;
    config.limit_count = 1;
    expect_refused("weir", &config, WEIR_INVALID, "limit number 1");
    struct weir_limit only_weight = {WEIR_LIMIT_WEIGHT, 60 * SECOND, 2400};
    config.limits = &only_weight;
    expect_refused("current", &config, WEIR_INVALID, "needs one limit of a minute");
    config = config_of(NULL, 0);
    config.now_ns = -1;
    expect_refused("weir", &config, WEIR_INVALID, "now_ns");
    struct weir_policy other = *weir_policy_find("weir");
    other.abi = 99;
    struct weir_limiter *limiter = NULL;
    struct weir_error error;
    config = config_of(NULL, 0);
    assert_int_equal(weir_limiter_create(&other, &config, &limiter, &error), WEIR_INVALID);
    assert_non_null(strstr(error.text, "version 99"));
    assert_int_equal(weir_limiter_create(NULL, &config, &limiter, &error), WEIR_INVALID);
}

static void test_registry(void **state) {
    (void)state;
    static const char *const names[] = {"none",         "current",        "guide",
                                        "token-bucket", "gcra",           "sliding-log",
                                        "fixed-window", "size-threshold", "weir"};
    for (size_t i = 0; i < 9; i++) {
        assert_string_equal(weir_policy_at(i)->name, names[i]);
        assert_ptr_equal(weir_policy_find(names[i]), weir_policy_at(i));
    }
    assert_null(weir_policy_at(9));
    assert_null(weir_policy_find("guide?"));
    assert_null(weir_policy_find(NULL));
    assert_string_equal(weir_policy_nearest("wier"), "weir");
    assert_string_equal(weir_policy_nearest("tokenbucket"), "token-bucket");
    assert_int_equal(weir_name_distance("", "abc"), 3);
    assert_int_equal(weir_name_distance("abc", ""), 3);
    assert_int_equal(weir_name_distance("kitten", "sitting"), 3);
    char long_name[300];
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(weir_name_distance(long_name, "y"), 128);
}

/** Every policy lets the first order through; an id lives once, from submit to settle. */
static void test_life(void **state) {
    (void)state;
    for (size_t i = 0; weir_policy_at(i); i++) {
        struct weir_limiter *limiter = make(weir_policy_at(i)->name);
        struct weir_request request = order(7);
        struct weir_decision decision;
        struct weir_settlement settlement;
        struct weir_reply reply = reply_to(7, 3 * SECOND);
        assert_int_equal(weir_settle(limiter, &reply, &settlement), WEIR_NO_SUCH);
        assert_int_equal(weir_submit(limiter, 2 * SECOND, &request, &decision), WEIR_OK);
        assert_int_equal(decision.answer, WEIR_SEND);
        assert_int_equal(weir_open_requests(limiter), 1);
        assert_int_equal(weir_submit(limiter, 2 * SECOND, &request, &decision), WEIR_DUPLICATE);
        assert_int_equal(weir_cancel(limiter, 2 * SECOND, 7), WEIR_NO_SUCH);
        assert_int_equal(weir_settle(limiter, &reply, &settlement), WEIR_OK);
        assert_int_equal(settlement.booked_orders, 1);
        assert_int_equal(weir_settle(limiter, &reply, &settlement), WEIR_NO_SUCH);
        assert_int_equal(weir_open_requests(limiter), 0);
        for (uint64_t id = 1; id <= 4; id++) {
            request = order(id);
            assert_int_equal(weir_try(limiter, 3 * SECOND, &request, &decision), WEIR_OK);
            assert_int_equal(decision.answer, WEIR_SEND);
        }
        request = order(5);
        assert_int_equal(weir_submit(limiter, 3 * SECOND, &request, &decision), WEIR_FULL);
        assert_ptr_equal(weir_limiter_policy(limiter), weir_policy_at(i));
        weir_limiter_destroy(limiter);
    }
    weir_limiter_destroy(NULL);
}

static void test_arguments(void **state) {
    (void)state;
    struct weir_limiter *limiter = make("weir");
    struct weir_decision decision;
    struct weir_settlement settlement;
    struct weir_next next;
    struct weir_request request = order(0);
    assert_int_equal(weir_submit(limiter, SECOND, &request, &decision), WEIR_INVALID);
    request = order(1);
    request.value = (double)NAN;
    assert_int_equal(weir_submit(limiter, SECOND, &request, &decision), WEIR_INVALID);
    request.value = -1;
    assert_int_equal(weir_try(limiter, SECOND, &request, &decision), WEIR_INVALID);
    request = order(1);
    request.priority = (enum weir_priority)3;
    assert_int_equal(weir_submit(limiter, SECOND, &request, &decision), WEIR_INVALID);
    request = order(1);
    assert_int_equal(weir_submit(limiter, SECOND - 1, &request, &decision), WEIR_INVALID);
    assert_int_equal(weir_submit(limiter, INT64_MAX, &request, &decision), WEIR_INVALID);
    assert_int_equal(weir_submit(limiter, SECOND, NULL, &decision), WEIR_INVALID);
    assert_int_equal(weir_next_request(limiter, 0, 1, &next), WEIR_INVALID);
    assert_int_equal(weir_submit(limiter, SECOND, &request, &decision), WEIR_OK);
    struct weir_reply reply = reply_to(1, 2 * SECOND);
    reply.received_ns = reply.sent_ns - 1;
    assert_int_equal(weir_settle(limiter, &reply, &settlement), WEIR_INVALID);
    assert_int_equal(weir_open_requests(limiter), 1);
    weir_limiter_destroy(limiter);
}

/** A policy that answers what its interface does not allow. */
static enum weir_answer bad_answer;

static enum weir_status bad_create(const struct weir_config *config, void **self,
                                   struct weir_error *error) {
    (void)config;
    (void)error;
    *self = NULL;
    return WEIR_OK;
}

static void bad_destroy(void *self) {
    (void)self;
}

static enum weir_status bad_submit(void *self, int64_t now_ns, const struct weir_request *request,
                                   struct weir_decision *decision) {
    (void)self;
    (void)request;
    *decision = (struct weir_decision){.answer = bad_answer, .until_ns = now_ns};
    return WEIR_OK;
}

static enum weir_status bad_settle(void *self, const struct weir_reply *reply,
                                   struct weir_settlement *settlement) {
    (void)self;
    (void)reply;
    (void)settlement;
    return WEIR_BROKEN;
}

static void test_broken_policy(void **state) {
    (void)state;
    static const struct weir_option no_options[] = {{.key = NULL}};
    struct weir_policy bad = {.abi = WEIR_POLICY_ABI,
                              .size = sizeof bad,
                              .name = "bad",
                              .options = no_options,
                              .create = bad_create,
                              .destroy = bad_destroy,
                              .submit = bad_submit,
                              .settle = bad_settle};
    static const enum weir_answer answers[] = {WEIR_QUEUE, WEIR_HOLD, (enum weir_answer)9};
    for (size_t i = 0; i < 3; i++) {
        struct weir_config config = config_of(NULL, 0);
        struct weir_limiter *limiter = NULL;
        struct weir_decision decision;
        struct weir_request request = order(1);
        assert_int_equal(weir_limiter_create(&bad, &config, &limiter, NULL), WEIR_OK);
        bad_answer = answers[i];
        assert_int_equal(weir_submit(limiter, SECOND, &request, &decision), WEIR_BROKEN);
        assert_non_null(strstr(weir_failure(limiter), "policy bad"));
        bad_answer = WEIR_SEND;
        assert_int_equal(weir_submit(limiter, SECOND, &request, &decision), WEIR_BROKEN);
        weir_limiter_destroy(limiter);
    }
}

/** The table of ids against a plain list, with ids that collide and ids that wrap around. */
static void test_id_table(void **state) {
    (void)state;
    enum {
        CAPACITY = 50
    };
    struct weir_id_table table;
    assert_true(weir_id_table_init(&table, CAPACITY));
    uint64_t ids[CAPACITY] = {0};
    uint32_t count = 0;
    struct draws draws = {.state = 3};
    for (int turn = 0; turn < 100000; turn++) {
        uint64_t id = draw_percent(&draws, 50) ? (uint64_t)draw(&draws, 1, 99)
                                               : UINT64_MAX - (uint64_t)draw(&draws, 0, 99);
        uint32_t at = 0;
        while (at < count && ids[at] != id) {
            at++;
        }
        const uint64_t *found = weir_id_table_find(&table, id);
        assert_int_equal(found != NULL, at < count);
        if (found) {
            assert_int_equal(*found, id / 2);
            assert_true(weir_id_table_remove(&table, id));
            ids[at] = ids[--count];
        } else {
            assert_false(weir_id_table_remove(&table, id));
            assert_int_equal(weir_id_table_add(&table, id, id / 2), count < CAPACITY);
            if (count < CAPACITY) {
                ids[count++] = id;
            }
        }
        assert_int_equal(table.count, count);
    }
    weir_id_table_free(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),  cmocka_unit_test(test_config),
        cmocka_unit_test(test_registry),  cmocka_unit_test(test_life),
        cmocka_unit_test(test_arguments), cmocka_unit_test(test_broken_policy),
        cmocka_unit_test(test_id_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
