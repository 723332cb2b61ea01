#include "micro.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "weir/handle.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define BATCH 100 // operations between two looks at the clock, all in one window
#define BATCHES 40
#define STEP_NS (100 * INT64_C(1000)) // between two operations

/** How an operation goes. */
enum kind {
    KIND_TRY,        /**< weir_try, the replies outside of the measurement */
    KIND_LOCKED_TRY, /**< the same through weir/handle.h */
    KIND_CYCLE,      /**< submit (or queue and next) and settle, all measured */
    KIND_QUEUE
};

struct setup {
    struct weir_micro_case shown;
    enum kind kind;
    int fill_pct;    /**< part of the orders' allowance that is used before */
    int64_t entries; /**< of them, entries: they teach what is expected */
    double value;
    enum weir_priority priority; /**< WEIR_LOW + 1: all three in turn */
    enum weir_answer expected;
};

#define ALL_PRIORITIES ((enum weir_priority)(WEIR_LOW + 1))

static const struct setup setups[] = {
    {{"try-room", "try with room: the three priorities in turn"},
     KIND_TRY,
     5,
     0,
     0,
     ALL_PRIORITIES,
     WEIR_SEND},
    {{"handle-try-room", "the same through the handle for threads, uncontended"},
     KIND_LOCKED_TRY,
     5,
     0,
     0,
     ALL_PRIORITIES,
     WEIR_SEND},
    {{"try-near-full", "try with room for critical requests alone, critical"},
     KIND_TRY,
     85,
     0,
     0,
     WEIR_CRITICAL,
     WEIR_SEND},
    {{"try-entry", "try with room, an entry with a value"},
     KIND_TRY,
     5,
     0,
     5,
     WEIR_CRITICAL,
     WEIR_SEND},
    {{"try-full", "try held because the window is full: the three priorities in turn"},
     KIND_TRY,
     100,
     0,
     0,
     ALL_PRIORITIES,
     WEIR_HOLD},
    {{"try-low-reserved", "try held because what is left is reserved: low"},
     KIND_TRY,
     85,
     0,
     0,
     WEIR_LOW,
     WEIR_HOLD},
    {{"try-entry-scarce", "try of a middling entry in scarcity, held as outbid"},
     KIND_TRY,
     60,
     1,
     3,
     WEIR_CRITICAL,
     WEIR_HOLD},
    {{"cycle-room", "submit and settle with room: the three priorities in turn"},
     KIND_CYCLE,
     5,
     0,
     0,
     ALL_PRIORITIES,
     WEIR_SEND},
    {{"cycle-queue", "submit to the queue, next and settle, with room"},
     KIND_QUEUE,
     5,
     0,
     0,
     ALL_PRIORITIES,
     WEIR_QUEUE},
};

const struct weir_micro_case *weir_micro_at(size_t index) {
    return index < sizeof setups / sizeof setups[0] ? &setups[index].shown : NULL;
}

static bool tries(const struct setup *setup) {
    return setup->kind == KIND_TRY || setup->kind == KIND_LOCKED_TRY;
}

struct bench {
    const struct setup *setup;
    struct weir_limiter *limiter; /**< NULL if the handle is measured */
    struct weir_handle *handle;
    struct weir_request request;
    int64_t now_ns;
    uint64_t next_id;
    bool as_expected;
    struct weir_stopwatch watch;
};

static bool make(struct bench *bench, const struct weir_policy *policy) {
    static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, MINUTE, 2400},
                                               {WEIR_LIMIT_ORDERS, MINUTE, 1200}};
    static const struct weir_setting weir_settings[] = {{"clock", "known"}, {"queue", "1024"}};
    bool is_weir = strcmp(policy->name, "weir") == 0;
    const struct weir_config config = {.limits = limits,
                                       .limit_count = 2,
                                       .settings = is_weir ? weir_settings : NULL,
                                       .setting_count = is_weir ? 2 : 0,
                                       .now_ns = 0,
                                       .max_open = 1024};
    bench->next_id = 1;
    bench->request =
        (struct weir_request){.endpoint = weir_endpoint_find(WEIR_POST, "/fapi/v1/order"),
                              .params = WEIR_PARAMS_NONE,
                              .deadline_ns = WEIR_NEVER,
                              .escalate_ns = WEIR_NEVER,
                              .can_send = true};
    return bench->setup->kind == KIND_LOCKED_TRY
               ? weir_handle_create(policy, &config, &bench->handle, NULL) == WEIR_OK
               : weir_limiter_create(policy, &config, &bench->limiter, NULL) == WEIR_OK;
}

static enum weir_status ask(struct bench *bench, const struct weir_request *request,
                            struct weir_decision *decision) {
    return bench->handle ? weir_handle_try(bench->handle, bench->now_ns, request, decision)
                         : weir_try(bench->limiter, bench->now_ns, request, decision);
}

static void settle(struct bench *bench, uint64_t id) {
    const struct weir_reply reply = {
        .id = id, .status = 200, .sent_ns = bench->now_ns, .received_ns = bench->now_ns};
    struct weir_settlement settlement;
    enum weir_status status = bench->handle ? weir_handle_settle(bench->handle, &reply, &settlement)
                                            : weir_settle(bench->limiter, &reply, &settlement);
    bench->as_expected = status == WEIR_OK && bench->as_expected;
}

/** Begins a new window and uses the given part of it. */
static void fill(struct bench *bench) {
    const struct setup *setup = bench->setup;
    bench->now_ns = (bench->now_ns / MINUTE + 1) * MINUTE + 10 * MS;
    struct weir_request request = bench->request;
    request.priority = WEIR_CRITICAL;
    for (int i = 0; i < 12 * setup->fill_pct; i++) {
        struct weir_decision decision;
        request.id = bench->next_id++;
        request.value = setup->entries > 0 ? 1 + i % 10 : 0;
        bench->now_ns += setup->entries > 0 ? 15 * MS : MS;
        if (ask(bench, &request, &decision) == WEIR_OK && decision.answer == WEIR_SEND) {
            settle(bench, request.id);
        }
    }
}

static void operate(struct bench *bench, uint64_t id) {
    const struct setup *setup = bench->setup;
    struct weir_decision decision;
    struct weir_request *request = &bench->request;
    request->id = id;
    request->priority =
        setup->priority == ALL_PRIORITIES ? (enum weir_priority)(id % 3) : setup->priority;
    bench->now_ns += STEP_NS;
    enum weir_status status = tries(setup)
                                  ? ask(bench, request, &decision)
                                  : weir_submit(bench->limiter, bench->now_ns, request, &decision);
    bench->as_expected =
        status == WEIR_OK && decision.answer == setup->expected && bench->as_expected;
    if (setup->kind == KIND_QUEUE) {
        struct weir_next next;
        status = weir_next_request(bench->limiter, bench->now_ns, 1, &next);
        bench->as_expected = status == WEIR_OK && next.kind == WEIR_NEXT_SEND && bench->as_expected;
    }
    if (!tries(setup)) {
        settle(bench, id);
    }
}

/** Adds what one batch of operations costs in a window of its own. */
static void batch(struct bench *bench, struct weir_cost_of_work *sum) {
    fill(bench);
    bench->request.value = bench->setup->value;
    bench->request.can_send = bench->setup->kind != KIND_QUEUE;
    bench->request.may_queue = bench->setup->kind == KIND_QUEUE;
    uint64_t first = bench->next_id;
    bench->next_id += BATCH;
    weir_stopwatch_start(&bench->watch);
    for (uint64_t id = first; id < first + BATCH; id++) {
        operate(bench, id);
    }
    const struct weir_cost_of_work took = weir_stopwatch_read(&bench->watch);
    sum->ns += took.ns;
    sum->instructions += took.instructions;
    bench->request.can_send = true;
    for (uint64_t id = first; id < first + BATCH; id++) {
        if (tries(bench->setup) && bench->setup->expected == WEIR_SEND) {
            settle(bench, id);
        }
    }
}

bool weir_micro_measure(size_t index, const struct weir_policy *policy, unsigned rounds,
                        struct weir_cost_of_work *cost) {
    struct bench bench = {.setup = &setups[index], .as_expected = true};
    if (!make(&bench, policy)) {
        return false;
    }
    bench.watch = weir_stopwatch_open();
    for (unsigned round = 0; round <= rounds; round++) { // the first warms up
        struct weir_cost_of_work took = {0.0, 0.0};
        for (unsigned i = 0; i < BATCHES; i++) {
            batch(&bench, &took);
        }
        if (round <= 1 || took.ns < cost->ns) {
            *cost = took;
        }
    }
    cost->ns /= BATCH * BATCHES;
    cost->instructions = cost->instructions < 0.0 ? -1.0 : cost->instructions / (BATCH * BATCHES);
    weir_stopwatch_close(&bench.watch);
    weir_limiter_destroy(bench.limiter);
    weir_handle_destroy(bench.handle);
    return bench.as_expected;
}
