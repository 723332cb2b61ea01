#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "study_document.h"
#include "tune_options.h"

/** A study, its file, and the work on it. */
struct work {
    const struct weir_tune_options *options;
    struct weir_study *study;
    struct weir_study_store *store;
    struct weir_session *session;
    struct timespec start;
};

static int failed(const struct weir_replay_error *error) {
    return weir_replay_exit(error);
}

static void close_work(struct work *w) {
    weir_session_close(w->session);
    weir_study_free(w->study);
    weir_store_close(w->store);
}

/** Progress on a terminal: how much, and how long still. */
static void show_progress(void *context, const char *round, uint64_t done, uint64_t of) {
    const struct timespec *start = context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double elapsed_s =
        (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
    fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 " runs, %.0f s left \033[K", round, done, of,
            elapsed_s / (double)done * (double)(of - done));
    if (done == of) {
        fputs("\r\033[K", stderr);
    }
}

/** The study that the options ask for, else the one that the file holds. */
static int find_study(struct work *w) {
    struct weir_replay_error error;
    w->study = w->options->asked ? weir_study_create(w->options->study, "study", &error)
                                 : weir_study_of_store(w->store, &error);
    return w->study ? WEIR_EXIT_DONE : failed(&error);
}

/** Name of the file of a shard. */
static void shard_name(const struct weir_tune_options *o, char *name, size_t size) {
    snprintf(name, size, o->shard.of > 1 ? "%.3000s.%" PRIu32 "-of-%" PRIu32 : "%.3000s", o->file,
             o->shard.index + 1, o->shard.of);
}

/** A shard goes on from what was merged before, if there is such a file. */
static int take_base(struct work *w) {
    struct weir_replay_error error;
    if (w->options->shard.of <= 1 || access(w->options->file, F_OK) != 0) {
        return WEIR_EXIT_DONE;
    }
    struct weir_study_store *base = weir_store_open(w->options->file, WEIR_STORE_READ, &error);
    const bool ok = base && weir_store_copy(w->store, base, &error);
    weir_store_close(base);
    return ok ? WEIR_EXIT_DONE : failed(&error);
}

/** Opens the store and begins the session, or goes on with it. */
static int begin(struct work *w) {
    const struct weir_tune_options *o = w->options;
    struct weir_replay_error error;
    char name[4096] = "";
    if (o->file) {
        shard_name(o, name, sizeof name);
    }
    /* a plan leaves no file behind */
    const bool memory = !o->file || (o->command == WEIR_TUNE_PLAN && access(name, F_OK) != 0);
    if (!o->asked && !o->file) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "expected a trace and what to tune, as in: weir tune "
                             "traces/cascades/hyperliquid-2025-10-10.json --param "
                             "'limiter.*.buffer=0:0.2:0.02'");
    }
    if (o->shard.of > 1 && !o->file) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "--shard needs --study: the file to keep its "
                                                  "cells in");
    }
    if (o->asked) { /* what is wrong with it is said before a file is made */
        const int exit_code = find_study(w);
        if (exit_code) {
            return exit_code;
        }
    }
    w->store = weir_store_open(memory ? NULL : name, WEIR_STORE_WRITE, &error);
    if (!w->store) {
        return failed(&error);
    }
    const int exit_code = w->study ? WEIR_EXIT_DONE : find_study(w);
    if (exit_code) {
        return exit_code;
    }
    w->session = weir_session_begin(w->study, w->store, &error);
    return w->session ? take_base(w) : failed(&error);
}

static int plan(struct work *w) {
    struct weir_replay_error error;
    struct weir_round round;
    uint64_t cells = 0;
    uint64_t there = 0;
    bool more = true;
    static const char *const classes[] = {"slack", "tight", "binding"};
    if (!weir_session_round(w->session, 0, &round, &more, &error)) {
        return failed(&error);
    }
    weir_session_count(w->session, &round, &cells, &there);
    const double cpu_s = weir_session_estimate_s(w->session, &round);
    for (size_t t = 0; t < w->study->path_count; t++) {
        const struct weir_study_trace *trace = &w->session->traces[t];
        printf("trace       %s: %s, %zu liquidations, %s, %.1f ms a run\n", trace->name,
               classes[trace->class], trace->liquidations,
               t < w->study->tuned_count ? "to choose" : "as a test", 1e3 * trace->run_s);
    }
    printf("search      %s, %zu points, %zu policies, %zu rule sets\n",
           weir_search_name(w->study->search), w->study->point_count, w->study->policies.count,
           w->study->world_count);
    printf("runs        %" PRIu64 " in the first round, %" PRIu64 " of them done\n", cells, there);
    if (w->study->search == WEIR_SEARCH_RACE) {
        printf("rounds      %zu: the rest depends on what is still in question, up to %" PRIu32
               " replications\n",
               weir_session_search_rounds(w->study), w->study->replications);
    }
    printf("report      %" PRIu32 " fresh replications of what is chosen, on every trace\n",
           w->study->fresh);
    printf("time        about %.0f s of CPU for the first round, %.0f s on %" PRIu32 " threads\n",
           cpu_s, cpu_s / w->options->threads, w->options->threads);
    free(round.tasks);
    return weir_end_output(WEIR_EXIT_DONE);
}

static int run(struct work *w) {
    struct weir_replay_error error;
    bool complete = false;
    const bool show = isatty(STDERR_FILENO);
    if (!weir_session_run_all(w->session, w->options->shard, w->options->threads,
                              show ? show_progress : NULL, &w->start, &complete, &error)) {
        return failed(&error);
    }
    if (!complete) {
        weir_complain(WEIR_EXIT_DONE,
                      "shard %" PRIu32 " of %" PRIu32
                      " is done; when all are, join them with weir tune merge --study %s %s.*-of-*",
                      w->options->shard.index + 1, w->options->shard.of, w->options->file,
                      w->options->file);
    }
    return WEIR_EXIT_DONE;
}

static int write_folder(struct work *w, json_t *document) {
    char error[512];
    if (!weir_study_folder(w->session, document, w->options->out, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "%s", error);
    }
    return weir_plots_exit(weir_plots_tune(w->options->out, error, sizeof error), error);
}

static int print_text(char *text, const struct weir_replay_error *error) {
    return text ? weir_print_document(text) : failed(error);
}

static int print(struct work *w, json_t *document) {
    const struct weir_tune_options *o = w->options;
    struct weir_replay_error error = {WEIR_REPLAY_FAILED, "out of memory"};
    if (o->as_scenario) {
        return print_text(weir_study_scenario(w->session, document, o->policy, &error), &error);
    }
    if (o->form == WEIR_FORM_JSON) {
        return print_text(weir_study_text(document), &error);
    }
    if (o->form == WEIR_FORM_CSV) {
        return weir_study_csv(w->session, stdout, &error) ? weir_end_output(WEIR_EXIT_DONE)
                                                          : failed(&error);
    }
    weir_study_table(document, weir_table_of(o->form), weir_is_colored(o->color), stdout);
    return weir_end_output(WEIR_EXIT_DONE);
}

static int show(struct work *w) {
    struct weir_replay_error error;
    json_t *document = weir_study_document(w->session, &error);
    if (!document) {
        return failed(&error);
    }
    int exit_code = w->options->out ? write_folder(w, document) : WEIR_EXIT_DONE;
    exit_code = exit_code ? exit_code : print(w, document);
    json_decref(document);
    return exit_code;
}

/** Opens a file to look at it. */
static int open_work(struct work *w) {
    struct weir_replay_error error;
    const struct weir_tune_options *o = w->options;
    const char *file = o->file ? o->file : o->path_count == 1 ? o->paths[0] : NULL;
    if (!file || (o->file && o->path_count)) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "weir tune show takes the file of a study, as in: weir tune show "
                             "--study FILE");
    }
    w->store = weir_store_open(file, WEIR_STORE_READ, &error);
    w->study = w->store ? weir_study_of_store(w->store, &error) : NULL;
    w->session = w->study ? weir_session_open(w->study, w->store, &error) : NULL;
    return w->session ? WEIR_EXIT_DONE : failed(&error);
}

static int merge(const struct weir_tune_options *o) {
    struct weir_replay_error error;
    if (!o->file || o->path_count == 0) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "expected files to join, as in: weir tune merge --study tuned.db "
                             "tuned.db.*-of-8");
    }
    return weir_study_merge((const char *const *)o->paths, o->path_count, o->file, &error)
               ? WEIR_EXIT_DONE
               : failed(&error);
}

static int do_command(struct work *w) {
    const struct weir_tune_options *o = w->options;
    int exit_code = o->command == WEIR_TUNE_SHOW ? open_work(w) : begin(w);
    if (exit_code || o->command == WEIR_TUNE_PLAN) {
        return exit_code ? exit_code : plan(w);
    }
    if (o->command != WEIR_TUNE_SHOW) {
        exit_code = run(w);
    }
    /* a shard has no answer */
    return exit_code || o->command == WEIR_TUNE_RUN || o->shard.of > 1 ? exit_code : show(w);
}

int weir_command_tune(int argc, char **argv) {
    struct weir_tune_options options = {.study = NULL};
    if (weir_asks_for_help(argc, argv)) {
        return weir_give_help(weir_tune_help);
    }
    int exit_code = weir_tune_read_options(argc, argv, &options);
    exit_code = exit_code ? exit_code : weir_check_out(options.out);
    if (!exit_code && options.command == WEIR_TUNE_MERGE) {
        exit_code = merge(&options);
    } else if (!exit_code) {
        struct work work = {.options = &options};
        clock_gettime(CLOCK_MONOTONIC, &work.start);
        exit_code = do_command(&work);
        close_work(&work);
    }
    json_decref(options.study);
    return exit_code;
}
