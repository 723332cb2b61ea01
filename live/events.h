#ifndef WEIR_LIVE_EVENTS_H
#define WEIR_LIVE_EVENTS_H

#include <stdint.h>

#include "account.h"
#include "quotes.h"

/** The texts of what is sent over streams. Each is the caller's to free; NULL if memory is short.
 */

char *live_event_liquidation(const struct live_quotes *quotes, const struct weir_liquidation *row,
                             int64_t now_ns);
char *live_event_trade(const struct live_quotes *quotes, uint32_t row, int64_t now_ns);
char *live_event_mark(const struct live_quotes *quotes, uint32_t symbol, int64_t now_ns);
char *live_event_marks(const struct live_quotes *quotes, int64_t now_ns);
char *live_event_book(const struct live_quotes *quotes, uint32_t symbol, int64_t now_ns);
char *live_event_order(const struct live_account *account, const struct live_order *order,
                       const struct live_fill *fill, int64_t now_ns);
char *live_event_position(const struct live_account *account, uint32_t symbol, enum live_side side,
                          int64_t now_ns);
char *live_event_key_expired(const char *listen_key, int64_t now_ns);

#endif
