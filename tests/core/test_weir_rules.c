// Policy weir, rule by rule, with a known clock (server time = client's time) unless it says else.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "weir/limiter.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define START (1000 * MINUTE) // a window begins here

static const struct weir_limit small_limits[] = {{WEIR_LIMIT_WEIGHT, MINUTE, 100},
                                                 {WEIR_LIMIT_ORDERS, MINUTE, 50},
                                                 {WEIR_LIMIT_ORDERS, 10 * SECOND, 10}};

/** One limiter and the number of the last request. */
struct client {
    struct weir_limiter *limiter;
    uint64_t last_id;
};

static struct client make(const struct weir_setting *extra, size_t extra_count) {
    struct weir_setting settings[8] = {{"normal.buffer", "0"},
                                       {"normal.reserve", "0"},
                                       {"reserve", "static"},
                                       {"clock", "known"},
                                       {"forecast", "off"}};
    size_t count = 5;
    for (size_t i = 0; i < extra_count; i++) {
        settings[count++] = extra[i];
    }
    struct weir_config config = {.limits = small_limits,
                                 .limit_count = 3,
                                 .settings = settings,
                                 .setting_count = count,
                                 .now_ns = START,
                                 .max_open = 1024};
    struct client client = {.limiter = NULL};
    struct weir_error error = {.text = ""};
    if (weir_limiter_create(weir_policy_find("weir"), &config, &client.limiter, &error) !=
        WEIR_OK) {
        print_error("%s\n", error.text);
    }
    assert_non_null(client.limiter);
    return client;
}

static struct weir_request order(struct client *client) {
    return (struct weir_request){.id = ++client->last_id,
                                 .endpoint = weir_endpoint_find(WEIR_POST, "/fapi/v1/order"),
                                 .params = WEIR_PARAMS_NONE,
                                 .deadline_ns = WEIR_NEVER,
                                 .escalate_ns = WEIR_NEVER,
                                 .can_send = true,
                                 .may_queue = true};
}

/** A request of weight 20 and no orders. */
static struct weir_request heavy(struct client *client) {
    struct weir_request request = order(client);
    request.endpoint = weir_endpoint_find(WEIR_GET, "/fapi/v1/commissionRate");
    return request;
}

/** A request of weight 1 and no orders. */
static struct weir_request light(struct client *client) {
    struct weir_request request = order(client);
    request.endpoint = weir_endpoint_find(WEIR_GET, "/fapi/v1/ping");
    return request;
}

static struct weir_decision submit(struct client *client, int64_t now,
                                   struct weir_request request) {
    struct weir_decision decision;
    assert_int_equal(weir_submit(client->limiter, now, &request, &decision), WEIR_OK);
    return decision;
}

static struct weir_decision ask(struct client *client, int64_t now, struct weir_request request) {
    struct weir_decision decision;
    assert_int_equal(weir_try(client->limiter, now, &request, &decision), WEIR_OK);
    return decision;
}

static struct weir_next next(struct client *client, int64_t now) {
    struct weir_next found;
    assert_int_equal(weir_next_request(client->limiter, now, 1, &found), WEIR_OK);
    return found;
}

static void settle_with(struct client *client, uint64_t id, int64_t sent, int64_t received,
                        int status, const struct weir_header *headers, size_t count,
                        const char *body) {
    struct weir_reply reply = {.id = id,
                               .lost = status == 0,
                               .status = status,
                               .sent_ns = sent,
                               .received_ns = received,
                               .headers = headers,
                               .header_count = count,
                               .body = body,
                               .body_length = body ? strlen(body) : 0};
    struct weir_settlement settlement;
    assert_int_equal(weir_settle(client->limiter, &reply, &settlement), WEIR_OK);
}

static void settle(struct client *client, uint64_t id, int64_t sent, int64_t received, int status) {
    settle_with(client, id, sent, received, status, NULL, 0, NULL);
}

/** The next event of that kind; fails if there is none. */
static struct weir_event event_of(struct client *client, const char *what) {
    struct weir_event event;
    while (weir_poll_event(client->limiter, &event)) {
        if (strcmp(event.what, what) == 0) {
            return event;
        }
    }
    fail_msg("no event %s", what);
    return event;
}

static void expect(struct weir_decision decision, enum weir_answer answer, enum weir_reason reason,
                   int64_t until) {
    assert_string_equal(weir_answer_name(decision.answer), weir_answer_name(answer));
    assert_string_equal(weir_reason_name(decision.reason), weir_reason_name(reason));
    assert_int_equal(decision.until_ns, until);
}

static void expect_none(struct client *client, int64_t now, enum weir_reason reason,
                        int64_t ask_again) {
    struct weir_next found = next(client, now);
    assert_int_equal(found.kind, WEIR_NEXT_NONE);
    assert_string_equal(weir_reason_name(found.reason), weir_reason_name(reason));
    assert_int_equal(found.ask_again_ns, ask_again);
}

static void expect_next(struct client *client, int64_t now, enum weir_next_kind kind, uint64_t id,
                        enum weir_reason reason) {
    struct weir_next found = next(client, now);
    assert_int_equal(found.kind, kind);
    assert_int_equal(found.id, id);
    assert_string_equal(weir_reason_name(found.reason), weir_reason_name(reason));
}

/** All limits at once, or none: a full ten-second limit holds orders only, until its own window
 *  ends. */
static void test_atomic_admission(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    for (int i = 0; i < 10; i++) {
        expect(ask(&client, START, order(&client)), WEIR_SEND, WEIR_REASON_NONE, 0);
    }
    expect(ask(&client, START, order(&client)), WEIR_HOLD, WEIR_REASON_ORDERS, START + 10 * SECOND);
    for (int i = 0; i < 4; i++) {
        expect(ask(&client, START, heavy(&client)), WEIR_SEND, WEIR_REASON_NONE, 0);
    }
    expect(ask(&client, START, heavy(&client)), WEIR_HOLD, WEIR_REASON_WEIGHT, START + MINUTE);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(ask(&client, START, light(&client)).answer, WEIR_SEND);
    }
    expect(ask(&client, START, order(&client)), WEIR_HOLD, WEIR_REASON_WEIGHT, START + MINUTE);
    weir_limiter_destroy(client.limiter);
}

static void test_deadlines(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    assert_int_equal(submit(&client, START, light(&client)).answer, WEIR_SEND);
    settle(&client, client.last_id, START, START + 100 * MS, 200);
    int64_t now = START + SECOND;
    struct weir_request request = light(&client);
    request.deadline_ns = now + 49 * MS; // a way takes 50 ms at least
    expect(submit(&client, now, request), WEIR_REFUSE, WEIR_REASON_DEADLINE, 0);
    request.deadline_ns = now + 50 * MS;
    assert_int_equal(submit(&client, now, request).answer, WEIR_SEND);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(submit(&client, now, heavy(&client)).answer, WEIR_SEND);
    }
    request = heavy(&client);
    request.deadline_ns = START + MINUTE + 49 * MS;
    expect(submit(&client, now, request), WEIR_REFUSE, WEIR_REASON_WEIGHT, START + MINUTE);
    request.deadline_ns = START + MINUTE + 50 * MS;
    expect(submit(&client, now, request), WEIR_QUEUE, WEIR_REASON_WEIGHT, START + MINUTE);
    expect_none(&client, now, WEIR_REASON_WEIGHT, START + MINUTE);
    expect_next(&client, START + MINUTE + MS, WEIR_NEXT_DROP, request.id, WEIR_REASON_DEADLINE);
    expect_none(&client, START + MINUTE + MS, WEIR_REASON_NONE, WEIR_NEVER);
    weir_limiter_destroy(client.limiter);
}

static void test_never_fits(void **state) {
    (void)state;
    struct weir_setting settings[] = {{"normal.reserve", "0.45"}};
    struct client client = make(settings, 1);
    struct weir_request request = heavy(&client);
    request.priority = WEIR_LOW; // may use 10
    expect(submit(&client, START, request), WEIR_REFUSE, WEIR_REASON_WEIGHT, 0);
    weir_limiter_destroy(client.limiter);
}

static int count_sends(struct client *client, enum weir_priority priority) {
    int sent = 0;
    for (;; sent++) {
        struct weir_request request = light(client);
        request.priority = priority;
        if (ask(client, START, request).answer != WEIR_SEND) {
            return sent;
        }
        settle(client, request.id, START, START, 200);
    }
}

static void test_nested_priorities(void **state) {
    (void)state;
    struct weir_setting settings[] = {{"normal.buffer", "0.1"}, {"normal.reserve", "0.2"}};
    struct client client = make(settings, 2);
    assert_int_equal(count_sends(&client, WEIR_LOW), 54);
    assert_int_equal(count_sends(&client, WEIR_NORMAL), 18);
    assert_int_equal(count_sends(&client, WEIR_CRITICAL), 18);
    assert_int_equal(count_sends(&client, WEIR_NORMAL), 0);
    weir_limiter_destroy(client.limiter);
    struct weir_setting flat[] = {{"normal.reserve", "0.2"}, {"priorities", "off"}};
    client = make(flat, 2);
    assert_int_equal(count_sends(&client, WEIR_LOW), 100);
    weir_limiter_destroy(client.limiter);
}

/** Fills the weight limit of the minute. */
static void fill(struct client *client, int64_t now) {
    for (int i = 0; i < 5; i++) {
        assert_int_equal(submit(client, now, heavy(client)).answer, WEIR_SEND);
    }
}

static void test_queues(void **state) {
    (void)state;
    struct weir_setting settings[] = {{"queue", "2"}};
    struct client client = make(settings, 1);
    fill(&client, START);
    struct weir_request low = light(&client);
    low.priority = WEIR_LOW;
    struct weir_request escalating = light(&client);
    escalating.priority = WEIR_NORMAL;
    escalating.escalate_ns = START + 20 * SECOND;
    struct weir_request first = light(&client);
    struct weir_request second = light(&client);
    struct weir_request third = light(&client);
    assert_int_equal(submit(&client, START, low).answer, WEIR_QUEUE);
    assert_int_equal(submit(&client, START, escalating).answer, WEIR_QUEUE);
    assert_int_equal(submit(&client, START, first).answer, WEIR_QUEUE);
    assert_int_equal(submit(&client, START, second).answer, WEIR_QUEUE);
    expect(submit(&client, START, third), WEIR_REFUSE, WEIR_REASON_QUEUE_FULL, START + MINUTE);
    expect_none(&client, START, WEIR_REASON_WEIGHT, START + 20 * SECOND);
    expect_none(&client, START + 20 * SECOND, WEIR_REASON_WEIGHT, START + MINUTE);
    assert_int_equal(weir_cancel(client.limiter, START + 20 * SECOND, second.id), WEIR_OK);
    assert_int_equal(weir_cancel(client.limiter, START + 20 * SECOND, second.id), WEIR_NO_SUCH);
    for (uint64_t id = 1; id <= 5; id++) {
        settle(&client, id, START, START + 21 * SECOND, 200);
    }
    int64_t now = START + MINUTE;
    expect_next(&client, now, WEIR_NEXT_SEND, escalating.id, WEIR_REASON_NONE);
    expect_next(&client, now, WEIR_NEXT_SEND, first.id, WEIR_REASON_NONE);
    struct weir_request late = light(&client);
    late.priority = WEIR_LOW;
    expect(submit(&client, now, late), WEIR_QUEUE, WEIR_REASON_ORDERING, now);
    expect_next(&client, now, WEIR_NEXT_SEND, low.id, WEIR_REASON_NONE);
    struct weir_next found;
    assert_int_equal(weir_next_request(client.limiter, now, 0, &found), WEIR_OK);
    assert_int_equal(found.kind, WEIR_NEXT_NONE);
    assert_int_equal(found.reason, WEIR_REASON_CONNECTION);
    assert_int_equal(found.ask_again_ns, WEIR_NEVER);
    expect_next(&client, now, WEIR_NEXT_SEND, late.id, WEIR_REASON_NONE);
    weir_limiter_destroy(client.limiter);
}

/** A critical order waits for its limit; a low request that needs none of it passes. */
static void test_blocked_head_blocks_nobody_else(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(submit(&client, START, order(&client)).answer, WEIR_SEND);
    }
    assert_int_equal(submit(&client, START, order(&client)).answer, WEIR_QUEUE);
    struct weir_request low = light(&client);
    low.priority = WEIR_LOW;
    assert_int_equal(submit(&client, START, low).answer, WEIR_SEND);
    weir_limiter_destroy(client.limiter);
}

static void test_connections(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    struct weir_request request = light(&client);
    request.can_send = false;
    expect(submit(&client, START, request), WEIR_QUEUE, WEIR_REASON_CONNECTION, 0);
    expect_next(&client, START, WEIR_NEXT_SEND, request.id, WEIR_REASON_NONE);
    request = light(&client);
    request.can_send = request.may_queue = false;
    expect(submit(&client, START, request), WEIR_REFUSE, WEIR_REASON_CONNECTION, 0);
    weir_limiter_destroy(client.limiter);
}

static const char order_429[] =
    "{\"code\":-1015,\"msg\":\"Too many new orders; current limit is 8 orders per 10 SECOND.\"}";
static const char weight_429[] = "{\"code\":-1003,\"msg\":\"Too many requests; current limit of "
                                 "IP(1.2.3.4) is 5000 requests per minute.\"}";

static void test_429(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    int64_t now = START + 12 * SECOND;
    assert_int_equal(submit(&client, now, order(&client)).answer, WEIR_SEND);
    assert_int_equal(submit(&client, now, light(&client)).answer, WEIR_SEND);
    settle_with(&client, 1, now, now + MS, 429, NULL, 0, order_429);
    assert_int_equal(event_of(&client, "limit").number, 8);
    assert_int_equal(event_of(&client, "hold").until_ns, START + 20 * SECOND);
    expect(ask(&client, now + MS, light(&client)), WEIR_HOLD, WEIR_REASON_BACKOFF,
           START + 20 * SECOND);
    struct weir_header retry = {"Retry-After", "30"};
    settle_with(&client, 2, now, now + 2 * MS, 429, &retry, 1, weight_429);
    int64_t end = now + 2 * MS + 30 * SECOND;
    expect(ask(&client, now + 3 * MS, light(&client)), WEIR_HOLD, WEIR_REASON_BACKOFF, end);
    struct weir_request urgent = light(&client);
    urgent.deadline_ns = end - 1;
    expect(submit(&client, now + 3 * MS, urgent), WEIR_REFUSE, WEIR_REASON_BACKOFF, end);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(ask(&client, end, order(&client)).answer, WEIR_SEND);
    }
    expect(ask(&client, end, order(&client)), WEIR_HOLD, WEIR_REASON_ORDERS, START + 50 * SECOND);
    assert_int_equal(ask(&client, end, heavy(&client)).answer, WEIR_SEND); // 5000 was not believed
    weir_limiter_destroy(client.limiter);
}

/** A 429 at a count far below the limit: what the header shows is all there is in this window. */
static void test_shown_limit(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(ask(&client, START, light(&client)).answer, WEIR_SEND);
    }
    struct weir_header headers[] = {{"Retry-After", "1"}, {"X-MBX-USED-WEIGHT-1M", "30"}};
    settle_with(&client, 30, START, START + MS, 429, headers, 2, "{\"code\":-1003}");
    expect(ask(&client, START + 2 * SECOND, light(&client)), WEIR_HOLD, WEIR_REASON_WEIGHT,
           START + MINUTE);
    assert_int_equal(ask(&client, START + MINUTE, light(&client)).answer, WEIR_SEND);
    weir_limiter_destroy(client.limiter);
}

/** After a ban the cheapest of all that wait is the probe, and of equals the one that matters
 *  least, even if an entry comes just then. */
static void test_cheapest_is_the_probe(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    assert_int_equal(submit(&client, START, light(&client)).answer, WEIR_SEND);
    settle_with(&client, 1, START, START + MS, 418, NULL, 0, NULL);
    int64_t end = START + MS + 2 * MINUTE;
    struct weir_request dear = light(&client);
    dear.endpoint = weir_endpoint_find(WEIR_GET, "/fapi/v1/depth");
    dear.priority = WEIR_LOW;
    struct weir_request cheap = light(&client);
    cheap.priority = WEIR_NORMAL;
    assert_int_equal(submit(&client, end - SECOND, dear).answer, WEIR_QUEUE);
    assert_int_equal(submit(&client, end - SECOND, cheap).answer, WEIR_QUEUE);
    struct weir_request entry = light(&client);
    entry.priority = WEIR_CRITICAL;
    entry.value = 5;
    assert_int_equal(submit(&client, end, entry).answer, WEIR_QUEUE);
    expect_next(&client, end, WEIR_NEXT_SEND, cheap.id, WEIR_REASON_NONE);
    settle(&client, cheap.id, end, end + MS, 200);
    expect_next(&client, end + MS, WEIR_NEXT_SEND, entry.id, WEIR_REASON_NONE);
    expect_next(&client, end + MS, WEIR_NEXT_SEND, dear.id, WEIR_REASON_NONE);
    weir_limiter_destroy(client.limiter);
}

static void test_ban_and_probe(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(submit(&client, START, light(&client)).answer, WEIR_SEND);
    }
    struct weir_request waiting = light(&client);
    waiting.can_send = false;
    waiting.deadline_ns = START + MINUTE;
    assert_int_equal(submit(&client, START, waiting).answer, WEIR_QUEUE);
    char body[96];
    int64_t end = START + 5 * MINUTE;
    (void)snprintf(body, sizeof body, "{\"code\":-1003,\"msg\":\"IP banned until %lld.\"}",
                   (long long)(end / MS));
    settle_with(&client, 1, START, START + MS, 418, NULL, 0, body);
    settle_with(&client, 2, START, START + 2 * MS, 418, NULL, 0, body);
    assert_int_equal(event_of(&client, "ban").until_ns, end);
    expect_next(&client, START + 2 * MS, WEIR_NEXT_DROP, waiting.id, WEIR_REASON_BANNED);
    settle(&client, 3, START, START + 3 * MS, 200); // was on the wire before: no probe
    expect(ask(&client, START + MINUTE, light(&client)), WEIR_HOLD, WEIR_REASON_BANNED, end);
    struct weir_request probe = light(&client);
    assert_int_equal(submit(&client, end, probe).answer, WEIR_SEND);
    assert_string_equal(event_of(&client, "probe").value, "sent");
    struct weir_decision behind = ask(&client, end, light(&client));
    assert_int_equal(behind.answer, WEIR_HOLD);
    assert_int_equal(behind.reason, WEIR_REASON_BANNED);
    struct weir_request queued = light(&client);
    assert_int_equal(submit(&client, end, queued).answer, WEIR_QUEUE);
    expect_none(&client, end, WEIR_REASON_BANNED, WEIR_NEVER);
    settle(&client, probe.id, end, end + SECOND, 0); // lost: the next one probes
    expect_next(&client, end + SECOND, WEIR_NEXT_SEND, queued.id, WEIR_REASON_NONE);
    assert_int_equal(ask(&client, end + SECOND, light(&client)).answer, WEIR_HOLD);
    settle(&client, queued.id, end + SECOND, end + 2 * SECOND, 200);
    assert_string_equal(event_of(&client, "ban").value, "over");
    assert_int_equal(ask(&client, end + 2 * SECOND, light(&client)).answer, WEIR_SEND);
    assert_int_equal(ask(&client, end + 2 * SECOND, light(&client)).answer, WEIR_SEND);
    weir_limiter_destroy(client.limiter);
}

/** Without a word about its length, a ban is guessed: two minutes, then four, and so on. */
static void test_guessed_bans(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    int64_t now = START;
    for (int64_t minutes = 2; minutes <= 4320; minutes = minutes * 2 < 4320 ? minutes * 2 : 4321) {
        struct weir_request request = light(&client);
        assert_int_equal(submit(&client, now, request).answer, WEIR_SEND);
        settle(&client, request.id, now, now + MS, 418);
        expect(ask(&client, now + MS, light(&client)), WEIR_HOLD, WEIR_REASON_BANNED,
               now + MS + minutes * MINUTE);
        now += MS + minutes * MINUTE;
    }
    weir_limiter_destroy(client.limiter);
}

static void test_switched_off(void **state) {
    (void)state;
    struct weir_setting settings[] = {{"backoff", "off"}, {"bans", "off"}, {"cost", "unit"}};
    struct client client = make(settings, 3);
    assert_int_equal(submit(&client, START, heavy(&client)).booked_weight, 1);
    assert_int_equal(submit(&client, START, heavy(&client)).booked_weight, 1);
    settle(&client, 1, START, START + MS, 429);
    settle(&client, 2, START, START + MS, 418);
    assert_int_equal(submit(&client, START + MS, light(&client)).answer, WEIR_SEND);
    weir_limiter_destroy(client.limiter);
    struct weir_setting on_reply[] = {{"reservation", "off"}, {"deadlines", "off"}};
    client = make(on_reply, 2);
    for (int i = 0; i < 8; i++) {
        struct weir_request request = heavy(&client);
        request.deadline_ns = START - 1;
        assert_int_equal(submit(&client, START, request).answer, WEIR_SEND);
    }
    for (uint64_t id = 1; id <= 5; id++) {
        settle(&client, id, START, START + MS, 200);
    }
    assert_int_equal(submit(&client, START + MS, heavy(&client)).answer, WEIR_QUEUE);
    weir_limiter_destroy(client.limiter);
}

/** Sends one light request and settles it with a count of the exchange. */
static void use_with_header(struct client *client, int64_t now, const char *used) {
    struct weir_header header = {"X-MBX-USED-WEIGHT-1M", used};
    struct weir_request request = light(client);
    assert_int_equal(ask(client, now, request).answer, WEIR_SEND);
    settle_with(client, request.id, now, now + MS, 200, &header, 1, NULL);
}

/** How many light requests still go at a moment. */
static int room_at(struct client *client, int64_t now) {
    for (int sent = 0;; sent++) {
        if (ask(client, now, light(client)).answer != WEIR_SEND) {
            return sent;
        }
    }
}

static void test_load_of_others(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    use_with_header(&client, START, "41"); // 40 of others
    use_with_header(&client, START, "30"); // out of order: the largest counts
    use_with_header(&client, START, "-7"); // garbage is no news
    use_with_header(&client, START, "1000000");
    assert_int_equal(room_at(&client, START + SECOND), 56);
    assert_int_equal(room_at(&client, START + MINUTE), 44); // what is in flight, but not the others
    weir_limiter_destroy(client.limiter);
    struct weir_setting deaf[] = {{"headers", "off"}};
    client = make(deaf, 1);
    use_with_header(&client, START, "41");
    assert_int_equal(room_at(&client, START + SECOND), 99);
    weir_limiter_destroy(client.limiter);
}

/** Others took 40 in the last window, in two steps of 20; they were counted again, at 1, in that
 *  second of this one. */
static struct client beside_others(int64_t second) {
    struct weir_setting settings[] = {{"forecast", "on"}};
    struct client client = make(settings, 1);
    use_with_header(&client, START + 30 * SECOND, "21");
    use_with_header(&client, START + 50 * SECOND, "42");
    use_with_header(&client, START + MINUTE + second * SECOND, "2");
    return client;
}

/** What others took in the last window they are expected to take again: room is kept for it, less
 *  and less towards the end of the window. */
static void test_others_are_forecast(void **state) {
    (void)state;
    int last = -1;
    for (int64_t second = 2; second < 60; second += 19) {
        struct client client = beside_others(second);
        int rest = (int)(40 * (60 - second) / 60);
        int room = room_at(&client, START + MINUTE + second * SECOND);
        assert_in_range(room, 98 - rest - 42, 98 - rest - 30); // and twice a step that surprised
        assert_true(room > last);
        last = room;
        weir_limiter_destroy(client.limiter);
    }
}

/** What others may have taken since they were counted last is not forgotten while nothing is
 *  heard of them: the room stays what it was then. */
static void test_silence_frees_nothing(void **state) {
    (void)state;
    struct client client = beside_others(2);
    int64_t now = START + MINUTE + 2 * SECOND;
    int room = room_at(&client, now);
    assert_int_equal(room_at(&client, now + 5 * SECOND), 0);
    weir_limiter_destroy(client.limiter);
    client = beside_others(2);
    assert_int_equal(room_at(&client, now + 9 * SECOND), room);
    weir_limiter_destroy(client.limiter);
}

/** Who waits for others to be done hears nothing of them: after a sixth of the window one request
 *  may go and ask, and only one. */
static void test_one_asks_after_silence(void **state) {
    (void)state;
    struct client client = beside_others(2);
    int64_t now = START + MINUTE + 2 * SECOND;
    uint64_t first = client.last_id + 1;
    int room = room_at(&client, now);
    for (int i = 0; i < room; i++) {
        settle_with(&client, first + (uint64_t)i, now, now, 200, NULL, 0, NULL);
    }
    assert_int_equal(room_at(&client, now + 9 * SECOND), 0);
    assert_int_equal(room_at(&client, now + 11 * SECOND), 1);
    weir_limiter_destroy(client.limiter);
}

/** How many light requests of low priority still go at a moment. */
static int low_room_at(struct client *client, int64_t now) {
    for (int sent = 0;; sent++) {
        struct weir_request request = light(client);
        request.priority = WEIR_LOW;
        if (ask(client, now, request).answer != WEIR_SEND) {
            return sent;
        }
    }
}

/** A reserve that follows the demand shrinks to nothing towards the end of the window, and comes
 *  back with entries. */
static void test_reserve_follows_demand(void **state) {
    (void)state;
    struct weir_setting settings[] = {{"reserve", "demand"}, {"normal.reserve", "0.1"}};
    int64_t seconds[] = {0, 30, 59};
    int rooms[] = {80, 90, 100};
    for (size_t i = 0; i < 3; i++) {
        struct client client = make(settings, 2);
        assert_int_equal(low_room_at(&client, START + seconds[i] * SECOND), rooms[i]);
        weir_limiter_destroy(client.limiter);
    }
    struct client client = make(settings, 2);
    for (int64_t i = 0; i < 20; i++) {
        struct weir_request entry = order(&client);
        entry.value = 1;
        int64_t now = START + (20 + i) * SECOND;
        assert_int_equal(ask(&client, now, entry).answer, WEIR_SEND);
        settle(&client, entry.id, now, now + MS, 200);
    }
    // 20 are used, and about 20 more entries are expected in the last 20 s.
    int room = low_room_at(&client, START + 40 * SECOND);
    assert_in_range(room, 50, 62);
    assert_in_range(room + low_room_at(&client, START + 59 * SECOND), 77, 80);
    weir_limiter_destroy(client.limiter);
}

/** Requests that overtake each other look like others on the IP, but prove none. */
static void test_overtaking_is_not_others(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(ask(&client, START, light(&client)).answer, WEIR_SEND);
    }
    struct weir_header ten = {"X-MBX-USED-WEIGHT-1M", "10"};
    settle_with(&client, 1, START, START + MS, 200, &ten, 1, NULL); // the first arrived last
    assert_int_equal(room_at(&client, START + SECOND), 90);
    weir_limiter_destroy(client.limiter);
}

/** The count of a window that is over says nothing about this one. */
static void test_old_counts_are_dropped(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    struct weir_request request = light(&client);
    assert_int_equal(ask(&client, START + 59 * SECOND, request).answer, WEIR_SEND);
    struct weir_header headers[] = {{"X-MBX-USED-WEIGHT-1M", "90"},
                                    {"Date", "Thu, 01 Jan 1970 16:40:59 GMT"}};
    settle_with(&client, request.id, START + 59 * SECOND, START + 61 * SECOND, 200, headers, 2,
                NULL);
    assert_int_equal(room_at(&client, START + 61 * SECOND), 100); // and it is known to be over
    weir_limiter_destroy(client.limiter);
}

/** A request that may arrive in the next window is counted there too; its reply settles it. */
static void test_in_flight_is_carried(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    struct weir_request request = heavy(&client);
    assert_int_equal(ask(&client, START + 59 * SECOND, request).answer, WEIR_SEND);
    assert_int_equal(room_at(&client, START + MINUTE), 80);
    weir_limiter_destroy(client.limiter);
    client = make(NULL, 0);
    request = heavy(&client);
    assert_int_equal(ask(&client, START + 59 * SECOND, request).answer, WEIR_SEND);
    settle(&client, request.id, START + 59 * SECOND, START + MINUTE - MS / 2, 0);
    assert_int_equal(room_at(&client, START + MINUTE), 80); // lost: it may be on its way still
    weir_limiter_destroy(client.limiter);
    client = make(NULL, 0);
    request = heavy(&client);
    assert_int_equal(ask(&client, START + 57 * SECOND, request).answer, WEIR_SEND);
    settle(&client, request.id, START + 57 * SECOND, START + 58 * SECOND, 0);
    assert_int_equal(room_at(&client, START + MINUTE), 100); // lost for good
    weir_limiter_destroy(client.limiter);
}

static void test_save_and_restore(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    struct weir_request request = order(&client);
    assert_int_equal(submit(&client, START, request).answer, WEIR_SEND);
    settle_with(&client, request.id, START, START, 429, NULL, 0, order_429);
    request = order(&client);
    assert_int_equal(submit(&client, START + 10 * SECOND, request).answer, WEIR_SEND);
    struct weir_header retry = {"Retry-After", "600"};
    int64_t now = START + 11 * SECOND;
    settle_with(&client, request.id, START + 10 * SECOND, now, 418, &retry, 1, NULL);
    unsigned char saved[512];
    size_t size = weir_save(client.limiter, now, NULL, 0);
    assert_true(size > 0 && size <= sizeof saved);
    assert_int_equal(weir_save(client.limiter, now, saved, sizeof saved), size);
    weir_limiter_destroy(client.limiter);

    client = make(NULL, 0); // another process: 100 s later, its own clock at START
    struct weir_error error;
    assert_int_equal(weir_restore(client.limiter, START, 100 * SECOND, saved, size, &error),
                     WEIR_OK);
    int64_t end = START + 500 * SECOND;
    expect(ask(&client, START, light(&client)), WEIR_HOLD, WEIR_REASON_BANNED, end);
    request = order(&client);
    assert_int_equal(ask(&client, end, request).answer, WEIR_SEND);
    assert_int_equal(ask(&client, end, order(&client)).answer, WEIR_HOLD); // it was the probe
    settle(&client, request.id, end, end + MS, 200);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(ask(&client, end + MS, order(&client)).answer, WEIR_SEND);
    }
    assert_int_equal(ask(&client, end + MS, order(&client)).answer, WEIR_HOLD); // learned: 8
    for (size_t i = 0; i < size; i++) {
        saved[i] ^= 1;
        assert_int_equal(weir_restore(client.limiter, end + MS, 0, saved, size, &error),
                         WEIR_INVALID);
        saved[i] ^= 1;
        assert_int_equal(weir_restore(client.limiter, end + MS, 0, saved, i, &error), WEIR_INVALID);
    }
    assert_int_equal(weir_restore(client.limiter, end + MS, -1, saved, size, &error), WEIR_INVALID);
    weir_limiter_destroy(client.limiter);
}

static void test_events(void **state) {
    (void)state;
    struct client client = make(NULL, 0);
    for (int i = 0; i < 2; i++) {
        struct weir_request request = light(&client);
        request.endpoint = WEIR_ENDPOINT_UNKNOWN;
        assert_int_equal(submit(&client, START, request).booked_weight, 50);
        settle(&client, request.id, START, START + MS, 200);
    }
    assert_int_equal(event_of(&client, "unknown-endpoint").number, 50);
    struct weir_event event;
    assert_false(weir_poll_event(client.limiter, &event));
    int64_t now = START;
    for (int i = 0; i < 70; i++) { // 70 holds: the ring keeps 64
        now += MINUTE;
        struct weir_request request = light(&client);
        assert_int_equal(submit(&client, now, request).answer, WEIR_SEND);
        settle(&client, request.id, now, now + MS, 429);
    }
    assert_true(weir_poll_event(client.limiter, &event));
    assert_string_equal(event.what, "events_lost");
    assert_int_equal(event.number, 6);
    weir_limiter_destroy(client.limiter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_atomic_admission),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_never_fits),
        cmocka_unit_test(test_nested_priorities),
        cmocka_unit_test(test_queues),
        cmocka_unit_test(test_blocked_head_blocks_nobody_else),
        cmocka_unit_test(test_connections),
        cmocka_unit_test(test_429),
        cmocka_unit_test(test_shown_limit),
        cmocka_unit_test(test_cheapest_is_the_probe),
        cmocka_unit_test(test_ban_and_probe),
        cmocka_unit_test(test_guessed_bans),
        cmocka_unit_test(test_switched_off),
        cmocka_unit_test(test_load_of_others),
        cmocka_unit_test(test_others_are_forecast),
        cmocka_unit_test(test_silence_frees_nothing),
        cmocka_unit_test(test_one_asks_after_silence),
        cmocka_unit_test(test_reserve_follows_demand),
        cmocka_unit_test(test_overtaking_is_not_others),
        cmocka_unit_test(test_old_counts_are_dropped),
        cmocka_unit_test(test_in_flight_is_carried),
        cmocka_unit_test(test_save_and_restore),
        cmocka_unit_test(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
