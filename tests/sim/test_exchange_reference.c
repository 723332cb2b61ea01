/**
 * The exchange against a slow, obvious model of it: random rules, random requests of several IPs
 * and accounts, at times that cluster where windows end, entries expire and bans run out. Every
 * field of every answer must agree. A failure names the seed of its sequence and the step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exchange.h"
#include "exchange_reference.h"

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define START (INT64_C(1760130000) * SECOND)

#define SEQUENCES 2500
#define STEPS 240
#define IPS 3
#define ACCOUNTS 3

struct random {
    uint64_t state;
};

/* SplitMix64. */
static uint64_t next(struct random *random) {
    random->state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = random->state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ (mixed >> 31);
}

/* A whole number from low to high, both included. */
static int64_t between(struct random *random, int64_t low, int64_t high) {
    return low + (int64_t)(next(random) % (uint64_t)(high - low + 1));
}

static bool chance(struct random *random, int64_t percent) {
    return between(random, 1, 100) <= percent;
}

/* From 1 to `small` with that chance, else from 1 to `large`. */
static int64_t up_to(struct random *random, int64_t percent, int64_t small, int64_t large) {
    return between(random, 1, chance(random, percent) ? small : large);
}

/* A span whose order of magnitude is drawn first, from nanoseconds to half an hour. */
static int64_t span(struct random *random) {
    static const int64_t scales[] = {1,           1000,        1000000,     100000000,
                                     SECOND,      10 * SECOND, MINUTE,      2 * MINUTE,
                                     10 * MINUTE, 30 * MINUTE, 60 * SECOND, 24 * SECOND};
    const int64_t scale = scales[between(random, 0, 11)];
    return chance(random, 50) ? scale : between(random, 1, scale);
}

/* One draw a statement: the order in which an initialiser evaluates them is the compiler's. */
static struct weir_exchange_rules draw_rules(struct random *random) {
    struct weir_exchange_rules rules = {0};
    rules.weight_per_minute = up_to(random, 50, 60, 600);
    rules.orders_per_minute = up_to(random, 70, 20, 200);
    rules.orders_per_10s = up_to(random, 50, 15, 1) - 1;
    rules.window = chance(random, 50) ? WEIR_WINDOW_FIXED : WEIR_WINDOW_SLIDING;
    rules.reject_at_limit = chance(random, 50);
    rules.charge_rejected = chance(random, 50);
    rules.charge_invalid = chance(random, 50);
    rules.ban_requests = (enum weir_ban_requests)between(random, 0, 2);
    rules.ban_after_429s = (int32_t)up_to(random, 70, 6, 40);
    rules.ban_window_ns = span(random);
    rules.ban_step_count = (int32_t)between(random, 1, WEIR_BAN_STEPS_MAX);
    rules.ban_decay_ns = span(random);
    rules.retry_after_weight = chance(random, 70);
    rules.retry_after_orders = chance(random, 70);
    rules.retry_after_ban = chance(random, 70);
    rules.batch_count = (enum weir_batch_count)between(random, 0, 2);
    rules.count_rejected_orders = chance(random, 50);
    rules.count_cancels = chance(random, 50);
    rules.order_header_always = chance(random, 50);
    for (int i = 0; i < WEIR_BAN_STEPS_MAX; i++) {
        rules.ban_steps_ns[i] = span(random);
    }
    return rules;
}

/* A sequence in progress. */
struct play {
    struct random random;
    struct weir_exchange *exchange;
    struct reference reference;
    int64_t now_ns;
    int64_t ban_end_ns; /* of the latest 418, whoever got it */
    int busy_percent;   /* share of requests that follow at once */
};

/* A moment at which something ends; it may have passed already. */
static int64_t draw_edge(struct play *play) {
    struct random *random = &play->random;
    const struct reference *reference = &play->reference;
    const int64_t interval = chance(random, 50) ? MINUTE : 10 * SECOND;
    const int64_t kind = between(random, 0, 3);
    if (kind == 0 && play->ban_end_ns != 0) {
        return play->ban_end_ns + (chance(random, 30) ? reference->rules.ban_decay_ns : 0);
    }
    if (kind == 1 && reference->charge_count > 0) {
        const int64_t last = (int64_t)reference->charge_count - 1;
        return reference->charges[between(random, 0, last)].time_ns + interval;
    }
    if (kind == 2 && reference->strike_count > 0) {
        const int64_t last = (int64_t)reference->strike_count - 1;
        return reference->strikes[between(random, 0, last)].time_ns +
               reference->rules.ban_window_ns;
    }
    return (play->now_ns / interval + 1) * interval;
}

static void draw_time(struct play *play) {
    struct random *random = &play->random;
    if (chance(random, play->busy_percent)) {
        play->now_ns += chance(random, 50) ? 0 : between(random, 0, 3000000);
        return;
    }
    if (chance(random, 40)) {
        play->now_ns += span(random);
        return;
    }
    const int64_t edge_ns = draw_edge(play);
    const int64_t side = between(random, -1, 1);
    const int64_t time = edge_ns + side * (chance(random, 70) ? 1 : INT64_C(1000000));
    if (time > play->now_ns) {
        play->now_ns = time;
    }
}

/* Length of a list: mostly a valid one. */
static int32_t draw_count(struct random *random) {
    return (int32_t)(chance(random, 80) ? between(random, 1, 5) : between(random, -1, 12));
}

static const struct reference_endpoint *draw_request(struct play *play,
                                                     struct weir_exchange_request *request) {
    static const int32_t refusals[] = {-1021, -2019, -2022, -2025, -4045, -2011,
                                       -2013, -1111, -1102, -4021, -9999};
    static const int32_t outages[] = {0, 0, -1008, -1006, -1007};
    static const int32_t limits[] = {WEIR_LIMIT_OMITTED, 5, 100, 500, 1000, 7, 0, 1501, -3};
    struct random *random = &play->random;
    memset(request, 0, sizeof *request);
    request->ip = (uint32_t)between(random, 0, chance(random, 60) ? 0 : IPS - 1);
    request->account = (uint32_t)between(random, 0, chance(random, 60) ? 0 : ACCOUNTS - 1);
    request->params.limit = limits[chance(random, 60) ? 0 : between(random, 0, 8)];
    request->params.count = draw_count(random);
    request->params.has_symbol = chance(random, 93);
    request->refused_code = chance(random, 8) ? refusals[between(random, 0, 10)] : 0;
    request->unavailable = chance(random, 8);
    request->unavailable_code = outages[between(random, 0, 4)];
    if (chance(random, 2)) {
        request->endpoint = WEIR_ENDPOINT_UNKNOWN;
        return NULL;
    }
    const struct reference_endpoint *kind =
        &reference_endpoints[between(random, 0, (int64_t)reference_endpoint_count - 1)];
    request->endpoint = weir_endpoint_find(kind->method, kind->path);
    assert_true(request->endpoint != WEIR_ENDPOINT_UNKNOWN);
    return kind;
}

static bool same_headers(const struct weir_exchange_answer *got,
                         const struct reference_answer *want) {
    if (got->header_count != want->header_count) {
        return false;
    }
    for (size_t i = 0; i < want->header_count; i++) {
        if (strcmp(got->headers[i].name, want->names[i]) != 0 ||
            strcmp(got->headers[i].value, want->values[i]) != 0) {
            return false;
        }
    }
    return true;
}

static bool same_body(const struct weir_exchange_answer *got, const struct reference_answer *want) {
    if (got->body == NULL) {
        return want->body[0] == '\0' && got->body_length == 0;
    }
    return strcmp(got->body, want->body) == 0 && got->body_length == strlen(want->body);
}

static bool same(const struct weir_exchange_answer *got, const struct reference_answer *want) {
    return got->status == want->status && got->code == want->code && got->limit == want->limit &&
           got->charged_weight == want->charged_weight &&
           got->charged_orders == want->charged_orders && got->ban_until_ns == want->ban_until_ns &&
           got->used_weight == want->used_weight && got->used_orders == want->used_orders &&
           same_headers(got, want) && same_body(got, want);
}

static void print_difference(uint64_t seed, int step, int64_t now_ns,
                             const struct weir_exchange_answer *got,
                             const struct reference_answer *want) {
    print_error("seed %" PRIu64 ", step %d, time %" PRId64 " ns\n", seed, step, now_ns);
    print_error("got  %d code %d limit %d charged %d/%d used %" PRId64 "/%" PRId64
                " ban until %" PRId64 "\n",
                got->status, (int)got->code, (int)got->limit, (int)got->charged_weight,
                (int)got->charged_orders, got->used_weight, got->used_orders, got->ban_until_ns);
    print_error("want %d code %d limit %d charged %" PRId64 "/%" PRId64 " used %" PRId64 "/%" PRId64
                " ban until %" PRId64 "\n",
                want->status, (int)want->code, (int)want->limit, want->charged_weight,
                want->charged_orders, want->used_weight, want->used_orders, want->ban_until_ns);
    for (size_t i = 0; i < got->header_count; i++) {
        print_error("got  %s: %s\n", got->headers[i].name, got->headers[i].value);
    }
    for (size_t i = 0; i < want->header_count; i++) {
        print_error("want %s: %s\n", want->names[i], want->values[i]);
    }
    print_error("got  %s\nwant %s\n", got->body == NULL ? "(no body)" : got->body, want->body);
}

/* Asks what a bystander may ask; the answers must not depend on whether anyone asks. */
static bool queries_agree(struct play *play) {
    const uint32_t ip = (uint32_t)between(&play->random, 0, IPS - 1);
    const uint32_t account = (uint32_t)between(&play->random, 0, ACCOUNTS - 1);
    const struct weir_exchange_rules *rules = &play->reference.rules;
    struct weir_limit limits[WEIR_LIMITS_MAX];
    const size_t count = weir_exchange_limits(play->exchange, limits);
    return weir_exchange_used_weight(play->exchange, ip, play->now_ns) ==
               reference_used_weight(&play->reference, ip, play->now_ns) &&
           weir_exchange_used_orders(play->exchange, account, play->now_ns) ==
               reference_used_orders(&play->reference, account, play->now_ns, MINUTE) &&
           weir_exchange_banned_until(play->exchange, ip, play->now_ns) ==
               reference_banned_until(&play->reference, ip, play->now_ns) &&
           count == (rules->orders_per_10s > 0 ? 3 : 2) &&
           limits[0].limit == rules->weight_per_minute &&
           limits[1].limit == rules->orders_per_minute &&
           (count == 2 || limits[2].limit == rules->orders_per_10s);
}

static void disturb(struct play *play) {
    if (chance(&play->random, 1)) {
        const double factor = (double)between(&play->random, 1, 1000) / 1000.0;
        weir_exchange_tighten(play->exchange, factor);
        reference_tighten(&play->reference, factor);
    }
    if (between(&play->random, 1, 400) == 1) {
        weir_exchange_reset(play->exchange);
        reference_reset(&play->reference);
        play->now_ns -= chance(&play->random, 50) ? between(&play->random, 0, 30 * MINUTE) : 0;
        play->ban_end_ns = 0;
    }
}

static void play_step(struct play *play, uint64_t seed, int step, int *statuses) {
    struct weir_exchange_request request;
    struct weir_exchange_answer got;
    struct reference_answer want;
    draw_time(play);
    disturb(play);
    if (chance(&play->random, 10) && !queries_agree(play)) {
        print_error("seed %" PRIu64 ", step %d\n", seed, step);
        fail_msg("a query differs from the reference");
    }
    const struct reference_endpoint *kind = draw_request(play, &request);
    memset(&got, 0xA5, sizeof got); /* what the exchange leaves unset must show */
    weir_exchange_handle(play->exchange, play->now_ns, &request, &got);
    reference_handle(&play->reference, play->now_ns, &request, kind, &want);
    if (!same(&got, &want)) {
        print_difference(seed, step, play->now_ns, &got, &want);
        fail_msg("the answer differs from the reference");
    }
    if (got.status == 418) {
        play->ban_end_ns = got.ban_until_ns;
    }
    statuses[got.status]++;
}

static void test_random_sequences_agree(void **state) {
    (void)state;
    static struct play play;
    int statuses[600] = {0};
    for (uint64_t seed = 1; seed <= SEQUENCES; seed++) {
        play.random.state = seed * UINT64_C(0x2545F4914F6CDD1D);
        const struct weir_exchange_rules rules = draw_rules(&play.random);
        play.busy_percent = (int)between(&play.random, 10, 95);
        play.now_ns = START + between(&play.random, 0, 2 * MINUTE);
        play.ban_end_ns = 0;
        play.exchange = weir_exchange_create(&rules, IPS, ACCOUNTS);
        assert_non_null(play.exchange);
        reference_start(&play.reference, &rules);
        for (int step = 0; step < STEPS; step++) {
            play_step(&play, seed, step, statuses);
        }
        weir_exchange_destroy(play.exchange);
    }
    print_message("200: %d, 400: %d, 418: %d, 429: %d, 503: %d\n", statuses[200], statuses[400],
                  statuses[418], statuses[429], statuses[503]);
    assert_true(statuses[200] > 50000 && statuses[400] > 10000 && statuses[418] > 10000 &&
                statuses[429] > 10000 && statuses[503] > 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_sequences_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
