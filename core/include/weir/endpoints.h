#ifndef WEIR_ENDPOINTS_H
#define WEIR_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) // what follows is exported

/**
 * What a request costs on the exchange's two limiters. The weights are those of the Aster Finance
 * Futures API documents ("V1 (Legacy)" and "V3 (Recommended)", each endpoint's own section); the
 * order counts of batches and modifications follow Binance's documents where Aster's are silent.
 *
 * An endpoint is resolved to a handle once; a decision takes the handle and the few parameters
 * that change the cost.
 */

/** HTTP method of a request. */
enum weir_method {
    WEIR_GET,
    WEIR_POST,
    WEIR_PUT,
    WEIR_DELETE
};

/** Handle of an endpoint: an index that stays valid for the life of the process. */
typedef int16_t weir_endpoint;

/** The handle of a path that the documents do not list. It costs the worst case of the table. */
#define WEIR_ENDPOINT_UNKNOWN ((weir_endpoint)-1)

/** Value of weir_params.limit when the request does not carry the parameter. */
#define WEIR_LIMIT_OMITTED (-1)

/**
 * The parameters of a request that change its cost. Initialise with WEIR_PARAMS_NONE.
 */
struct weir_params {
    int32_t limit;   /**< value of `limit`, or WEIR_LIMIT_OMITTED */
    int32_t count;   /**< orders in `batchOrders` or `subOrderList`; 0 where there is no list */
    bool has_symbol; /**< `symbol` is sent; without it some endpoints cost 40 times as much */
};

#ifdef __cplusplus
#define WEIR_PARAMS_NONE (weir_params{WEIR_LIMIT_OMITTED, 0, false})
#else
#define WEIR_PARAMS_NONE                                                                           \
    ((struct weir_params){.limit = WEIR_LIMIT_OMITTED, .count = 0, .has_symbol = false})
#endif

/** Cost of one request: weight for the IP's limiter, orders for the account's. */
struct weir_cost {
    int32_t weight;
    int32_t orders;
};

/** Resolves a method and a path ("/fapi/v1/order", no query string) to its handle, or to
 *  WEIR_ENDPOINT_UNKNOWN. O(log n) in the size of the table; do it once, not per request. */
weir_endpoint weir_endpoint_find(enum weir_method method, const char *path);

/** Number of known endpoints; handles are 0 .. count-1. */
size_t weir_endpoint_count(void);

/** Path of an endpoint, or "" for WEIR_ENDPOINT_UNKNOWN and invalid handles. Static storage. */
const char *weir_endpoint_path(weir_endpoint endpoint);

/** Method of an endpoint; WEIR_GET for WEIR_ENDPOINT_UNKNOWN and invalid handles. */
enum weir_method weir_endpoint_method(weir_endpoint endpoint);

/** "GET", "POST", "PUT" or "DELETE". Static storage. */
const char *weir_method_name(enum weir_method method);

/** Whether the endpoint places orders (its order cost is not 0 for some parameters). */
bool weir_endpoint_places_orders(weir_endpoint endpoint);

/**
 * Cost of one call. A parameter that the request omits selects its own row of the documents (the
 * order book without `limit` costs 10, for the default of 500). A value that no row lists (a
 * `limit` of 7, a batch of 9) costs the dearest row of that endpoint: the exchange would refuse
 * it, and the limiter errs on the safe side. WEIR_ENDPOINT_UNKNOWN and invalid handles cost the
 * dearest row of the whole table and no orders. O(1).
 */
struct weir_cost weir_endpoint_cost(weir_endpoint endpoint, struct weir_params params);

/** Whether the parameters are ones that the exchange accepts for this endpoint (a listed `limit`,
 *  a batch of at most 5 orders, a mandatory symbol). */
bool weir_endpoint_accepts(weir_endpoint endpoint, struct weir_params params);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
