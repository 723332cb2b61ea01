#include "titles.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "quote.h"
#include "variable.h"

#define NAME_SIZE (4 * PLOTS_NAME_MAX + 8)
#define LINE_SIZE (4 * NAME_SIZE)
#define DOT " \xC2\xB7 "

/** A line of text that is put together piece by piece. */
struct line {
    char text[LINE_SIZE];
    size_t used;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int written =
        vsnprintf(line->text + line->used, sizeof line->text - line->used, format, arguments);
    va_end(arguments);
    if (written > 0) {
        line->used += (size_t)written;
    }
    if (line->used >= sizeof line->text) {
        line->used = sizeof line->text - 1;
    }
}

/** A name that somebody else gave. */
static void add_name(struct line *line, const char *name) {
    char clean[NAME_SIZE];
    plots_clean(name, PLOTS_NAME_MAX, clean, sizeof clean);
    add(line, "%s", clean);
}

/** A count with commas between thousands, with one decimal if it is a mean that is not whole. */
static void add_count(struct line *line, double count) {
    char digits[64];
    const bool whole = floor(count) == count || count >= 1e6;
    snprintf(digits, sizeof digits, "%.*f", whole ? 0 : 1, count);
    const size_t length = strcspn(digits, ".");
    for (size_t i = 0; i < length; i++) {
        add(line, "%s%c", i > 0 && (length - i) % 3 == 0 ? "," : "", digits[i]);
    }
    add(line, "%s", digits + length);
}

/** A share in percent; what is not all, or not nothing, does not look as if it were. */
static void add_share(struct line *line, double share) {
    if (share > 0.0 && share < 0.0005) {
        add(line, "under 0.1 %%");
    } else if (share < 1.0 && share > 0.9995) {
        add(line, "over 99.9 %%");
    } else {
        add(line, "%.1f %%", 100.0 * share);
    }
}

static void add_errors(struct line *line, int status, double count) {
    if (count > 0.0) {
        add(line, DOT);
        add_count(line, count);
        add(line, " answered %d", status);
    } else {
        add(line, DOT "no %d", status);
    }
}

static void write_subtitle(const struct plots_result *result, FILE *script) {
    struct line line = {.used = 0};
    if (result->opportunities > 0.0) {
        double share = 0.0;
        add(&line, "captured ");
        add_count(&line, result->captures);
        add(&line, " of ");
        add_count(&line, result->opportunities);
        add(&line, " opportunities (");
        add_share(&line, result->captures / result->opportunities);
        add(&line, ")");
        if (plots_result_metric(result, "value_capture", &share)) {
            add(&line, ", ");
            add_share(&line, share);
            add(&line, " of their value");
        }
    } else {
        add(&line, "no opportunity");
    }
    add_errors(&line, 429, result->http_429);
    add_errors(&line, 418, result->http_418);
    plots_variable_text(script, "subtitle", line.text);
}

static void write_title(const struct plots_result *result, FILE *script) {
    struct line line = {.used = 0};
    add_name(&line, result->policy);
    add(&line, " on ");
    add_name(&line, result->trace);
    plots_variable_text(script, "title", line.text);
}

static void add_setting(struct line *line, const struct plots_result *result) {
    add_name(line, result->trace_class);
    add(line, " trace" DOT "rules ");
    add_name(line, result->rules);
    add(line, DOT "allowance ");
    add_count(line, result->weight_per_minute);
    add(line, " weight and ");
    add_count(line, result->orders_per_minute);
    add(line, " orders a minute");
}

static void add_replications(struct line *line, const struct plots_result *result,
                             const char *drawn) {
    if (result->replications > 1) {
        add(line, DOT "means of %" PRId64 " replications%s", result->replications, drawn);
    }
}

void plots_titles_timeline(const struct plots_result *result, FILE *script) {
    write_title(result, script);
    write_subtitle(result, script);
    struct line line = {.used = 0};
    add_setting(&line, result);
    add_replications(&line, result, ", one of them drawn");
    plots_variable_text(script, "caption", line.text);
}

static void add_quantile(struct line *line, const struct plots_result *result, const char *metric,
                         const char *label) {
    double ms = 0.0;
    if (plots_result_metric(result, metric, &ms)) {
        add(line, "%s%s %.*f ms", line->used > 0 ? DOT : "latency of captures: ", label,
            ms < 10.0 ? 1 : 0, ms);
    }
}

void plots_titles_latency(const struct plots_result *result, FILE *script) {
    write_title(result, script);
    write_subtitle(result, script);
    struct line line = {.used = 0};
    add_quantile(&line, result, "latency_p50_ms", "p50");
    add_quantile(&line, result, "latency_p90_ms", "p90");
    add_quantile(&line, result, "latency_p99_ms", "p99");
    if (line.used == 0) {
        add_setting(&line, result);
    }
    add_replications(&line, result, "");
    plots_variable_text(script, "caption", line.text);
}
