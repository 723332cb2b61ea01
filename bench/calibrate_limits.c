/* How much a minute holds, what a batch counts, whether there is a limiter of 10 seconds. */

#include <string.h>

#include "calibrate_rules.h"

/** What is known of a limit: more than `above`, at most `most`. */
struct bounds {
    int64_t above, most;
    size_t rejections;
};

static const struct bounds unknown = {.above = 0, .most = INT64_MAX};

static void raise_to(struct bounds *b, int64_t above) {
    b->above = above > b->above ? above : b->above;
}

static void lower_to(struct bounds *b, int64_t most) {
    b->most = most < b->most ? most : b->most;
    b->rejections++;
}

/** Orders of the account that can have been counted in a window when `q` arrived, itself left out.
 */
static int64_t possible_orders(const struct weir_log_view *v, const struct weir_logged_request *q,
                               int64_t window_ns) {
    return weir_log_sent_before(v, v->orders_sent, weir_log_end_ns(q)) -
           weir_log_ended_by(v, v->orders_end, q->sent_ns - window_ns) - weir_log_most_orders(q);
}

static void judge_limit(struct weir_calibration *found, const char *rule, const struct bounds *b,
                        const char *documented, int64_t documented_limit, int64_t *setting) {
    char value[64];
    const bool holds_documented = documented_limit > b->above && documented_limit <= b->most;
    if (b->above >= b->most) {
        weir_add_finding(found, rule, "one constant limit", WEIR_LOG_CONTRADICTS,
                         "more than %lld were accepted, and %lld were rejected",
                         (long long)b->above, (long long)b->most + 1);
        return;
    }
    if (b->rejections == 0 && b->above == 0) {
        weir_add_finding(found, rule, documented, WEIR_LOG_LEAVES_OPEN, "no header, no rejection");
        return;
    }
    if (b->rejections == 0) {
        snprintf(value, sizeof value, "above %lld", (long long)b->above);
        weir_add_finding(found, rule, value, WEIR_LOG_SUPPORTS, "accepted; it was never reached");
    } else {
        snprintf(value, sizeof value, "%lld to %lld", (long long)b->above + 1, (long long)b->most);
        weir_add_finding(found, rule, value, WEIR_LOG_SUPPORTS,
                         "accepted up to there; %zu rejections say no more", b->rejections);
    }
    if (!holds_documented) {
        weir_add_finding(found, rule, documented, WEIR_LOG_CONTRADICTS, "outside of that");
        *setting = b->rejections ? b->most : b->above + 1;
    }
}

static void judge_weight(const struct weir_log_view *v, struct weir_calibration *found) {
    struct bounds b = unknown;
    const bool charged = found->scenario.exchange.rules.charge_rejected;
    bool charge_known = false;
    for (size_t i = 0; i < found->finding_count; i++) {
        charge_known = charge_known || (strcmp(found->findings[i].rule, "charge_rejected") == 0 &&
                                        found->findings[i].verdict == WEIR_LOG_SUPPORTS);
    }
    for (size_t i = 0; i < v->count; i++) {
        const struct weir_logged_request *q = &v->q[i];
        if (q->used_weight < 0) {
            continue;
        }
        if (q->status == 200) {
            raise_to(&b, q->used_weight - q->cost.weight);
        } else if (q->status == 429 && q->code == -1003) {
            const bool in_header = charge_known && charged;
            lower_to(&b, q->used_weight + (in_header ? 0 : q->cost.weight) - 1);
        }
    }
    judge_limit(found, "weight_per_minute", &b, "2400", 2400,
                &found->scenario.exchange.rules.weight_per_minute);
}

/* ---- orders ---- */

static void judge_ten_seconds(const struct weir_log_view *v, const struct bounds *minute,
                              struct weir_calibration *found) {
    struct bounds b = unknown;
    size_t headers = 0;
    size_t too_early = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct weir_logged_request *q = &v->q[i];
        headers += q->used_orders_10s >= 0;
        if (q->status == 200 && q->cost.orders > 0 && q->used_orders_10s >= 0) {
            raise_to(&b, q->used_orders_10s - weir_log_most_orders(q));
        }
        if (q->status == 429 && q->code == -1015) {
            /* as many were accepted in a minute before: it was not the minute that was full */
            too_early +=
                possible_orders(v, q, WEIR_MINUTE_NS) + weir_log_most_orders(q) <= minute->above;
        }
    }
    const bool is_there = headers > 0 || too_early > 0;
    weir_add_finding(
        found, "orders_per_10s", "a limiter of 10 s or another hidden one",
        is_there ? WEIR_LOG_SUPPORTS : WEIR_LOG_LEAVES_OPEN,
        "%zu headers of 10 s; %zu orders rejected before the minute can have been full", headers,
        too_early);
    if (headers > 0) {
        for (size_t i = 0; i < v->count; i++) {
            const struct weir_logged_request *q = &v->q[i];
            const int64_t before = possible_orders(v, q, 10 * WEIR_SECOND_NS);
            if (q->status == 429 && q->code == -1015 &&
                possible_orders(v, q, WEIR_MINUTE_NS) + weir_log_most_orders(q) <= minute->above) {
                lower_to(&b, before + weir_log_most_orders(q) - 1);
            }
        }
        found->scenario.exchange.rules.orders_per_10s = b.most == INT64_MAX ? 300 : b.most;
        judge_limit(found, "orders_per_10s", &b, "300", 300,
                    &found->scenario.exchange.rules.orders_per_10s);
    }
}

static void judge_orders(const struct weir_log_view *v, struct weir_calibration *found) {
    struct bounds b = unknown;
    size_t tens = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct weir_logged_request *q = &v->q[i];
        tens += q->used_orders_10s >= 0;
        if (q->status == 200 && q->cost.orders > 0 && q->used_orders >= 0) {
            raise_to(&b, q->used_orders - weir_log_most_orders(q));
        }
    }
    const struct bounds accepted = b;
    for (size_t i = 0; i < v->count; i++) {
        const struct weir_logged_request *q = &v->q[i];
        const int64_t before = possible_orders(v, q, WEIR_MINUTE_NS);
        /* rejections that another limiter must have made, or may have made, say nothing of this one
         */
        if (q->status == 429 && q->code == -1015 && tens == 0 &&
            before + weir_log_most_orders(q) > accepted.above) {
            lower_to(&b, before + weir_log_most_orders(q) - 1);
        }
    }
    judge_ten_seconds(v, &accepted, found);
    judge_limit(found, "orders_per_minute", &b, "1200", 1200,
                &found->scenario.exchange.rules.orders_per_minute);
}

/** What a batch adds to the order header, between two placements that were alone. */
static void judge_batches(const struct weir_log_view *v, struct weir_calibration *found) {
    static const char *const values[] = {"orders", "one", "five"};
    size_t seen[3] = {0, 0, 0};
    size_t pairs = 0;
    for (size_t i = 0; i + 1 < v->count; i++) {
        const struct weir_logged_request *b = &v->q[i + 1];
        const int32_t rise = b->used_orders - v->q[i].used_orders;
        if (!weir_log_is_lone_pair(v, i) || v->q[i].used_orders < 0 || b->used_orders < 0 ||
            b->status != 200 || b->params.count < 2 || b->params.count == 5) {
            continue;
        }
        pairs++;
        seen[0] += rise == b->params.count;
        seen[1] += rise == 1;
        seen[2] += rise == 5;
    }
    int which = -1;
    for (int k = 0; k < 3; k++) {
        which = seen[k] >= 2 && seen[k] == pairs ? k : which;
    }
    weir_add_finding(found, "batch_count", which < 0 ? "orders" : values[which],
                     which < 0 ? WEIR_LOG_LEAVES_OPEN : WEIR_LOG_SUPPORTS,
                     "%zu lone batches: as its orders %zu, as one %zu, as five %zu", pairs, seen[0],
                     seen[1], seen[2]);
    if (which >= 0) {
        found->scenario.exchange.rules.batch_count = (enum weir_batch_count)which;
    }
}

void weir_calibrate_limits(const struct weir_log_view *view, struct weir_calibration *found) {
    judge_weight(view, found);
    judge_orders(view, found);
    judge_batches(view, found);
}
