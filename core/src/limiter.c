#include <assert.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>

#include "errors.h"
#include "limiter_state.h"
#include "options.h"

#define INTERVAL_MAX_NS INT64_C(34560000000000000) // 400 days
#define LIMIT_MAX INT64_C(1000000000)
#define OPEN_MAX (UINT32_C(1) << 24)
#define MODE_MAX_NS INT64_C(86400000000000) // one day

/** Where an open request is. */
enum place {
    PLACE_QUEUED,
    PLACE_ON_THE_WIRE
};

static enum weir_status check_limits(const struct weir_config *config, struct weir_error *error) {
    if (!config->limits || config->limit_count == 0 || config->limit_count > WEIR_LIMITS_MAX) {
        return weir_fail(error, WEIR_INVALID, "a limiter needs 1 to %d limits, not %zu",
                         WEIR_LIMITS_MAX, config->limits ? config->limit_count : 0);
    }
    for (size_t i = 0; i < config->limit_count; i++) {
        const struct weir_limit *limit = &config->limits[i];
        if (limit->type != WEIR_LIMIT_WEIGHT && limit->type != WEIR_LIMIT_ORDERS) {
            return weir_fail(error, WEIR_INVALID,
                             "limit number %zu is on neither weight nor orders", i + 1);
        }
        if (limit->limit < 1 || limit->limit > LIMIT_MAX || limit->interval_ns < 1 ||
            limit->interval_ns > INTERVAL_MAX_NS) {
            return weir_fail(error, WEIR_INVALID,
                             "limit number %zu is %lld in %lld ns; it must be 1 to 10^9 in 1 ns to "
                             "400 days",
                             i + 1, (long long)limit->limit, (long long)limit->interval_ns);
        }
    }
    return WEIR_OK;
}

static enum weir_status check_policy(const struct weir_policy *policy, struct weir_error *error) {
    if (!policy || policy->abi != WEIR_POLICY_ABI || policy->size < sizeof *policy) {
        return weir_fail(error, WEIR_INVALID,
                         "the policy is of interface version %u; this library speaks %u",
                         policy ? policy->abi : 0, WEIR_POLICY_ABI);
    }
    if (!policy->name || !policy->options || !policy->create || !policy->destroy ||
        !policy->submit || !policy->settle) {
        return weir_fail(error, WEIR_INVALID,
                         "the policy lacks a name, options, create, destroy, submit or settle");
    }
    return WEIR_OK;
}

static enum weir_status check_config(const struct weir_policy *policy,
                                     const struct weir_config *config, struct weir_error *error) {
    enum weir_status status = check_policy(policy, error);
    if (status != WEIR_OK) {
        return status;
    }
    if (!config || config->max_open < 1 || config->max_open > OPEN_MAX) {
        return weir_fail(error, WEIR_INVALID, "max_open is %u; it must be 1 to %u",
                         config ? config->max_open : 0, OPEN_MAX);
    }
    if (config->now_ns < 0 || config->now_ns > WEIR_TIME_MAX_NS) {
        return weir_fail(error, WEIR_INVALID, "now_ns is %lld; it must be 0 to 4*10^18",
                         (long long)config->now_ns);
    }
    if (config->setting_count > 0 && !config->settings) {
        return weir_fail(error, WEIR_INVALID, "%zu settings are announced, but none given",
                         config->setting_count);
    }
    status = check_limits(config, error);
    return status != WEIR_OK ? status
                             : weir_options_check(policy->name, policy->options, config, error);
}

enum weir_status weir_limiter_create(const struct weir_policy *policy,
                                     const struct weir_config *config,
                                     struct weir_limiter **limiter, struct weir_error *error) {
    if (!limiter) {
        return weir_fail(error, WEIR_INVALID, "there is no place to return the limiter in");
    }
    *limiter = NULL;
    enum weir_status status = check_config(policy, config, error);
    if (status != WEIR_OK) {
        return status;
    }
    struct weir_limiter *made = calloc(1, sizeof *made);
    bool keeps_ids = (policy->flags & WEIR_POLICY_KEEPS_IDS) != 0;
    if (!made || (!keeps_ids && !weir_id_table_init(&made->places, config->max_open))) {
        free(made);
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for %u open requests", config->max_open);
    }
    made->policy = policy;
    made->keeps_ids = keeps_ids;
    made->max_open = config->max_open;
    made->now_ns = config->now_ns;
    made->recent.second_ends_ns = config->now_ns;
    struct weir_config own = *config;
    own.context = policy->context;
    status = policy->create(&own, &made->self, error);
    if (status != WEIR_OK) {
        weir_id_table_free(&made->places);
        free(made);
        return status;
    }
    *limiter = made;
    return WEIR_OK;
}

void weir_limiter_destroy(struct weir_limiter *limiter) {
    if (limiter) {
        limiter->policy->destroy(limiter->self);
        weir_id_table_free(&limiter->places);
        free(limiter);
    }
}

const struct weir_policy *weir_limiter_policy(const struct weir_limiter *limiter) {
    return limiter->policy;
}

uint32_t weir_open_requests(const struct weir_limiter *limiter) {
    return limiter->open_count;
}

int64_t weir_limiter_now(const struct weir_limiter *limiter) {
    return limiter->now_ns;
}

/** Whether a call may be at this time: not before an earlier one, nor out of range. */
static bool time_is_valid(const struct weir_limiter *limiter, int64_t now_ns) {
    return now_ns >= limiter->now_ns && now_ns <= WEIR_TIME_MAX_NS;
}

/** Takes over the time of a call; false if it may not be. */
static bool advance_to(struct weir_limiter *limiter, int64_t now_ns) {
    if (!time_is_valid(limiter, now_ns)) {
        return false;
    }
    limiter->now_ns = now_ns;
    return true;
}

/** Follows a request into the open ones. `entry` is its place in the table, if there is one. */
static void open_request(struct weir_limiter *limiter, uint64_t id, enum place place,
                         struct weir_id_entry *entry) {
    limiter->open_count++;
    if (entry) {
        weir_id_table_put(&limiter->places, entry, id, (uint64_t)place);
    }
}

/** Whether an open request is where it must be for a call; a policy that keeps ids tells itself. */
static bool is_in_place(const struct weir_limiter *limiter, uint64_t id, enum place place) {
    if (limiter->keeps_ids) {
        return true;
    }
    const uint64_t *found = weir_id_table_find(&limiter->places, id);
    return found && *found == (uint64_t)place;
}

/** A request is over. */
static void close_request(struct weir_limiter *limiter, uint64_t id) {
    assert(limiter->open_count > 0);
    limiter->open_count--;
    if (!limiter->keeps_ids) {
        (void)weir_id_table_remove(&limiter->places, id);
    }
}

/** The policy did what its interface does not allow. */
static enum weir_status break_down(struct weir_limiter *limiter, const char *what) {
    limiter->broken = true;
    (void)snprintf(limiter->failure, sizeof limiter->failure, "policy %s %s", limiter->policy->name,
                   what);
    return WEIR_BROKEN;
}

/** Remembers a failure that the policy itself reported. */
static enum weir_status pass_on(struct weir_limiter *limiter, enum weir_status status) {
    limiter->broken = limiter->broken || status == WEIR_BROKEN;
    return status;
}

static bool request_is_valid(const struct weir_request *request) {
    return request && request->id != 0 && request->priority >= WEIR_CRITICAL &&
           request->priority <= WEIR_LOW && request->value >= 0 && request->value <= DBL_MAX;
}

/** Checks the policy's answer against its interface and books the request as open. */
static enum weir_status accept_answer(struct weir_limiter *limiter,
                                      const struct weir_request *request,
                                      const struct weir_decision *decision,
                                      struct weir_id_entry *entry) {
    switch (decision->answer) {
    case WEIR_SEND:
        if (!request->can_send) {
            return break_down(limiter, "answered send although no connection was free");
        }
        open_request(limiter, request->id, PLACE_ON_THE_WIRE, entry);
        weir_count_sent(limiter, decision->booked_weight, decision->booked_orders);
        return WEIR_OK;
    case WEIR_QUEUE:
        if (!request->may_queue || !limiter->policy->next) {
            return break_down(limiter, "answered queue where it may not");
        }
        open_request(limiter, request->id, PLACE_QUEUED, entry);
        limiter->totals.queued++;
        return WEIR_OK;
    case WEIR_HOLD:
        if (!request->can_send || decision->until_ns <= limiter->now_ns) {
            return break_down(limiter, "answered hold without a connection or until the past");
        }
        limiter->totals.held++;
        return WEIR_OK;
    case WEIR_REFUSE:
        if ((unsigned)decision->reason >= WEIR_REASONS) {
            return break_down(limiter, "refused for a reason that does not exist");
        }
        limiter->totals.refused[decision->reason]++;
        return WEIR_OK;
    }
    return break_down(limiter, "gave an answer that does not exist");
}

static enum weir_status decide(struct weir_limiter *limiter, int64_t now_ns,
                               const struct weir_request *request, struct weir_decision *decision) {
    if (limiter->broken) {
        return WEIR_BROKEN;
    }
    struct weir_id_entry *entry =
        limiter->keeps_ids ? NULL : weir_id_table_seek(&limiter->places, request->id);
    if (entry && entry->id != 0) {
        return WEIR_DUPLICATE;
    }
    if (entry && limiter->open_count == limiter->max_open) {
        return WEIR_FULL;
    }
    if (!time_is_valid(limiter, now_ns)) {
        return WEIR_INVALID;
    }
    *decision = (struct weir_decision){.answer = WEIR_REFUSE};
    enum weir_status status = limiter->policy->submit(limiter->self, now_ns, request, decision);
    if (status != WEIR_OK) {
        return pass_on(limiter, status);
    }
    limiter->now_ns = now_ns;
    limiter->totals.submitted++;
    status = accept_answer(limiter, request, decision, entry);
    if (weir_has_subscribers(limiter)) {
        weir_notice_decision(limiter, request, decision);
        weir_deliver_events(limiter);
    }
    return status;
}

enum weir_status weir_submit(struct weir_limiter *limiter, int64_t now_ns,
                             const struct weir_request *request, struct weir_decision *decision) {
    if (!request_is_valid(request) || !decision) {
        return WEIR_INVALID;
    }
    return decide(limiter, now_ns, request, decision);
}

enum weir_status weir_try(struct weir_limiter *limiter, int64_t now_ns,
                          const struct weir_request *request, struct weir_decision *decision) {
    if (!request_is_valid(request) || !decision) {
        return WEIR_INVALID;
    }
    if (request->can_send && !request->may_queue) {
        return decide(limiter, now_ns, request, decision);
    }
    struct weir_request now_or_later = *request;
    now_or_later.can_send = true;
    now_or_later.may_queue = false;
    return decide(limiter, now_ns, &now_or_later, decision);
}

/** Delivers what a call caused, and passes on its status. */
static enum weir_status after_call(struct weir_limiter *limiter, enum weir_status status) {
    if (weir_has_subscribers(limiter)) {
        weir_deliver_events(limiter);
    }
    return status;
}

/** Checks what `next` found and follows the request's life. */
static enum weir_status accept_next(struct weir_limiter *limiter, uint32_t free_connections,
                                    const struct weir_next *next) {
    if (next->kind == WEIR_NEXT_NONE) {
        return next->ask_again_ns > limiter->now_ns
                   ? WEIR_OK
                   : break_down(limiter, "wants to be asked again in the past");
    }
    if (!is_in_place(limiter, next->id, PLACE_QUEUED)) {
        return break_down(limiter, "named a request that is not queued");
    }
    if (next->kind == WEIR_NEXT_DROP) {
        if ((unsigned)next->reason >= WEIR_REASONS) {
            return break_down(limiter, "dropped a request for a reason that does not exist");
        }
        close_request(limiter, next->id);
        limiter->totals.dropped[next->reason]++;
        return WEIR_OK;
    }
    if (free_connections == 0) {
        return break_down(limiter, "sent a queued request although no connection was free");
    }
    if (!limiter->keeps_ids) {
        *weir_id_table_find(&limiter->places, next->id) = PLACE_ON_THE_WIRE;
    }
    weir_count_sent(limiter, next->booked_weight, next->booked_orders);
    return WEIR_OK;
}

enum weir_status weir_next_request(struct weir_limiter *limiter, int64_t now_ns,
                                   uint32_t free_connections, struct weir_next *next) {
    if (limiter->broken) {
        return WEIR_BROKEN;
    }
    if (!next || !advance_to(limiter, now_ns)) {
        return WEIR_INVALID;
    }
    *next = (struct weir_next){.kind = WEIR_NEXT_NONE, .ask_again_ns = WEIR_NEVER};
    if (!limiter->policy->next) {
        return WEIR_OK;
    }
    enum weir_status status = limiter->policy->next(limiter->self, now_ns, free_connections, next);
    status =
        status != WEIR_OK ? pass_on(limiter, status) : accept_next(limiter, free_connections, next);
    return after_call(limiter, status);
}

static bool reply_is_valid(const struct weir_reply *reply) {
    return reply && reply->sent_ns >= 0 && reply->received_ns >= reply->sent_ns &&
           reply->received_ns <= WEIR_TIME_MAX_NS && (reply->headers || reply->header_count == 0) &&
           (reply->body || reply->body_length == 0);
}

enum weir_status weir_settle(struct weir_limiter *limiter, const struct weir_reply *reply,
                             struct weir_settlement *settlement) {
    if (limiter->broken) {
        return WEIR_BROKEN;
    }
    if (!reply_is_valid(reply) || !settlement) {
        return WEIR_INVALID;
    }
    if (!is_in_place(limiter, reply->id, PLACE_ON_THE_WIRE)) {
        return WEIR_NO_SUCH;
    }
    *settlement = (struct weir_settlement){0};
    enum weir_status status = limiter->policy->settle(limiter->self, reply, settlement);
    if (status == WEIR_NO_SUCH) {
        return status;
    }
    close_request(limiter, reply->id);
    weir_count_reply(limiter, reply);
    status = pass_on(limiter, status);
    if (weir_has_subscribers(limiter)) {
        weir_notice_reply(limiter, reply);
        weir_deliver_events(limiter);
    }
    return status;
}

enum weir_status weir_cancel(struct weir_limiter *limiter, int64_t now_ns, uint64_t id) {
    if (limiter->broken) {
        return WEIR_BROKEN;
    }
    if (!limiter->policy->cancel || !is_in_place(limiter, id, PLACE_QUEUED)) {
        return WEIR_NO_SUCH;
    }
    if (!time_is_valid(limiter, now_ns)) {
        return WEIR_INVALID;
    }
    enum weir_status status = limiter->policy->cancel(limiter->self, now_ns, id);
    if (status == WEIR_NO_SUCH) {
        return status;
    }
    limiter->now_ns = now_ns;
    close_request(limiter, id);
    limiter->totals.cancelled++;
    return after_call(limiter, pass_on(limiter, status));
}

enum weir_status weir_set_mode(struct weir_limiter *limiter, int64_t now_ns, enum weir_mode mode,
                               int64_t duration_ns) {
    if (limiter->broken) {
        return WEIR_BROKEN;
    }
    bool known = mode >= WEIR_MODE_NORMAL && mode <= WEIR_MODE_LIQUIDATION;
    bool lasts = mode == WEIR_MODE_NORMAL || duration_ns == WEIR_NEVER ||
                 (duration_ns >= 1 && duration_ns <= MODE_MAX_NS);
    if (!limiter->policy->set_mode || !known || !lasts || !time_is_valid(limiter, now_ns)) {
        return WEIR_INVALID;
    }
    limiter->now_ns = now_ns;
    enum weir_status status = limiter->policy->set_mode(limiter->self, now_ns, mode, duration_ns);
    return after_call(limiter, pass_on(limiter, status));
}

void weir_observe(struct weir_limiter *limiter, const struct weir_observation *observation) {
    if (!limiter->broken && limiter->policy->observe && observation) {
        limiter->policy->observe(limiter->self, observation);
        (void)after_call(limiter, WEIR_OK);
    }
}

size_t weir_save(struct weir_limiter *limiter, int64_t now_ns, void *buffer, size_t capacity) {
    if (limiter->broken || !limiter->policy->save || !advance_to(limiter, now_ns)) {
        return 0;
    }
    size_t size = limiter->policy->save(limiter->self, now_ns, buffer, buffer ? capacity : 0);
    (void)after_call(limiter, WEIR_OK);
    return size;
}

enum weir_status weir_restore(struct weir_limiter *limiter, int64_t now_ns, int64_t elapsed_ns,
                              const void *buffer, size_t size, struct weir_error *error) {
    if (limiter->broken) {
        return WEIR_BROKEN;
    }
    if (!limiter->policy->restore) {
        return weir_fail(error, WEIR_INVALID, "policy %s keeps no state", limiter->policy->name);
    }
    if (!buffer || elapsed_ns < 0 || elapsed_ns > WEIR_TIME_MAX_NS ||
        !advance_to(limiter, now_ns)) {
        return weir_fail(error, WEIR_INVALID,
                         "no data, a negative elapsed time, or a time before that of an earlier "
                         "call");
    }
    enum weir_status status =
        limiter->policy->restore(limiter->self, now_ns, elapsed_ns, buffer, size, error);
    return after_call(limiter, pass_on(limiter, status));
}

const char *weir_failure(struct weir_limiter *limiter) {
    if (limiter->failure[0] != '\0') {
        return limiter->failure;
    }
    const char *text = limiter->policy->failure ? limiter->policy->failure(limiter->self) : NULL;
    return text ? text : "";
}
