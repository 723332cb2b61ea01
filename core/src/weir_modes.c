#include "options.h"
#include "weir_state.h"

/** Lengths of a mode that was triggered, and the traffic that counts as high. */
#define LIQUIDATION_NS (300 * WEIR_SECOND_NS)
#define BURST_NS (180 * WEIR_SECOND_NS)
#define TRAFFIC_SPAN_NS (30 * WEIR_SECOND_NS)

const char *weir_mode_name(enum weir_mode mode) {
    static const char *const names[WEIR_MODES] = {"normal", "burst", "liquidation"};
    return names[mode];
}

struct weir_shares weir_modes_shares(const struct weir *weir) {
    return weir->modes.shares[weir->modes.mode];
}

static void enter(struct weir *weir, enum weir_mode mode, const char *cause, int64_t until_ns) {
    if (weir->modes.mode == mode) {
        return;
    }
    weir->modes.mode = mode;
    weir->quiet_until_ns = 0;
    for (size_t i = 0; i < weir->window_count; i++) {
        weir_windows_set_caps(weir, &weir->windows[i]);
    }
    weir_tell(weir, "mode", weir_mode_name(mode), cause, 0, until_ns);
}

void weir_modes_init(struct weir *weir, const struct weir_config *config) {
    struct weir_mode_state *modes = &weir->modes;
    weir_history_init(&modes->requests, TRAFFIC_SPAN_NS, config->now_ns);
    weir_detector_init(&modes->detector);
    for (size_t i = 0; i < WEIR_MODES; i++) {
        modes->until_ns[i] = INT64_MIN;
    }
}

enum weir_mode weir_modes_at(const struct weir_mode_state *modes, int64_t now_ns) {
    const int64_t *until_ns = modes->until_ns;
    if (until_ns[WEIR_MODE_LIQUIDATION] > now_ns) {
        return WEIR_MODE_LIQUIDATION;
    }
    return until_ns[WEIR_MODE_BURST] > now_ns ? WEIR_MODE_BURST : WEIR_MODE_NORMAL;
}

void weir_modes_advance(struct weir *weir) {
    struct weir_mode_state *modes = &weir->modes;
    if (!modes->by_hand && modes->mode != WEIR_MODE_NORMAL &&
        modes->until_ns[modes->mode] <= weir->now_ns) {
        enum weir_mode mode = weir_modes_at(modes, weir->now_ns);
        enter(weir, mode, "over", mode == WEIR_MODE_NORMAL ? WEIR_NEVER : modes->until_ns[mode]);
    }
}

int64_t weir_modes_end_ns(const struct weir_mode_state *modes) {
    bool ends = !modes->by_hand && modes->mode != WEIR_MODE_NORMAL;
    return ends ? modes->until_ns[modes->mode] : WEIR_NEVER;
}

/** A trigger: the mode begins or goes on, and lasts at least as long as it did before. */
static void trigger(struct weir *weir, enum weir_mode mode, int64_t length_ns, const char *cause) {
    int64_t *until_ns = &weir->modes.until_ns[mode];
    weir->modes.entered[mode] += *until_ns <= weir->now_ns;
    *until_ns = weir_later(*until_ns, weir->now_ns + length_ns);
    if (weir->modes.mode < mode) {
        enter(weir, mode, cause, *until_ns);
    }
}

/** Back to normal: what triggered other modes is forgotten, but may come again. */
static void reset(struct weir *weir) {
    for (size_t i = 0; i < WEIR_MODES; i++) {
        weir->modes.until_ns[i] = INT64_MIN;
    }
    enter(weir, WEIR_MODE_NORMAL, "manual", WEIR_NEVER);
}

bool weir_modes_set(struct weir *weir, enum weir_mode mode, int64_t duration_ns) {
    if (weir->modes.by_hand) {
        return false;
    }
    if (mode == WEIR_MODE_NORMAL) {
        reset(weir);
    } else if (duration_ns == WEIR_NEVER) {
        trigger(weir, mode, WEIR_NEVER - weir->now_ns, "manual");
    } else {
        trigger(weir, mode, duration_ns, "manual");
    }
    return true;
}

void weir_modes_note_request(struct weir *weir) {
    struct weir_mode_state *modes = &weir->modes;
    if (modes->by_hand) {
        return;
    }
    weir_history_add(&modes->requests, weir->now_ns, 1);
    if (modes->requests.total > modes->burst_requests) {
        trigger(weir, WEIR_MODE_BURST, BURST_NS, "traffic");
    }
}

void weir_modes_observe(struct weir *weir, const struct weir_observation *observation) {
    if (!weir->modes.by_hand && weir_detector_add(&weir->modes.detector, observation)) {
        trigger(weir, WEIR_MODE_LIQUIDATION, LIQUIDATION_NS, "cascade");
    }
}
