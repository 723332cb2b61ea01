/* A limiter for weir, to start from. cc -shared -fPIC -I core/include -o mine.so THIS; --policy
 * ./mine.so */
#include <stdlib.h>
#include <weir/policy.h>

#define MINUTE_NS 60000000000LL

struct limiter {
    int64_t limit, window, used;
}; /* weight a minute */

static enum weir_status create(const struct weir_config *config, void **self,
                               struct weir_error *error) {
    struct limiter *l = calloc(1, sizeof *l);
    for (size_t i = 0; l && i < config->limit_count; i++)
        if (config->limits[i].type == WEIR_LIMIT_WEIGHT &&
            config->limits[i].interval_ns == MINUTE_NS)
            l->limit = config->limits[i].limit * 9 / 10;
    (void)error; /* its text says what was wrong, if something was */
    return (*self = l) ? WEIR_OK : WEIR_NO_MEMORY;
}

static enum weir_status submit(void *self, int64_t now_ns, const struct weir_request *r,
                               struct weir_decision *d) {
    struct limiter *l = self;
    struct weir_cost cost = weir_endpoint_cost(r->endpoint, r->params);
    if (now_ns / MINUTE_NS != l->window) {
        l->window = now_ns / MINUTE_NS;
        l->used = 0;
    }
    if (l->used + cost.weight <= l->limit) {
        l->used += cost.weight;
        *d = (struct weir_decision){
            .answer = WEIR_SEND, .booked_weight = cost.weight, .booked_orders = cost.orders};
    } else
        *d =
            (struct weir_decision){.answer = r->priority == WEIR_CRITICAL ? WEIR_HOLD : WEIR_REFUSE,
                                   .reason = WEIR_REASON_WEIGHT,
                                   .until_ns = (l->window + 1) * MINUTE_NS};
    return WEIR_OK;
}

static enum weir_status settle(void *self, const struct weir_reply *reply,
                               struct weir_settlement *s) {
    (void)self, (void)reply, (void)s; /* look at reply->status and reply->headers here */
    return WEIR_OK;
}

static const struct weir_option options[] = {{.key = NULL}};
static const struct weir_policy table = {.abi = WEIR_POLICY_ABI,
                                         .size = sizeof table,
                                         .name = "mine",
                                         .summary = "my limiter",
                                         .options = options,
                                         .create = create,
                                         .destroy = free,
                                         .submit = submit,
                                         .settle = settle};
const struct weir_policy *weir_policy_export(void) {
    return &table;
}
