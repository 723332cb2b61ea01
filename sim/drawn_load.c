#include "drawn_load.h"

#include <stdlib.h>

#include "exchange_tariff.h"
#include "ledger.h"

/** The list as it grows. */
struct list {
    const struct weir_stage *stage;
    struct exchange_tariff tariff;
    struct weir_drawn_request *requests;
    size_t count, capacity;
    bool failed;
};

static void add(struct list *list, const struct weir_call *call, uint8_t client,
                int64_t arrived_ns) {
    if (arrived_ns > list->stage->end_ns || list->failed) {
        return;
    }
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity ? 2 * list->capacity : 1024;
        struct weir_drawn_request *requests = realloc(list->requests, capacity * sizeof *requests);
        if (!requests) {
            list->failed = true;
            return;
        }
        list->requests = requests;
        list->capacity = capacity;
    }
    const struct weir_exchange_request request = {.endpoint = call->endpoint,
                                                  .params = call->params};
    struct weir_cost cost =
        exchange_tariff_cost(&list->stage->scenario->exchange.rules,
                             exchange_tariff_kind(&list->tariff, call->endpoint), &request);
    cost.orders = client == WEIR_CLIENT_SECOND_BOT ? 0 : cost.orders;
    list->requests[list->count++] = (struct weir_drawn_request){arrived_ns, cost};
}

/** One request with its drawn fate, sent at `sent_ns`. Returns when the bot knows what became of
 *  it. */
static int64_t send(struct list *list, const struct weir_call *call, uint8_t client,
                    struct weir_draw_key key, int64_t sent_ns) {
    const struct weir_network *network = list->stage->network;
    const struct weir_fate fate = weir_fate_draw(key);
    const enum weir_fault fault = weir_network_fault(network, sent_ns, &fate);
    const int64_t given_up_ns = sent_ns + (int64_t)(list->stage->scenario->bot.timeout_ms * 1e6);
    if (fault == WEIR_FAULT_LOST_REQUEST) {
        return given_up_ns;
    }
    const int64_t arrived_ns = sent_ns + weir_network_delay_ns(network, sent_ns, fate.out);
    add(list, call, client, arrived_ns);
    const int64_t leaves_ns = arrived_ns + weir_network_processing_ns(network, arrived_ns);
    const int64_t back_ns = leaves_ns + weir_network_delay_ns(network, leaves_ns, fate.back);
    return fault == WEIR_FAULT_LOST_REPLY || back_ns > given_up_ns ? given_up_ns : back_ns;
}

/** Start-up requests, one after the other. */
static void add_startup(struct list *list, uint8_t client, int64_t start_ns) {
    const struct weir_strategy *strategy = list->stage->hunts[client].strategy;
    int64_t now_ns = start_ns;
    for (uint32_t i = 0; i < strategy->startup_count && now_ns <= list->stage->end_ns; i++) {
        const struct weir_draw_key key =
            weir_stage_standing_key(list->stage, client, WEIR_STARTUP_LOOP, i + 1, 0);
        now_ns = send(list, &strategy->startup[i], client, key, now_ns);
    }
}

static void add_standing(struct list *list, uint8_t client, int64_t start_ns) {
    const struct weir_strategy *strategy = list->stage->hunts[client].strategy;
    for (uint32_t l = 0; l < strategy->standing_count; l++) {
        const struct weir_loop *loop = &strategy->standing[l];
        int64_t now_ns = start_ns + loop->first_ns;
        uint32_t index = 0;
        uint32_t cycle = 0;
        while (now_ns <= list->stage->end_ns) {
            const struct weir_draw_key key =
                weir_stage_standing_key(list->stage, client, l, cycle + 1, index);
            send(list, &loop->calls[index], client, key, now_ns);
            now_ns = weir_loop_next(loop, now_ns, &index, &cycle);
        }
    }
}

/** Dashboards arrive at once. */
static void add_dashboards(struct list *list) {
    const struct weir_loop *loop = &list->stage->hunts[0].strategy->dashboard;
    const int64_t tabs = loop->call_count > 0 ? list->stage->scenario->foreign.dashboards : 0;
    for (uint32_t tab = 0; tab < tabs; tab++) {
        int64_t now_ns = weir_stage_dashboard_ns(list->stage, tab);
        uint32_t index = 0;
        uint32_t cycle = 0;
        while (now_ns <= list->stage->end_ns) {
            add(list, &loop->calls[index], WEIR_CLIENT_DASHBOARD, now_ns);
            now_ns = weir_loop_next(loop, now_ns, &index, &cycle);
        }
    }
}

static int compare_arrival(const void *left, const void *right) {
    const struct weir_drawn_request *a = left;
    const struct weir_drawn_request *b = right;
    return (a->arrived_ns > b->arrived_ns) - (a->arrived_ns < b->arrived_ns);
}

struct weir_drawn_request *weir_drawn_load(const struct weir_stage *stage, size_t *count) {
    struct list list = {.stage = stage};
    list.requests = calloc(1, sizeof *list.requests);
    list.capacity = 1;
    if (!list.requests || !exchange_tariff_make(&list.tariff)) {
        free(list.requests);
        return NULL;
    }
    add_startup(&list, WEIR_CLIENT_BOT, stage->start_ns);
    add_standing(&list, WEIR_CLIENT_BOT, stage->start_ns);
    if (stage->hunts[1].strategy) {
        add_startup(&list, WEIR_CLIENT_SECOND_BOT, stage->second_start_ns);
        add_standing(&list, WEIR_CLIENT_SECOND_BOT, stage->second_start_ns);
    }
    add_dashboards(&list);
    exchange_tariff_free(&list.tariff);
    if (list.failed) {
        free(list.requests);
        return NULL;
    }
    qsort(list.requests, list.count, sizeof *list.requests, compare_arrival);
    *count = list.count;
    return list.requests;
}
