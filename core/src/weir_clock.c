#include "weir_state.h"

/** Two quartz clocks drift apart by less than 1 in 50,000 (20 ppm). */
#define DRIFT 50000

static int64_t drift(const struct weir_clock *clock, int64_t now_ns) {
    if (!clock->drifts || now_ns <= clock->since_ns) {
        return 0;
    }
    return (now_ns - clock->since_ns) / DRIFT + 1;
}

int64_t weir_clock_low(const struct weir_clock *clock, int64_t now_ns) {
    return clock->low_ns - drift(clock, now_ns);
}

int64_t weir_clock_high(const struct weir_clock *clock, int64_t now_ns) {
    return clock->high_ns + drift(clock, now_ns);
}

int64_t weir_clock_earliest(const struct weir_clock *clock, int64_t server_ns) {
    int64_t without_drift = server_ns - clock->high_ns;
    return without_drift - drift(clock, without_drift);
}

int64_t weir_clock_latest(const struct weir_clock *clock, int64_t server_ns) {
    int64_t without_drift = server_ns - clock->low_ns;
    if (!clock->drifts || without_drift <= clock->since_ns) {
        return without_drift;
    }
    // The bound recedes while it is waited for, so this divides by one less.
    return without_drift + (without_drift - clock->since_ns) / (DRIFT - 1) + 2;
}

enum weir_clock_change weir_clock_update(struct weir_clock *clock, int64_t sent_ns,
                                         int64_t received_ns, int64_t server_ns) {
    // Written at a moment from sent to received, when the exchange's clock showed the second.
    int64_t now_ns = weir_later(received_ns, clock->since_ns);
    int64_t since_then = (now_ns - sent_ns) / DRIFT + 1;
    int64_t low_ns = server_ns - received_ns - since_then;
    int64_t high_ns = server_ns + WEIR_SECOND_NS - sent_ns + since_then;
    int64_t old_low_ns = weir_clock_low(clock, now_ns);
    int64_t old_high_ns = weir_clock_high(clock, now_ns);
    if (!clock->known || low_ns > old_high_ns || high_ns < old_low_ns) {
        *clock = (struct weir_clock){.known = true,
                                     .drifts = true,
                                     .low_ns = low_ns,
                                     .high_ns = high_ns,
                                     .since_ns = now_ns};
        return WEIR_CLOCK_RESTARTED;
    }
    if (low_ns <= old_low_ns && high_ns >= old_high_ns) {
        return WEIR_CLOCK_SAME;
    }
    clock->low_ns = weir_later(low_ns, old_low_ns);
    clock->high_ns = weir_earlier(high_ns, old_high_ns);
    clock->since_ns = now_ns;
    return WEIR_CLOCK_NARROWED;
}
