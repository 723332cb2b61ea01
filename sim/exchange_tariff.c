/**
 * Which endpoint is what, what a request costs under the rules, and which parameters are refused.
 */
#include "exchange_tariff.h"

#include <stdlib.h>
#include <string.h>

#define CODE_MANDATORY_PARAMETER (-1102)
#define CODE_INVALID_PARAMETER (-1130)
#define CODE_INVALID_DEPTH_LIMIT (-4021)
#define CODE_TOO_MANY_CANCELS (-4032)
#define CODE_INVALID_BATCH_SIZE (-4082)

/* Most order ids that one request may cancel by list. */
#define CANCELS_MAX 10

static bool takes_list(weir_endpoint endpoint) {
    struct weir_params two = WEIR_PARAMS_NONE;
    two.count = 2;
    two.has_symbol = true;
    return weir_endpoint_cost(endpoint, two).orders > 1;
}

static unsigned kind_of(weir_endpoint endpoint) {
    const char *slash = strrchr(weir_endpoint_path(endpoint), '/');
    const char *name = slash == NULL ? "" : slash + 1;
    const bool names_orders = strstr(name, "order") != NULL || strstr(name, "Order") != NULL;
    if (weir_endpoint_places_orders(endpoint)) {
        return EXCHANGE_PLACES | EXCHANGE_ORDER_RESPONSE |
               (takes_list(endpoint) ? EXCHANGE_BATCH : 0);
    }
    if (names_orders && weir_endpoint_method(endpoint) == WEIR_DELETE) {
        return EXCHANGE_CANCELS | EXCHANGE_ORDER_RESPONSE |
               (strncmp(name, "batch", strlen("batch")) == 0 ? EXCHANGE_BATCH : 0);
    }
    if (names_orders) {
        return EXCHANGE_ORDER_RESPONSE;
    }
    return strcmp(name, "depth") == 0 ? EXCHANGE_DEPTH : 0;
}

bool exchange_tariff_make(struct exchange_tariff *tariff) {
    tariff->count = weir_endpoint_count();
    tariff->kinds = calloc(tariff->count, sizeof *tariff->kinds);
    if (tariff->kinds == NULL) {
        return false;
    }
    for (size_t i = 0; i < tariff->count; i++) {
        tariff->kinds[i] = (uint8_t)kind_of((weir_endpoint)i);
    }
    return true;
}

void exchange_tariff_free(struct exchange_tariff *tariff) {
    free(tariff->kinds);
    tariff->kinds = NULL;
}

static int32_t list_orders(enum weir_batch_count rule, int32_t listed) {
    switch (rule) {
    case WEIR_BATCH_COUNTS_ONE:
        return 1;
    case WEIR_BATCH_COUNTS_FIVE:
        return 5;
    case WEIR_BATCH_COUNTS_ORDERS:
        break;
    }
    return listed;
}

/* A list of cancels too long to be carried out counts as the longest that could be. */
static int32_t listed_cancels(int32_t count) {
    if (count < 1) {
        return 1;
    }
    return count > CANCELS_MAX ? CANCELS_MAX : count;
}

struct weir_cost exchange_tariff_cost(const struct weir_exchange_rules *rules, unsigned kind,
                                      const struct weir_exchange_request *request) {
    struct weir_cost cost = weir_endpoint_cost(request->endpoint, request->params);
    if (kind & EXCHANGE_CANCELS) {
        const int32_t listed = listed_cancels(request->params.count);
        cost.orders = (kind & EXCHANGE_BATCH) ? list_orders(rules->batch_count, listed) : 1;
        if (!rules->count_cancels) {
            cost.orders = 0;
        }
    } else if (kind & EXCHANGE_BATCH) {
        cost.orders = list_orders(rules->batch_count, cost.orders);
    }
    return cost;
}

/* Which parameter of a placement or query is at fault is found by putting the others right. */
static int32_t fault(unsigned kind, const struct weir_exchange_request *request) {
    struct weir_params probe = WEIR_PARAMS_NONE;
    const bool lists_orders = (kind & EXCHANGE_BATCH) != 0;
    if (lists_orders && request->params.count < 1) {
        return CODE_MANDATORY_PARAMETER;
    }
    probe.has_symbol = request->params.has_symbol;
    probe.count = lists_orders ? 2 : 0;
    if (!probe.has_symbol && !weir_endpoint_accepts(request->endpoint, probe)) {
        return CODE_MANDATORY_PARAMETER;
    }
    probe.limit = request->params.limit;
    if (!weir_endpoint_accepts(request->endpoint, probe)) {
        return (kind & EXCHANGE_DEPTH) ? CODE_INVALID_DEPTH_LIMIT : CODE_INVALID_PARAMETER;
    }
    return lists_orders ? CODE_INVALID_BATCH_SIZE : CODE_INVALID_PARAMETER;
}

int32_t exchange_tariff_refusal(const struct exchange_tariff *tariff, unsigned kind,
                                const struct weir_exchange_request *request) {
    if (!exchange_tariff_knows(tariff, request->endpoint)) {
        return 0;
    }
    const unsigned cancel_list = EXCHANGE_CANCELS | EXCHANGE_BATCH;
    if ((kind & cancel_list) == cancel_list && request->params.count > CANCELS_MAX) {
        return CODE_TOO_MANY_CANCELS;
    }
    return weir_endpoint_accepts(request->endpoint, request->params) ? 0 : fault(kind, request);
}
