#include "meeting.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)
#define PATIENCE_MS 5000
#define ANSWER_MAX ((size_t)16 << 20)

/* From the start of the trace to the bot's: time to get connections ready. */
#define SETUP_NS (SECOND_NS / 2)

#define NO_CHANGE (-4059) /* the mode of positions was that already */

__attribute__((format(printf, 3, 4))) static bool
fails(struct weir_live_error *error, enum weir_live_status status, const char *form, ...) {
    va_list values;
    va_start(values, form);
    vsnprintf(error->text, sizeof error->text, form, values);
    va_end(values);
    error->status = status;
    return false;
}

static int64_t machine_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

int64_t live_meeting_now_ns(const struct live_meeting *meeting) {
    return machine_ns() + meeting->clock_offset_ns;
}

/* Calls. */

/** An answer to one call. */
struct answer {
    int status; /**< 0: none */
    char *text;
    size_t length;
    json_t *json;
    int64_t sent_ns, received_ns;
    char error[CURL_ERROR_SIZE];
};

static size_t take(char *data, size_t size, size_t count, void *context) {
    struct answer *answer = context;
    const size_t length = size * count;
    char *longer = answer->length + length > ANSWER_MAX
                       ? NULL
                       : realloc(answer->text, answer->length + length + 1);
    if (!longer) {
        return 0;
    }
    answer->text = longer;
    memcpy(answer->text + answer->length, data, length);
    answer->length += length;
    answer->text[answer->length] = '\0';
    return length;
}

static void forget(struct answer *answer) {
    free(answer->text);
    json_decref(answer->json);
}

/** One call, waited for. `query` begins with "?" or is empty. */
static struct answer call(const struct live_meeting *meeting, enum weir_method method,
                          const char *path, const char *query) {
    struct answer answer = {.status = 0};
    char url[LIVE_QUERY_MAX + 1024];
    char key[256];
    CURL *easy = curl_easy_init();
    snprintf(url, sizeof url, "%s%s%s", meeting->base, path, query);
    snprintf(key, sizeof key, "X-MBX-APIKEY: %.200s", meeting->plan->api_key);
    struct curl_slist *headers = curl_slist_append(NULL, key);
    if (easy && headers) {
        long status = 0;
        curl_easy_setopt(easy, CURLOPT_URL, url);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, answer.error);
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)PATIENCE_MS);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
        if (method != WEIR_GET) {
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, weir_method_name(method));
        }
        answer.sent_ns = machine_ns();
        if (curl_easy_perform(easy) == CURLE_OK) {
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            answer.status = (int)status;
        }
        answer.received_ns = machine_ns();
    }
    answer.json = answer.text ? json_loads(answer.text, JSON_DECODE_ANY, NULL) : NULL;
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    return answer;
}

static bool fails_at(const struct live_meeting *meeting, const struct answer *answer,
                     const char *what, struct weir_live_error *error) {
    return answer->status
               ? fails(error, WEIR_LIVE_FAILED, "%s%s was answered %d: %.200s", meeting->base, what,
                       answer->status, answer->text ? answer->text : "")
               : fails(error, WEIR_LIVE_FAILED,
                       "%s cannot be reached: %s (weir serve is such an exchange)", meeting->base,
                       answer->error[0] ? answer->error : "no answer");
}

/* The clock. */

/** Takes the better of two estimates: the one with the shorter round trip. An offset that is
 *  smaller than its own error is none. */
static void take_clock(struct live_meeting *meeting, const struct answer *answer, int64_t said_ns,
                       int64_t resolution_ns) {
    const int64_t error_ns = (answer->received_ns - answer->sent_ns) / 2 + resolution_ns;
    if (meeting->clock_error_ns == 0 || error_ns < meeting->clock_error_ns) {
        const int64_t middle_ns = answer->sent_ns + (answer->received_ns - answer->sent_ns) / 2;
        const int64_t offset_ns = said_ns + resolution_ns / 2 - middle_ns;
        meeting->clock_error_ns = error_ns;
        meeting->clock_offset_ns = llabs(offset_ns) <= error_ns ? 0 : offset_ns;
    }
}

static bool ask_time(struct live_meeting *meeting, struct weir_live_error *error) {
    for (int i = 0; i < 3; i++) {
        struct answer answer = call(meeting, WEIR_GET, "/fapi/v1/time", "");
        const int64_t said_ms = json_integer_value(json_object_get(answer.json, "serverTime"));
        const bool ok = answer.status == 200 && said_ms > 0;
        if (ok) {
            take_clock(meeting, &answer, said_ms * 1000000, 1000000);
        } else {
            fails_at(meeting, &answer, "/fapi/v1/time", error);
        }
        forget(&answer);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* weir serve. */

static int64_t integer_at(const json_t *object, const char *key) {
    return (int64_t)json_integer_value(json_object_get(object, key));
}

static bool check_limits(const json_t *state, const struct weir_scenario *scenario,
                         struct weir_live_error *error) {
    const int64_t weight = integer_at(state, "weight_limit_1m");
    const int64_t orders = integer_at(state, "order_limit_1m");
    const struct weir_exchange_rules *rules = &scenario->exchange.rules;
    const char *theirs = json_string_value(json_object_get(state, "rules"));
    if (theirs && strcmp(theirs, scenario->exchange.rules_name) != 0) {
        return fails(error, WEIR_LIVE_BAD_INPUT,
                     "the server keeps the rules %.40s, the scenario says %s: give weir serve and "
                     "weir live the same --scenario and --set",
                     theirs, scenario->exchange.rules_name);
    }
    return (weight == rules->weight_per_minute && orders == rules->orders_per_minute) ||
           fails(error, WEIR_LIVE_BAD_INPUT,
                 "the server lets %" PRId64 " weight and %" PRId64
                 " orders a minute through, the scenario says %" PRId64 " and %" PRId64
                 ": give weir serve and weir live the same --scenario and --set",
                 weight, orders, rules->weight_per_minute, rules->orders_per_minute);
}

/** The trace is the same, at the same speed. */
static bool check_trace(const json_t *trace, const struct weir_trace *ours,
                        struct weir_live_error *error) {
    char digest[24];
    const char *theirs = json_string_value(json_object_get(trace, "digest"));
    const double speed = json_number_value(json_object_get(trace, "speed"));
    snprintf(digest, sizeof digest, "%016" PRIx64, ours->digest);
    if (!theirs) {
        return fails(error, WEIR_LIVE_BAD_INPUT,
                     "the server runs no trace: start it as weir serve --trace TRACE");
    }
    if (strcmp(theirs, digest) != 0) {
        return fails(error, WEIR_LIVE_BAD_INPUT,
                     "the server runs another trace: %.60s, digest %.16s; here it is %.60s, %s "
                     "(a profile also needs the same --seed)",
                     json_string_value(json_object_get(trace, "name")), theirs, ours->name, digest);
    }
    return speed == 1.0 || fails(error, WEIR_LIVE_BAD_INPUT,
                                 "the server runs the trace %g times as fast: a live bot runs in "
                                 "real time, so start weir serve without --speed",
                                 speed);
}

/** A time for the first liquidation that leaves the bot its lead and falls into the phase that was
 *  asked for. In whole milliseconds. */
static int64_t choose_onset_ns(int64_t now_ns, const struct weir_scenario *scenario) {
    int64_t onset_ns = now_ns + SETUP_NS + (int64_t)(scenario->bot.lead_s * 1e9);
    if (scenario->trace.phase_s >= 0.0) {
        const int64_t wait_ns =
            ((int64_t)(scenario->trace.phase_s * 1e9 + 0.5) - onset_ns) % MINUTE_NS;
        onset_ns += wait_ns < 0 ? wait_ns + MINUTE_NS : wait_ns;
    }
    return (onset_ns + 999999) / 1000000 * 1000000;
}

static bool restart(struct live_meeting *meeting, const struct weir_scenario *scenario,
                    struct weir_live_error *error) {
    char query[64];
    meeting->onset_ns = choose_onset_ns(live_meeting_now_ns(meeting), scenario);
    snprintf(query, sizeof query, "?onset_ms=%" PRId64, meeting->onset_ns / 1000000);
    struct answer answer = call(meeting, WEIR_POST, "/weir/restart", query);
    const bool ok = answer.status == 200;
    if (!ok) {
        fails_at(meeting, &answer, "/weir/restart", error);
    }
    forget(&answer);
    return ok;
}

static bool join(struct live_meeting *meeting, const json_t *trace, struct weir_live_error *error) {
    meeting->onset_ns = integer_at(trace, "onset_ns");
    const int64_t left_ns = meeting->onset_ns - live_meeting_now_ns(meeting);
    return left_ns > SETUP_NS ||
           fails(error, WEIR_LIVE_BAD_INPUT,
                 left_ns > 0 ? "the cascade begins in %.1f s: too soon to get ready; without "
                               "--join the trace is started anew"
                             : "the cascade began %.1f s ago; without --join the trace is started "
                               "anew",
                 (double)llabs(left_ns) / 1e9);
}

/* What the account needs. */

/** Reads how fine the symbols of the trace are traded. */
static bool read_precisions(struct live_meeting *meeting, const struct weir_trace *trace,
                            struct weir_live_error *error) {
    struct answer answer = call(meeting, WEIR_GET, "/fapi/v1/exchangeInfo", "");
    const json_t *symbols = json_object_get(answer.json, "symbols");
    meeting->precisions = calloc(trace->symbol_count + 1, sizeof *meeting->precisions);
    const bool ok = answer.status == 200 && json_is_array(symbols) && meeting->precisions;
    for (size_t i = 0; ok && i < json_array_size(symbols); i++) {
        const json_t *symbol = json_array_get(symbols, i);
        const char *name = json_string_value(json_object_get(symbol, "symbol"));
        for (size_t s = 0; name && s < trace->symbol_count; s++) {
            if (strcmp(trace->symbols[s], name) == 0) {
                const int64_t price = integer_at(symbol, "pricePrecision");
                const int64_t quantity = integer_at(symbol, "quantityPrecision");
                meeting->precisions[s] = (struct live_precision){
                    price >= 0 && price <= 12 && quantity >= 0 && quantity <= 12, (uint8_t)price,
                    (uint8_t)quantity};
            }
        }
    }
    if (!ok) {
        fails_at(meeting, &answer, "/fapi/v1/exchangeInfo", error);
    }
    forget(&answer);
    return ok;
}

/** A listen key, and hedge mode: each symbol's longs and shorts are positions of their own. */
static bool open_account(struct live_meeting *meeting, struct weir_live_error *error) {
    struct answer key = call(meeting, WEIR_POST, "/fapi/v1/listenKey", "");
    const char *text = json_string_value(json_object_get(key.json, "listenKey"));
    bool ok = key.status == 200 && text && strlen(text) < sizeof meeting->listen_key;
    if (ok) {
        snprintf(meeting->listen_key, sizeof meeting->listen_key, "%s", text);
    } else {
        fails_at(meeting, &key, "/fapi/v1/listenKey", error);
    }
    forget(&key);
    if (!ok) {
        return false;
    }
    char query[LIVE_QUERY_MAX] = "dualSidePosition=true";
    char asked[LIVE_QUERY_MAX + 1] = "?";
    live_sign(meeting->plan->api_secret, live_meeting_now_ns(meeting), query);
    snprintf(asked + 1, sizeof asked - 1, "%s", query);
    struct answer mode = call(meeting, WEIR_POST, "/fapi/v1/positionSide/dual", asked);
    ok = mode.status == 200 || integer_at(mode.json, "code") == NO_CHANGE;
    if (!ok) {
        fails_at(meeting, &mode, "/fapi/v1/positionSide/dual", error);
    }
    forget(&mode);
    return ok;
}

/* The meeting. */

static bool read_addresses(struct live_meeting *meeting, struct weir_live_error *error) {
    const struct weir_live_plan *plan = meeting->plan;
    const char *stream_url = plan->stream_url ? plan->stream_url : plan->url;
    const char *wrong = live_address_read(plan->url, &meeting->address);
    if (wrong) {
        return fails(error, WEIR_LIVE_WRONG_USE, "--url '%.200s' %s", plan->url, wrong);
    }
    wrong = live_address_read(stream_url, &meeting->stream_address);
    if (wrong) {
        return fails(error, WEIR_LIVE_WRONG_USE, "--stream-url '%.200s' %s", stream_url, wrong);
    }
    live_address_text(&meeting->address, false, meeting->base, sizeof meeting->base);
    meeting->sends_orders = live_address_is_loopback(&meeting->address) &&
                            live_address_is_loopback(&meeting->stream_address);
    return meeting->sends_orders || plan->means_it ||
           fails(error, WEIR_LIVE_WRONG_USE,
                 "%.200s is not on this machine's loopback: if you mean a real exchange, say "
                 "--i-mean-it; even then nothing is sent there but GET requests",
                 plan->url);
}

static bool get_ready(struct live_meeting *meeting, const struct weir_trace *trace,
                      struct weir_live_error *error) {
    return read_precisions(meeting, trace, error) &&
           (!meeting->sends_orders || open_account(meeting, error));
}

/** Once to be rid of bans of an earlier run, and again when the bot is ready, so that what getting
 *  ready cost is not counted. */
static bool start_anew(struct live_meeting *meeting, const struct weir_trace *trace,
                       const struct weir_scenario *scenario, struct weir_live_error *error) {
    return restart(meeting, scenario, error) && get_ready(meeting, trace, error) &&
           restart(meeting, scenario, error);
}

/** With `weir serve`: its clock, its trace. Another exchange has no trace, and this machine's
 *  begins when the bot has had its lead. */
static bool settle_onset(struct live_meeting *meeting, const struct weir_trace *trace,
                         const struct weir_scenario *scenario, struct weir_live_error *error) {
    struct answer answer = call(meeting, WEIR_GET, "/weir/state", "");
    const json_t *theirs = json_object_get(answer.json, "trace");
    meeting->is_serve = answer.status == 200 && integer_at(answer.json, "time_ns") > 0;
    bool ok = answer.status != 0;
    if (!ok) {
        fails_at(meeting, &answer, "", error);
    } else if (meeting->is_serve) {
        take_clock(meeting, &answer, integer_at(answer.json, "time_ns"), 0);
        ok =
            check_trace(theirs, trace, error) && check_limits(answer.json, scenario, error) &&
            (meeting->plan->joins ? join(meeting, theirs, error) && get_ready(meeting, trace, error)
                                  : start_anew(meeting, trace, scenario, error));
    } else {
        ok = get_ready(meeting, trace, error) && ask_time(meeting, error);
        meeting->onset_ns = choose_onset_ns(live_meeting_now_ns(meeting), scenario);
    }
    forget(&answer);
    return ok;
}

/** The scenario as it really was. */
static void settle_scenario(const struct live_meeting *meeting, struct weir_scenario *scenario) {
    const double left_s = (double)(meeting->onset_ns - live_meeting_now_ns(meeting)) / 1e9;
    if (left_s < scenario->bot.lead_s) {
        scenario->bot.lead_s = left_s > 0.0 ? left_s : 0.0;
    }
    scenario->trace.phase_s = (double)(meeting->onset_ns % MINUTE_NS) / 1e9;
    scenario->network.orders_base_ms = 0.001;
    scenario->network.orders_draw_ms = 0.0;
    scenario->network.processing_ms = 0.0;
}

bool live_meet(struct live_meeting *meeting, const struct weir_live_plan *plan,
               const struct weir_trace *trace, struct weir_scenario *scenario,
               struct weir_live_error *error) {
    *meeting = (struct live_meeting){.plan = plan};
    if (scenario->foreign.dashboards > 0 || scenario->foreign.second_bot) {
        return fails(error, WEIR_LIVE_WRONG_USE,
                     "foreign.dashboards and foreign.second_bot are the simulator's: a live run "
                     "meets the foreign load that is there");
    }
    if (!read_addresses(meeting, error) || !settle_onset(meeting, trace, scenario, error)) {
        return false;
    }
    settle_scenario(meeting, scenario);
    return true;
}

void live_meeting_end(struct live_meeting *meeting) {
    free(meeting->precisions);
    meeting->precisions = NULL;
}
