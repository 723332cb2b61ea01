// The limiters that a library offers, each against sums that are computed anew each time, and
// against what is known of their worst case at a server that counts by the minute.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "draws.h"
#include "weir/limiter.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define SENT_MAX 20000

static const char *const names[] = {"fixed-window", "size-threshold", "sliding-log", "token-bucket",
                                    "gcra"};

static struct weir_limiter *make(const char *name, const struct weir_limit *limits, size_t count,
                                 const char *key, const char *value, int64_t now_ns) {
    const struct weir_setting setting = {key, value};
    const struct weir_config config = {.limits = limits,
                                       .limit_count = count,
                                       .settings = &setting,
                                       .setting_count = key ? 1 : 0,
                                       .now_ns = now_ns,
                                       .max_open = SENT_MAX};
    struct weir_limiter *limiter = NULL;
    assert_int_equal(weir_limiter_create(weir_policy_find(name), &config, &limiter, NULL), WEIR_OK);
    return limiter;
}

static struct weir_request batch(uint64_t id, int32_t orders) {
    return (struct weir_request){.id = id,
                                 .endpoint = weir_endpoint_find(WEIR_POST, "/fapi/v1/batchOrders"),
                                 .params = {.limit = WEIR_LIMIT_OMITTED, .count = orders},
                                 .deadline_ns = WEIR_NEVER,
                                 .escalate_ns = WEIR_NEVER,
                                 .can_send = true};
}

static struct weir_request ping(uint64_t id) {
    struct weir_request request = batch(id, 0);
    request.endpoint = weir_endpoint_find(WEIR_GET, "/fapi/v1/ping");
    return request;
}

/** What was let through, for the models. */
struct sent {
    int64_t time_ns[SENT_MAX];
    int32_t orders[SENT_MAX];
    size_t count;
};

static int64_t share_of(const struct sent *sent, size_t i, bool weight) {
    return weight ? 5 : sent->orders[i];
}

/** Fixed windows: the sum of the window, and its end. */
static int64_t fixed_model(const struct sent *sent, int64_t now_ns, int64_t interval_ns,
                           int64_t usable, int64_t share, bool weight) {
    int64_t used = 0;
    for (size_t i = 0; i < sent->count; i++) {
        used +=
            sent->time_ns[i] / interval_ns == now_ns / interval_ns ? share_of(sent, i, weight) : 0;
    }
    return used + share <= usable ? now_ns : (now_ns / interval_ns + 1) * interval_ns;
}

static int64_t used_in_span(const struct sent *sent, int64_t at_ns, int64_t interval_ns,
                            bool weight) {
    int64_t used = 0;
    for (size_t i = 0; i < sent->count; i++) {
        used += sent->time_ns[i] > at_ns - interval_ns ? share_of(sent, i, weight) : 0;
    }
    return used;
}

/** Sliding log: the first moment, now or when something leaves, at which the sum leaves room. */
static int64_t sliding_model(const struct sent *sent, int64_t now_ns, int64_t interval_ns,
                             int64_t usable, int64_t share, bool weight) {
    if (used_in_span(sent, now_ns, interval_ns, weight) + share <= usable) {
        return now_ns;
    }
    for (size_t i = 0; i < sent->count; i++) {
        const int64_t leaves_ns = sent->time_ns[i] + interval_ns;
        if (leaves_ns > now_ns &&
            used_in_span(sent, leaves_ns, interval_ns, weight) + share <= usable) {
            return leaves_ns;
        }
    }
    fail_msg("nothing ever leaves");
    return 0;
}

/** Token bucket and GCRA, which are the same where a unit is a whole number of nanoseconds: the
 *  debt, in nanoseconds of refill, that all requests so far have left. */
static int64_t bucket_model(const struct sent *sent, int64_t now_ns, int64_t interval_ns,
                            int64_t usable, int64_t share, bool weight) {
    const int64_t unit_ns = interval_ns / usable;
    int64_t debt_ns = 0;
    int64_t at_ns = 0;
    for (size_t i = 0; i < sent->count; i++) {
        debt_ns -= sent->time_ns[i] - at_ns;
        debt_ns = (debt_ns > 0 ? debt_ns : 0) + share_of(sent, i, weight) * unit_ns;
        at_ns = sent->time_ns[i];
    }
    debt_ns -= now_ns - at_ns;
    const int64_t over_ns = (debt_ns > 0 ? debt_ns : 0) + share * unit_ns - interval_ns;
    return over_ns > 0 ? now_ns + over_ns : now_ns;
}

typedef int64_t fits_at_model(const struct sent *sent, int64_t now_ns, int64_t interval_ns,
                              int64_t usable, int64_t share, bool weight);

static fits_at_model *const models[] = {fixed_model, fixed_model, sliding_model, bucket_model,
                                        bucket_model};

static void run_against_model(const char *name, fits_at_model *model, uint64_t seed) {
    static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, MINUTE, 100},
                                               {WEIR_LIMIT_ORDERS, 10 * SECOND, 10}};
    static struct sent sent;
    struct draws draws = {.state = seed};
    sent.count = 0;
    int64_t now_ns = draw(&draws, 0, 100 * SECOND);
    struct weir_limiter *limiter = make(name, limits, 2, "normal.buffer", "0.2", now_ns); // 80, 8
    for (uint64_t id = 1; id <= 1500; id++) {
        now_ns +=
            draw_percent(&draws, 60) ? draw(&draws, 0, 400 * MS) : draw(&draws, 0, 9 * SECOND);
        now_ns += draw_percent(&draws, 1) ? MINUTE : 0;
        struct weir_request request = batch(id, (int32_t)draw(&draws, 1, 5));
        request.deadline_ns =
            draw_percent(&draws, 50) ? now_ns + draw(&draws, 0, 30) * SECOND : WEIR_NEVER;
        const int64_t weight_ns = model(&sent, now_ns, MINUTE, 80, 5, true);
        const int64_t orders_ns = model(&sent, now_ns, 10 * SECOND, 8, request.params.count, false);
        const int64_t until_ns = weight_ns >= orders_ns ? weight_ns : orders_ns;
        struct weir_decision decision;
        assert_int_equal(weir_submit(limiter, now_ns, &request, &decision), WEIR_OK);
        if (until_ns == now_ns) {
            assert_int_equal(decision.answer, WEIR_SEND);
            sent.time_ns[sent.count] = now_ns;
            sent.orders[sent.count++] = request.params.count;
            continue;
        }
        assert_int_equal(decision.answer, until_ns > request.deadline_ns ? WEIR_REFUSE : WEIR_HOLD);
        assert_int_equal(decision.until_ns, until_ns);
        assert_int_equal(decision.reason,
                         weight_ns >= orders_ns ? WEIR_REASON_WEIGHT : WEIR_REASON_ORDERS);
        if (decision.answer == WEIR_HOLD && draw_percent(&draws, 30)) {
            now_ns = until_ns - 1; // one nanosecond early is too early
            assert_int_equal(weir_submit(limiter, now_ns, &request, &decision), WEIR_OK);
            assert_int_equal(decision.answer, WEIR_HOLD);
            assert_int_equal(decision.until_ns, until_ns);
        }
    }
    weir_limiter_destroy(limiter);
}

static void test_against_models(void **state) {
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        for (uint64_t seed = 1; seed <= 8; seed++) {
            print_message("%s, seed %d\n", names[i], (int)seed);
            run_against_model(names[i], models[i], seed);
        }
    }
}

/** Sends one unit after the other as early as it may, from a whole minute on, and counts what went
 *  out before its end. `from_ns` is when it begins within that minute. */
static int64_t greedy_units(const char *name, int64_t from_ns, int64_t end_ns, int64_t window_ns) {
    static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, MINUTE, 2400},
                                               {WEIR_LIMIT_ORDERS, MINUTE, 1200}};
    struct weir_limiter *limiter = make(name, limits, 2, NULL, NULL, 0);
    int64_t now_ns = from_ns;
    int64_t units = 0;
    for (uint64_t id = 1; now_ns < end_ns;) {
        const struct weir_request request = ping(id);
        struct weir_decision decision;
        assert_int_equal(weir_submit(limiter, now_ns, &request, &decision), WEIR_OK);
        if (decision.answer == WEIR_SEND) {
            id++;
            units += now_ns >= window_ns;
        } else {
            assert_int_equal(decision.answer, WEIR_HOLD);
            now_ns = decision.until_ns;
        }
    }
    weir_limiter_destroy(limiter);
    return units;
}

static void test_worst_case(void **state) {
    (void)state;
    // From a full bucket: the limit at once, and the limit again while it refills.
    assert_int_equal(greedy_units("token-bucket", 0, MINUTE + 1, 0), 4800);
    assert_int_equal(greedy_units("gcra", 0, MINUTE + 1, 0), 4800);
    assert_int_equal(greedy_units("token-bucket", 0, MINUTE, 0), 4799);
    assert_int_equal(greedy_units("gcra", 0, MINUTE, 0), 4799);
    // The log lets through the limit in any minute, aligned or not.
    assert_int_equal(greedy_units("sliding-log", 0, MINUTE, 0), 2400);
    assert_int_equal(greedy_units("sliding-log", 55 * SECOND, 2 * MINUTE, MINUTE), 2400);
    assert_int_equal(greedy_units("sliding-log", 55 * SECOND, 115 * SECOND, 0), 2400);
    // Windows: the limit in each, so twice the limit around a boundary.
    assert_int_equal(greedy_units("fixed-window", 0, MINUTE, 0), 2400);
    assert_int_equal(greedy_units("fixed-window", 55 * SECOND, 65 * SECOND, 0), 4800);
    assert_int_equal(greedy_units("size-threshold", 55 * SECOND, 65 * SECOND, 0), 4800);
}

static void test_retry_after(void **state) {
    (void)state;
    static const struct weir_limit limit = {WEIR_LIMIT_WEIGHT, MINUTE, 2400};
    for (size_t i = 0; i < 5; i++) {
        struct weir_limiter *limiter = make(names[i], &limit, 1, NULL, NULL, 0);
        struct weir_request request = ping(1);
        struct weir_decision decision;
        struct weir_settlement settlement;
        assert_int_equal(weir_submit(limiter, SECOND, &request, &decision), WEIR_OK);
        const struct weir_header header = {"Retry-After", "7"};
        const struct weir_reply reply = {.id = 1,
                                         .status = 429,
                                         .sent_ns = SECOND,
                                         .received_ns = 2 * SECOND,
                                         .headers = &header,
                                         .header_count = 1};
        assert_int_equal(weir_settle(limiter, &reply, &settlement), WEIR_OK);
        request = ping(2);
        assert_int_equal(weir_submit(limiter, 3 * SECOND, &request, &decision), WEIR_OK);
        assert_int_equal(decision.answer, WEIR_HOLD);
        assert_int_equal(decision.reason, WEIR_REASON_BACKOFF);
        assert_int_equal(decision.until_ns, 9 * SECOND);
        assert_int_equal(weir_submit(limiter, 9 * SECOND, &request, &decision), WEIR_OK);
        assert_int_equal(decision.answer, WEIR_SEND);
        request = ping(3);
        request.can_send = false;
        assert_int_equal(weir_submit(limiter, 9 * SECOND, &request, &decision), WEIR_OK);
        assert_int_equal(decision.answer, WEIR_REFUSE);
        assert_int_equal(decision.reason, WEIR_REASON_CONNECTION);
        weir_limiter_destroy(limiter);
    }
}

static void test_threshold(void **state) {
    (void)state;
    static const struct weir_limit limit = {WEIR_LIMIT_WEIGHT, MINUTE, 2400};
    static const struct {
        const char *threshold;
        double value;
        enum weir_priority priority;
        enum weir_answer answer;
    } rows[] = {
        {"100", 99.999, WEIR_CRITICAL, WEIR_REFUSE},
        {"100", 100, WEIR_CRITICAL, WEIR_SEND},
        {"100", 0, WEIR_CRITICAL, WEIR_SEND},
        {"100", 50, WEIR_NORMAL, WEIR_SEND},
        {"100", 50, WEIR_LOW, WEIR_SEND},
        {"0", 1e-9, WEIR_CRITICAL, WEIR_SEND},
        {"0.5", 0.49, WEIR_CRITICAL, WEIR_REFUSE},
        {"0.5", 0.5, WEIR_CRITICAL, WEIR_SEND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct weir_limiter *limiter =
            make("size-threshold", &limit, 1, "threshold_value", rows[i].threshold, 0);
        struct weir_request request = ping(1);
        request.priority = rows[i].priority;
        request.value = rows[i].value;
        struct weir_decision decision;
        assert_int_equal(weir_submit(limiter, 0, &request, &decision), WEIR_OK);
        assert_int_equal(decision.answer, rows[i].answer);
        assert_int_equal(decision.reason,
                         rows[i].answer == WEIR_SEND ? WEIR_REASON_NONE : WEIR_REASON_OUTBID);
        weir_limiter_destroy(limiter);
    }
}

/** Nothing usable, a cost above the limit, and the largest limits that are allowed. */
static void test_extremes(void **state) {
    (void)state;
    static const struct weir_limit tiny = {WEIR_LIMIT_WEIGHT, MINUTE, 1};
    static const struct weir_limit huge = {WEIR_LIMIT_WEIGHT, 34560000 * SECOND, 1000000000};
    for (size_t i = 0; i < 5; i++) {
        struct weir_decision decision;
        struct weir_limiter *limiter = make(names[i], &tiny, 1, "normal.buffer", "0.5", 0);
        struct weir_request request = ping(1);
        assert_int_equal(weir_submit(limiter, 0, &request, &decision), WEIR_OK);
        assert_int_equal(decision.answer, WEIR_REFUSE);
        assert_int_equal(decision.reason, WEIR_REASON_WEIGHT);
        assert_int_equal(decision.until_ns, 0);
        weir_limiter_destroy(limiter);
        if (strcmp(names[i], "sliding-log") == 0) {
            continue;
        }
        limiter = make(names[i], &huge, 1, NULL, NULL, INT64_C(3999999999000000000));
        for (uint64_t id = 1; id <= 1000; id++) {
            request = batch(id, 5);
            assert_int_equal(
                weir_submit(limiter, INT64_C(4000000000000000000), &request, &decision), WEIR_OK);
            assert_int_equal(decision.answer, WEIR_SEND);
        }
        weir_limiter_destroy(limiter);
    }
    const struct weir_config config = {.limits = &huge, .limit_count = 1, .max_open = 1};
    struct weir_limiter *limiter = NULL;
    struct weir_error error;
    assert_int_equal(
        weir_limiter_create(weir_policy_find("sliding-log"), &config, &limiter, &error),
        WEIR_INVALID);
    assert_non_null(strstr(error.text, "16777216"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_models), cmocka_unit_test(test_worst_case),
        cmocka_unit_test(test_retry_after),    cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
