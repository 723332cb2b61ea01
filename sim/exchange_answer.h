#ifndef WEIR_SIM_EXCHANGE_ANSWER_H
#define WEIR_SIM_EXCHANGE_ANSWER_H

#include <stdint.h>

#include "exchange.h"

/** Length of an IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT"). */
#define EXCHANGE_DATE_LENGTH 29

/** The text of the header `Date`, remembered for the second it belongs to. */
struct exchange_date {
    int64_t second; /**< since the Unix epoch, at least 0; the text is that of this second … */
    bool known;     /**< … if one was written at all */
    char text[EXCHANGE_DATE_LENGTH + 1];
};

/** Brings the text to the second of `now_ns`. */
void exchange_date_advance(struct exchange_date *date, int64_t now_ns);

/** Makes an answer that has no headers, no body, no charges. Leaves its storage as it is. */
void exchange_answer_clear(struct weir_exchange_answer *answer);

/** Adds the header `Date`: the first of an answer. */
void exchange_answer_date(struct weir_exchange_answer *answer, const struct exchange_date *date);

/** Adds a header with a whole number as its value. `name` has static storage. */
void exchange_answer_number(struct weir_exchange_answer *answer, const char *name, int64_t value);

/** Error bodies. Each sets `code`, `body` and `body_length`. */
void exchange_answer_weight_body(struct weir_exchange_answer *answer, int64_t limit);
void exchange_answer_orders_body(struct weir_exchange_answer *answer, int64_t limit,
                                 const char *interval);
void exchange_answer_ban_body(struct weir_exchange_answer *answer, int64_t until_ms);
void exchange_answer_depth_body(struct weir_exchange_answer *answer, int32_t depth_limit);

/** The documented text of an error code; a generic text for a code that is not documented. */
void exchange_answer_code_body(struct weir_exchange_answer *answer, int32_t code);

/** "Unknown error", which names no code. */
void exchange_answer_unknown_body(struct weir_exchange_answer *answer);

/** Documented message of an error code, or NULL. Static storage. */
const char *exchange_message(int32_t code);

#endif
