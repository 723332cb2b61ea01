// Subscriptions: who is told what, when, and what a callback may do.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "weir/limiter.h"

#define SECOND INT64_C(1000000000)
#define TOLD_MAX 1024u

static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, 60 * SECOND, 2400},
                                           {WEIR_LIMIT_ORDERS, 60 * SECOND, 1200}};

/** What a subscriber was told, and what it does then. */
struct subscriber {
    struct weir_event told[TOLD_MAX];
    uint32_t count;
    uint64_t submits; /**< id of the next request that it submits when it is told, or 0 */
    uint32_t depth;   /**< calls of it that are under way */
    uint32_t deepest;
    uint32_t handle;
    bool ends;              /**< unsubscribes when it is told */
    struct weir_stats seen; /**< statistics when it was last told */
};

static struct weir_limiter *make(const char *policy, const struct weir_setting *settings,
                                 size_t count) {
    const struct weir_config config = {.limits = limits,
                                       .limit_count = 2,
                                       .settings = settings,
                                       .setting_count = count,
                                       .now_ns = SECOND,
                                       .max_open = 2048};
    struct weir_limiter *limiter = NULL;
    assert_int_equal(weir_limiter_create(weir_policy_find(policy), &config, &limiter, NULL),
                     WEIR_OK);
    return limiter;
}

static struct weir_request request_of(uint64_t id, const char *path) {
    return (struct weir_request){.id = id,
                                 .endpoint = weir_endpoint_find(WEIR_GET, path),
                                 .params = WEIR_PARAMS_NONE,
                                 .deadline_ns = WEIR_NEVER,
                                 .escalate_ns = WEIR_NEVER,
                                 .can_send = true,
                                 .may_queue = true};
}

static struct weir_decision submit(struct weir_limiter *limiter, int64_t now_ns,
                                   struct weir_request request) {
    struct weir_decision decision;
    assert_int_equal(weir_submit(limiter, now_ns, &request, &decision), WEIR_OK);
    return decision;
}

static void settle(struct weir_limiter *limiter, uint64_t id, int64_t now_ns, int status,
                   const char *retry_after) {
    const struct weir_header header = {"Retry-After", retry_after};
    const struct weir_reply reply = {.id = id,
                                     .status = status,
                                     .sent_ns = now_ns,
                                     .received_ns = now_ns,
                                     .headers = &header,
                                     .header_count = retry_after ? 1 : 0};
    struct weir_settlement settlement;
    assert_int_equal(weir_settle(limiter, &reply, &settlement), WEIR_OK);
}

static void take(void *context, struct weir_limiter *limiter, const struct weir_event *event) {
    struct subscriber *subscriber = context;
    subscriber->depth++;
    if (subscriber->depth > subscriber->deepest) {
        subscriber->deepest = subscriber->depth;
    }
    assert_true(subscriber->count < TOLD_MAX);
    subscriber->told[subscriber->count++] = *event;
    assert_int_equal(
        weir_read_stats(limiter, event->time_ns, &subscriber->seen, sizeof subscriber->seen),
        WEIR_OK);
    if (subscriber->submits != 0) {
        submit(limiter, event->time_ns,
               request_of(subscriber->submits++, "/fapi/v1/historicalTrades"));
    }
    if (subscriber->ends) {
        assert_int_equal(weir_unsubscribe(limiter, subscriber->handle), WEIR_OK);
    }
    subscriber->depth--;
}

static void subscribe(struct weir_limiter *limiter, const char *what,
                      struct subscriber *subscriber) {
    *subscriber = (struct subscriber){.count = 0};
    assert_int_equal(weir_subscribe(limiter, what, take, subscriber, &subscriber->handle), WEIR_OK);
}

static void expect(const struct subscriber *subscriber, uint32_t index, const char *what,
                   const char *value, double number) {
    assert_true(index < subscriber->count);
    const struct weir_event *event = &subscriber->told[index];
    assert_string_equal(event->what, what);
    if (value) {
        assert_string_equal(event->value, value);
    }
    assert_true(event->number >= number && event->number <= number);
}

static void test_told_by_name(void **state) {
    (void)state;
    struct weir_limiter *limiter = make("weir", NULL, 0);
    struct subscriber all;
    struct subscriber heavy;
    struct subscriber holds;
    subscribe(limiter, NULL, &all);
    subscribe(limiter, "heavy", &heavy);
    subscribe(limiter, "hold", &holds);
    submit(limiter, 2 * SECOND, request_of(1, "/fapi/v1/depth"));            // 10: not heavy
    submit(limiter, 2 * SECOND, request_of(2, "/fapi/v1/historicalTrades")); // 20
    assert_int_equal(heavy.count, 1);
    expect(&heavy, 0, "heavy", "/fapi/v1/historicalTrades", 20);
    settle(limiter, 1, 3 * SECOND, 429, "7");
    settle(limiter, 2, 3 * SECOND, 418, "7");
    assert_int_equal(holds.count, 1);
    expect(&holds, 0, "hold", "on", 0);
    assert_int_equal(holds.told[0].until_ns, 10 * SECOND);
    assert_int_equal(holds.seen.hold_until_ns, 10 * SECOND);
    assert_int_equal(heavy.count, 1);
    assert_int_equal(all.count, 5);
    expect(&all, 1, "429", NULL, 1);
    expect(&all, 2, "hold", "on", 0);
    expect(&all, 3, "418", NULL, 1);
    expect(&all, 4, "ban", "on", 1);
    assert_int_equal(all.told[4].time_ns, 3 * SECOND);
    weir_limiter_destroy(limiter);
}

/** What the policy tells is still there to be polled; the library's notices are not. */
static void test_polling_goes_on(void **state) {
    (void)state;
    for (int subscribed = 0; subscribed < 2; subscribed++) {
        struct weir_limiter *limiter = make("weir", NULL, 0);
        struct subscriber all;
        if (subscribed) {
            subscribe(limiter, NULL, &all);
        }
        submit(limiter, 2 * SECOND, request_of(1, "/fapi/v1/historicalTrades"));
        settle(limiter, 1, 3 * SECOND, 429, "7");
        struct weir_event event;
        assert_true(weir_poll_event(limiter, &event));
        assert_string_equal(event.what, "hold");
        assert_false(weir_poll_event(limiter, &event));
        assert_false(weir_poll_event(limiter, NULL));
        weir_limiter_destroy(limiter);
    }
}

static void test_learned_limit_and_modes(void **state) {
    (void)state;
    static const struct weir_setting settings[] = {{"burst.requests", "1"}};
    struct weir_limiter *limiter = make("weir", settings, 1);
    struct subscriber modes;
    struct subscriber learned;
    subscribe(limiter, "mode", &modes);
    subscribe(limiter, "limit", &learned);
    submit(limiter, 2 * SECOND, request_of(1, "/fapi/v1/depth"));
    submit(limiter, 2 * SECOND, request_of(2, "/fapi/v1/depth"));
    assert_int_equal(modes.count, 1);
    expect(&modes, 0, "mode", "burst", 0);
    assert_string_equal(modes.seen.mode, "burst");
    static const char body[] = "{\"code\":-1003,\"msg\":\"Too many requests; current limit is 1000 "
                               "requests per minute.\"}";
    const struct weir_reply reply = {.id = 1,
                                     .status = 429,
                                     .sent_ns = 2 * SECOND,
                                     .received_ns = 3 * SECOND,
                                     .body = body,
                                     .body_length = sizeof body - 1};
    struct weir_settlement settlement;
    assert_int_equal(weir_settle(limiter, &reply, &settlement), WEIR_OK);
    expect(&learned, 0, "limit", "weight", 1000);
    assert_int_equal(learned.seen.limits[0].allowance, 1000);
    // The end of a mode is told by the first call after it, whichever that is.
    struct weir_next next;
    assert_int_equal(weir_next_request(limiter, 500 * SECOND, 0, &next), WEIR_OK);
    expect(&modes, 1, "mode", "normal", 0);
    weir_limiter_destroy(limiter);
}

/** Queues are told of when they pass 10, and with every doubling; again after they were shorter. */
static void test_queue_buildup(void **state) {
    (void)state;
    struct weir_limiter *limiter = make("weir", NULL, 0);
    struct subscriber queues;
    subscribe(limiter, "queue-buildup", &queues);
    for (uint64_t id = 1; id <= 45; id++) {
        struct weir_request request = request_of(id, "/fapi/v1/ping");
        request.priority = WEIR_NORMAL;
        request.can_send = false;
        assert_int_equal(submit(limiter, 2 * SECOND, request).answer, WEIR_QUEUE);
    }
    assert_int_equal(queues.count, 3);
    expect(&queues, 0, "queue-buildup", "normal", 11);
    expect(&queues, 1, "queue-buildup", "normal", 22);
    expect(&queues, 2, "queue-buildup", "normal", 44);
    assert_int_equal(queues.seen.queued[WEIR_NORMAL], 44);
    for (uint64_t id = 1; id <= 42; id++) {
        assert_int_equal(weir_cancel(limiter, 2 * SECOND, id), WEIR_OK);
    }
    for (uint64_t id = 101; id <= 110; id++) {
        struct weir_request request = request_of(id, "/fapi/v1/ping");
        request.priority = WEIR_NORMAL;
        request.can_send = false;
        assert_int_equal(submit(limiter, 2 * SECOND, request).answer, WEIR_QUEUE);
    }
    assert_int_equal(queues.count, 4);
    expect(&queues, 3, "queue-buildup", "normal", 11);
    weir_limiter_destroy(limiter);
}

/** A callback that submits: what it causes is told after it has returned, in order, and one that
 *  causes an event each time comes to an end and goes on with the next call. */
static void test_callback_may_submit(void **state) {
    (void)state;
    struct weir_limiter *limiter = make("none", NULL, 0);
    struct subscriber busy;
    subscribe(limiter, "heavy", &busy);
    busy.submits = 1000;
    submit(limiter, 2 * SECOND, request_of(1, "/fapi/v1/historicalTrades"));
    assert_int_equal(busy.deepest, 1);
    assert_int_equal(busy.count, 256);
    assert_int_equal(busy.submits, 1256);
    assert_int_equal(weir_open_requests(limiter), 257);
    busy.submits = 0;
    settle(limiter, 1, 3 * SECOND, 200, NULL);
    assert_int_equal(busy.count, 257);
    settle(limiter, 1000, 3 * SECOND, 200, NULL);
    assert_int_equal(busy.count, 257);
    weir_limiter_destroy(limiter);
}

/** The caller's answer is written before anybody is told. */
static struct weir_decision answer_of_outer_call;

static void look_at_answer(void *context, struct weir_limiter *limiter,
                           const struct weir_event *event) {
    (void)limiter;
    (void)event;
    const enum weir_answer *seen = context;
    assert_int_equal(answer_of_outer_call.answer, *seen);
    assert_int_equal(answer_of_outer_call.booked_weight, 20);
}

static void test_answer_is_written_first(void **state) {
    (void)state;
    struct weir_limiter *limiter = make("weir", NULL, 0);
    enum weir_answer expected = WEIR_SEND;
    assert_int_equal(weir_subscribe(limiter, "heavy", look_at_answer, &expected, NULL), WEIR_OK);
    answer_of_outer_call.answer = WEIR_REFUSE;
    const struct weir_request request = request_of(1, "/fapi/v1/historicalTrades");
    assert_int_equal(weir_submit(limiter, 2 * SECOND, &request, &answer_of_outer_call), WEIR_OK);
    weir_limiter_destroy(limiter);
}

static void test_subscriptions_are_bounded(void **state) {
    (void)state;
    struct weir_limiter *limiter = make("weir", NULL, 0);
    static struct subscriber subscribers[WEIR_SUBSCRIPTIONS_MAX + 1];
    for (size_t i = 0; i < WEIR_SUBSCRIPTIONS_MAX; i++) {
        subscribe(limiter, NULL, &subscribers[i]);
    }
    assert_int_equal(weir_subscribe(limiter, NULL, take, &subscribers[0], NULL), WEIR_FULL);
    assert_int_equal(weir_subscribe(limiter, NULL, NULL, NULL, NULL), WEIR_INVALID);
    assert_int_equal(weir_unsubscribe(limiter, WEIR_SUBSCRIPTIONS_MAX), WEIR_NO_SUCH);
    assert_int_equal(weir_unsubscribe(limiter, 5), WEIR_OK);
    assert_int_equal(weir_unsubscribe(limiter, 5), WEIR_NO_SUCH);
    subscribers[7].ends = true;
    for (uint64_t id = 1; id <= 2; id++) {
        submit(limiter, 2 * SECOND, request_of(id, "/fapi/v1/historicalTrades"));
    }
    assert_int_equal(subscribers[4].count, 2);
    assert_int_equal(subscribers[5].count, 0);
    assert_int_equal(subscribers[7].count, 1);
    assert_int_equal(subscribers[8].count, 2);
    subscribe(limiter, NULL, &subscribers[WEIR_SUBSCRIPTIONS_MAX]);
    weir_limiter_destroy(limiter);
}

/** Nobody polls and nobody subscribes: the oldest events are lost, and how many can be read. */
static void test_lost_events_are_counted(void **state) {
    (void)state;
    struct weir_limiter *weir = make("weir", NULL, 0);
    for (uint64_t id = 1; id <= 70; id++) {
        submit(weir, 2 * SECOND, request_of(id, "/fapi/v1/ping"));
    }
    for (uint64_t id = 1; id <= 70; id++) {
        char seconds[8] = {(char)('1' + id / 10), (char)('0' + id % 10), '\0'};
        settle(weir, id, 2 * SECOND, 429, seconds);
    }
    struct weir_stats stats;
    assert_int_equal(weir_read_stats(weir, 2 * SECOND, &stats, sizeof stats), WEIR_OK);
    assert_int_equal(stats.totals.events_lost, 6);
    struct weir_event event;
    assert_true(weir_poll_event(weir, &event));
    assert_string_equal(event.what, "events_lost");
    assert_int_equal((int)event.number, 6);
    assert_int_equal(weir_read_stats(weir, 2 * SECOND, &stats, sizeof stats), WEIR_OK);
    assert_int_equal(stats.totals.events_lost, 6);
    weir_limiter_destroy(weir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_by_name),
        cmocka_unit_test(test_polling_goes_on),
        cmocka_unit_test(test_learned_limit_and_modes),
        cmocka_unit_test(test_queue_buildup),
        cmocka_unit_test(test_callback_may_submit),
        cmocka_unit_test(test_answer_is_written_first),
        cmocka_unit_test(test_subscriptions_are_bounded),
        cmocka_unit_test(test_lost_events_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
