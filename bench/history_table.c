#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "history.h"
#include "whole_file.h"

#define BARS_MAX 40

struct range {
    double least, greatest;
};

static struct range range_of(const struct weir_history_trend *trend) {
    struct range range = {trend->points[0].value, trend->points[0].value};
    for (size_t i = 1; i < trend->count; i++) {
        const double value = trend->points[i].value;
        range.least = value < range.least ? value : range.least;
        range.greatest = value > range.greatest ? value : range.greatest;
    }
    return range;
}

/** The last nights as a line of bars, the least the lowest. */
static void print_bars(const struct weir_history_trend *trend, struct range range, FILE *out) {
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const double width = range.greatest - range.least;
    const size_t first = trend->count > BARS_MAX ? trend->count - BARS_MAX : 0;
    for (size_t i = first; i < trend->count; i++) {
        const double share = width > 0.0 ? (trend->points[i].value - range.least) / width : 0.0;
        fputs(bars[(size_t)(share * 7.0 + 0.5)], out);
    }
}

void weir_history_print(const struct weir_history_trends *trends, FILE *out) {
    int width = 6;
    for (size_t i = 0; i < trends->count; i++) {
        const int length = (int)strlen(trends->items[i].name);
        width = length > width ? length : width;
    }
    fprintf(out, "%-*s %6s %12s %12s %12s %12s  %s\n", width, "figure", "nights", "first", "last",
            "least", "greatest", "trend");
    for (size_t i = 0; i < trends->count; i++) {
        const struct weir_history_trend *t = &trends->items[i];
        const struct range range = range_of(t);
        fprintf(out, "%-*s %6zu %12.6g %12.6g %12.6g %12.6g  ", width, t->name, t->count,
                t->points[0].value, t->points[t->count - 1].value, range.least, range.greatest);
        print_bars(t, range, out);
        fputc('\n', out);
    }
}

/** A text without what separates fields. */
static void print_field(const char *text, FILE *out) {
    for (; *text; text++) {
        fputc(strchr(",\"\t\r\n", *text) ? ' ' : *text, out);
    }
}

void weir_history_csv(const struct weir_history_trends *trends, FILE *out) {
    fputs("figure,night,label,when,value,low,high\n", out);
    for (size_t i = 0; i < trends->count; i++) {
        for (size_t p = 0; p < trends->items[i].count; p++) {
            const struct weir_history_point *point = &trends->items[i].points[p];
            print_field(trends->items[i].name, out);
            fprintf(out, ",%" PRId64 ",", point->night);
            print_field(point->label, out);
            fputc(',', out);
            print_field(point->when, out);
            fprintf(out, ",%.12g,%.12g,%.12g\n", point->value, point->low, point->high);
        }
    }
}

/** Writes the trends from `first` on that have the same metric; returns the one after them. */
static size_t write_metric(const struct weir_history_trends *trends, size_t first, FILE *out) {
    size_t i = first;
    for (; i < trends->count && strcmp(trends->items[i].metric, trends->items[first].metric) == 0;
         i++) {
        const struct weir_history_trend *t = &trends->items[i];
        fputs(i > first ? "\n\n" : "", out);
        print_field(t->name, out);
        fputc('\n', out);
        for (size_t p = 0; p < t->count; p++) {
            const struct weir_history_point *point = &t->points[p];
            fprintf(out, "%" PRId64 "\t%.12g\t%.12g\t%.12g\n", point->night, point->value,
                    point->low, point->high);
        }
    }
    return i;
}

bool weir_history_folder(const struct weir_history_trends *trends, const char *folder,
                         struct weir_replay_error *error) {
    error->status = WEIR_REPLAY_FAILED;
    bool ok = weir_make_folder(folder, error->text, sizeof error->text);
    for (size_t i = 0; ok && i < trends->count;) {
        char path[4096];
        struct weir_whole_file file;
        snprintf(path, sizeof path, "%s/%s.tsv", folder, trends->items[i].file);
        ok = weir_whole_file_open(&file, path, error->text, sizeof error->text);
        if (ok) {
            i = write_metric(trends, i, file.stream);
            ok = weir_whole_file_end(&file, true, error->text, sizeof error->text);
        }
    }
    return ok;
}
