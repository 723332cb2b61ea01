#include "policy_guide.h"

#define VOLUME_SPAN_S 10.0
#define VOLUME_MICRO_USD INT64_C(1000000000000) // 1,000,000 USD
#define LIQUIDATION_S 300.0
#define DROP_SPAN_S 30.0
#define DROP_PCT 2.0
#define NOTIONAL_MAX_USD 1e9 // of one liquidation, for the sum not to overflow

static const struct guide_sighting *sighting(const struct guide_detector *detector,
                                             uint64_t number) {
    return &detector->sightings[number % GUIDE_SIGHTINGS_MAX];
}

static void forget_oldest(struct guide_detector *detector) {
    detector->volume_micro_usd -= sighting(detector, detector->volume_from)->micro_usd;
    detector->volume_from++;
}

static int64_t micro_usd_of(double notional_usd) {
    if (!(notional_usd > 0)) {
        return 0;
    }
    return (int64_t)((notional_usd < NOTIONAL_MAX_USD ? notional_usd : NOTIONAL_MAX_USD) * 1e6 +
                     0.5);
}

static void remember(struct guide_detector *detector, double now_s,
                     const struct weir_observation *seen) {
    if (detector->seen - detector->volume_from == GUIDE_SIGHTINGS_MAX) {
        forget_oldest(detector);
    }
    const struct guide_sighting new = {.time_s = now_s,
                                       .price = seen->price,
                                       .micro_usd = micro_usd_of(seen->notional_usd),
                                       .symbol = seen->symbol};
    detector->sightings[detector->seen % GUIDE_SIGHTINGS_MAX] = new;
    detector->volume_micro_usd += new.micro_usd;
    detector->seen++;
    while (sighting(detector, detector->volume_from)->time_s < now_s - VOLUME_SPAN_S) {
        forget_oldest(detector);
    }
}

/** How far the price of the liquidation's symbol is below its highest of the last 30 s, in
 *  percent. */
static double price_drop_pct(const struct guide_detector *detector, double now_s,
                             const struct weir_observation *seen) {
    double highest = seen->price;
    const uint64_t kept =
        detector->seen < GUIDE_SIGHTINGS_MAX ? detector->seen : GUIDE_SIGHTINGS_MAX;
    for (uint64_t number = detector->seen; number-- > detector->seen - kept;) {
        const struct guide_sighting *earlier = sighting(detector, number);
        if (earlier->time_s < now_s - DROP_SPAN_S) {
            break;
        }
        if (earlier->symbol == seen->symbol && earlier->price > highest) {
            highest = earlier->price;
        }
    }
    return highest > 0 ? (highest - seen->price) / highest * 100 : 0;
}

void guide_detect_cascade(struct guide_limiter *limiter, const struct weir_observation *seen) {
    struct guide_detector *detector = &limiter->detector;
    const double now_s = guide_seconds(seen->now_ns);
    remember(detector, now_s, seen);
    if (limiter->liquidation || detector->volume_micro_usd <= VOLUME_MICRO_USD) {
        return; // a mode that is on is not extended, so the price need not be looked at
    }
    if (price_drop_pct(detector, now_s, seen) > DROP_PCT) {
        guide_enable_liquidation(limiter, seen->now_ns, LIQUIDATION_S, "volume");
    }
}
