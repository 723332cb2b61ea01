/** The story of one replay: what was found, when it happened, where the money went, what bound. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_bins.h"
#include "report_parts.h"
#include "result.h"
#include "rows.h"
#include "scripts.h"
#include "spans.h"
#include "variable.h"

#define AMOUNT_MAX 1e18
#define SECOND_MAX 1e9

/* ---- the answer ---- */

static void answer(struct plots_sheet *sheet, const json_t *root) {
    plots_markup(sheet, "<ul class=\"answer\">\n");
    plots_report_items(sheet, json_object_get(root, "diagnosis"));
    plots_markup(sheet, "</ul>\n");
}

/** A row of a metric with its interval, if it was measured. */
static void metric_row(struct plots_sheet *sheet, const json_t *root, const char *name) {
    double mean = 0.0;
    double low = 0.0;
    double high = 0.0;
    /* what can be refused or fail in many ways is told only of the ways that occurred */
    const bool way = strncmp(name, "refused_", 8) == 0 || strncmp(name, "http_4", 6) == 0;
    if (!plots_mean(root, name, &mean) ||
        (way && mean == 0.0 && strcmp(name, "http_429") != 0 && strcmp(name, "http_418") != 0)) {
        return;
    }
    const json_t *metric = json_object_get(plots_find(root, "metrics"), name);
    char interval[112] = "";
    if (plots_number(metric, "low", &low) && plots_number(metric, "high", &high)) {
        snprintf(interval, sizeof interval, "%s to %s", plots_metric_amount(name, low).text,
                 plots_metric_amount(name, high).text);
    }
    const struct plots_amount amount = plots_metric_amount(name, mean);
    plots_table_row(sheet, plots_metric_label(name), (const char *[]){amount.text, interval},
                    interval[0] ? 2 : 1);
}

static void metric_table(struct plots_sheet *sheet, const json_t *root, const char *caption,
                         const char *const *names) {
    double replications = 1.0;
    plots_number(root, "replications", &replications);
    plots_table_open(sheet, caption,
                     (const char *[]){"", replications > 1.0 ? "mean" : "figure", "95 % interval"},
                     replications > 1.0 ? 3 : 2);
    for (; *names; names++) {
        metric_row(sheet, root, *names);
    }
    plots_table_close(sheet);
}

/** What was met in real time, if the run was live. */
static void live_facts(struct plots_sheet *sheet, const json_t *root) {
    const json_t *live = json_object_get(root, "live");
    const char *early = plots_text(live, "ended_early", NULL);
    const json_t *agreement = json_object_get(live, "agreement");
    double out_ms = 0.0;
    double back_ms = 0.0;
    if (!live) {
        return;
    }
    plots_markup(sheet, "<p>");
    plots_say(sheet, "The run was live, against %s: requests, limits and fills are real. ",
              plots_text(live, "url", "?"));
    if (plots_number(live, "out_ms.p50", &out_ms) && plots_number(live, "back_ms.p50", &back_ms)) {
        plots_say(sheet, "At the median they took %.2f ms out and %.2f ms back. ", out_ms, back_ms);
    }
    if (early) {
        plots_say(sheet, "It ended early: %s. ", early);
    }
    if (agreement) {
        plots_say(sheet, "A replay with the delays that were met %s.",
                  json_is_true(json_object_get(agreement, "holds")) ? "agrees with it"
                                                                    : "does not agree with it");
    }
    plots_markup(sheet, "</p>\n");
}

static void origins(struct plots_sheet *sheet, const json_t *root) {
    static const char *const marks[] = {"recorded", "derived", "drawn"};
    live_facts(sheet, root);
    json_t *fields = plots_find(root, "trace.fields");
    if (!json_is_object(fields)) {
        plots_markup(sheet, "<p>");
        plots_say(sheet, json_object_get(root, "live")
                             ? "The trace is a recording; the feed's throttle and delays are drawn."
                             : "The trace is a recording. Delays, faults and fills are drawn.");
        plots_markup(sheet, "</p>\n");
        return;
    }
    plots_table_open(sheet, "What of the trace is recorded, derived from a recording, or drawn",
                     (const char *[]){"", PLOTS_WORDS("parts")}, 2);
    for (int m = 0; m < 3; m++) {
        char parts[1024] = "";
        size_t used = 0;
        const char *name = NULL;
        json_t *mark = NULL;
        json_object_foreach(fields, name, mark) {
            if (json_is_string(mark) && strcmp(json_string_value(mark), marks[m]) == 0 &&
                used < sizeof parts) {
                used += (size_t)snprintf(parts + used, sizeof parts - used, "%s%s",
                                         used ? ", " : "", name);
            }
        }
        if (m == 2 && used < sizeof parts) {
            snprintf(parts + used, sizeof parts - used, "%s%s", used ? ", " : "",
                     json_object_get(root, "live") ? "the feed's delays" : "delays, faults, fills");
        }
        plots_table_row(sheet, marks[m], (const char *[]){parts[0] ? parts : "–"}, 1);
    }
    plots_table_close(sheet);
}

/* ---- when it happened ---- */

/** When a bin was, as text. */
static void bin_text(const struct plots_bins *bins, size_t bin, char *text, size_t size) {
    const double from_s = bins->bins[bin].from_s;
    const double size_s = fabs(from_s);
    snprintf(text, size, "%s%.0f:%02.0f, %.0f s", from_s < 0.0 ? "\xE2\x88\x92" : "",
             floor(size_s / 60.0), fmod(floor(size_s), 60.0), bins->bin_s);
}

/** The area of a bin. */
static struct plots_area bin_area(const struct plots_bins *bins, size_t bin, double top) {
    const double from_s = bins->bins[bin].from_s;
    return (struct plots_area){from_s, from_s + bins->bin_s, 0.0, top};
}

/** For the pointer: the figures of each bin. */
static void cascade_hovers(struct plots_sheet *sheet, const struct plots_bins *bins, double weight,
                           double orders) {
    for (size_t b = 0; b < bins->count; b++) {
        const struct plots_bin *bin = &bins->bins[b];
        char text[64];
        char errors[64] = "";
        bin_text(bins, b, text, sizeof text);
        if (bin->sums[7] + bin->sums[8] > 0.0) {
            snprintf(errors, sizeof errors, "\n429: %.0f, 418: %.0f", bin->sums[7], bin->sums[8]);
        }
        plots_figure_hover(sheet, bin_area(bins, b, 1.0),
                           "%s\ncaptured %.0f, missed %.0f\nweight %s, orders %s%s", text,
                           bin->sums[3], bin->sums[5], plots_share(bin->most[1] / weight).text,
                           plots_share(bin->most[2] / orders).text, errors);
    }
}

static void cascade(struct plots_sheet *sheet, const struct plots_source *source) {
    struct plots_bins bins;
    struct plots_spans spans;
    double weight = 0.0;
    double orders = 0.0;
    if (!plots_bins_read(&bins, source->folder, sheet->error)) {
        return;
    }
    plots_number(source->root, "scenario.exchange.weight_per_minute", &weight);
    plots_number(source->root, "scenario.exchange.orders_per_minute", &orders);
    FILE *script = plots_spans_read(&spans, source->folder, bins.from_s, bins.until_s, sheet->error)
                       ? plots_figure_open(sheet, "cascade")
                       : NULL;
    if (script) {
        plots_variable_number(script, "weight_limit", fmax(weight, 1.0));
        plots_variable_number(script, "orders_limit", fmax(orders, 1.0));
        plots_bins_write(&bins, script);
        cascade_hovers(sheet, &bins, fmax(weight, 1.0), fmax(orders, 1.0));
        plots_spans_write(&spans, script);
        char text[640];
        snprintf(
            text, sizeof text,
            "Above the line what was captured, below it what was missed, per %.0f s; under it "
            "what the exchange had counted in its minute, the highest of each interval. Shaded: "
            "the policy held (yellow) or the IP was banned (red).%s%s",
            bins.bin_s, bins.http_429 > 0.0 ? " Dots: answers 429." : "",
            bins.http_418 > 0.0 ? " Crosses: answers 418." : "");
        plots_figure_close(sheet, script, weir_plots_cascade_gp,
                           &(struct plots_caption){
                               "The cascade on its time axis", text,
                               (const char *const[]){"1", "weight", "5", "orders (dashed)", NULL}});
        plots_spans_free(&spans);
    }
    plots_bins_free(&bins);
}

/* ---- where the money went ---- */

static void funnel(struct plots_sheet *sheet, const struct plots_source *source) {
    static const struct {
        const char *name, *usd, *count;
    } stages[] = {{"in the trace", "trace_usd", "trace_liquidations"},
                  {"on the feed", "feed_usd", "feed_liquidations"},
                  {"opportunity", "opportunities_usd", "opportunities"},
                  {"submitted", "submitted_usd", "submitted"},
                  {"admitted", "admitted_usd", "admitted"},
                  {"accepted in time", "captured_usd", "captures"},
                  {"filled", "filled_usd", "filled"},
                  {"protected", "protected_usd", "protected_captures"}};
    struct plots_bar bars[sizeof stages / sizeof stages[0]];
    size_t count = 0;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        double usd = 0.0;
        double number = 0.0;
        if (plots_mean(source->root, stages[i].usd, &usd)) {
            struct plots_bar *bar = &bars[count++];
            *bar = (struct plots_bar){.name = stages[i].name, .parts = {usd}};
            if (plots_report_stage_count(source->root, stages[i].count, &number)) {
                snprintf(bar->value, sizeof bar->value, "%s · %s", plots_usd_short(usd).text,
                         plots_count(number).text);
            } else {
                snprintf(bar->value, sizeof bar->value, "%s", plots_usd_short(usd).text);
            }
        }
    }
    plots_bars(
        sheet, "funnel", bars, count, 1, (const int[]){1}, NULL, plots_usd,
        &(struct plots_caption){
            "From the trace to a protected position",
            "Notional in USD that reached each stage, and how many: liquidations in the first "
            "two, opportunities from the third on. The feed shows the bot only a part of the "
            "trace; that no limiter can change.",
            NULL});
}

static void deciles(struct plots_sheet *sheet, const struct plots_source *source) {
    const json_t *list = json_object_get(source->root, "capture_by_decile");
    const size_t count = json_array_size(list);
    FILE *script = count > 0 ? plots_figure_open(sheet, "sizes") : NULL;
    if (!script) {
        return;
    }
    char names[16][24];
    const char *texts[16];
    fputs("# from, low, high, colour\n$columns << END\n", script);
    for (size_t i = 0; i < count && i < 16; i++) {
        const double share = json_number_value(json_array_get(list, i));
        fprintf(script, "%.1f 0 %.9g 1\n", (double)i + 0.5, share);
        snprintf(names[i], sizeof names[i],
                 i == 0           ? "smallest"
                 : i + 1 == count ? "largest"
                                  : "%zu",
                 i + 1);
        texts[i] = names[i];
        plots_figure_hover(sheet, (struct plots_area){(double)i + 0.5, (double)i + 1.5, 0.0, 1.05},
                           "tenth %zu by size: %s captured", i + 1, plots_share(share).text);
    }
    fputs("END\n$line << END\n0 0 0\nEND\nline_rows = 0\n", script);
    fprintf(script, "column_width = 1.; x_from = 0.5; x_until = %zu.5; x_named = %zu\n", count,
            count);
    plots_script_texts(script, "x_name", texts, count < 16 ? count : 16);
    fputs("x_word = \"\"; y_from = 0; y_max = 1.05; y_step = 0.25; y_short = 0; y_percent = 1; "
          "y_chars = 5\n"
          "y_format = \"%g\"\n",
          script);
    plots_figure_close(sheet, script, weir_plots_columns_gp,
                       &(struct plots_caption){"Captured, by size",
                                               "Share captured of each tenth of the opportunities, "
                                               "the smallest tenth at the left. A limiter that "
                                               "knows what is scarce takes the large ones.",
                                               NULL});
}

static void symbols(struct plots_sheet *sheet, const struct plots_source *source) {
    struct plots_rows rows;
    struct plots_bar bars[32];
    char names[32][192];
    size_t count = 0;
    if (!plots_rows_open(&rows, source->folder, "symbols.tsv",
                         "#symbol\tcaptures\tcaptured_usd\tmisses\tmissed_usd", sheet->error)) {
        return;
    }
    while (count < 32 && plots_rows_next(&rows)) {
        struct plots_bar *bar = &bars[count];
        plots_short_name(rows.fields[0], names[count], sizeof names[count]);
        *bar = (struct plots_bar){.name = names[count++],
                                  .parts = {plots_rows_number(&rows, 2, 0.0, AMOUNT_MAX),
                                            plots_rows_number(&rows, 4, 0.0, AMOUNT_MAX)}};
        const double usd = bar->parts[0] + bar->parts[1];
        snprintf(bar->value, sizeof bar->value, "%s",
                 plots_share(usd > 0.0 ? bar->parts[0] / usd : 0.0).text);
    }
    plots_rows_close(&rows);
    plots_bars(sheet, "symbols", bars, count, 2, (const int[]){1, 2},
               (const char *const[]){"captured", "missed"}, plots_usd,
               &(struct plots_caption){
                   "Captured and missed, by symbol",
                   "Notional of the opportunities of each symbol, the largest first; at the end of "
                   "a row the share that was captured.",
                   (const char *const[]){"1", "captured", "2", "missed", NULL}});
}

static void largest_misses(struct plots_sheet *sheet, const struct plots_source *source) {
    const json_t *list = json_object_get(source->root, "largest_misses");
    if (json_array_size(list) == 0) {
        plots_markup(sheet, "<p>Nothing was missed.</p>\n");
        return;
    }
    plots_table_open(sheet, "The largest misses of the first replication",
                     (const char *[]){"symbol", "time (UTC)", "notional, USD",
                                      PLOTS_WORDS("how it ended"), PLOTS_WORDS("lost to"),
                                      PLOTS_WORDS("reason of the policy")},
                     6);
    size_t index = 0;
    json_t *miss = NULL;
    json_array_foreach(list, index, miss) {
        double usd = 0.0;
        char at[32];
        const long long time_ns = json_integer_value(json_object_get(miss, "time_ns"));
        const long long ms = time_ns / 1000000 % 86400000;
        plots_number(miss, "notional_usd", &usd);
        snprintf(at, sizeof at, "%02lld:%02lld:%02lld.%03lld", ms / 3600000, ms / 60000 % 60,
                 ms / 1000 % 60, ms % 1000);
        plots_table_row(
            sheet, plots_text(miss, "symbol", ""),
            (const char *[]){at, plots_count(floor(usd + 0.5)).text, plots_text(miss, "state", ""),
                             plots_text(miss, "lost_to", ""), plots_text(miss, "reason", "–")},
            5);
    }
    plots_table_close(sheet);
}

/* ---- what bound ---- */

static const struct {
    const char *key, *name;
    int role;
} CAUSES[] = {{"policy", "the policy's own refusal", 1},
              {"weight", "weight limit", 6},
              {"orders", "order limit", 5},
              {"hold", "hold after a 429", 4},
              {"ban", "ban", 3},
              {"delay", "delays and faults", 7},
              {"connections", "connections", 9},
              {"feed", "feed", 2},
              {"exchange", "exchange, other reasons", 8}};
#define CAUSE_COUNT (sizeof CAUSES / sizeof CAUSES[0])

/** The columns of causes.tsv, in its order. */
#define CAUSES_HEADING                                                                             \
    "#second\tfeed_usd\tconnections_usd\tdelay_usd\tweight_usd\torders_usd\thold_usd\tban_usd\t"   \
    "policy_usd\texchange_usd\tunprotected"
static const size_t CAUSE_COLUMNS[CAUSE_COUNT] = {8, 4, 5, 6, 7, 3, 2, 1, 9};

static void causes_table(struct plots_sheet *sheet, const struct plots_source *source) {
    plots_table_open(sheet,
                     "What stood in the way: shares of the time that opportunities waited or were "
                     "refused, and of the value lost; all replications",
                     (const char *[]){"", "waiting time", "value lost"}, 3);
    for (size_t i = 0; i < CAUSE_COUNT; i++) {
        double time = 0.0;
        double lost = 0.0;
        char path[64];
        snprintf(path, sizeof path, "bound_by.%s.time", CAUSES[i].key);
        const bool there = plots_number(source->root, path, &time);
        snprintf(path, sizeof path, "bound_by.%s.value_lost", CAUSES[i].key);
        if (plots_number(source->root, path, &lost) && there && (time > 0.0 || lost > 0.0)) {
            plots_table_row(sheet, CAUSES[i].name,
                            (const char *[]){plots_share(time).text, plots_share(lost).text}, 2);
        }
    }
    plots_table_close(sheet);
}

/** Axis of money: short labels, a round step. */
static void write_money_axis(FILE *script, double most) {
    const double top = most > 0.0 ? 1.05 * most : 1.0;
    const double rough = top / 4.0;
    const double power = pow(10.0, floor(log10(rough)));
    const double step = power * (rough / power <= 2.0 ? 2.0 : rough / power <= 5.0 ? 5.0 : 10.0);
    plots_variable_number(script, "y_max", top);
    plots_variable_number(script, "y_step", step);
    fputs("y_from = 0; y_short = 1; y_percent = 0; y_chars = 5; y_format = \"%g\"\n", script);
}

/** Axes of columns over time. */
static void write_time_axis(FILE *script, const struct plots_bins *bins, double most) {
    fputs("$line << END\n0 0 0\nEND\nline_rows = 0; x_named = 0\n", script);
    plots_variable_number(script, "column_width", bins->bin_s);
    plots_variable_number(script, "x_from", bins->from_s);
    plots_variable_number(script, "x_until", bins->until_s);
    fputs("x_word = \"minutes:seconds since the first liquidation\"\n", script);
    write_money_axis(script, most);
}

static double write_cause_columns(FILE *script, const struct plots_bins *bins) {
    double most = 0.0;
    fputs("# from, low, high, colour\n$columns << END\n", script);
    for (size_t b = 0; b < bins->count; b++) {
        const double *sums = bins->bins[b].sums;
        double low = 0.0;
        for (size_t c = 0; c < CAUSE_COUNT; c++) {
            const double usd = sums[CAUSE_COLUMNS[c]];
            if (usd > 0.0) {
                fprintf(script, "%.9g %.9g %.9g %d\n", bins->bins[b].from_s, low, low + usd,
                        CAUSES[c].role);
                low += usd;
            }
        }
        most = fmax(most, low);
    }
    if (most <= 0.0) {
        fputs("0 0 0 1\n", script);
    }
    fputs("END\n", script);
    return most;
}

/** For the pointer: what was lost to each cause in each bin. */
static void cause_hovers(struct plots_sheet *sheet, const struct plots_bins *bins, double most) {
    for (size_t b = 0; b < bins->count; b++) {
        char text[512];
        double sum = 0.0;
        bin_text(bins, b, text, sizeof text);
        size_t used = strlen(text);
        for (size_t c = 0; c < CAUSE_COUNT && used < sizeof text; c++) {
            const double usd = bins->bins[b].sums[CAUSE_COLUMNS[c]];
            sum += usd;
            if (usd > 0.0) {
                used += (size_t)snprintf(text + used, sizeof text - used, "\n%s: %s",
                                         CAUSES[c].name, plots_usd(usd).text);
            }
        }
        if (sum > 0.0) {
            plots_figure_hover(sheet, bin_area(bins, b, 1.05 * most), "%s", text);
        }
    }
}

static void causes_figure(struct plots_sheet *sheet, const struct plots_bins *bins) {
    const char *legend[2 * CAUSE_COUNT + 1] = {NULL};
    static const char *const roles[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    size_t used = 0;
    for (size_t c = 0; c < CAUSE_COUNT; c++) {
        double sum = 0.0;
        for (size_t b = 0; b < bins->count; b++) {
            sum += bins->bins[b].sums[CAUSE_COLUMNS[c]];
        }
        if (sum > 0.0) {
            legend[used++] = roles[CAUSES[c].role];
            legend[used++] = CAUSES[c].name;
        }
    }
    FILE *script = used > 0 ? plots_figure_open(sheet, "causes") : NULL;
    if (!script) {
        return;
    }
    const double most = write_cause_columns(script, bins);
    cause_hovers(sheet, bins, most);
    write_time_axis(script, bins, most);
    char text[256];
    snprintf(text, sizeof text,
             "Notional in USD of the opportunities missed, per %.0f s, by what they were lost to; "
             "first replication.",
             bins->bin_s);
    plots_figure_close(sheet, script, weir_plots_columns_gp,
                       &(struct plots_caption){"What bound when", text, legend});
}

static void exposure_figure(struct plots_sheet *sheet, const struct plots_bins *bins) {
    double most = 0.0;
    for (size_t b = 0; b < bins->count; b++) {
        most = fmax(most, bins->bins[b].most[10]);
    }
    FILE *script = most > 0.0 ? plots_figure_open(sheet, "exposure") : NULL;
    if (!script) {
        return;
    }
    fputs("# from, low, high, colour\n$columns << END\n", script);
    for (size_t b = 0; b < bins->count; b++) {
        if (bins->bins[b].most[10] > 0.0) {
            char text[64];
            bin_text(bins, b, text, sizeof text);
            fprintf(script, "%.9g 0 %.9g 3\n", bins->bins[b].from_s, bins->bins[b].most[10]);
            plots_figure_hover(sheet, bin_area(bins, b, 1.05 * most),
                               "%s\nwithout a stop: %.0f positions", text, bins->bins[b].most[10]);
        }
    }
    fputs("END\n", script);
    write_time_axis(script, bins, most);
    char text[256];
    snprintf(text, sizeof text,
             "The most positions that were open at once without a stop, per %.0f s; at worst %.0f. "
             "First replication.",
             bins->bin_s, most);
    plots_figure_close(sheet, script, weir_plots_columns_gp,
                       &(struct plots_caption){"Positions without a stop", text, NULL});
}

/* ---- how quickly ---- */

static void curve(struct plots_sheet *sheet, const struct plots_source *source) {
    const json_t *list = json_object_get(source->root, "capture_curve");
    const size_t count = json_array_size(list);
    struct plots_series series[3] = {{.name = "by count", .role = 5, .dash = 5},
                                     {.name = "by impact", .role = 1},
                                     {.name = "by notional", .role = 4, .dash = 4}};
    struct plots_point *points = calloc(3 * count + 1, sizeof *points);
    double window = 0.0;
    if (!points || count < 2) {
        free(points);
        return;
    }
    for (size_t s = 0; s < 3; s++) {
        for (size_t i = 0; i < count; i++) {
            const json_t *point = json_array_get(list, i);
            points[s * count + i] =
                (struct plots_point){json_number_value(json_array_get(point, 0)),
                                     json_number_value(json_array_get(point, s + 1))};
        }
        series[s].points = points + s * count;
        series[s].count = count;
    }
    plots_number(source->root, "scenario.bot.opportunity_window_ms", &window);
    plots_lines(sheet, "curve", series, 3,
                &(struct plots_axes){.x_from = points[0].x,
                                     .x_until = points[count - 1].x,
                                     .mark_x = window,
                                     .x_word = "opportunity window",
                                     .metric = "capture_rate",
                                     .x_is_ms = true,
                                     .y_percent = true,
                                     .points = true},
                "Captured, against the time that there is for it",
                "Share of the opportunities whose entry was accepted within that time; the upright "
                "line: the window that counts here.");
    free(points);
}

/** A point of the distribution of latencies. */
struct delay {
    double ms, captures, all;
};

#define DELAYS_MAX 256

/** Reads the distribution, thinned; the first and the last row stay. */
static size_t read_delays(struct plots_sheet *sheet, const struct plots_source *source,
                          struct delay *delays) {
    struct plots_rows rows;
    struct delay last = {0.0, 0.0, 0.0};
    size_t count = 0;
    double next = -1.0;
    if (!plots_rows_open(&rows, source->folder, "latency.tsv",
                         "#latency_ms\tshare_of_captures\tshare_of_opportunities", sheet->error)) {
        return 0;
    }
    while (plots_rows_next(&rows)) {
        last = (struct delay){plots_rows_number(&rows, 0, -AMOUNT_MAX, AMOUNT_MAX),
                              plots_rows_number(&rows, 1, 0.0, 1.0),
                              plots_rows_number(&rows, 2, 0.0, 1.0)};
        if (count + 1 < DELAYS_MAX && last.captures >= next) {
            delays[count++] = last;
            next = last.captures + 1.0 / (DELAYS_MAX - 2);
        }
    }
    plots_rows_close(&rows);
    if (count > 0 && delays[count - 1].ms < last.ms) {
        delays[count++] = last;
    }
    return count;
}

static void latency(struct plots_sheet *sheet, const struct plots_source *source) {
    struct delay delays[DELAYS_MAX];
    struct plots_point points[2 * DELAYS_MAX];
    const size_t count = read_delays(sheet, source, delays);
    /* the axis is logarithmic and needs a beginning and an end */
    if (count < 2 || delays[0].ms <= 0.0 || delays[count - 1].ms <= delays[0].ms) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        points[i] = (struct plots_point){delays[i].ms, delays[i].captures};
        points[count + i] = (struct plots_point){delays[i].ms, delays[i].all};
    }
    const struct plots_series series[2] = {
        {.name = "of the captures", .role = 1, .points = points, .count = count},
        {.name = "of all opportunities", .role = 2, .points = points + count, .count = count}};
    plots_lines(sheet, "delays", series, 2,
                &(struct plots_axes){.x_from = delays[0].ms,
                                     .x_until = delays[count - 1].ms,
                                     .x_word = "latency",
                                     .metric = "capture_rate",
                                     .x_is_ms = true,
                                     .y_percent = true},
                "Latency",
                "Share accepted within a time after the opportunity's first liquidation; where the "
                "grey line ends, the rest was missed. First replication.");
}

/* ---- the bound ---- */

struct window {
    double from_s, weight, orders, useful_weight, useful_orders, opportunities, captures, bound;
};

static size_t read_windows(struct plots_sheet *sheet, const struct plots_source *source,
                           struct window *windows, size_t room) {
    struct plots_rows rows;
    size_t count = 0;
    if (!plots_rows_open(&rows, source->folder, "windows.tsv",
                         "#second\taccepted_weight\taccepted_orders\tuseful_weight\tuseful_orders\t"
                         "opportunities\tcaptures\tbound_captures",
                         sheet->error)) {
        return 0;
    }
    while (plots_rows_next(&rows)) {
        double at[8];
        for (size_t c = 0; c < 8; c++) {
            at[c] = plots_rows_number(&rows, c, c ? 0.0 : -SECOND_MAX, AMOUNT_MAX);
        }
        /* of a long recording the minutes with anything to take are what matters */
        if (count < room && (at[5] > 0.0 || at[6] > 0.0)) {
            windows[count++] =
                (struct window){at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]};
        }
    }
    plots_rows_close(&rows);
    return count;
}

static void write_windows(struct plots_sheet *sheet, FILE *script, const struct window *windows,
                          size_t count) {
    double most = 0.0;
    fputs("# from, low, high, colour\n$columns << END\n", script);
    for (size_t i = 0; i < count; i++) {
        fprintf(script, "%.1f 0 %.9g 1\n", (double)i + 0.5, windows[i].captures);
        most = fmax(most, fmax(windows[i].captures, windows[i].bound));
    }
    fputs("END\n# from, height, width\n$line << END\n", script);
    for (size_t i = 0; i < count; i++) {
        fprintf(script, "%.2f %.9g 0.96\n", (double)i + 0.52, windows[i].bound);
    }
    fprintf(script, "END\nline_rows = %zu\n", count);
    write_money_axis(script, most);
    for (size_t i = 0; i < count; i++) {
        const struct window *w = &windows[i];
        plots_figure_hover(sheet,
                           (struct plots_area){(double)i + 0.5, (double)i + 1.5, 0.0,
                                               most > 0.0 ? 1.05 * most : 1.0},
                           "captured %.0f of %.0f opportunities\nbound %.0f\nweight %.0f, orders "
                           "%.0f accepted",
                           w->captures, w->opportunities, w->bound, w->weight, w->orders);
    }
}

static void windows_figure(struct plots_sheet *sheet, const struct plots_source *source) {
    struct window windows[64];
    const char *names[64];
    char texts[64][16];
    const size_t count = read_windows(sheet, source, windows, 64);
    FILE *script = count > 0 ? plots_figure_open(sheet, "windows") : NULL;
    if (!script) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const double s = windows[i].from_s;
        snprintf(texts[i], sizeof texts[i], "%s%.0f:%02.0f", s < 0.0 ? "\xE2\x88\x92" : "",
                 floor(fabs(s) / 60.0), fmod(floor(fabs(s)), 60.0));
        names[i] = texts[i];
    }
    write_windows(sheet, script, windows, count);
    fprintf(script, "column_width = 1.; x_from = 0.5; x_until = %zu.5; x_named = %zu\n", count,
            count);
    plots_script_texts(script, "x_name", names, count);
    fputs("x_word = \"minute of the exchange's clock, since the first liquidation\"\n", script);
    plots_figure_close(
        sheet, script, weir_plots_columns_gp,
        &(struct plots_caption){
            "Window by window, against the bound",
            "Captures in each minute of the exchange (columns), and what the bound would have "
            "captured in it (dark line): the most that bare entries could. Protection costs more: "
            "the table below has the bound with it. First replication.",
            (const char *const[]){"1", "captured", "8", "bound", NULL}});
}

/* ---- all of it ---- */

static const char *const HEADLINE[] = {"opportunities",
                                       "captures",
                                       "capture_rate",
                                       "impact_capture",
                                       "notional_capture",
                                       "protected_capture_rate",
                                       "protected_impact_capture",
                                       "protected_value_of_bound",
                                       "http_429",
                                       "http_418",
                                       "banned_s",
                                       "useful_efficiency",
                                       "unprotected_p99_s",
                                       "blind_max_s",
                                       NULL};
static const char *const BOUND[] = {"ceiling_captures",
                                    "bound_captures",
                                    "capture_of_bound",
                                    "value_of_bound",
                                    "notional_of_bound",
                                    "regret",
                                    "protected_bound_captures",
                                    "protected_capture_of_bound",
                                    "protected_value_of_bound",
                                    "protected_notional_of_bound",
                                    "saturated_windows",
                                    "efficiency",
                                    "useful_efficiency",
                                    "displaced_weight",
                                    "threshold_usd",
                                    "threshold_value_of_bound",
                                    "value_of_threshold",
                                    NULL};
static const char *const SPEED[] = {"latency_p50_ms",
                                    "latency_p90_ms",
                                    "latency_p99_ms",
                                    "latency_p999_ms",
                                    "latency_max_ms",
                                    "latency_all_p50_ms",
                                    "first_entry_ms",
                                    "first_entry_after_hold_ms",
                                    "blind_max_s",
                                    "edge_capture_250ms",
                                    "edge_capture_1s",
                                    "edge_capture_5s",
                                    NULL};
static const char *const TROUBLE[] = {"requests_sent",
                                      "http_429",
                                      "http_429_weight",
                                      "http_429_orders",
                                      "http_418",
                                      "http_4xx_other",
                                      "http_5xx",
                                      "timeouts",
                                      "limit_errors_per_1000_sent",
                                      "limit_errors_per_1000_opportunities",
                                      "bans",
                                      "banned_s",
                                      "ban_probability",
                                      "provocations",
                                      "headroom_weight_min",
                                      "headroom_orders_min",
                                      "refused_outbid",
                                      "refused_limit",
                                      "refused_backoff",
                                      "refused_banned",
                                      "refused_queue_full",
                                      "refused_deadline",
                                      "refused_other",
                                      NULL};
static const char *const EXPOSURE[] = {"unprotected_usd_max",
                                       "unprotected_p50_s",
                                       "unprotected_p99_s",
                                       "unprotected_max_s",
                                       "stops_crossed_unprotected",
                                       "open_while_banned_usd_max",
                                       NULL};

/** What needs the tables of a result folder; a document alone has none. */
static void over_time(struct plots_sheet *sheet, const struct plots_source *source,
                      void (*figure)(struct plots_sheet *sheet, const struct plots_bins *bins)) {
    struct plots_bins bins;
    if (source->has_tables &&
        plots_bins_read_causes(&bins, source->folder, CAUSES_HEADING, sheet->error)) {
        figure(sheet, &bins);
        plots_bins_free(&bins);
    }
}

void plots_report_replay(struct plots_sheet *sheet, const struct plots_source *source) {
    const json_t *root = source->root;
    plots_heading(sheet, 0, "The answer");
    answer(sheet, root);
    metric_table(sheet, root, "In figures", HEADLINE);
    origins(sheet, root);
    if (source->has_tables) {
        plots_heading(sheet, 0, "What happened when");
        cascade(sheet, source);
    } else {
        plots_markup(sheet,
                     "<p class=\"note\">Only the document of this result was at hand, not its "
                     "folder: figures over time are left out.</p>\n");
    }
    plots_heading(sheet, 0, "Captured and missed");
    funnel(sheet, source);
    deciles(sheet, source);
    if (source->has_tables) {
        symbols(sheet, source);
    }
    largest_misses(sheet, source);
    plots_heading(sheet, 0, "What bound");
    over_time(sheet, source, causes_figure);
    causes_table(sheet, source);
    plots_heading(sheet, 0, "How quickly");
    curve(sheet, source);
    if (source->has_tables) {
        latency(sheet, source);
    }
    metric_table(sheet, root, "Latency and edge", SPEED);
    plots_heading(sheet, 0, "Errors and bans");
    metric_table(sheet, root, "Answers, refusals by reason, headroom", TROUBLE);
    plots_heading(sheet, 0, "Exposure");
    over_time(sheet, source, exposure_figure);
    metric_table(sheet, root, "Positions without protection", EXPOSURE);
    plots_heading(sheet, 0, "How far from the best possible");
    if (source->has_tables) {
        windows_figure(sheet, source);
    }
    metric_table(sheet, root, "Against the bound, the ceiling, and the best fixed size threshold",
                 BOUND);
}
