#ifndef WEIR_TRACES_ROW_ORDER_H
#define WEIR_TRACES_ROW_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "fields.h"

/**
 * Puts rows in order of time that arrived a little out of order, as they do over a stream: a row is
 * held until one that is ten seconds younger has come. Equal times keep their order of arrival.
 */
struct weir_row_order;

/** Most rows that are held; beyond them the oldest leaves early. */
#define WEIR_ROW_ORDER_MAX 65536

/** How much older than the youngest a row is when it leaves. */
#define WEIR_ROW_ORDER_NS INT64_C(10000000000)

/** NULL if memory is short. */
struct weir_row_order *weir_row_order_create(void);

/** NULL is allowed. */
void weir_row_order_free(struct weir_row_order *order);

/** Holds a row, and its line. False if there is no memory. The caller takes what is due first
 *  (weir_row_order_take), so that no more than WEIR_ROW_ORDER_MAX are held. O(log rows). */
bool weir_row_order_put(struct weir_row_order *order, const struct weir_row *row, size_t line);

/** Takes the oldest row if it is due, or, at the `end` of the rows, in any case. False: none. */
bool weir_row_order_take(struct weir_row_order *order, bool end, struct weir_row *row,
                         size_t *line);

#endif
