#include "calibrate.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate_rules.h"
#include "strategy.h"

#define NEEDED_SAMPLES ((size_t)9) /* three in each class of load, at least */
#define BURST_NS                                                                                   \
    WEIR_SECOND_NS /* calls of a loop that follow one another as fast are one cycle                \
                    */

const char *weir_log_verdict_name(enum weir_verdict verdict) {
    static const char *const names[] = {"open", "supports", "contradicts"};
    return names[verdict];
}

void weir_add_finding(struct weir_calibration *found, const char *rule, const char *value,
                      enum weir_verdict verdict, const char *format, ...) {
    if (found->finding_count == WEIR_FINDINGS_MAX) {
        return;
    }
    struct weir_finding *f = &found->findings[found->finding_count++];
    *f = (struct weir_finding){.rule = rule, .verdict = verdict};
    snprintf(f->value, sizeof f->value, "%s", value);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(f->evidence, sizeof f->evidence, format, arguments);
    va_end(arguments);
}

/* ---- delays ---- */

struct sample {
    double load; /* own requests in the second before it */
    double delay_ms;
};

static int by_load(const void *left, const void *right) {
    const struct sample *a = left;
    const struct sample *b = right;
    return a->load != b->load ? (a->load > b->load) - (a->load < b->load)
                              : (a->delay_ms > b->delay_ms) - (a->delay_ms < b->delay_ms);
}

static int by_delay(const void *left, const void *right) {
    const struct sample *a = left;
    const struct sample *b = right;
    return (a->delay_ms > b->delay_ms) - (a->delay_ms < b->delay_ms);
}

static double quantile(const struct sample *samples, size_t count, double share) {
    return samples[(size_t)(share * (double)(count - 1))].delay_ms;
}

static void describe_class(struct sample *samples, size_t count, struct weir_delay_class *class) {
    class->requests_per_s = samples[0].load;
    class->count = count;
    qsort(samples, count, sizeof *samples, by_delay);
    class->p10_ms = quantile(samples, count, 0.1);
    class->p50_ms = quantile(samples, count, 0.5);
    class->p90_ms = quantile(samples, count, 0.9);
    class->p99_ms = quantile(samples, count, 0.99);
}

/** The network's settings from quantiles of calm and busy moments: a round trip is twice the base,
 *  two draws and the processing; what is busier than calm is the load. */
static void set_network(struct weir_calibration *found, double least_ms, double mean_ms) {
    struct weir_network_settings *n = &found->scenario.network;
    const double calm_ms = found->delays[0].p50_ms;
    n->processing_ms = least_ms / 10.0 < 2.0 ? least_ms / 10.0 : 2.0;
    n->base_ms = fmax(0.001, (least_ms - n->processing_ms) / 2.0);
    n->draw_ms = fmax(0.0, (mean_ms - least_ms) / 2.0);
    n->peak = fmin(1000.0,
                   fmax(1.0, found->delays[WEIR_DELAY_CLASSES - 1].p90_ms / fmax(calm_ms, 0.001)));
}

static bool calibrate_delays(const struct weir_log_view *v, struct weir_calibration *found) {
    static const char *const names[WEIR_DELAY_CLASSES] = {"calm", "middle", "busy"};
    struct sample *samples = calloc(v->count + 1, sizeof *samples);
    size_t count = 0;
    size_t lost = 0;
    size_t unavailable = 0;
    if (!samples) {
        return false;
    }
    for (size_t i = 0, first = 0; i < v->count; i++) {
        const struct weir_logged_request *q = &v->q[i];
        while (v->q[first].sent_ns < q->sent_ns - WEIR_SECOND_NS) {
            first++;
        }
        lost += q->status == 0;
        unavailable += q->status == 503;
        if (q->answered_ns != INT64_MAX) {
            samples[count++] = (struct sample){(double)(i - first + 1),
                                               (double)(q->answered_ns - q->sent_ns) / 1e6};
        }
    }
    qsort(samples, count, sizeof *samples, by_load);
    for (size_t c = 0; c < WEIR_DELAY_CLASSES && count >= NEEDED_SAMPLES; c++) {
        const size_t from = count * c / WEIR_DELAY_CLASSES;
        const size_t to = count * (c + 1) / WEIR_DELAY_CLASSES;
        found->delays[c].name = names[c];
        describe_class(samples + from, to - from, &found->delays[c]);
    }
    if (found->delays[0].count > 0) {
        double sum_ms = 0.0;
        for (size_t i = 0; i < found->delays[0].count; i++) {
            sum_ms += samples[i].delay_ms;
        }
        set_network(found, samples[0].delay_ms, sum_ms / (double)found->delays[0].count);
        found->scenario.network.lost_rate = (double)lost / (double)v->count;
        found->scenario.network.unavailable_rate = (double)unavailable / (double)v->count;
    }
    free(samples);
    return true;
}

/* ---- standing load ---- */

static bool same_call(const struct weir_logged_request *a, const struct weir_logged_request *b) {
    return a->endpoint == b->endpoint && a->params.limit == b->params.limit &&
           a->params.has_symbol == b->params.has_symbol && a->cost.orders == 0;
}

static int by_gap(const void *left, const void *right) {
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/** Measures the loop of one call; `gaps` has room for all. */
static void describe_loop(const struct weir_log_view *v, size_t first, double *gaps,
                          struct weir_calibration *found) {
    size_t cycles = 0;
    size_t count = 1;
    int64_t start_ns = v->q[first].sent_ns;
    int64_t last_ns = start_ns;
    for (size_t i = first + 1; i < v->count; i++) {
        if (!same_call(&v->q[first], &v->q[i])) {
            continue;
        }
        if (v->q[i].sent_ns - last_ns > BURST_NS) {
            gaps[cycles++] = (double)(v->q[i].sent_ns - start_ns) / 1e9;
            start_ns = v->q[i].sent_ns;
        }
        last_ns = v->q[i].sent_ns;
        count++;
    }
    if (cycles < 5) {
        return;
    }
    qsort(gaps, cycles, sizeof *gaps, by_gap);
    const double period_s = gaps[cycles / 2];
    size_t regular = 0;
    for (size_t i = 0; i < cycles; i++) {
        regular += gaps[i] >= 0.8 * period_s && gaps[i] <= 1.2 * period_s;
    }
    if ((double)regular >= 0.5 * (double)cycles) {
        found->standing[found->standing_count++] =
            (struct weir_standing_loop){v->q[first].endpoint,
                                        v->q[first].params,
                                        count,
                                        period_s,
                                        (double)count / (double)(cycles + 1),
                                        (double)regular / (double)cycles};
    }
}

static bool calibrate_standing(const struct weir_log_view *v, struct weir_calibration *found) {
    double *gaps = calloc(v->count + 1, sizeof *gaps);
    size_t firsts[256]; /* first request of each kind of call */
    size_t kinds = 0;
    for (size_t i = 0; gaps && i < v->count; i++) {
        bool known = v->q[i].cost.orders > 0;
        for (size_t k = 0; k < kinds && !known; k++) {
            known = same_call(&v->q[firsts[k]], &v->q[i]);
        }
        if (!known && kinds < sizeof firsts / sizeof firsts[0]) {
            firsts[kinds++] = i;
        }
    }
    for (size_t k = 0; gaps && k < kinds && found->standing_count < WEIR_STANDING_MAX; k++) {
        describe_loop(v, firsts[k], gaps, found);
    }
    free(gaps);
    return gaps != NULL;
}

/* ---- the log once more, against an exchange with these rules ---- */

struct arrival {
    int64_t at_ns;
    const struct weir_logged_request *q;
};

static int by_arrival(const void *left, const void *right) {
    const struct arrival *a = left;
    const struct arrival *b = right;
    return a->at_ns != b->at_ns ? (a->at_ns < b->at_ns ? -1 : 1) : (a->q > b->q) - (a->q < b->q);
}

static double header_difference(const struct weir_logged_request *q,
                                const struct weir_exchange_answer *answer) {
    return fabs((double)(answer->used_weight - q->used_weight));
}

static void replay_arrivals(const struct arrival *arrivals, size_t count,
                            struct weir_exchange *exchange, double *differences,
                            struct weir_calibration *found) {
    for (size_t i = 0; i < count; i++) {
        const struct weir_logged_request *q = arrivals[i].q;
        const bool refused =
            q->status >= 400 && q->status < 500 && q->status != 418 && q->status != 429;
        const struct weir_exchange_request request = {.endpoint = q->endpoint,
                                                      .params = q->params,
                                                      .refused_code = refused ? q->code : 0,
                                                      .unavailable = q->status >= 500};
        struct weir_exchange_answer answer;
        weir_exchange_handle(exchange, arrivals[i].at_ns, &request, &answer);
        found->logged_429 += q->status == 429;
        found->logged_418 += q->status == 418;
        found->again_429 += answer.status == 429;
        found->again_418 += answer.status == 418;
        found->again_answered += q->status != 0;
        found->again_same += q->status == answer.status;
        if (q->used_weight >= 0 && q->status == 200 && answer.status == 200) {
            differences[found->header_count++] = header_difference(q, &answer);
        }
    }
}

static bool replay_log(const struct weir_log_view *v, struct weir_calibration *found) {
    struct arrival *arrivals = calloc(v->count + 1, sizeof *arrivals);
    double *differences = calloc(v->count + 1, sizeof *differences);
    struct weir_exchange *exchange = weir_exchange_create(&found->scenario.exchange.rules, 1, 1);
    const bool ok = arrivals && differences && exchange;
    for (size_t i = 0; ok && i < v->count; i++) {
        const struct weir_logged_request *q = &v->q[i];
        const int64_t way_ns = q->answered_ns == INT64_MAX ? 0 : (q->answered_ns - q->sent_ns) / 2;
        arrivals[i] = (struct arrival){q->sent_ns + way_ns, q};
    }
    if (ok) {
        qsort(arrivals, v->count, sizeof *arrivals, by_arrival);
        replay_arrivals(arrivals, v->count, exchange, differences, found);
        qsort(differences, found->header_count, sizeof *differences, by_gap);
    }
    if (ok && found->header_count > 0) {
        found->header_p50 = differences[found->header_count / 2];
        found->header_p99 = differences[(found->header_count - 1) * 99 / 100];
    }
    free(arrivals);
    free(differences);
    weir_exchange_destroy(exchange);
    return ok;
}

/* ---- foreign load ---- */

/** As many dashboard tabs of the strategy as use what others on the address used. */
static void set_dashboards(struct weir_calibration *found) {
    struct weir_scenario_error error;
    struct weir_strategy *strategy = weir_strategy_open(found->scenario.bot.strategy, &error);
    double tab = 0.0;
    for (size_t i = 0; strategy && i < strategy->dashboard.call_count; i++) {
        const struct weir_call *call = &strategy->dashboard.calls[i];
        tab += weir_endpoint_cost(call->endpoint, call->params).weight * 60e9 /
               (double)strategy->dashboard.period_ns;
    }
    if (tab > 0.0 && found->foreign_weight_per_minute > 0.0) {
        const double tabs = floor(found->foreign_weight_per_minute / tab + 0.5);
        found->scenario.foreign.dashboards = tabs < 64.0 ? (int64_t)tabs : 64;
    }
    weir_strategy_free(strategy);
}

/* ---- all of it ---- */

/** Lengths that were seen come before those of the defaults that are longer. */
static void set_ban_steps(struct weir_calibration *found) {
    struct weir_exchange_settings *e = &found->scenario.exchange;
    double steps[WEIR_BAN_STEPS_MAX] = {0};
    size_t count = 0;
    for (size_t b = 0; b < found->ban_count; b++) {
        if (count == 0 || found->bans_min[b] > 1.1 * steps[count - 1]) {
            steps[count++] = found->bans_min[b];
        }
    }
    for (size_t i = 0; i < WEIR_BAN_STEPS_MAX && count > 0 && count < WEIR_BAN_STEPS_MAX; i++) {
        if (e->ban_steps_min[i] > 1.1 * steps[count - 1]) {
            steps[count++] = e->ban_steps_min[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        e->ban_steps_min[i] = steps[i];
        e->rules.ban_steps_ns[i] = (int64_t)(steps[i] * 6e10);
    }
    e->rules.ban_step_count = count > 0 ? (int32_t)count : e->rules.ban_step_count;
}

bool weir_calibrate(const struct weir_request_log *log, struct weir_calibration *found) {
    struct weir_log_view view;
    memset(found, 0, sizeof *found);
    found->log = log;
    weir_scenario_defaults(&found->scenario);
    bool ok = weir_log_view_open(&view, log);
    if (ok) {
        weir_calibrate_windows(&view, found);
        weir_calibrate_limits(&view, found);
        weir_calibrate_bans(&view, found);
        set_ban_steps(found);
        set_dashboards(found);
        ok = calibrate_delays(&view, found) && calibrate_standing(&view, found) &&
             replay_log(&view, found);
    }
    weir_log_view_close(&view);
    return ok;
}
