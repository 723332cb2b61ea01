#include "statistics_check.h"

#define COLUMNS ((size_t)3 * WEIR_CHECK_SIZES)

/** A row of cells, as Markdown or as text with fixed widths. */
static void row(FILE *out, bool markdown, const char *label, const char (*cells)[32],
                size_t count) {
    fprintf(out, markdown ? "| %s |" : "%-34s", label);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, markdown ? " %s |" : " %14s", cells[i]);
    }
    fputc('\n', out);
}

static void rule(FILE *out, bool markdown, size_t count) {
    for (size_t i = 0; markdown && i <= count; i++) {
        fputs(i == 0 ? "|---|" : i == count ? "---:|\n" : "---:|", out);
    }
}

static void percent(double share, char cell[32]) {
    snprintf(cell, 32, "%.1f %%", 100.0 * share);
}

static void coverage(const struct weir_statistics_check *c, bool markdown, FILE *out) {
    char cells[COLUMNS][32];
    for (size_t s = 0; s < WEIR_CHECK_SIZES; s++) {
        snprintf(cells[3 * s], 32, "t, %u", (unsigned)c->sizes[s]);
        snprintf(cells[3 * s + 1], 32, "used, %u", (unsigned)c->sizes[s]);
        snprintf(cells[3 * s + 2], 32, "shown, %u", (unsigned)c->sizes[s]);
    }
    row(out, markdown, "coverage, replications", (const char(*)[32])cells, COLUMNS);
    rule(out, markdown, COLUMNS);
    for (int k = 0; k < WEIR_KINDS; k++) {
        char label[64];
        snprintf(label, sizeof label, "%s (%zu metrics)", weir_kind_name((enum weir_kind)k),
                 c->kinds[1][k].metrics);
        for (size_t s = 0; s < WEIR_CHECK_SIZES; s++) {
            percent(c->kinds[s][k].student, cells[3 * s]);
            percent(c->kinds[s][k].used, cells[3 * s + 1]);
            percent(c->kinds[s][k].shown, cells[3 * s + 2]);
        }
        if (c->kinds[1][k].metrics > 0) {
            row(out, markdown, label, (const char(*)[32])cells, COLUMNS);
        }
    }
}

static void false_verdicts(const struct weir_statistics_check *c, bool markdown, FILE *out) {
    char cells[WEIR_CHECK_SIZES][32];
    static const char *const labels[] = {"A/A pairs with p < 0.05",
                                         "A/A families with any, after Holm",
                                         "A/A pairs called better or worse"};
    for (size_t s = 0; s < WEIR_CHECK_SIZES; s++) {
        snprintf(cells[s], 32, "%u", (unsigned)c->sizes[s]);
    }
    fputc('\n', out);
    row(out, markdown, "false verdicts, replications", (const char(*)[32])cells, WEIR_CHECK_SIZES);
    rule(out, markdown, WEIR_CHECK_SIZES);
    for (size_t i = 0; i < 3; i++) {
        for (size_t s = 0; s < WEIR_CHECK_SIZES; s++) {
            const struct weir_false_verdicts *shares = &c->false_verdicts[s];
            percent(i == 0 ? shares->before : i == 1 ? shares->after : shares->verdicts, cells[s]);
        }
        row(out, markdown, labels[i], (const char(*)[32])cells, WEIR_CHECK_SIZES);
    }
}

static void variance_row(const char *label, const struct weir_variance *v, bool markdown,
                         FILE *out) {
    char cells[5][32];
    percent(v->draw, cells[0]);
    percent(v->phase, cells[1]);
    percent(v->network, cells[2]);
    percent(v->together, cells[3]);
    snprintf(cells[4], 32, "%.2f", 100.0 * v->deviation);
    row(out, markdown, label, (const char(*)[32])cells, 5);
}

void weir_statistics_table(const struct weir_compare_plan *plan,
                           const struct weir_statistics_check *check,
                           const struct weir_variance *metric,
                           const struct weir_variance *difference, enum weir_table_form form,
                           FILE *out) {
    static const char heads[5][32] = {"draw", "phase", "network", "together", "sd, points"};
    const bool markdown = form == WEIR_TABLE_MARKDOWN;
    fprintf(out, "%zu trials with independent seeds\n\n", check->trials);
    coverage(check, markdown, out);
    false_verdicts(check, markdown, out);
    fputc('\n', out);
    row(out, markdown, "variance of protected value of bound", heads, 5);
    rule(out, markdown, 5);
    for (size_t p = 0; p < plan->policy_count; p++) {
        char label[160];
        variance_row(plan->policies[p]->name, &metric[p], markdown, out);
        if (p != plan->against) {
            snprintf(label, sizeof label, "%s - %s", plan->policies[p]->name,
                     plan->policies[plan->against]->name);
            variance_row(label, &difference[p], markdown, out);
        }
    }
}
