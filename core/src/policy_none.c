#include <stdlib.h>

#include "errors.h"
#include "id_table.h"
#include "policies.h"

/** Sends everything at once and counts it, so that what it booked can be compared with what the
 *  exchange charged. */
struct none {
    struct weir_id_table costs; /**< weight in the upper half, orders in the lower */
};

static const struct weir_option none_options[] = {{.key = NULL}};

static enum weir_status none_create(const struct weir_config *config, void **self,
                                    struct weir_error *error) {
    struct none *none = calloc(1, sizeof *none);
    if (!none || !weir_id_table_init(&none->costs, config->max_open)) {
        free(none);
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for policy none");
    }
    *self = none;
    return WEIR_OK;
}

static void none_destroy(void *self) {
    struct none *none = self;
    weir_id_table_free(&none->costs);
    free(none);
}

static enum weir_status none_submit(void *self, int64_t now_ns, const struct weir_request *request,
                                    struct weir_decision *decision) {
    (void)now_ns;
    struct none *none = self;
    if (!request->can_send) {
        *decision = (struct weir_decision){.answer = WEIR_REFUSE, .reason = WEIR_REASON_CONNECTION};
        return WEIR_OK;
    }
    struct weir_cost cost = weir_endpoint_cost(request->endpoint, request->params);
    uint64_t both = (uint64_t)cost.weight << 32 | (uint64_t)cost.orders;
    if (!weir_id_table_add(&none->costs, request->id, both)) {
        return WEIR_FULL;
    }
    *decision = (struct weir_decision){
        .answer = WEIR_SEND, .booked_weight = cost.weight, .booked_orders = cost.orders};
    return WEIR_OK;
}

static enum weir_status none_settle(void *self, const struct weir_reply *reply,
                                    struct weir_settlement *settlement) {
    struct none *none = self;
    const uint64_t *both = weir_id_table_find(&none->costs, reply->id);
    if (!both) {
        return WEIR_NO_SUCH;
    }
    *settlement = (struct weir_settlement){.booked_weight = (int32_t)(*both >> 32),
                                           .booked_orders = (int32_t)(*both & UINT32_MAX)};
    weir_id_table_remove(&none->costs, reply->id);
    return WEIR_OK;
}

const struct weir_policy weir_policy_none = {
    .abi = WEIR_POLICY_ABI,
    .size = sizeof(struct weir_policy),
    .name = "none",
    .summary = "sends everything at once",
    .options = none_options,
    .create = none_create,
    .destroy = none_destroy,
    .submit = none_submit,
    .settle = none_settle,
};
