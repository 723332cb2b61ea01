// Policy current against a slow model (plain lists, linear scans, seconds as written in its rules).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "draws.h"
#include "weir/limiter.h"

#define SECOND INT64_C(1000000000)
#define LIST 20000

/** The rules, once more, written to be read. */
struct model {
    int64_t request_times[LIST];
    int request_count;
    int64_t order_times[LIST];
    int order_count;
    bool burst;
    bool request_header;
    bool order_header;
    int64_t request_value;
    int64_t order_value;
    int64_t ban_until;
    int consecutive;
};

static int64_t model_wait(const struct model *model, bool order, int64_t now) {
    if (now < model->ban_until) {
        return model->ban_until - now;
    }
    bool header = order ? model->order_header : model->request_header;
    int64_t value = order ? model->order_value : model->request_value;
    int64_t limit = order ? (model->burst ? 1140 : 1080) : (model->burst ? 2052 : 1728);
    if (header) {
        return value + 1 > limit ? SECOND : 0;
    }
    const int64_t *times = order ? model->order_times : model->request_times;
    int count = order ? model->order_count : model->request_count;
    int64_t inside = 0;
    int64_t oldest = now;
    for (int i = 0; i < count; i++) {
        if (now - times[i] <= 60 * SECOND) {
            inside++;
            oldest = times[i] < oldest ? times[i] : oldest;
        }
    }
    return inside + 1 > limit ? 60 * SECOND - (now - oldest) : 0;
}

static void model_success(struct model *model, bool order, int64_t now) {
    model->consecutive = 0;
    model->request_times[model->request_count++] = now;
    if (order) {
        model->order_times[model->order_count++] = now;
    }
    int recent = 0;
    for (int i = model->request_count - 1; i >= 0 && i >= model->request_count - 100; i--) {
        recent += now - model->request_times[i] < 10 * SECOND;
    }
    model->burst = model->burst || recent >= 50;
}

static struct weir_limiter *make(void) {
    static const struct weir_limit limits[] = {{WEIR_LIMIT_ORDERS, 10 * SECOND, 300},
                                               {WEIR_LIMIT_WEIGHT, 60 * SECOND, 2400},
                                               {WEIR_LIMIT_ORDERS, 60 * SECOND, 1200}};
    struct weir_config config = {.limits = limits, .limit_count = 3, .max_open = 64};
    struct weir_limiter *limiter = NULL;
    assert_int_equal(weir_limiter_create(weir_policy_find("current"), &config, &limiter, NULL),
                     WEIR_OK);
    return limiter;
}

static struct weir_request call(uint64_t id, enum weir_method method, const char *path) {
    return (struct weir_request){.id = id,
                                 .endpoint = weir_endpoint_find(method, path),
                                 .params = WEIR_PARAMS_NONE,
                                 .deadline_ns = WEIR_NEVER,
                                 .escalate_ns = WEIR_NEVER,
                                 .can_send = true};
}

/** Submits; if held, checks that the second time it goes without being asked about. Returns the
 *  time at which it went. */
static int64_t submit(struct weir_limiter *limiter, struct weir_request *request, int64_t now,
                      int64_t expected_wait) {
    struct weir_decision decision;
    assert_int_equal(weir_submit(limiter, now, request, &decision), WEIR_OK);
    if (expected_wait == 0) {
        assert_int_equal(decision.answer, WEIR_SEND);
        return now;
    }
    assert_int_equal(decision.answer, WEIR_HOLD);
    assert_int_equal(decision.until_ns, now + expected_wait);
    request->holds = 1;
    request->memo = decision.memo;
    assert_int_equal(weir_submit(limiter, decision.until_ns, request, &decision), WEIR_OK);
    assert_int_equal(decision.answer, WEIR_SEND);
    return now + expected_wait;
}

static struct weir_settlement settle(struct weir_limiter *limiter, uint64_t id, int64_t now,
                                     int status, const struct weir_header *headers, size_t count) {
    struct weir_reply reply = {.id = id,
                               .status = status,
                               .lost = status == 0,
                               .sent_ns = now - 1,
                               .received_ns = now,
                               .headers = headers,
                               .header_count = count};
    struct weir_settlement settlement;
    assert_int_equal(weir_settle(limiter, &reply, &settlement), WEIR_OK);
    return settlement;
}

static void compare_with_model(uint64_t seed, bool with_headers) {
    struct draws draws = {.state = seed};
    struct model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    struct weir_limiter *limiter = make();
    int64_t now = 0;
    int64_t pace =
        with_headers ? draw(&draws, 5, 400) : (int64_t)seed * 4; // 1: far over the limits
    for (uint64_t id = 1; id <= 6000; id++) {
        now += draw(&draws, 0, 2 * pace) * SECOND / 1000 + 1;
        bool order = draw_percent(&draws, 40);
        struct weir_request request = order ? call(id, WEIR_POST, "/fapi/v3/order")
                                            : call(id, WEIR_GET, "/fapi/v1/openOrders");
        request.priority = (enum weir_priority)draw(&draws, 0, 2);
        now = submit(limiter, &request, now, model_wait(model, order, now)) + 1000;
        int64_t kind = draw(&draws, 0, 999);
        int status = kind < 960 ? 200 : kind < 975 ? 429 : kind < 980 ? 418 : kind < 990 ? 400 : 0;
        int64_t order_value = draw_percent(&draws, 50) ? 1079 : 1140;
        struct weir_header headers[] = {
            {"x-mbx-used-weight-1m", "1727"},
            {"X-MBX-ORDER-COUNT-10S", order_value == 1079 ? "1079" : "1140"}};
        size_t count = with_headers && draw_percent(&draws, 10) ? 2 : 0;
        struct weir_settlement told = settle(limiter, id, now, status, headers, count);
        int64_t hold = 0;
        if (status == 200) {
            model_success(model, order, now);
            if (count > 0) {
                model->request_header = model->order_header = true;
                model->request_value = 1727;
                model->order_value = order_value;
            }
        } else if (status == 429 && !order) {
            model->consecutive++;
            int64_t seconds = model->consecutive > 5 ? 60 : INT64_C(1) << model->consecutive;
            hold = now + seconds * SECOND;
        } else if (status == 418) {
            model->ban_until = now + 120 * SECOND;
        }
        if (told.hold_until_ns != hold) {
            print_error("seed %llu, request %llu\n", (unsigned long long)seed,
                        (unsigned long long)id);
        }
        assert_int_equal(told.hold_until_ns, hold);
        assert_int_equal(told.booked_weight, status == 200);
        assert_int_equal(told.booked_orders, status == 200 && order);
    }
    weir_limiter_destroy(limiter);
    free(model);
}

static void test_against_model(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        compare_with_model(seed, seed % 2 == 0);
    }
}

/** Market data is not seen by the limiter, whatever comes back. */
static void test_market_data(void **state) {
    (void)state;
    static const char *const paths[] = {"/fapi/v1/depth", "/fapi/v3/exchangeInfo",
                                        "/fapi/v1/ticker/price"};
    struct weir_limiter *limiter = make();
    struct weir_header header = {"X-MBX-USED-WEIGHT-1M", "99999"};
    for (uint64_t id = 1; id <= 3; id++) {
        struct weir_request request = call(id, WEIR_GET, paths[id - 1]);
        submit(limiter, &request, 1000, 0);
        assert_int_equal(settle(limiter, id, 2000, id == 1 ? 418 : 200, &header, 1).booked_weight,
                         0);
    }
    struct weir_request request = call(4, WEIR_GET, "/fapi/v1/openOrders");
    submit(limiter, &request, 3000, 0);
    weir_limiter_destroy(limiter);
}

/** A header that is not a number ends the reading of the others; an interval is not looked at. */
static void test_header_quirks(void **state) {
    (void)state;
    struct weir_limiter *limiter = make();
    struct weir_request request = call(1, WEIR_GET, "/fapi/v1/openOrders");
    submit(limiter, &request, 1000, 0);
    struct weir_header headers[] = {{"X-MBX-USED-WEIGHT-1M", "2000"},
                                    {"X-MBX-USED-WEIGHT-1S", "7"},
                                    {"X-MBX-ORDER-COUNT-1M", "many"},
                                    {"X-MBX-USED-WEIGHT-1H", "5000"}};
    settle(limiter, 1, 2000, 200, headers, 4);
    request = call(2, WEIR_GET, "/fapi/v1/openOrders");
    submit(limiter, &request, 3000, 0);
    settle(limiter, 2, 4000, 200, headers, 1);
    request = call(3, WEIR_GET, "/fapi/v1/openOrders");
    submit(limiter, &request, 5000, SECOND);
    weir_limiter_destroy(limiter);
}

/** Fifty successes in ten seconds: burst mode, told once, never over. */
static void test_burst(void **state) {
    (void)state;
    struct weir_limiter *limiter = make();
    struct weir_event event;
    for (uint64_t id = 1; id <= 50; id++) {
        assert_false(weir_poll_event(limiter, &event));
        struct weir_request request = call(id, WEIR_GET, "/fapi/v1/openOrders");
        submit(limiter, &request, (int64_t)id * 1000, 0);
        settle(limiter, id, (int64_t)id * 1000 + 1, 200, NULL, 0);
    }
    assert_true(weir_poll_event(limiter, &event));
    assert_string_equal(event.what, "mode");
    assert_string_equal(event.value, "burst");
    assert_int_equal(event.until_ns, WEIR_NEVER);
    weir_limiter_destroy(limiter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_model),
        cmocka_unit_test(test_market_data),
        cmocka_unit_test(test_header_quirks),
        cmocka_unit_test(test_burst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
