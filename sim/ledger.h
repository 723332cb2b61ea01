#ifndef WEIR_SIM_LEDGER_H
#define WEIR_SIM_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/policy.h"

#include "bound.h"

/**
 * The ledger of a run: every opportunity, every request and every change of the policy's state,
 * each in flat arrays. Metrics, logs and plots are made from it alone. All times are nanoseconds of
 * the exchange's clock since the Unix epoch.
 */

/** How an opportunity ended. Each ends in exactly one of these. */
enum weir_state {
    WEIR_STATE_OPEN,
    WEIR_STATE_CAPTURED, /**< the entry was accepted in time */
    WEIR_STATE_LATE,     /**< it was accepted, or reached the exchange, too late */
    WEIR_STATE_REFUSED,  /**< the policy refused it */
    WEIR_STATE_EXPIRED,  /**< its time was over before it was sent */
    WEIR_STATE_REJECTED, /**< the exchange answered with an error */
    WEIR_STATE_LOST      /**< it never arrived */
};
#define WEIR_STATES 7

/** What stood in the way of an opportunity. */
enum weir_cause {
    WEIR_CAUSE_FEED,
    WEIR_CAUSE_CONNECTIONS,
    WEIR_CAUSE_DELAY,
    WEIR_CAUSE_WEIGHT,
    WEIR_CAUSE_ORDERS,
    WEIR_CAUSE_HOLD,
    WEIR_CAUSE_BAN,
    WEIR_CAUSE_POLICY,
    WEIR_CAUSE_EXCHANGE /**< refused by the exchange for other reasons than its limits */
};
#define WEIR_CAUSES 9

/** How a request ended. Each ends in exactly one of these. */
enum weir_outcome {
    WEIR_OUTCOME_OPEN,
    WEIR_OUTCOME_OK,          /**< answered 2xx */
    WEIR_OUTCOME_LIMITED,     /**< answered 429 */
    WEIR_OUTCOME_BANNED,      /**< answered 418 */
    WEIR_OUTCOME_INVALID,     /**< answered another 4xx */
    WEIR_OUTCOME_UNAVAILABLE, /**< answered 5xx */
    WEIR_OUTCOME_TIMEOUT,     /**< no answer */
    WEIR_OUTCOME_REFUSED,     /**< by the policy; never sent */
    WEIR_OUTCOME_EXPIRED,     /**< its deadline passed while it waited; never sent */
    WEIR_OUTCOME_UNFINISHED   /**< the run ended first */
};
#define WEIR_OUTCOMES 10

/** Who sent a request. */
enum weir_client {
    WEIR_CLIENT_BOT,
    WEIR_CLIENT_SECOND_BOT,
    WEIR_CLIENT_DASHBOARD
};

/** What a request was sent for. */
enum weir_purpose {
    WEIR_FOR_OPPORTUNITY, /**< steps before and including the entry */
    WEIR_FOR_FILL,        /**< protection and what leads to it */
    WEIR_FOR_UNFILLED,
    WEIR_FOR_CLOSED,
    WEIR_FOR_STANDING,
    WEIR_FOR_STARTUP
};

#define WEIR_NO_OPPORTUNITY UINT32_MAX
#define WEIR_NO_VALUE (-1)

/** One answer of the policy about one request. */
struct weir_decision_record {
    int64_t time_ns;
    int64_t until_ns;
    uint32_t next;  /**< position of the request's next decision, or UINT32_MAX */
    uint8_t answer; /**< enum weir_answer; WEIR_ANSWER_DROP for a queued one that was dropped */
    uint8_t reason; /**< enum weir_reason */
};

/** In weir_decision_record.answer: dropped from the policy's queue. */
#define WEIR_ANSWER_DROP 4

struct weir_request_record {
    int64_t submitted_ns;
    int64_t line_wait_ns; /**< spent waiting for a connection */
    int64_t sent_ns;      /**< 0: never */
    int64_t arrived_ns;   /**< 0: never */
    int64_t answered_ns;  /**< 0: never; a timeout counts as not answered */
    int64_t finished_ns;
    int64_t deadline_ns; /**< WEIR_NEVER: none */
    double value;
    uint32_t id;                            /**< position in its ledger plus 1 */
    uint32_t opportunity;                   /**< or WEIR_NO_OPPORTUNITY */
    uint32_t first_decision, last_decision; /**< UINT32_MAX: none */
    int32_t symbol;                         /**< of the request, or WEIR_NO_VALUE */
    int32_t weight, orders;                 /**< what it costs by the documents */
    int32_t charged_weight, charged_orders; /**< what the exchange charged */
    int32_t booked_weight, booked_orders;   /**< what the policy counted */
    int32_t code;
    int32_t header_weight, header_orders, header_orders_10s,
        retry_after_s;  /**< WEIR_NO_VALUE: absent */
    uint32_t attempt;   /**< 1 for the first; for standing load the cycle */
    int16_t connection; /**< WEIR_NO_VALUE: none */
    int16_t status;     /**< 0: none */
    struct weir_params params;
    weir_endpoint endpoint;
    uint8_t client, purpose, step, priority, outcome, reason;
    uint8_t index; /**< standing load: position within its cycle */
};

struct weir_opportunity_record {
    int64_t time_ns;   /**< of its first liquidation */
    int64_t opened_ns; /**< when the bot had that */
    int64_t closes_ns; /**< when its entry is submitted */
    double notional_usd;
    double value; /**< by bot.value */
    uint32_t symbol;
    uint32_t liquidations;
    int64_t accepted_ns;  /**< 0: never */
    int64_t filled_ns;    /**< 0: never */
    int64_t protected_ns; /**< its own protection accepted; 0: never */
    int64_t covered_ns;   /**< a stop of its tranche covers it, its own or another's; 0: never */
    int64_t closed_ns;    /**< its position closed; 0: never */
    int64_t waits_ns[WEIR_CAUSES]; /**< time spent waiting for each cause */
    uint32_t entry_request;        /**< its entry's id, 0: none was made */
    uint8_t side;                  /**< enum weir_side of the liquidations */
    uint8_t state;                 /**< enum weir_state */
    uint8_t reason;                /**< enum weir_reason, if the policy refused it */
    uint8_t blame;     /**< enum weir_cause: what it was lost to, if it was not captured */
    bool stop_crossed; /**< the price passed where its stop would have been, before it was there */
};

/** A change of the policy's state. */
struct weir_state_record {
    struct weir_event event;
    uint8_t client;
};

/** A ban of the bot's IP, as the exchange had it. */
struct weir_ban_record {
    int64_t from_ns, until_ns;
};

/** What holds for the whole run, for those who read the ledger. */
struct weir_run_facts {
    int64_t start_ns; /**< the bot starts */
    int64_t onset_ns; /**< first liquidation */
    int64_t last_ns;  /**< last liquidation */
    int64_t end_ns;
    int64_t opportunity_window_ns;
    int64_t protect_within_ns;
    int64_t min_delay_ns;      /**< smallest one-way delay */
    int64_t min_processing_ns; /**< smallest time the exchange takes */
    int64_t weight_per_minute, orders_per_minute, orders_per_10s;
    struct weir_cost entry_cost;
    size_t liquidations; /**< in the trace */
    size_t throttled;    /**< kept back by the feed's throttle */
    size_t unheard;      /**< lost in an outage of the feed */
    size_t delivered;
    double trace_usd, feed_usd;
    const char *const *symbols;     /**< names, by number */
    const struct weir_bound *bound; /**< the most that can be captured, borrowed from the stage;
                                       NULL if nobody computed it */
};

struct weir_ledger {
    struct weir_run_facts facts;
    struct weir_opportunity_record *opportunities;
    size_t opportunity_count;
    struct weir_request_record *requests;
    size_t request_count, request_capacity;
    struct weir_decision_record *decisions;
    size_t decision_count, decision_capacity;
    struct weir_state_record *states;
    size_t state_count, state_capacity;
    struct weir_ban_record *bans;
    size_t ban_count, ban_capacity;
    double unprotected_usd_max;
    double open_while_banned_usd_max;
    bool out_of_memory; /**< an array could not grow; the run has failed */
};

/** Makes an empty ledger for that many opportunities, with room for a usual run; arrays grow by
 *  doubling if a run is unusual. False if memory is short. */
bool weir_ledger_open(struct weir_ledger *ledger, size_t opportunity_count);
void weir_ledger_close(struct weir_ledger *ledger);

/** A new request record, zeroed but for its id and the fields whose "none" is not 0. The pointer is
 *  valid until the next request is added. NULL when out of memory. */
struct weir_request_record *weir_ledger_add_request(struct weir_ledger *ledger);

/** Record of a request by id. */
struct weir_request_record *weir_ledger_request(struct weir_ledger *ledger, uint32_t id);

/** Notes what the policy answered. */
void weir_ledger_add_decision(struct weir_ledger *ledger, uint32_t id, int64_t now_ns,
                              uint8_t answer, enum weir_reason reason, int64_t until_ns);

/** Notes a change of the policy's state. */
void weir_ledger_add_state(struct weir_ledger *ledger, uint8_t client,
                           const struct weir_event *event);

/** Notes a 418: the IP is banned from `now_ns` to `until_ns`, or a ban that lasts is longer now. */
void weir_ledger_add_ban(struct weir_ledger *ledger, int64_t now_ns, int64_t until_ns);

/** What the opportunity waited for longest: what it is blamed on if it came too late. */
enum weir_cause weir_longest_wait(const struct weir_opportunity_record *opportunity);

/**
 * Checks that every opportunity and every request ended in exactly one state and that the figures
 * agree with each other. Returns false and says what does not in `text`.
 */
bool weir_ledger_check(const struct weir_ledger *ledger, char *text, size_t size);

/** Names as they appear in results and logs. Static storage. */
const char *weir_state_name(enum weir_state state);
const char *weir_cause_name(enum weir_cause cause);
const char *weir_outcome_name(enum weir_outcome outcome);
const char *weir_client_name(enum weir_client client);

/** The cause that a policy's reason points to. */
enum weir_cause weir_cause_of_reason(enum weir_reason reason);

#endif
