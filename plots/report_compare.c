/** A comparison: how each policy did, by how much they differ, what holds of the claims. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"
#include "scripts.h"
#include "variable.h"

#define ROWS_MAX 64
#define PRIMARY "protected_impact_capture"

static const char *const VALUES[] = {"protected_impact_capture", "protected_notional_capture",
                                     "protected_capture_rate"};
static const char *const VALUE_NAMES[] = {"by impact", "by notional", "by count"};

/** Colours of a verdict: better, worse, and the rest. */
static int verdict_role(const char *verdict) {
    return strcmp(verdict, "better") == 0 ? 1 : strcmp(verdict, "worse") == 0 ? 3 : 2;
}

/* ---- the answer ---- */

static void list_verdict(struct plots_sheet *sheet, const json_t *trace, const char *verdict,
                         const char *words) {
    char names[1024] = "";
    size_t used = 0;
    size_t index = 0;
    json_t *row = NULL;
    json_array_foreach(json_object_get(trace, "verdicts"), index, row) {
        if (strcmp(plots_text(row, "verdict", ""), verdict) == 0 && used < sizeof names) {
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                     plots_text(row, "policy", "?"));
        }
    }
    if (used > 0) {
        plots_say(sheet, " %s: %s.", words, names);
    }
}

static void answer(struct plots_sheet *sheet, const json_t *root) {
    size_t index = 0;
    json_t *trace = NULL;
    plots_markup(sheet, "<ul class=\"answer even\">\n");
    json_array_foreach(json_object_get(root, "traces"), index, trace) {
        plots_markup(sheet, "<li>");
        plots_say(sheet, "%s (%s), against %s.", plots_text(trace, "trace.name", "?"),
                  plots_text(trace, "trace.class", "?"), plots_text(root, "against", "?"));
        list_verdict(sheet, trace, "better", "Better by all three values");
        list_verdict(sheet, trace, "worse", "Worse");
        list_verdict(sheet, trace, "equivalent", "Equivalent, within one point");
        list_verdict(sheet, trace, "undecided", "Undecided");
        plots_markup(sheet, "</li>\n");
    }
    plots_markup(sheet, "</ul>\n<p>");
    plots_say(sheet, "A verdict is given only if it holds for protected captures by impact, by "
                     "notional and by count alike.");
    plots_markup(sheet, "</p>\n");
}

/* ---- one trace ---- */

static void policies_table(struct plots_sheet *sheet, const json_t *trace) {
    static const char *const metrics[] = {"protected_impact_capture",
                                          "protected_value_of_bound",
                                          "protected_notional_capture",
                                          "protected_capture_rate",
                                          "capture_rate",
                                          "http_429",
                                          "http_418",
                                          "banned_s",
                                          "useful_efficiency",
                                          "unprotected_p99_s",
                                          "blind_max_s"};
    const size_t count = sizeof metrics / sizeof metrics[0];
    plots_metrics_open(sheet, "Means over the replications", "policy", metrics, count);
    size_t index = 0;
    json_t *policy = NULL;
    json_array_foreach(json_object_get(trace, "policies"), index, policy) {
        plots_metrics_row(sheet, plots_text(policy, "policy", "?"), policy, metrics, count,
                          json_object_get(policy, "failed") != NULL);
    }
    plots_table_close(sheet);
}

static void policies_figure(struct plots_sheet *sheet, const json_t *trace, size_t number) {
    struct plots_bar bars[ROWS_MAX];
    size_t count = 0;
    size_t index = 0;
    json_t *policy = NULL;
    json_array_foreach(json_object_get(trace, "policies"), index, policy) {
        double mean = 0.0;
        if (count < ROWS_MAX && plots_mean(policy, PRIMARY, &mean)) {
            bars[count] =
                (struct plots_bar){.name = plots_text(policy, "policy", "?"), .parts = {mean}};
            snprintf(bars[count].value, sizeof bars[count].value, "%s", plots_share(mean).text);
            count++;
        }
    }
    char name[32];
    snprintf(name, sizeof name, "%zu-policies", number);
    plots_bars(sheet, name, bars, count, 1, (const int[]){1}, NULL, plots_share,
               &(struct plots_caption){"Captured and protected, by impact",
                                       "Share of the impact (square root of the notional) of all "
                                       "opportunities that was captured in time and then protected "
                                       "in time.",
                                       NULL});
}

static const json_t *find_pair(const json_t *trace, const char *policy, const char *metric) {
    size_t index = 0;
    json_t *pair = NULL;
    json_array_foreach(json_object_get(trace, "pairs"), index, pair) {
        if (strcmp(plots_text(pair, "policy", ""), policy) == 0 &&
            strcmp(plots_text(pair, "metric", ""), metric) == 0) {
            return pair;
        }
    }
    return NULL;
}

/** Reads a difference with its interval; one replication has no interval. */
static bool read_interval(const json_t *pair, const char *key, struct plots_interval *row) {
    const json_t *difference = json_object_get(pair, key);
    if (!plots_number(difference, "mean", &row->mean)) {
        return false;
    }
    if (!plots_number(difference, "low", &row->low) ||
        !plots_number(difference, "high", &row->high)) {
        row->low = row->high = row->mean;
    }
    return true;
}

static void pairs_figure(struct plots_sheet *sheet, const json_t *trace, size_t number,
                         const char *against) {
    struct plots_interval rows[ROWS_MAX];
    size_t count = 0;
    size_t index = 0;
    json_t *verdict = NULL;
    json_array_foreach(json_object_get(trace, "verdicts"), index, verdict) {
        const char *policy = plots_text(verdict, "policy", "?");
        for (size_t v = 0; v < 3 && count < ROWS_MAX; v++) {
            const json_t *pair = find_pair(trace, policy, VALUES[v]);
            struct plots_interval *row = &rows[count];
            if (pair && read_interval(pair, "difference", row)) {
                snprintf(row->name, sizeof row->name, "%.60s, %s", policy,
                         VALUE_NAMES[v] + strlen("by "));
                snprintf(row->value, sizeof row->value, "%.24s", plots_text(pair, "verdict", "–"));
                row->role = verdict_role(plots_text(pair, "verdict", ""));
                count++;
            }
        }
    }
    char name[32];
    char title[160];
    snprintf(name, sizeof name, "%zu-pairs", number);
    snprintf(title, sizeof title, "Difference to %.100s", against);
    plots_intervals(
        sheet, name, rows, count, 100.0, 0.0,
        &(struct plots_caption){
            title,
            "Protected captures, in points: mean of the paired differences and its 95 % interval, "
            "with the verdict. Right of the line is better.",
            (const char *const[]){"1", "better", "3", "worse", "2", "equivalent or undecided",
                                  NULL}});
}

/** A difference of shares in points, for a table whose caption names the unit. */
static struct plots_amount points(double difference) {
    struct plots_amount amount;
    const double size = fabs(difference) * 100.0;
    snprintf(amount.text, sizeof amount.text, "%s%.1f",
             size < 0.05        ? ""
             : difference < 0.0 ? "\xE2\x88\x92"
                                : "+",
             size);
    return amount;
}

static void pairs_table(struct plots_sheet *sheet, const json_t *trace, const char *against) {
    char caption[192];
    snprintf(caption, sizeof caption,
             "Differences to %.80s in points, with 95 %% intervals; p after Holm", against);
    plots_table_open(sheet, caption,
                     (const char *[]){"policy", "by impact", "interval", "by notional", "by count",
                                      "p", PLOTS_WORDS("over all three")},
                     7);
    size_t index = 0;
    json_t *verdict = NULL;
    json_array_foreach(json_object_get(trace, "verdicts"), index, verdict) {
        const char *policy = plots_text(verdict, "policy", "?");
        struct plots_amount amounts[3];
        char interval[112] = "–";
        char p_text[32] = "–";
        double p = 0.0;
        for (size_t v = 0; v < 3; v++) {
            struct plots_interval row = {.mean = 0.0};
            const json_t *pair = find_pair(trace, policy, VALUES[v]);
            const bool there = pair && read_interval(pair, "difference", &row);
            amounts[v] = there ? points(row.mean) : (struct plots_amount){"–"};
            if (v == 0 && there && row.low < row.high) {
                snprintf(interval, sizeof interval, "%s to %s", points(row.low).text,
                         points(row.high).text);
            }
            if (v == 0 && pair && plots_number(pair, "p_holm", &p)) {
                snprintf(p_text, sizeof p_text, p < 0.001 ? "< 0.001" : "%.3f", p);
            }
        }
        plots_table_row(sheet, policy,
                        (const char *[]){amounts[0].text, interval, amounts[1].text,
                                         amounts[2].text, p_text,
                                         plots_text(verdict, "verdict", "–")},
                        6);
    }
    plots_table_close(sheet);
}

/** Colours of series: the policy that this project is for has the accent. */
static const char *series_role(const char *policy, size_t number) {
    static const char *const roles[] = {"8", "3", "5", "4", "6", "7", "2", "9"};
    return strcmp(policy, "weir") == 0 ? "1" : roles[number % (sizeof roles / sizeof roles[0])];
}

static void curves_figure(struct plots_sheet *sheet, const json_t *trace, size_t number) {
    const json_t *policies = json_object_get(trace, "policies");
    const char *legend[2 * 9 + 1] = {NULL};
    char name[32];
    snprintf(name, sizeof name, "%zu-curves", number);
    const size_t count = json_array_size(policies) < 9 ? json_array_size(policies) : 9;
    FILE *script = count > 0 ? plots_figure_open(sheet, name) : NULL;
    if (!script) {
        return;
    }
    /* the last nine: policy weir, and the bound's own choice, are listed last */
    const size_t first = json_array_size(policies) - count;
    double x_from = 50.0;
    double x_until = 10000.0;
    fputs("# window in ms, share of the impact; a block for each series\n$lines << END\n", script);
    for (size_t s = 0; s < count; s++) {
        const json_t *policy = json_array_get(policies, first + s);
        size_t index = 0;
        json_t *point = NULL;
        json_array_foreach(json_object_get(policy, "capture_curve"), index, point) {
            fprintf(script, "%.9g %.9g\n", json_number_value(json_array_get(point, 0)),
                    json_number_value(json_array_get(point, 2)));
        }
        fputs("\n\n", script);
        legend[2 * s + 1] = plots_text(policy, "policy", "?");
        legend[2 * s] = series_role(legend[2 * s + 1], s);
        plots_figure_hover(sheet, "%s", legend[2 * s + 1]);
    }
    fprintf(script, "END\nseries = %zu; stepped = 0; points = 1; mark_x = 0\n", count);
    fprintf(script, "array series_role[%zu]\n", count);
    for (size_t s = 0; s < count; s++) {
        fprintf(script, "series_role[%zu] = %s\n", s + 1, legend[2 * s]);
    }
    plots_variable_number(script, "x_from", x_from);
    plots_variable_number(script, "x_until", x_until);
    fputs("x_whole = 0; x_log = 1; x_is_ms = 1; x_is_time = 0; x_word = \"opportunity window\"\n"
          "y_percent = 1; y_max = 1.05; y_step = 0.25; y_chars = 5; y_format = \"%g\"\n",
          script);
    plots_figure_close(
        sheet, script, weir_plots_lines_gp,
        &(struct plots_caption){"Captured, against the time that there is for it",
                                "Share of the impact whose entry was accepted within "
                                "that time.",
                                legend});
}

static void one_trace(struct plots_sheet *sheet, const json_t *root, const json_t *trace,
                      size_t number) {
    double liquidations = 0.0;
    double span_s = 0.0;
    const char *against = plots_text(root, "against", "?");
    plots_heading(sheet, 0, "%s", plots_text(trace, "trace.name", "?"));
    plots_number(trace, "trace.liquidations", &liquidations);
    plots_number(trace, "trace.span_s", &span_s);
    plots_markup(sheet, "<p class=\"meta\">");
    plots_say(sheet, "%s trace · %s liquidations in %s · digest %s",
              plots_text(trace, "trace.class", "?"), plots_count(liquidations).text,
              plots_seconds(span_s).text, plots_text(trace, "trace.digest", "?"));
    plots_markup(sheet, "</p>\n");
    policies_figure(sheet, trace, number);
    policies_table(sheet, trace);
    pairs_figure(sheet, trace, number, against);
    pairs_table(sheet, trace, against);
    curves_figure(sheet, trace, number);
}

/* ---- claims, tornado, ablation ---- */

static const char *claim_words(const char *claim) {
    static const struct {
        const char *name, *words;
    } claims[] = {{"captures", "captures +70 %"},
                  {"limit_errors", "limit errors −50 %"},
                  {"efficiency", "useful efficiency 95 %"},
                  {"no_worse", "no worse where limits do not bind"}};
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        if (strcmp(claims[i].name, claim) == 0) {
            return claims[i].words;
        }
    }
    return claim;
}

static void claims(struct plots_sheet *sheet, const json_t *root) {
    const json_t *list = json_object_get(root, "claims");
    if (json_array_size(list) == 0) {
        return;
    }
    plots_heading(sheet, 0, "The claims");
    plots_table_open(
        sheet, "Each claim over rule sets, connections and traces: how many of its cells held",
        (const char *[]){"claim", PLOTS_WORDS("of policy"), PLOTS_WORDS("variant"),
                         PLOTS_WORDS("outcome"), "held", PLOTS_WORDS("depends on")},
        6);
    size_t index = 0;
    json_t *claim = NULL;
    json_array_foreach(list, index, claim) {
        double held = 0.0;
        double of = 0.0;
        char cells[96];
        plots_number(claim, "held", &held);
        plots_number(claim, "of", &of);
        snprintf(cells, sizeof cells, "%.0f of %.0f", held, of);
        plots_table_row(sheet, claim_words(plots_text(claim, "claim", "?")),
                        (const char *[]){plots_text(claim, "policy", "?"),
                                         plots_text(claim, "variant", "?"),
                                         plots_text(claim, "outcome", "?"), cells,
                                         plots_text(claim, "depends_on", "–")},
                        5);
    }
    plots_table_close(sheet);
}

/** Sorts worlds by how far they move the lead from what it is as set; as set itself comes first. */
static void sort_by_swing(struct plots_interval *rows, size_t count, double base) {
    for (size_t i = 1; i < count; i++) {
        const struct plots_interval row = rows[i];
        const bool first = strcmp(row.name, "as set") == 0;
        size_t at = i;
        while (at > 0 && (first || (strcmp(rows[at - 1].name, "as set") != 0 &&
                                    fabs(rows[at - 1].mean - base) < fabs(row.mean - base)))) {
            rows[at] = rows[at - 1];
            at--;
        }
        rows[at] = row;
    }
}

/** What the lead becomes in each world, by how far that is from the lead as it is. */
static void tornado(struct plots_sheet *sheet, const json_t *root) {
    const json_t *list = json_object_get(root, "sensitivity");
    struct plots_interval *rows = calloc(json_array_size(list) + 1, sizeof *rows);
    size_t traces = 0;
    json_t *trace = NULL;
    if (!rows || json_array_size(list) == 0) {
        free(rows);
        return;
    }
    plots_heading(sheet, 0, "What would turn the ranking round");
    json_array_foreach(json_object_get(root, "traces"), traces, trace) {
        const char *name = plots_text(trace, "trace.name", "?");
        size_t count = 0;
        size_t index = 0;
        json_t *world = NULL;
        double base = 0.0;
        const char *leader = "";
        json_array_foreach(list, index, world) {
            struct plots_interval *row = &rows[count];
            if (strcmp(plots_text(world, "trace", ""), name) == 0 && count < ROWS_MAX &&
                read_interval(world, "difference", row)) {
                leader = plots_text(world, "policy", "?");
                snprintf(row->name, sizeof row->name, "%.60s", plots_text(world, "world", "?"));
                snprintf(row->value, sizeof row->value, "%s, %.20s", points(row->mean).text,
                         plots_text(world, "against", "?"));
                base = strcmp(row->name, "as set") == 0 ? row->mean : base;
                row->role = row->mean < 0.0 ? 3 : 1;
                count++;
            }
        }
        sort_by_swing(rows, count, base);
        char figure[32];
        char title[256];
        snprintf(figure, sizeof figure, "%zu-tornado", traces + 1);
        snprintf(title, sizeof title, "Lead of %.60s on %.100s, world by world", leader, name);
        plots_intervals(
            sheet, figure, rows, count, 100.0, base,
            &(struct plots_caption){
                title,
                "Difference to the best rival, in points, when one assumption is changed: what "
                "moves it most "
                "first, dashed the lead as set. Left of the solid line the ranking turns round.",
                NULL});
    }
    free(rows);
}

static void ablation(struct plots_sheet *sheet, const json_t *root) {
    const json_t *list = json_object_get(root, "ablation");
    if (json_array_size(list) == 0) {
        return;
    }
    plots_heading(sheet, 0, "What each mechanism is worth");
    plots_table_open(sheet, "Policy weir with one mechanism switched off: what is lost without it",
                     (const char *[]){"mechanism", PLOTS_WORDS("trace"), PLOTS_WORDS("world"),
                                      PLOTS_WORDS("metric"), "worth", PLOTS_WORDS("verdict")},
                     6);
    size_t index = 0;
    json_t *row = NULL;
    json_array_foreach(list, index, row) {
        const json_t *worth = json_array_get(json_object_get(row, "worth"), 0);
        struct plots_interval value = {.mean = 0.0};
        const char *metric = plots_text(worth, "metric", "?");
        const bool there = worth && read_interval(worth, "difference", &value);
        plots_table_row(
            sheet, plots_text(row, "mechanism", "?"),
            (const char *[]){plots_text(row, "trace", "?"), plots_text(row, "world", "?"),
                             plots_metric_label(metric),
                             there ? plots_metric_difference(metric, value.mean).text : "–",
                             json_is_true(json_object_get(row, "idle"))
                                 ? "idle here"
                                 : plots_text(worth, "verdict", "–")},
            5);
    }
    plots_table_close(sheet);
}

void plots_report_compare(struct plots_sheet *sheet, const struct plots_source *source) {
    const json_t *root = source->root;
    size_t index = 0;
    json_t *trace = NULL;
    plots_heading(sheet, 0, "The answer");
    answer(sheet, root);
    claims(sheet, root);
    json_array_foreach(json_object_get(root, "traces"), index, trace) {
        one_trace(sheet, root, trace, index + 1);
    }
    tornado(sheet, root);
    ablation(sheet, root);
}
