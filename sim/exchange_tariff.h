#ifndef WEIR_SIM_EXCHANGE_TARIFF_H
#define WEIR_SIM_EXCHANGE_TARIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exchange.h"

/** What an endpoint is, as far as the rules care: bits of exchange_tariff_kind's answer. */
#define EXCHANGE_PLACES 1u  /**< places or modifies orders */
#define EXCHANGE_CANCELS 2u /**< cancels orders */
#define EXCHANGE_BATCH 4u   /**< takes a list of them */
#define EXCHANGE_ORDER_RESPONSE                                                                    \
    8u                     /**< its answer is an order response: it places, modifies,              \
                                cancels or queries orders */
#define EXCHANGE_DEPTH 16u /**< the order book, whose limit has an error code of its own */

/** The kinds of all endpoints, looked up once. */
struct exchange_tariff {
    uint8_t *kinds; /**< by handle */
    size_t count;
};

/** False if memory is short. Ended by exchange_tariff_free. */
bool exchange_tariff_make(struct exchange_tariff *tariff);
void exchange_tariff_free(struct exchange_tariff *tariff);

/** Whether the handle is in the table. */
static inline bool exchange_tariff_knows(const struct exchange_tariff *tariff,
                                         weir_endpoint endpoint) {
    return endpoint >= 0 && (size_t)endpoint < tariff->count;
}

/** The kind bits of an endpoint; none for handles that are not in the table. */
static inline unsigned exchange_tariff_kind(const struct exchange_tariff *tariff,
                                            weir_endpoint endpoint) {
    return exchange_tariff_knows(tariff, endpoint) ? tariff->kinds[endpoint] : 0;
}

/** What a request adds to the counters if it is carried out: the documented cost, with the order
 *  count of batches and cancels as the rules say. */
struct weir_cost exchange_tariff_cost(const struct weir_exchange_rules *rules, unsigned kind,
                                      const struct weir_exchange_request *request);

/** The error code with which the exchange refuses the parameters, or 0 if it accepts them: -1102
 *  for a missing symbol or list, -4021 and -1130 for a limit, -4082 and -4032 for the size of a
 *  list. An unknown endpoint's parameters cannot be judged and are accepted. */
int32_t exchange_tariff_refusal(const struct exchange_tariff *tariff, unsigned kind,
                                const struct weir_exchange_request *request);

#endif
