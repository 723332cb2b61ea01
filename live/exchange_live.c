/**
 * What happens to a request between the socket and its endpoint: who sent it, what it costs,
 * whether the limits let it through, what is answered.
 */
#include "exchange_live.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define SECOND_NS INT64_C(1000000000)

#define CODE_KEY_FORMAT (-2014)
#define CODE_KEY (-2015)
#define CODE_SYMBOL (-1121)
#define CODE_MANDATORY (-1102)
#define CODE_MALFORMED (-1130)

static const struct live_route *find_route(const struct live_route *routes, size_t count,
                                           const char *name, enum weir_method method) {
    for (size_t i = 0; i < count; i++) {
        if (routes[i].method == method && strcmp(routes[i].name, name) == 0) {
            return &routes[i];
        }
    }
    return NULL;
}

/** The part of a path after "/fapi/vN/". */
static const char *name_of(const char *path) {
    return strlen(path) > 9 ? path + 9 : "";
}

static const struct live_route *route_of(weir_endpoint endpoint) {
    const char *name = name_of(weir_endpoint_path(endpoint));
    const enum weir_method method = weir_endpoint_method(endpoint);
    const struct live_route *route =
        find_route(live_market_routes, live_market_route_count, name, method);
    route = route ? route : find_route(live_trade_routes, live_trade_route_count, name, method);
    route = route ? route : find_route(live_account_routes, live_account_route_count, name, method);
    return route ? route : find_route(live_static_routes, live_static_route_count, name, method);
}

static void set_tightening(struct live_exchange *exchange) {
    const double tighten_s = exchange->scenario->exchange.tighten_at_s;
    exchange->tighten_at_ns =
        tighten_s < 0.0 ? INT64_MAX
                        : exchange->quotes->trace->rows[0].time_ns + (int64_t)(tighten_s * 1e9);
}

struct live_exchange *live_exchange_create(const struct weir_scenario *scenario,
                                           struct live_quotes *quotes, const char *api_key,
                                           const char *api_secret, int64_t now_ns) {
    struct live_exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange) {
        live_quotes_destroy(quotes);
        return NULL;
    }
    exchange->scenario = scenario;
    exchange->quotes = quotes;
    exchange->api_key = api_key;
    exchange->api_secret = api_secret;
    exchange->started_ns = now_ns;
    exchange->client_count = 1;
    set_tightening(exchange);
    exchange->limits =
        weir_exchange_create(&scenario->exchange.rules, LIVE_IPS_MAX, LIVE_ACCOUNTS_MAX);
    exchange->routes = (const struct live_route **)calloc(weir_endpoint_count(),
                                                          sizeof(const struct live_route *));
    if (!exchange->limits || !exchange->routes) {
        live_exchange_destroy(exchange);
        return NULL;
    }
    for (size_t i = 0; i < weir_endpoint_count(); i++) {
        exchange->routes[i] = route_of((weir_endpoint)i);
        assert(exchange->routes[i]);
    }
    return exchange;
}

void live_exchange_destroy(struct live_exchange *exchange) {
    if (!exchange) {
        return;
    }
    for (uint32_t i = 0; i < exchange->client_count; i++) {
        live_account_destroy(exchange->clients[i].account);
    }
    weir_exchange_destroy(exchange->limits);
    live_quotes_destroy(exchange->quotes);
    free((void *)exchange->routes);
    free(exchange->symbols_text);
    free(exchange);
}

bool live_exchange_restart(struct live_exchange *exchange, int64_t onset_ns, int64_t now_ns) {
    if (!live_quotes_restart(exchange->quotes, onset_ns, &exchange->scenario->feed)) {
        return false;
    }
    weir_exchange_reset(exchange->limits);
    for (uint32_t i = 1; i < exchange->client_count; i++) {
        live_account_restart(exchange->clients[i].account);
    }
    exchange->started_ns = now_ns;
    exchange->requests = exchange->answered_429 = exchange->answered_418 = 0;
    set_tightening(exchange);
    if (exchange->restarted.call) {
        exchange->restarted.call(exchange->restarted.context, now_ns);
    }
    return true;
}

/** Number of an address, or UINT32_MAX if there is no room for another. */
static uint32_t ip_number(struct live_exchange *exchange, const char *address) {
    for (uint32_t i = 0; i < exchange->ip_count; i++) {
        if (strcmp(exchange->ips[i], address) == 0) {
            return i;
        }
    }
    if (exchange->ip_count == LIVE_IPS_MAX) {
        return UINT32_MAX;
    }
    snprintf(exchange->ips[exchange->ip_count], LIVE_ADDRESS_SIZE, "%s", address);
    return exchange->ip_count++;
}

/** The client with a key, new or known; NULL if there is no room or memory for another. */
static struct live_client *client_of(struct live_exchange *exchange, const char *key) {
    for (uint32_t i = 1; i < exchange->client_count; i++) {
        if (strcmp(exchange->clients[i].key, key) == 0) {
            return &exchange->clients[i];
        }
    }
    if (exchange->client_count == LIVE_ACCOUNTS_MAX) {
        return NULL;
    }
    const struct weir_exchange_settings *settings = &exchange->scenario->exchange;
    const struct weir_venue_limits limits = {.margin_usd = settings->margin_usd,
                                             .max_open_orders = settings->rules.max_open_orders,
                                             .max_stop_orders = settings->rules.max_stop_orders};
    struct live_client *client = &exchange->clients[exchange->client_count];
    client->account =
        live_account_create(exchange->quotes, &limits, exchange->client_count, &exchange->next_id);
    if (!client->account) {
        return NULL;
    }
    client->account->watcher = exchange->watcher;
    snprintf(client->key, sizeof client->key, "%s", key);
    exchange->client_count++;
    return client;
}

const char *live_text(const struct live_call *call, const char *name) {
    return live_parameter(call->request->parameters, name);
}

int32_t live_missing(struct live_call *call, const char *name) {
    snprintf(call->detail, sizeof call->detail,
             "Mandatory parameter '%s' was not sent, was empty/null, or malformed.", name);
    return CODE_MANDATORY;
}

int32_t live_invalid(struct live_call *call, const char *name) {
    snprintf(call->detail, sizeof call->detail, "Data sent for parameter '%s' is not valid.", name);
    return CODE_MALFORMED;
}

int32_t live_know_symbol(struct live_call *call) {
    return live_text(call, "symbol") && call->symbol < 0 ? CODE_SYMBOL : 0;
}

int32_t live_need_symbol(struct live_call *call) {
    return live_text(call, "symbol") ? live_know_symbol(call) : live_missing(call, "symbol");
}

static int32_t clamp(int64_t value) {
    return (int32_t)(value > INT32_MAX ? INT32_MAX : value < 0 ? 0 : value);
}

/** The list of a batch, from the parameter that carries it; how many it has. */
static int32_t read_list(struct live_call *call) {
    static const char *const names[] = {"batchOrders", "orderIdList", "origClientOrderIdList",
                                        "subOrderList"};
    const char *text = NULL;
    for (size_t i = 0; !text && i < sizeof names / sizeof names[0]; i++) {
        text = live_text(call, names[i]);
    }
    call->list = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!json_is_array(call->list)) {
        json_decref(call->list);
        call->list = NULL;
        return 0;
    }
    return clamp((int64_t)json_array_size(call->list));
}

/** What of the parameters changes the cost. */
static struct weir_params cost_parameters(struct live_call *call) {
    struct weir_params params = WEIR_PARAMS_NONE;
    const char *limit = live_text(call, "limit");
    int64_t number = 0;
    if (limit) { /* what is no number is a limit that no row lists */
        params.limit = live_read_integer(limit, &number) ? clamp(number) : 0;
        call->limit = params.limit;
    }
    params.has_symbol = live_text(call, "symbol") != NULL;
    params.count = read_list(call);
    return params;
}

static const char *key_of(const struct live_call *call) {
    const char *key = call->request->api_key;
    if (key && key[0]) {
        return key;
    }
    key = live_text(call, "user");
    return key ? key : live_text(call, "signer");
}

/** Code with which the call is refused if the limiters let it through. Its account is the one of
 *  its key; only those who may call get one made. */
static int32_t check_call(struct live_call *call, const struct live_route *route) {
    const int32_t code = live_check_security(call, route->security);
    if (code != 0) {
        return code;
    }
    if (route->security == LIVE_SIGNED || route->security == LIVE_KEY) {
        call->client = client_of(call->exchange, key_of(call));
        if (!call->client) {
            snprintf(call->detail, sizeof call->detail,
                     "This server keeps the accounts of at most %d keys.", LIVE_ACCOUNTS_MAX - 1);
            return CODE_KEY;
        }
        call->account = call->client->account;
        live_account_advance(call->account, call->now_ns);
    }
    return route->check ? route->check(call) : 0;
}

static char *error_text(int32_t code, const char *message) {
    json_t *body = json_pack("{s:i,s:s}", "code", (int)code, "msg", message);
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    return text;
}

static void answer_uncounted(struct live_answer *answer, int status, int32_t code,
                             const char *message) {
    answer->counted = false;
    answer->status = status;
    answer->body = error_text(code, message);
}

static void answer_counted(struct live_call *call, const struct live_route *route,
                           struct live_answer *answer) {
    answer->counted = true;
    answer->status = answer->limits.status;
    if (answer->status == 200) {
        json_t *body = route->answer(call);
        answer->body = call->text ? call->text : body ? json_dumps(body, JSON_COMPACT) : NULL;
        json_decref(body);
    } else if (answer->status == 400 && call->detail[0]) {
        answer->body = error_text(answer->limits.code, call->detail);
    } else {
        answer->body = strdup(answer->limits.body);
    }
    if (answer->status == 400 &&
        (answer->limits.code == CODE_KEY_FORMAT || answer->limits.code == CODE_KEY)) {
        answer->status = 401;
    }
}

static void tighten_if_due(struct live_exchange *exchange, int64_t now_ns) {
    if (now_ns >= exchange->tighten_at_ns) {
        weir_exchange_tighten(exchange->limits, exchange->scenario->exchange.tighten_factor);
        exchange->tighten_at_ns = INT64_MAX;
    }
}

void live_exchange_handle(struct live_exchange *exchange, int64_t now_ns,
                          const struct live_request *request, struct live_answer *answer) {
    const weir_endpoint endpoint = weir_endpoint_find(request->method, request->path);
    const uint32_t ip = ip_number(exchange, request->address);
    *answer = (struct live_answer){.status = 200};
    if (endpoint == WEIR_ENDPOINT_UNKNOWN) {
        answer_uncounted(answer, 404, -1000, "The exchange has no such endpoint.");
        return;
    }
    if (ip == UINT32_MAX) {
        answer_uncounted(answer, 503, -1000,
                         "This server keeps the counts of no more addresses than it has seen.");
        return;
    }
    tighten_if_due(exchange, now_ns);
    const struct live_route *route = exchange->routes[endpoint];
    struct live_call call = {.exchange = exchange,
                             .request = request,
                             .now_ns = now_ns,
                             .v3 = strncmp(request->path, "/fapi/v3/", 9) == 0,
                             .symbol = -1,
                             .limit = -1};
    const char *symbol = live_text(&call, "symbol");
    call.symbol = symbol ? live_symbol_find(exchange->quotes, symbol) : -1;
    struct weir_exchange_request limited = {
        .ip = ip, .endpoint = endpoint, .params = cost_parameters(&call)};
    limited.refused_code = check_call(&call, route);
    limited.account = call.account ? call.account->number : 0;
    weir_exchange_handle(exchange->limits, now_ns, &limited, &answer->limits);
    answer_counted(&call, route, answer);
    json_decref(call.list);
    exchange->requests++;
    exchange->answered_429 += answer->status == 429 ? 1 : 0;
    exchange->answered_418 += answer->status == 418 ? 1 : 0;
}

void live_exchange_advance(struct live_exchange *exchange, int64_t now_ns) {
    tighten_if_due(exchange, now_ns);
    for (uint32_t i = 1; i < exchange->client_count; i++) {
        live_account_advance(exchange->clients[i].account, now_ns);
    }
}

int64_t live_exchange_next_ns(const struct live_exchange *exchange) {
    int64_t next_ns = INT64_MAX;
    for (uint32_t i = 1; i < exchange->client_count; i++) {
        const int64_t due_ns = exchange->clients[i].account->next_due_ns;
        next_ns = due_ns < next_ns ? due_ns : next_ns;
    }
    return next_ns;
}

struct live_client *live_exchange_listener(struct live_exchange *exchange, const char *listen_key,
                                           int64_t now_ns) {
    for (uint32_t i = 1; i < exchange->client_count; i++) {
        struct live_client *client = &exchange->clients[i];
        if (client->listen_key[0] && now_ns < client->listen_until_ns &&
            strcmp(client->listen_key, listen_key) == 0) {
            return client;
        }
    }
    return NULL;
}

static json_t *ips_state(struct live_exchange *exchange, int64_t now_ns) {
    json_t *ips = json_array();
    for (uint32_t i = 0; i < exchange->ip_count; i++) {
        json_array_append_new(
            ips, json_pack("{s:s,s:I,s:I}", "address", exchange->ips[i], "used_weight_1m",
                           (json_int_t)weir_exchange_used_weight(exchange->limits, i, now_ns),
                           "banned_until_ms",
                           (json_int_t)(weir_exchange_banned_until(exchange->limits, i, now_ns) /
                                        1000000)));
    }
    return ips;
}

static json_t *accounts_state(struct live_exchange *exchange, int64_t now_ns) {
    json_t *accounts = json_array();
    for (uint32_t i = 1; i < exchange->client_count; i++) {
        const struct live_account *account = exchange->clients[i].account;
        json_array_append_new(
            accounts,
            json_pack("{s:s,s:I,s:I,s:I,s:f}", "key", exchange->clients[i].key, "used_orders_1m",
                      (json_int_t)weir_exchange_used_orders(exchange->limits, i, now_ns),
                      "open_orders", (json_int_t)account->open_count, "fills",
                      (json_int_t)account->fill_count, "wallet_usd", account->wallet_usd));
    }
    return accounts;
}

/** The trace, where it stands on the server's clock, and how to know it again. */
static json_t *trace_state(const struct live_quotes *quotes) {
    const struct weir_trace *trace = quotes->trace;
    json_t *state = json_pack("{s:s,s:I,s:I,s:f}", "name", trace->name, "liquidations",
                              (json_int_t)(quotes->quiet ? 0 : trace->row_count), "pushes",
                              (json_int_t)quotes->push_count, "speed", quotes->speed);
    if (!quotes->quiet) {
        json_object_set_new(state, "digest", json_sprintf("%016" PRIx64, trace->digest));
        json_object_set_new(state, "onset_ns", json_integer(trace->rows[0].time_ns));
        json_object_set_new(state, "last_ns",
                            json_integer(trace->rows[trace->row_count - 1].time_ns));
    }
    return state;
}

char *live_exchange_state(struct live_exchange *exchange, int64_t now_ns) {
    struct weir_limit limits[WEIR_LIMITS_MAX];
    weir_exchange_limits(exchange->limits, limits);
    json_t *state = json_pack(
        "{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:o}", "schema", "weir.state/1", "rules",
        exchange->scenario->exchange.rules_name, "time_ms", (json_int_t)(now_ns / 1000000),
        "time_ns", (json_int_t)now_ns, "weight_limit_1m", (json_int_t)limits[0].limit,
        "order_limit_1m", (json_int_t)limits[1].limit, "requests", (json_int_t)exchange->requests,
        "answered_429", (json_int_t)exchange->answered_429, "answered_418",
        (json_int_t)exchange->answered_418, "ips", ips_state(exchange, now_ns), "accounts",
        accounts_state(exchange, now_ns), "trace", trace_state(exchange->quotes));
    char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
    json_decref(state);
    return text;
}
