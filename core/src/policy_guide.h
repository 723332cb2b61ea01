#ifndef WEIR_CORE_POLICY_GUIDE_H
#define WEIR_CORE_POLICY_GUIDE_H

#include "event_ring.h"
#include "id_table.h"
#include "weir/stats.h"

/**
 * The inner parts of policy guide, a limiter of a published guide, rule by rule with its faults.
 * docs/guide-policy.md lists what was repaired and what was not: mend nothing else here.
 *
 * Inside, time is in double seconds, as the guide computes: a wait or an age is the difference of
 * two such numbers, with their rounding.
 */

#define GUIDE_QUEUE_MAX 100u
#define GUIDE_HISTORY_MAX 300u

/**
 * Most entries that a log holds; the guide's own grow without bound. A log decides by its sum
 * (against limits far below this) and by its oldest entry, so beyond this many replies a minute
 * only the waits that it tells differ.
 */
#define GUIDE_LOG_MAX 65536u

/** Something that was counted. */
struct guide_entry {
    double time_s;
    int32_t amount;
};

/** What was counted in the last minute, and what was not cleaned up yet; oldest first. */
struct guide_log {
    struct guide_entry *entries;
    uint32_t first;
    uint32_t count;
    int64_t sum;
};

/** A value that a header told: believed for ever. */
struct guide_header {
    bool seen;
    int64_t value;
};

enum guide_mode {
    GUIDE_MODE_NORMAL,
    GUIDE_MODE_BURST,
    GUIDE_MODE_LIQUIDATION
};
#define GUIDE_MODES 3

/** Limits in one mode: for critical requests, and for all others. */
struct guide_limits {
    int64_t requests;
    int64_t orders;
    int64_t normal_requests;
    int64_t normal_orders;
};

/** A request in the queue. */
struct guide_queued {
    uint64_t id;
    int32_t weight;
};

/** What the guide counts for its dashboard. */
struct guide_counts {
    uint64_t requests_sent;
    uint64_t requests_queued;
    uint64_t requests_dropped;
    uint64_t weight_used;
    uint64_t received_429;
    uint64_t throttle_delays;
    uint64_t burst_mode_activations;
    uint64_t liquidation_mode_activations;
};

/** A liquidation as the detector remembers it. */
struct guide_sighting {
    double time_s;
    double price;
    int64_t micro_usd;
    uint32_t symbol;
};

/** Most liquidations of the last 30 s that the detector remembers; beyond, the oldest give way. */
#define GUIDE_SIGHTINGS_MAX 32768u

struct guide_detector {
    struct guide_sighting *sightings;
    uint64_t seen;        /**< all that ever were; number n is at n % GUIDE_SIGHTINGS_MAX */
    uint64_t volume_from; /**< the oldest whose notional is in `volume_micro_usd` */
    int64_t volume_micro_usd;
};

/** The limiter: what the guide keeps in its class. */
struct guide_limiter {
    struct guide_limits limits_of[GUIDE_MODES];
    struct guide_limits limits; /**< of the mode that is on */
    bool burst;
    double burst_until_s;
    bool liquidation;
    double liquidation_until_s;
    struct guide_log weights;
    struct guide_log orders;
    struct guide_header weight_header;
    struct guide_header order_header;
    int consecutive_429s;
    bool banned;
    double ban_until_s;
    double throttle_factor;
    double last_throttle_update_s;
    double peak_usage_pct;
    double history_s[GUIDE_HISTORY_MAX]; /**< times of the last replies */
    uint32_t history_next;
    uint32_t history_count;
    struct guide_counts stats;
    struct guide_detector detector;
    struct weir_event_ring events;
};

/** Answer of a check. */
struct guide_verdict {
    bool allowed;
    enum weir_reason reason; /**< why not */
    double wait_s;           /**< not allowed: the wait that is told, above 0 */
};

/** `now_ns` as the guide's clock tells it. */
double guide_seconds(int64_t now_ns);

/** What the guide's table and code make of a request, whatever it really costs. */
int32_t guide_weight(weir_endpoint endpoint, struct weir_params params);

/** Makes the limiter; its clock starts at `now_s`. False: no memory. */
bool guide_limiter_init(struct guide_limiter *limiter, double now_s);
void guide_limiter_free(struct guide_limiter *limiter);

/** Sets the shares of a mode that are never used (`buffer`) and kept for critical requests. */
void guide_limits_set(struct guide_limiter *limiter, enum guide_mode mode, double buffer,
                      double reserve);

/** May a request of this weight go? Forgets what is older than a minute, and a ban that is over. */
struct guide_verdict guide_can_make_request(struct guide_limiter *limiter, double now_s,
                                            int32_t weight, bool critical);

/** May an order be placed? */
struct guide_verdict guide_can_place_order(struct guide_limiter *limiter, double now_s,
                                           bool critical);

void guide_record_request(struct guide_limiter *limiter, double now_s, int32_t weight);
void guide_record_order(struct guide_limiter *limiter, double now_s);

/** Share of the limit that was used, 0 to 100. */
double guide_usage_pct(const struct guide_limiter *limiter);

/** The factor by which requests are delayed; renewed at most every five seconds. */
double guide_throttle_factor(struct guide_limiter *limiter, int64_t now_ns);

/** Takes the counts from a reply's headers. */
void guide_parse_headers(struct guide_limiter *limiter, const struct weir_reply *reply);

/** Reacts to a status. Returns how many seconds the caller sleeps: above 0 after a 429. */
int guide_handle_status(struct guide_limiter *limiter, int64_t now_ns, int status);

/** What the monitor does each second. */
void guide_monitor_tick(struct guide_limiter *limiter, int64_t tick_ns);

/** Requests in the time before, of the last 300. */
uint32_t guide_recent_requests(const struct guide_limiter *limiter, double now_s, double span_s);

/** The guide's own statistics, field by field as it computes them; what it does not compute stays
 *  as it is. */
void guide_stats(const struct guide_limiter *limiter, double now_s, struct weir_stats *stats);

/** Switches liquidation mode on unless it is on. */
void guide_enable_liquidation(struct guide_limiter *limiter, int64_t now_ns, double duration_s,
                              const char *cause);
/** Burst mode on for that long, unless it is on. */
void guide_enable_burst(struct guide_limiter *limiter, int64_t now_ns, double duration_s,
                        const char *cause);
/** Both modes off. */
void guide_reset_modes(struct guide_limiter *limiter, int64_t now_ns);

/** A liquidation was seen: switches liquidation mode on if it completes a cascade. */
void guide_detect_cascade(struct guide_limiter *limiter, const struct weir_observation *seen);

#endif
