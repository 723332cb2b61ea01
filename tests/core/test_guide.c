// Policy guide: tables of what it decides, one rule at a time, and a check that doing the monitor's
// looks late is the same as doing them on time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "draws.h"
#include "weir/limiter.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define START (1000 * SECOND)

static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, MINUTE, 2400},
                                           {WEIR_LIMIT_ORDERS, MINUTE, 1200}};

static struct weir_limiter *make_with(const struct weir_setting *settings, size_t count) {
    const struct weir_config config = {.limits = limits,
                                       .limit_count = 2,
                                       .settings = settings,
                                       .setting_count = count,
                                       .now_ns = START,
                                       .max_open = 10000};
    struct weir_limiter *limiter = NULL;
    assert_int_equal(weir_limiter_create(weir_policy_find("guide"), &config, &limiter, NULL),
                     WEIR_OK);
    return limiter;
}

static struct weir_limiter *make(void) {
    return make_with(NULL, 0);
}

static struct weir_request call(uint64_t id, enum weir_method method, const char *path,
                                enum weir_priority priority) {
    return (struct weir_request){.id = id,
                                 .endpoint = weir_endpoint_find(method, path),
                                 .params = WEIR_PARAMS_NONE,
                                 .priority = priority,
                                 .deadline_ns = WEIR_NEVER,
                                 .escalate_ns = WEIR_NEVER,
                                 .can_send = true,
                                 .may_queue = true};
}

/** A request of weight 1 that places no order. */
static struct weir_request ping(uint64_t id, enum weir_priority priority) {
    return call(id, WEIR_GET, "/fapi/v1/ping", priority);
}

static struct weir_request order(uint64_t id, enum weir_priority priority) {
    return call(id, WEIR_POST, "/fapi/v1/order", priority);
}

static struct weir_decision ask(struct weir_limiter *limiter, int64_t now_ns,
                                struct weir_request request) {
    struct weir_decision decision;
    assert_int_equal(weir_submit(limiter, now_ns, &request, &decision), WEIR_OK);
    return decision;
}

/** Submits a held request again when its hold is over. */
static struct weir_decision ask_again(struct weir_limiter *limiter, struct weir_request request,
                                      struct weir_decision held) {
    assert_int_equal(held.answer, WEIR_HOLD);
    request.memo = held.memo;
    request.holds = 1;
    return ask(limiter, held.until_ns, request);
}

static struct weir_settlement reply(struct weir_limiter *limiter, int64_t now_ns, uint64_t id,
                                    int status, const char *name, const char *value) {
    const struct weir_header header = {name, value};
    const struct weir_reply reply = {.id = id,
                                     .status = status,
                                     .sent_ns = now_ns,
                                     .received_ns = now_ns,
                                     .headers = &header,
                                     .header_count = name ? 1 : 0};
    struct weir_settlement settlement;
    assert_int_equal(weir_settle(limiter, &reply, &settlement), WEIR_OK);
    return settlement;
}

/** Sends a request and has it answered at once. */
static struct weir_settlement exchange(struct weir_limiter *limiter, int64_t now_ns,
                                       struct weir_request request, int status, const char *name,
                                       const char *value) {
    assert_int_equal(ask(limiter, now_ns, request).answer, WEIR_SEND);
    return reply(limiter, now_ns, request.id, status, name, value);
}

/** The next event of that name, or one without a name. */
static struct weir_event event_of(struct weir_limiter *limiter, const char *what) {
    struct weir_event event;
    while (weir_poll_event(limiter, &event)) {
        if (strcmp(event.what, what) == 0) {
            return event;
        }
    }
    return (struct weir_event){.what = NULL};
}

static void expect_mode(struct weir_limiter *limiter, const char *mode, const char *cause,
                        int64_t time_ns) {
    const struct weir_event event = event_of(limiter, "mode");
    assert_non_null(event.what);
    assert_string_equal(event.value, mode);
    assert_string_equal(event.cause, cause);
    assert_int_equal(event.time_ns, time_ns);
}

static void test_weights(void **state) {
    (void)state;
    static const struct {
        enum weir_method method;
        const char *path;
        int32_t limit;
        int32_t weight;
    } rows[] = {
        {WEIR_GET, "/fapi/v1/ticker/24hr", -1, 1},
        {WEIR_GET, "/fapi/v1/ticker/price", -1, 1},
        {WEIR_GET, "/fapi/v1/ticker/bookTicker", -1, 1},
        {WEIR_GET, "/fapi/v1/openOrders", -1, 1},
        {WEIR_GET, "/fapi/v1/forceOrders", -1, 20},
        {WEIR_GET, "/fapi/v1/positionSide/dual", -1, 1},
        {WEIR_GET, "/fapi/v1/multiAssetsMargin", -1, 1},
        {WEIR_DELETE, "/fapi/v1/batchOrders", -1, 5},
        {WEIR_POST, "/fapi/v1/batchOrders", -1, 5},
        {WEIR_GET, "/fapi/v1/income", -1, 30},
        {WEIR_GET, "/fapi/v2/account", -1, 5},
        {WEIR_GET, "/fapi/v1/premiumIndex", -1, 1},
        {WEIR_POST, "/fapi/v1/countdownCancelAll", -1, 1},
        {WEIR_POST, "/fapi/v3/order", -1, 1},
        {WEIR_GET, "/fapi/v3/depth", 1000, 1},
        {WEIR_GET, "/nowhere", -1, 1},
        {WEIR_GET, "/fapi/v1/depth", -1, 2},
        {WEIR_GET, "/fapi/v1/depth", 50, 2},
        {WEIR_GET, "/fapi/v1/depth", 100, 5},
        {WEIR_GET, "/fapi/v1/depth", 200, 2},
        {WEIR_GET, "/fapi/v1/depth", 500, 10},
        {WEIR_GET, "/fapi/v1/depth", 1000, 20},
        {WEIR_GET, "/fapi/v1/klines", -1, 1},
        {WEIR_GET, "/fapi/v1/klines", 99, 1},
        {WEIR_GET, "/fapi/v1/klines", 100, 2},
        {WEIR_GET, "/fapi/v1/klines", 500, 5},
        {WEIR_GET, "/fapi/v1/klines", 1000, 5},
        {WEIR_GET, "/fapi/v1/klines", 1001, 10},
        {WEIR_GET, "/fapi/v1/klines", 1501, 1},
        {WEIR_GET, "/fapi/v1/userTrades", -1, 5},
        {WEIR_GET, "/fapi/v1/adlQuantile", -1, 5},
    };
    struct weir_limiter *limiter = make();
    for (uint64_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct weir_request request = call(i + 1, rows[i].method, rows[i].path, WEIR_LOW);
        request.params.limit = rows[i].limit;
        const int64_t now_ns = START + (int64_t)i * MINUTE;
        assert_int_equal(exchange(limiter, now_ns, request, 200, NULL, NULL).booked_weight,
                         rows[i].weight);
    }
    weir_limiter_destroy(limiter);
}

/** Brings a limiter into a mode: 1 burst, 2 liquidation, 3 both. */
static void enter_mode(struct weir_limiter *limiter, int mode) {
    if (mode == 1 || mode == 3) {
        exchange(limiter, START, ping(9000, WEIR_LOW), 429, NULL, NULL);
        expect_mode(limiter, "burst", "429", START);
    }
    if (mode >= 2) {
        struct weir_observation seen = {
            .now_ns = START, .symbol = 3, .price = 100, .notional_usd = 600000};
        weir_observe(limiter, &seen);
        seen.price = 97.9;
        weir_observe(limiter, &seen);
        expect_mode(limiter, "liquidation", "volume", START);
    }
}

/** Without a buffer, half of all kept for critical requests. */
static const struct weir_setting own_shares[] = {{"normal.buffer", "0"}, {"normal.reserve", "0.5"}};

/** What a header value means for each mode and priority, seen at the last value that lets a request
 *  of weight 1, or an order, through. */
static void test_limits(void **state) {
    (void)state;
    static const struct {
        int mode;
        enum weir_priority priority;
        int requests;
        int orders;
    } rows[] = {
        {0, WEIR_CRITICAL, 2160, 1080}, {0, WEIR_NORMAL, 1728, 864},
        {0, WEIR_LOW, 1728, 864},       {1, WEIR_CRITICAL, 2280, 1140},
        {1, WEIR_NORMAL, 2052, 1026},   {1, WEIR_LOW, 2052, 1026},
        {2, WEIR_CRITICAL, 2280, 1140}, {2, WEIR_NORMAL, 2166, 1083},
        {2, WEIR_LOW, 2166, 1083},      {3, WEIR_CRITICAL, 2280, 1140},
        {3, WEIR_NORMAL, 2166, 1083},   {4, WEIR_CRITICAL, 2400, 1200},
        {4, WEIR_LOW, 1200, 600},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int over = 0; over <= 1; over++) {
            char weight[16];
            char orders[16];
            (void)snprintf(weight, sizeof weight, "%d", rows[i].requests - 1 + over);
            (void)snprintf(orders, sizeof orders, "%d", rows[i].orders - 1 + over);
            struct weir_limiter *limiter = make_with(own_shares, rows[i].mode == 4 ? 2 : 0);
            enter_mode(limiter, rows[i].mode % 4);
            exchange(limiter, START, ping(1, WEIR_LOW), 200, "X-MBX-USED-WEIGHT-1M", weight);
            const struct weir_decision decision =
                ask(limiter, START + SECOND, ping(2, rows[i].priority));
            const enum weir_answer blocked =
                rows[i].priority == WEIR_CRITICAL ? WEIR_HOLD : WEIR_REFUSE;
            assert_int_equal(decision.answer, over ? blocked : WEIR_SEND);
            assert_int_equal(decision.reason, over ? WEIR_REASON_WEIGHT : WEIR_REASON_NONE);
            weir_limiter_destroy(limiter);

            limiter = make_with(own_shares, rows[i].mode == 4 ? 2 : 0);
            enter_mode(limiter, rows[i].mode % 4);
            exchange(limiter, START, ping(1, WEIR_LOW), 200, "x-mbx-order-count-10s", orders);
            const struct weir_decision placed =
                ask(limiter, START + SECOND, order(2, rows[i].priority));
            assert_int_equal(placed.answer, over ? WEIR_HOLD : WEIR_SEND);
            assert_int_equal(placed.reason, over ? WEIR_REASON_ORDERS : WEIR_REASON_NONE);
            assert_int_equal(placed.until_ns, over ? START + 2 * SECOND : 0);
            weir_limiter_destroy(limiter);
        }
    }
}

/** A header is believed for ever, and a critical request waits one second and goes regardless. */
static void test_header_never_ages(void **state) {
    (void)state;
    struct weir_limiter *limiter = make();
    exchange(limiter, START, ping(1, WEIR_LOW), 200, "X-MBX-USED-WEIGHT-1S", " 2_400 ");
    for (int64_t hours = 0; hours < 30; hours += 7) {
        const int64_t now_ns = START + SECOND + hours * 60 * MINUTE;
        assert_int_equal(ask(limiter, now_ns, ping(2, WEIR_NORMAL)).answer, WEIR_REFUSE);
        const struct weir_request critical = ping(10 + (uint64_t)hours, WEIR_CRITICAL);
        const struct weir_decision held = ask(limiter, now_ns, critical);
        assert_int_equal(held.until_ns, now_ns + SECOND);
        assert_int_equal(ask_again(limiter, critical, held).answer, WEIR_SEND);
    }
    weir_limiter_destroy(limiter);
}

static void test_bad_header_ends_reading(void **state) {
    (void)state;
    static const char *const bad[] = {"", "12a", "1.5", "_1", "1__0", "1_", "- 1", "99 99"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct weir_limiter *limiter = make();
        assert_int_equal(ask(limiter, START, ping(1, WEIR_LOW)).answer, WEIR_SEND);
        const struct weir_header headers[] = {
            {"Date", "x"}, {"X-MBX-ORDER-COUNT-1M", bad[i]}, {"X-MBX-USED-WEIGHT-1M", "2400"}};
        const struct weir_reply told = {.id = 1,
                                        .status = 200,
                                        .sent_ns = START,
                                        .received_ns = START,
                                        .headers = headers,
                                        .header_count = 3};
        struct weir_settlement settlement;
        assert_int_equal(weir_settle(limiter, &told, &settlement), WEIR_OK);
        assert_int_equal(ask(limiter, START, ping(2, WEIR_LOW)).answer, WEIR_SEND);
        assert_int_equal(ask(limiter, START, order(3, WEIR_LOW)).answer, WEIR_SEND);
        weir_limiter_destroy(limiter);
    }
}

/** Without headers: 60 s less the age of the oldest, though little weight leaves with it. */
static void test_own_log(void **state) {
    (void)state;
    struct weir_limiter *limiter = make();
    uint64_t id = 1;
    exchange(limiter, START, ping(id++, WEIR_LOW), 200, NULL, NULL);
    for (int i = 0; i < 71; i++) { // 2131 of 2160; burst mode comes a second later
        exchange(limiter, START + 500 * MS, call(id++, WEIR_GET, "/fapi/v1/income", WEIR_CRITICAL),
                 200, NULL, NULL);
    }
    const struct weir_decision skipped = ask(limiter, START + 600 * MS, ping(id++, WEIR_NORMAL));
    assert_int_equal(skipped.answer, WEIR_REFUSE);
    assert_int_equal(skipped.until_ns, START + MINUTE);
    const struct weir_decision queued =
        ask(limiter, START + 600 * MS, call(id, WEIR_GET, "/fapi/v1/income", WEIR_CRITICAL));
    assert_int_equal(queued.answer, WEIR_QUEUE);
    assert_int_equal(ask(limiter, START + MINUTE + SECOND, ping(id + 1, WEIR_NORMAL)).answer,
                     WEIR_SEND);
    weir_limiter_destroy(limiter);
}

/** 2, 4, 8 … 60 s after 429; a success begins anew; a ban is guessed from how many 429 came. */
static void test_replies(void **state) {
    (void)state;
    static const int backoffs[] = {2, 4, 8, 16, 32, 60, 60};
    static const int bans[] = {120, 240, 480, 960, 1920, 3840, 3840, 3840};
    for (int failures = 0; failures <= 7; failures++) {
        struct weir_limiter *limiter = make();
        for (int i = 0; i < failures; i++) {
            const struct weir_settlement settlement =
                exchange(limiter, START, ping(1, WEIR_LOW), 429, NULL, NULL);
            assert_int_equal(settlement.hold_until_ns, START + backoffs[i] * SECOND);
        }
        assert_int_equal(exchange(limiter, START, ping(1, WEIR_LOW), 418, NULL, NULL).hold_until_ns,
                         0);
        const struct weir_event ban = event_of(limiter, "ban");
        assert_int_equal(ban.until_ns, START + bans[failures] * SECOND);
        assert_int_equal(ask(limiter, ban.until_ns - 1, ping(1, WEIR_LOW)).reason,
                         WEIR_REASON_BANNED);
        exchange(limiter, ban.until_ns, ping(1, WEIR_LOW), 200, NULL, NULL);
        struct weir_settlement settlement =
            exchange(limiter, ban.until_ns, ping(2, WEIR_LOW), 429, NULL, NULL);
        assert_int_equal(settlement.hold_until_ns, ban.until_ns + 2 * SECOND);
        exchange(limiter, ban.until_ns, ping(3, WEIR_LOW), 400, NULL, NULL); // not a success
        settlement = exchange(limiter, ban.until_ns, ping(4, WEIR_LOW), 429, NULL, NULL);
        assert_int_equal(settlement.hold_until_ns, ban.until_ns + 4 * SECOND);
        weir_limiter_destroy(limiter);
    }
}

/** Every reply counts, whatever its status; a lost one leaves no trace. */
static void test_booking(void **state) {
    (void)state;
    struct weir_limiter *limiter = make();
    struct weir_settlement settlement =
        exchange(limiter, START, order(1, WEIR_CRITICAL), 200, NULL, NULL);
    assert_int_equal(settlement.booked_weight, 1);
    assert_int_equal(settlement.booked_orders, 1);
    settlement = exchange(limiter, START, order(2, WEIR_CRITICAL), 400, NULL, NULL);
    assert_int_equal(settlement.booked_weight, 1);
    assert_int_equal(settlement.booked_orders, 0);
    assert_int_equal(ask(limiter, START, order(3, WEIR_CRITICAL)).answer, WEIR_SEND);
    const struct weir_reply lost = {
        .id = 3, .lost = true, .sent_ns = START, .received_ns = START + SECOND};
    assert_int_equal(weir_settle(limiter, &lost, &settlement), WEIR_OK);
    assert_int_equal(settlement.booked_weight, 0);
    weir_limiter_destroy(limiter);
}

/** Waits of three seconds and more for the order limit lose the order. */
static void test_order_wait(void **state) {
    (void)state;
    static const struct {
        int64_t age_ns; // of the oldest of 1080 orders
        enum weir_answer answer;
        int64_t wait_ns;
    } rows[] = {
        {10 * SECOND, WEIR_REFUSE, 50 * SECOND},
        {57 * SECOND, WEIR_REFUSE, 3 * SECOND},
        {57 * SECOND + MS, WEIR_HOLD, 2999 * MS},
        {60 * SECOND, WEIR_HOLD, 100 * MS},
    };
    const struct weir_setting settings[] = {{"burst.buffer", "0.1"}, {"burst.reserve", "0.2"}};
    for (size_t i = 0; i < 4; i++) {
        struct weir_limiter *limiter = make_with(settings, 2);
        for (uint64_t id = 1; id <= 1080; id++) {
            exchange(limiter, START, order(id, WEIR_CRITICAL), 200, NULL, NULL);
        }
        const struct weir_request late = order(2000, WEIR_CRITICAL);
        const struct weir_decision decision = ask(limiter, START + rows[i].age_ns, late);
        assert_int_equal(decision.answer, rows[i].answer);
        assert_int_equal(decision.reason, WEIR_REASON_ORDERS);
        assert_int_equal(decision.until_ns, START + rows[i].age_ns + rows[i].wait_ns);
        weir_limiter_destroy(limiter);
    }
}

/** The delay by usage, looked at when five seconds have passed since the last look. */
static void test_throttle(void **state) {
    (void)state;
    static const struct {
        int income; // requests of weight 30, beside one of 1, of 2160
        int64_t delay_ns;
    } rows[] = {{35, 0},        {36, 20 * MS},  {50, 20 * MS},  {51, 50 * MS}, {61, 50 * MS},
                {62, 100 * MS}, {68, 100 * MS}, {69, 200 * MS}, {72, 200 * MS}};
    const struct weir_setting settings[] = {{"burst.buffer", "0.1"}, {"normal.reserve", "0"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct weir_limiter *limiter = make_with(settings, 2);
        // A header keeps the log from refusing, so that only the throttle is seen.
        exchange(limiter, START, ping(900, WEIR_CRITICAL), 400, "X-MBX-USED-WEIGHT-1M", "0");
        for (uint64_t id = 1; id <= (uint64_t)rows[i].income; id++) {
            exchange(limiter, START, call(id, WEIR_GET, "/fapi/v1/income", WEIR_CRITICAL), 200,
                     NULL, NULL);
        }
        const int64_t now_ns = START + 5 * SECOND + MS;
        const struct weir_request paced = ping(901, WEIR_CRITICAL);
        const struct weir_decision decision = ask(limiter, now_ns, paced);
        if (rows[i].delay_ns == 0) {
            assert_int_equal(decision.answer, WEIR_SEND);
        } else {
            assert_int_equal(decision.reason, WEIR_REASON_PACE);
            assert_int_equal(decision.until_ns, now_ns + rows[i].delay_ns);
            assert_int_equal(ask_again(limiter, paced, decision).answer, WEIR_SEND);
            const struct weir_event event = event_of(limiter, "throttle");
            assert_int_equal((int64_t)(event.number * 100 * 1e6 + 0.5), rows[i].delay_ns);
        }
        weir_limiter_destroy(limiter);
    }
}

/** More than ten requests within 30 s, seen by the look at the next whole second. */
static void test_traffic(void **state) {
    (void)state;
    for (int requests = 10; requests <= 11; requests++) {
        struct weir_limiter *limiter = make();
        for (int i = 0; i < requests; i++) {
            exchange(limiter, START + i * SECOND + 500 * MS, ping((uint64_t)i + 1, WEIR_LOW), 200,
                     NULL, NULL);
        }
        struct weir_next next;
        assert_int_equal(weir_next_request(limiter, START + 10 * MINUTE, 1, &next), WEIR_OK);
        if (requests == 10) {
            assert_null(event_of(limiter, "mode").what);
        } else {
            expect_mode(limiter, "burst", "traffic", START + 11 * SECOND);
            expect_mode(limiter, "normal", "expired", START + 192 * SECOND);
            assert_null(event_of(limiter, "mode").what);
        }
        weir_limiter_destroy(limiter);
    }
}

/** Burst mode after a 429 is not extended by the next, nor by traffic. */
static void test_modes_are_not_extended(void **state) {
    (void)state;
    struct weir_limiter *limiter = make();
    exchange(limiter, START, ping(1, WEIR_LOW), 429, NULL, NULL);
    exchange(limiter, START + 100 * SECOND, ping(1, WEIR_LOW), 200, NULL, NULL);
    exchange(limiter, START + 200 * SECOND, ping(1, WEIR_LOW), 429, NULL, NULL);
    struct weir_next next;
    assert_int_equal(weir_next_request(limiter, START + 20 * MINUTE, 1, &next), WEIR_OK);
    expect_mode(limiter, "burst", "429", START);
    expect_mode(limiter, "normal", "expired", START + 301 * SECOND);
    weir_limiter_destroy(limiter);
}

static void test_cascade(void **state) {
    (void)state;
    static const struct {
        int64_t first_ns; // before the second liquidation
        double first_usd;
        double first_price;
        double second_usd;
        uint32_t second_symbol;
        bool on;
    } rows[] = {
        {SECOND, 600000, 101, 600000, 1, true},
        {SECOND, 500000, 101, 500000, 1, false}, // exactly a million
        {SECOND, 500000, 101, 500000.01, 1, true},
        {10 * SECOND, 600000, 101, 600000, 1, true},
        {10 * SECOND + 1, 600000, 101, 600000, 1, false},
        {30 * SECOND, 1, 101, 1100000, 1, true}, // the price reaches back further
        {30 * SECOND + 1, 1, 101, 1100000, 1, false},
        {SECOND, 600000, 100, 600000, 1, false}, // exactly two percent
        {SECOND, 600000, 100.01, 600000, 1, true},
        {SECOND, 600000, 90, 600000, 1, false},  // a rise is none
        {SECOND, 600000, 101, 600000, 2, false}, // the price of another symbol
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct weir_limiter *limiter = make();
        struct weir_observation seen = {.now_ns = START + 50 * SECOND - rows[i].first_ns,
                                        .symbol = 1,
                                        .price = rows[i].first_price,
                                        .notional_usd = rows[i].first_usd};
        weir_observe(limiter, &seen);
        seen = (struct weir_observation){.now_ns = START + 50 * SECOND,
                                         .symbol = rows[i].second_symbol,
                                         .price = 98,
                                         .notional_usd = rows[i].second_usd};
        weir_observe(limiter, &seen);
        assert_int_equal(event_of(limiter, "mode").what != NULL, rows[i].on);
        if (rows[i].on) { // 300 s, not extended
            seen.now_ns += 100 * SECOND;
            weir_observe(limiter, &seen);
            struct weir_next next;
            assert_int_equal(weir_next_request(limiter, START + 9 * MINUTE, 1, &next), WEIR_OK);
            expect_mode(limiter, "normal", "expired", START + 351 * SECOND);
        }
        weir_limiter_destroy(limiter);
    }
}

/** During a ban critical requests queue, 100 of them; the next is sent into the ban. Afterwards one
 *  leaves each 100 ms. */
static void test_queue(void **state) {
    (void)state;
    struct weir_limiter *limiter = make();
    exchange(limiter, START, ping(1000, WEIR_LOW), 418, NULL, NULL);
    for (uint64_t id = 1; id <= 100; id++) {
        assert_int_equal(ask(limiter, START + 50 * MS, ping(id, WEIR_CRITICAL)).answer, WEIR_QUEUE);
    }
    assert_int_equal(ask(limiter, START + 50 * MS, ping(101, WEIR_CRITICAL)).answer, WEIR_SEND);
    assert_int_equal(ask(limiter, START + 50 * MS, order(102, WEIR_CRITICAL)).answer, WEIR_REFUSE);
    assert_int_equal(weir_cancel(limiter, START + 60 * MS, 2), WEIR_OK);
    assert_int_equal(weir_cancel(limiter, START + 60 * MS, 2), WEIR_NO_SUCH);
    struct weir_next next;
    int64_t now_ns = START + 60 * MS;
    for (uint64_t id = 1; id <= 100; id += id == 1 ? 2 : 1) {
        for (;;) {
            assert_int_equal(weir_next_request(limiter, now_ns, 1, &next), WEIR_OK);
            if (next.kind == WEIR_NEXT_SEND) {
                break;
            }
            assert_int_equal(next.ask_again_ns % (100 * MS), 0);
            now_ns = next.ask_again_ns;
        }
        assert_int_equal(next.id, id);
        assert_int_equal(now_ns,
                         START + 120 * SECOND + (int64_t)(id - (id > 1 ? 2 : 1)) * 100 * MS);
        assert_int_equal(reply(limiter, now_ns, id, 200, NULL, NULL).booked_weight, 1);
    }
    assert_int_equal(weir_next_request(limiter, now_ns, 1, &next), WEIR_OK);
    assert_int_equal(next.ask_again_ns, WEIR_NEVER);
    weir_limiter_destroy(limiter);
}

/** Where the caller has no connection free, or no queue. */
static void test_callers(void **state) {
    (void)state;
    struct weir_limiter *limiter = make();
    exchange(limiter, START, ping(1, WEIR_LOW), 418, NULL, NULL);
    struct weir_request request = ping(2, WEIR_CRITICAL);
    struct weir_decision decision;
    assert_int_equal(weir_try(limiter, START, &request, &decision), WEIR_OK);
    assert_int_equal(decision.answer, WEIR_HOLD);
    assert_int_equal(decision.until_ns, START + 120 * SECOND);
    assert_int_equal(ask(limiter, START, request).answer, WEIR_QUEUE);
    struct weir_next next;
    assert_int_equal(weir_next_request(limiter, START + 130 * SECOND, 0, &next), WEIR_OK);
    assert_int_equal(next.reason, WEIR_REASON_CONNECTION);
    assert_int_equal(weir_next_request(limiter, START + 130 * SECOND, 1, &next), WEIR_OK);
    assert_int_equal(next.kind, WEIR_NEXT_SEND);
    request = ping(3, WEIR_CRITICAL);
    request.can_send = false;
    assert_int_equal(ask(limiter, START + 130 * SECOND, request).reason, WEIR_REASON_CONNECTION);
    request = ping(3, WEIR_CRITICAL);
    request.memo = 99;
    assert_int_equal(weir_submit(limiter, START + 130 * SECOND, &request, &decision), WEIR_INVALID);
    weir_limiter_destroy(limiter);
}

static void test_market_data_direct(void **state) {
    (void)state;
    const struct weir_setting setting = {"market_data", "direct"};
    struct weir_limiter *limiter = make_with(&setting, 1);
    exchange(limiter, START, ping(1, WEIR_LOW), 418, NULL, NULL);
    static const char *const paths[] = {"/fapi/v1/depth", "/fapi/v1/exchangeInfo",
                                        "/fapi/v3/ticker/price"};
    for (uint64_t i = 0; i < 3; i++) {
        const struct weir_settlement settlement =
            exchange(limiter, START, call(i + 2, WEIR_GET, paths[i], WEIR_LOW), 200, NULL, NULL);
        assert_int_equal(settlement.booked_weight, 0);
    }
    assert_int_equal(ask(limiter, START, call(9, WEIR_GET, "/fapi/v1/klines", WEIR_LOW)).answer,
                     WEIR_REFUSE);
    weir_limiter_destroy(limiter);
}

/** Two limiters see the same, but one is also looked at every second: they must decide the same and
 *  tell of the same changes of mode. */
static void compare_late_with_prompt(uint64_t seed) {
    print_message("seed %d\n", (int)seed);
    struct draws draws = {.state = seed};
    struct weir_limiter *late = make();
    struct weir_limiter *prompt = make();
    int64_t now_ns = START;
    for (uint64_t id = 1; id <= 400; id++) {
        const int64_t before_ns = now_ns;
        now_ns += draw(&draws, 0, 3 * SECOND) +
                  (draw_percent(&draws, 3) ? draw(&draws, 0, 20 * MINUTE) : 0);
        struct weir_next next;
        for (int64_t t = before_ns - before_ns % SECOND + SECOND; t <= now_ns; t += SECOND) {
            assert_int_equal(weir_next_request(prompt, t, 1, &next), WEIR_OK);
        }
        const struct weir_request request = ping(id, WEIR_LOW);
        const struct weir_decision one = ask(late, now_ns, request);
        const struct weir_decision other = ask(prompt, now_ns, request);
        assert_int_equal(one.answer, other.answer);
        assert_int_equal(one.until_ns, other.until_ns);
        if (one.answer == WEIR_SEND) {
            const int status = draw_percent(&draws, 3) ? 429 : draw_percent(&draws, 1) ? 418 : 200;
            (void)reply(late, now_ns, id, status, NULL, NULL);
            (void)reply(prompt, now_ns, id, status, NULL, NULL);
        }
        for (;;) {
            const struct weir_event seen = event_of(late, "mode");
            const struct weir_event expected = event_of(prompt, "mode");
            assert_int_equal(seen.what != NULL, expected.what != NULL);
            if (!seen.what) {
                break;
            }
            assert_string_equal(seen.value, expected.value);
            assert_int_equal(seen.time_ns, expected.time_ns);
            assert_int_equal(seen.until_ns, expected.until_ns);
        }
    }
    weir_limiter_destroy(late);
    weir_limiter_destroy(prompt);
}

static void test_late_looks(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        compare_late_with_prompt(seed);
    }
    // Many years without a call are passed over at once.
    struct weir_limiter *limiter = make();
    exchange(limiter, START, ping(1, WEIR_LOW), 429, NULL, NULL);
    assert_int_equal(ask(limiter, INT64_C(4000000000000000000), ping(2, WEIR_LOW)).answer,
                     WEIR_SEND);
    weir_limiter_destroy(limiter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_header_never_ages),
        cmocka_unit_test(test_bad_header_ends_reading),
        cmocka_unit_test(test_own_log),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_booking),
        cmocka_unit_test(test_order_wait),
        cmocka_unit_test(test_throttle),
        cmocka_unit_test(test_traffic),
        cmocka_unit_test(test_modes_are_not_extended),
        cmocka_unit_test(test_cascade),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_callers),
        cmocka_unit_test(test_market_data_direct),
        cmocka_unit_test(test_late_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
