/* A limiter for weir. cc -shared -fPIC -I core/include -o mine.so THIS, then --policy ./mine.so */
#include <stdlib.h>
#include <weir/policy.h>
#define MINUTE_NS 60000000000LL
struct limiter {
    int64_t limit, window, used; /* weight a minute */
};
static enum weir_status create(const struct weir_config *c, void **self, struct weir_error *error) {
    struct limiter *l = *self = calloc(1, sizeof *l);
    for (size_t i = 0; l && i < c->limit_count; i++)
        if (c->limits[i].type == WEIR_LIMIT_WEIGHT && c->limits[i].interval_ns == MINUTE_NS)
            l->limit = c->limits[i].limit * 9 / 10;
    return l ? WEIR_OK : (error->status = WEIR_NO_MEMORY);
}
static enum weir_status submit(void *self, int64_t now_ns, const struct weir_request *r,
                               struct weir_decision *d) {
    struct limiter *l = self;
    const struct weir_cost cost = weir_endpoint_cost(r->endpoint, r->params);
    l->used = now_ns / MINUTE_NS == l->window ? l->used + cost.weight : cost.weight;
    l->window = now_ns / MINUTE_NS;
    *d = (struct weir_decision){.answer = WEIR_SEND, .booked_weight = cost.weight};
    if (l->used > l->limit) {
        l->used -= cost.weight;
        d->answer = r->priority == WEIR_CRITICAL ? WEIR_HOLD : WEIR_REFUSE;
        d->until_ns = (l->window + 1) * MINUTE_NS;
        d->reason = WEIR_REASON_WEIGHT;
    }
    return WEIR_OK;
}
static enum weir_status settle(void *self, const struct weir_reply *r, struct weir_settlement *s) {
    return (void)self, (void)r, (void)s, WEIR_OK; /* look at r->status and r->headers here */
}
static const struct weir_option options[1];
static const struct weir_policy table = {WEIR_POLICY_ABI, sizeof table,    0,      "mine",
                                         "my limiter",    options,         create, free,
                                         submit,          .settle = settle};
const struct weir_policy *weir_policy_export(void) {
    return &table;
}
