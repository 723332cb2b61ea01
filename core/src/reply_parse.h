#ifndef WEIR_CORE_REPLY_PARSE_H
#define WEIR_CORE_REPLY_PARSE_H

#include "weir/policy.h"

/** Reading what the exchange says in headers and error bodies. Every function refuses what it does
 *  not understand and reads within its bounds whatever the input; none depends on the locale. */

#define WEIR_SECOND_NS INT64_C(1000000000)
#define WEIR_MINUTE_NS (60 * WEIR_SECOND_NS)
#define WEIR_DAY_NS (1440 * WEIR_MINUTE_NS)

/** Longest ban or back-off that is believed; the exchange's longest ban is 3 days. */
#define WEIR_LONGEST_WAIT_NS (7 * WEIR_DAY_NS)

/** Reads an HTTP date ("Sun, 06 Nov 1994 08:49:37 GMT") of the years 1970 to 2095 as nanoseconds
 *  since 1970. False for any other form, an impossible date, or a weekday that does not fit. */
bool weir_parse_http_date(const char *text, int64_t *unix_ns);

/** Reads `Retry-After` in whole seconds (blanks around it allowed) as nanoseconds. False for dates,
 *  fractions, negative numbers, and more than WEIR_LONGEST_WAIT_NS. */
bool weir_parse_retry_after(const char *text, int64_t *wait_ns);

/** What a counting header is about. */
struct weir_usage {
    enum weir_limit_type type;
    int64_t interval_ns;
    int64_t used;
};

/** Reads X-MBX-USED-WEIGHT-<n><S|M|H|D> and X-MBX-ORDER-COUNT-<n><S|M|H|D>, whatever the case of
 *  the name. False if the header is another one, or its value is not a count from 0 to 10^9. */
bool weir_parse_usage(const struct weir_header *header, struct weir_usage *usage);

/** Whether two header names are the same; case does not matter. */
bool weir_header_is(const char *name, const char *expected);

/** What an error body says. Fields that it does not say are 0. */
struct weir_error_body {
    int code;                /**< -1003, -1015, … */
    bool about_orders;       /**< "… N orders per …" */
    bool about_requests;     /**< "… N requests per …" */
    int64_t limit;           /**< "current limit is N": 1 to 10^9 */
    int64_t interval_ns;     /**< "per minute", "per 10 SECOND" */
    int64_t banned_until_ns; /**< "banned until <milliseconds since 1970>", server's clock */
};

/** Reads an error body; NULL allowed. */
struct weir_error_body weir_parse_error_body(const char *body, size_t length);

#endif
