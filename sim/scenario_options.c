#include "scenario_options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct weir_scenario, member)
#define SIZE_OF(member) sizeof(((struct weir_scenario *)0)->member)

#define FLAG(key, member, value, help)                                                             \
    { {key, help, NULL, 0, 1, 'f'}, AT(member), 0, value }
#define INTEGER(key, member, min, max, value, help)                                                \
    { {key, help, NULL, min, max, 'i'}, AT(member), 0, value }
#define INTEGER32(key, member, min, max, value, help)                                              \
    { {key, help, NULL, min, max, 'j'}, AT(member), 0, value }
#define NUMBER(key, member, min, max, value, help)                                                 \
    { {key, help, NULL, min, max, 'n'}, AT(member), 0, value }
#define CHOICE(key, member, choices, value, help)                                                  \
    { {key, help, choices, 0, 0, 'c'}, AT(member), 0, value }
#define NAME(key, member, choices, value, help)                                                    \
    { {key, help, choices, 0, 0, 's'}, AT(member), SIZE_OF(member), value }
#define TEXT(key, member, value, help)                                                             \
    { {key, help, NULL, 0, 0, 't'}, AT(member), SIZE_OF(member), value }
#define LIST(key, member, min, max, value, help)                                                   \
    { {key, help, NULL, min, max, 'l'}, AT(member), 0, value }

/* A default of NULL is set by exchange.rules or network.preset. */
const struct weir_scenario_row weir_scenario_rows[] = {
    NAME("exchange.profile", exchange.profile, "aster", "aster",
         "venue whose rules and weights apply"),
    NAME("exchange.rules", exchange.rules_name, "aster|lenient|strict", "aster",
         "rule set for what the venue's documents leave open"),
    INTEGER("exchange.weight_per_minute", exchange.rules.weight_per_minute, 1, 1e7, NULL,
            "weight that an IP may use in a minute"),
    INTEGER("exchange.orders_per_minute", exchange.rules.orders_per_minute, 1, 1e7, NULL,
            "orders that an account may place in a minute"),
    INTEGER("exchange.orders_per_10s", exchange.rules.orders_per_10s, 0, 1e7, NULL,
            "orders that an account may place in 10 s; 0: no such limiter"),
    CHOICE("exchange.window", exchange.rules.window, "fixed|sliding", NULL,
           "windows aligned to the server's clock, or sliding"),
    FLAG("exchange.reject_at_limit", exchange.rules.reject_at_limit, NULL,
         "refuse when used >= limit instead of used + cost > limit"),
    FLAG("exchange.charge_rejected", exchange.rules.charge_rejected, NULL,
         "a request answered 429 is charged"),
    FLAG("exchange.charge_invalid", exchange.rules.charge_invalid, NULL,
         "a request answered 400 is charged"),
    CHOICE("exchange.ban_requests", exchange.rules.ban_requests, "ignored|counted|extend", NULL,
           "what requests during a ban do"),
    INTEGER32("exchange.ban_after_429s", exchange.rules.ban_after_429s, 1, 1e5, NULL,
              "the n-th 429 within exchange.ban_window_s is answered 418"),
    NUMBER("exchange.ban_window_s", exchange.ban_window_s, 1, 86400, NULL,
           "time in which 429s are counted towards a ban"),
    LIST("exchange.ban_steps_min", exchange.ban_steps_min, 0.01, 1e6, NULL,
         "length of the first, second, … ban in minutes"),
    NUMBER("exchange.ban_decay_h", exchange.ban_decay_h, 0.01, 87600, NULL,
           "hours without a ban after which the next is one step shorter"),
    FLAG("exchange.retry_after_weight", exchange.rules.retry_after_weight, NULL,
         "Retry-After on a 429 for weight"),
    FLAG("exchange.retry_after_orders", exchange.rules.retry_after_orders, NULL,
         "Retry-After on a 429 for orders"),
    FLAG("exchange.retry_after_ban", exchange.rules.retry_after_ban, NULL, "Retry-After on a 418"),
    CHOICE("exchange.batch_count", exchange.rules.batch_count, "orders|one|five", NULL,
           "what a batch adds to the order count"),
    FLAG("exchange.count_rejected_orders", exchange.rules.count_rejected_orders, NULL,
         "refused placements count as orders"),
    FLAG("exchange.count_cancels", exchange.rules.count_cancels, NULL, "cancels count as orders"),
    FLAG("exchange.order_header_always", exchange.rules.order_header_always, NULL,
         "order count header on every answer about orders, not only on accepted placements"),
    INTEGER32("exchange.max_open_orders", exchange.rules.max_open_orders, 0, 1e6, NULL,
              "open orders per symbol (-2025 beyond); 0: no limit"),
    INTEGER32("exchange.max_stop_orders", exchange.rules.max_stop_orders, 0, 1e6, NULL,
              "stop orders per symbol (-4045 beyond); 0: no limit"),
    NUMBER("exchange.margin_usd", exchange.margin_usd, 0, 1e12, "0",
           "margin of the account (-2019 beyond); 0: no limit"),
    NUMBER("exchange.tighten_at_s", exchange.tighten_at_s, -1, 1e7, "-1",
           "seconds after the first liquidation at which the limits are tightened; -1: never"),
    NUMBER("exchange.tighten_factor", exchange.tighten_factor, 0.01, 1, "0.5",
           "factor by which they are tightened then"),

    NAME("network.preset", network.preset, "calm|stressed|outage", "stressed",
         "defaults of the other network settings"),
    NUMBER("network.base_ms", network.base_ms, 0.001, 60000, NULL,
           "one-way delay at load 1, before a request's own draw"),
    NUMBER("network.draw_ms", network.draw_ms, 0, 60000, NULL,
           "mean of the exponential draw of each message's own delay"),
    NUMBER("network.peak", network.peak, 1, 1000, NULL,
           "factor on base_ms at the trace's peak of intensity"),
    NUMBER("network.memory_s", network.memory_s, 0.1, 3600, NULL,
           "memory of the load: how long it follows a burst"),
    NUMBER("network.noise", network.noise, 0, 3, NULL,
           "standard deviation of the logarithm of the load, beside what follows the intensity"),
    NUMBER("network.processing_ms", network.processing_ms, 0, 60000, NULL,
           "time the exchange takes for a request at load 1"),
    NUMBER("network.lost_rate", network.lost_rate, 0, 1, NULL,
           "share of requests whose connection is dropped, before or after they arrive"),
    NUMBER("network.unavailable_rate", network.unavailable_rate, 0, 1, NULL,
           "share of requests answered 503 with unknown execution"),
    NUMBER("network.outage_s", network.outage_s, 0, 86400, NULL,
           "seconds of timeouts, 503 and a dead feed from the trace's peak on"),
    NUMBER("network.reconnect_s", network.reconnect_s, 0, 3600, NULL,
           "seconds after an outage until the feed is back"),
    NUMBER("network.orders_base_ms", network.orders_base_ms, 0, 60000, "0",
           "one-way delay of requests and the account's stream, without load and faults, as on a "
           "loopback; "
           "0: base_ms and draw_ms under the load, as for the feed"),
    NUMBER("network.orders_draw_ms", network.orders_draw_ms, 0, 60000, "0",
           "mean of the exponential draw that comes to orders_base_ms; no effect without it"),

    NUMBER("feed.throttle_ms", feed.throttle_ms, 0, 3.6e6, "1000",
           "the feed pushes at most one liquidation per symbol in that time; 0: the raw feed"),
    CHOICE("feed.keep", feed.keep, "first|latest|largest", "first",
           "which liquidation of a throttled stretch is pushed"),
    CHOICE("feed.align", feed.align, "event|grid", "event",
           "stretches start with a push, or lie on a grid of the server's clock"),
    NUMBER("feed.delay_ms", feed.delay_ms, 0, 60000, "5",
           "how late the venue publishes a liquidation (5 and 1000 were seen)"),

    TEXT("bot.strategy", bot.strategy, "hunt-all",
         "hunt-all, shipped, or the path of a strategy file"),
    INTEGER("bot.connections", bot.connections, 1, 4096, "32",
            "requests that can be on the wire at once"),
    CHOICE("bot.call_path", bot.call_path, "threads|loop", "threads",
           "a hold blocks its connection, or all sending and intake"),
    CHOICE("bot.cascade", bot.cascade, "original|skip|defer", "defer",
           "what the bot changes in a cascade: nothing; MARKET, no order book and no protection; "
           "MARKET, no order book and protection later"),
    NUMBER("bot.opportunity_window_ms", bot.opportunity_window_ms, 1, 3.6e6, "3000",
           "an entry accepted later than that does not count"),
    NUMBER("bot.coalesce_ms", bot.coalesce_ms, 0, 3.6e6, "200",
           "liquidations of one symbol and side within that time make one opportunity"),
    NUMBER("bot.protect_within_ms", bot.protect_within_ms, 1, 3.6e6, "10000",
           "protection must be accepted that long after the fill"),
    NUMBER("bot.entry_ttl_ms", bot.entry_ttl_ms, 1, 3.6e6, "60000",
           "a LIMIT entry that has not filled by then is cancelled"),
    CHOICE("bot.value", bot.value, "impact|notional|count", "impact",
           "what an opportunity is worth: square root of its notional, its notional, or 1"),
    NUMBER("bot.lead_s", bot.lead_s, 0, 86400, "60",
           "the bot starts that long before the first liquidation"),
    NUMBER("bot.tail_s", bot.tail_s, 1, 86400, "300",
           "a run ends that long after the last liquidation"),
    NUMBER("bot.timeout_ms", bot.timeout_ms, 1, 3.6e6, "10000",
           "a request without a reply is given up after that"),
    NUMBER("bot.clock_offset_ms", bot.clock_offset_ms, -8.64e7, 8.64e7, "0",
           "the bot's clock minus the exchange's"),

    INTEGER("foreign.dashboards", foreign.dashboards, 0, 64, "0",
            "open dashboard tabs on the same IP, which ask whatever the limiter says"),
    FLAG("foreign.second_bot", foreign.second_bot, "false",
         "a second bot on the same IP (policy weir, 11 symbols, started 5 minutes before)"),

    NAME("trace.shape", trace.shape, "profile|spread|block", "profile",
         "how a profile's counts are laid out within their seconds"),
    NAME("trace.path", trace.path, "profile|v|slide|late", "profile",
         "price path of a trace built from a profile"),
    NUMBER("trace.phase_s", trace.phase_s, -1, 60, "-1",
           "second of the exchange's minute at which the first liquidation falls; -1: as recorded, "
           "or with several replications all over the minute"),
};

const size_t weir_scenario_row_count = sizeof weir_scenario_rows / sizeof weir_scenario_rows[0];

const struct weir_scenario_row *weir_scenario_row_find(const char *key) {
    for (size_t i = 0; i < weir_scenario_row_count; i++) {
        if (strcmp(weir_scenario_rows[i].option.key, key) == 0) {
            return &weir_scenario_rows[i];
        }
    }
    return NULL;
}

/** Position of `value` among "a|b|c", or -1. */
static int choice_index(const char *choices, const char *value) {
    const size_t length = strlen(value);
    int index = 0;
    for (const char *at = choices; at; index++) {
        const char *bar = strchr(at, '|');
        const size_t n = bar ? (size_t)(bar - at) : strlen(at);
        if (n == length && length > 0 && strncmp(at, value, n) == 0) {
            return index;
        }
        at = bar ? bar + 1 : NULL;
    }
    return -1;
}

static bool read_number(const char *text, double *number) {
    char *end = NULL;
    errno = 0;
    /* only plain decimals: no blanks, no hexadecimal, no infinity */
    if (strspn(text, "+-.0123456789eE") != strlen(text)) {
        return false;
    }
    *number = strtod(text, &end);
    return end != text && *end == '\0' && errno == 0 && isfinite(*number);
}

static bool in_range(const struct weir_scenario_option *option, const char *value, double *number,
                     char *why, size_t size) {
    const bool whole = option->kind == 'i' || option->kind == 'j';
    if (!read_number(value, number) || *number < option->min || *number > option->max ||
        (whole && floor(*number) != *number)) {
        snprintf(why, size, "expected a %s from %.12g to %.12g", whole ? "whole number" : "number",
                 option->min, option->max);
        return false;
    }
    return true;
}

bool weir_option_takes(const struct weir_option *option, const char *value, char *why,
                       size_t why_size) {
    struct weir_scenario_option plain = {option->key, "",          option->choices,
                                         option->min, option->max, 'n'};
    double number = 0.0;
    switch (option->kind) {
    case WEIR_OPTION_FLAG:
        plain.choices = "on|off|true|false|yes|no|1|0";
        break;
    case WEIR_OPTION_INTEGER:
        plain.kind = 'i';
        return in_range(&plain, value, &number, why, why_size);
    case WEIR_OPTION_NUMBER:
        return in_range(&plain, value, &number, why, why_size);
    case WEIR_OPTION_CHOICE:
        break;
    }
    if (choice_index(plain.choices, value) < 0) {
        snprintf(why, why_size, "expected one of %s", plain.choices);
        return false;
    }
    return true;
}

static bool store_list(double *places, const struct weir_scenario_option *option, const char *value,
                       char *why, size_t size) {
    char copy[256];
    if (snprintf(copy, sizeof copy, "%s", value) >= (int)sizeof copy) {
        snprintf(why, size, "the list is too long");
        return false;
    }
    double numbers[WEIR_BAN_STEPS_MAX] = {0};
    size_t count = 0;
    for (char *part = copy; part; count++) {
        char *comma = strchr(part, ',');
        if (comma) {
            *comma = '\0';
        }
        if (count == WEIR_BAN_STEPS_MAX) {
            snprintf(why, size, "at most %d numbers", WEIR_BAN_STEPS_MAX);
            return false;
        }
        if (!in_range(option, part, &numbers[count], why, size)) {
            snprintf(why, size, "expected numbers from %.12g to %.12g, separated by commas",
                     option->min, option->max);
            return false;
        }
        part = comma ? comma + 1 : NULL;
    }
    memcpy(places, numbers, sizeof numbers);
    return true;
}

static bool store_text(char *place, const struct weir_scenario_row *row, const char *value,
                       char *why, size_t size) {
    if (row->option.choices && choice_index(row->option.choices, value) < 0) {
        snprintf(why, size, "expected one of %s", row->option.choices);
        return false;
    }
    if (value[0] == '\0' || strlen(value) >= row->size) {
        snprintf(why, size, "expected 1 to %zu characters", row->size - 1);
        return false;
    }
    snprintf(place, row->size, "%s", value);
    return true;
}

static bool store_flag(bool *place, const char *value, char *why, size_t size) {
    const bool yes = strcmp(value, "true") == 0 || strcmp(value, "on") == 0;
    if (!yes && strcmp(value, "false") != 0 && strcmp(value, "off") != 0) {
        snprintf(why, size, "expected true or false (or on, off)");
        return false;
    }
    *place = yes;
    return true;
}

static bool store_choice(int *place, const char *choices, const char *value, char *why,
                         size_t size) {
    const int index = choice_index(choices, value);
    if (index < 0) {
        snprintf(why, size, "expected one of %s", choices);
        return false;
    }
    *place = index;
    return true;
}

bool weir_scenario_store(struct weir_scenario *scenario, const struct weir_scenario_row *row,
                         const char *value, char *why, size_t why_size) {
    char *place = (char *)scenario + row->offset;
    double number = 0.0;
    switch (row->option.kind) {
    case 'f':
        return store_flag((bool *)place, value, why, why_size);
    case 'c':
        return store_choice((int *)(void *)place, row->option.choices, value, why, why_size);
    case 's':
    case 't':
        return store_text(place, row, value, why, why_size);
    case 'l':
        return store_list((double *)(void *)place, &row->option, value, why, why_size);
    default:
        break;
    }
    if (!in_range(&row->option, value, &number, why, why_size)) {
        return false;
    }
    if (row->option.kind == 'i') {
        *(int64_t *)(void *)place = (int64_t)number;
    } else if (row->option.kind == 'j') {
        *(int32_t *)(void *)place = (int32_t)number;
    } else {
        *(double *)(void *)place = number;
    }
    return true;
}

/** The shortest decimal text that reads back as the same double. */
static void number_text(double number, char *text, size_t size) {
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, number);
        double back = 0.0;
        if (read_number(text, &back) && back == number) {
            return;
        }
    }
}

static void list_text(const double *numbers, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < WEIR_BAN_STEPS_MAX && numbers[i] > 0.0 && used + 1 < size; i++) {
        char one[40];
        number_text(numbers[i], one, sizeof one);
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? "," : "", one);
    }
}

static void choice_text(const char *choices, int index, char *text, size_t size) {
    const char *at = choices;
    for (int i = 0; i < index; i++) {
        at = strchr(at, '|') + 1;
    }
    snprintf(text, size, "%.*s", (int)strcspn(at, "|"), at);
}

void weir_scenario_value(const struct weir_scenario *scenario, size_t index, char *text,
                         size_t size) {
    const struct weir_scenario_row *row = &weir_scenario_rows[index];
    const char *place = (const char *)scenario + row->offset;
    switch (row->option.kind) {
    case 'f':
        snprintf(text, size, "%s", *(const bool *)place ? "true" : "false");
        break;
    case 'c':
        choice_text(row->option.choices, *(const int *)(const void *)place, text, size);
        break;
    case 's':
    case 't':
        snprintf(text, size, "%s", place);
        break;
    case 'l':
        list_text((const double *)(const void *)place, text, size);
        break;
    case 'i':
        snprintf(text, size, "%lld", (long long)*(const int64_t *)(const void *)place);
        break;
    case 'j':
        snprintf(text, size, "%d", *(const int32_t *)(const void *)place);
        break;
    default:
        number_text(*(const double *)(const void *)place, text, size);
        break;
    }
}

const struct weir_scenario_option *weir_scenario_option_at(size_t index) {
    return index < weir_scenario_row_count ? &weir_scenario_rows[index].option : NULL;
}
