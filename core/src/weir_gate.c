#include <assert.h>

#include "weir_state.h"

#define FIRST_BAN_NS (2 * WEIR_MINUTE_NS) // the shortest and the longest ban that the
#define LONGEST_BAN_NS (3 * WEIR_DAY_NS)  // exchange's documents name

void weir_tell(struct weir *weir, const char *what, const char *value, const char *cause,
               double number, int64_t until_ns) {
    weir_event_ring_add(&weir->events, (struct weir_event){.time_ns = weir->now_ns,
                                                           .what = what,
                                                           .value = value,
                                                           .cause = cause,
                                                           .number = number,
                                                           .until_ns = until_ns});
}

struct weir_wait weir_gate_wait(const struct weir *weir) {
    const struct weir_gate *gate = &weir->gate;
    struct weir_wait wait = {.reason = WEIR_REASON_NONE, .until_ns = weir->now_ns};
    if (gate->hold_until_ns > wait.until_ns) {
        wait = (struct weir_wait){WEIR_REASON_BACKOFF, gate->hold_until_ns};
    }
    if (gate->ban_until_ns > wait.until_ns) {
        wait = (struct weir_wait){WEIR_REASON_BANNED, gate->ban_until_ns};
    }
    if (weir_gate_awaits_probe(weir) && wait.reason == WEIR_REASON_NONE) {
        int64_t answer_ns = gate->probe_sent_ns + weir->fastest_trip_ns;
        wait = (struct weir_wait){WEIR_REASON_BANNED, weir_later(answer_ns, weir->now_ns + 1)};
    }
    return wait;
}

void weir_gate_note_sent(struct weir *weir, uint64_t id) {
    if (weir->gate.probing) {
        assert(weir->gate.probe_id == 0);
        weir->gate.probe_id = id;
        weir->gate.probe_sent_ns = weir->now_ns;
        weir_tell(weir, "probe", "sent", "418", 0, WEIR_NEVER);
    }
}

/** Length of a ban of which nobody said how long it is: twice as long as the last. */
static int64_t guessed_ban_ns(const struct weir_gate *gate) {
    int64_t length_ns = FIRST_BAN_NS;
    for (int64_t i = 0; i < gate->bans && length_ns < LONGEST_BAN_NS; i++) {
        length_ns *= 2;
    }
    return weir_earlier(length_ns, LONGEST_BAN_NS);
}

/** `Retry-After` of a reply; false if it has none that can be read. */
static bool retry_after(const struct weir_reply *reply, int64_t *wait_ns) {
    for (size_t i = 0; i < reply->header_count; i++) {
        if (weir_header_is(reply->headers[i].name, "Retry-After") &&
            weir_parse_retry_after(reply->headers[i].value, wait_ns)) {
            return true;
        }
    }
    return false;
}

/** End of the ban by what the reply says, the later of two statements; 0 if it says nothing. */
static int64_t stated_ban_end(const struct weir *weir, const struct weir_reply *reply) {
    int64_t end_ns = 0;
    int64_t wait_ns = 0;
    if (retry_after(reply, &wait_ns)) {
        end_ns = reply->received_ns + wait_ns;
    }
    struct weir_error_body said = weir_parse_error_body(reply->body, reply->body_length);
    if (said.banned_until_ns > 0 && weir->clock.known) {
        int64_t until_ns = weir_clock_latest(&weir->clock, said.banned_until_ns);
        if (until_ns - weir->now_ns <= WEIR_LONGEST_WAIT_NS) {
            end_ns = weir_later(end_ns, until_ns);
        }
    }
    return end_ns;
}

static void note_418(struct weir *weir, const struct weir_reply *reply) {
    struct weir_gate *gate = &weir->gate;
    // Several requests on the wire learn of the same ban; only one that was sent after a ban was
    // known of can bring another.
    bool same_ban = gate->bans > 0 && reply->sent_ns < gate->ban_learned_ns;
    int64_t end_ns = stated_ban_end(weir, reply);
    if (!same_ban) {
        int64_t days = weir_later(weir->now_ns - gate->ban_until_ns, 0) / WEIR_DAY_NS;
        gate->bans = weir_later(gate->bans - days, 0);
        if (end_ns == 0) {
            end_ns = reply->received_ns + guessed_ban_ns(gate);
        }
        gate->bans++;
        gate->ban_learned_ns = weir->now_ns;
    }
    gate->probing = true;
    if (end_ns > gate->ban_until_ns) {
        gate->ban_until_ns = end_ns;
        weir_tell(weir, "ban", "on", "418", (double)gate->bans, end_ns);
    }
}

/** The limit that a 429 is about: of the type that was said, and the interval if that was said,
 *  else a minute, else the longest. */
static struct weir_window *violated(struct weir *weir, const struct weir_error_body *said) {
    bool orders = said->code == -1015 || said->about_orders;
    enum weir_limit_type type = orders ? WEIR_LIMIT_ORDERS : WEIR_LIMIT_WEIGHT;
    int64_t interval_ns = said->interval_ns > 0 ? said->interval_ns : WEIR_MINUTE_NS;
    struct weir_window *longest = NULL;
    for (size_t i = 0; i < weir->window_count; i++) {
        struct weir_window *window = &weir->windows[i];
        if (window->type == type && window->interval_ns == interval_ns) {
            return window;
        }
        if (!longest || (window->type == type && longest->type != type) ||
            (window->type == longest->type && window->interval_ns > longest->interval_ns)) {
            longest = window;
        }
    }
    return longest;
}

/** The exchange named a limit that is lower than the one that was configured. */
static void learn_stated_limit(struct weir *weir, struct weir_window *window,
                               const struct weir_error_body *said) {
    bool same_kind = said->about_orders == (window->type == WEIR_LIMIT_ORDERS) &&
                     (said->interval_ns == 0 || said->interval_ns == window->interval_ns);
    if (said->limit > 0 && said->limit < window->limit && same_kind) {
        window->limit = said->limit;
        weir_windows_set_caps(weir, window);
        weir_tell(weir, "limit", window->type == WEIR_LIMIT_WEIGHT ? "weight" : "orders", "429",
                  (double)said->limit, WEIR_NEVER);
    }
}

/** A 429 well below the known limit: in this window no more than what the exchange counts. */
static void learn_shown_limit(struct weir *weir, struct weir_window *window,
                              const struct weir_reply *reply, int64_t server_by_ns) {
    bool this_window = window->phased && server_by_ns >= window->number * window->interval_ns;
    if (!weir->use.headers || !this_window ||
        window->open + window->others.booked > window->limit / 10 * 9) {
        return;
    }
    for (size_t i = 0; i < reply->header_count; i++) {
        struct weir_usage usage;
        if (weir_parse_usage(&reply->headers[i], &usage) && usage.type == window->type &&
            usage.interval_ns == window->interval_ns && usage.used < window->limit) {
            window->shown = weir_earlier(window->shown, usage.used);
            weir_windows_set_caps(weir, window);
        }
    }
}

static void note_429(struct weir *weir, const struct weir_reply *reply, int64_t server_by_ns) {
    struct weir_error_body said = weir_parse_error_body(reply->body, reply->body_length);
    struct weir_window *window = violated(weir, &said);
    learn_stated_limit(weir, window, &said);
    learn_shown_limit(weir, window, reply, server_by_ns);
    int64_t wait_ns = 0;
    int64_t until_ns = retry_after(reply, &wait_ns)
                           ? reply->received_ns + wait_ns
                           : weir_window_over_ns(weir, window, server_by_ns);
    until_ns = weir_earlier(until_ns, weir->now_ns + WEIR_LONGEST_WAIT_NS);
    if (until_ns > weir->now_ns && until_ns > weir->gate.hold_until_ns) {
        weir->gate.hold_until_ns = until_ns;
        weir_tell(weir, "hold", "on", "429", 0, until_ns);
    }
}

void weir_gate_note_reply(struct weir *weir, const struct weir_reply *reply, int64_t server_by_ns) {
    struct weir_gate *gate = &weir->gate;
    bool is_probe = gate->probe_id == reply->id;
    if (is_probe) {
        gate->probe_id = 0;
    }
    if (reply->lost) {
        return; // says nothing: a lost probe is followed by another
    }
    if (reply->status == 418 && weir->use.bans) {
        note_418(weir, reply);
    } else if (reply->status == 429) {
        if (weir->use.backoff) {
            note_429(weir, reply, server_by_ns);
        }
    } else if (is_probe) {
        gate->probing = false;
        weir_tell(weir, "ban", "over", "probe", 0, WEIR_NEVER);
    }
}
