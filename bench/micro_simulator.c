#include <stdlib.h>
#include <string.h>

#include "weir/endpoints.h"

#include "bound.h"
#include "draw.h"
#include "event_queue.h"
#include "exchange.h"
#include "ledger.h"
#include "micro_table.h"

#define SECOND_NS INT64_C(1000000000)
#define BEGIN_NS (INT64_C(1760130000) * SECOND_NS)

/** What an operation works on; made anew for each round. */
struct work {
    size_t pending; /**< of the event queue */
    struct weir_event_queue queue;
    struct weir_exchange *exchange;
    struct weir_ledger ledger;
    struct weir_bound_item *items;
    struct weir_usage *load;
    struct weir_bound_problem problem;
    uint64_t sum; /**< of what comes out, so that nothing can be left out */
};

/** A kind of operation. `run` does `count` of them and says whether all went well. */
struct operation {
    const char *name, *what;
    size_t count, smoke_count, pending;
    bool (*prepare)(struct work *work, size_t count);
    bool (*run)(struct work *work, size_t count);
    void (*clear)(struct work *work);
};

/** Drawn numbers without a generator's cost: a Weyl sequence. */
static uint64_t next(uint64_t *state) {
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return *state >> 40;
}

/* event queue */

static bool prepare_queue(struct work *work, size_t count) {
    (void)count;
    uint64_t state = 1;
    if (!weir_event_queue_open(&work->queue, work->pending)) {
        return false;
    }
    for (size_t i = 0; i < work->pending; i++) {
        weir_event_queue_push(&work->queue, (int64_t)next(&state), 1, i);
    }
    return true;
}

static bool run_queue(struct work *work, size_t count) {
    uint64_t state = 2;
    for (size_t i = 0; i < count; i++) {
        const struct weir_sim_event event = weir_event_queue_pop(&work->queue);
        weir_event_queue_push(&work->queue, event.time_ns + (int64_t)next(&state), 1, event.data);
        work->sum += event.data;
    }
    return work->queue.count == work->pending && !work->queue.out_of_memory;
}

static void clear_queue(struct work *work) {
    weir_event_queue_close(&work->queue);
}

/* endpoint lookup */

static bool run_lookup(struct work *work, size_t count) {
    static const struct {
        enum weir_method method;
        const char *path;
    } requests[] = {{WEIR_POST, "/fapi/v1/order"},    {WEIR_GET, "/fapi/v1/depth"},
                    {WEIR_DELETE, "/fapi/v1/order"},  {WEIR_GET, "/fapi/v1/klines"},
                    {WEIR_GET, "/fapi/v2/account"},   {WEIR_GET, "/fapi/v1/exchangeInfo"},
                    {WEIR_POST, "/fapi/v1/leverage"}, {WEIR_GET, "/fapi/v1/openOrders"}};
    for (size_t i = 0; i < count; i++) {
        work->sum += (uint64_t)weir_endpoint_find(requests[i % 8].method, requests[i % 8].path);
    }
    return work->sum > 0;
}

/* exchange */

static bool prepare_exchange(struct work *work, size_t count) {
    (void)count;
    struct weir_exchange_rules rules;
    work->exchange =
        weir_exchange_rules_find("aster", &rules) ? weir_exchange_create(&rules, 1, 1) : NULL;
    return work->exchange != NULL;
}

/** An order every 60 ms: all are accepted. */
static bool run_exchange(struct work *work, size_t count) {
    struct weir_exchange_answer answer;
    struct weir_exchange_request request = {
        .endpoint = weir_endpoint_find(WEIR_POST, "/fapi/v1/order"), .params = WEIR_PARAMS_NONE};
    request.params.has_symbol = true;
    for (size_t i = 0; i < count; i++) {
        weir_exchange_handle(work->exchange, BEGIN_NS + (int64_t)i * (SECOND_NS / 16), &request,
                             &answer);
        work->sum += answer.status == 200;
    }
    return work->sum == count;
}

static void clear_exchange(struct work *work) {
    weir_exchange_destroy(work->exchange);
}

/* draws */

static bool run_draw(struct work *work, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += weir_draw((struct weir_draw_key){
                             .seed = 1, .stream = WEIR_STREAM_TRACE_MIX, .a = (uint32_t)i})
                   .u[0];
    }
    return sum > 0.0 && work->sum == 0;
}

/* ledger */

static bool prepare_ledger(struct work *work, size_t count) {
    (void)count;
    return weir_ledger_open(&work->ledger, 0);
}

static bool run_ledger(struct work *work, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct weir_request_record *request = weir_ledger_add_request(&work->ledger);
        if (!request) {
            return false;
        }
        request->submitted_ns = (int64_t)i;
        request->outcome = WEIR_OUTCOME_OK;
    }
    return work->ledger.request_count == count;
}

static void clear_ledger(struct work *work) {
    weir_ledger_close(&work->ledger);
}

/* bound */

/** Half of the opportunities need protection; sizes are heavy-tailed, and ten times as many arrive
 *  as fit, in minutes with a limit of 10 s inside. */
static void draw_items(struct weir_bound_item *items, size_t count, int64_t gap_ns) {
    for (size_t i = 0; i < count; i++) {
        const struct weir_uniforms u = weir_draw(
            (struct weir_draw_key){.seed = 1, .stream = WEIR_STREAM_TRACE_MIX, .a = (uint32_t)i});
        const int64_t time_ns = BEGIN_NS + (int64_t)i * gap_ns;
        const int64_t until_ns = time_ns + 3 * SECOND_NS;
        const bool needs = u.u[1] < 0.5;
        items[i] = (struct weir_bound_item){
            .from_ns = time_ns + SECOND_NS / 4,
            .until_ns = until_ns,
            .all_from_ns = time_ns + SECOND_NS / 4,
            .all_until_ns = needs ? until_ns + 10 * SECOND_NS : until_ns,
            .value = 1.0 / (u.u[0] + 1e-6),
            .notional_usd = 1.0 / (u.u[0] + 1e-6) / (u.u[0] + 1e-6),
            .needs = needs ? (struct weir_cost){6, 3} : (struct weir_cost){1, 1},
            .protectable = true};
    }
}

static bool prepare_bound(struct work *work, size_t count) {
    const struct weir_bound_limits limits = {2400, 900, 160};
    const int64_t gap_ns = SECOND_NS / 150;
    struct weir_bound_problem *p = &work->problem;
    *p = (struct weir_bound_problem){.count = count,
                                     .limits = limits,
                                     .tightened_ns = INT64_MAX,
                                     .entry = {1, 1},
                                     .dearest = {6, 3}};
    p->grid =
        weir_bound_grid(&limits, BEGIN_NS, BEGIN_NS + (int64_t)count * gap_ns + 60 * SECOND_NS);
    work->items = calloc(count + 1, sizeof *work->items);
    work->load = calloc((size_t)p->grid.slots + 1, sizeof *work->load);
    if (!work->items || !work->load) {
        return false;
    }
    draw_items(work->items, count, gap_ns);
    p->items = work->items;
    p->load = work->load;
    return true;
}

static bool run_bound(struct work *work, size_t count) {
    struct weir_bound *bound = weir_bound_solve(&work->problem);
    const bool ok = bound && bound->bound.count > 0.0 && bound->bound.count <= (double)count;
    weir_bound_free(bound);
    return ok;
}

static void clear_bound(struct work *work) {
    free(work->items);
    free(work->load);
}

static const struct operation operations[] = {
    {"queue-16", "event queue with 16 pending: pop and push", 1000000, 100, 16, prepare_queue,
     run_queue, clear_queue},
    {"queue-256", "… 256", 1000000, 100, 256, prepare_queue, run_queue, clear_queue},
    {"queue-4096", "… 4,096", 1000000, 100, 4096, prepare_queue, run_queue, clear_queue},
    {"queue-65536", "… 65,536", 1000000, 100, 65536, prepare_queue, run_queue, clear_queue},
    {"endpoint", "method and path to a handle", 200000, 100, 0, NULL, run_lookup, NULL},
    {"exchange", "exchange: one order, answer with headers", 100000, 100, 0, prepare_exchange,
     run_exchange, clear_exchange},
    {"draw", "Philox: a key's uniforms", 1000000, 100, 0, NULL, run_draw, NULL},
    {"ledger", "ledger: a request's record, growth included", 200000, 100, 0, prepare_ledger,
     run_ledger, clear_ledger},
    {"bound", "bound: one of a million opportunities, ten times as many as fit", 1000000, 1000, 0,
     prepare_bound, run_bound, clear_bound},
};

/** One round; false if memory is short or what came out is wrong. */
static bool run_round(const struct operation *operation, size_t count, struct weir_stopwatch *watch,
                      struct weir_cost_of_work *took) {
    struct work work = {.pending = operation->pending};
    bool ok = !operation->prepare || operation->prepare(&work, count);
    if (ok) {
        weir_stopwatch_start(watch);
        ok = operation->run(&work, count);
        *took = weir_stopwatch_read(watch);
    }
    if (operation->clear) {
        operation->clear(&work);
    }
    return ok;
}

static bool measure(const struct weir_micro_plan *plan, const struct operation *operation,
                    struct weir_cost_of_work *least) {
    struct weir_stopwatch watch = weir_stopwatch_open();
    const size_t count = plan->smoke ? operation->smoke_count : operation->count;
    bool ok = true;
    for (unsigned round = 0; ok && round < (plan->smoke ? 1 : plan->rounds); round++) {
        struct weir_cost_of_work took = {0.0, -1.0};
        ok = run_round(operation, count, &watch, &took);
        *least = round == 0 || took.ns < least->ns ? took : *least;
    }
    weir_stopwatch_close(&watch);
    least->ns /= (double)count;
    least->instructions = least->instructions < 0.0 ? -1.0 : least->instructions / (double)count;
    return ok;
}

bool weir_micro_simulator(const struct weir_micro_plan *plan, struct weir_micro_rows *rows,
                          struct weir_replay_error *error) {
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        const struct operation *operation = &operations[i];
        struct weir_cost_of_work cost = {0.0, -1.0};
        if (weir_micro_wants(plan, operation->name) &&
            (!measure(plan, operation, &cost) ||
             !weir_micro_add(rows, operation->name, operation->what, cost))) {
            error->status = WEIR_REPLAY_FAILED;
            snprintf(error->text, sizeof error->text, "%s: out of memory, or a wrong result",
                     operation->name);
            return false;
        }
    }
    return true;
}
