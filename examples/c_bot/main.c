/**
 * A bot in C that trades against liquidations and never breaks the exchange's limits: libcurl for
 * the requests, Weir for when they go. usage: c_bot --help
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bot.h"
#include "clock.h"
#include "state.h"

#define POSITIONS_EVERY_NS (5 * SECOND_NS)
#define LOOK_UP_NS                                                                                 \
    SECOND_NS // however little happens, signals and the clock are looked at that often

static volatile sig_atomic_t ended;

static void end(int signal_number) {
    (void)signal_number;
    ended = 1;
}

/** What the command line says. */
struct options {
    struct bot_plan plan;
    const char *feed;
    const char *state;
    int64_t length_ns;
};

static const char USAGE[] =
    "usage: c_bot [options]\n"
    "Trades against the liquidations of a feed, within the exchange's limits.\n"
    "  --url URL         of the exchange (default http://127.0.0.1:8080)\n"
    "  --key, --secret   of the account (default: API_KEY and API_SECRET of the environment)\n"
    "  --feed FILE       frames of !forceOrder@arr, one a line; - is standard input (default)\n"
    "  --state FILE      remembers a ban across restarts\n"
    "  --stake USD       of each entry (default 200)\n"
    "  --weight N        weight that the IP may use in a minute (default 2400)\n"
    "  --orders N        orders that the account may place in a minute (default 1200)\n"
    "  --orders-10s N    orders that it may place in 10 s (default: no such limit)\n"
    "  --seconds S       stop after that time (default: when the feed has ended and nothing is "
    "open)\n";

static struct options defaults(void) {
    const char *key = getenv("API_KEY");
    const char *secret = getenv("API_SECRET");
    return (struct options){.plan = {.base_url = "http://127.0.0.1:8080",
                                     .key = key ? key : "",
                                     .secret = secret ? secret : "",
                                     .connections = 8,
                                     .stake_usd = 200,
                                     .limits = {{WEIR_LIMIT_WEIGHT, 60 * SECOND_NS, 2400},
                                                {WEIR_LIMIT_ORDERS, 60 * SECOND_NS, 1200}},
                                     .limit_count = 2},
                            .feed = "-",
                            .length_ns = INT64_MAX};
}

static bool read_amount(const char *text, double *amount) {
    char *rest = NULL;
    *amount = strtod(text, &rest);
    if (rest == text || *rest != '\0' || !(*amount > 0 && *amount < 1e9)) {
        fprintf(stderr, "\"%s\" is not a number above 0\n", text);
        return false;
    }
    return true;
}

static bool read_number_option(struct options *options, int option, const char *text) {
    double amount = 0;
    if (!read_amount(text, &amount)) {
        return false;
    }
    switch (option) {
    case 'a':
        options->plan.stake_usd = amount;
        return true;
    case 'w':
        options->plan.limits[0].limit = (int64_t)amount;
        return true;
    case 'o':
        options->plan.limits[1].limit = (int64_t)amount;
        return true;
    case 't':
        options->plan.limits[2] =
            (struct weir_limit){WEIR_LIMIT_ORDERS, 10 * SECOND_NS, (int64_t)amount};
        options->plan.limit_count = 3;
        return true;
    default:
        options->length_ns = (int64_t)(amount * (double)SECOND_NS);
        return true;
    }
}

static bool read_option(struct options *options, int option, const char *text) {
    switch (option) {
    case 'u':
        options->plan.base_url = text;
        return true;
    case 'k':
        options->plan.key = text;
        return true;
    case 's':
        options->plan.secret = text;
        return true;
    case 'f':
        options->feed = text;
        return true;
    case 'r':
        options->state = text;
        return true;
    default:
        return option != '?' && read_number_option(options, option, text);
    }
}

static bool read_options(struct options *options, int argc, char **argv) {
    static const struct option known[] = {
        {"url", 1, NULL, 'u'},     {"key", 1, NULL, 'k'},    {"secret", 1, NULL, 's'},
        {"feed", 1, NULL, 'f'},    {"state", 1, NULL, 'r'},  {"stake", 1, NULL, 'a'},
        {"weight", 1, NULL, 'w'},  {"orders", 1, NULL, 'o'}, {"orders-10s", 1, NULL, 't'},
        {"seconds", 1, NULL, 'l'}, {"help", 0, NULL, 'h'},   {0}};
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (option == 'h') {
            fputs(USAGE, stdout);
            exit(0);
        }
        if (!read_option(options, option, optarg)) {
            return false;
        }
    }
    return optind == argc;
}

/** Prints what changed in the limiter, and writes the state down before anything else happens. */
static void look_at_events(struct bot *bot, const char *state) {
    bool changed = false;
    for (struct weir_event event; weir_poll_event(bot_limiter(bot), &event); changed = true) {
        printf("limiter: %s %s%s%s\n", event.what, event.value ? event.value : "",
               event.cause ? ", because of " : "", event.cause ? event.cause : "");
    }
    if (changed && state) {
        (void)state_save(bot_limiter(bot), state);
    }
}

static void run(struct bot *bot, struct feed *feed, const struct options *options) {
    int64_t start_ns = monotonic_ns();
    int64_t ask_ns = start_ns;
    while (!ended && monotonic_ns() - start_ns < options->length_ns &&
           !(feed_ended(feed) && bot_open(bot) == 0)) {
        struct liquidation liquidation;
        while (feed_next(feed, &liquidation)) {
            bot_enter(bot, &liquidation);
        }
        if (!feed_ended(feed) && monotonic_ns() >= ask_ns) {
            bot_ask_positions(bot);
            ask_ns = monotonic_ns() + POSITIONS_EVERY_NS;
        }
        bot_work(bot, LOOK_UP_NS, feed_descriptor(feed));
        look_at_events(bot, options->state);
    }
}

int main(int argc, char **argv) {
    struct options options = defaults();
    if (!read_options(&options, argc, argv)) {
        fputs(USAGE, stderr);
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0); // whoever reads along sees each line at once
    struct sigaction action = {.sa_handler = end};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    struct feed *feed = feed_open(options.feed);
    struct bot *bot = feed ? bot_create(&options.plan) : NULL;
    if (!bot || (options.state && !state_restore(bot_limiter(bot), options.state))) {
        bot_destroy(bot);
        feed_close(feed);
        return 1;
    }
    run(bot, feed, &options);
    look_at_events(bot, options.state);
    bot_print(bot);
    bool saved = !options.state || state_save(bot_limiter(bot), options.state);
    bot_destroy(bot);
    feed_close(feed);
    return saved ? 0 : 1;
}
