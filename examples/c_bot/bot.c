#include "bot.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "http.h"

#define JOBS_MAX 512
#define ENTER_WITHIN_NS (3 * SECOND_NS)
#define PROTECT_WITHIN_NS (10 * SECOND_NS)
#define INFORM_WITHIN_NS (5 * SECOND_NS)
#define TAKE_PROFIT_SHARE 0.01
#define STOP_LOSS_SHARE 0.02

enum kind {
    ENTRY,
    PROTECTION,
    POSITIONS,
    KINDS
};

static const struct {
    const char *name;
    enum weir_method method;
    const char *path;
    enum weir_priority priority;
} KIND[KINDS] = {
    [ENTRY] = {"entry", WEIR_POST, "/fapi/v1/order", WEIR_CRITICAL},
    [PROTECTION] = {"protection", WEIR_POST, "/fapi/v1/batchOrders", WEIR_NORMAL},
    [POSITIONS] = {"positions", WEIR_GET, "/fapi/v2/positionRisk", WEIR_LOW},
};

/** A request from the moment it is wanted until it is over. */
struct job {
    uint64_t id; /**< 0: free */
    enum kind kind;
    struct liquidation liquidation;
    double fill_price; /**< of the entry that a protection protects */
    int64_t wanted_ns;
};

/** How the jobs of a kind ended. */
struct tally {
    unsigned wanted;
    unsigned done;     /**< accepted by the exchange */
    unsigned not_sent; /**< refused or dropped by the limiter */
    unsigned rejected; /**< by the exchange */
    unsigned lost;
};

struct bot {
    struct weir_limiter *limiter;
    struct http *http;
    double stake_usd;
    weir_endpoint endpoints[KINDS];
    struct job jobs[JOBS_MAX];
    struct tally tallies[KINDS];
    uint64_t last_id;
};

static void take_reply(void *context, const struct weir_reply *reply);

struct bot *bot_create(const struct bot_plan *plan) {
    struct bot *bot = calloc(1, sizeof *bot);
    if (!bot) {
        return NULL;
    }
    struct weir_config config = {.limits = plan->limits,
                                 .limit_count = plan->limit_count,
                                 .now_ns = monotonic_ns(),
                                 .max_open = JOBS_MAX};
    struct weir_error error = {.text = "no memory"};
    bot->stake_usd = plan->stake_usd;
    bot->http =
        http_create(plan->base_url, plan->key, plan->secret, plan->connections, take_reply, bot);
    if (!bot->http ||
        weir_limiter_create(weir_policy_find("weir"), &config, &bot->limiter, &error) != WEIR_OK) {
        fprintf(stderr, "the bot cannot start: %s\n", error.text);
        bot_destroy(bot);
        return NULL;
    }
    for (size_t i = 0; i < KINDS; i++) {
        bot->endpoints[i] = weir_endpoint_find(KIND[i].method, KIND[i].path);
    }
    return bot;
}

void bot_destroy(struct bot *bot) {
    if (bot) {
        http_destroy(bot->http);
        weir_limiter_destroy(bot->limiter);
        free(bot);
    }
}

struct weir_limiter *bot_limiter(struct bot *bot) {
    return bot->limiter;
}

uint32_t bot_open(struct bot *bot) {
    return weir_open_requests(bot->limiter);
}

static struct job *find_job(struct bot *bot, uint64_t id) {
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (bot->jobs[i].id == id) {
            return &bot->jobs[i];
        }
    }
    return NULL;
}

/** Percent-encodes what a form may not hold as it is. */
static void encode(const char *text, char *encoded, size_t size) {
    size_t used = 0;
    for (; *text && used + 4 < size; text++) {
        bool plain = strchr("{}[]\":, ", *text) == NULL;
        used += (size_t)snprintf(encoded + used, size - used, plain ? "%c" : "%%%02X",
                                 (unsigned char)*text);
    }
}

/** Take-profit and stop-loss as one batch: 5 weight instead of 2, but one trip and one answer. */
static void write_protection(const struct bot *bot, const struct job *job, char *params,
                             size_t size) {
    bool is_long = job->liquidation.sell;
    double up = is_long ? 1 : -1;
    double quantity = bot->stake_usd / job->liquidation.price;
    char orders[1024] = "[";
    for (int i = 0; i < 2; i++) {
        double share = i == 0 ? up * TAKE_PROFIT_SHARE : -up * STOP_LOSS_SHARE;
        size_t end = strlen(orders);
        (void)snprintf(
            orders + end, sizeof orders - end,
            "%s{\"symbol\":\"%s\",\"side\":\"%s\",\"type\":\"%s\",\"stopPrice\":\"%.1f\","
            "\"quantity\":\"%.3f\",\"reduceOnly\":\"true\"}%s",
            i == 0 ? "" : ",", job->liquidation.symbol, is_long ? "SELL" : "BUY",
            i == 0 ? "TAKE_PROFIT_MARKET" : "STOP_MARKET", job->fill_price * (1 + share), quantity,
            i == 0 ? "" : "]");
    }
    char encoded[2048];
    encode(orders, encoded, sizeof encoded);
    (void)snprintf(params, size, "batchOrders=%s", encoded);
}

static void write_params(const struct bot *bot, const struct job *job, char *params, size_t size) {
    params[0] = '\0';
    if (job->kind == ENTRY) {
        (void)snprintf(params, size,
                       "symbol=%s&side=%s&type=MARKET&quantity=%.3f&newOrderRespType=RESULT",
                       job->liquidation.symbol, job->liquidation.sell ? "BUY" : "SELL",
                       bot->stake_usd / job->liquidation.price);
    } else if (job->kind == PROTECTION) {
        write_protection(bot, job, params, size);
    }
}

static void send_job(struct bot *bot, struct job *job) {
    char params[3072];
    write_params(bot, job, params, sizeof params);
    http_send(bot->http, job->id, KIND[job->kind].method, KIND[job->kind].path, params);
}

/** The limiter will not send it: the job is over. */
static void give_up(struct bot *bot, struct job *job, enum weir_reason reason) {
    bot->tallies[job->kind].not_sent++;
    printf("not sent: %s %s (%s)\n", KIND[job->kind].name, job->liquidation.symbol,
           weir_reason_name(reason));
    job->id = 0;
}

/** Asks the limiter: send now, wait in its queue, or never. */
static void want(struct bot *bot, struct job wanted, int64_t within_ns, int64_t escalate_ns,
                 double value) {
    struct job *job = find_job(bot, 0);
    bot->tallies[wanted.kind].wanted++;
    if (!job) {
        give_up(bot, &wanted, WEIR_REASON_QUEUE_FULL);
        return;
    }
    *job = wanted;
    job->id = ++bot->last_id;
    job->wanted_ns = monotonic_ns();
    struct weir_request request = {
        .id = job->id,
        .endpoint = bot->endpoints[job->kind],
        .params = {.limit = WEIR_LIMIT_OMITTED, .count = job->kind == PROTECTION ? 2 : 0},
        .priority = KIND[job->kind].priority,
        .deadline_ns = within_ns == WEIR_NEVER ? WEIR_NEVER : job->wanted_ns + within_ns,
        .escalate_ns = escalate_ns == WEIR_NEVER ? WEIR_NEVER : job->wanted_ns + escalate_ns,
        .value = value,
        .can_send = http_free(bot->http) > 0,
        .may_queue = true};
    struct weir_decision decision = {.answer = WEIR_REFUSE};
    enum weir_status status = weir_submit(bot->limiter, job->wanted_ns, &request, &decision);
    if (status == WEIR_OK && decision.answer == WEIR_SEND) {
        send_job(bot, job);
    } else if (status != WEIR_OK || decision.answer != WEIR_QUEUE) {
        // "weir" never answers HOLD to a caller that lets it queue
        give_up(bot, job, status == WEIR_FULL ? WEIR_REASON_QUEUE_FULL : decision.reason);
    }
}

void bot_enter(struct bot *bot, const struct liquidation *liquidation) {
    double notional_usd = liquidation->price * liquidation->quantity;
    // the stake is always the same; what it can earn follows the square root of the dislocation
    want(bot, (struct job){.kind = ENTRY, .liquidation = *liquidation}, ENTER_WITHIN_NS, WEIR_NEVER,
         sqrt(notional_usd));
}

void bot_ask_positions(struct bot *bot) {
    want(bot, (struct job){.kind = POSITIONS}, INFORM_WITHIN_NS, WEIR_NEVER, 0);
}

/** The price at which an order filled, from the exchange's answer; else the one given. */
static double fill_price(const struct weir_reply *reply, double otherwise) {
    json_t *order = json_loadb(reply->body, reply->body_length, 0, NULL);
    const char *text = json_string_value(json_object_get(order, "avgPrice"));
    double price = text ? strtod(text, NULL) : 0;
    json_decref(order);
    return price > 0 ? price : otherwise;
}

/** Whether the exchange took both orders of a batch: it answers 200 even if it took none. */
static bool took_both(const struct weir_reply *reply) {
    json_t *orders = json_loadb(reply->body, reply->body_length, 0, NULL);
    bool both = json_object_get(json_array_get(orders, 0), "orderId") &&
                json_object_get(json_array_get(orders, 1), "orderId");
    json_decref(orders);
    return both;
}

/** An entry filled: it must be protected, however long that takes, urgently after a while. */
static void protect(struct bot *bot, const struct job *entry, const struct weir_reply *reply) {
    double price = fill_price(reply, entry->liquidation.price);
    printf("captured: %s %s at %.1f, %.0f ms after the liquidation was seen\n",
           entry->liquidation.symbol, entry->liquidation.sell ? "BUY" : "SELL", price,
           (double)(reply->received_ns - entry->wanted_ns) / 1e6);
    want(bot,
         (struct job){.kind = PROTECTION, .liquidation = entry->liquidation, .fill_price = price},
         WEIR_NEVER, PROTECT_WITHIN_NS, 0);
}

/** Every reply and every loss goes to the limiter, once; then the bot looks at it. */
static void take_reply(void *context, const struct weir_reply *reply) {
    struct bot *bot = context;
    struct weir_settlement settlement;
    (void)weir_settle(bot->limiter, reply, &settlement);
    struct job *job = find_job(bot, reply->id);
    struct job over = *job;
    job->id = 0;
    struct tally *tally = &bot->tallies[over.kind];
    bool accepted =
        !reply->lost && reply->status == 200 && (over.kind != PROTECTION || took_both(reply));
    tally->done += accepted;
    tally->lost += reply->lost;
    tally->rejected += !accepted && !reply->lost;
    if (!accepted) {
        printf("%s: %s %s, status %d %.*s\n", reply->lost ? "lost" : "rejected",
               KIND[over.kind].name, over.liquidation.symbol, reply->status,
               (int)reply->body_length, reply->body);
    } else if (over.kind == ENTRY) {
        protect(bot, &over, reply);
    }
}

/** Sends what the limiter lets go; returns when to ask again. */
static int64_t pump(struct bot *bot) {
    for (;;) {
        struct weir_next next;
        if (weir_next_request(bot->limiter, monotonic_ns(), http_free(bot->http), &next) !=
            WEIR_OK) {
            return WEIR_NEVER;
        }
        if (next.kind == WEIR_NEXT_NONE) {
            return next.ask_again_ns;
        }
        struct job *job = find_job(bot, next.id);
        if (next.kind == WEIR_NEXT_SEND) {
            send_job(bot, job);
        } else {
            give_up(bot, job, next.reason);
        }
    }
}

void bot_work(struct bot *bot, int64_t longest_ns, int descriptor) {
    int64_t until_ns = pump(bot);
    int64_t now_ns = monotonic_ns();
    int64_t wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    http_wait(bot->http, wait_ns < longest_ns ? wait_ns : longest_ns, descriptor);
    (void)pump(bot);
}

static void print_limits(const struct weir_stats *stats) {
    for (size_t i = 0; i < stats->limit_count; i++) {
        const struct weir_limit_stats *limit = &stats->limits[i];
        printf("limiter: %s in %lld s: %lld of %lld used (%lld by others)\n",
               limit->type == WEIR_LIMIT_WEIGHT ? "weight" : "orders",
               (long long)(limit->interval_ns / SECOND_NS), (long long)limit->used,
               (long long)limit->allowance, (long long)limit->others);
    }
}

void bot_print(struct bot *bot) {
    for (size_t i = 0; i < KINDS; i++) {
        const struct tally *tally = &bot->tallies[i];
        unsigned over = tally->done + tally->not_sent + tally->rejected + tally->lost;
        printf("%s: %u wanted, %u done, %u not sent, %u rejected, %u lost, %u open\n", KIND[i].name,
               tally->wanted, tally->done, tally->not_sent, tally->rejected, tally->lost,
               tally->wanted - over);
    }
    struct weir_stats stats;
    int64_t now_ns = monotonic_ns();
    if (weir_read_stats(bot->limiter, now_ns, &stats, sizeof stats) != WEIR_OK) {
        return;
    }
    printf("limiter: %llu sent, weight %llu, orders %llu; 429: %llu, 418: %llu\n",
           (unsigned long long)stats.totals.sent, (unsigned long long)stats.totals.sent_weight,
           (unsigned long long)stats.totals.sent_orders, (unsigned long long)stats.totals.http_429,
           (unsigned long long)stats.totals.http_418);
    print_limits(&stats);
    if (stats.ban_until_ns > now_ns) {
        printf("limiter: banned for another %lld s\n",
               (long long)((stats.ban_until_ns - now_ns) / SECOND_NS));
    }
}
