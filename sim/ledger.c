#include "ledger.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

bool weir_ledger_open(struct weir_ledger *ledger, size_t opportunity_count) {
    memset(ledger, 0, sizeof *ledger);
    ledger->opportunity_count = opportunity_count;
    ledger->request_capacity = 3 * opportunity_count + 1024;
    ledger->decision_capacity = 4 * opportunity_count + 1024;
    ledger->state_capacity = 256;
    ledger->ban_capacity = 16;
    ledger->bans = calloc(ledger->ban_capacity, sizeof *ledger->bans);
    ledger->opportunities = calloc(opportunity_count + 1, sizeof *ledger->opportunities);
    ledger->requests = calloc(ledger->request_capacity, sizeof *ledger->requests);
    ledger->decisions = calloc(ledger->decision_capacity, sizeof *ledger->decisions);
    ledger->states = calloc(ledger->state_capacity, sizeof *ledger->states);
    if (!ledger->opportunities || !ledger->requests || !ledger->decisions || !ledger->states ||
        !ledger->bans) {
        weir_ledger_close(ledger);
        return false;
    }
    return true;
}

void weir_ledger_close(struct weir_ledger *ledger) {
    free(ledger->opportunities);
    free(ledger->requests);
    free(ledger->decisions);
    free(ledger->states);
    free(ledger->bans);
    memset(ledger, 0, sizeof *ledger);
}

/** Makes room for one more element. A run that needs this is unusual, so it may take memory. */
static void *grown(struct weir_ledger *ledger, void *array, size_t count, size_t *capacity,
                   size_t size) {
    if (count < *capacity) {
        return array;
    }
    const size_t more = 2 * *capacity + 16;
    void *bigger = realloc(array, more * size);
    if (!bigger) {
        ledger->out_of_memory = true;
        return NULL;
    }
    *capacity = more;
    return bigger;
}

struct weir_request_record *weir_ledger_add_request(struct weir_ledger *ledger) {
    struct weir_request_record *requests =
        grown(ledger, ledger->requests, ledger->request_count, &ledger->request_capacity,
              sizeof *ledger->requests);
    if (!requests) {
        return NULL;
    }
    assert(ledger->request_count < UINT32_MAX);
    ledger->requests = requests;
    struct weir_request_record *r = &ledger->requests[ledger->request_count++];
    *r = (struct weir_request_record){.id = (uint32_t)ledger->request_count,
                                      .opportunity = WEIR_NO_OPPORTUNITY,
                                      .first_decision = NONE,
                                      .last_decision = NONE,
                                      .symbol = WEIR_NO_VALUE,
                                      .header_weight = WEIR_NO_VALUE,
                                      .header_orders = WEIR_NO_VALUE,
                                      .header_orders_10s = WEIR_NO_VALUE,
                                      .retry_after_s = WEIR_NO_VALUE,
                                      .connection = WEIR_NO_VALUE,
                                      .attempt = 1,
                                      .deadline_ns = WEIR_NEVER};
    return r;
}

struct weir_request_record *weir_ledger_request(struct weir_ledger *ledger, uint32_t id) {
    assert(id > 0 && id <= ledger->request_count);
    return &ledger->requests[id - 1];
}

void weir_ledger_add_decision(struct weir_ledger *ledger, uint32_t id, int64_t now_ns,
                              uint8_t answer, enum weir_reason reason, int64_t until_ns) {
    void *decisions = grown(ledger, ledger->decisions, ledger->decision_count,
                            &ledger->decision_capacity, sizeof *ledger->decisions);
    if (!decisions) {
        return;
    }
    ledger->decisions = decisions;
    const uint32_t position = (uint32_t)ledger->decision_count++;
    ledger->decisions[position] =
        (struct weir_decision_record){now_ns, until_ns, NONE, answer, (uint8_t)reason};
    struct weir_request_record *r = weir_ledger_request(ledger, id);
    if (r->first_decision == NONE) {
        r->first_decision = position;
    } else {
        ledger->decisions[r->last_decision].next = position;
    }
    r->last_decision = position;
}

void weir_ledger_add_state(struct weir_ledger *ledger, uint8_t client,
                           const struct weir_event *event) {
    void *states = grown(ledger, ledger->states, ledger->state_count, &ledger->state_capacity,
                         sizeof *ledger->states);
    if (states) {
        ledger->states = states;
        ledger->states[ledger->state_count++] = (struct weir_state_record){*event, client};
    }
}

void weir_ledger_add_ban(struct weir_ledger *ledger, int64_t now_ns, int64_t until_ns) {
    struct weir_ban_record *last = ledger->ban_count ? &ledger->bans[ledger->ban_count - 1] : NULL;
    if (last && now_ns < last->until_ns) {
        last->until_ns = until_ns > last->until_ns ? until_ns : last->until_ns;
        return;
    }
    void *bans =
        grown(ledger, ledger->bans, ledger->ban_count, &ledger->ban_capacity, sizeof *ledger->bans);
    if (bans) {
        ledger->bans = bans;
        ledger->bans[ledger->ban_count++] = (struct weir_ban_record){now_ns, until_ns};
    }
}

enum weir_cause weir_longest_wait(const struct weir_opportunity_record *opportunity) {
    int longest = WEIR_CAUSE_POLICY;
    for (int cause = 0; cause < WEIR_CAUSES; cause++) {
        longest = opportunity->waits_ns[cause] > opportunity->waits_ns[longest] ? cause : longest;
    }
    return (enum weir_cause)longest;
}

static bool complain(char *text, size_t size, const char *what, size_t index) {
    snprintf(text, size, "the ledger does not add up: %s (number %zu)", what, index);
    return false;
}

static int expected_status_class(enum weir_outcome outcome) {
    switch (outcome) {
    case WEIR_OUTCOME_OK:
        return 2;
    case WEIR_OUTCOME_LIMITED:
    case WEIR_OUTCOME_BANNED:
    case WEIR_OUTCOME_INVALID:
        return 4;
    case WEIR_OUTCOME_UNAVAILABLE:
        return 5;
    case WEIR_OUTCOME_OPEN:
    case WEIR_OUTCOME_TIMEOUT:
    case WEIR_OUTCOME_REFUSED:
    case WEIR_OUTCOME_EXPIRED:
    case WEIR_OUTCOME_UNFINISHED:
        break;
    }
    return 0;
}

/** Whether a request's outcome and its answer belong together. */
static bool outcome_fits(const struct weir_request_record *r) {
    const enum weir_outcome outcome = (enum weir_outcome)r->outcome;
    return r->status / 100 == expected_status_class(outcome) &&
           (r->status == 429) == (outcome == WEIR_OUTCOME_LIMITED) &&
           (r->status == 418) == (outcome == WEIR_OUTCOME_BANNED);
}

static bool check_request(const struct weir_request_record *r, char *text, size_t size) {
    if (r->outcome == WEIR_OUTCOME_OPEN) {
        return complain(text, size, "a request has no final state", r->id);
    }
    if (!outcome_fits(r)) {
        return complain(text, size, "a request's outcome and its answer disagree", r->id);
    }
    const bool unsent = r->outcome == WEIR_OUTCOME_REFUSED || r->outcome == WEIR_OUTCOME_EXPIRED;
    if (unsent && r->sent_ns) {
        return complain(text, size, "a request was refused or expired, and yet sent", r->id);
    }
    if (!unsent && !r->sent_ns && r->outcome != WEIR_OUTCOME_UNFINISHED) {
        return complain(text, size, "a request ended at the exchange but was not sent", r->id);
    }
    if (r->status && (!r->arrived_ns || !r->answered_ns)) {
        return complain(text, size, "a request was answered but never arrived", r->id);
    }
    if (!r->arrived_ns && (r->charged_weight || r->charged_orders)) {
        return complain(text, size, "a request was charged but never arrived", r->id);
    }
    if ((r->sent_ns && r->sent_ns < r->submitted_ns) ||
        (r->arrived_ns && r->arrived_ns < r->sent_ns) ||
        (r->answered_ns && r->answered_ns < r->arrived_ns)) {
        return complain(text, size, "a request's times run backwards", r->id);
    }
    return true;
}

/** Whether an opportunity's entry is its own and explains its acceptance. */
static bool entry_fits(const struct weir_ledger *ledger, size_t i) {
    const struct weir_opportunity_record *o = &ledger->opportunities[i];
    if (!o->entry_request) {
        return !o->accepted_ns;
    }
    if (o->entry_request > ledger->request_count) {
        return false;
    }
    const struct weir_request_record *r = &ledger->requests[o->entry_request - 1];
    return r->opportunity == i &&
           (!o->accepted_ns || (r->arrived_ns && r->arrived_ns <= o->accepted_ns));
}

static bool check_opportunity(const struct weir_ledger *ledger, size_t i, char *text, size_t size) {
    const struct weir_opportunity_record *o = &ledger->opportunities[i];
    if (o->state == WEIR_STATE_OPEN) {
        return complain(text, size, "an opportunity has no final state", i);
    }
    if (!entry_fits(ledger, i)) {
        return complain(text, size, "an opportunity and its entry disagree", i);
    }
    const bool in_time = o->accepted_ns <= o->time_ns + ledger->facts.opportunity_window_ns;
    const enum weir_state accepted = in_time ? WEIR_STATE_CAPTURED : WEIR_STATE_LATE;
    if (o->accepted_ns ? o->state != accepted : o->state == WEIR_STATE_CAPTURED) {
        return complain(text, size, "an opportunity's state and its acceptance disagree", i);
    }
    if ((o->filled_ns && (!o->accepted_ns || o->filled_ns < o->accepted_ns)) ||
        (o->protected_ns && (!o->filled_ns || o->protected_ns < o->filled_ns))) {
        return complain(text, size, "an opportunity was filled or protected out of order", i);
    }
    for (int cause = 0; cause < WEIR_CAUSES; cause++) {
        if (o->waits_ns[cause] < 0) {
            return complain(text, size, "an opportunity waited a negative time", i);
        }
    }
    return true;
}

bool weir_ledger_check(const struct weir_ledger *ledger, char *text, size_t size) {
    if (ledger->out_of_memory) {
        snprintf(text, size, "out of memory for the ledger");
        return false;
    }
    for (size_t i = 0; i < ledger->request_count; i++) {
        if (!check_request(&ledger->requests[i], text, size)) {
            return false;
        }
    }
    for (size_t i = 0; i < ledger->opportunity_count; i++) {
        if (!check_opportunity(ledger, i, text, size)) {
            return false;
        }
    }
    return true;
}

const char *weir_state_name(enum weir_state state) {
    static const char *const names[WEIR_STATES] = {"open",    "captured", "late", "refused",
                                                   "expired", "rejected", "lost"};
    return names[state];
}

const char *weir_cause_name(enum weir_cause cause) {
    static const char *const names[WEIR_CAUSES] = {
        "feed", "connections", "delay", "weight", "orders", "hold", "ban", "policy", "exchange"};
    return names[cause];
}

const char *weir_outcome_name(enum weir_outcome outcome) {
    static const char *const names[WEIR_OUTCOMES] = {"open",    "ok",          "limited", "banned",
                                                     "invalid", "unavailable", "timeout", "refused",
                                                     "expired", "unfinished"};
    return names[outcome];
}

const char *weir_client_name(enum weir_client client) {
    static const char *const names[] = {"bot", "second-bot", "dashboard"};
    return names[client];
}

enum weir_cause weir_cause_of_reason(enum weir_reason reason) {
    switch (reason) {
    case WEIR_REASON_WEIGHT:
        return WEIR_CAUSE_WEIGHT;
    case WEIR_REASON_ORDERS:
        return WEIR_CAUSE_ORDERS;
    case WEIR_REASON_BACKOFF:
        return WEIR_CAUSE_HOLD;
    case WEIR_REASON_BANNED:
        return WEIR_CAUSE_BAN;
    case WEIR_REASON_CONNECTION:
        return WEIR_CAUSE_CONNECTIONS;
    case WEIR_REASON_DEADLINE:
        return WEIR_CAUSE_DELAY;
    case WEIR_REASON_NONE:
    case WEIR_REASON_OUTBID:
    case WEIR_REASON_QUEUE_FULL:
    case WEIR_REASON_PACE:
    case WEIR_REASON_ORDERING:
        break;
    }
    return WEIR_CAUSE_POLICY;
}
