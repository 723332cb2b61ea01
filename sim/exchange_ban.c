/**
 * From warnings to bans: strikes, the ladder of lengths, its decay.
 */
#include "exchange_ban.h"

#include <assert.h>

/* The ladder goes back one step for each whole ban_decay_ns since the last ban ended. */
static void decay(struct exchange_ban *ban, const struct weir_exchange_rules *rules,
                  int64_t now_ns) {
    const int64_t steps = (now_ns - ban->until_ns) / rules->ban_decay_ns;
    ban->next_step = steps < ban->next_step ? ban->next_step - (int32_t)steps : 0;
}

static void begin(struct exchange_ban *ban, const struct weir_exchange_rules *rules,
                  int64_t now_ns) {
    decay(ban, rules, now_ns);
    assert(0 <= ban->next_step && ban->next_step < rules->ban_step_count);
    ban->length_ns = rules->ban_steps_ns[ban->next_step];
    ban->until_ns = now_ns + ban->length_ns;
    if (ban->next_step + 1 < rules->ban_step_count) {
        ban->next_step++;
    }
    ban->strike_count = 0; /* the ring may begin anywhere */
}

static void remember(struct exchange_ban *ban, int32_t places, int64_t now_ns) {
    ban->strikes[ban->strike_next] = now_ns;
    ban->strike_next = ban->strike_next + 1 == places ? 0 : ban->strike_next + 1;
    if (ban->strike_count < places) {
        ban->strike_count++;
    }
}

bool exchange_ban_strike(struct exchange_ban *ban, const struct weir_exchange_rules *rules,
                         int64_t now_ns) {
    assert(!exchange_ban_holds(ban, now_ns));
    const int32_t places = rules->ban_after_429s - 1;
    const bool all_taken = ban->strike_count == places;
    if (places == 0 ||
        (all_taken && now_ns - ban->strikes[ban->strike_next] < rules->ban_window_ns)) {
        begin(ban, rules, now_ns);
        return true;
    }
    remember(ban, places, now_ns);
    return false;
}

void exchange_ban_extend(struct exchange_ban *ban, int64_t now_ns) {
    assert(exchange_ban_holds(ban, now_ns));
    ban->until_ns = now_ns + ban->length_ns;
}

void exchange_ban_reset(struct exchange_ban *ban) {
    int64_t *strikes = ban->strikes;
    *ban = (struct exchange_ban){.strikes = strikes};
}
