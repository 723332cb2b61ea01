#ifndef WEIR_TESTS_SIM_EXCHANGE_VENUE_H
#define WEIR_TESTS_SIM_EXCHANGE_VENUE_H

#include "check.h"
#include "exchange.h"

/**
 * What the tests of the exchange share: an exchange with its rules, and short ways to ask it.
 */

#define HOUR (60 * MINUTE)

/** Friday, 10 October 2025, 21:00:00 UTC: the beginning of a minute. */
#define START BEGIN

/** An exchange, its rules, and its latest answer. */
struct venue {
    struct weir_exchange_rules rules;
    struct weir_exchange *exchange;
    struct weir_exchange_request request; /**< as the next question will use it */
    struct weir_exchange_answer answer;
};

/** Makes the exchange from the rules, for two IPs and two accounts. */
void open_venue(struct venue *venue);

/** A venue with the rules of that name, not yet open. */
struct venue named_venue(const char *profile);

void close_venue(struct venue *venue);

/** Sends a request with the venue's parameters and returns the status of its answer. */
int ask(struct venue *venue, int64_t now_ns, enum weir_method method, const char *path);
int ping(struct venue *venue, int64_t now_ns);
int place_order(struct venue *venue, int64_t now_ns);
int place_batch(struct venue *venue, int64_t now_ns, int32_t count);

/** Value of a header, or NULL. A name may come only once. */
const char *header_of(const struct venue *venue, const char *name);
void assert_header(const struct venue *venue, const char *name, const char *value);

/** The error body is exactly this. */
void assert_body(const struct venue *venue, const char *body);

/** Uses up `weight` of the IP's allowance with requests that are all accepted. */
void use_weight(struct venue *venue, int64_t now_ns, int64_t weight);

/** The same with orders. */
void use_orders(struct venue *venue, int64_t now_ns, int64_t orders);

/** A venue with small limits, so that a test reaches them in a few requests. */
struct venue small_venue(int64_t weight, int64_t orders);

/** A venue where one 429 is enough for a ban. */
struct venue touchy_venue(void);

/** Earns a ban at that time: one request is let through, the second is one too many. */
void get_banned(struct venue *venue, int64_t now_ns);

#endif
