#include "exchange_view.h"

#include <stdio.h>
#include <string.h>

/* Addresses and accounts that are shown: those that used most. */
#define SHOWN_MAX 8

#define MINUTE_NS INT64_C(60000000000)
#define WEIGHT_LIMIT 0
#define ORDER_LIMIT 1

struct usage {
    uint32_t number;
    int64_t used, banned_until_ns;
};

/** Keeps the fullest, most used first. */
static void keep(struct usage shown[SHOWN_MAX], size_t *count, struct usage usage) {
    size_t at = *count;
    while (at > 0 && (shown[at - 1].used < usage.used ||
                      (shown[at - 1].used == usage.used &&
                       shown[at - 1].banned_until_ns < usage.banned_until_ns))) {
        at--;
    }
    if (at == SHOWN_MAX) {
        return;
    }
    *count += *count < SHOWN_MAX ? 1 : 0;
    memmove(&shown[at + 1], &shown[at], (*count - at - 1) * sizeof shown[0]);
    shown[at] = usage;
}

static size_t busiest_ips(const struct live_exchange *exchange, int64_t now_ns,
                          struct usage shown[SHOWN_MAX]) {
    size_t count = 0;
    for (uint32_t i = 0; i < exchange->ip_count; i++) {
        keep(shown, &count,
             (struct usage){i, weir_exchange_used_weight(exchange->limits, i, now_ns),
                            weir_exchange_banned_until(exchange->limits, i, now_ns)});
    }
    return count;
}

static size_t busiest_accounts(const struct live_exchange *exchange, int64_t now_ns,
                               struct usage shown[SHOWN_MAX]) {
    size_t count = 0;
    for (uint32_t i = 1; i < exchange->client_count; i++) {
        keep(shown, &count,
             (struct usage){i, weir_exchange_used_orders(exchange->limits, i, now_ns), 0});
    }
    return count;
}

static double seconds_left(int64_t until_ns, int64_t now_ns) {
    return until_ns > now_ns ? (double)(until_ns - now_ns) / 1e9 : 0.0;
}

/** Four characters of a key: enough to tell accounts apart, too few to use. */
static json_t *key_json(const char *key) {
    return strlen(key) > 8 ? json_sprintf("%.4s…", key) : json_string(key);
}

/** What the exchange counted. */
static json_t *exchange_json(const struct live_exchange_view *view, int64_t now_ns) {
    const struct live_exchange *exchange = view->exchange;
    struct usage shown[SHOWN_MAX];
    struct weir_limit limits[WEIR_LIMITS_MAX];
    json_t *ips = json_array();
    json_t *accounts = json_array();
    weir_exchange_limits(exchange->limits, limits);
    size_t count = busiest_ips(exchange, now_ns, shown);
    for (size_t i = 0; i < count; i++) {
        const char *address = exchange->ips[shown[i].number];
        json_array_append_new(
            ips, json_pack("{s:s,s:I,s:f,s:b}", "address", address, "used_weight",
                           (json_int_t)shown[i].used, "ban_ends_in_s",
                           seconds_left(shown[i].banned_until_ns, now_ns), "is_bot",
                           strcmp(address, live_attached_address(view->attached)) == 0));
    }
    count = busiest_accounts(exchange, now_ns, shown);
    for (size_t i = 0; i < count; i++) {
        const struct live_client *client = &exchange->clients[shown[i].number];
        json_array_append_new(accounts,
                              json_pack("{s:o,s:I,s:I,s:I}", "key", key_json(client->key),
                                        "used_orders", (json_int_t)shown[i].used, "open_orders",
                                        (json_int_t)client->account->open_count, "fills",
                                        (json_int_t)client->account->fill_count));
    }
    return json_pack(
        "{s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:s}", "weight_limit", (json_int_t)limits[WEIGHT_LIMIT].limit,
        "order_limit", (json_int_t)limits[ORDER_LIMIT].limit, "requests",
        (json_int_t)exchange->requests, "answered_429", (json_int_t)exchange->answered_429,
        "answered_418", (json_int_t)exchange->answered_418, "ips", ips, "accounts", accounts,
        "trace", exchange->quotes->quiet ? "" : exchange->quotes->trace->name);
}

/* What only a limiter knows. */
static const char *const not_told[] = {"peak_usage_pct",
                                       "throttle_factor",
                                       "recent_requests",
                                       "consecutive_429s",
                                       "requests_queued",
                                       "requests_dropped",
                                       "weight_used",
                                       "throttle_delays",
                                       "burst_mode_activations",
                                       "liquidation_mode_activations"};

/** Weight and ban of an address; of the one that used most, and the longest ban, if it is "". */
static struct usage usage_of(const struct live_exchange *exchange, const char *address,
                             int64_t now_ns) {
    struct usage found = {0, 0, 0};
    for (uint32_t i = 0; i < exchange->ip_count; i++) {
        if (address[0] && strcmp(address, exchange->ips[i]) != 0) {
            continue;
        }
        const int64_t used = weir_exchange_used_weight(exchange->limits, i, now_ns);
        const int64_t banned_until_ns = weir_exchange_banned_until(exchange->limits, i, now_ns);
        found.used = used > found.used ? used : found.used;
        found.banned_until_ns =
            banned_until_ns > found.banned_until_ns ? banned_until_ns : found.banned_until_ns;
    }
    return found;
}

/** The guide's fields as the exchange counts them, of an address (see usage_of) and of the account
 *  that used most. */
static json_t *own_figures(const struct live_exchange *exchange, const char *address,
                           int64_t now_ns) {
    struct usage accounts[SHOWN_MAX] = {{0, 0, 0}};
    struct weir_limit limits[WEIR_LIMITS_MAX];
    const struct usage ip = usage_of(exchange, address, now_ns);
    busiest_accounts(exchange, now_ns, accounts);
    weir_exchange_limits(exchange->limits, limits);
    json_t *data = json_pack(
        "{s:f,s:I,s:I,s:I,s:I,s:b,s:b,s:b,s:f,s:I,s:I,s:I,s:f,s:{s:n,s:n,s:n}}",
        "current_usage_pct", 100.0 * (double)ip.used / (double)limits[WEIGHT_LIMIT].limit,
        "current_weight", (json_int_t)ip.used, "weight_limit",
        (json_int_t)limits[WEIGHT_LIMIT].limit, "current_orders", (json_int_t)accounts[0].used,
        "order_limit", (json_int_t)limits[ORDER_LIMIT].limit, "burst_mode", 0, "liquidation_mode",
        0, "banned", ip.banned_until_ns > now_ns, "ban_ends_in_s",
        seconds_left(ip.banned_until_ns, now_ns), "requests_sent", (json_int_t)exchange->requests,
        "429_received", (json_int_t)exchange->answered_429, "418_received",
        (json_int_t)exchange->answered_418, "window_ends_in_s",
        (double)(MINUTE_NS - now_ns % MINUTE_NS) / 1e9, "queue_sizes", "critical", "normal", "low");
    for (size_t i = 0; i < sizeof not_told / sizeof not_told[0]; i++) {
        json_object_set_new(data, not_told[i], json_null());
    }
    return data;
}

/** What an attached limiter does not tell of its use and its ban, as the exchange counts it for the
 *  address that it came from. */
static void fill_in(const struct live_exchange_view *view, json_t *data, int64_t now_ns) {
    static const char *const use[] = {"current_usage_pct", "current_weight", "weight_limit",
                                      "current_orders",    "order_limit",    "window_ends_in_s"};
    const bool use_told = json_is_number(json_object_get(data, "current_weight"));
    const bool ban_told = json_is_number(json_object_get(data, "ban_ends_in_s"));
    if (use_told && ban_told) {
        return;
    }
    json_t *own = own_figures(view->exchange, live_attached_address(view->attached), now_ns);
    for (size_t i = 0; !use_told && i < sizeof use / sizeof use[0]; i++) {
        json_object_set(data, use[i], json_object_get(own, use[i]));
    }
    if (!use_told) {
        json_object_set_new(data, "use_counted_by", json_string("exchange"));
    }
    if (!ban_told) {
        json_object_set(data, "ban_ends_in_s", json_object_get(own, "ban_ends_in_s"));
    }
    json_decref(own);
}

static json_t *view_stats(void *context, int64_t now_ns) {
    struct live_exchange_view *view = context;
    json_t *data = live_attached_stats(view->attached, now_ns);
    const bool attached = data != NULL;
    if (attached) {
        fill_in(view, data, now_ns);
    } else {
        data = own_figures(view->exchange, "", now_ns);
    }
    if (data) {
        json_object_set_new(data, "attached", json_boolean(attached));
        json_object_set_new(data, "exchange", exchange_json(view, now_ns));
    }
    return data;
}

static enum live_mode_answer view_set_mode(void *context, uint64_t ticket, enum weir_mode mode,
                                           double duration_s, char *why, size_t why_size) {
    const struct live_exchange_view *view = context;
    if (live_attached_set_mode(view->attached, ticket, mode, duration_s)) {
        return LIVE_MODE_LATER;
    }
    snprintf(why, why_size,
             "No bot has attached its limiter to this server, so there is no mode to switch "
             "(docs/dashboard.md says how a bot attaches).");
    return LIVE_MODE_REFUSED;
}

struct live_dashboard_source live_exchange_source(struct live_exchange_view *view) {
    return (struct live_dashboard_source){view, view_stats, view_set_mode};
}
