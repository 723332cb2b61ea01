#ifndef WEIR_TESTS_EXCHANGE_REFERENCE_H
#define WEIR_TESTS_EXCHANGE_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exchange.h"

/**
 * The exchange's rules in the plainest way: a list of everything that ever happened, searched from
 * the start whenever something is asked. Slow, of fixed size, and written without looking at the
 * real one, which is compared with it.
 */

/** Most requests between two resets. */
#define REFERENCE_EVENTS_MAX 1000

/** What a request added to the counters. */
struct reference_charge {
    int64_t time_ns;
    uint32_t ip;
    uint32_t account;
    int64_t weight;
    int64_t orders;
    bool rejected; /**< turned away by a limiter or a ban */
};

/** A 429, or the request that would have got one but for the ban that it began. */
struct reference_strike {
    int64_t time_ns;
    uint32_t ip;
    bool forgotten;
};

struct reference_ban {
    uint32_t ip;
    int64_t start_ns;
    int64_t end_ns;
    int step;
};

struct reference {
    struct weir_exchange_rules rules;
    struct weir_exchange_rules original;
    struct reference_charge charges[REFERENCE_EVENTS_MAX];
    size_t charge_count;
    struct reference_strike strikes[REFERENCE_EVENTS_MAX];
    size_t strike_count;
    struct reference_ban bans[REFERENCE_EVENTS_MAX];
    size_t ban_count;
};

/** An answer that owns its texts. */
struct reference_answer {
    int status;
    int32_t code;
    enum weir_limit_type limit;
    int64_t charged_weight;
    int64_t charged_orders;
    int64_t ban_until_ns;
    int64_t used_weight;
    int64_t used_orders;
    char names[WEIR_ANSWER_HEADERS_MAX][32];
    char values[WEIR_ANSWER_HEADERS_MAX][40];
    size_t header_count;
    char body[300]; /**< "" for none */
};

/** An endpoint as the model knows it, from the documents, not from the library. */
struct reference_endpoint {
    const char *path;
    enum weir_method method;
    int32_t list_max; /**< longest list of placements that is accepted; 0 for no list */
    bool places;
    bool cancels;
    bool is_list;
    bool order_response;
    bool needs_symbol;
};

/** The endpoints that the model knows. */
extern const struct reference_endpoint reference_endpoints[];
extern const size_t reference_endpoint_count;

void reference_start(struct reference *reference, const struct weir_exchange_rules *rules);
void reference_reset(struct reference *reference);
void reference_tighten(struct reference *reference, double factor);

/** `kind` is the endpoint of the request, or NULL for WEIR_ENDPOINT_UNKNOWN. */
void reference_handle(struct reference *reference, int64_t now_ns,
                      const struct weir_exchange_request *request,
                      const struct reference_endpoint *kind, struct reference_answer *answer);

int64_t reference_used_weight(const struct reference *reference, uint32_t ip, int64_t now_ns);
int64_t reference_used_orders(const struct reference *reference, uint32_t account, int64_t now_ns,
                              int64_t interval_ns);
int64_t reference_banned_until(const struct reference *reference, uint32_t ip, int64_t now_ns);

#endif
