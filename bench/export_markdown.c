#include "exports.h"

#include <stdlib.h>
#include <string.h>

#include "bench_result.h"
#include "metric_facts.h"

const enum weir_metric weir_export_shown[WEIR_EXPORT_SHOWN] = {WEIR_METRIC_protected_value_of_bound,
                                                               WEIR_METRIC_value_of_bound,
                                                               WEIR_METRIC_captures,
                                                               WEIR_METRIC_protected_captures,
                                                               WEIR_METRIC_http_429,
                                                               WEIR_METRIC_http_418,
                                                               WEIR_METRIC_banned_s};

/** A text in a cell or line, without what Markdown would read. */
static void write_plain(const char *text, FILE *out) {
    for (; *text; text++) {
        if (strchr("|*_`<>[]\\#", *text)) {
            fputc('\\', out);
        }
        fputc(*text == '\n' ? ' ' : *text, out);
    }
}

static void write_property(const json_t *result, const char *key, FILE *out) {
    const char *value = json_string_value(json_object_get(result, key));
    if (value) {
        fprintf(out, ", %s ", key);
        write_plain(value, out);
    }
}

static void write_head(const json_t *result, const struct weir_checks *checks, FILE *out) {
    const size_t broken = weir_checks_broken(checks);
    fputs("# Suite ", out);
    write_plain(json_string_value(json_object_get(result, "suite")), out);
    if (broken > 0) {
        fprintf(out, ": %zu of %zu checks broken\n\nweir", broken, checks->count);
    } else {
        fprintf(out, ": all %zu checks passed\n\nweir", checks->count);
    }
    write_property(result, "version", out);
    write_property(result, "label", out);
    write_property(result, "when", out);
    fputs("\n\n", out);
}

/** The checks of a status, each with its lines. */
static void write_checks(const struct weir_checks *checks, enum weir_check_status status,
                         FILE *out) {
    for (size_t i = 0; i < checks->count; i++) {
        const struct weir_check *c = &checks->items[i];
        if (c->status == status) {
            fprintf(out, "- **%s** %s: ", weir_check_status_name(status), c->kind);
            write_plain(c->name, out);
            fputc('\n', out);
            for (const char *line = c->text; *line;) {
                char text[512];
                const size_t length = strcspn(line, "\n");
                snprintf(text, sizeof text, "%.*s", (int)length, line);
                fputs("  - ", out);
                write_plain(text, out);
                fputc('\n', out);
                line += length + (line[length] == '\n');
            }
        }
    }
}

static void write_cell(const struct weir_estimate *e, enum weir_metric metric, FILE *out) {
    if (e->count == 0) {
        fputs(" |", out);
    } else if (weir_metric_kind(metric) == WEIR_KIND_SHARE) {
        fprintf(out, " %.2f %% |", 100.0 * e->mean);
    } else {
        fprintf(out, " %.6g |", e->mean);
    }
}

static void write_cases(const json_t *result, FILE *out) {
    size_t i = 0;
    const json_t *entry = NULL;
    fputs("\n| case |", out);
    for (size_t m = 0; m < WEIR_EXPORT_SHOWN; m++) {
        fputc(' ', out);
        write_plain(weir_metric_name(weir_export_shown[m]), out);
        fputs(" |", out);
    }
    fputs("\n|---|---:|---:|---:|---:|---:|---:|---:|\n", out);
    json_array_foreach(json_object_get(result, "cases"), i, entry) {
        fputs("| ", out);
        write_plain(weir_case_name(entry).text, out);
        fputs(" |", out);
        for (size_t m = 0; m < WEIR_EXPORT_SHOWN; m++) {
            const struct weir_estimate e =
                weir_case_metric(entry, weir_metric_name(weir_export_shown[m]));
            write_cell(&e, weir_export_shown[m], out);
        }
        fputc('\n', out);
    }
}

static void write_times(const json_t *result, FILE *out) {
    json_t *ratios = json_object_get(json_object_get(result, "time"), "ratios");
    const char *name = NULL;
    json_t *value = NULL;
    if (json_object_size(ratios) == 0) {
        return;
    }
    fputs("\n| processor time against the other build | ratio | 95 % interval | rounds |\n"
          "|---|---:|---:|---:|\n",
          out);
    json_object_foreach(ratios, name, value) {
        struct weir_estimate rounds[2];
        const size_t count = weir_bench_rounds(result, name, rounds);
        if (count > 0) {
            const struct weir_estimate *last = &rounds[count - 1];
            fputs("| ", out);
            write_plain(name, out);
            fprintf(out, " | %.4f | %.4f to %.4f | %zu |\n", last->mean, last->low, last->high,
                    count);
        }
    }
}

static void write_whole(const json_t *result, const struct weir_checks *checks, FILE *out) {
    write_head(result, checks, out);
    write_checks(checks, WEIR_CHECK_CRASHED, out);
    write_checks(checks, WEIR_CHECK_BROKEN, out);
    write_checks(checks, WEIR_CHECK_ADVICE, out);
    write_times(result, out);
    write_cases(result, out);
}

bool weir_export_markdown(const json_t *result, const struct weir_checks *checks, FILE *out) {
    static const char cut[] = "\n(The rest is left out: a summary must stay below 1 MiB.)\n";
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) {
        return false;
    }
    write_whole(result, checks, stream);
    if (fclose(stream) != 0) {
        free(text);
        return false;
    }
    if (size > WEIR_SUMMARY_MAX) {
        size = WEIR_SUMMARY_MAX - sizeof cut;
        while (size > 0 && text[size - 1] != '\n') {
            size--;
        }
        fwrite(text, 1, size, out);
        fputs(cut, out);
    } else {
        fwrite(text, 1, size, out);
    }
    free(text);
    return true;
}
