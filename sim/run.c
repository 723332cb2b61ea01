#include "run.h"

#include <stdio.h>
#include <string.h>

#define QUEUE_ROOM 4096
#define SOME_TIME_NS 1700000000000000000LL /* any time that a trace could have */

void weir_run_close(struct weir_run *run) {
    weir_ledger_close(&run->own);
    weir_ledger_close(&run->foreign);
}

bool weir_policy_has_option(const struct weir_policy *policy, const char *key) {
    for (const struct weir_option *o = policy->options; o && o->key; o++) {
        if (strcmp(o->key, key) == 0) {
            return true;
        }
    }
    return false;
}

struct weir_limiter *weir_run_limiter(const struct weir_scenario *scenario,
                                      const struct weir_policy *policy,
                                      const struct weir_exchange *exchange, int64_t now_ns,
                                      uint64_t seed, bool own, struct weir_run_error *error) {
    struct weir_limit limits[WEIR_LIMITS_MAX];
    struct weir_setting settings[WEIR_LIMITER_SETTINGS_MAX];
    size_t count = 0;
    for (size_t i = 0; own && i < scenario->limiter_count; i++) {
        if (weir_policy_has_option(policy, scenario->limiter[i].key)) {
            settings[count++] =
                (struct weir_setting){scenario->limiter[i].key, scenario->limiter[i].value};
        }
    }
    const struct weir_config config = {.limits = limits,
                                       .limit_count = weir_exchange_limits(exchange, limits),
                                       .settings = settings,
                                       .setting_count = count,
                                       .now_ns =
                                           now_ns + (int64_t)(scenario->bot.clock_offset_ms * 1e6),
                                       .max_open = (uint32_t)scenario->bot.connections + QUEUE_ROOM,
                                       .seed = seed};
    struct weir_limiter *limiter = NULL;
    struct weir_error why = {0};
    if (weir_limiter_create(policy, &config, &limiter, &why)) {
        error->policy_failed = why.status == WEIR_BROKEN;
        snprintf(error->text, sizeof error->text, "policy %s: %s", policy->name, why.text);
    }
    return limiter;
}

bool weir_check_policy(const struct weir_scenario *scenario, const struct weir_policy *policy,
                       struct weir_run_error *error) {
    struct weir_exchange *exchange = weir_exchange_create(&scenario->exchange.rules, 1, 1);
    if (!exchange) {
        snprintf(error->text, sizeof error->text,
                 "the exchange's rules do not fit together, or memory is short");
        return false;
    }
    struct weir_limiter *limiter =
        weir_run_limiter(scenario, policy, exchange, SOME_TIME_NS, 0, true, error);
    const bool ok = limiter != NULL;
    weir_limiter_destroy(limiter);
    weir_exchange_destroy(exchange);
    return ok;
}

bool weir_endpoint_is_signed(weir_endpoint endpoint) {
    static const char *const open_paths[] = {"/ping",
                                             "/time",
                                             "/exchangeInfo",
                                             "/depth",
                                             "/trades",
                                             "/aggTrades",
                                             "/klines",
                                             "/indexPriceKlines",
                                             "/markPriceKlines",
                                             "/premiumIndex",
                                             "/fundingRate",
                                             "/fundingInfo",
                                             "/v1/listenKey",
                                             "/ticker/",
                                             "/historicalTrades"};
    const char *path = weir_endpoint_path(endpoint);
    for (size_t k = 0; k < sizeof open_paths / sizeof open_paths[0]; k++) {
        if (strstr(path, open_paths[k])) {
            return false;
        }
    }
    return true;
}
