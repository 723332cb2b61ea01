#include "tune_options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "strict_json.h"

#define SHARDS_MAX 100000

const char weir_tune_help[] =
    "usage: weir tune TRACE… --param KEY=RANGE… [options]    run a study and show its answer\n"
    "       weir tune STUDY.json [options]                   the same, as a file describes it\n"
    "       weir tune plan TRACE…|STUDY.json [options]       how many runs, and how long\n"
    "       weir tune run TRACE…|STUDY.json --study FILE [--shard I/N]\n"
    "       weir tune merge --study FILE SHARD…              join the files of shards\n"
    "       weir tune show --study FILE [options]            the answer of a study that was run\n"
    "\n"
    "Tries settings of policies on traces and says which cannot be told from the best, how sure\n"
    "that is, which one to run, and how it does on what it was not chosen on (docs/tuning.md).\n"
    "\n"
    "  --policy NAME[,NAME…]  policies, each tuned by itself (default weir)\n"
    "  --param KEY=RANGE      a setting to tune: FROM:TO:STEP, FROM:TO:log:COUNT or A,B,C; may be\n"
    "                         repeated. KEY+KEY moves several together; limiter.*.buffer is that\n"
    "                         of all three modes\n"
    "  --constraint TEXT      between parameters, as limiter.normal.buffer <= "
    "limiter.burst.buffer\n"
    "  --objective METRIC     what to make best (default protected_value_of_bound)\n"
    "  --outcome TEXT         what must come out, on every trace (default http_418 == 0 and\n"
    "                         unprotected_p99_s <= 10); may be repeated; 'none' for none\n"
    "  --search KIND          grid, random or race (default grid)\n"
    "  --points N             points of a random search (default 200)\n"
    "  --replications N       that choose (default 5)\n"
    "  --fresh N              that report, under another seed (default 20)\n"
    "  --test TRACE           only report on this trace; may be repeated\n"
    "  --robust               tune for the worst of the exchange's rule sets\n"
    "  --seed N               of everything that is drawn (default 1)\n"
    "  --study FILE           keep the cells in this file, and go on with what it holds\n"
    "  --shard I/N            run one of N parts into FILE.I-of-N (default: from Slurm's array\n"
    "                         variables)\n"
    "  --threads N            (default: one per processor); results do not depend on it\n"
    "  --scenario FILE        settings, a JSON object (weir scenario lists them)\n"
    "  --set key=value        one setting; may be repeated, wins over --scenario\n"
    "  --format FORM          table, json, csv (every point) or md (default table)\n"
    "  --color WHEN           auto, always or never (default auto: on a terminal, unless NO_COLOR "
    "is set)\n"
    "  --out DIR              write result.json, points.csv, data and plots into a folder\n"
    "  --as-scenario          print the recommended setting of --policy as a scenario file\n";

enum {
    OPTION_POLICY = 256,
    OPTION_PARAM,
    OPTION_CONSTRAINT,
    OPTION_OBJECTIVE,
    OPTION_OUTCOME,
    OPTION_SEARCH,
    OPTION_POINTS,
    OPTION_REPLICATIONS,
    OPTION_FRESH,
    OPTION_TEST,
    OPTION_ROBUST,
    OPTION_SEED,
    OPTION_STUDY,
    OPTION_SHARD,
    OPTION_THREADS,
    OPTION_SCENARIO,
    OPTION_SET,
    OPTION_FORMAT,
    OPTION_COLOR,
    OPTION_OUT,
    OPTION_AS_SCENARIO,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"policy", required_argument, NULL, OPTION_POLICY},
    {"param", required_argument, NULL, OPTION_PARAM},
    {"constraint", required_argument, NULL, OPTION_CONSTRAINT},
    {"objective", required_argument, NULL, OPTION_OBJECTIVE},
    {"outcome", required_argument, NULL, OPTION_OUTCOME},
    {"search", required_argument, NULL, OPTION_SEARCH},
    {"points", required_argument, NULL, OPTION_POINTS},
    {"replications", required_argument, NULL, OPTION_REPLICATIONS},
    {"fresh", required_argument, NULL, OPTION_FRESH},
    {"test", required_argument, NULL, OPTION_TEST},
    {"robust", no_argument, NULL, OPTION_ROBUST},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"study", required_argument, NULL, OPTION_STUDY},
    {"shard", required_argument, NULL, OPTION_SHARD},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"scenario", required_argument, NULL, OPTION_SCENARIO},
    {"set", required_argument, NULL, OPTION_SET},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"color", required_argument, NULL, OPTION_COLOR},
    {"out", required_argument, NULL, OPTION_OUT},
    {"as-scenario", no_argument, NULL, OPTION_AS_SCENARIO},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0}};

/** List of a study, made if it is not there; emptied if this command line has not added to it yet.
 */
static json_t *list_of(json_t *study, const char *key, json_t *fresh) {
    if (!json_object_get(fresh, key)) {
        json_object_set_new(study, key, json_array());
        json_object_set_new(fresh, key, json_true());
    }
    return json_object_get(study, key);
}

static int add_text(json_t *study, const char *key, json_t *fresh, const char *text) {
    json_array_append_new(list_of(study, key, fresh), json_string(text));
    return WEIR_EXIT_DONE;
}

/** Adds what must come out; `none` leaves the list as it is, and so does away with the defaults. */
static int add_outcome(json_t *study, json_t *fresh, const char *text) {
    json_t *list = list_of(study, "outcomes", fresh);
    if (strcmp(text, "none") != 0) {
        json_array_append_new(list, json_string(text));
    }
    return WEIR_EXIT_DONE;
}

/** Adds the policies of a list; a comma that belongs to one is written with a backslash. */
static int add_policies(json_t *study, json_t *fresh, const char *list) {
    struct weir_policy_set set = {.count = 0};
    struct weir_source_error error;
    int exit_code = WEIR_EXIT_DONE;
    if (weir_policy_set_add(&set, list, &error)) {
        exit_code = weir_complain_of_policy(&error);
    }
    for (size_t i = 0; !exit_code && i < set.count; i++) {
        add_text(study, "policies", fresh, set.choices[i].spec);
    }
    weir_policy_set_close(&set);
    return exit_code;
}

static int add_parameter(json_t *study, json_t *fresh, const char *text) {
    struct weir_replay_error error;
    json_t *entry = weir_study_parameter(text, &error);
    if (!entry) {
        return weir_replay_exit(&error);
    }
    json_array_append_new(list_of(study, "parameters", fresh), entry);
    return WEIR_EXIT_DONE;
}

static int set_number(json_t *study, const char *key, const char *text, uint64_t least) {
    char option[32];
    uint64_t number = 0;
    snprintf(option, sizeof option, "--%s", key);
    if (!weir_read_integer(option, text, least, INT64_MAX - 1, &number)) {
        return WEIR_EXIT_WRONG_USE;
    }
    json_object_set_new(study, key, json_integer((json_int_t)number));
    return WEIR_EXIT_DONE;
}

/** The scenario of a study, made if it is not there. */
static json_t *scenario_of(json_t *study) {
    if (!json_object_get(study, "scenario")) {
        json_object_set_new(study, "scenario", json_object());
    }
    return json_object_get(study, "scenario");
}

static int add_scenario(json_t *study, const char *path) {
    struct weir_trace_error error = {.text = "out of memory"};
    json_t *scenario = weir_json_load(path, &error);
    if (!scenario) {
        return weir_complain(WEIR_EXIT_BAD_INPUT, "%s", error.text);
    }
    json_object_update(scenario_of(study), scenario);
    json_decref(scenario);
    return WEIR_EXIT_DONE;
}

static int add_setting(json_t *study, const char *text) {
    const char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "--set '%.100s': expected key=value, as in feed.throttle_ms=0", text);
    }
    json_object_setn_new(scenario_of(study), text, (size_t)(equals - text),
                         json_string(equals + 1));
    return WEIR_EXIT_DONE;
}

static int read_shard(struct weir_tune_options *o, const char *text) {
    char *end = NULL;
    const unsigned long index = strtoul(text, &end, 10);
    const bool parted = end != text && *end == '/';
    const char *rest = parted ? end + 1 : "";
    const unsigned long of = strtoul(rest, &end, 10);
    if (!parted || end == rest || *end || index < 1 || index > of || of > SHARDS_MAX) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "--shard '%.40s': expected I/N, as 1/8 to 8/8",
                             text);
    }
    o->shard = (struct weir_shard){(uint32_t)index - 1, (uint32_t)of};
    return WEIR_EXIT_DONE;
}

/** What a Slurm array says of this task; one shard if there is none. */
static int read_slurm(struct weir_tune_options *o) {
    const char *task = getenv("SLURM_ARRAY_TASK_ID");
    const char *count = getenv("SLURM_ARRAY_TASK_COUNT");
    const char *min = getenv("SLURM_ARRAY_TASK_MIN");
    const char *step = getenv("SLURM_ARRAY_TASK_STEP");
    char text[64];
    if (!task || !count || o->shard.of) {
        o->shard.of = o->shard.of ? o->shard.of : 1;
        return WEIR_EXIT_DONE;
    }
    const long each = step ? strtol(step, NULL, 10) : 1;
    const long first = min ? strtol(min, NULL, 10) : 0;
    snprintf(text, sizeof text, "%ld/%s",
             (strtol(task, NULL, 10) - first) / (each > 0 ? each : 1) + 1, count);
    return read_shard(o, text);
}

/** Options that are no part of a study. */
static int take_other(struct weir_tune_options *o, int option, const char *value) {
    switch (option) {
    case OPTION_STUDY:
        o->file = value;
        return value[0] ? WEIR_EXIT_DONE
                        : weir_complain(WEIR_EXIT_WRONG_USE, "--study takes the name of a file");
    case OPTION_SHARD:
        return read_shard(o, value);
    case OPTION_THREADS:
        return weir_read_number("--threads", value, 1, 256, &o->threads);
    case OPTION_FORMAT:
        return weir_read_form(value, &o->form);
    case OPTION_COLOR:
        return weir_read_color(value, &o->color);
    case OPTION_OUT:
        o->out = value;
        return WEIR_EXIT_DONE;
    case OPTION_AS_SCENARIO:
        o->as_scenario = true;
        return WEIR_EXIT_DONE;
    default:
        return WEIR_EXIT_DONE;
    }
}

static int take_option(struct weir_tune_options *o, json_t *fresh, int option, const char *value) {
    o->asked = o->asked || (option > OPTION_POLICY && option < OPTION_STUDY) ||
               option == OPTION_SCENARIO || option == OPTION_SET;
    switch (option) {
    case OPTION_POLICY:
        o->policy = value;
        return o->command == WEIR_TUNE_SHOW ? WEIR_EXIT_DONE : add_policies(o->study, fresh, value);
    case OPTION_PARAM:
        return add_parameter(o->study, fresh, value);
    case OPTION_CONSTRAINT:
        return add_text(o->study, "constraints", fresh, value);
    case OPTION_OUTCOME:
        return add_outcome(o->study, fresh, value);
    case OPTION_TEST:
        return add_text(o->study, "test", fresh, value);
    case OPTION_OBJECTIVE:
        json_object_set_new(o->study, "objective", json_string(value));
        return WEIR_EXIT_DONE;
    case OPTION_SEARCH:
        json_object_set_new(o->study, "search", json_string(value));
        return WEIR_EXIT_DONE;
    case OPTION_POINTS:
        return set_number(o->study, "points", value, 1);
    case OPTION_REPLICATIONS:
        return set_number(o->study, "replications", value, 2);
    case OPTION_FRESH:
        return set_number(o->study, "fresh", value, 2);
    case OPTION_SEED:
        return set_number(o->study, "seed", value, 0);
    case OPTION_ROBUST:
        json_object_set_new(o->study, "robust", json_true());
        return WEIR_EXIT_DONE;
    case OPTION_SCENARIO:
        return add_scenario(o->study, value);
    case OPTION_SET:
        return add_setting(o->study, value);
    default:
        return take_other(o, option, value);
    }
}

static void read_command(struct weir_tune_options *o, int *argc, char ***argv) {
    static const char *const names[] = {"", "plan", "run", "merge", "show"};
    o->command = WEIR_TUNE_ALL;
    for (int i = 1; *argc > 1 && i < 5; i++) {
        if (strcmp((*argv)[1], names[i]) == 0) {
            o->command = (enum weir_tune_command)i;
            (*argc)--;
            (*argv)++;
            return;
        }
    }
}

/** Takes the study of a file, if the first path is one; then it begins with its values. */
static int read_study(struct weir_tune_options *o) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    json_t *file = o->path_count == 1 ? weir_study_load(o->paths[0], &error) : NULL;
    if (error.status) {
        return weir_replay_exit(&error);
    }
    if (file) {
        json_decref(o->study);
        o->study = file;
        o->asked = true;
        o->path_count = 0;
    }
    return WEIR_EXIT_DONE;
}

static int read_pass(int argc, char **argv, struct weir_tune_options *o, bool paths_only) {
    json_t *fresh = json_object();
    int option = 0;
    int exit_code = WEIR_EXIT_DONE;
    optind = 1;
    while (!exit_code && (option = weir_next_option("tune", argc, argv, long_options)) != -1) {
        exit_code = option == '?' ? WEIR_EXIT_WRONG_USE
                    : paths_only  ? WEIR_EXIT_DONE
                                  : take_option(o, fresh, option, optarg);
    }
    json_decref(fresh);
    return exit_code;
}

int weir_tune_read_options(int argc, char **argv, struct weir_tune_options *o) {
    read_command(o, &argc, &argv);
    o->threads = weir_default_threads();
    o->study = json_pack("{s:s}", "schema", WEIR_STUDY_SCHEMA);
    /* the first pass sorts what is no option to the end */
    int exit_code = read_pass(argc, argv, o, true);
    if (exit_code) {
        return exit_code;
    }
    o->paths = argv + optind;
    o->path_count = (size_t)(argc - optind);
    if (o->command < WEIR_TUNE_MERGE) {
        exit_code = read_study(o);
    }
    exit_code = exit_code ? exit_code : read_pass(argc, argv, o, false);
    exit_code = exit_code ? exit_code : read_slurm(o);
    if (!exit_code && o->command < WEIR_TUNE_MERGE && o->path_count > 0) {
        json_t *traces = json_array();
        for (size_t i = 0; i < o->path_count; i++) {
            json_array_append_new(traces, json_string(o->paths[i]));
        }
        json_object_set_new(o->study, "traces", traces);
        o->asked = true;
    }
    return exit_code;
}
