// Statistics of a limiter: what the library counts, what weir tells, what the guide computes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draws.h"
#include "weir/limiter.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)

static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, MINUTE, 2400},
                                           {WEIR_LIMIT_ORDERS, MINUTE, 1200}};

struct client {
    struct weir_limiter *limiter;
    uint64_t next_id;
    struct weir_decision decision;
};

static struct client make(const char *policy, const struct weir_setting *settings, size_t count) {
    const struct weir_config config = {.limits = limits,
                                       .limit_count = 2,
                                       .settings = settings,
                                       .setting_count = count,
                                       .now_ns = SECOND,
                                       .max_open = 4096};
    struct client client = {.next_id = 1};
    assert_int_equal(weir_limiter_create(weir_policy_find(policy), &config, &client.limiter, NULL),
                     WEIR_OK);
    return client;
}

static const struct weir_setting known_clock[] = {
    {"clock", "known"}, {"normal.buffer", "0.1"}, {"reserve", "static"}, {"queue", "5"}};

static struct weir_request request_of(enum weir_method method, const char *path,
                                      enum weir_priority priority) {
    return (struct weir_request){.endpoint = weir_endpoint_find(method, path),
                                 .params = WEIR_PARAMS_NONE,
                                 .priority = priority,
                                 .deadline_ns = WEIR_NEVER,
                                 .escalate_ns = WEIR_NEVER,
                                 .can_send = true,
                                 .may_queue = true};
}

static enum weir_answer submit(struct client *client, int64_t now_ns, struct weir_request request) {
    request.id = client->next_id++;
    assert_int_equal(weir_submit(client->limiter, now_ns, &request, &client->decision), WEIR_OK);
    return client->decision.answer;
}

static enum weir_answer order(struct client *client, int64_t now_ns, enum weir_priority priority) {
    return submit(client, now_ns, request_of(WEIR_POST, "/fapi/v1/order", priority));
}

static void settle(struct client *client, uint64_t id, int64_t now_ns, int64_t trip_ns, int status,
                   const struct weir_header *header) {
    const struct weir_reply reply = {.id = id,
                                     .lost = status == 0,
                                     .status = status,
                                     .sent_ns = now_ns - trip_ns,
                                     .received_ns = now_ns,
                                     .headers = header,
                                     .header_count = header ? 1 : 0};
    struct weir_settlement settlement;
    assert_int_equal(weir_settle(client->limiter, &reply, &settlement), WEIR_OK);
}

static struct weir_stats read(const struct client *client, int64_t now_ns) {
    struct weir_stats stats;
    assert_int_equal(weir_read_stats(client->limiter, now_ns, &stats, sizeof stats), WEIR_OK);
    return stats;
}

/** Percentages are compared to a billionth. */
static bool near(double a, double b) {
    return a - b < 1e-9 && b - a < 1e-9;
}

static void test_library_counts(void **state) {
    (void)state;
    struct client client = make("weir", known_clock, 4);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(order(&client, 2 * SECOND, WEIR_CRITICAL), WEIR_SEND);
    }
    struct weir_request late = request_of(WEIR_GET, "/fapi/v1/depth", WEIR_LOW);
    late.deadline_ns = SECOND;
    assert_int_equal(submit(&client, 2 * SECOND, late), WEIR_REFUSE);
    settle(&client, 1, 3 * SECOND, 100 * MS, 200, NULL);
    settle(&client, 2, 3 * SECOND, 260 * MS, 429, NULL);
    settle(&client, 3, 3 * SECOND, 100 * MS, 0, NULL);
    assert_int_equal(order(&client, 3 * SECOND, WEIR_NORMAL), WEIR_QUEUE);
    assert_int_equal(order(&client, 3 * SECOND, WEIR_NORMAL), WEIR_QUEUE);
    assert_int_equal(weir_cancel(client.limiter, 3 * SECOND, client.next_id - 1), WEIR_OK);
    struct weir_request now_or_never = request_of(WEIR_POST, "/fapi/v1/order", WEIR_CRITICAL);
    now_or_never.id = client.next_id;
    assert_int_equal(weir_try(client.limiter, 3 * SECOND, &now_or_never, &client.decision),
                     WEIR_OK);
    assert_int_equal(client.decision.answer, WEIR_HOLD);
    const struct weir_stats stats = read(&client, 3 * SECOND);
    const struct weir_totals *totals = &stats.totals;
    assert_int_equal(totals->submitted, 7);
    assert_int_equal(totals->sent, 3);
    assert_int_equal(totals->sent_weight, 3);
    assert_int_equal(totals->sent_orders, 3);
    assert_int_equal(totals->queued, 2);
    assert_int_equal(totals->cancelled, 1);
    assert_int_equal(totals->held, 1);
    assert_int_equal(totals->refused[WEIR_REASON_DEADLINE], 1);
    assert_int_equal(totals->answered, 2);
    assert_int_equal(totals->lost, 1);
    assert_int_equal(totals->http_429, 1);
    assert_int_equal(totals->http_418, 0);
    assert_int_equal(totals->consecutive_429, 1);
    assert_int_equal(totals->last_429_ns, 3 * SECOND);
    assert_int_equal(totals->mean_trip_ns, 110 * MS);
    assert_int_equal(totals->slowest_trip_ns, 260 * MS);
    assert_int_equal(stats.open, 1);
    weir_limiter_destroy(client.limiter);
}

static void test_sent_from_queue_and_dropped(void **state) {
    (void)state;
    struct client client = make("weir", known_clock, 4);
    struct weir_request waits = request_of(WEIR_POST, "/fapi/v1/order", WEIR_NORMAL);
    waits.can_send = false;
    assert_int_equal(submit(&client, 2 * SECOND, waits), WEIR_QUEUE);
    waits.deadline_ns = 3 * SECOND;
    assert_int_equal(submit(&client, 2 * SECOND, waits), WEIR_QUEUE);
    struct weir_next next;
    assert_int_equal(weir_next_request(client.limiter, 2 * SECOND, 1, &next), WEIR_OK);
    assert_int_equal(next.kind, WEIR_NEXT_SEND);
    assert_int_equal(weir_next_request(client.limiter, 4 * SECOND, 1, &next), WEIR_OK);
    assert_int_equal(next.kind, WEIR_NEXT_DROP);
    const struct weir_stats stats = read(&client, 4 * SECOND);
    assert_int_equal(stats.totals.sent, 1);
    assert_int_equal(stats.totals.sent_weight, 1);
    assert_int_equal(stats.totals.dropped[WEIR_REASON_DEADLINE], 1);
    assert_int_equal(stats.queued[WEIR_NORMAL], 0);
    weir_limiter_destroy(client.limiter);
}

/** Requests of the last minute by time, whatever their number: against a list. */
static void test_recent_requests(void **state) {
    (void)state;
    struct draws draws = {.state = 1};
    struct client client = make("none", NULL, 0);
    int64_t sent_ns[3000];
    int64_t now_ns = SECOND;
    for (size_t i = 0; i < 3000; i++) {
        now_ns += draw_percent(&draws, 1) ? draw(&draws, 0, 90 * SECOND) : draw(&draws, 0, 80 * MS);
        assert_int_equal(order(&client, now_ns, WEIR_LOW), WEIR_SEND);
        settle(&client, client.next_id - 1, now_ns, 0, 200, NULL);
        sent_ns[i] = now_ns;
        uint64_t least = 0;
        uint64_t most = 0;
        const int64_t asked_ns = now_ns + (i % 7 == 0 ? draw(&draws, 0, 70 * SECOND) : 0);
        for (size_t j = 0; j <= i; j++) {
            least += sent_ns[j] > asked_ns - MINUTE;
            most += sent_ns[j] > asked_ns - MINUTE - SECOND;
        }
        assert_in_range(read(&client, asked_ns).totals.recent_sent, least, most);
    }
    weir_limiter_destroy(client.limiter);
}

static void test_usage_of_both_limits(void **state) {
    (void)state;
    struct client client = make("weir", known_clock, 4);
    for (int i = 0; i < 108; i++) {
        assert_int_equal(order(&client, 2 * SECOND, WEIR_CRITICAL), WEIR_SEND);
    }
    struct weir_stats stats = read(&client, 2 * SECOND);
    assert_int_equal(stats.limit_count, 2);
    const struct weir_limit_stats *orders = &stats.limits[1];
    assert_int_equal(orders->type, WEIR_LIMIT_ORDERS);
    assert_true(orders->aligned);
    assert_int_equal(orders->interval_ns, MINUTE);
    assert_int_equal(orders->configured, 1200);
    assert_int_equal(orders->allowance, 1200);
    assert_int_equal(orders->usable[WEIR_CRITICAL], 1080);
    assert_int_equal(orders->usable[WEIR_NORMAL], 864);
    assert_int_equal(orders->usable[WEIR_LOW], 648);
    assert_int_equal(orders->used, 108);
    assert_int_equal(orders->on_the_wire, 108);
    assert_true(near(orders->used_pct, 9));
    assert_true(near(orders->usable_pct, 10));
    assert_true(near(orders->peak_pct, 9));
    assert_true(near(stats.limits[0].used_pct, 4.5));
    assert_true(near(stats.limits[0].usable_pct, 5));
    assert_int_equal(orders->ends_ns, MINUTE);
    // Answered requests count until the window is over, and that is seen by time alone.
    for (uint64_t id = 1; id <= 100; id++) {
        settle(&client, id, 3 * SECOND, SECOND, 200, NULL);
    }
    assert_int_equal(read(&client, MINUTE - 1).limits[1].used, 108);
    stats = read(&client, MINUTE);
    assert_int_equal(stats.limits[1].used, 8);
    assert_int_equal(stats.limits[1].on_the_wire, 8);
    weir_limiter_destroy(client.limiter);
}

static void test_peak_fades(void **state) {
    (void)state;
    struct client client = make("weir", known_clock, 4);
    for (int i = 0; i < 600; i++) {
        assert_int_equal(order(&client, 2 * SECOND, WEIR_CRITICAL), WEIR_SEND);
        settle(&client, client.next_id - 1, 2 * SECOND, 0, 200, NULL);
    }
    assert_true(near(read(&client, 2 * SECOND).limits[1].peak_pct, 50));
    double last = 50;
    for (int64_t second = 3; second <= 1000; second++) {
        const double peak = read(&client, second * SECOND).limits[1].peak_pct;
        assert_true(peak <= last);
        last = peak;
    }
    assert_true(near(read(&client, 302 * SECOND).limits[1].peak_pct, 25));
    assert_true(near(read(&client, 602 * SECOND).limits[1].peak_pct, 12.5));
    assert_true(near(read(&client, 36000 * SECOND).limits[1].peak_pct, 0));
    // A later, lower use is a peak again once the old one has faded.
    for (int i = 0; i < 240; i++) {
        assert_int_equal(order(&client, 602 * SECOND, WEIR_CRITICAL), WEIR_SEND);
    }
    assert_true(near(read(&client, 602 * SECOND).limits[1].peak_pct, 20));
    weir_limiter_destroy(client.limiter);
}

static void test_sliding_is_read_by_time(void **state) {
    (void)state;
    static const struct weir_setting sliding[] = {{"window", "sliding"}};
    struct client client = make("weir", sliding, 1);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(order(&client, 2 * SECOND, WEIR_CRITICAL), WEIR_SEND);
    }
    for (uint64_t id = 1; id <= 9; id++) {
        settle(&client, id, 3 * SECOND, SECOND, 200, NULL);
    }
    struct weir_stats stats = read(&client, 3 * SECOND);
    assert_false(stats.limits[0].aligned);
    assert_int_equal(stats.limits[0].ends_ns, WEIR_NEVER);
    assert_int_equal(stats.limits[0].used, 10);
    assert_int_equal(read(&client, 62 * SECOND).limits[0].used, 10);
    assert_int_equal(read(&client, 70 * SECOND).limits[0].used, 1);
    weir_limiter_destroy(client.limiter);
}

static void test_holds_bans_and_learned_limits(void **state) {
    (void)state;
    struct client client = make("weir", known_clock, 4);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(order(&client, 2 * SECOND, WEIR_CRITICAL), WEIR_SEND);
    }
    struct weir_stats stats = read(&client, 2 * SECOND);
    assert_int_equal(stats.hold_until_ns, 0);
    assert_int_equal(stats.ban_until_ns, 0);
    assert_int_equal(stats.bans, 0);
    const struct weir_header seven = {"Retry-After", "7"};
    static const char body[] =
        "{\"code\":-1015,\"msg\":\"Too many new orders; current limit is 600 "
        "orders per MINUTE.\"}";
    const struct weir_reply limited = {.id = 1,
                                       .status = 429,
                                       .sent_ns = 2 * SECOND,
                                       .received_ns = 3 * SECOND,
                                       .headers = &seven,
                                       .header_count = 1,
                                       .body = body,
                                       .body_length = sizeof body - 1};
    struct weir_settlement settlement;
    assert_int_equal(weir_settle(client.limiter, &limited, &settlement), WEIR_OK);
    stats = read(&client, 3 * SECOND);
    assert_int_equal(stats.hold_until_ns, 10 * SECOND);
    assert_int_equal(stats.limits[1].configured, 1200);
    assert_int_equal(stats.limits[1].allowance, 600);
    assert_int_equal(stats.limits[1].usable[WEIR_CRITICAL], 540);
    assert_int_equal(read(&client, 10 * SECOND).hold_until_ns, 0);
    settle(&client, 2, 4 * SECOND, SECOND, 418, &(struct weir_header){"Retry-After", "90"});
    stats = read(&client, 4 * SECOND);
    assert_int_equal(stats.ban_until_ns, 94 * SECOND);
    assert_int_equal(stats.bans, 1);
    assert_int_equal(stats.probing, 1);
    assert_int_equal(stats.totals.http_418, 1);
    stats = read(&client, 94 * SECOND);
    assert_int_equal(stats.ban_until_ns, 0);
    assert_int_equal(stats.probing, 1);
    weir_limiter_destroy(client.limiter);
}

static void test_load_of_others(void **state) {
    (void)state;
    struct client client = make("weir", known_clock, 4);
    assert_int_equal(order(&client, 2 * SECOND, WEIR_CRITICAL), WEIR_SEND);
    settle(&client, 1, 3 * SECOND, SECOND, 200,
           &(struct weir_header){"X-MBX-USED-WEIGHT-1M", "241"});
    const struct weir_stats stats = read(&client, 3 * SECOND);
    assert_int_equal(stats.limits[0].others, 240);
    assert_int_equal(stats.limits[0].used, 241);
    assert_true(stats.limits[0].others_expected > 0);
    assert_int_equal(stats.limits[1].others, 0);
    weir_limiter_destroy(client.limiter);
}

static void test_modes_and_time_left(void **state) {
    (void)state;
    static const struct weir_setting burst[] = {{"burst.requests", "3"}};
    struct client client = make("weir", burst, 1);
    struct weir_stats stats = read(&client, SECOND);
    assert_string_equal(stats.mode, "normal");
    assert_int_equal(stats.mode_until_ns, WEIR_NEVER);
    assert_int_equal(stats.burst_count, 0);
    for (int i = 0; i < 5; i++) {
        order(&client, 2 * SECOND, WEIR_CRITICAL);
    }
    stats = read(&client, 2 * SECOND);
    assert_string_equal(stats.mode, "burst");
    assert_int_equal(stats.mode_until_ns, 182 * SECOND);
    assert_int_equal(stats.burst_count, 1);
    for (int i = 0; i < 2; i++) {
        const struct weir_observation crash = {
            .now_ns = 3 * SECOND, .symbol = 1, .price = i == 0 ? 100 : 97, .notional_usd = 2e6};
        weir_observe(client.limiter, &crash);
    }
    stats = read(&client, 3 * SECOND);
    assert_string_equal(stats.mode, "liquidation");
    assert_int_equal(stats.mode_until_ns, 303 * SECOND);
    assert_int_equal(stats.liquidation_until_ns, 303 * SECOND);
    assert_int_equal(stats.burst_until_ns, 182 * SECOND);
    assert_int_equal(stats.liquidation_count, 1);
    // By time alone.
    stats = read(&client, 303 * SECOND);
    assert_string_equal(stats.mode, "normal");
    assert_int_equal(stats.burst_until_ns, 0);
    weir_limiter_destroy(client.limiter);
}

static void test_queue_lengths(void **state) {
    (void)state;
    struct client client = make("weir", known_clock, 4);
    struct weir_request request = request_of(WEIR_POST, "/fapi/v1/order", WEIR_CRITICAL);
    request.can_send = false;
    for (int i = 0; i < 6; i++) {
        request.priority = i < 3 ? WEIR_CRITICAL : i < 5 ? WEIR_NORMAL : WEIR_LOW;
        request.escalate_ns = i == 4 ? 4 * SECOND : WEIR_NEVER;
        request.value = i == 0 ? 1 : 0;
        assert_int_equal(submit(&client, 2 * SECOND, request), WEIR_QUEUE);
    }
    struct weir_stats stats = read(&client, 2 * SECOND);
    assert_int_equal(stats.queued[WEIR_CRITICAL], 3);
    assert_int_equal(stats.queued[WEIR_NORMAL], 2);
    assert_int_equal(stats.queued[WEIR_LOW], 1);
    struct weir_next next;
    assert_int_equal(weir_next_request(client.limiter, 5 * SECOND, 0, &next), WEIR_OK);
    stats = read(&client, 5 * SECOND);
    assert_int_equal(stats.queued[WEIR_CRITICAL], 4);
    assert_int_equal(stats.escalated, 1);
    assert_int_equal(stats.queued[WEIR_NORMAL], 1);
    weir_limiter_destroy(client.limiter);
}

/** The guide's figures as its code computes them, faults included. */
static void test_guide(void **state) {
    (void)state;
    struct client client = make("guide", NULL, 0);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(
            submit(&client, 2 * SECOND, request_of(WEIR_GET, "/fapi/v1/income", WEIR_NORMAL)),
            WEIR_SEND);
    }
    for (uint64_t id = 1; id <= 36; id++) {
        settle(&client, id, 3 * SECOND, SECOND, 200, NULL);
    }
    struct weir_stats stats = read(&client, 3 * SECOND);
    assert_int_equal(stats.limit_count, 2);
    assert_int_equal(stats.limits[0].used, 1080);
    assert_int_equal(stats.limits[0].usable[WEIR_CRITICAL], 2160);
    assert_int_equal(stats.limits[0].usable[WEIR_NORMAL], 1728);
    assert_true(near(stats.limits[0].usable_pct, 50));
    assert_true(near(stats.limits[0].used_pct, WEIR_NOT_TOLD));
    assert_int_equal(stats.limits[0].allowance, WEIR_NOT_TOLD);
    assert_int_equal(stats.limits[0].others, WEIR_NOT_TOLD);
    assert_true(near(stats.limits[1].usable_pct, WEIR_NOT_TOLD));
    assert_int_equal(stats.own.requests_sent, 36);
    assert_int_equal(stats.own.weight_used, 1080);
    assert_int_equal(stats.own.recent_requests, 36);
    assert_string_equal(stats.mode, "normal");
    assert_int_equal(stats.hold_until_ns, WEIR_NOT_TOLD);
    // The sum is not cleaned up by reading, the recent requests are.
    stats = read(&client, 603 * SECOND);
    assert_true(near(stats.limits[0].usable_pct, 50));
    assert_int_equal(stats.own.recent_requests, 0);
    settle(&client, 37, 604 * SECOND, SECOND, 429, NULL);
    stats = read(&client, 604 * SECOND);
    assert_int_equal(stats.own.received_429, 1);
    assert_int_equal(stats.own.consecutive_429, 1);
    assert_string_equal(stats.mode, "burst");
    // Burst mode began with the traffic above, ended, and begins again with the 429.
    assert_int_equal(stats.burst_count, 2);
    settle(&client, 38, 604 * SECOND, SECOND, 418, NULL);
    stats = read(&client, 604 * SECOND);
    assert_int_equal(stats.own.requests_dropped, 10);
    assert_int_equal(stats.ban_until_ns, 844 * SECOND);
    // A ban is forgotten only by the next check.
    assert_int_equal(read(&client, 1000 * SECOND).ban_until_ns, 844 * SECOND);
    settle(&client, 39, 605 * SECOND, SECOND, 200,
           &(struct weir_header){"X-MBX-USED-WEIGHT-1M", "1140"});
    assert_true(near(read(&client, 605 * SECOND).own.peak_pct, 50));
    weir_limiter_destroy(client.limiter);
}

/** A policy that tells nothing: everything but the library's counts is marked as not told. */
static void test_not_told(void **state) {
    (void)state;
    struct client client = make("gcra", NULL, 0);
    assert_int_equal(order(&client, 2 * SECOND, WEIR_CRITICAL), WEIR_SEND);
    const struct weir_stats stats = read(&client, 2 * SECOND);
    assert_int_equal(stats.totals.sent, 1);
    assert_int_equal(stats.limit_count, 0);
    assert_int_equal(stats.limits[0].used, WEIR_NOT_TOLD);
    assert_int_equal(stats.queued[WEIR_CRITICAL], WEIR_NOT_TOLD);
    assert_int_equal(stats.own.requests_sent, WEIR_NOT_TOLD);
    assert_null(stats.mode);
    assert_int_equal(stats.ban_until_ns, WEIR_NOT_TOLD);
    weir_limiter_destroy(client.limiter);
}

static void test_arguments(void **state) {
    (void)state;
    struct client client = make("weir", NULL, 0);
    struct weir_stats stats;
    memset(&stats, 0x5a, sizeof stats);
    assert_int_equal(weir_read_stats(client.limiter, SECOND, NULL, 8), WEIR_INVALID);
    assert_int_equal(weir_read_stats(client.limiter, -1, &stats, sizeof stats), WEIR_INVALID);
    assert_int_equal(weir_read_stats(client.limiter, INT64_MAX, &stats, sizeof stats),
                     WEIR_INVALID);
    // An older, smaller structure: nothing behind it is touched.
    assert_int_equal(
        weir_read_stats(client.limiter, SECOND, &stats, offsetof(struct weir_stats, totals)),
        WEIR_OK);
    assert_int_equal(stats.now_ns, SECOND);
    assert_int_equal(*(const unsigned char *)&stats.totals, 0x5a);
    // Before the latest call: the figures are those of the latest call.
    assert_int_equal(order(&client, 9 * SECOND, WEIR_CRITICAL), WEIR_SEND);
    assert_int_equal(read(&client, 2 * SECOND).now_ns, 9 * SECOND);
    weir_limiter_destroy(client.limiter);
}

/** Asking changes nothing: two clients, one of which is asked all the time, decide alike. */
static void test_reading_changes_nothing(void **state) {
    (void)state;
    for (size_t p = 0; weir_policy_at(p); p++) {
        struct draws draws = {.state = 7};
        const char *name = weir_policy_at(p)->name;
        struct client quiet = make(name, NULL, 0);
        struct client asked = make(name, NULL, 0);
        int64_t now_ns = SECOND;
        for (int i = 0; i < 3000; i++) {
            now_ns += draw(&draws, 0, 60 * MS);
            struct weir_request request =
                request_of(WEIR_POST, "/fapi/v1/order", (enum weir_priority)draw(&draws, 0, 2));
            request.value = (double)draw(&draws, 0, 3);
            request.may_queue = false;
            (void)read(&asked, now_ns + draw(&draws, 0, 200 * SECOND));
            const enum weir_answer answer = submit(&quiet, now_ns, request);
            assert_int_equal(submit(&asked, now_ns, request), answer);
            assert_int_equal(quiet.decision.until_ns, asked.decision.until_ns);
            if (answer == WEIR_SEND && draw_percent(&draws, 95)) {
                const int status = draw_percent(&draws, 1) ? 429 : 200;
                settle(&quiet, quiet.next_id - 1, now_ns, 0, status, NULL);
                settle(&asked, asked.next_id - 1, now_ns, 0, status, NULL);
            }
        }
        weir_limiter_destroy(quiet.limiter);
        weir_limiter_destroy(asked.limiter);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library_counts),
        cmocka_unit_test(test_sent_from_queue_and_dropped),
        cmocka_unit_test(test_recent_requests),
        cmocka_unit_test(test_usage_of_both_limits),
        cmocka_unit_test(test_peak_fades),
        cmocka_unit_test(test_sliding_is_read_by_time),
        cmocka_unit_test(test_holds_bans_and_learned_limits),
        cmocka_unit_test(test_load_of_others),
        cmocka_unit_test(test_modes_and_time_left),
        cmocka_unit_test(test_queue_lengths),
        cmocka_unit_test(test_guide),
        cmocka_unit_test(test_not_told),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_reading_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
