#include "serve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "run_options.h"
#include "trace_command.h"

static const char help[] =
    "usage: weir serve [options]\n"
    "\n"
    "The exchange over HTTP and WebSocket, for a bot in any language: give it this address in "
    "place\n"
    "of the exchange's two. Limits, answers and bans are those of a replay, on the wall clock; "
    "with\n"
    "--trace its liquidations come over the streams and the prices follow it. One line of JSON on\n"
    "standard output says where it listens. Ends with SIGINT or SIGTERM.\n"
    "\n"
    "  --trace TRACE     a profile or a recording, as for weir replay (default: a quiet market)\n"
    "  --speed X         how many times as fast as recorded the trace runs (default 1)\n"
    "  --port N          port (default 8080; 0: any that is free)\n"
    "  --listen ADDR     address (default 127.0.0.1; 0.0.0.0 lets others in)\n"
    "  --scenario FILE   settings, a JSON object (weir scenario lists them)\n"
    "  --set key=value   one setting; may be repeated, wins over --scenario\n"
    "  --seed N          of everything that is drawn (default 1)\n"
    "  --api-key KEY     with --api-secret: only this key is known, and signatures are checked\n"
    "  --api-secret KEY\n"
    "\n"
    "The first liquidation comes bot.lead_s after the start (default 60 s), so that a bot can\n"
    "connect. Settings of exchange.*, feed.* and trace.* hold; those of network.*, limiter.* and\n"
    "foreign.* have no effect, as the network and the bot are real.\n";

enum {
    OPTION_TRACE = 256,
    OPTION_SPEED,
    OPTION_PORT,
    OPTION_LISTEN,
    OPTION_API_KEY,
    OPTION_API_SECRET
};

static const struct option long_options[] = {
    {"trace", required_argument, NULL, OPTION_TRACE},
    {"speed", required_argument, NULL, OPTION_SPEED},
    {"port", required_argument, NULL, OPTION_PORT},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"scenario", required_argument, NULL, WEIR_OPTION_SCENARIO},
    {"set", required_argument, NULL, WEIR_OPTION_SET},
    {"seed", required_argument, NULL, WEIR_OPTION_SEED},
    {"api-key", required_argument, NULL, OPTION_API_KEY},
    {"api-secret", required_argument, NULL, OPTION_API_SECRET},
    {NULL, 0, NULL, 0}};

struct options {
    struct weir_serve_plan plan;
    struct weir_scenario scenario;
    struct weir_settings *settings;
    const char *trace, *scenario_file;
};

static int read_speed(const char *text, double *speed) {
    char *end = NULL;
    *speed = strtod(text, &end);
    return *end == '\0' && text[0] != '\0' && isfinite(*speed) && *speed >= 0.001 && *speed <= 1e6
               ? WEIR_EXIT_DONE
               : weir_complain(WEIR_EXIT_WRONG_USE,
                               "--speed '%s': expected a number from 0.001 to 1000000", text);
}

static int take_option(struct options *o, int option, const char *value) {
    uint64_t port = 0;
    switch (option) {
    case OPTION_TRACE:
        o->trace = value;
        break;
    case OPTION_SPEED:
        return read_speed(value, &o->plan.speed);
    case OPTION_PORT:
        if (!weir_read_integer("--port", value, 0, 65535, &port)) {
            return WEIR_EXIT_WRONG_USE;
        }
        o->plan.port = (uint16_t)port;
        break;
    case OPTION_LISTEN:
        o->plan.listen = value;
        break;
    case WEIR_OPTION_SCENARIO:
        o->scenario_file = value;
        break;
    case WEIR_OPTION_SEED:
        return weir_read_integer("--seed", value, 0, INT64_MAX, &o->plan.seed)
                   ? WEIR_EXIT_DONE
                   : WEIR_EXIT_WRONG_USE;
    case OPTION_API_KEY:
        o->plan.api_key = value;
        break;
    case OPTION_API_SECRET:
        o->plan.api_secret = value;
        break;
    default:
        break;
    }
    return WEIR_EXIT_DONE;
}

static int read_arguments(int argc, char **argv, struct options *o) {
    struct weir_scenario_error error;
    int exit_code = WEIR_EXIT_DONE;
    int option = 0;
    optind = 1;
    while (!exit_code && (option = weir_next_option("serve", argc, argv, long_options)) != -1) {
        exit_code = option == '?' ? WEIR_EXIT_WRONG_USE : take_option(o, option, optarg);
    }
    if (exit_code) {
        return exit_code;
    }
    if (optind < argc) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "unexpected '%s'; a trace is named by --trace",
                             argv[optind]);
    }
    if (!o->plan.api_key != !o->plan.api_secret) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "--api-key and --api-secret go together");
    }
    exit_code =
        weir_read_settings("serve", argc, argv, long_options, o->scenario_file, o->settings);
    if (exit_code) {
        return exit_code;
    }
    return weir_settings_resolve(o->settings, &o->scenario, &error) ? weir_scenario_exit(&error)
                                                                    : WEIR_EXIT_DONE;
}

/** A profile's own form, unless the scenario replaces it. */
static const char *replaced(const char *value) {
    return strcmp(value, "profile") == 0 ? NULL : value;
}

static int open_trace(const struct options *o, struct weir_trace **trace) {
    const struct weir_read_options read = {.skip_bad = false};
    const struct weir_trace_settings *settings = &o->scenario.trace;
    const struct weir_build_options build = {
        .seed = o->plan.seed, .shape = replaced(settings->shape), .path = replaced(settings->path)};
    struct weir_trace_error error;
    *trace = o->trace ? weir_trace_open(&o->trace, 1, &read, &build, &error) : NULL;
    return !o->trace || *trace ? WEIR_EXIT_DONE : weir_trace_complain(&error);
}

static int run(struct options *o) {
    struct weir_trace *trace = NULL;
    const int exit_code = open_trace(o, &trace);
    if (exit_code != WEIR_EXIT_DONE) {
        return exit_code;
    }
    const struct weir_serve_end end = weir_serve(&o->plan, trace);
    switch (end.status) {
    case WEIR_SERVE_STOPPED:
        return 128 + end.signal;
    case WEIR_SERVE_WRONG_USE:
        return weir_complain(WEIR_EXIT_WRONG_USE, "%s", end.text);
    case WEIR_SERVE_FAILED:
        break;
    }
    return weir_complain(WEIR_EXIT_FAILED, "%s", end.text);
}

int weir_command_serve(int argc, char **argv) {
    struct options o = {.plan = {.listen = "127.0.0.1", .port = 8080, .speed = 1.0, .seed = 1}};
    if (weir_asks_for_help(argc, argv)) {
        return weir_give_help(help);
    }
    o.plan.scenario = &o.scenario;
    o.settings = weir_settings_create();
    int exit_code = o.settings ? read_arguments(argc, argv, &o)
                               : weir_complain(WEIR_EXIT_FAILED, "out of memory");
    exit_code = exit_code ? exit_code : run(&o);
    weir_settings_destroy(o.settings);
    return exit_code;
}
