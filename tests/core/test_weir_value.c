// Value in policy weir: what is learned of the flow, and which entries go when there is not room
// for all of them.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "draws.h"
#include "weir/limiter.h"
#include "weir_flow.h"
#include "weir_sizes.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define START (1000 * MINUTE)

static double drawn_share(struct draws *draws) {
    return (double)(draw_word(draws) >> 11) * 0x1p-53;
}

/** A heavy-tailed value: 1 / (1 - u), Pareto. */
static double drawn_value(struct draws *draws) {
    return 1 / (1 - drawn_share(draws));
}

static void test_power(void **state) {
    (void)state;
    double product = 1;
    for (int64_t i = 0; i < 200; i++) {
        assert_true(fabs(weir_power(0.97, i) - product) < 1e-12);
        product *= 0.97;
    }
    assert_true(weir_power(0.5, INT64_MAX) >= 0 && weir_power(0.5, INT64_MAX) < 1e-300);
    assert_true(weir_power(1, INT64_MAX) <= 1);
}

/** A steady flow is expected to go on; one that stopped is forgotten, the sooner the shorter. */
static void test_flow(void **state) {
    (void)state;
    struct weir_flow flow = {0};
    for (int i = 0; i < 4 * 600; i++) {
        weir_flow_add(&flow, 5);
        weir_flow_pass(&flow, 1);
    }
    for (int64_t s = 1; s <= 60; s++) {
        assert_true(fabs(weir_flow_expected(&flow, s * SECOND) - 20.0 * (double)s) < 0.01);
    }
    assert_true(weir_flow_expected(&flow, 0) <= 0 && weir_flow_expected(&flow, -SECOND) <= 0);
    struct weir_flow ticked = flow;
    weir_flow_pass(&flow, 40);
    for (int i = 0; i < 40; i++) {
        weir_flow_pass(&ticked, 1);
    }
    assert_true(fabs(flow.fast - ticked.fast) < 1e-9 && fabs(flow.slow - ticked.slow) < 1e-9);
    assert_true(flow.fast < flow.slow && flow.slow < 20);
    weir_flow_pass(&flow, INT64_C(1000000000));
    assert_true(weir_flow_expected(&flow, MINUTE) < 1e-9);
}

/** Shares are those of the values themselves, within the error that forgetting brings. */
static void test_sizes(void **state) {
    (void)state;
    static struct weir_sizes sizes;
    weir_sizes_init(&sizes);
    assert_true(weir_sizes_above(&sizes, 1) <= 0);
    struct draws draws = {.state = 5};
    for (int i = 0; i < 100000; i++) {
        weir_sizes_add(&sizes, drawn_value(&draws));
    }
    double last = 1;
    for (double value = 0.5; value < 1000; value *= 1.1) {
        double share = weir_sizes_above(&sizes, value);
        double right = value < 1 ? 1 : 1 / value;
        assert_true(fabs(share - right) < 0.04);
        assert_true(share <= last);
        last = share;
    }
    assert_true(weir_sizes_above(&sizes, 1e300) <= 0);
    assert_true(weir_sizes_above(&sizes, 1e-300) >= 1);
}

/** What is worth the same is not above itself. */
static void test_equal_sizes(void **state) {
    (void)state;
    static struct weir_sizes sizes;
    weir_sizes_init(&sizes);
    for (int i = 0; i < 100; i++) {
        weir_sizes_add(&sizes, 3.7);
    }
    assert_true(weir_sizes_above(&sizes, 3.7) <= 1e-12);
    assert_true(weir_sizes_above(&sizes, 3.6) >= 1 - 1e-12);
}

/* ---- a bot on a perfect network: 50 ms there and back ---- */

#define ENTRIES 20000
#define WAY (25 * MS)
#define LASTS (3 * SECOND)
#define FOLLOW (200 * MS)

enum fate {
    NEW,
    QUEUED,
    SENT,
    OVER
};

/** One run: entries arrive, some are taken, each taken one is followed by a batch of two orders. */
struct run {
    struct draws draws;
    struct weir_limiter *limiter;
    int64_t now;
    bool protects;
    double values[2 * ENTRIES + 1];
    int64_t since[2 * ENTRIES + 1];
    int64_t sent[2 * ENTRIES + 1];
    enum fate fates[2 * ENTRIES + 1];
    uint64_t count;   /**< entries have ids 1 to count, their protection ENTRIES + id */
    uint64_t settled; /**< ids in the order of `sent` */
    uint64_t order[2 * ENTRIES];
    uint64_t order_count;
    uint64_t to_protect[ENTRIES];
    uint64_t protect_count, protect_next;
    double captured;
    uint32_t captures, outbid, late_protections;
    int64_t windows[64][2]; /**< weight and orders by minute of arrival */
};

static bool is_entry(uint64_t id) {
    return id <= ENTRIES;
}

static struct weir_request request_of(const struct run *run, uint64_t id) {
    struct weir_request request = {.id = id,
                                   .params = WEIR_PARAMS_NONE,
                                   .deadline_ns = run->since[id] + LASTS,
                                   .escalate_ns = WEIR_NEVER,
                                   .value = run->values[id],
                                   .can_send = true,
                                   .may_queue = true};
    request.endpoint = weir_endpoint_find(WEIR_POST, "/fapi/v1/order");
    if (!is_entry(id)) {
        request.endpoint = weir_endpoint_find(WEIR_POST, "/fapi/v1/batchOrders");
        request.params.count = 2;
        request.priority = WEIR_NORMAL;
        request.deadline_ns = WEIR_NEVER;
        request.escalate_ns = run->since[id] + 10 * SECOND;
    }
    return request;
}

static void send(struct run *run, uint64_t id) {
    assert_true(run->fates[id] == NEW || run->fates[id] == QUEUED);
    run->fates[id] = SENT;
    run->sent[id] = run->now;
    run->order[run->order_count++] = id;
    int64_t arrives = run->now + WAY;
    struct weir_request request = request_of(run, id);
    assert_true(arrives <= request.deadline_ns);
    struct weir_cost cost = weir_endpoint_cost(request.endpoint, request.params);
    int64_t *window = run->windows[(arrives - START) / MINUTE];
    window[0] += cost.weight;
    window[1] += cost.orders;
    assert_true(window[0] <= 600 && window[1] <= 300);
    if (is_entry(id)) {
        run->captured += run->values[id];
        run->captures++;
    } else if (arrives > run->since[id] + 10 * SECOND) {
        run->late_protections++;
    }
}

static void end(struct run *run, uint64_t id, enum weir_reason reason) {
    assert_true(run->fates[id] == NEW || run->fates[id] == QUEUED);
    assert_true(reason != WEIR_REASON_NONE);
    assert_true(is_entry(id));
    run->fates[id] = OVER;
    run->outbid += reason == WEIR_REASON_OUTBID;
}

static void offer(struct run *run, uint64_t id) {
    struct weir_request request = request_of(run, id);
    struct weir_decision decision;
    assert_int_equal(weir_submit(run->limiter, run->now, &request, &decision), WEIR_OK);
    if (decision.answer == WEIR_SEND) {
        send(run, id);
    } else if (decision.answer == WEIR_QUEUE) {
        run->fates[id] = QUEUED;
    } else {
        assert_int_equal(decision.answer, WEIR_REFUSE);
        end(run, id, decision.reason);
    }
}

/** No entry that waits is worth more than the one that goes from the queue. */
static void check_value_order(const struct run *run, uint64_t id) {
    uint64_t first = run->count > 2000 ? run->count - 2000 : 1;
    for (uint64_t other = first; other <= run->count; other++) {
        assert_false(run->fates[other] == QUEUED && run->values[other] > run->values[id]);
    }
}

static void drain(struct run *run, bool by_value) {
    for (;;) {
        struct weir_next next;
        assert_int_equal(weir_next_request(run->limiter, run->now, 1000, &next), WEIR_OK);
        if (next.kind == WEIR_NEXT_NONE) {
            assert_true(next.ask_again_ns > run->now);
            return;
        }
        if (next.kind == WEIR_NEXT_DROP) {
            end(run, next.id, next.reason);
            continue;
        }
        if (is_entry(next.id) && by_value) {
            check_value_order(run, next.id);
        }
        send(run, next.id);
    }
}

static void settle(struct run *run) {
    while (run->settled < run->order_count &&
           run->sent[run->order[run->settled]] + 2 * WAY <= run->now) {
        uint64_t id = run->order[run->settled++];
        struct weir_reply reply = {
            .id = id, .status = 200, .sent_ns = run->sent[id], .received_ns = run->now};
        struct weir_settlement settlement;
        assert_int_equal(weir_settle(run->limiter, &reply, &settlement), WEIR_OK);
        run->fates[id] = OVER;
        if (is_entry(id) && run->protects) {
            run->to_protect[run->protect_count++] = id;
            run->since[ENTRIES + id] = run->now;
        }
    }
}

static void protect(struct run *run) {
    while (run->protect_next < run->protect_count) {
        uint64_t id = ENTRIES + run->to_protect[run->protect_next];
        if (run->since[id] + FOLLOW > run->now) {
            return;
        }
        run->protect_next++;
        offer(run, id);
    }
}

/** Runs `minutes`, `percent` of 100 steps of 10 ms bringing an entry. */
static struct run *run_bot(uint64_t seed, int minutes, int64_t percent, bool protects,
                           const struct weir_setting *extra, size_t extra_count) {
    static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, MINUTE, 600},
                                               {WEIR_LIMIT_ORDERS, MINUTE, 300}};
    struct weir_setting settings[8] = {{"clock", "known"}};
    size_t count = 1;
    bool by_value = true;
    for (size_t i = 0; i < extra_count; i++) {
        settings[count++] = extra[i];
        by_value = by_value && extra[i].key[0] != 'v';
    }
    struct weir_config config = {.limits = limits,
                                 .limit_count = 2,
                                 .settings = settings,
                                 .setting_count = count,
                                 .now_ns = START,
                                 .max_open = 4096};
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    run->draws.state = seed;
    run->protects = protects;
    assert_int_equal(weir_limiter_create(weir_policy_find("weir"), &config, &run->limiter, NULL),
                     WEIR_OK);
    int64_t last = START + minutes * MINUTE;
    for (run->now = START; run->now < last + 30 * SECOND; run->now += 10 * MS) {
        settle(run);
        protect(run);
        if (run->now < last && run->count < ENTRIES && draw_percent(&run->draws, percent)) {
            uint64_t id = ++run->count;
            run->values[id] = drawn_value(&run->draws);
            run->since[id] = run->now;
            offer(run, id);
        }
        drain(run, by_value);
        assert_true(weir_open_requests(run->limiter) <= 4096);
    }
    for (uint64_t id = 1; id <= run->count; id++) {
        assert_int_equal(run->fates[id], OVER);
    }
    assert_int_equal(weir_open_requests(run->limiter), 0);
    weir_limiter_destroy(run->limiter);
    return run;
}

static int descending(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x < y) - (x > y);
}

/** Sum of the `most` highest values: no policy can take more. */
static double best(struct run *run, size_t most) {
    qsort(run->values + 1, run->count, sizeof run->values[0], descending);
    double sum = 0;
    for (size_t i = 1; i <= most && i <= run->count; i++) {
        sum += run->values[i];
    }
    return sum;
}

/** While there is room for all, nothing waits and nothing is refused. */
static void test_all_go_in_plenty(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct run *run = run_bot(seed, 4, 1, true, NULL, 0); // one a second, 180 of 297 orders
        assert_int_equal(run->captures, run->count);
        for (uint64_t i = 0; i < run->order_count; i++) {
            uint64_t id = run->order[i];
            assert_true(run->sent[id] <= run->since[id] + FOLLOW);
        }
        free(run);
    }
}

/** Ten times the allowance: at least nine tenths of what the best could take, and far more than
 *  without value. */
static void test_the_best_go_in_scarcity(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct run *run = run_bot(seed, 5, 50, false, NULL, 0); // 50 a second: 3,000 a minute
        double captured = run->captured;
        assert_true(run->captures >= 5 * 270);
        assert_true(captured >= 0.9 * best(run, 5 * 300));
        assert_true(run->outbid > 1000);
        free(run);
        struct weir_setting blind[] = {{"value", "off"}};
        run = run_bot(seed, 5, 50, false, blind, 1);
        assert_true(run->captured < 0.6 * captured);
        free(run);
    }
}

/** With protection an entry costs three orders; room is kept for it, and it comes in time. */
static void test_protection_is_kept_room_for(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct run *run = run_bot(seed, 5, 50, true, NULL, 0);
        assert_true(run->captures >= 5 * 80);
        assert_int_equal(run->protect_next, run->captures);
        assert_true(run->late_protections * 50 <= run->captures);
        assert_true(run->captured >= 0.8 * best(run, 5 * 100));
        free(run);
    }
}

/** A bot that does not protect gives up nothing for it. */
static void test_drag_is_learned(void **state) {
    (void)state;
    struct run *run = run_bot(9, 3, 80, false, NULL, 0);
    assert_in_range(run->captures, 3 * 285, 3 * 300);
    free(run);
}

/** A full queue holds the best; those that had to make room are told so. */
static void test_full_queue_keeps_the_best(void **state) {
    (void)state;
    struct weir_setting small[] = {{"queue", "5"}};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct run *run = run_bot(seed, 3, 60, false, small, 1);
        double captured = run->captured;
        assert_true(captured >= 0.85 * best(run, 3 * 300));
        free(run);
    }
}

/** An entry that made room and was not yet told so can still be taken back. */
static void test_cancel_of_one_that_made_room(void **state) {
    (void)state;
    static const struct weir_limit limit = {WEIR_LIMIT_ORDERS, MINUTE, 2};
    struct weir_setting settings[] = {{"queue", "1"}, {"clock", "known"}, {"normal.buffer", "0"}};
    struct weir_config config = {.limits = &limit,
                                 .limit_count = 1,
                                 .settings = settings,
                                 .setting_count = 3,
                                 .now_ns = START,
                                 .max_open = 16};
    struct weir_limiter *limiter = NULL;
    assert_int_equal(weir_limiter_create(weir_policy_find("weir"), &config, &limiter, NULL),
                     WEIR_OK);
    enum weir_answer answers[] = {WEIR_SEND, WEIR_SEND, WEIR_QUEUE, WEIR_QUEUE, WEIR_REFUSE};
    double values[] = {5, 5, 1, 3, 2};
    for (uint64_t i = 0; i < 5; i++) {
        struct weir_request request = {.id = i + 1,
                                       .endpoint = weir_endpoint_find(WEIR_POST, "/fapi/v1/order"),
                                       .params = WEIR_PARAMS_NONE,
                                       .deadline_ns = WEIR_NEVER,
                                       .escalate_ns = WEIR_NEVER,
                                       .value = values[i],
                                       .can_send = true,
                                       .may_queue = true};
        struct weir_decision decision;
        assert_int_equal(weir_submit(limiter, START, &request, &decision), WEIR_OK);
        assert_int_equal(decision.answer, answers[i]);
    }
    assert_int_equal(weir_cancel(limiter, START, 3), WEIR_OK);
    struct weir_next next;
    assert_int_equal(weir_next_request(limiter, START, 1, &next), WEIR_OK);
    assert_int_equal(next.kind, WEIR_NEXT_NONE);
    assert_int_equal(weir_open_requests(limiter), 3);
    weir_limiter_destroy(limiter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_flow),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_equal_sizes),
        cmocka_unit_test(test_all_go_in_plenty),
        cmocka_unit_test(test_the_best_go_in_scarcity),
        cmocka_unit_test(test_protection_is_kept_room_for),
        cmocka_unit_test(test_drag_is_learned),
        cmocka_unit_test(test_full_queue_keeps_the_best),
        cmocka_unit_test(test_cancel_of_one_that_made_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
