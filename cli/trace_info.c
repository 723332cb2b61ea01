#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "arguments.h"
#include "commands.h"
#include "info.h"
#include "run_options.h"
#include "stage.h"
#include "trace_command.h"
#include "trace_error.h"
#include "trace_folder.h"
#include "whole_file.h"

#define CLASS_ROWS_MAX 2000000 /* the class needs all of a trace in memory */
#define SYMBOLS_SHOWN 12

/** Everything that is printed. */
struct findings {
    struct weir_info *info;
    const struct weir_trace *built; /**< or NULL */
    const char *class;              /**< "" if not known */
    char name[200];
    size_t bad_rows, repeated_rows, cut_files;
    struct weir_gaps gaps;
};

/** Time as text, by value. */
struct time_text {
    char text[WEIR_TIME_TEXT_SIZE];
};

static struct time_text time_text(int64_t time_ns) {
    struct time_text t = {""};
    weir_format_iso_time(time_ns, t.text);
    return t;
}

/** The class under the default scenario; "" when the trace cannot be staged. */
static const char *find_class(const struct weir_trace *trace) {
    struct weir_scenario scenario;
    struct weir_scenario_error error;
    weir_scenario_defaults(&scenario);
    struct weir_strategy *strategy = weir_strategy_open(scenario.bot.strategy, &error);
    struct weir_stage *stage =
        strategy != NULL ? weir_stage_create(trace, &scenario, strategy, NULL, 1, 0, 1) : NULL;
    const char *class = stage != NULL ? weir_class_name(stage->class) : "";
    weir_stage_destroy(stage);
    weir_strategy_free(strategy);
    return class;
}

/** The class of what is read, which has to be read once more for it. */
static const char *class_of(const struct weir_trace_command *command,
                            const struct findings *findings) {
    const bool filtered = command->filter.symbol_count > 0 || command->filter.from_ns != 0 ||
                          command->filter.end_ns != 0;
    if (findings->info->count > CLASS_ROWS_MAX || filtered) {
        return "";
    }
    if (findings->built != NULL) {
        return find_class(findings->built);
    }
    for (size_t i = 0; i < command->path_count; i++) {
        if (strcmp(command->paths[i], "-") == 0) {
            return "";
        }
    }
    struct weir_trace *trace =
        weir_trace_open(command->paths, command->path_count, &command->read, &command->build, NULL);
    const char *class = trace != NULL ? find_class(trace) : "";
    weir_trace_free(trace);
    return class;
}

static double span_s(const struct weir_info *info) {
    return (double)(info->last_ns - info->first_ns) / 1e9;
}

static const char *throttle_words(const struct weir_info *info) {
    const int ms = weir_info_throttle_ms(info);
    return ms < 0   ? "cannot be told: too few liquidations of one symbol follow each other"
           : ms > 0 ? "one push a symbol in 1000 ms, so this is a floor of the true flow"
                    : "none: liquidations of one symbol lie closer than 900 ms";
}

/** A bar for each decade of size: how many liquidations lie in it. */
static void print_sizes(const struct weir_info *info) {
    static const char bar[] = "########################################";
    const size_t per_decade = 64;
    size_t most = 1;
    size_t counts[20] = {0};
    for (size_t i = 0; i < WEIR_INFO_SIZE_BINS; i++) {
        counts[i / per_decade] += info->size_bins[i];
    }
    for (size_t d = 0; d < 20; d++) {
        most = counts[d] > most ? counts[d] : most;
    }
    for (size_t d = 0; d < 20; d++) {
        if (counts[d] > 0) {
            const int length = (int)(counts[d] * (sizeof bar - 1) / most);
            printf("  from 1e%+03d USD %12zu  %.*s\n", (int)d - 5, counts[d], length, bar);
        }
    }
}

/** Numbers of the symbols with the most notional, largest first; returns how many. */
static size_t largest_symbols(const struct weir_info *info, size_t *numbers, size_t most) {
    size_t count = 0;
    for (size_t s = 0; s < info->names.count; s++) {
        size_t at = count;
        while (at > 0 && info->symbols[numbers[at - 1]].usd < info->symbols[s].usd) {
            at--;
        }
        if (at >= most) {
            continue;
        }
        count += count < most ? 1 : 0;
        memmove(&numbers[at + 1], &numbers[at], (count - at - 1) * sizeof *numbers);
        numbers[at] = s;
    }
    return count;
}

static void print_symbols(const struct weir_info *info) {
    size_t numbers[SYMBOLS_SHOWN + 1];
    const size_t count = largest_symbols(info, numbers, SYMBOLS_SHOWN);
    printf("\n%-20s %12s %8s %18s\n", "largest symbols", "liquidations", "SELL", "USD");
    for (size_t i = 0; i < count; i++) {
        const struct weir_info_symbol *symbol = &info->symbols[numbers[i]];
        printf("  %-18s %12zu %7.0f%% %18.2f\n", info->names.names[numbers[i]], symbol->count,
               100.0 * (double)symbol->sells / (double)symbol->count, symbol->usd);
    }
}

static void print_times(const struct weir_info *info) {
    static const char *const lengths[] = {"1 s", "10 s", "60 s"};
    puts("\nmost liquidations within");
    for (size_t i = 0; i < WEIR_INFO_WINDOWS; i++) {
        printf("  %-5s %10zu  until %s\n", lengths[i], info->rates[i].most,
               time_text(info->rates[i].most_end_ns).text);
    }
    puts("\nstrongest minutes");
    for (size_t i = 0; i < WEIR_INFO_TOP && info->minutes[i].count > 0; i++) {
        printf("  %s %10zu liquidations %18.2f USD\n", time_text(info->minutes[i].start_ns).text,
               info->minutes[i].count, info->minutes[i].usd);
    }
    puts("\nlongest times without liquidations");
    for (size_t i = 0; i < WEIR_INFO_TOP && info->gaps[i].length_ns > 0; i++) {
        printf("  %12.3f s after %s\n", (double)info->gaps[i].length_ns / 1e9,
               time_text(info->gaps[i].start_ns).text);
    }
}

/** What a recording tells of itself. */
static void print_recording(const struct findings *f) {
    if (f->cut_files > 0) {
        printf("  cut off        %zu recordings lack their end, as after a kill\n", f->cut_files);
    }
    if (f->gaps.count == 0) {
        return;
    }
    printf("  gaps           %zu in the recording, %.3f s in all; the longest:\n", f->gaps.count,
           (double)f->gaps.total_ns / 1e9);
    for (size_t i = 0; i < weir_gaps_kept(&f->gaps); i++) {
        const struct weir_note *gap = &f->gaps.longest[i];
        printf("    %12.3f s from %s: %s\n", (double)(gap->at_ns - gap->from_ns) / 1e9,
               time_text(gap->from_ns).text, weir_show(gap->why, strlen(gap->why)).text);
    }
}

static void print_table(const struct findings *f) {
    const struct weir_info *info = f->info;
    printf("%s\n\n", f->name);
    printf("  liquidations   %zu, SELL %.1f %%, of %zu symbols\n", info->count,
           100.0 * (double)info->sells / (double)info->count, info->names.count);
    printf("  notional       %.2f USD\n", info->usd);
    printf("  from           %s\n  to             %s (%.3f s)\n", time_text(info->first_ns).text,
           time_text(info->last_ns).text, span_s(info));
    printf("  class          %s\n",
           f->class[0] != '\0'
               ? f->class
               : "not computed: of standard input, of a part, and beyond two million rows");
    printf("  throttle       %s\n", throttle_words(info));
    printf("  duplicates     %zu rows repeat one before them\n", info->duplicates);
    if (f->bad_rows > 0 || f->repeated_rows > 0) {
        printf("  left out       %zu bad rows, %zu that this form writes twice\n", f->bad_rows,
               f->repeated_rows);
    }
    print_recording(f);
    for (size_t i = 0; f->built != NULL && i < f->built->field_count; i++) {
        const struct weir_marked_field *field = &f->built->fields[i];
        printf("  %-14s %s: %s\n", field->name, weir_mark_name(field->mark), field->note);
    }
    printf("\nsizes: median %.4g USD, p90 %.4g, p99 %.4g, largest %.2f\n",
           weir_info_size_quantile(info, 0.5), weir_info_size_quantile(info, 0.9),
           weir_info_size_quantile(info, 0.99), info->usd_max);
    print_sizes(info);
    print_times(info);
    print_symbols(info);
}

static json_t *rates_json(const struct weir_info *info) {
    static const char *const names[] = {"most_1s", "most_10s", "most_60s"};
    json_t *rates = json_object();
    for (size_t i = 0; i < WEIR_INFO_WINDOWS; i++) {
        json_object_set_new(rates, names[i], json_integer((json_int_t)info->rates[i].most));
    }
    json_object_set_new(rates, "mean_per_s",
                        json_real(span_s(info) > 0.0 ? (double)info->count / span_s(info) : 0.0));
    return rates;
}

static json_t *times_json(const struct weir_info *info, bool gaps) {
    json_t *list = json_array();
    for (size_t i = 0; i < WEIR_INFO_TOP; i++) {
        if (gaps && info->gaps[i].length_ns > 0) {
            json_array_append_new(
                list, json_pack("{s:s, s:f}", "after", time_text(info->gaps[i].start_ns).text,
                                "length_s", (double)info->gaps[i].length_ns / 1e9));
        } else if (!gaps && info->minutes[i].count > 0) {
            json_array_append_new(
                list, json_pack("{s:s, s:I, s:f}", "start",
                                time_text(info->minutes[i].start_ns).text, "liquidations",
                                (json_int_t)info->minutes[i].count, "usd", info->minutes[i].usd));
        }
    }
    return list;
}

static json_t *symbols_json(const struct weir_info *info) {
    json_t *list = json_array();
    for (size_t s = 0; s < info->names.count; s++) {
        const struct weir_info_symbol *symbol = &info->symbols[s];
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:I, s:f}", "symbol", info->names.names[s],
                                        "liquidations", (json_int_t)symbol->count, "sells",
                                        (json_int_t)symbol->sells, "usd", symbol->usd));
    }
    return list;
}

static json_t *recording_gaps_json(const struct weir_gaps *gaps) {
    json_t *list = json_array();
    for (size_t i = 0; i < weir_gaps_kept(gaps); i++) {
        const struct weir_note *gap = &gaps->longest[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s}", "from", time_text(gap->from_ns).text,
                                        "to", time_text(gap->at_ns).text, "why", gap->why));
    }
    return json_pack("{s:I, s:f, s:o}", "count", (json_int_t)gaps->count, "total_s",
                     (double)gaps->total_ns / 1e9, "longest", list);
}

static json_t *marks_json(const struct weir_trace *built) {
    json_t *list = json_array();
    for (size_t i = 0; i < built->field_count; i++) {
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "part", built->fields[i].name,
                                              "mark", weir_mark_name(built->fields[i].mark), "note",
                                              built->fields[i].note));
    }
    return list;
}

/** The document as text, which the caller frees; NULL without memory. */
static char *document_text(const struct findings *f) {
    const struct weir_info *info = f->info;
    json_t *document = json_pack(
        "{s:s, s:s, s:I, s:I, s:f, s:s, s:s, s:f, s:I, s:I, s:I, s:{s:f, s:f, s:f, s:f}}", "schema",
        "weir.trace-info/1", "name", f->name, "liquidations", (json_int_t)info->count, "sells",
        (json_int_t)info->sells, "usd", info->usd, "from", time_text(info->first_ns).text, "to",
        time_text(info->last_ns).text, "span_s", span_s(info), "duplicates",
        (json_int_t)info->duplicates, "bad_rows", (json_int_t)f->bad_rows, "repeated_rows",
        (json_int_t)f->repeated_rows, "sizes_usd", "median", weir_info_size_quantile(info, 0.5),
        "p90", weir_info_size_quantile(info, 0.9), "p99", weir_info_size_quantile(info, 0.99),
        "max", info->usd_max);
    const int throttle_ms = weir_info_throttle_ms(info);
    if (throttle_ms >= 0) {
        json_object_set_new(document, "throttle_ms", json_integer(throttle_ms));
    }
    if (f->class[0] != '\0') {
        json_object_set_new(document, "class", json_string(f->class));
    }
    json_object_set_new(document, "rates", rates_json(info));
    json_object_set_new(document, "strongest_minutes", times_json(info, false));
    json_object_set_new(document, "gaps", times_json(info, true));
    json_object_set_new(document, "symbols", symbols_json(info));
    if (f->gaps.count > 0) {
        json_object_set_new(document, "recording_gaps", recording_gaps_json(&f->gaps));
    }
    if (f->cut_files > 0) {
        json_object_set_new(document, "cut_files", json_integer((json_int_t)f->cut_files));
    }
    if (f->built != NULL) {
        json_object_set_new(document, "marks", marks_json(f->built));
    }
    char *text =
        document != NULL ? json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(document);
    return text;
}

/** Document, data and plot. A missing gnuplot costs the plot only. */
static int write_folder(const struct findings *f, const char *document, const char *folder) {
    char error[512];
    if (!weir_trace_folder(f->info, document, folder, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "--out %s", error);
    }
    return weir_plots_exit(weir_plots_trace(folder, error, sizeof error), error);
}

/** Prints what was found, and writes it into a folder if that was asked for. */
static int tell(const struct findings *f, const struct weir_trace_command *command) {
    char *document = document_text(f);
    int exit_code = WEIR_EXIT_DONE;
    if (document == NULL) {
        return weir_complain(WEIR_EXIT_FAILED, "out of memory");
    }
    if (command->out != NULL) {
        exit_code = write_folder(f, document, command->out);
    }
    if (exit_code == WEIR_EXIT_DONE && command->json) {
        puts(document);
    } else if (exit_code == WEIR_EXIT_DONE) {
        print_table(f);
    }
    free(document);
    return exit_code != WEIR_EXIT_DONE ? exit_code : weir_end_output(WEIR_EXIT_DONE);
}

/** Adds all rows of the inflow. */
static int gather(struct weir_inflow *inflow, struct weir_info *info) {
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    const struct weir_row *row = NULL;
    bool duplicate = false;
    while (weir_inflow_next(inflow, &row, &error)) {
        if (row == NULL) {
            weir_info_end(info);
            return info->count > 0 ? WEIR_EXIT_DONE
                                   : weir_complain(WEIR_EXIT_BAD_INPUT, "no row is left");
        }
        if (!weir_info_add(info, row, &duplicate)) {
            return weir_complain(WEIR_EXIT_FAILED, "out of memory");
        }
    }
    return weir_trace_complain(&error);
}

static int show(const struct weir_trace_command *command, struct weir_inflow *inflow,
                struct weir_info *info) {
    const int exit_code = gather(inflow, info);
    if (exit_code != WEIR_EXIT_DONE) {
        return exit_code;
    }
    struct findings f = {.info = info,
                         .built = weir_inflow_built(inflow),
                         .bad_rows = weir_inflow_bad_rows(inflow),
                         .repeated_rows = weir_inflow_repeated_rows(inflow),
                         .cut_files = weir_inflow_cut_files(inflow),
                         .gaps = weir_inflow_gaps(inflow)};
    f.class = class_of(command, &f);
    snprintf(f.name, sizeof f.name, "%s%s", f.built != NULL ? f.built->name : command->paths[0],
             command->path_count > 1 ? " and others" : "");
    return tell(&f, command);
}

int weir_trace_info(struct weir_trace_command *command) {
    char why[512];
    if (command->out != NULL && !weir_folder_check(command->out, why, sizeof why)) {
        return weir_complain(WEIR_EXIT_FAILED, "--out %s", why);
    }
    int exit_code = weir_trace_find_strongest(command);
    if (exit_code != WEIR_EXIT_DONE) {
        return exit_code;
    }
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_inflow *inflow =
        weir_inflow_open(command->paths, command->path_count, &command->read, &command->build,
                         &command->filter, &error);
    struct weir_info *info = malloc(sizeof *info);
    if (inflow == NULL || info == NULL) {
        exit_code = inflow == NULL ? weir_trace_complain(&error)
                                   : weir_complain(WEIR_EXIT_FAILED, "out of memory");
    } else {
        weir_info_begin(info);
        exit_code = show(command, inflow, info);
        weir_info_free(info);
    }
    free(info);
    weir_inflow_close(inflow);
    return exit_code;
}

int weir_trace_head(struct weir_trace_command *command) {
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_inflow *inflow =
        weir_inflow_open(command->paths, command->path_count, &command->read, &command->build,
                         &command->filter, &error);
    if (inflow == NULL) {
        return weir_trace_complain(&error);
    }
    const struct weir_write_options options = {
        .form = WEIR_TRACE_FORM_CSV,
        .unit = command->has_unit ? command->unit : weir_inflow_unit(inflow)};
    struct weir_writer *writer = weir_writer_open(stdout, "standard output", &options, &error);
    const struct weir_row *row = NULL;
    uint64_t left = command->rows > 0 ? command->rows : 10;
    bool ok = writer != NULL;
    while (ok && left > 0 && (ok = weir_inflow_next(inflow, &row, &error)) && row != NULL) {
        ok = weir_writer_put(writer, row, &error);
        left--;
    }
    struct weir_trace_error ignored;
    ok = writer != NULL && weir_writer_finish(writer, ok ? &error : &ignored) && ok;
    weir_inflow_close(inflow);
    return ok ? weir_end_output(WEIR_EXIT_DONE) : weir_trace_complain(&error);
}

/** Counts and prints defects. */
static void print_defect(void *context, const char *name, size_t line, const char *what) {
    uint64_t *defects = context;
    ++*defects;
    printf("%s:%zu: %s\n", name, line, what);
}

/** Reads one file to its end; what is wrong with rows goes to print_defect. */
static bool validate_file(const struct weir_trace_command *command, const char *path,
                          struct weir_info *info, uint64_t *defects) {
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_read_options read = command->read;
    read.skip_bad = true;
    read.on_bad = print_defect;
    read.context = defects;
    struct weir_inflow *inflow = weir_inflow_open(&path, 1, &read, &command->build, NULL, &error);
    const struct weir_row *row = NULL;
    bool duplicate = false;
    bool ok = inflow != NULL;
    while (ok && (ok = weir_inflow_next(inflow, &row, &error)) && row != NULL) {
        if (!weir_info_add(info, row, &duplicate)) {
            ok = false;
            snprintf(error.text, sizeof error.text, "out of memory");
            break;
        }
        if (duplicate) {
            print_defect(defects, weir_inflow_path(inflow), weir_inflow_line(inflow),
                         "repeats one of the 64 rows before it");
        }
    }
    if (!ok) {
        ++*defects;
        printf("%s\n", error.text);
    }
    weir_inflow_close(inflow);
    return ok;
}

int weir_trace_validate(struct weir_trace_command *command) {
    struct weir_info *info = malloc(sizeof *info);
    uint64_t defects = 0;
    size_t rows = 0;
    if (info == NULL) {
        return weir_complain(WEIR_EXIT_FAILED, "out of memory");
    }
    for (size_t i = 0; i < command->path_count; i++) {
        weir_info_begin(info);
        validate_file(command, command->paths[i], info, &defects);
        rows += info->count;
        weir_info_free(info);
    }
    free(info);
    printf("%zu good rows, %" PRIu64 " defects\n", rows, defects);
    return weir_end_output(defects == 0 ? WEIR_EXIT_DONE : WEIR_EXIT_BAD_INPUT);
}
