// Policy fixed-window: windows on the caller's clock, counted at admission, Retry-After honoured.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "draws.h"
#include "weir/limiter.h"

#define SECOND INT64_C(1000000000)

static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, 60 * SECOND, 100},
                                           {WEIR_LIMIT_ORDERS, 10 * SECOND, 10}};

static struct weir_limiter *make(const char *buffer, int64_t now_ns) {
    struct weir_setting setting = {"normal.buffer", buffer};
    struct weir_config config = {.limits = limits,
                                 .limit_count = 2,
                                 .settings = &setting,
                                 .setting_count = 1,
                                 .now_ns = now_ns,
                                 .max_open = 100000};
    struct weir_limiter *limiter = NULL;
    assert_int_equal(weir_limiter_create(weir_policy_find("fixed-window"), &config, &limiter, NULL),
                     WEIR_OK);
    return limiter;
}

static struct weir_request order(uint64_t id) {
    return (struct weir_request){
        .id = id,
        .endpoint = weir_endpoint_find(WEIR_POST, "/fapi/v1/batchOrders"),
        .params = {.limit = WEIR_LIMIT_OMITTED, .count = (int32_t)(id % 5) + 1},
        .deadline_ns = WEIR_NEVER,
        .escalate_ns = WEIR_NEVER,
        .can_send = true};
}

/** Against sums that are counted anew each time. */
static void test_against_model(void **state) {
    (void)state;
    static struct {
        int64_t time_ns;
        int32_t orders;
    } sent[100000];
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct draws draws = {.state = seed};
        int64_t now_ns = draw(&draws, 0, 100 * SECOND);
        struct weir_limiter *limiter = make("0.2", now_ns); // 80 and 8
        size_t count = 0;
        for (uint64_t id = 1; id <= 2000; id++) {
            now_ns += draw(&draws, 0, 2 * SECOND);
            struct weir_request request = order(id);
            request.deadline_ns =
                draw_percent(&draws, 50) ? now_ns + draw(&draws, 0, 30) * SECOND : WEIR_NEVER;
            int64_t weight = 0;
            int64_t orders = 0;
            for (size_t i = 0; i < count; i++) {
                weight += sent[i].time_ns / (60 * SECOND) == now_ns / (60 * SECOND) ? 5 : 0;
                orders +=
                    sent[i].time_ns / (10 * SECOND) == now_ns / (10 * SECOND) ? sent[i].orders : 0;
            }
            int64_t until = weight + 5 > 80 ? (now_ns / (60 * SECOND) + 1) * 60 * SECOND
                            : orders + request.params.count > 8
                                ? (now_ns / (10 * SECOND) + 1) * 10 * SECOND
                                : 0;
            struct weir_decision decision;
            assert_int_equal(weir_submit(limiter, now_ns, &request, &decision), WEIR_OK);
            enum weir_answer expected = until == 0                    ? WEIR_SEND
                                        : until > request.deadline_ns ? WEIR_REFUSE
                                                                      : WEIR_HOLD;
            assert_int_equal(decision.answer, expected);
            assert_int_equal(decision.until_ns, until);
            if (expected == WEIR_SEND) {
                sent[count].time_ns = now_ns;
                sent[count++].orders = request.params.count;
            }
        }
        weir_limiter_destroy(limiter);
    }
}

static void test_retry_after(void **state) {
    (void)state;
    struct weir_limiter *limiter = make("0", 0);
    struct weir_request request = order(1);
    struct weir_decision decision;
    struct weir_settlement settlement;
    assert_int_equal(weir_submit(limiter, SECOND, &request, &decision), WEIR_OK);
    struct weir_header header = {"retry-after", "120"};
    struct weir_reply reply = {.id = 1,
                               .status = 418,
                               .sent_ns = SECOND,
                               .received_ns = 2 * SECOND,
                               .headers = &header,
                               .header_count = 1};
    assert_int_equal(weir_settle(limiter, &reply, &settlement), WEIR_OK);
    assert_int_equal(settlement.booked_weight, 5);
    request = order(2);
    assert_int_equal(weir_submit(limiter, 3 * SECOND, &request, &decision), WEIR_OK);
    assert_int_equal(decision.answer, WEIR_HOLD);
    assert_int_equal(decision.reason, WEIR_REASON_BANNED);
    assert_int_equal(decision.until_ns, 122 * SECOND);
    request.deadline_ns = 121 * SECOND;
    assert_int_equal(weir_submit(limiter, 3 * SECOND, &request, &decision), WEIR_OK);
    assert_int_equal(decision.answer, WEIR_REFUSE);
    weir_limiter_destroy(limiter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_model),
        cmocka_unit_test(test_retry_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
