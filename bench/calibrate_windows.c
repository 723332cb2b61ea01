/* Which windows the exchange counts in, whether it charges what it rejects, and what others use. */

#include <stdlib.h>
#include <string.h>

#include "calibrate_rules.h"

#define DROPS_MAX 4096
#define INFORMATIVE_NS (30 * WEIR_SECOND_NS) /* a wider stretch holds almost any boundary */

/** Where in a minute a boundary can lie, by a fall of the header. */
struct arc {
    int64_t from_ns, length_ns;
};

struct drops {
    struct arc arcs[DROPS_MAX];
    size_t count;
    size_t sliding_contradicted; /* falls deeper than a sliding window can have */
    int64_t phase_from_ns, phase_to_ns;
    bool fits;    /* one phase fits all */
    double doubt; /* chance that it would, of falls at any time */
};

/* ---- falls of the weight header ---- */

/** A header below what its own request and the one before it cost: in between some were taken off.
 */
static void add_drop(struct drops *d, const struct weir_logged_request *p,
                     const struct weir_logged_request *b) {
    const int64_t length_ns = b->answered_ns - p->sent_ns;
    if (length_ns < INFORMATIVE_NS && d->count < DROPS_MAX) {
        d->arcs[d->count++] = (struct arc){p->sent_ns % WEIR_MINUTE_NS, length_ns};
    }
}

/** A sliding minute still holds everything that was accepted within it. */
static void look_for_deep_fall(const struct weir_log_view *v, const struct weir_logged_request *b,
                               struct drops *d) {
    const int64_t held =
        weir_log_ended_by(v, v->weight_end, b->sent_ns) -
        weir_log_sent_before(v, v->weight_sent, b->answered_ns - WEIR_MINUTE_NS + 1);
    /* half of it: weights of the documents may be wrong by a little */
    d->sliding_contradicted += held >= 20 && b->used_weight < held / 2;
}

static void collect(const struct weir_log_view *v, struct drops *d) {
    const struct weir_logged_request *p = NULL;
    size_t ended = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct weir_logged_request *b = &v->q[i];
        for (; ended < v->count && weir_log_end_ns(&v->q[v->by_end[ended]]) <= b->sent_ns;
             ended++) {
            const struct weir_logged_request *e = &v->q[v->by_end[ended]];
            p = e->used_weight >= 0 && e->answered_ns != INT64_MAX ? e : p;
        }
        if (b->used_weight < 0 || b->answered_ns == INT64_MAX) {
            continue;
        }
        look_for_deep_fall(v, b, d);
        const int32_t own = b->status == 200 ? b->cost.weight : 0;
        if (p && b->used_weight < p->used_weight + own) {
            add_drop(d, p, b);
        }
    }
}

/** How many arcs hold a point of the minute. */
static size_t cover(const struct drops *d, int64_t at_ns) {
    size_t held = 0;
    for (size_t i = 0; i < d->count; i++) {
        const int64_t into_ns = (at_ns - d->arcs[i].from_ns + WEIR_MINUTE_NS) % WEIR_MINUTE_NS;
        held += into_ns <= d->arcs[i].length_ns;
    }
    return held;
}

/** The arcs have a common point exactly if one of them begins with one. */
static void find_phase(struct drops *d) {
    double doubt = (double)d->count;
    int64_t widest_ns = 0;
    for (size_t i = 0; i < d->count; i++) {
        doubt *= (double)d->arcs[i].length_ns / (double)WEIR_MINUTE_NS;
        widest_ns = d->arcs[i].length_ns > widest_ns ? d->arcs[i].length_ns : widest_ns;
    }
    d->doubt = d->count > 1 ? doubt * (double)WEIR_MINUTE_NS / (double)(widest_ns + 1) : 1.0;
    for (size_t i = 0; i < d->count && !d->fits; i++) {
        if (cover(d, d->arcs[i].from_ns) == d->count) {
            d->fits = true;
            d->phase_from_ns = d->arcs[i].from_ns;
        }
    }
    int64_t left_ns = WEIR_MINUTE_NS;
    for (size_t i = 0; i < d->count && d->fits; i++) {
        const struct arc *a = &d->arcs[i];
        const int64_t into_ns = (d->phase_from_ns - a->from_ns + WEIR_MINUTE_NS) % WEIR_MINUTE_NS;
        left_ns = a->length_ns - into_ns < left_ns ? a->length_ns - into_ns : left_ns;
    }
    d->phase_to_ns = d->phase_from_ns + left_ns;
}

/** Seconds after a minute of the log's clock, −30 to 30. */
static double phase_s(int64_t phase_ns) {
    const int64_t in_ns = phase_ns % WEIR_MINUTE_NS;
    return (double)(in_ns > WEIR_MINUTE_NS / 2 ? in_ns - WEIR_MINUTE_NS : in_ns) / 1e9;
}

static void judge_window(const struct drops *d, struct weir_calibration *found) {
    const bool fixed_out = d->count >= 3 && !d->fits;
    const bool sliding_out = d->sliding_contradicted >= 2;
    const bool fixed_likely = d->count >= 3 && d->fits && d->doubt < 0.001;
    enum weir_verdict fixed = fixed_out                     ? WEIR_LOG_CONTRADICTS
                              : sliding_out && fixed_likely ? WEIR_LOG_SUPPORTS
                                                            : WEIR_LOG_LEAVES_OPEN;
    const enum weir_verdict sliding = sliding_out ? WEIR_LOG_CONTRADICTS
                                      : fixed_out ? WEIR_LOG_SUPPORTS
                                                  : WEIR_LOG_LEAVES_OPEN;
    weir_add_finding(found, "window", "fixed", fixed,
                     "%zu falls of the weight header %s one place in the minute", d->count,
                     d->count == 0 ? "say nothing of"
                     : d->fits     ? "fit"
                                   : "do not fit");
    weir_add_finding(found, "window", "sliding", sliding,
                     "%zu headers are below half of what was accepted in the minute before",
                     d->sliding_contradicted);
    if (fixed == WEIR_LOG_SUPPORTS) {
        char value[64];
        snprintf(value, sizeof value, "%.3f to %.3f s", phase_s(d->phase_from_ns),
                 phase_s(d->phase_to_ns));
        weir_add_finding(found, "window phase", value, WEIR_LOG_SUPPORTS,
                         "the exchange's minute begins there, after one of the log's clock");
        found->scenario.exchange.rules.window = WEIR_WINDOW_FIXED;
    } else if (sliding == WEIR_LOG_SUPPORTS) {
        found->scenario.exchange.rules.window = WEIR_WINDOW_SLIDING;
    }
}

/* ---- what a rejection costs ---- */

/** What lone pairs of requests show: the header's rise beyond the second one's own cost. */
struct rises {
    size_t accepted, accepted_more;                /* second one answered 200; more than its cost */
    size_t limited, limited_charged, limited_less; /* answered 429: at least, less than its cost */
    double foreign_weight, seen_s, limited_s;
};

/** Whether a boundary of the exchange's minute can lie in a stretch. */
static bool may_hold_boundary(const struct drops *d, int64_t from_ns, int64_t to_ns) {
    const int64_t width_ns = d->phase_to_ns - d->phase_from_ns;
    const int64_t into_ns =
        ((d->phase_from_ns - from_ns) % WEIR_MINUTE_NS + WEIR_MINUTE_NS) % WEIR_MINUTE_NS;
    return into_ns <= to_ns - from_ns || into_ns + width_ns >= WEIR_MINUTE_NS;
}

static void look_at_pair(const struct drops *d, const struct weir_logged_request *p,
                         const struct weir_logged_request *b, struct rises *r) {
    if (p->used_weight < 0 || b->used_weight < 0 || b->cost.weight == 0 ||
        may_hold_boundary(d, p->sent_ns, b->answered_ns)) {
        return;
    }
    const int32_t rise = b->used_weight - p->used_weight;
    if (b->status == 200 && rise >= b->cost.weight) {
        r->accepted++;
        r->accepted_more += rise > b->cost.weight;
        r->foreign_weight += rise - b->cost.weight;
        r->seen_s += (double)(b->answered_ns - p->sent_ns) / 1e9;
    } else if (b->status == 429 && b->code == -1003) {
        r->limited++;
        r->limited_s += (double)(b->answered_ns - p->sent_ns) / 1e9;
        r->limited_charged += rise >= b->cost.weight;
        r->limited_less += rise >= 0 && rise < b->cost.weight;
    }
}

static void judge_rejections(const struct rises *r, struct weir_calibration *found) {
    /* others on the address could have raised the header by as much: not if they never did in pairs
     * that were watched for at least as long */
    const bool alone = r->accepted >= 20 && r->accepted_more == 0 && r->seen_s >= r->limited_s;
    const bool never = r->limited_less >= 2 && r->limited_charged == 0;
    const bool always = r->limited_less == 0 && r->limited_charged >= 2 && alone;
    weir_add_finding(found, "charge_rejected", never ? "false" : "true",
                     never || always ? WEIR_LOG_SUPPORTS : WEIR_LOG_LEAVES_OPEN,
                     "of %zu lone 429s the header rose by their weight at %zu, by less at %zu",
                     r->limited, r->limited_charged, r->limited_less);
    if (never || always) {
        found->scenario.exchange.rules.charge_rejected = always;
    }
}

static void judge_foreign(const struct rises *r, struct weir_calibration *found) {
    found->foreign_seen_s = r->seen_s;
    found->foreign_weight_per_minute =
        r->accepted >= 20 ? r->foreign_weight / r->seen_s * 60.0 : -1.0;
}

void weir_calibrate_windows(const struct weir_log_view *view, struct weir_calibration *found) {
    struct drops *d = calloc(1, sizeof *d);
    struct rises r = {0};
    if (!d) {
        return;
    }
    collect(view, d);
    find_phase(d);
    judge_window(d, found);
    const bool fixed = found->findings[0].verdict == WEIR_LOG_SUPPORTS;
    for (size_t i = 0; i + 1 < view->count && fixed; i++) {
        if (weir_log_is_lone_pair(view, i)) {
            look_at_pair(d, &view->q[i], &view->q[i + 1], &r);
        }
    }
    judge_rejections(&r, found);
    judge_foreign(&r, found);
    free(d);
}
