/** What a live run adds to its result document. */
#include <stdlib.h>

#include "live_bot.h"

static int compare_ms(const void *left, const void *right) {
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static json_t *quantiles(double *times_ms, size_t count) {
    static const struct {
        const char *name;
        double share;
    } at[] = {{"min", 0.0}, {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"max", 1.0}};
    json_t *object = json_object();
    if (!times_ms || count == 0) {
        return object;
    }
    qsort(times_ms, count, sizeof *times_ms, compare_ms);
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        const size_t place = (size_t)(at[i].share * (double)(count - 1) + 0.5);
        json_object_set_new(object, at[i].name, json_real(times_ms[place]));
    }
    return object;
}

/** Delays of the ways out and back, in milliseconds. */
static json_t *delays(const struct weir_ledger *l, bool back) {
    double *times_ms = calloc(l->request_count + 1, sizeof *times_ms);
    size_t count = 0;
    for (size_t i = 0; times_ms && i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        if (r->answered_ns) {
            times_ms[count++] =
                (double)(back ? r->answered_ns - r->arrived_ns : r->arrived_ns - r->sent_ns) / 1e6;
        }
    }
    json_t *object = quantiles(times_ms, count);
    free(times_ms);
    return object;
}

json_t *weir_live_document(const struct live_meeting *meeting, const struct weir_run *run,
                           const struct weir_live_measured *m) {
    const struct weir_ledger *l = &run->own;
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:f, s:f, s:f, s:o, s:o, s:f, s:I, s:I, s:I}", "url",
                  meeting->plan->url, "exchange", meeting->is_serve ? "weir serve" : "other",
                  "onset_ns", (json_int_t)meeting->onset_ns, "phase_s",
                  (double)(meeting->onset_ns % INT64_C(60000000000)) / 1e9, "clock_offset_ms",
                  (double)meeting->clock_offset_ns / 1e6, "clock_error_ms",
                  (double)meeting->clock_error_ns / 1e6, "out_ms", delays(l, false), "back_ms",
                  delays(l, true), "lag_max_ms", (double)m->lag_max_ns / 1e6, "header_gap",
                  (json_int_t)m->header_gap, "stream_losses", (json_int_t)m->stream_losses,
                  "withheld", (json_int_t)m->withheld);
    if (m->end_ns < l->facts.last_ns || m->signal || m->ended[0]) {
        json_object_set_new(object, "ended_early",
                            m->ended[0] ? json_string(m->ended)
                                        : json_sprintf("signal %d", m->signal));
    }
    return object;
}
