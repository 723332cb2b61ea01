#include "property.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "weir/limiter.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define EPOCH_NS (INT64_C(1700000000) * SECOND)
#define QUIET_NS (96 * 60 * MINUTE) // longer than the longest ban

enum fate {
    FATE_ENDED,
    FATE_QUEUED,
    FATE_ON_THE_WIRE
};

/** One request, and where it really arrived. */
struct entry {
    struct weir_request request;
    enum fate fate;
    int64_t delay_ns;
    int64_t sent_ns;    /**< 0: never */
    int64_t arrives_ns; /**< caller's clock; WEIR_NEVER if it does not */
    int64_t server_ns;  /**< exchange's clock then */
    int64_t ended_ns;
    bool lost;
};

struct model {
    const struct input *input;
    struct weir_limiter *limiter;
    int64_t now_ns;
    int64_t offset_ns;
    struct weir_limit limits[3];
    size_t limit_count;
    bool sliding;
    bool valued;
    int64_t queue;
    struct entry entries[STEPS_MAX + 2];
    uint32_t entry_count;
    bool steady;  /**< no step of the clock and no restart so far */
    bool limited; /**< a 429 or 418 was answered */
    int64_t silent_until_ns;
    bool probing;
    uint64_t probe_id;
    int64_t ban_learned_ns;
    int64_t liquidation_until_ns;
    int64_t burst_until_ns;
    bool failed;
    char *why;
    size_t why_size;
    size_t step;
};

/** Notes the first property that does not hold. */
static void note(struct model *model, const char *what, int line) {
    if (!model->failed) {
        model->failed = true;
        (void)snprintf(model->why, model->why_size, "after step %zu: %s (line %d)", model->step + 1,
                       what, line);
    }
}

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            note(model, #condition, __LINE__);                                                     \
        }                                                                                          \
    } while (0)

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static struct weir_cost cost_of(const struct entry *entry) {
    return weir_endpoint_cost(entry->request.endpoint, entry->request.params);
}

static int64_t amount_of(const struct entry *entry, enum weir_limit_type type) {
    const struct weir_cost cost = cost_of(entry);
    return type == WEIR_LIMIT_WEIGHT ? cost.weight : cost.orders;
}

static struct entry *entry_of(struct model *model, uint64_t id) {
    return &model->entries[id - 1];
}

/** The n-th entry with a fate, counted around; NULL if there is none. */
static struct entry *pick(struct model *model, enum fate fate, int n) {
    uint32_t found[STEPS_MAX + 2];
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->entry_count; i++) {
        if (model->entries[i].fate == fate) {
            found[count++] = i;
        }
    }
    return count > 0 ? &model->entries[found[(uint32_t)n % count]] : NULL;
}

/* ---- the limiter under test ---- */

static void make_limiter(struct model *model) {
    const int *plan = model->input->plan;
    char queue[16];
    char offset[32];
    (void)snprintf(queue, sizeof queue, "%d", (int)model->queue);
    (void)snprintf(offset, sizeof offset, "%lld", (long long)(model->offset_ns / MS));
    const char *study = model->valued ? "on" : "off";
    const struct weir_setting settings[] = {
        {"normal.buffer", "0"},
        {"burst.buffer", "0"},
        {"liquidation.buffer", "0"},
        {"burst.requests", "20"},
        {"queue", queue},
        {"window", model->sliding ? "sliding" : "fixed"},
        {"value", study},
        {"protect", study},
        {"reserve", model->valued ? "demand" : "static"},
        {"clock", plan[PLAN_KNOWN] >= 50 ? "known" : "estimate"},
        {"clock_offset_ms", offset},
    };
    const struct weir_config config = {.limits = model->limits,
                                       .limit_count = model->limit_count,
                                       .settings = settings,
                                       .setting_count = sizeof settings / sizeof settings[0],
                                       .now_ns = model->now_ns,
                                       .max_open = STEPS_MAX + 2};
    EXPECT(weir_limiter_create(weir_policy_find("weir"), &config, &model->limiter, NULL) ==
           WEIR_OK);
}

static void set_up(struct model *model) {
    const int *plan = model->input->plan;
    const int64_t orders = 5 + 3 * plan[PLAN_ORDERS];
    model->limits[0] = (struct weir_limit){WEIR_LIMIT_WEIGHT, MINUTE, 60 + 10 * plan[PLAN_WEIGHT]};
    model->limits[1] = (struct weir_limit){WEIR_LIMIT_ORDERS, MINUTE, orders};
    model->limits[2] = (struct weir_limit){WEIR_LIMIT_ORDERS, 10 * SECOND, orders / 2 + 5};
    model->limit_count = plan[PLAN_TEN] >= 50 ? 3 : 2;
    model->sliding = plan[PLAN_SLIDING] >= 50;
    model->valued = plan[PLAN_VALUE] >= 50;
    model->queue = 1 + plan[PLAN_QUEUE] / 4;
    model->now_ns = 1000 * SECOND;
    model->offset_ns = EPOCH_NS + plan[PLAN_OFFSET] * 617 * MS;
    model->steady = true;
    make_limiter(model);
}

static struct weir_stats stats_of(struct model *model) {
    struct weir_stats stats = {.now_ns = 0};
    EXPECT(weir_read_stats(model->limiter, model->now_ns, &stats, sizeof stats) == WEIR_OK);
    return stats;
}

/* ---- what must hold when a request is sent ---- */

/** A request of lower priority leaves what is reserved, whatever has really been sent since the
 *  exchange's present window began. */
static void check_reserve(struct model *model, const struct entry *sent) {
    if (model->valued || model->sliding || !model->steady ||
        sent->request.priority == WEIR_CRITICAL || sent->request.escalate_ns <= model->now_ns) {
        return;
    }
    const struct weir_stats stats = stats_of(model);
    for (size_t i = 0; i < model->limit_count; i++) {
        const struct weir_limit *limit = &model->limits[i];
        const int64_t server_ns = model->now_ns + model->offset_ns;
        const int64_t begin_ns =
            floor_div(server_ns, limit->interval_ns) * limit->interval_ns - model->offset_ns;
        int64_t sum = 0;
        for (uint32_t j = 0; j < model->entry_count; j++) {
            const struct entry *entry = &model->entries[j];
            sum += entry->sent_ns >= begin_ns && entry->sent_ns > 0 ? amount_of(entry, limit->type)
                                                                    : 0;
        }
        const double share = stats.mode[0] == 'n' ? 0.2 : stats.mode[0] == 'b' ? 0.1 : 0.05;
        const double kept = sent->request.priority == WEIR_NORMAL ? share : 2 * share;
        EXPECT(amount_of(sent, limit->type) == 0 ||
               (double)sum <= (double)limit->limit * (1 - kept) + 1e-6);
    }
}

static void put_on_wire(struct model *model, struct entry *entry) {
    entry->fate = FATE_ON_THE_WIRE;
    entry->sent_ns = model->now_ns;
    entry->arrives_ns = model->now_ns + entry->delay_ns;
    entry->server_ns = entry->arrives_ns + model->offset_ns;
    EXPECT(model->now_ns <= entry->request.deadline_ns);
    EXPECT(model->now_ns >= model->silent_until_ns);
    EXPECT(!model->probing || model->probe_id == 0);
    model->probe_id = model->probing ? entry->request.id : 0;
    check_reserve(model, entry);
}

/** All that may count against a limit now, with a margin for the buckets that forget. */
static int64_t may_count(const struct model *model, const struct weir_limit *limit) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < model->entry_count; i++) {
        const struct entry *entry = &model->entries[i];
        const int64_t span_ns = limit->interval_ns + limit->interval_ns / 50;
        const int64_t late_ns = entry->lost ? 2 * MINUTE : 0;
        const bool counts = entry->fate == FATE_ON_THE_WIRE ||
                            (entry->sent_ns > 0 && entry->fate == FATE_ENDED &&
                             entry->ended_ns + span_ns + late_ns >= model->now_ns);
        sum += counts ? amount_of(entry, limit->type) : 0;
    }
    return sum;
}

/** A critical request does not wait for a limit that has room. */
static void check_critical_waits(struct model *model, const struct entry *entry,
                                 const struct weir_decision *decision) {
    const bool for_limit =
        decision->reason == WEIR_REASON_WEIGHT || decision->reason == WEIR_REASON_ORDERS;
    if (model->valued || model->limited || !model->steady || !for_limit ||
        entry->request.priority != WEIR_CRITICAL) {
        return;
    }
    bool fits = true;
    for (size_t i = 0; i < model->limit_count; i++) {
        const struct weir_limit *limit = &model->limits[i];
        fits = fits && may_count(model, limit) + amount_of(entry, limit->type) <= limit->limit;
    }
    // Other critical requests that wait go first; what they need counts as well.
    EXPECT(!fits || pick(model, FATE_QUEUED, 0) != NULL);
}

/* ---- steps ---- */

static void decode_request(struct model *model, const int *number, struct weir_request *request) {
    static const struct {
        enum weir_method method;
        const char *path;
    } kinds[] = {{WEIR_POST, "/fapi/v1/order"},     {WEIR_POST, "/fapi/v1/order"},
                 {WEIR_GET, "/fapi/v1/depth"},      {WEIR_POST, "/fapi/v1/batchOrders"},
                 {WEIR_GET, "/fapi/v1/openOrders"}, {WEIR_DELETE, "/fapi/v1/order"}};
    const size_t kind = (size_t)number[0] % 6;
    *request = (struct weir_request){
        .endpoint = weir_endpoint_find(kinds[kind].method, kinds[kind].path),
        .params = WEIR_PARAMS_NONE,
        .priority = (enum weir_priority)(number[1] % 3),
        .deadline_ns = WEIR_NEVER,
        .escalate_ns = WEIR_NEVER,
        .can_send = number[3] % 4 != 3,
        .may_queue = number[3] % 5 != 4,
    };
    request->may_queue = request->may_queue || !request->can_send;
    request->params.count = kind == 3 ? 1 + number[0] / 6 % 5 : 0;
    request->value = request->priority == WEIR_CRITICAL ? number[1] / 3 % 8 : 0;
    if (number[3] >= 50) {
        request->deadline_ns = model->now_ns + (number[3] - 50) * 100 * MS;
    }
    if (request->priority == WEIR_NORMAL && number[3] % 7 == 6) {
        request->escalate_ns = model->now_ns + number[0] * 50 * MS;
    }
}

static void step_submit(struct model *model, const int *number) {
    struct entry *entry = &model->entries[model->entry_count++];
    *entry = (struct entry){.fate = FATE_ENDED, .arrives_ns = WEIR_NEVER};
    decode_request(model, number, &entry->request);
    entry->request.id = model->entry_count;
    entry->delay_ns = number[2] < 90 ? number[2] * MS : (number[2] - 89) * 400 * MS;
    struct weir_decision decision;
    EXPECT(weir_submit(model->limiter, model->now_ns, &entry->request, &decision) == WEIR_OK);
    switch (decision.answer) {
    case WEIR_SEND:
        EXPECT(entry->request.can_send);
        put_on_wire(model, entry);
        break;
    case WEIR_QUEUE:
        EXPECT(entry->request.may_queue);
        check_critical_waits(model, entry, &decision);
        entry->fate = FATE_QUEUED;
        break;
    case WEIR_HOLD:
        EXPECT(entry->request.can_send && decision.until_ns > model->now_ns);
        check_critical_waits(model, entry, &decision);
        break;
    case WEIR_REFUSE:
        EXPECT(decision.reason != WEIR_REASON_DEADLINE || entry->request.deadline_ns != WEIR_NEVER);
        break;
    }
}

static void step_next(struct model *model, uint32_t connections) {
    for (int i = 0; i < 2 * (int)STEPS_MAX; i++) {
        struct weir_next next;
        EXPECT(weir_next_request(model->limiter, model->now_ns, connections, &next) == WEIR_OK);
        if (next.kind == WEIR_NEXT_NONE || model->failed) {
            EXPECT(next.ask_again_ns > model->now_ns);
            return;
        }
        struct entry *entry = entry_of(model, next.id);
        EXPECT(entry->fate == FATE_QUEUED);
        if (next.kind == WEIR_NEXT_SEND) {
            EXPECT(connections > 0);
            put_on_wire(model, entry);
            connections--;
        } else {
            EXPECT(next.reason != WEIR_REASON_NONE);
            EXPECT(next.reason != WEIR_REASON_DEADLINE || entry->request.deadline_ns != WEIR_NEVER);
            entry->fate = FATE_ENDED;
        }
    }
    note(model, "next does not come to an end", __LINE__);
}

/** The exchange's count, with the request itself, when it arrived. */
static int64_t counted(const struct model *model, const struct weir_limit *limit,
                       const struct entry *last) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < model->entry_count; i++) {
        const struct entry *entry = &model->entries[i];
        if (entry->sent_ns == 0 || entry->arrives_ns == WEIR_NEVER ||
            entry->arrives_ns > last->arrives_ns) {
            continue;
        }
        const bool inside = model->sliding ? entry->server_ns > last->server_ns - limit->interval_ns
                                           : floor_div(entry->server_ns, limit->interval_ns) ==
                                                 floor_div(last->server_ns, limit->interval_ns);
        sum += inside ? amount_of(entry, limit->type) : 0;
    }
    return sum;
}

static const char *date_of(int64_t server_ns, char *text, size_t size) {
    const time_t second = (time_t)floor_div(server_ns, SECOND);
    struct tm parts;
    (void)gmtime_r(&second, &parts);
    (void)strftime(text, size, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return text;
}

/** The headers of one reply. */
struct message {
    struct weir_header headers[6];
    size_t count;
    char texts[6][48];
};

static void add(struct message *message, const char *name, const char *value) {
    (void)snprintf(message->texts[message->count], sizeof message->texts[0], "%s", value);
    message->headers[message->count] = (struct weir_header){name, message->texts[message->count]};
    message->count++;
}

static void add_counts(const struct model *model, const struct entry *entry, int c,
                       struct message *message) {
    static const char *const names[] = {"X-MBX-USED-WEIGHT-1M", "x-mbx-order-count-1m",
                                        "X-MBX-ORDER-COUNT-10S"};
    static const char *const garbage[] = {
        "", "-5", "12x", "99999999999999999999", "1e9", " ", "\xff\xfe", "0x10", "٣"};
    for (size_t i = 0; i < model->limit_count; i++) {
        char value[48];
        (void)snprintf(value, sizeof value, "%lld",
                       (long long)counted(model, &model->limits[i], entry));
        add(message, names[i], c % 11 == 0 ? garbage[c / 11 % 9] : value);
    }
}

/** What the caller was told to wait. */
static void silence(struct model *model, const struct entry *entry, int status, int64_t told_s) {
    int64_t until_ns = model->now_ns + told_s * SECOND;
    if (told_s == 0 && status == 418) {
        // One that was sent before a ban was known of tells of that ban once more.
        const bool known = entry->sent_ns < model->ban_learned_ns;
        until_ns = model->now_ns + (known ? 0 : 2 * MINUTE);
    } else if (told_s == 0) {
        until_ns = model->sliding || !model->steady
                       ? model->now_ns
                       : (floor_div(entry->server_ns, MINUTE) + 1) * MINUTE - model->offset_ns;
    }
    model->silent_until_ns = until_ns > model->silent_until_ns ? until_ns : model->silent_until_ns;
    model->limited = true;
    if (status == 418) {
        if (entry->sent_ns >= model->ban_learned_ns) {
            model->ban_learned_ns = model->now_ns;
        }
        model->probing = true;
    }
}

static int status_of(int b, int64_t *told_s) {
    *told_s = 0;
    if (b < 80) {
        return b < 72 ? 200 : b < 76 ? 503 : 400;
    }
    *told_s = b % 4 == 0 ? 0 : 1 + b % 20;
    return b < 92 ? 429 : 418;
}

static void end(struct model *model, struct entry *entry, bool lost) {
    entry->fate = FATE_ENDED;
    entry->ended_ns = model->now_ns;
    entry->lost = lost;
}

static void step_reply(struct model *model, struct entry *entry, int b, int c) {
    if (entry->arrives_ns > model->now_ns) {
        model->now_ns = entry->arrives_ns;
    }
    int64_t told_s = 0;
    const int status = status_of(b, &told_s);
    struct message message = {.count = 0};
    char text[48];
    if (c % 5 != 0) {
        add(&message, c % 2 ? "Date" : "date", date_of(entry->server_ns, text, sizeof text));
    }
    if (c % 7 != 0) {
        add_counts(model, entry, c, &message);
    }
    if (told_s > 0) {
        (void)snprintf(text, sizeof text, "%lld", (long long)told_s);
        add(&message, "retry-after", text);
    }
    const struct weir_reply reply = {.id = entry->request.id,
                                     .status = status,
                                     .sent_ns = entry->sent_ns,
                                     .received_ns = model->now_ns,
                                     .headers = message.headers,
                                     .header_count = message.count};
    struct weir_settlement settlement;
    EXPECT(weir_settle(model->limiter, &reply, &settlement) == WEIR_OK);
    EXPECT(weir_settle(model->limiter, &reply, &settlement) == WEIR_NO_SUCH);
    end(model, entry, false);
    const bool was_probe = model->probe_id == entry->request.id;
    model->probe_id = was_probe ? 0 : model->probe_id;
    if (status == 429 || status == 418) {
        silence(model, entry, status, told_s);
    } else if (was_probe) {
        model->probing = false;
    }
}

static void step_lose(struct model *model, struct entry *entry, int c) {
    if (entry->arrives_ns > model->now_ns + 900 * MS) {
        entry->arrives_ns = c < 50 ? WEIR_NEVER : model->now_ns + 900 * MS;
        entry->server_ns = model->now_ns + 900 * MS + model->offset_ns;
    }
    const struct weir_reply reply = {.id = entry->request.id,
                                     .lost = true,
                                     .sent_ns = entry->sent_ns,
                                     .received_ns = model->now_ns};
    struct weir_settlement settlement;
    EXPECT(weir_settle(model->limiter, &reply, &settlement) == WEIR_OK);
    EXPECT(weir_settle(model->limiter, &reply, &settlement) == WEIR_NO_SUCH);
    end(model, entry, true);
    model->probe_id = model->probe_id == entry->request.id ? 0 : model->probe_id;
}

static void step_wrong(struct model *model, int a) {
    struct weir_request request;
    const int zeros[4] = {0};
    decode_request(model, zeros, &request);
    struct weir_decision decision;
    struct weir_settlement settlement;
    const struct weir_reply stray = {
        .id = 1000000, .sent_ns = model->now_ns, .received_ns = model->now_ns};
    struct entry *open = pick(model, FATE_ON_THE_WIRE, a);
    const uint64_t before = stats_of(model).totals.submitted;
    request.id = a % 4 == 0 && open ? open->request.id : 1000000;
    if (a % 4 == 0 && open) {
        EXPECT(weir_submit(model->limiter, model->now_ns, &request, &decision) == WEIR_DUPLICATE);
        EXPECT(weir_cancel(model->limiter, model->now_ns, request.id) == WEIR_NO_SUCH);
    }
    EXPECT(weir_settle(model->limiter, &stray, &settlement) == WEIR_NO_SUCH);
    EXPECT(weir_cancel(model->limiter, model->now_ns, 1000000) == WEIR_NO_SUCH);
    request.value = a % 2 ? (double)NAN : -1;
    EXPECT(weir_submit(model->limiter, model->now_ns, &request, &decision) == WEIR_INVALID);
    request.value = 0;
    EXPECT(weir_submit(model->limiter, -1, &request, &decision) != WEIR_OK);
    EXPECT(stats_of(model).totals.submitted == before);
}

static void step_observe(struct model *model, const int *number) {
    const struct weir_observation seen = {.now_ns = model->now_ns,
                                          .symbol = (uint32_t)number[2] % 4,
                                          .price = 100 + number[0] / 10.0,
                                          .notional_usd = 20000.0 * number[1]};
    weir_observe(model->limiter, &seen);
}

static void step_restart(struct model *model) {
    uint8_t state[1024];
    const size_t size = weir_save(model->limiter, model->now_ns, state, sizeof state);
    EXPECT(size > 0 && size <= sizeof state);
    weir_limiter_destroy(model->limiter);
    make_limiter(model);
    EXPECT(weir_restore(model->limiter, model->now_ns, 0, state, size, NULL) == WEIR_OK);
    for (uint32_t i = 0; i < model->entry_count; i++) {
        model->entries[i].fate = FATE_ENDED;
    }
    model->probe_id = 0;
    model->steady = false;
    model->liquidation_until_ns = 0;
    model->burst_until_ns = 0;
}

static void step(struct model *model, const struct step *step) {
    const int *number = step->number;
    struct entry *wire = pick(model, FATE_ON_THE_WIRE, number[0]);
    struct entry *queued = pick(model, FATE_QUEUED, number[0]);
    switch (step->kind) {
    case STEP_WAIT:
        model->now_ns += number[1] < 90 ? number[0] * 20 * MS : number[0] * SECOND;
        break;
    case STEP_SUBMIT:
        step_submit(model, number);
        break;
    case STEP_NEXT:
        step_next(model, (uint32_t)number[0] % 5);
        break;
    case STEP_REPLY:
        if (wire) {
            step_reply(model, wire, number[1], number[2]);
        }
        break;
    case STEP_LOSE:
        if (wire) {
            step_lose(model, wire, number[2]);
        }
        break;
    case STEP_CANCEL:
        if (queued) {
            EXPECT(weir_cancel(model->limiter, model->now_ns, queued->request.id) == WEIR_OK);
            queued->fate = FATE_ENDED;
        }
        break;
    case STEP_WRONG:
        step_wrong(model, number[0]);
        break;
    case STEP_OBSERVE:
        step_observe(model, number);
        break;
    case STEP_CLOCK:
        model->offset_ns += (number[0] - number[1]) * SECOND;
        model->steady = false;
        break;
    case STEP_RESTART:
        step_restart(model);
        break;
    case STEP_KINDS:
        break;
    }
}

/* ---- what must hold at any time, and in the end ---- */

static void check_state(struct model *model) {
    const struct weir_stats stats = stats_of(model);
    int64_t wire = 0;
    int64_t queued = 0;
    for (uint32_t i = 0; i < model->entry_count; i++) {
        wire += model->entries[i].fate == FATE_ON_THE_WIRE;
        queued += model->entries[i].fate == FATE_QUEUED;
    }
    EXPECT(stats.open == wire + queued);
    EXPECT(stats.open == weir_open_requests(model->limiter));
    EXPECT(stats.queued[0] + stats.queued[1] + stats.queued[2] == queued);
    EXPECT(stats.queued[WEIR_NORMAL] <= model->queue && stats.queued[WEIR_LOW] <= model->queue);
    EXPECT(model->valued || stats.queued[WEIR_CRITICAL] - stats.escalated <= model->queue);
    // A mode lasts at least as long as was ever said.
    EXPECT(stats.liquidation_until_ns >= model->liquidation_until_ns ||
           model->liquidation_until_ns <= model->now_ns);
    EXPECT(stats.burst_until_ns >= model->burst_until_ns || model->burst_until_ns <= model->now_ns);
    EXPECT(stats.liquidation_until_ns == 0 || stats.mode[0] == 'l');
    EXPECT(stats.burst_until_ns == 0 || stats.mode[0] != 'n');
    model->liquidation_until_ns = stats.liquidation_until_ns;
    model->burst_until_ns = stats.burst_until_ns;
}

/** Alone on the exchange, with a clock that nobody sets: no limit was ever broken. */
static void check_limits(struct model *model) {
    for (size_t i = 0; i < model->limit_count && model->steady; i++) {
        for (uint32_t j = 0; j < model->entry_count; j++) {
            const struct entry *entry = &model->entries[j];
            if (entry->sent_ns > 0 && entry->arrives_ns != WEIR_NEVER) {
                EXPECT(counted(model, &model->limits[i], entry) <= model->limits[i].limit);
            }
        }
    }
}

/** Everything ends once; and when all is quiet again, a critical request goes at once. */
static void finish(struct model *model) {
    struct entry *entry = NULL;
    while (!model->failed && (entry = pick(model, FATE_QUEUED, 0))) {
        EXPECT(weir_cancel(model->limiter, model->now_ns, entry->request.id) == WEIR_OK);
        entry->fate = FATE_ENDED;
    }
    while (!model->failed && (entry = pick(model, FATE_ON_THE_WIRE, 0))) {
        step_reply(model, entry, 0, 0);
    }
    const struct weir_stats stats = stats_of(model);
    EXPECT(stats.open == 0);
    EXPECT(stats.totals.sent == stats.totals.answered + stats.totals.lost || !model->steady);
    check_limits(model);
    model->now_ns += QUIET_NS;
    const int order[4] = {0};
    const uint32_t last = model->entry_count;
    step_submit(model, order);
    EXPECT(model->entries[last].fate == FATE_ON_THE_WIRE);
}

static sigjmp_buf on_abort;

static void abort_came(int number) {
    (void)number;
    siglongjmp(on_abort, 1);
}

static void run(struct model *model) {
    set_up(model);
    for (model->step = 0; model->step < model->input->count && !model->failed; model->step++) {
        step(model, &model->input->steps[model->step]);
        check_state(model);
    }
    if (!model->failed) {
        finish(model);
    }
    weir_limiter_destroy(model->limiter);
}

bool input_holds(const struct input *input, char *why, size_t size) {
    static struct model model; // its steps are wanted after an assertion, too
    memset(&model, 0, sizeof model);
    model.input = input;
    model.why = why;
    model.why_size = size;
    struct sigaction catch = {.sa_handler = abort_came};
    struct sigaction before;
    sigaction(SIGABRT, &catch, &before);
    if (sigsetjmp(on_abort, 1) == 0) {
        run(&model);
    } else {
        note(&model, "an assertion of the library", __LINE__);
    }
    sigaction(SIGABRT, &before, NULL);
    return !model.failed;
}
