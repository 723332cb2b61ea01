#ifndef WEIR_LIVE_CALL_H
#define WEIR_LIVE_CALL_H

#include "exchange_live.h"

/* Private to the room: one request on its way through its endpoint. */

/** Most orders of one list. */
#define LIVE_LIST_MAX 10

/** Who may call an endpoint. */
enum live_security {
    LIVE_OPEN,        /**< anybody */
    LIVE_KEY,         /**< an API key (V1: market data, user stream) */
    LIVE_KEY_OR_NONE, /**< an API key under V1, nobody under V3 */
    LIVE_SIGNED       /**< key, timestamp, signature */
};

struct live_call {
    struct live_exchange *exchange;
    const struct live_request *request;
    int64_t now_ns;
    bool v3;
    struct live_client *client;
    struct live_account *account; /**< NULL for those that need none */
    int32_t symbol;               /**< from the parameter; -1: not sent */
    int64_t limit;                /**< from the parameter, or the endpoint's default */
    char detail[160];             /**< says more about a refusal than its code; "": nothing */
    char *text;                   /**< an answer that is text already; owned */
    struct live_order order;      /**< a placement that was checked */
    struct live_order *found;     /**< an order that was asked for */
    json_t *list;                 /**< batchOrders; owned */
    uint64_t ids[LIVE_LIST_MAX];
    size_t id_count;
};

/** What an endpoint does. */
struct live_route {
    const char *name; /**< its path after "/fapi/vN/" */
    enum weir_method method;
    enum live_security security;
    /** Code with which the call is refused once the limiters let it through, or 0. NULL: nothing to
     *  check. Changes nothing. */
    int32_t (*check)(struct live_call *call);
    /** Carries it out: a new reference, or NULL when memory is short or call->text is set. */
    json_t *(*answer)(struct live_call *call);
};

extern const struct live_route live_market_routes[];
extern const size_t live_market_route_count;
extern const struct live_route live_trade_routes[];
extern const size_t live_trade_route_count;
extern const struct live_route live_account_routes[];
extern const size_t live_account_route_count;
extern const struct live_route live_static_routes[];
extern const size_t live_static_route_count;

/** Value of a parameter, or NULL. */
const char *live_text(const struct live_call *call, const char *name);

/** Refusals that say which parameter is at fault. Each returns its code. */
int32_t live_missing(struct live_call *call, const char *name);
int32_t live_invalid(struct live_call *call, const char *name);

/** Checks for routes: a symbol must be sent and known; one that is sent must be known. */
int32_t live_need_symbol(struct live_call *call);
int32_t live_know_symbol(struct live_call *call);

/** Milliseconds of the server's clock. */
json_t *live_ms_json(int64_t time_ns);

/** Answers for those that have nothing to tell: [] and {"code":200,"msg":"success"}. */
json_t *live_answer_empty(struct live_call *call);
json_t *live_answer_success(struct live_call *call);

/** JSON of an order and a position, as queries show them. New references. */
json_t *live_order_json(const struct live_account *account, const struct live_order *order);

/** Names as they are written. Static storage. */
const char *live_type_name(enum live_order_type type);
const char *live_tif_name(enum live_tif tif);
const char *live_side_name(enum live_side side);
const char *live_status_name(enum live_status status);

/** Code with which a signed, keyed or open call is refused for its key, time or signature, or 0. */
int32_t live_check_security(struct live_call *call, enum live_security security);

#endif
