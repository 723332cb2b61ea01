#include "agreement.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "whole_file.h"

#define SECOND_NS 1000000000LL
#define MINUTE_NS (60 * SECOND_NS)

/** Beginning of the exchange's minute in which the bot starts. */
static int64_t first_minute_ns(const struct weir_ledger *l) {
    return l->facts.start_ns / MINUTE_NS * MINUTE_NS;
}

static struct weir_agreement_minute *minute_at(const struct weir_agreement *a,
                                               const struct weir_ledger *l, int64_t time_ns) {
    const int64_t index = (time_ns - first_minute_ns(l)) / MINUTE_NS;
    return time_ns && index >= 0 && index < (int64_t)a->minute_count ? &a->minutes[index] : NULL;
}

static void add_side(struct weir_agreement *a, const struct weir_ledger *l, int side) {
    for (size_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        struct weir_agreement_minute *minute = minute_at(a, l, r->arrived_ns);
        a->sides[side].limit_errors += r->status == 429 || r->status == 418;
        if (minute) {
            minute->weight[side] += r->charged_weight;
            minute->orders[side] += r->charged_orders;
        }
    }
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        struct weir_agreement_minute *minute = minute_at(a, l, o->accepted_ns);
        if (o->state == WEIR_STATE_CAPTURED) {
            a->sides[side].captures++;
            if (minute) {
                minute->captures[side]++;
            }
        }
    }
}

/** Whether two figures differ by no more than the share of the larger, or by `slack`. */
static bool near(int64_t a, int64_t b, double slack) {
    const double larger = (double)(a > b ? a : b);
    const double allowed =
        WEIR_AGREEMENT_SHARE * larger > slack ? WEIR_AGREEMENT_SHARE * larger : slack;
    return (double)llabs(a - b) <= allowed;
}

bool weir_agreement_make(const struct weir_run *live, const struct weir_run *replay,
                         struct weir_agreement *a) {
    const struct weir_run_facts *facts = &live->own.facts;
    const double slack = WEIR_AGREEMENT_ALLOWANCE_SHARE * (double)facts->weight_per_minute;
    *a = (struct weir_agreement){.captures_hold = false};
    a->minute_count = (size_t)((facts->end_ns - first_minute_ns(&live->own)) / MINUTE_NS) + 1;
    a->minutes = calloc(a->minute_count, sizeof *a->minutes);
    if (!a->minutes) {
        return false;
    }
    a->first_s = (double)(first_minute_ns(&live->own) - facts->onset_ns) / 1e9;
    a->span_s = (double)(facts->end_ns - facts->start_ns) / 1e9;
    add_side(a, &live->own, 0);
    add_side(a, &replay->own, 1);
    a->weight_holds = true;
    for (size_t m = 0; m < a->minute_count; m++) {
        struct weir_agreement_minute *minute = &a->minutes[m];
        minute->holds = near(minute->weight[0], minute->weight[1], slack);
        a->weight_holds = a->weight_holds && minute->holds;
    }
    a->captures_hold = near(a->sides[0].captures, a->sides[1].captures, 0.0);
    a->errors_hold =
        llabs(a->sides[0].limit_errors - a->sides[1].limit_errors) <= WEIR_AGREEMENT_ERRORS;
    return true;
}

void weir_agreement_free(struct weir_agreement *agreement) {
    free(agreement->minutes);
    agreement->minutes = NULL;
}

bool weir_agreement_holds(const struct weir_agreement *a) {
    return a->captures_hold && a->errors_hold && a->weight_holds;
}

static void print_row(FILE *out, const char *label, int64_t live, int64_t replay, bool holds) {
    fprintf(out, "%-32s %10" PRId64 " %10" PRId64 "   %s\n", label, live, replay,
            holds ? "agrees" : "DIFFERS");
}

void weir_agreement_table(const struct weir_agreement *a, FILE *out) {
    fprintf(out, "\n%-32s %10s %10s\n", "agreement", "live", "replay");
    print_row(out, "captures (within 2 %)", a->sides[0].captures, a->sides[1].captures,
              a->captures_hold);
    print_row(out, "limit errors (within 3)", a->sides[0].limit_errors, a->sides[1].limit_errors,
              a->errors_hold);
    for (size_t m = 0; m < a->minute_count; m++) {
        char label[64];
        snprintf(label, sizeof label, "weight of the minute from %.0f s",
                 a->first_s + 60.0 * (double)m);
        print_row(out, label, a->minutes[m].weight[0], a->minutes[m].weight[1],
                  a->minutes[m].holds);
    }
    fprintf(out, "%s\n",
            weir_agreement_holds(a) ? "Simulation and reality agree."
                                    : "Simulation and reality do NOT agree.");
}

json_t *weir_agreement_document(const struct weir_agreement *a) {
    json_t *minutes = json_array();
    for (size_t m = 0; m < a->minute_count; m++) {
        const struct weir_agreement_minute *minute = &a->minutes[m];
        json_array_append_new(
            minutes,
            json_pack("{s:f, s:[I, I], s:[I, I], s:[I, I], s:b}", "from_s",
                      a->first_s + 60.0 * (double)m, "used_weight", (json_int_t)minute->weight[0],
                      (json_int_t)minute->weight[1], "used_orders", (json_int_t)minute->orders[0],
                      (json_int_t)minute->orders[1], "captures", (json_int_t)minute->captures[0],
                      (json_int_t)minute->captures[1], "holds", (int)minute->holds));
    }
    return json_pack("{s:b, s:[I, I], s:[I, I], s:o}", "holds", (int)weir_agreement_holds(a),
                     "captures", (json_int_t)a->sides[0].captures, (json_int_t)a->sides[1].captures,
                     "limit_errors", (json_int_t)a->sides[0].limit_errors,
                     (json_int_t)a->sides[1].limit_errors, "minutes", minutes);
}

/** One second of one run. */
struct second {
    int64_t weight, orders, captures;
};

static void add_seconds(const struct weir_ledger *l, struct second *seconds, size_t count) {
    const int64_t start_ns = first_minute_ns(l);
    for (size_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        const int64_t at = (r->arrived_ns - start_ns) / SECOND_NS;
        if (r->arrived_ns >= start_ns && at < (int64_t)count) {
            seconds[at].weight += r->charged_weight;
            seconds[at].orders += r->charged_orders;
        }
    }
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        const int64_t at = (o->accepted_ns - start_ns) / SECOND_NS;
        if (o->state == WEIR_STATE_CAPTURED && at >= 0 && at < (int64_t)count) {
            seconds[at].captures++;
        }
    }
}

/** Sums the seconds up: captures over all, weight and orders within each minute. */
static void sum_up(struct second *seconds, size_t count) {
    for (size_t i = 1; i < count; i++) {
        seconds[i].captures += seconds[i - 1].captures;
        if (i % 60 != 0) {
            seconds[i].weight += seconds[i - 1].weight;
            seconds[i].orders += seconds[i - 1].orders;
        }
    }
}

static bool write_seconds(const struct weir_run *live, const struct weir_run *replay, FILE *out) {
    const struct weir_run_facts *facts = &live->own.facts;
    const int64_t start_ns = first_minute_ns(&live->own);
    const size_t count = (size_t)((facts->end_ns - start_ns) / SECOND_NS) + 1;
    struct second *seconds = calloc(2 * count, sizeof *seconds);
    if (!seconds) {
        return false;
    }
    add_seconds(&live->own, seconds, count);
    add_seconds(&replay->own, seconds + count, count);
    sum_up(seconds, count);
    sum_up(seconds + count, count);
    fputs("#second\tlive_captures\treplay_captures\tlive_weight\treplay_weight\tlive_orders\t"
          "replay_orders\n",
          out);
    for (size_t i = (size_t)((facts->start_ns - start_ns) / SECOND_NS); i < count; i++) {
        const struct second *a = &seconds[i];
        const struct second *b = &seconds[count + i];
        fprintf(out,
                "%.3f\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64
                "\n",
                (double)(start_ns + (int64_t)i * SECOND_NS - facts->onset_ns) / 1e9, a->captures,
                b->captures, a->weight, b->weight, a->orders, b->orders);
    }
    free(seconds);
    return true;
}

bool weir_agreement_folder(const struct weir_run *live, const struct weir_run *replay,
                           const char *folder, char *error, size_t error_size) {
    char path[4096];
    struct weir_whole_file file;
    if (snprintf(path, sizeof path, "%s/agreement.tsv", folder) >= (int)sizeof path) {
        snprintf(error, error_size, "%.200s…: the path is too long", folder);
        return false;
    }
    if (!weir_whole_file_open(&file, path, error, error_size)) {
        return false;
    }
    snprintf(error, error_size, "%.300s: out of memory", path);
    return weir_whole_file_end(&file, write_seconds(live, replay, file.stream), error, error_size);
}
