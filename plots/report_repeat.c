/** How to repeat a result, and how several differ. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quote.h"
#include "report_parts.h"

#define KEYS_MAX 512
#define KEY_SIZE 96

/* ---- settings ---- */

/** A setting of a scenario: its dotted key and its value. */
struct setting {
    char key[KEY_SIZE];
    const json_t *value;
};

struct settings {
    struct setting all[KEYS_MAX];
    size_t count;
};

static void collect(struct settings *settings, json_t *object, const char *prefix) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(object, name, value) {
        char key[KEY_SIZE];
        snprintf(key, sizeof key, "%.60s%s%.32s", prefix, prefix[0] ? "." : "", name);
        if (json_is_object(value)) {
            /* scenarios nest by the dots of their keys, no deeper than those */
            if (strlen(key) + 1 < KEY_SIZE && settings->count < KEYS_MAX) {
                collect(settings, value, key); // NOLINT(misc-no-recursion)
            }
        } else if (settings->count < KEYS_MAX) {
            struct setting *setting = &settings->all[settings->count++];
            snprintf(setting->key, sizeof setting->key, "%s", key);
            setting->value = value;
        }
    }
}

static void setting_text(const json_t *value, char *text, size_t size) {
    char *dumped = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6)) : NULL;
    snprintf(text, size, "%s",
             !value                  ? "–"
             : json_is_string(value) ? json_string_value(value)
             : dumped                ? dumped
                                     : "?");
    free(dumped);
}

static const json_t *find_setting(const struct settings *settings, const char *key) {
    for (size_t i = 0; i < settings->count; i++) {
        if (strcmp(settings->all[i].key, key) == 0) {
            return settings->all[i].value;
        }
    }
    return NULL;
}

static void settings_table(struct plots_sheet *sheet, const json_t *root) {
    struct settings *settings = calloc(1, sizeof *settings);
    if (!settings) {
        plots_fail(sheet->error, "not enough memory");
        return;
    }
    const char *const keys[] = {"scenario", "study", "scenarios"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        collect(settings, json_object_get(root, keys[i]), "");
    }
    if (settings->count > 0) {
        plots_markup(sheet, "<div class=\"settings\">\n");
        plots_table_open(sheet, "The full scenario, defaults included",
                         (const char *[]){"setting", PLOTS_WORDS("value")}, 2);
        for (size_t i = 0; i < settings->count; i++) {
            char text[512];
            setting_text(settings->all[i].value, text, sizeof text);
            plots_table_row(sheet, settings->all[i].key, (const char *[]){text}, 1);
        }
        plots_table_close(sheet);
        plots_markup(sheet, "</div>\n");
    }
    free(settings);
}

/* ---- repeating ---- */

/** Writes a path as one word of a shell. */
static void shell_word(struct plots_sheet *sheet, const char *word) {
    const bool plain =
        word[0] && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_./-+=:,@%") == strlen(word);
    if (plain) {
        plots_say(sheet, "%s", word);
        return;
    }
    plots_say(sheet, "'");
    for (const char *at = word; *at;) {
        const size_t length = strcspn(at, "'");
        plots_say(sheet, "%.*s", (int)length, at);
        at += length;
        if (*at == '\'') {
            plots_say(sheet, "'\\''");
            at++;
        }
    }
    plots_say(sheet, "'");
}

static void fact(struct plots_sheet *sheet, const char *name, const char *value) {
    if (value && value[0]) {
        plots_table_row(sheet, name, (const char *[]){value}, 1);
    }
}

static void trace_facts(struct plots_sheet *sheet, const json_t *trace) {
    char name[160];
    snprintf(name, sizeof name, "digest of trace %.100s", plots_text(trace, "name", "?"));
    fact(sheet, name, plots_text(trace, "digest", NULL));
}

static void facts_table(struct plots_sheet *sheet, const json_t *root) {
    static const char *const keys[] = {"schema",     "version",      "engine",
                                       "policy",     "policy_spec",  "seed",
                                       "fresh_seed", "replications", "digest"};
    static const char *const names[] = {"document",
                                        "version of weir",
                                        "engine",
                                        "policy",
                                        "policy as given",
                                        "seed",
                                        "seed of the fresh draws",
                                        "replications",
                                        "digest of the run"};
    plots_table_open(sheet, "Seeds, digests, version", (const char *[]){"", PLOTS_WORDS("value")},
                     2);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char text[512];
        const json_t *value = json_object_get(root, keys[i]);
        if (value && !(strcmp(keys[i], "digest") == 0 && json_object_get(root, "live"))) {
            setting_text(value, text, sizeof text);
            fact(sheet, names[i], text);
        }
    }
    if (json_object_get(root, "trace")) {
        trace_facts(sheet, json_object_get(root, "trace"));
    }
    size_t index = 0;
    json_t *row = NULL;
    json_array_foreach(json_object_get(root, "traces"), index, row) {
        const json_t *inner = json_object_get(row, "trace");
        trace_facts(sheet, inner ? inner : row);
    }
    plots_table_close(sheet);
}

void plots_report_repeat(struct plots_sheet *sheet, const struct plots_source *source) {
    plots_heading(sheet, 0, "To repeat it");
    plots_markup(sheet, json_object_get(source->root, "live")
                            ? "<p>No two live runs are the same. This replays it in the simulator, "
                              "with the phase and the delays that were met:</p>\n<pre><code>"
                            : "<p>The same version gives the same figures and the same "
                              "digests:</p>\n<pre><code>");
    switch (source->kind) {
    case PLOTS_REPLAY:
    case PLOTS_COMPARE:
        plots_say(sheet, "weir %s --from ", source->kind == PLOTS_REPLAY ? "replay" : "compare");
        shell_word(sheet, source->document);
        break;
    case PLOTS_TUNE:
        plots_say(sheet, "jq .study ");
        shell_word(sheet, source->document);
        plots_say(sheet, " > study.json");
        plots_markup(sheet, "\n");
        plots_say(sheet, "weir tune study.json --out again");
        break;
    case PLOTS_NIGHT:
        plots_say(sheet, "weir bench run ");
        shell_word(sheet, plots_text(source->root, "path", "?"));
        plots_say(sheet, " -o again.json");
        break;
    }
    plots_markup(sheet, "</code></pre>\n");
    facts_table(sheet, source->root);
    settings_table(sheet, source->root);
}

/* ---- differences ---- */

void plots_report_label(const struct plots_source *source, char *label, size_t size) {
    switch (source->kind) {
    case PLOTS_REPLAY:
        snprintf(label, size, "%.80s on %.80s", plots_text(source->root, "policy", "?"),
                 plots_text(source->root, "trace.name", "?"));
        break;
    case PLOTS_COMPARE:
        snprintf(label, size, "Comparison against %.80s", plots_text(source->root, "against", "?"));
        break;
    case PLOTS_TUNE:
        snprintf(label, size, "Study: %.80s",
                 plots_metric_label(plots_text(source->root, "objective", "?")));
        break;
    case PLOTS_NIGHT:
        snprintf(label, size, "Suite %.60s %.60s", plots_text(source->root, "suite", "?"),
                 plots_text(source->root, "label", ""));
        break;
    }
}

/** Heads of the columns: the policies, or the whole labels where these do not tell them apart. */
static void column_heads(const struct plots_source *sources, size_t count, char heads[][192]) {
    bool same_trace = true;
    bool policies_differ = true;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            same_trace = same_trace && strcmp(plots_text(sources[i].root, "trace.name", "?"),
                                              plots_text(sources[j].root, "trace.name", "?")) == 0;
            policies_differ =
                policies_differ && strcmp(plots_text(sources[i].root, "policy", "?"),
                                          plots_text(sources[j].root, "policy", "?")) != 0;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (same_trace && policies_differ) {
            snprintf(heads[i], 192, "%.100s", plots_text(sources[i].root, "policy", "?"));
        } else if (same_trace) {
            snprintf(heads[i], 192, "%zu: %.100s", i + 1,
                     plots_text(sources[i].root, "policy", "?"));
        } else {
            plots_report_label(&sources[i], heads[i], 192);
        }
    }
}

/** A row of settings, if they are not all the same. */
static bool differing_row(struct plots_sheet *sheet, const struct settings *settings, size_t count,
                          const char *key, const char *const *heads, bool open) {
    char texts[32][128];
    const char *cells[32];
    bool differ = false;
    for (size_t i = 0; i < count; i++) {
        setting_text(find_setting(&settings[i], key), texts[i], sizeof texts[i]);
        cells[i] = texts[i];
        differ = differ || strcmp(texts[i], texts[0]) != 0;
    }
    if (!differ) {
        return open;
    }
    if (!open) {
        plots_table_open(sheet, "Settings that differ", heads, count + 1);
    }
    plots_table_row(sheet, key, cells, count);
    return true;
}

static void differing_settings(struct plots_sheet *sheet, const struct plots_source *sources,
                               size_t count, const char *const *heads) {
    struct settings *settings = calloc(count, sizeof *settings);
    bool open = false;
    if (!settings) {
        plots_fail(sheet->error, "not enough memory");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        static const char *const own[] = {"seed", "replications"};
        for (size_t k = 0; k < 2; k++) {
            struct setting *s = &settings[i].all[settings[i].count++];
            snprintf(s->key, sizeof s->key, "%s", own[k]);
            s->value = json_object_get(sources[i].root, own[k]);
        }
        /* settings of a limiter differ because the limiters do */
        json_t *scenario = json_copy(json_object_get(sources[i].root, "scenario"));
        if (count > 2) {
            json_object_del(scenario, "limiter");
        }
        collect(&settings[i], scenario, "");
        json_decref(scenario);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < settings[i].count; k++) {
            const char *key = settings[i].all[k].key;
            if (i == 0 || !find_setting(&settings[0], key)) {
                open = differing_row(sheet, settings, count, key, heads, open);
            }
        }
    }
    if (open) {
        plots_table_close(sheet);
    } else {
        plots_markup(sheet,
                     "<p>All of them ran with the same settings, seed and replications.</p>\n");
    }
    free(settings);
}

static void differing_metric(struct plots_sheet *sheet, const struct plots_source *sources,
                             size_t count, const char *metric) {
    struct plots_amount amounts[33];
    const char *cells[33];
    double means[2] = {0.0, 0.0};
    size_t measured = 0;
    for (size_t i = 0; i < count; i++) {
        double mean = 0.0;
        const bool there = plots_mean(sources[i].root, metric, &mean);
        amounts[i] = plots_metric_amount(metric, mean);
        cells[i] = there ? amounts[i].text : "–";
        measured += there;
        means[i < 2 ? i : 1] = mean;
    }
    amounts[count] = plots_metric_difference(metric, means[1] - means[0]);
    cells[count] = measured == count ? amounts[count].text : "–";
    if (measured > 0) {
        plots_table_row(sheet, plots_metric_label(metric), cells, count == 2 ? 3 : count);
    }
}

static void capture_bars(struct plots_sheet *sheet, const struct plots_source *sources,
                         size_t count, char heads[][192]) {
    struct plots_bar bars[32];
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        double captured = 0.0;
        double protected = 0.0;
        if (plots_mean(sources[i].root, "impact_capture", &captured) &&
            plots_mean(sources[i].root, "protected_impact_capture", &protected)) {
            bars[rows] = (struct plots_bar){
                .name = heads[i],
                .parts = {protected, captured > protected ? captured - protected : 0.0}};
            snprintf(bars[rows].value, sizeof bars[rows].value, "%s", plots_share(protected).text);
            rows++;
        }
    }
    plots_bars(sheet, "all", bars, rows, 2, (const int[]){1, 9},
               (const char *const[]){"captured and protected", "captured only"}, plots_share,
               &(struct plots_caption){
                   "Captured, and protected in time",
                   "Share of the impact (square root of the notional) of all opportunities; at the "
                   "end of a row the share that was captured and protected.",
                   (const char *const[]){"1", "captured and protected", "9",
                                         "captured, not protected in time", NULL}});
}

void plots_report_differences(struct plots_sheet *sheet, const struct plots_source *sources,
                              size_t count) {
    static const char *const metrics[] = {"opportunities",
                                          "captures",
                                          "capture_rate",
                                          "impact_capture",
                                          "notional_capture",
                                          "protected_capture_rate",
                                          "protected_impact_capture",
                                          "protected_notional_capture",
                                          "protected_value_of_bound",
                                          "http_429",
                                          "http_418",
                                          "provocations",
                                          "banned_s",
                                          "useful_efficiency",
                                          "latency_p50_ms",
                                          "latency_p99_ms",
                                          "unprotected_p99_s",
                                          "blind_max_s"};
    char heads[32][192];
    const char *columns[34] = {""};
    column_heads(sources, count, heads);
    for (size_t i = 0; i < count; i++) {
        columns[i + 1] = heads[i];
    }
    columns[count + 1] = "difference";
    bool several = false;
    for (size_t i = 0; i < count; i++) {
        double replications = 1.0;
        several = several || (plots_number(sources[i].root, "replications", &replications) &&
                              replications > 1.0);
    }
    plots_heading(sheet, 0, "Side by side");
    capture_bars(sheet, sources, count, heads);
    plots_table_open(sheet, several ? "Means over the replications" : "Of one replication each",
                     columns, count + (count == 2 ? 2 : 1));
    for (size_t m = 0; m < sizeof metrics / sizeof metrics[0]; m++) {
        differing_metric(sheet, sources, count, metrics[m]);
    }
    plots_table_close(sheet);
    differing_settings(sheet, sources, count, columns);
}
