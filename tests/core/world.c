#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum fate {
    FATE_NEW,
    FATE_QUEUED,
    FATE_ON_THE_WIRE,
    FATE_ENDED
};

struct trip {
    uint64_t id;
    int64_t sent_ns;
    int64_t arrives_ns; /**< client's clock; WEIR_NEVER if it never does */
    int64_t answered_ns;
    bool lost;
    bool arrived;
    int status;
    int64_t server_ns; /**< exchange's clock at arrival */
    int64_t used[WEIR_LIMITS_MAX];
    int64_t ban_until_server_ns;
};

struct arrival {
    int64_t server_ns;
    struct weir_cost cost;
};

struct world {
    const struct world_plan *plan;
    struct draws draws;
    struct weir_limiter *limiter;
    int64_t now_ns;
    int64_t next_new_ns;
    int64_t ask_again_ns;
    struct weir_request requests[WORLD_REQUESTS];
    enum fate fates[WORLD_REQUESTS];
    uint32_t request_count;
    struct trip trips[4096];
    uint32_t trip_count;
    struct arrival arrivals[WORLD_ARRIVALS];
    uint32_t arrival_count;
    int64_t banned_until_server_ns;
    uint32_t rejections;
    int64_t silent_until_ns; /**< told to the client */
    bool probing;
    uint32_t on_the_wire;
    uint32_t followers; /**< entries that were taken and not yet followed up */
    struct world_result result;
};

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("seed %llu, %s:%d: %s\n", (unsigned long long)world->plan->seed, __FILE__, \
                        __LINE__, #condition);                                                     \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

static int64_t server_time(const struct world *world, int64_t now_ns) {
    int64_t elapsed = now_ns - world->plan->start_ns;
    return now_ns + world->plan->offset_ns + elapsed / 1000000 * world->plan->drift_ppm;
}

static struct weir_cost cost_of(const struct weir_request *request) {
    return weir_endpoint_cost(request->endpoint, request->params);
}

static int64_t amount_of(struct weir_cost cost, enum weir_limit_type type) {
    return type == WEIR_LIMIT_WEIGHT ? cost.weight : cost.orders;
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/** What a limit counts at a moment: in its window, or in the last interval. */
static int64_t counted(const struct world *world, const struct weir_limit *limit,
                       int64_t server_ns) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < world->arrival_count; i++) {
        const struct arrival *arrival = &world->arrivals[i];
        bool inside = world->plan->sliding ? arrival->server_ns > server_ns - limit->interval_ns
                                           : floor_div(arrival->server_ns, limit->interval_ns) ==
                                                 floor_div(server_ns, limit->interval_ns);
        sum += inside ? amount_of(arrival->cost, limit->type) : 0;
    }
    return sum;
}

/** The exchange: counts the request, and answers 200, 429 or 418. */
static void arrive(struct world *world, struct trip *trip) {
    const struct world_plan *plan = world->plan;
    trip->arrived = true;
    trip->server_ns = server_time(world, trip->arrives_ns);
    trip->status = 200;
    if (plan->enforced && trip->server_ns < world->banned_until_server_ns) {
        trip->status = 418;
        trip->ban_until_server_ns = world->banned_until_server_ns;
        return;
    }
    struct weir_cost cost = cost_of(&world->requests[trip->id - 1]);
    CHECK(world->arrival_count < WORLD_ARRIVALS);
    world->arrivals[world->arrival_count++] =
        (struct arrival){.server_ns = trip->server_ns, .cost = cost};
    bool over = false;
    for (size_t i = 0; i < plan->limit_count; i++) {
        trip->used[i] = counted(world, &plan->limits[i], trip->server_ns);
        over = over ||
               (trip->used[i] > plan->true_limits[i] && amount_of(cost, plan->limits[i].type) > 0);
    }
    if (!over) {
        return;
    }
    world->result.over_limit++;
    if (plan->enforced) {
        trip->status = 429;
        if (++world->rejections % 10 == 0) {
            trip->status = 418;
            world->result.bans++;
            world->banned_until_server_ns = trip->server_ns + 2 * MINUTE;
            trip->ban_until_server_ns = world->banned_until_server_ns;
        }
    }
}

static int64_t one_way(struct world *world) {
    if (draw_percent(&world->draws, world->plan->slow_percent)) {
        return draw(&world->draws, 1, 4000) * MS;
    }
    return draw(&world->draws, 1, 40) * MS;
}

static void put_on_wire(struct world *world, uint64_t id) {
    const struct weir_request *request = &world->requests[id - 1];
    CHECK(world->fates[id - 1] == FATE_NEW || world->fates[id - 1] == FATE_QUEUED);
    CHECK(world->on_the_wire < world->plan->connections);
    CHECK(world->now_ns <= request->deadline_ns);
    CHECK(world->now_ns >= world->silent_until_ns);
    CHECK(!world->probing || world->on_the_wire == 0);
    CHECK(world->trip_count < sizeof world->trips / sizeof world->trips[0]);
    world->fates[id - 1] = FATE_ON_THE_WIRE;
    world->on_the_wire++;
    world->result.sent++;
    struct trip trip = {.id = id, .sent_ns = world->now_ns};
    trip.arrives_ns = trip.sent_ns + one_way(world);
    trip.answered_ns = trip.arrives_ns + one_way(world);
    if (draw_percent(&world->draws, world->plan->lost_percent)) {
        trip.lost = true;
        trip.answered_ns = trip.sent_ns + 3 * SECOND;
        if (draw_percent(&world->draws, 50)) {
            trip.arrives_ns = WEIR_NEVER;
        } else if (trip.arrives_ns > trip.answered_ns) {
            trip.arrives_ns = trip.answered_ns + SECOND / 2; // after it was given up
        }
    }
    world->trips[world->trip_count++] = trip;
}

static void format_date(int64_t server_ns, char *text, size_t size) {
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t second = floor_div(server_ns, SECOND);
    int64_t day = floor_div(second, 86400);
    int64_t rest = second - day * 86400;
    // Civil date from days, after the algorithm by which eras of 400 years repeat.
    int64_t shifted = day + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t of_month = of_year - (153 * month + 2) / 5 + 1;
    year += era * 400 + (month >= 10);
    month = month < 10 ? month + 2 : month - 10;
    (void)snprintf(text, size, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[day % 7], (int)of_month,
                   months[month], (int)year, (int)(rest / 3600), (int)(rest / 60 % 60),
                   (int)(rest % 60));
}

/** The headers and the body of one reply. */
struct message {
    struct weir_header headers[4 + WEIR_LIMITS_MAX];
    size_t header_count;
    char names[WEIR_LIMITS_MAX][48];
    char values[4 + WEIR_LIMITS_MAX][48];
    char body[160];
};

static void add_header(struct message *message, const char *name, const char *value) {
    size_t i = message->header_count++;
    (void)snprintf(message->values[i], sizeof message->values[i], "%s", value);
    message->headers[i] = (struct weir_header){.name = name, .value = message->values[i]};
}

static void add_usage(struct world *world, struct message *message, const struct trip *trip) {
    for (size_t i = 0; i < world->plan->limit_count; i++) {
        const struct weir_limit *limit = &world->plan->limits[i];
        bool minutes = limit->interval_ns % MINUTE == 0;
        (void)snprintf(
            message->names[i], sizeof message->names[i], "%s%d%c",
            limit->type == WEIR_LIMIT_WEIGHT ? "X-MBX-USED-WEIGHT-" : "x-mbx-order-count-",
            (int)(limit->interval_ns / (minutes ? MINUTE : SECOND)), minutes ? 'M' : 'S');
        char value[48];
        (void)snprintf(value, sizeof value, "%lld", (long long)trip->used[i]);
        static const char *const garbage[] = {"", "-5", "12x", "99999999999999999999", "1e9", " "};
        bool garbled = draw_percent(&world->draws, world->plan->garbled_percent);
        add_header(message, message->names[i],
                   garbled ? garbage[draw(&world->draws, 0, 5)] : value);
    }
}

/** What the client was told: it must be silent until then. */
static void note_silence(struct world *world, const struct trip *trip, struct message *message) {
    int64_t wait_ns = 0;
    if (trip->status == 418) {
        int64_t left = trip->ban_until_server_ns - server_time(world, trip->answered_ns);
        wait_ns = left > 0 ? left : 0;
        (void)snprintf(message->body, sizeof message->body,
                       "{\"code\":-1003,\"msg\":\"Way too many requests; IP banned until %lld.\"}",
                       (long long)(trip->ban_until_server_ns / MS));
        world->probing = true;
    } else {
        wait_ns = 7 * SECOND;
        (void)snprintf(message->body, sizeof message->body,
                       "{\"code\":-1015,\"msg\":\"Too many new orders.\"}");
    }
    if (world->plan->retry_after) {
        char seconds[24];
        (void)snprintf(seconds, sizeof seconds, "%lld",
                       (long long)((wait_ns + SECOND - 1) / SECOND));
        add_header(message, "retry-after", seconds);
        int64_t until = trip->answered_ns + wait_ns;
        world->silent_until_ns = until > world->silent_until_ns ? until : world->silent_until_ns;
    } else if (trip->status == 418) {
        int64_t until = trip->answered_ns + wait_ns - MS;
        world->silent_until_ns = until > world->silent_until_ns ? until : world->silent_until_ns;
    }
}

static void answer(struct world *world, const struct trip *trip) {
    struct message message = {.header_count = 0};
    struct weir_reply reply = {.id = trip->id,
                               .lost = trip->lost,
                               .status = trip->lost ? 0 : trip->status,
                               .sent_ns = trip->sent_ns,
                               .received_ns = trip->answered_ns};
    if (!trip->lost) {
        char date[48];
        format_date(trip->server_ns, date, sizeof date);
        if (!draw_percent(&world->draws, world->plan->no_date_percent)) {
            add_header(&message, "Date", date);
        }
        if (trip->status == 200) {
            add_usage(world, &message, trip);
            world->probing = world->probing && trip->sent_ns < world->silent_until_ns;
        } else {
            note_silence(world, trip, &message);
        }
        reply.headers = message.headers;
        reply.header_count = message.header_count;
        reply.body = message.body;
        reply.body_length = strlen(message.body);
    }
    struct weir_settlement settlement;
    CHECK(weir_settle(world->limiter, &reply, &settlement) == WEIR_OK);
    CHECK(weir_settle(world->limiter, &reply, &settlement) == WEIR_NO_SUCH);
    CHECK(settlement.hold_until_ns == 0);
    world->fates[trip->id - 1] = FATE_ENDED;
    world->on_the_wire--;
    const struct weir_request *request = &world->requests[trip->id - 1];
    world->followers += !trip->lost && trip->status == 200 && request->value > 0;
}

static struct weir_request new_request(struct world *world) {
    static const struct {
        enum weir_method method;
        const char *path;
    } kinds[] = {{WEIR_POST, "/fapi/v1/order"},      {WEIR_POST, "/fapi/v1/order"},
                 {WEIR_GET, "/fapi/v1/depth"},       {WEIR_POST, "/fapi/v3/batchOrders"},
                 {WEIR_GET, "/fapi/v1/openOrders"},  {WEIR_DELETE, "/fapi/v1/order"},
                 {WEIR_GET, "/fapi/v2/positionRisk"}};
    struct draws *draws = &world->draws;
    size_t kind = world->plan->only_orders ? 0 : (size_t)draw(draws, 0, 6);
    struct weir_request request = {
        .id = ++world->request_count,
        .endpoint = weir_endpoint_find(kinds[kind].method, kinds[kind].path),
        .params = WEIR_PARAMS_NONE,
        .deadline_ns = WEIR_NEVER,
        .escalate_ns = WEIR_NEVER,
        .may_queue = true,
        .can_send = world->on_the_wire < world->plan->connections,
    };
    if (!world->plan->only_orders) {
        request.priority = (enum weir_priority)draw(draws, 0, 2);
        request.params.limit = draw_percent(draws, 50) ? 5 : WEIR_LIMIT_OMITTED;
        request.params.count = (int32_t)draw(draws, 1, 5);
        request.params.has_symbol = draw_percent(draws, 90);
        request.deadline_ns =
            draw_percent(draws, 70) ? world->now_ns + draw(draws, 0, 20000) * MS : WEIR_NEVER;
        request.escalate_ns =
            draw_percent(draws, 30) ? world->now_ns + draw(draws, 0, 20000) * MS : WEIR_NEVER;
    }
    if (world->plan->valued) {
        bool follows = world->followers > 0 && draw_percent(draws, 60);
        world->followers -= follows;
        request.priority = follows ? WEIR_NORMAL : request.priority;
        request.value = draw_percent(draws, 50) ? (double)draw(draws, 1, 1000000) : 0;
    }
    return request;
}

static void submit_one(struct world *world) {
    CHECK(world->request_count < WORLD_REQUESTS);
    struct weir_request request = new_request(world);
    uint64_t id = request.id;
    world->requests[id - 1] = request;
    struct weir_decision decision;
    enum weir_status status = weir_submit(world->limiter, world->now_ns, &request, &decision);
    if (status == WEIR_FULL) {
        CHECK(weir_open_requests(world->limiter) == world->plan->max_open);
        world->fates[id - 1] = FATE_ENDED;
        return;
    }
    CHECK(status == WEIR_OK);
    world->result.submitted++;
    CHECK(decision.answer != WEIR_HOLD);
    if (decision.answer == WEIR_SEND) {
        CHECK(request.can_send && decision.reason == WEIR_REASON_NONE);
        CHECK(decision.booked_weight == cost_of(&request).weight);
        put_on_wire(world, id);
    } else if (decision.answer == WEIR_QUEUE) {
        world->fates[id - 1] = FATE_QUEUED;
    } else {
        CHECK(decision.reason != WEIR_REASON_NONE);
        world->fates[id - 1] = FATE_ENDED;
        world->result.refused++;
    }
}

/** Asks for queued requests until there is none that may go. */
static void drain(struct world *world) {
    for (uint32_t turns = 0;; turns++) {
        CHECK(turns < 100000);
        struct weir_next next;
        uint32_t free_connections = world->plan->connections - world->on_the_wire;
        CHECK(weir_next_request(world->limiter, world->now_ns, free_connections, &next) == WEIR_OK);
        if (next.kind == WEIR_NEXT_NONE) {
            CHECK(next.ask_again_ns > world->now_ns);
            world->ask_again_ns = next.ask_again_ns;
            return;
        }
        CHECK(world->fates[next.id - 1] == FATE_QUEUED);
        if (next.kind == WEIR_NEXT_SEND) {
            put_on_wire(world, next.id);
        } else {
            CHECK(next.reason != WEIR_REASON_NONE);
            world->fates[next.id - 1] = FATE_ENDED;
            world->result.dropped++;
        }
    }
}

/** Lets the earliest arrival or reply happen that is due; false if none is. */
static bool step_trips(struct world *world, int64_t *next_ns) {
    uint32_t earliest = world->trip_count;
    *next_ns = WEIR_NEVER;
    for (uint32_t i = 0; i < world->trip_count; i++) {
        const struct trip *trip = &world->trips[i];
        bool ended = world->fates[trip->id - 1] == FATE_ENDED;
        int64_t due = !trip->arrived && (ended || trip->arrives_ns < trip->answered_ns)
                          ? trip->arrives_ns
                          : trip->answered_ns;
        if (due < *next_ns) {
            *next_ns = due;
            earliest = i;
        }
    }
    if (*next_ns > world->now_ns) {
        return false;
    }
    struct trip *trip = &world->trips[earliest];
    bool ended = world->fates[trip->id - 1] == FATE_ENDED;
    if (!trip->arrived && (ended || trip->arrives_ns < trip->answered_ns)) {
        arrive(world, trip);
    } else {
        answer(world, trip);
    }
    ended = world->fates[trip->id - 1] == FATE_ENDED;
    if (ended && (trip->arrived || trip->arrives_ns == WEIR_NEVER)) {
        *trip = world->trips[--world->trip_count];
    }
    return true;
}

static int64_t smallest(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void run(struct world *world) {
    int64_t end_ns = world->plan->start_ns + world->plan->length_ns;
    while (world->now_ns < end_ns) {
        int64_t next_trip_ns = WEIR_NEVER;
        while (step_trips(world, &next_trip_ns)) {
        }
        if (world->now_ns >= world->next_new_ns) {
            submit_one(world);
            world->next_new_ns += draw(&world->draws, 0, 2 * world->plan->gap_ns);
        }
        drain(world);
        CHECK(weir_open_requests(world->limiter) <= world->plan->max_open);
        for (uint32_t i = 0; i < world->trip_count; i++) {
            const struct trip *trip = &world->trips[i];
            next_trip_ns =
                smallest(next_trip_ns, trip->arrived ? trip->answered_ns : trip->arrives_ns);
            next_trip_ns = smallest(next_trip_ns, world->fates[trip->id - 1] == FATE_ENDED
                                                      ? trip->arrives_ns
                                                      : trip->answered_ns);
        }
        int64_t next_ns = smallest(next_trip_ns, world->ask_again_ns);
        next_ns = smallest(next_ns, world->next_new_ns);
        world->now_ns = next_ns > world->now_ns ? next_ns : world->now_ns;
    }
}

/** Least that a whole window of one minute held; the first and the last minute are not whole. */
static int64_t least_in_window(const struct world *world, enum weir_limit_type type) {
    int64_t first = floor_div(server_time(world, world->plan->start_ns), MINUTE) + 1;
    int64_t last = floor_div(server_time(world, world->now_ns), MINUTE) - 1;
    int64_t least = INT64_MAX;
    for (int64_t number = first; number <= last; number++) {
        int64_t sum = 0;
        for (uint32_t i = 0; i < world->arrival_count; i++) {
            if (floor_div(world->arrivals[i].server_ns, MINUTE) == number) {
                sum += amount_of(world->arrivals[i].cost, type);
            }
        }
        least = smallest(least, sum);
    }
    return least;
}

static void check_fates(struct world *world) {
    uint32_t open = 0;
    for (uint32_t i = 0; i < world->request_count; i++) {
        CHECK(world->fates[i] != FATE_NEW);
        open += world->fates[i] != FATE_ENDED;
    }
    CHECK(open == weir_open_requests(world->limiter));
}

struct world_result world_run(const struct world_plan *plan) {
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->plan = plan;
    world->draws.state = plan->seed;
    world->now_ns = plan->start_ns;
    world->next_new_ns = plan->start_ns;
    struct weir_config config = {.limits = plan->limits,
                                 .limit_count = plan->limit_count,
                                 .settings = plan->settings,
                                 .setting_count = plan->setting_count,
                                 .now_ns = plan->start_ns,
                                 .max_open = plan->max_open};
    struct weir_error error = {.text = ""};
    enum weir_status status =
        weir_limiter_create(weir_policy_find("weir"), &config, &world->limiter, &error);
    if (status != WEIR_OK) {
        print_error("%s\n", error.text);
    }
    CHECK(status == WEIR_OK);
    run(world);
    check_fates(world);
    struct world_result result = world->result;
    result.arrivals_weight_min = least_in_window(world, WEIR_LIMIT_WEIGHT);
    result.arrivals_orders_min = least_in_window(world, WEIR_LIMIT_ORDERS);
    weir_limiter_destroy(world->limiter);
    free(world);
    return result;
}
