/** A comparison: how each policy did, by how much they differ, what holds of the claims. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"
#include "scripts.h"
#include "variable.h"

#define ROWS_MAX 64
#define CURVE_MAX 64
#define WORLDS_MAX 24
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

static void policies_table(struct plots_sheet *sheet, const json_t *root, const json_t *trace) {
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
    double replications = 1.0;
    plots_number(root, "replications", &replications);
    plots_metrics_open(sheet,
                       replications > 1.0
                           ? "Means over the replications, ± the wider half of the 95 % interval"
                           : "Of one replication",
                       "policy", metrics, count);
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

/** A difference with its interval, if it has one. */
static void interval_text(const json_t *pair, char *text, size_t size) {
    struct plots_interval row = {.mean = 0.0};
    if (!pair || !read_interval(pair, "difference", &row)) {
        snprintf(text, size, "–");
    } else if (row.low < row.high) {
        snprintf(text, size, "%s (%s to %s)", points(row.mean).text, points(row.low).text,
                 points(row.high).text);
    } else {
        snprintf(text, size, "%s", points(row.mean).text);
    }
}

static void pairs_table(struct plots_sheet *sheet, const json_t *trace, const char *against) {
    char caption[192];
    snprintf(caption, sizeof caption,
             "Differences to %.80s in points, with 95 %% intervals; p after Holm", against);
    plots_table_open(sheet, caption,
                     (const char *[]){"policy", "by impact", "by notional", "by count", "p",
                                      PLOTS_WORDS("over all three")},
                     6);
    size_t index = 0;
    json_t *verdict = NULL;
    json_array_foreach(json_object_get(trace, "verdicts"), index, verdict) {
        const char *policy = plots_text(verdict, "policy", "?");
        char values[3][160];
        char p_text[32] = "–";
        double p = 0.0;
        for (size_t v = 0; v < 3; v++) {
            const json_t *pair = find_pair(trace, policy, VALUES[v]);
            interval_text(pair, values[v], sizeof values[v]);
            if (v == 0 && pair && plots_number(pair, "p_holm", &p)) {
                snprintf(p_text, sizeof p_text, p < 0.001 ? "< 0.001" : "%.3f", p);
            }
        }
        plots_table_row(sheet, policy,
                        (const char *[]){values[0], values[1], values[2], p_text,
                                         plots_text(verdict, "verdict", "–")},
                        5);
    }
    plots_table_close(sheet);
}

/** Colours and dashes of series: the policy that this project is for has the accent. */
static void series_look(struct plots_series *series, const char *policy, size_t number) {
    static const int roles[] = {8, 3, 5, 4, 6, 7, 2};
    const size_t count = sizeof roles / sizeof roles[0];
    const bool own = strcmp(policy, "weir") == 0;
    snprintf(series->name, sizeof series->name, "%.100s", policy);
    series->role = own ? 1 : roles[number % count];
    series->dash = own ? 1 : 1 + (int)(number / count);
}

/** Lines over the capture curves of all policies: a column of theirs, up to a time; 0: to the end.
 *  The curve of impact runs on beyond the window that counts; that of latency ends there. */
static void curves_figure(struct plots_sheet *sheet, const json_t *trace, const char *name,
                          size_t column, double until_ms, double mark_ms, const char *title,
                          const char *description) {
    const json_t *policies = json_object_get(trace, "policies");
    struct plots_series series[PLOTS_SERIES_MAX];
    struct plots_point points[PLOTS_SERIES_MAX][CURVE_MAX];
    size_t count = 0;
    size_t index = 0;
    double from_ms = 0.0;
    double last_ms = 0.0;
    json_t *policy = NULL;
    json_array_foreach(policies, index, policy) {
        const json_t *curve = json_object_get(policy, "capture_curve");
        size_t used = 0;
        size_t i = 0;
        json_t *point = NULL;
        if (count == PLOTS_SERIES_MAX || json_array_size(curve) == 0) {
            continue;
        }
        json_array_foreach(curve, i, point) {
            const double ms = json_number_value(json_array_get(point, 0));
            if (used < CURVE_MAX && (until_ms <= 0.0 || ms <= until_ms)) {
                points[count][used++] =
                    (struct plots_point){ms, json_number_value(json_array_get(point, column))};
                last_ms = fmax(last_ms, ms);
            }
        }
        series[count] = (struct plots_series){.points = points[count], .count = used};
        series_look(&series[count], plots_text(policy, "policy", "?"), index);
        from_ms = used > 0 ? points[count][0].x : from_ms;
        count++;
    }
    if (last_ms > from_ms && from_ms > 0.0) {
        plots_lines(sheet, name, series, count,
                    &(struct plots_axes){.x_from = from_ms,
                                         .x_until = last_ms,
                                         .mark_x = mark_ms,
                                         .x_word = mark_ms > 0.0 ? "opportunity window" : "latency",
                                         .metric = "capture_rate",
                                         .x_is_ms = true,
                                         .y_percent = true},
                    title, description);
    }
}

static void curves(struct plots_sheet *sheet, const json_t *root, const json_t *trace,
                   size_t number) {
    char name[32];
    double window_ms = 0.0;
    plots_number(root, "scenario.bot.opportunity_window_ms", &window_ms);
    snprintf(name, sizeof name, "%zu-latency", number);
    curves_figure(sheet, trace, name, 1, window_ms, 0.0, "Latency of all opportunities",
                  "Share of all opportunities accepted within a time, by count. What was missed is "
                  "infinitely late, so each line ends at the share that was captured.");
    snprintf(name, sizeof name, "%zu-curves", number);
    curves_figure(
        sheet, trace, name, 2, 0.0, window_ms, "Captured, against the time that there is for it",
        "Share of the impact whose entry was accepted within that time; the upright line: "
        "the window that counts here.");
}

/* ---- the funnel ---- */

static const struct {
    const char *name, *usd, *count;
} STAGES[] = {{"submitted", "submitted_usd", "submitted"},
              {"admitted", "admitted_usd", "admitted"},
              {"accepted in time", "captured_usd", "captures"},
              {"filled", "filled_usd", "filled"},
              {"protected", "protected_usd", "protected_captures"}};
#define STAGE_COUNT (sizeof STAGES / sizeof STAGES[0])

/** What all policies have in common: the trace, the feed, the opportunities. */
static void funnel_head(struct plots_sheet *sheet, const json_t *policy) {
    static const char *const names[][3] = {
        {"trace_usd", "trace_liquidations", "liquidations in the trace"},
        {"feed_usd", "feed_liquidations", "of them on the feed"},
        {"opportunities_usd", "opportunities", "opportunities"}};
    plots_markup(sheet, "<p>");
    for (size_t i = 0; i < 3; i++) {
        double usd = 0.0;
        double count = 0.0;
        plots_mean(policy, names[i][0], &usd);
        plots_mean(policy, names[i][1], &count);
        plots_say(sheet, "%s%s %s (%s)", i ? " → " : "", plots_count(floor(count + 0.5)).text,
                  names[i][2], plots_usd(usd).text);
    }
    plots_say(sheet, ". From here on the policies differ:");
    plots_markup(sheet, "</p>\n");
}

static bool stage_of(const json_t *policy, size_t stage, double *usd, double *count) {
    return plots_mean(policy, STAGES[stage].usd, usd) &&
           plots_report_stage_count(policy, STAGES[stage].count, count);
}

static void funnel_rows(struct plots_sheet *sheet, const json_t *policies, FILE *script) {
    const char *texts[ROWS_MAX];
    size_t rows = 0;
    size_t longest = 0;
    double all_usd = 0.0;
    size_t index = 0;
    json_t *policy = NULL;
    fputs("# row, stage, share of the opportunities' notional\n$cells << END\n", script);
    json_array_foreach(policies, index, policy) {
        const char *name = plots_text(policy, "policy", "?");
        double usd = 0.0;
        double count = 0.0;
        if (rows == ROWS_MAX || !plots_mean(policy, "opportunities_usd", &all_usd) ||
            all_usd <= 0.0) {
            continue;
        }
        texts[rows++] = name;
        longest = plots_characters(name) > longest ? plots_characters(name) : longest;
        for (size_t k = 0; k < STAGE_COUNT; k++) {
            if (stage_of(policy, k, &usd, &count)) {
                fprintf(script, "%zu %zu %.9g \"%s\" \"%s\"\n", rows, k + 1, usd / all_usd,
                        plots_usd_short(usd).text, plots_count(floor(count + 0.5)).text);
                plots_figure_hover(
                    sheet,
                    (struct plots_area){(double)k, (double)k + 0.96, (double)rows - 0.5,
                                        (double)rows + 0.5},
                    "%.80s, %s\n%s, %s of the opportunities' notional\n%s opportunities", name,
                    STAGES[k].name, plots_usd(usd).text, plots_share(usd / all_usd).text,
                    plots_count(floor(count + 0.5)).text);
            }
        }
    }
    fprintf(script, "END\nrows = %zu\n", rows);
    plots_script_texts(script, "row_name", texts, rows);
    plots_variable_number(script, "row_chars", (double)(longest < 28 ? longest : 28));
}

static void funnel_table(struct plots_sheet *sheet, const json_t *policies) {
    const char *heads[STAGE_COUNT + 1] = {"policy"};
    size_t index = 0;
    json_t *policy = NULL;
    for (size_t k = 0; k < STAGE_COUNT; k++) {
        heads[k + 1] = STAGES[k].name;
    }
    plots_table_open(sheet, "Notional in USD and number of opportunities at each stage", heads,
                     STAGE_COUNT + 1);
    json_array_foreach(policies, index, policy) {
        char texts[STAGE_COUNT][112];
        const char *cells[STAGE_COUNT];
        for (size_t k = 0; k < STAGE_COUNT; k++) {
            double usd = 0.0;
            double count = 0.0;
            const bool there = stage_of(policy, k, &usd, &count);
            snprintf(texts[k], sizeof texts[k], "%s · %s", plots_usd_short(usd).text,
                     plots_count(floor(count + 0.5)).text);
            cells[k] = there ? texts[k] : "–";
        }
        plots_table_row(sheet, plots_text(policy, "policy", "?"), cells, STAGE_COUNT);
    }
    plots_table_close(sheet);
}

static void funnel(struct plots_sheet *sheet, const json_t *trace, size_t number) {
    const json_t *policies = json_object_get(trace, "policies");
    const json_t *first = NULL;
    char name[32];
    double usd = 0.0;
    for (size_t i = 0; i < json_array_size(policies) && !first; i++) {
        const json_t *policy = json_array_get(policies, i);
        first = plots_mean(policy, "opportunities_usd", &usd) && usd > 0.0 ? policy : NULL;
    }
    snprintf(name, sizeof name, "%zu-funnel", number);
    FILE *script = first ? plots_figure_open(sheet, name) : NULL;
    if (!script) {
        return;
    }
    funnel_head(sheet, first);
    funnel_rows(sheet, policies, script);
    plots_figure_close(
        sheet, script, weir_plots_cells_gp,
        &(struct plots_caption){"From the opportunity to a protected position",
                                "Notional that reached each stage, as a share of that of all "
                                "opportunities: a full bar is all of it.",
                                NULL});
    funnel_table(sheet, policies);
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
    policies_table(sheet, root, trace);
    pairs_figure(sheet, trace, number, against);
    pairs_table(sheet, trace, against);
    funnel(sheet, trace, number);
    curves(sheet, root, trace, number);
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

/** Whether no world gives anybody a lead, as where no limit binds. */
static bool nothing_moves(const struct plots_interval *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (fabs(rows[i].low) >= 0.0005 || fabs(rows[i].high) >= 0.0005) {
            return false;
        }
    }
    return true;
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
        if (nothing_moves(rows, count)) {
            plots_markup(sheet, "<p>");
            plots_say(sheet, "%s: no world separates the policies by a twentieth of a point.",
                      name);
            plots_markup(sheet, "</p>\n");
            continue;
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

/** Distinct texts of a key of a list, in the order in which they come. */
static size_t distinct(const json_t *list, const char *key, const char **texts, size_t room) {
    size_t count = 0;
    size_t index = 0;
    json_t *row = NULL;
    json_array_foreach(list, index, row) {
        const char *text = plots_text(row, key, "?");
        size_t at = 0;
        while (at < count && strcmp(texts[at], text) != 0) {
            at++;
        }
        if (at == count && count < room) {
            texts[count++] = text;
        }
    }
    return count;
}

/** What a mechanism is worth on a trace in a world. */
static const json_t *find_worth(const json_t *list, const char *trace, const char *mechanism,
                                const char *world) {
    size_t index = 0;
    json_t *row = NULL;
    json_array_foreach(list, index, row) {
        if (strcmp(plots_text(row, "trace", "?"), trace) == 0 &&
            strcmp(plots_text(row, "mechanism", "?"), mechanism) == 0 &&
            strcmp(plots_text(row, "world", "?"), world) == 0) {
            return row;
        }
    }
    return NULL;
}

/** Whether a verdict says that something made a difference. */
static bool is_decided(const char *verdict) {
    return strcmp(verdict, "better") == 0 || strcmp(verdict, "worse") == 0;
}

/** Whether any mechanism made a difference on a trace. */
static bool is_told(const json_t *list, const char *trace) {
    size_t index = 0;
    json_t *row = NULL;
    json_array_foreach(list, index, row) {
        const json_t *worth = json_array_get(json_object_get(row, "worth"), 0);
        if (strcmp(plots_text(row, "trace", "?"), trace) == 0 &&
            is_decided(plots_text(worth, "verdict", ""))) {
            return true;
        }
    }
    return false;
}

static void worth_text(const json_t *row, char *text, size_t size) {
    const json_t *worth = json_array_get(json_object_get(row, "worth"), 0);
    struct plots_interval value = {.mean = 0.0};
    const bool told = is_decided(plots_text(worth, "verdict", ""));
    if (!worth || !read_interval(worth, "difference", &value)) {
        snprintf(text, size, "–");
    } else if (json_is_true(json_object_get(row, "idle"))) {
        snprintf(text, size, "idle");
    } else {
        snprintf(text, size, told ? "%s" : "(%s)", points(value.mean).text);
    }
}

/** A table for each trace: a row for each mechanism, a column for each world. */
static void ablation(struct plots_sheet *sheet, const json_t *root) {
    const json_t *list = json_object_get(root, "ablation");
    const char *traces[ROWS_MAX];
    const char *mechanisms[ROWS_MAX];
    const char *worlds[WORLDS_MAX + 1] = {"without"};
    if (json_array_size(list) == 0) {
        return;
    }
    const size_t trace_count = distinct(list, "trace", traces, ROWS_MAX);
    const size_t mechanism_count = distinct(list, "mechanism", mechanisms, ROWS_MAX);
    const size_t world_count = distinct(list, "world", worlds + 1, WORLDS_MAX);
    const json_t *worth = json_array_get(json_object_get(json_array_get(list, 0), "worth"), 0);
    plots_heading(sheet, 0, "What each mechanism is worth");
    for (size_t t = 0; t < trace_count; t++) {
        char caption[256];
        if (!is_told(list, traces[t])) {
            plots_markup(sheet, "<p>");
            plots_say(sheet, "%s: no mechanism is worth anything that can be told from nothing.",
                      traces[t]);
            plots_markup(sheet, "</p>\n");
            continue;
        }
        snprintf(
            caption, sizeof caption,
            "%.80s: points of %.60s lost by policy weir with one mechanism switched off, world "
            "by world; in brackets what cannot be told from nothing",
            traces[t], plots_metric_label(plots_text(worth, "metric", "?")));
        plots_table_open(sheet, caption, worlds, world_count + 1);
        for (size_t m = 0; m < mechanism_count; m++) {
            char texts[WORLDS_MAX][64];
            const char *cells[WORLDS_MAX];
            for (size_t w = 0; w < world_count; w++) {
                worth_text(find_worth(list, traces[t], mechanisms[m], worlds[w + 1]), texts[w],
                           sizeof texts[w]);
                cells[w] = texts[w];
            }
            plots_table_row(sheet, mechanisms[m], cells, world_count);
        }
        plots_table_close(sheet);
    }
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
