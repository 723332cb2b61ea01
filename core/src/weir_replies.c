#include "weir_state.h"

/** Round trips are remembered as a minimum that rises, and a maximum that falls, by these shares of
 *  the difference with every reply: fast enough for a crash, in which everything slows down. */
#define FASTEST_RISES 64
#define SLOWEST_FALLS 256
#define MEAN_FOLLOWS 16

#define LONGEST_TRIP_NS WEIR_MINUTE_NS
#define LATE_SPAN_MIN_NS WEIR_SECOND_NS

int64_t weir_fast_way_ns(const struct weir *weir) {
    return weir->fastest_trip_ns / 2;
}

int64_t weir_late_span_ns(const struct weir *weir) {
    return weir_later(weir->slowest_trip_ns, LATE_SPAN_MIN_NS);
}

static void note_trip(struct weir *weir, int64_t trip_ns) {
    trip_ns = weir_earlier(trip_ns, LONGEST_TRIP_NS);
    weir->mean_trip_ns = weir->slowest_trip_ns == 0
                             ? trip_ns
                             : weir->mean_trip_ns + (trip_ns - weir->mean_trip_ns) / MEAN_FOLLOWS;
    if (weir->slowest_trip_ns == 0 || trip_ns < weir->fastest_trip_ns) {
        weir->fastest_trip_ns = trip_ns;
    } else {
        weir->fastest_trip_ns += (trip_ns - weir->fastest_trip_ns) / FASTEST_RISES;
    }
    if (trip_ns > weir->slowest_trip_ns) {
        weir->slowest_trip_ns = trip_ns;
    } else {
        weir->slowest_trip_ns -= (weir->slowest_trip_ns - trip_ns) / SLOWEST_FALLS;
    }
}

/** `Date` of a reply; false if it has none that can be read. */
static bool date_of(const struct weir_reply *reply, int64_t *server_ns) {
    for (size_t i = 0; i < reply->header_count; i++) {
        if (weir_header_is(reply->headers[i].name, "Date") &&
            weir_parse_http_date(reply->headers[i].value, server_ns)) {
            return true;
        }
    }
    return false;
}

/** When the request arrived, on the exchange's clock. */
struct arrival {
    int64_t from_ns;
    int64_t by_ns;
};

static struct arrival arrival_of(const struct weir *weir, const struct weir_reply *reply,
                                 bool dated, int64_t server_ns) {
    struct arrival arrival = {.from_ns = INT64_MIN, .by_ns = WEIR_NEVER};
    if (weir->clock.known) {
        arrival.from_ns = reply->sent_ns + weir_clock_low(&weir->clock, weir->now_ns);
        arrival.by_ns = reply->received_ns + weir_clock_high(&weir->clock, weir->now_ns);
    }
    if (dated) {
        arrival.by_ns = weir_earlier(arrival.by_ns, server_ns + WEIR_SECOND_NS - 1);
    }
    return arrival;
}

static void read_usage(struct weir *weir, const struct weir_slot *slot,
                       const struct weir_reply *reply, struct arrival arrival) {
    for (size_t i = 0; i < reply->header_count; i++) {
        struct weir_usage usage;
        if (weir_parse_usage(&reply->headers[i], &usage)) {
            weir_windows_usage(weir, slot, &usage, arrival.from_ns, arrival.by_ns);
        }
    }
}

void weir_replies_learn(struct weir *weir, const struct weir_slot *slot,
                        const struct weir_reply *reply) {
    weir_demand_note_settled(weir, slot, !reply->lost && reply->status < 300);
    if (reply->lost) {
        weir_windows_settle(weir, slot, true, WEIR_NEVER);
        weir_gate_note_reply(weir, reply, WEIR_NEVER);
        return;
    }
    int64_t server_ns = 0;
    bool dated = date_of(reply, &server_ns);
    if (dated && !weir->clock_given) {
        enum weir_clock_change change =
            weir_clock_update(&weir->clock, reply->sent_ns, reply->received_ns, server_ns);
        weir_windows_clock_changed(weir, change);
    }
    note_trip(weir, reply->received_ns - reply->sent_ns);
    struct arrival arrival = arrival_of(weir, reply, dated, server_ns);
    if (weir->use.headers) {
        read_usage(weir, slot, reply, arrival);
    }
    weir_gate_note_reply(weir, reply, arrival.by_ns);
    weir_windows_settle(weir, slot, false, arrival.by_ns);
}
