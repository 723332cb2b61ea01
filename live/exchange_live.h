#ifndef WEIR_LIVE_EXCHANGE_LIVE_H
#define WEIR_LIVE_EXCHANGE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "account.h"
#include "exchange.h"
#include "parameters.h"
#include "quotes.h"
#include "scenario.h"

/**
 * The exchange behind a socket, without the socket: a request comes in, an answer goes out. What is
 * counted, refused and banned is decided by the simulator's exchange (exchange.h); here is what the
 * endpoints answer.
 */

/** Most addresses and accounts whose counts are kept. */
#define LIVE_IPS_MAX 256
#define LIVE_ACCOUNTS_MAX 256

/** Longest address, API key and listen key, with their ends. */
#define LIVE_ADDRESS_SIZE 48
#define LIVE_KEY_SIZE 132
#define LIVE_LISTEN_KEY_SIZE 72

/** An account, and who it belongs to. */
struct live_client {
    char key[LIVE_KEY_SIZE];
    char listen_key[LIVE_LISTEN_KEY_SIZE]; /**< "": no stream */
    int64_t listen_until_ns;
    struct live_account *account;
};

struct live_route;

struct live_exchange {
    const struct weir_scenario *scenario;
    struct weir_exchange *limits;
    struct live_quotes *quotes;
    const struct live_route **routes; /**< by endpoint handle */
    const char *api_key, *api_secret;
    char ips[LIVE_IPS_MAX][LIVE_ADDRESS_SIZE];
    uint32_t ip_count;
    struct live_client clients[LIVE_ACCOUNTS_MAX]; /**< number 0: nobody */
    uint32_t client_count;
    struct live_account_watcher watcher;
    struct {
        void *context;
        void (*call)(void *context, int64_t now_ns);
    } restarted; /**< told when everything begins anew; may be NULL */
    uint64_t next_id;
    int64_t started_ns, tighten_at_ns;
    uint64_t requests, answered_429, answered_418; /**< since the start */
    char *symbols_text;                            /**< exchangeInfo's list of symbols, made once */
};

/** A request as it came. Texts are borrowed and may be written to. */
struct live_request {
    enum weir_method method;
    const char *path;    /**< without the query */
    const char *address; /**< of the client */
    const char *api_key; /**< X-MBX-APIKEY, or NULL */
    struct live_parameters *parameters;
    size_t query_count; /**< how many of them came in the query string; they come first */
    const char *body;   /**< as it was sent, for the signature; "" without one */
};

struct live_answer {
    struct weir_exchange_answer limits; /**< headers, and the body of an error */
    int status;
    bool counted; /**< false: it never reached the limits, and there are no headers */
    char *body;   /**< owned; never NULL after live_exchange_handle unless memory is short */
};

/** Quotes are taken over, freed if this fails. The scenario is borrowed. NULL if memory is short.
 */
struct live_exchange *live_exchange_create(const struct weir_scenario *scenario,
                                           struct live_quotes *quotes, const char *api_key,
                                           const char *api_secret, int64_t now_ns);
void live_exchange_destroy(struct live_exchange *exchange);

/** Everything begins anew, as if the server had just been started: the trace, with its first
 *  liquidation at `onset_ns`, counts and bans, orders, positions and money; streams of accounts
 * end. Keys, listen keys and settings of accounts stay, so that a bot can get ready before. False
 * if there is no trace or memory is short; then all stays as it was. */
bool live_exchange_restart(struct live_exchange *exchange, int64_t onset_ns, int64_t now_ns);

/** Decides on a request and carries it out. The caller frees answer->body. */
void live_exchange_handle(struct live_exchange *exchange, int64_t now_ns,
                          const struct live_request *request, struct live_answer *answer);

/** Fills and triggers what is due in every account. */
void live_exchange_advance(struct live_exchange *exchange, int64_t now_ns);

/** When the next order fills or triggers, the next listen key ends; INT64_MAX: never. */
int64_t live_exchange_next_ns(const struct live_exchange *exchange);

/** The client whose stream a listen key names, or NULL. */
struct live_client *live_exchange_listener(struct live_exchange *exchange, const char *listen_key,
                                           int64_t now_ns);

/** What the exchange counted, for tests and the curious: a JSON text that the caller frees. */
char *live_exchange_state(struct live_exchange *exchange, int64_t now_ns);

#endif
