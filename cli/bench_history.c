#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "bench_command.h"
#include "bench_result.h"
#include "commands.h"
#include "plots.h"
#include "run_options.h"

#define METRICS_MAX 256

struct options {
    const char *suite, *out;
    uint32_t nights;
    enum weir_form form;
    const char *metrics[METRICS_MAX];
    size_t metric_count;
    bool adds;
};

enum {
    OPTION_ADD = 256,
    OPTION_SUITE,
    OPTION_METRIC,
    OPTION_NIGHTS,
    OPTION_FORMAT,
    OPTION_OUT
};

static const struct option long_options[] = {{"add", required_argument, NULL, OPTION_ADD},
                                             {"suite", required_argument, NULL, OPTION_SUITE},
                                             {"metric", required_argument, NULL, OPTION_METRIC},
                                             {"nights", required_argument, NULL, OPTION_NIGHTS},
                                             {"format", required_argument, NULL, OPTION_FORMAT},
                                             {"out", required_argument, NULL, OPTION_OUT},
                                             {NULL, 0, NULL, 0}};

static int take_metric(struct options *o, const char *metric) {
    if (o->metric_count == METRICS_MAX) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "at most %d metrics at once", METRICS_MAX);
    }
    o->metrics[o->metric_count++] = metric;
    return WEIR_EXIT_DONE;
}

static int take_option(struct options *o, int option, const char *value) {
    switch (option) {
    case OPTION_ADD:
        o->adds = true;
        return WEIR_EXIT_DONE;
    case OPTION_SUITE:
        o->suite = value;
        return WEIR_EXIT_DONE;
    case OPTION_METRIC:
        return take_metric(o, value);
    case OPTION_NIGHTS:
        return weir_read_number("--nights", value, 1, 1000000, &o->nights);
    case OPTION_OUT:
        o->out = value;
        return WEIR_EXIT_DONE;
    case OPTION_FORMAT:
        if (strcmp(value, "table") != 0 && strcmp(value, "csv") != 0) {
            return weir_complain(WEIR_EXIT_WRONG_USE, "--format '%s': expected table or csv",
                                 value);
        }
        return weir_read_form(value, &o->form);
    default:
        return WEIR_EXIT_WRONG_USE;
    }
}

static int add_results(struct weir_history *history, int argc, char **argv) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    int option = 0;
    optind = 1;
    while ((option = weir_next_option("bench", argc, argv, long_options)) != -1) {
        if (option == OPTION_ADD) {
            json_t *result = weir_bench_result_open(optarg, false, &error);
            const bool ok = result && weir_history_add(history, result, &error);
            json_decref(result);
            if (!ok) {
                return weir_replay_exit(&error);
            }
        }
    }
    return WEIR_EXIT_DONE;
}

/** Splits a text at its blanks into the options' metrics. */
static int take_metrics(struct options *o, char *text) {
    int exit_code = WEIR_EXIT_DONE;
    char *rest = NULL;
    for (char *metric = strtok_r(text, " ", &rest); metric && !exit_code;
         metric = strtok_r(NULL, " ", &rest)) {
        exit_code = take_metric(o, metric);
    }
    return exit_code;
}

static int draw(const struct weir_history_trends *trends, const struct options *o) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    char why[640] = "";
    const char **files = calloc(trends->count, sizeof *files);
    size_t count = 0;
    if (!files) {
        return weir_complain(WEIR_EXIT_FAILED, "out of memory");
    }
    for (size_t i = 0; i < trends->count; i++) { /* they are in the order of their metrics */
        if (count == 0 || strcmp(files[count - 1], trends->items[i].file) != 0) {
            files[count++] = trends->items[i].file;
        }
    }
    int exit_code = WEIR_EXIT_DONE;
    if (!weir_history_folder(trends, o->out, &error)) {
        exit_code = weir_replay_exit(&error);
    } else {
        const enum weir_plots_status status =
            weir_plots_history(o->out, files, count, why, sizeof why);
        exit_code = status == WEIR_PLOTS_FAILED ? WEIR_EXIT_FAILED : WEIR_EXIT_DONE;
        if (status != WEIR_PLOTS_OK) {
            weir_complain(exit_code, "%s", why);
        }
    }
    free(files);
    return exit_code;
}

static int show(struct weir_history *history, struct options *o) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    struct weir_history_trends trends = {.count = 0};
    char *suite = o->suite ? NULL : weir_history_suite(history);
    const char *name = o->suite ? o->suite : suite ? suite : "";
    char *metrics = o->metric_count ? NULL : weir_history_metrics(history, name);
    int exit_code = metrics ? take_metrics(o, metrics) : WEIR_EXIT_DONE;
    if (!exit_code && !weir_history_read(history, name, o->nights, o->metrics, o->metric_count,
                                         &trends, &error)) {
        exit_code = weir_replay_exit(&error);
    }
    exit_code = exit_code || !o->out ? exit_code : draw(&trends, o);
    if (!exit_code) {
        if (o->form == WEIR_FORM_CSV) {
            weir_history_csv(&trends, stdout);
        } else {
            weir_history_print(&trends, stdout);
        }
        exit_code = weir_end_output(WEIR_EXIT_DONE);
    }
    weir_history_free(&trends);
    free(metrics);
    free(suite);
    return exit_code;
}

int weir_bench_history(int argc, char **argv) {
    struct options o = {.nights = 90};
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    int exit_code = WEIR_EXIT_DONE;
    int option = 0;
    optind = 1;
    while (!exit_code && (option = weir_next_option("bench", argc, argv, long_options)) != -1) {
        exit_code = take_option(&o, option, optarg);
    }
    const char *path = exit_code ? NULL : weir_single_argument(argc, argv, "history");
    if (!path) {
        return exit_code ? exit_code : WEIR_EXIT_WRONG_USE;
    }
    struct weir_history *history = weir_history_open(path, o.adds, &error);
    if (!history) {
        return weir_replay_exit(&error);
    }
    exit_code = add_results(history, argc, argv);
    exit_code = exit_code ? exit_code : show(history, &o);
    weir_history_close(history);
    return exit_code;
}
