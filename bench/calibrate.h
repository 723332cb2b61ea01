#ifndef WEIR_BENCH_CALIBRATE_H
#define WEIR_BENCH_CALIBRATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "scenario.h"

/**
 * What a real bot's log of requests says about the exchange and the network. Only what a rule needs
 * is read from a log: times, method, path, status, error code, the limit headers, and of parameters
 * `limit`, `symbol` (whether there was one) and the number of orders in a batch. Everything else
 * (keys, signatures, order ids) is dropped on reading.
 */

/** One request of the log. Times are nanoseconds since 1970, of the bot's clock. */
struct weir_logged_request {
    int64_t sent_ns;
    int64_t answered_ns; /**< INT64_MAX: it never was */
    weir_endpoint endpoint;
    struct weir_params params;
    struct weir_cost cost;   /**< by the documents */
    int32_t status;          /**< 0: no answer */
    int32_t code;            /**< 0: none */
    int32_t used_weight;     /**< X-MBX-USED-WEIGHT-1M; -1: not there, as below */
    int32_t used_orders;     /**< X-MBX-ORDER-COUNT-1M */
    int32_t used_orders_10s; /**< X-MBX-ORDER-COUNT-10S */
    int32_t retry_after_s;
};

/** A log, sorted by the time of sending. */
struct weir_request_log {
    struct weir_logged_request *requests;
    size_t count, capacity;
    size_t unknown_paths; /**< requests that the table of endpoints does not have; left out */
    size_t foreign;       /**< lines of other clients in weir's own logs; left out */
};

/** Says which column (CSV) or key (JSON lines, dots lead into objects) holds what: "sent=ts". */
#define WEIR_LOG_FIELDS                                                                            \
    "sent, answered, method, path, status, code, weight, orders, orders_10s, retry_after, limit, " \
    "count, symbol"

/** Adds a file (.gz and .zst too; CSV with a head, or JSON lines). `columns` is a list of
 *  field=name, separated by commas, or NULL: the names of weir replay --log, for CSV those of
 *  WEIR_LOG_FIELDS with sent_ns and answered_ns. False and file, line and reason in `error`. */
bool weir_request_log_read(struct weir_request_log *log, const char *path, const char *columns,
                           char *error, size_t size);

void weir_request_log_sort(struct weir_request_log *log);
void weir_request_log_free(struct weir_request_log *log);

/** What a log says of a statement. */
enum weir_verdict {
    WEIR_LOG_LEAVES_OPEN,
    WEIR_LOG_SUPPORTS,
    WEIR_LOG_CONTRADICTS
};

const char *weir_log_verdict_name(enum weir_verdict verdict);

#define WEIR_FINDINGS_MAX 24

/** A statement about the exchange and what the log says of it. */
struct weir_finding {
    const char *rule; /**< key of a scenario, without `exchange.` */
    char value[64];   /**< the value that is spoken of */
    enum weir_verdict verdict;
    char evidence[200];
};

/** Quantiles of the time from sending to answer at one load, in milliseconds. */
struct weir_delay_class {
    const char *name;
    double requests_per_s; /**< fewest of the class, in the bot's own requests a second */
    size_t count;
    double p10_ms, p50_ms, p90_ms, p99_ms;
};

#define WEIR_DELAY_CLASSES 3
#define WEIR_STANDING_MAX 12

/** Requests that come again and again. */
struct weir_standing_loop {
    weir_endpoint endpoint;
    struct weir_params params;
    size_t count;
    double period_s;
    double calls;   /**< in a cycle, on average */
    double regular; /**< share of the gaps within a fifth of the period */
};

struct weir_calibration {
    const struct weir_request_log *log;
    struct weir_finding findings[WEIR_FINDINGS_MAX];
    size_t finding_count;
    struct weir_delay_class delays[WEIR_DELAY_CLASSES];
    struct weir_standing_loop standing[WEIR_STANDING_MAX];
    size_t standing_count;
    double foreign_weight_per_minute;    /**< header less own, where the log shows both; else -1 */
    double foreign_seen_s;               /**< for that long it does */
    double bans_min[WEIR_BAN_STEPS_MAX]; /**< lengths of the bans, in order */
    size_t ban_count;
    struct weir_scenario scenario;     /**< defaults, with what was found */
    size_t again_same, again_answered; /**< answers of the same status when the log is replayed */
    size_t logged_429, logged_418, again_429, again_418;
    double header_p50, header_p99; /**< weight header, replayed less logged, absolute */
    size_t header_count;
};

/** Looks at a sorted log. False if memory is short. */
bool weir_calibrate(const struct weir_request_log *log, struct weir_calibration *found);

/** Writes what was found for people, or as a weir.calibrate/1 document. */
void weir_calibration_print(const struct weir_calibration *c, FILE *out);
char *weir_calibration_document(const struct weir_calibration *c);

/** Writes the scenario. False and why in `error`. */
bool weir_calibration_write(const struct weir_calibration *c, const char *path, char *error,
                            size_t size);

#endif
