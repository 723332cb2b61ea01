#ifndef WEIR_BENCH_CALIBRATE_VIEW_H
#define WEIR_BENCH_CALIBRATE_VIEW_H

#include "calibrate.h"

/**
 * A log with what questions about it need: when requests can have reached the exchange is known
 * only as "between sent and answered", so sums are of those that certainly or possibly did.
 */
struct weir_log_view {
    const struct weir_logged_request *q;
    size_t count;
    uint32_t *by_end; /**< numbers of the requests, sorted by the time they ended at the latest */
    int64_t *busy_until;  /**< latest end of requests 0 … i */
    int64_t *weight_sent; /**< accepted weight of requests 0 … i−1 */
    int64_t *weight_end;  /**< the same in the order of by_end */
    int64_t *orders_sent; /**< most orders of placements 0 … i−1, whatever became of them */
    int64_t *orders_end;  /**< the same in the order of by_end */
    int64_t *limited_sent, *limited_end; /**< answers 429 */
};

#define WEIR_SECOND_NS INT64_C(1000000000)
#define WEIR_MINUTE_NS INT64_C(60000000000)

/** False if memory is short; close it then, too. */
bool weir_log_view_open(struct weir_log_view *view, const struct weir_request_log *log);
void weir_log_view_close(struct weir_log_view *view);

/** When a request had arrived at the latest: its answer; a minute after sending if there is none.
 */
int64_t weir_log_end_ns(const struct weir_logged_request *q);

/** The most that a request can add to an order counter: some exchanges count a batch as five,
 *  whatever it holds. */
int64_t weir_log_most_orders(const struct weir_logged_request *q);

/** Sum over the requests that were sent before `before_ns`; `sums` is one of the `_sent`. */
int64_t weir_log_sent_before(const struct weir_log_view *view, const int64_t *sums,
                             int64_t before_ns);

/** Sum over those that had ended by `by_ns`; `sums` is one of the `_end`. */
int64_t weir_log_ended_by(const struct weir_log_view *view, const int64_t *sums, int64_t by_ns);

/** Whether requests i and i + 1 were alone: nothing else on the way from the sending of the first
 *  to the answer of the second, and the first answered before the second was sent. */
bool weir_log_is_lone_pair(const struct weir_log_view *view, size_t i);

#endif
