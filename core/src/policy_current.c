#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "event_ring.h"
#include "id_table.h"
#include "options.h"
#include "policies.h"
#include "reply_parse.h"

/**
 * The limiter that the bot had before: every request counts 1, whatever it costs; a header's value,
 * once seen, is believed for ever and never ages; a call that was told to wait is sent after the
 * wait without asking again; only calls that succeeded are counted, when their reply arrives.
 * docs/ describe it rule by rule. Its faults are the point of it: mend none of them here.
 */

#define SPAN_NS WEIR_MINUTE_NS        // what is counted: the last minute
#define HEADER_WAIT_NS WEIR_SECOND_NS // the wait when a header says the limit is reached
#define BAN_NS (2 * WEIR_MINUTE_NS)   // every ban is taken to last this long
#define TRAFFIC_SPAN_NS (10 * WEIR_SECOND_NS)
#define TRAFFIC_TIMES 100u // request times that are kept to judge the traffic
#define TRAFFIC_HIGH 50u   // this many of them within TRAFFIC_SPAN_NS switch burst mode on
#define BACKOFF_MAX_S 60

/**
 * Most times that a log holds. A log decides by its length (against limits below this) and by its
 * oldest entry, and what it holds is bounded only by what the network can answer in a minute,
 * since a held call goes out in any case. Past 65,536 successful replies a minute (27 times the
 * limit) the oldest are forgotten, and the waits told are those of the oldest still known.
 */
#define LOG_TIMES 65536u

/** Times of events of the last minute, oldest first. */
struct time_log {
    int64_t *times_ns;
    uint32_t first;
    uint32_t count;
};

/** Limits for critical requests and for the others, in one mode. */
struct thresholds {
    int64_t critical;
    int64_t others;
};

/** One thing that is counted: requests or orders. */
struct counted {
    struct time_log log;
    bool header_seen;
    int64_t header_value;
    struct thresholds normal;
    struct thresholds burst;
    enum weir_reason reason;
};

/** What a call is to the limiter. */
enum call {
    CALL_MARKET_DATA, /**< goes out without it */
    CALL_ORDER,       /**< one order: critical, and asked about orders only */
    CALL_OTHER        /**< asked about requests only */
};

struct current {
    struct counted requests;
    struct counted orders;
    struct weir_id_table calls; /**< enum call of each request on the wire */
    int64_t traffic_ns[TRAFFIC_TIMES];
    uint32_t traffic_next;
    uint32_t traffic_count;
    bool burst;
    bool banned;
    int64_t ban_until_ns;
    int consecutive_429;
    struct weir_event_ring events;
};

static const struct weir_option current_options[] = {
    {.key = "normal.buffer",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0.1",
     .min = 0,
     .max = 0.99,
     .help = "Share of both limits that is never used in normal mode."},
    {.key = "normal.reserve",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0.2",
     .min = 0,
     .max = 1,
     .help = "Share of what is left that only critical requests may use in normal mode."},
    {.key = "burst.buffer",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0.05",
     .min = 0,
     .max = 0.99,
     .help = "Share of both limits that is never used in burst mode."},
    {.key = "burst.reserve",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0.1",
     .min = 0,
     .max = 1,
     .help = "Share of what is left that only critical requests may use in burst mode."},
    {.key = NULL},
};

static struct thresholds thresholds_of(const struct weir_config *config, int64_t limit,
                                       const char *buffer_key, const char *reserve_key) {
    int64_t buffer = weir_option_billionths(current_options, config, buffer_key);
    int64_t reserve = weir_option_billionths(current_options, config, reserve_key);
    int64_t critical = weir_without_share(limit, buffer);
    return (struct thresholds){.critical = critical,
                               .others = weir_without_share(critical, reserve)};
}

/** The one-minute limit of a type; 0 if none was given. */
static int64_t minute_limit(const struct weir_config *config, enum weir_limit_type type) {
    for (size_t i = 0; i < config->limit_count; i++) {
        if (config->limits[i].type == type && config->limits[i].interval_ns == WEIR_MINUTE_NS) {
            return config->limits[i].limit;
        }
    }
    return 0;
}

static bool counted_init(struct counted *counted, const struct weir_config *config,
                         enum weir_limit_type type) {
    int64_t limit = minute_limit(config, type);
    counted->normal = thresholds_of(config, limit, "normal.buffer", "normal.reserve");
    counted->burst = thresholds_of(config, limit, "burst.buffer", "burst.reserve");
    counted->reason = type == WEIR_LIMIT_WEIGHT ? WEIR_REASON_WEIGHT : WEIR_REASON_ORDERS;
    counted->log.times_ns = malloc(LOG_TIMES * sizeof *counted->log.times_ns);
    return counted->log.times_ns != NULL;
}

static void current_destroy(void *self) {
    struct current *current = self;
    free(current->requests.log.times_ns);
    free(current->orders.log.times_ns);
    weir_id_table_free(&current->calls);
    free(current);
}

static enum weir_status current_create(const struct weir_config *config, void **self,
                                       struct weir_error *error) {
    if (minute_limit(config, WEIR_LIMIT_WEIGHT) < 1 ||
        minute_limit(config, WEIR_LIMIT_ORDERS) < 1 ||
        minute_limit(config, WEIR_LIMIT_WEIGHT) >= LOG_TIMES ||
        minute_limit(config, WEIR_LIMIT_ORDERS) >= LOG_TIMES) {
        return weir_fail(error, WEIR_INVALID,
                         "policy current needs one limit of a minute on weight and one on orders, "
                         "each below %u",
                         LOG_TIMES);
    }
    struct current *current = calloc(1, sizeof *current);
    if (!current) {
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for policy current");
    }
    bool made = counted_init(&current->requests, config, WEIR_LIMIT_WEIGHT);
    made = counted_init(&current->orders, config, WEIR_LIMIT_ORDERS) && made;
    made = weir_id_table_init(&current->calls, config->max_open) && made;
    if (!made) {
        current_destroy(current);
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for policy current");
    }
    *self = current;
    return WEIR_OK;
}

static void log_add(struct time_log *log, int64_t now_ns) {
    if (log->count == LOG_TIMES) {
        log->first = (log->first + 1) % LOG_TIMES;
        log->count--;
    }
    log->times_ns[(log->first + log->count) % LOG_TIMES] = now_ns;
    log->count++;
}

static void log_forget(struct time_log *log, int64_t before_ns) {
    while (log->count > 0 && log->times_ns[log->first] < before_ns) {
        log->first = (log->first + 1) % LOG_TIMES;
        log->count--;
    }
}

/** Market data goes out without the limiter: order book, exchange information, ticker. */
static enum call call_of(weir_endpoint endpoint) {
    const char *path = weir_endpoint_path(endpoint);
    static const char *const versions[] = {"/fapi/v1/", "/fapi/v3/"};
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(versions[i]);
        if (strncmp(path, versions[i], length) != 0) {
            continue;
        }
        const char *name = path + length;
        if (strcmp(name, "depth") == 0 || strcmp(name, "exchangeInfo") == 0 ||
            strncmp(name, "ticker/", strlen("ticker/")) == 0) {
            return CALL_MARKET_DATA;
        }
        if (strcmp(name, "order") == 0 && weir_endpoint_method(endpoint) == WEIR_POST) {
            return CALL_ORDER;
        }
    }
    return CALL_OTHER;
}

/** How long the limiter tells the call to wait; 0: go. */
static int64_t wait_for(struct current *current, struct counted *counted, bool critical,
                        int64_t now_ns) {
    const struct thresholds *thresholds = current->burst ? &counted->burst : &counted->normal;
    int64_t limit = critical ? thresholds->critical : thresholds->others;
    log_forget(&counted->log, now_ns - SPAN_NS);
    if (counted->header_seen) {
        return counted->header_value >= limit ? HEADER_WAIT_NS : 0;
    }
    if ((int64_t)counted->log.count < limit) {
        return 0;
    }
    if (counted->log.count == 0) {
        return HEADER_WAIT_NS; // a limit of 0: nothing to wait for the end of
    }
    return SPAN_NS - (now_ns - counted->log.times_ns[counted->log.first]);
}

/** Decides on a call that was not held before. */
static struct weir_decision ask(struct current *current, enum call call, int64_t now_ns) {
    if (current->banned && now_ns < current->ban_until_ns) {
        return (struct weir_decision){
            .answer = WEIR_HOLD, .reason = WEIR_REASON_BANNED, .until_ns = current->ban_until_ns};
    }
    current->banned = false;
    struct counted *counted = call == CALL_ORDER ? &current->orders : &current->requests;
    int64_t wait_ns = wait_for(current, counted, call == CALL_ORDER, now_ns);
    if (wait_ns > 0) {
        return (struct weir_decision){
            .answer = WEIR_HOLD, .reason = counted->reason, .until_ns = now_ns + wait_ns};
    }
    return (struct weir_decision){.answer = WEIR_SEND};
}

static enum weir_status current_submit(void *self, int64_t now_ns,
                                       const struct weir_request *request,
                                       struct weir_decision *decision) {
    struct current *current = self;
    enum call call = call_of(request->endpoint);
    if (!request->can_send) {
        *decision = (struct weir_decision){.answer = WEIR_REFUSE, .reason = WEIR_REASON_CONNECTION};
        return WEIR_OK;
    }
    *decision = (struct weir_decision){.answer = WEIR_SEND};
    if (call != CALL_MARKET_DATA && request->holds == 0) {
        *decision = ask(current, call, now_ns);
    }
    if (decision->answer == WEIR_HOLD) {
        weir_event_ring_add(&current->events,
                            (struct weir_event){.time_ns = now_ns,
                                                .what = "hold",
                                                .value = "call",
                                                .cause = weir_reason_name(decision->reason),
                                                .until_ns = decision->until_ns});
        return WEIR_OK;
    }
    return weir_id_table_add(&current->calls, request->id, (uint64_t)call) ? WEIR_OK : WEIR_FULL;
}

/** Fifty requests in ten seconds switch burst mode on. It would end after a minute, but its end is
 *  looked for only when a queued request is asked for, and nothing ever queues. */
static void note_traffic(struct current *current, int64_t now_ns) {
    current->traffic_ns[current->traffic_next] = now_ns;
    current->traffic_next = (current->traffic_next + 1) % TRAFFIC_TIMES;
    current->traffic_count += current->traffic_count < TRAFFIC_TIMES;
    if (current->burst) {
        return;
    }
    uint32_t recent = 0;
    for (uint32_t i = 0; i < current->traffic_count; i++) {
        recent += now_ns - current->traffic_ns[i] < TRAFFIC_SPAN_NS;
    }
    if (recent >= TRAFFIC_HIGH) {
        current->burst = true;
        weir_event_ring_add(&current->events, (struct weir_event){.time_ns = now_ns,
                                                                  .what = "mode",
                                                                  .value = "burst",
                                                                  .cause = "traffic",
                                                                  .until_ns = WEIR_NEVER});
    }
}

static bool contains_any_case(const char *text, const char *upper_part) {
    size_t length = strlen(upper_part);
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (i < length && text[i] != '\0' &&
               (text[i] == upper_part[i] ||
                (text[i] >= 'a' && text[i] <= 'z' && text[i] - 'a' + 'A' == upper_part[i]))) {
            i++;
        }
        if (i == length) {
            return true;
        }
    }
    return false;
}

/** A whole number, blanks around it and a sign allowed. */
static bool parse_value(const char *text, int64_t *value) {
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) {
        length--;
    }
    char number[24];
    if (length == 0 || length >= sizeof number) {
        return false;
    }
    memcpy(number, text, length);
    number[length] = '\0';
    return weir_parse_integer(number, value);
}

/** The last header of each kind counts, whatever its interval, until one is not a number. */
static void read_headers(struct current *current, const struct weir_reply *reply) {
    for (size_t i = 0; i < reply->header_count; i++) {
        const struct weir_header *header = &reply->headers[i];
        struct counted *counted = NULL;
        if (header->name && contains_any_case(header->name, "X-MBX-USED-WEIGHT")) {
            counted = &current->requests;
        } else if (header->name && contains_any_case(header->name, "X-MBX-ORDER-COUNT")) {
            counted = &current->orders;
        } else {
            continue;
        }
        int64_t value = 0;
        if (!header->value || !parse_value(header->value, &value)) {
            return;
        }
        counted->header_seen = true;
        counted->header_value = value;
    }
}

static void settle_success(struct current *current, enum call call, const struct weir_reply *reply,
                           struct weir_settlement *settlement) {
    current->consecutive_429 = 0;
    read_headers(current, reply);
    log_add(&current->requests.log, reply->received_ns);
    log_forget(&current->requests.log, reply->received_ns - SPAN_NS);
    note_traffic(current, reply->received_ns);
    settlement->booked_weight = 1;
    if (call == CALL_ORDER) {
        log_add(&current->orders.log, reply->received_ns);
        log_forget(&current->orders.log, reply->received_ns - SPAN_NS);
        settlement->booked_orders = 1;
    }
}

static void settle_429(struct current *current, enum call call, const struct weir_reply *reply,
                       struct weir_settlement *settlement) {
    if (call == CALL_ORDER) {
        return; // goes back to the caller at once and leaves no trace
    }
    current->consecutive_429++;
    int64_t seconds =
        current->consecutive_429 < 6 ? INT64_C(1) << current->consecutive_429 : BACKOFF_MAX_S;
    settlement->hold_until_ns = reply->received_ns + seconds * WEIR_SECOND_NS;
    weir_event_ring_add(&current->events,
                        (struct weir_event){.time_ns = reply->received_ns,
                                            .what = "hold",
                                            .value = "reply",
                                            .cause = "429",
                                            .number = (double)seconds,
                                            .until_ns = settlement->hold_until_ns});
}

static void settle_418(struct current *current, const struct weir_reply *reply) {
    current->banned = true;
    current->ban_until_ns = reply->received_ns + BAN_NS;
    weir_event_ring_add(&current->events, (struct weir_event){.time_ns = reply->received_ns,
                                                              .what = "ban",
                                                              .value = "on",
                                                              .cause = "418",
                                                              .until_ns = current->ban_until_ns});
}

static enum weir_status current_settle(void *self, const struct weir_reply *reply,
                                       struct weir_settlement *settlement) {
    struct current *current = self;
    const uint64_t *found = weir_id_table_find(&current->calls, reply->id);
    if (!found) {
        return WEIR_NO_SUCH;
    }
    enum call call = (enum call) * found;
    weir_id_table_remove(&current->calls, reply->id);
    *settlement = (struct weir_settlement){0};
    if (call == CALL_MARKET_DATA || reply->lost) {
        return WEIR_OK;
    }
    if (reply->status == 418) {
        settle_418(current, reply);
    } else if (reply->status == 429) {
        settle_429(current, call, reply, settlement);
    } else if (reply->status < 400) {
        settle_success(current, call, reply, settlement);
    }
    return WEIR_OK;
}

static bool current_poll_event(void *self, struct weir_event *event) {
    struct current *current = self;
    return weir_event_ring_take(&current->events, event);
}

const struct weir_policy weir_policy_current = {
    .abi = WEIR_POLICY_ABI,
    .size = sizeof(struct weir_policy),
    .flags = WEIR_POLICY_SIGNS_FIRST,
    .name = "current",
    .summary = "the bot's former limiter: every request counts 1, and a held call goes regardless",
    .options = current_options,
    .create = current_create,
    .destroy = current_destroy,
    .submit = current_submit,
    .settle = current_settle,
    .poll_event = current_poll_event,
};
