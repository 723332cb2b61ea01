#ifndef WEIR_SIM_SCENARIO_H
#define WEIR_SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/policy.h"

#include "exchange.h"

/**
 * A scenario: every setting of a run, with its default. One table of options (scenario_options.c)
 * is what files and --set are checked against, what results are written from and what
 * `weir scenario` prints.
 */

enum weir_feed_keep {
    WEIR_KEEP_FIRST,
    WEIR_KEEP_LATEST,
    WEIR_KEEP_LARGEST
};
enum weir_feed_align {
    WEIR_ALIGN_EVENT,
    WEIR_ALIGN_GRID
};
enum weir_call_path {
    WEIR_PATH_THREADS,
    WEIR_PATH_LOOP
};
enum weir_cascade {
    WEIR_CASCADE_ORIGINAL,
    WEIR_CASCADE_SKIP,
    WEIR_CASCADE_DEFER
};
enum weir_value {
    WEIR_VALUE_IMPACT,
    WEIR_VALUE_NOTIONAL,
    WEIR_VALUE_COUNT
};

/** Longest text value of a scenario (a strategy's path, say), terminator included. */
#define WEIR_TEXT_MAX 256

/** Most `limiter.*` settings that a scenario can carry. */
#define WEIR_LIMITER_SETTINGS_MAX 48

struct weir_feed_settings {
    double throttle_ms;
    int keep;  /**< enum weir_feed_keep */
    int align; /**< enum weir_feed_align */
    double delay_ms;
};

struct weir_bot_settings {
    char strategy[WEIR_TEXT_MAX]; /**< a bundled name or the path of a JSON file */
    int64_t connections;
    int call_path; /**< enum weir_call_path */
    int cascade;   /**< enum weir_cascade */
    double opportunity_window_ms;
    double coalesce_ms;
    double protect_within_ms;
    double entry_ttl_ms;
    int value;              /**< enum weir_value */
    double lead_s;          /**< the bot starts that long before the first liquidation */
    double tail_s;          /**< a run ends that long after the last one */
    double timeout_ms;      /**< a request without a reply is given up after that long */
    double clock_offset_ms; /**< the bot's clock minus the exchange's */
};

struct weir_network_settings {
    char preset[16]; /**< calm, stressed or outage: defaults of what follows */
    double base_ms;
    double draw_ms;
    double peak;
    double memory_s;
    double noise;
    double processing_ms;
    double lost_rate;
    double unavailable_rate;
    double outage_s;
    double reconnect_s;
    double orders_base_ms; /**< delay of the bot's requests, without load; 0: as the feed's */
    double orders_draw_ms;
};

struct weir_trace_settings {
    char shape[16]; /**< "" keeps the profile's own */
    char path[16];
    double phase_s; /**< second of the minute of the first liquidation; negative: not given */
};

struct weir_exchange_settings {
    char profile[16];
    char rules_name[16];
    struct weir_exchange_rules rules;
    double ban_window_s;
    double ban_steps_min[WEIR_BAN_STEPS_MAX];
    double ban_decay_h;
    double margin_usd;
    double tighten_at_s; /**< seconds after the first liquidation; negative: never */
    double tighten_factor;
};

struct weir_foreign_settings {
    int64_t dashboards;
    bool second_bot;
};

/** Text of one limiter setting: key without `limiter.`, and its value. */
struct weir_limiter_setting {
    char key[48];
    char value[48];
};

struct weir_scenario {
    struct weir_feed_settings feed;
    struct weir_bot_settings bot;
    struct weir_network_settings network;
    struct weir_trace_settings trace;
    struct weir_exchange_settings exchange;
    struct weir_foreign_settings foreign;
    struct weir_limiter_setting limiter[WEIR_LIMITER_SETTINGS_MAX];
    size_t limiter_count;
};

enum weir_scenario_status {
    WEIR_SCENARIO_OK = 0,
    WEIR_SCENARIO_UNKNOWN, /**< unknown key or value out of range: wrong use */
    WEIR_SCENARIO_NO_FILE, /**< a file cannot be read */
    WEIR_SCENARIO_BAD_FILE /**< a file is not what it should be */
};

struct weir_scenario_error {
    enum weir_scenario_status status;
    char text[512];
};

/** Settings as they were given, in order: what is set later wins; presets (exchange.profile,
 *  exchange.rules, network.preset) are applied before all other keys, wherever they stand. */
struct weir_settings;

struct weir_settings *weir_settings_create(void);
void weir_settings_destroy(struct weir_settings *settings);

/** A copy to which more can be added; NULL if memory is short. */
struct weir_settings *weir_settings_copy(const struct weir_settings *settings);

/** Makes the options of a policy that is not built in known as keys `limiter.*`. It must live as
 *  long as the settings. At most 16 such policies; further ones are not known. */
void weir_settings_know_policy(struct weir_settings *settings, const struct weir_policy *policy);

/** Adds one `path.to.key=value`. Only the form is checked here. */
enum weir_scenario_status weir_settings_add(struct weir_settings *settings, const char *assignment,
                                            struct weir_scenario_error *error);

/** Adds every value of a scenario file: a JSON object, nested or with dotted keys. */
enum weir_scenario_status weir_settings_add_file(struct weir_settings *settings, const char *path,
                                                 struct weir_scenario_error *error);

/** Adds every value of a JSON object (a json_t of jansson) that came from `origin`. */
enum weir_scenario_status weir_settings_add_json(struct weir_settings *settings, const char *origin,
                                                 void *object, struct weir_scenario_error *error);

/** Turns settings into a scenario. An unknown key is an error that names the nearest known one; a
 *  value out of range says the range. */
enum weir_scenario_status weir_settings_resolve(const struct weir_settings *settings,
                                                struct weir_scenario *scenario,
                                                struct weir_scenario_error *error);

/** The defaults alone. */
void weir_scenario_defaults(struct weir_scenario *scenario);

/** One row of the table of options. */
struct weir_scenario_option {
    const char *key;
    const char *help;
    const char *choices; /**< "a|b|c", or NULL */
    double min, max;     /**< of numbers */
    char kind; /**< 'f' flag, 'i' integer, 'n' number, 'c' choice, 't' text, 'l' list of numbers */
};

/** Row number `index`, NULL past the last. */
const struct weir_scenario_option *weir_scenario_option_at(size_t index);

/** The value of an option in a scenario, as text that weir_settings_add takes back exactly. */
void weir_scenario_value(const struct weir_scenario *scenario, size_t index, char *text,
                         size_t size);

/** The nearest of the known scenario keys to a mistyped one. */
const char *weir_scenario_nearest(const char *key);

#endif
