#include "live_bot.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agreement.h"
#include "arguments.h"
#include "commands.h"
#include "hosted_replay.h"
#include "policy_ideal.h"
#include "replay_document.h"
#include "run_options.h"
#include "whole_file.h"

static const char help[] =
    "usage: weir live TRACE… [options]\n"
    "\n"
    "The bot of a replay and the real limiter, over real HTTP in real time, against weir serve or\n"
    "another exchange on this machine. The liquidations are the trace's, as in a replay; "
    "requests,\n"
    "limits, fills and bans are the exchange's. The result is that of weir replay.\n"
    "\n"
    "  --url URL              the exchange (default http://127.0.0.1:8080); weir serve must run\n"
    "                         the same trace at speed 1, and starts it anew\n"
    "  --join                 take the trace as it runs there, if the cascade has not begun\n"
    "  --stream-url URL       where its streams are (default: the same host and port)\n"
    "  --policy NAME          the limiter (default weir; weir policies lists them); your own as\n"
    "                         ./mine.so or cmd:'python3 mine.py'\n"
    "  --agreement            then replay the same with the delays that were measured, and say\n"
    "                         whether both agree; exit code 4 if not\n"
    "  --dashboard-port N     show the limiter at a port of this machine (0: any that is free)\n"
    "  --api-key KEY          (default WEIR_API_KEY, else weir-live)\n"
    "  --api-secret KEY       signs requests (default WEIR_API_SECRET; else signatures are "
    "'none')\n"
    "  --i-mean-it            allow an address beyond the loopback; nothing is sent there but GET\n"
    "                         requests, and no order ever\n"
    "  --scenario FILE        settings, a JSON object (weir scenario lists them)\n"
    "  --set key=value        one setting; may be repeated, wins over --scenario\n"
    "  --seed N               of everything that is drawn (default 1)\n"
    "  --format FORM          table, json, csv or md (default table)\n"
    "  --color WHEN           auto, always or never (default auto)\n"
    "  --out DIR              write result.json, data and plots into a folder\n"
    "  --log FILE             write every request, opportunity and change of state as JSON lines\n"
    "  --skip-bad, --reader NAME, --columns MAP   as for weir replay\n"
    "\n"
    "It lasts bot.lead_s, the trace and bot.tail_s. SIGINT ends it with what was measured so "
    "far.\n";

struct options {
    struct weir_replay_plan plan;
    struct weir_run_options run;
    struct weir_settings *settings;
    struct weir_live_plan live;
    const char *log;
    bool agreement;
};

enum {
    OPTION_LOG = 256,
    OPTION_URL,
    OPTION_STREAM_URL,
    OPTION_JOIN,
    OPTION_MEAN_IT,
    OPTION_AGREEMENT,
    OPTION_DASHBOARD_PORT,
    OPTION_API_KEY,
    OPTION_API_SECRET
};

static const struct option long_options[] = {
    {"policy", required_argument, NULL, WEIR_OPTION_POLICIES},
    {"scenario", required_argument, NULL, WEIR_OPTION_SCENARIO},
    {"set", required_argument, NULL, WEIR_OPTION_SET},
    {"seed", required_argument, NULL, WEIR_OPTION_SEED},
    {"format", required_argument, NULL, WEIR_OPTION_FORMAT},
    {"color", required_argument, NULL, WEIR_OPTION_COLOR},
    {"out", required_argument, NULL, WEIR_OPTION_OUT},
    {"skip-bad", no_argument, NULL, WEIR_OPTION_SKIP_BAD},
    {"reader", required_argument, NULL, WEIR_OPTION_READER},
    {"columns", required_argument, NULL, WEIR_OPTION_COLUMNS},
    {"log", required_argument, NULL, OPTION_LOG},
    {"url", required_argument, NULL, OPTION_URL},
    {"stream-url", required_argument, NULL, OPTION_STREAM_URL},
    {"join", no_argument, NULL, OPTION_JOIN},
    {"i-mean-it", no_argument, NULL, OPTION_MEAN_IT},
    {"agreement", no_argument, NULL, OPTION_AGREEMENT},
    {"dashboard-port", required_argument, NULL, OPTION_DASHBOARD_PORT},
    {"api-key", required_argument, NULL, OPTION_API_KEY},
    {"api-secret", required_argument, NULL, OPTION_API_SECRET},
    {NULL, 0, NULL, 0}};

static int take_option(struct options *o, int option, const char *value) {
    uint32_t port = 0;
    int exit_code = WEIR_EXIT_DONE;
    switch (option) {
    case OPTION_LOG:
        o->log = value;
        break;
    case OPTION_URL:
        o->live.url = value;
        break;
    case OPTION_STREAM_URL:
        o->live.stream_url = value;
        break;
    case OPTION_JOIN:
        o->live.joins = true;
        break;
    case OPTION_MEAN_IT:
        o->live.means_it = true;
        break;
    case OPTION_AGREEMENT:
        o->agreement = true;
        break;
    case OPTION_DASHBOARD_PORT:
        exit_code = weir_read_number("--dashboard-port", value, 0, 65535, &port);
        o->live.dashboard_port = (int)port;
        break;
    case OPTION_API_KEY:
        o->live.api_key = value;
        break;
    case OPTION_API_SECRET:
        o->live.api_secret = value;
        break;
    default:
        return weir_take_run_option(&o->run, option, value);
    }
    return exit_code;
}

static int read_options(int argc, char **argv, struct options *o) {
    int option = 0;
    optind = 1;
    while ((option = weir_next_option("live", argc, argv, long_options)) != -1) {
        const int exit_code =
            option == '?' || option == ':' ? WEIR_EXIT_WRONG_USE : take_option(o, option, optarg);
        if (exit_code) {
            return exit_code;
        }
    }
    o->plan.paths = (const char *const *)(argv + optind);
    o->plan.path_count = (size_t)(argc - optind);
    return o->plan.path_count > 0
               ? WEIR_EXIT_DONE
               : weir_complain(WEIR_EXIT_WRONG_USE, "expected a trace, as in: weir live "
                                                    "traces/cascades/hyperliquid-2025-10-10.json");
}

static int settle_policy(struct options *o) {
    struct weir_source_error error;
    if (o->run.policies.count == 0 && weir_policy_set_add_one(&o->run.policies, "weir", &error)) {
        return weir_complain_of_policy(&error);
    }
    if (o->run.policies.count > 1) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "a live run takes one policy");
    }
    o->plan.policies[0] = o->run.policies.choices[0].policy;
    o->plan.specs[0] = o->run.policies.choices[0].spec;
    o->plan.policy_count = 1;
    if (strcmp(o->plan.policies[0]->name, "ideal") == 0) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "policy ideal knows the future and what the exchange has counted: "
                             "only the simulator can tell it");
    }
    weir_settings_know_policy(o->settings, o->plan.policies[0]);
    return WEIR_EXIT_DONE;
}

static int settle_plan(int argc, char **argv, struct options *o) {
    struct weir_scenario_error error = {WEIR_SCENARIO_OK, ""};
    int exit_code = settle_policy(o);
    exit_code = exit_code ? exit_code
                          : weir_read_settings("live", argc, argv, long_options, o->run.scenario,
                                               o->settings);
    if (exit_code) {
        return exit_code;
    }
    if (weir_settings_resolve(o->settings, &o->plan.scenario, &error)) {
        return weir_scenario_exit(&error);
    }
    o->plan.seed = o->run.seed;
    o->plan.replications = o->plan.threads = 1;
    o->plan.read = o->run.read;
    o->live.shows_progress = isatty(STDERR_FILENO);
    return WEIR_EXIT_DONE;
}

static int check_outputs(const struct options *o) {
    char error[512];
    if (o->log && (!o->log[0] || strcmp(o->log, "-") == 0)) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "--log takes the name of a file");
    }
    if (o->log && !weir_whole_file_check(o->log, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "--log %s", error);
    }
    return weir_check_out(o->run.out);
}

static int live_exit(const struct weir_live_error *error) {
    static const int exits[] = {WEIR_EXIT_DONE, WEIR_EXIT_FAILED, WEIR_EXIT_WRONG_USE,
                                WEIR_EXIT_BAD_INPUT};
    return weir_complain(exits[error->status], "%s", error->text);
}

/** Result, data and plots; with an agreement its data, too. */
static int write_folder(const struct weir_hosted_replay *hosted, const struct weir_replay *replayed,
                        const char *folder) {
    char error[512];
    if (!weir_replay_folder(&hosted->replay, 0, folder, error, sizeof error) ||
        (replayed && !weir_agreement_folder(&hosted->run, replayed->policies[0].first, folder,
                                            error, sizeof error))) {
        return weir_complain(WEIR_EXIT_FAILED, "%s", error);
    }
    int exit_code = weir_plots_exit(weir_plots_replay(folder, error, sizeof error), error);
    if (!exit_code && replayed) {
        exit_code = weir_plots_exit(weir_plots_agreement(folder, error, sizeof error), error);
    }
    return exit_code;
}

static int write_results(const struct weir_hosted_replay *hosted,
                         const struct weir_replay *replayed, const struct options *o) {
    char error[512];
    if (o->log && !weir_replay_log(&hosted->replay, 0, o->log, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "%s", error);
    }
    const int exit_code = o->run.out ? write_folder(hosted, replayed, o->run.out) : WEIR_EXIT_DONE;
    if (exit_code) {
        return exit_code;
    }
    if (o->run.form == WEIR_FORM_JSON) {
        return weir_print_document(weir_replay_document(&hosted->replay, 0));
    }
    weir_replay_table(&hosted->replay, weir_table_of(o->run.form), weir_is_colored(o->run.color),
                      stdout);
    return WEIR_EXIT_DONE;
}

/** Writes everything, then says whether simulation and reality agree, if they were compared. */
static int conclude(const struct weir_hosted_replay *hosted, const struct weir_replay *replayed,
                    const struct weir_agreement *agreement, const struct options *o) {
    if (agreement) {
        json_object_set_new(hosted->replay.live, "agreement", weir_agreement_document(agreement));
    }
    int exit_code = write_results(hosted, replayed, o);
    if (!exit_code && agreement) {
        weir_agreement_table(agreement, o->run.form == WEIR_FORM_TABLE ? stdout : stderr);
        exit_code = weir_agreement_holds(agreement) ? WEIR_EXIT_DONE : WEIR_EXIT_GATE;
    }
    return weir_end_output(exit_code);
}

/** The same once more in the simulator, with the delays that were met. */
static int compare(const struct weir_hosted_replay *hosted, const struct options *o) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    struct weir_agreement agreement = {.minutes = NULL};
    struct weir_replay *replayed = weir_replay_run(&hosted->replay.plan, NULL, NULL, &error);
    if (!replayed) {
        return weir_replay_exit(&error);
    }
    const int exit_code = weir_agreement_make(&hosted->run, replayed->policies[0].first, &agreement)
                              ? conclude(hosted, replayed, &agreement, o)
                              : weir_complain(WEIR_EXIT_FAILED, "out of memory");
    weir_agreement_free(&agreement);
    weir_replay_free(replayed);
    return exit_code;
}

static int finish(struct weir_hosted_replay *hosted, const struct live_meeting *meeting,
                  const struct weir_live_measured *measured, const struct options *o) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    weir_live_delays(measured, &hosted->replay.plan.scenario);
    hosted->replay.live = weir_live_document(meeting, &hosted->run, measured);
    if (!weir_hosted_replay_conclude(hosted, &error)) {
        return weir_replay_exit(&error);
    }
    if (measured->withheld > 0) {
        weir_complain(WEIR_EXIT_DONE,
                      "%s is beyond the loopback: %zu requests were not put on the wire, orders "
                      "among them",
                      meeting->plan->url, measured->withheld);
    }
    const bool whole = !measured->signal && !measured->ended[0];
    if (whole && o->agreement) {
        return compare(hosted, o);
    }
    const int exit_code = conclude(hosted, NULL, NULL, o);
    if (measured->ended[0]) {
        return weir_complain(exit_code ? exit_code : WEIR_EXIT_FAILED, "%s", measured->ended);
    }
    return exit_code || whole ? exit_code : 128 + measured->signal;
}

static int run(struct weir_hosted_replay *hosted, const struct options *o) {
    struct weir_live_error why = {WEIR_LIVE_OK, ""};
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    struct weir_run_error failure = {.text = ""};
    struct weir_live_measured measured;
    struct live_meeting meeting;
    int exit_code = WEIR_EXIT_DONE;
    if (!live_meet(&meeting, &o->live, hosted->trace, &hosted->replay.plan.scenario, &why)) {
        exit_code = live_exit(&why);
    } else if (!weir_hosted_replay_stage(hosted, meeting.onset_ns, &error)) {
        exit_code = weir_replay_exit(&error);
    } else if (!weir_live_run(&meeting, hosted->stage, o->plan.policies[0], &hosted->run, &measured,
                              &failure)) {
        exit_code = weir_complain(WEIR_EXIT_FAILED, "%s", failure.text);
    } else {
        exit_code = finish(hosted, &meeting, &measured, o);
    }
    live_meeting_end(&meeting);
    return exit_code;
}

static int open_and_run(const struct options *o) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    struct weir_hosted_replay *hosted = weir_hosted_replay_open(&o->plan, &error);
    if (!hosted) {
        return weir_replay_exit(&error);
    }
    if (hosted->trace->bad_rows) {
        weir_complain(WEIR_EXIT_DONE, "bad rows left out: %zu", hosted->trace->bad_rows);
    }
    const int exit_code = run(hosted, o);
    weir_hosted_replay_free(hosted);
    return exit_code;
}

static const char *from_environment(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value && value[0] ? value : otherwise;
}

int weir_command_live(int argc, char **argv) {
    struct options o = {
        .run = {.policies = {.also = weir_simulator_policies}, .seed = 1, .replications = 1},
        .live = {.url = "http://127.0.0.1:8080",
                 .api_key = from_environment("WEIR_API_KEY", "weir-live"),
                 .api_secret = from_environment("WEIR_API_SECRET", NULL),
                 .dashboard_port = -1}};
    if (weir_asks_for_help(argc, argv)) {
        return weir_give_help(help);
    }
    o.settings = weir_settings_create();
    int exit_code = o.settings ? read_options(argc, argv, &o)
                               : weir_complain(WEIR_EXIT_FAILED, "out of memory");
    exit_code = exit_code ? exit_code : settle_plan(argc, argv, &o);
    exit_code = exit_code ? exit_code : check_outputs(&o);
    exit_code = exit_code ? exit_code : open_and_run(&o);
    weir_settings_destroy(o.settings);
    weir_policy_set_close(&o.run.policies);
    return exit_code;
}
