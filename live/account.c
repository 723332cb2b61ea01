#include "account.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/policy.h"

/* Room for orders, open and finished, and for fills; the oldest finished ones are forgotten. */
#define ORDERS_MAX ((size_t)4 * LIVE_OPEN_ORDERS_MAX)
#define FILLS_MAX ((size_t)8192)

#define LEVERAGE_FIRST 20
#define WALLET_USD 1e6

#define CODE_INSUFFICIENT_MARGIN (-2019)
#define CODE_WOULD_TRIGGER (-2021)
#define CODE_REDUCE_ONLY (-2022)
#define CODE_TOO_MANY_OPEN (-2025)

struct live_account *
live_account_create(const struct live_quotes *quotes, const struct weir_venue_limits *limits,
                    uint32_t number,
                    uint64_t *next_id) { // NOLINT(readability-non-const-parameter)
    struct live_account *account = calloc(1, sizeof *account);
    if (!account) {
        return NULL;
    }
    *account = (struct live_account){.quotes = quotes,
                                     .limits = *limits,
                                     .number = number,
                                     .next_id = next_id,
                                     .next_due_ns = INT64_MAX};
    account->wallet_usd = limits->margin_usd > 0.0 ? limits->margin_usd : WALLET_USD;
    account->orders = calloc(ORDERS_MAX, sizeof *account->orders);
    account->fills = calloc(FILLS_MAX, sizeof *account->fills);
    account->positions = calloc(quotes->symbol_count * LIVE_SIDES, sizeof *account->positions);
    account->symbols = calloc(quotes->symbol_count, sizeof *account->symbols);
    if (!account->orders || !account->fills || !account->positions || !account->symbols) {
        live_account_destroy(account);
        return NULL;
    }
    for (size_t s = 0; s < quotes->symbol_count; s++) {
        account->symbols[s].leverage = LEVERAGE_FIRST;
    }
    return account;
}

void live_account_restart(struct live_account *account) {
    const size_t symbols = account->quotes->symbol_count;
    account->wallet_usd =
        account->limits.margin_usd > 0.0 ? account->limits.margin_usd : WALLET_USD;
    account->order_count = account->open_count = account->fill_count = 0;
    account->next_due_ns = INT64_MAX;
    memset(account->positions, 0, symbols * LIVE_SIDES * sizeof *account->positions);
    for (size_t s = 0; s < symbols; s++) {
        account->symbols[s].open = account->symbols[s].stops = 0;
    }
}

void live_account_destroy(struct live_account *account) {
    if (account) {
        free(account->orders);
        free(account->fills);
        free(account->positions);
        free(account->symbols);
        free(account);
    }
}

bool live_order_waits(const struct live_order *order) {
    return order->type >= LIVE_STOP && !order->triggered;
}

static bool is_market(const struct live_order *order) {
    return order->type == LIVE_MARKET || order->type == LIVE_STOP_MARKET ||
           order->type == LIVE_TAKE_PROFIT_MARKET;
}

struct live_position *live_account_position(const struct live_account *account, uint32_t symbol,
                                            enum live_side side) {
    return &account->positions[symbol * LIVE_SIDES + (uint32_t)side];
}

static const struct live_symbol *symbol_of(const struct live_account *account, uint32_t symbol) {
    return &account->quotes->symbols[symbol];
}

/** Steps of the position that an order of that side could close. */
static int64_t closable(const struct live_account *account, const struct live_order *order) {
    const int64_t held =
        live_account_position(account, order->symbol, (enum live_side)order->side)->quantity;
    const int64_t against = order->buy ? -held : held;
    return against > 0 ? against : 0;
}

/** Whether an order may only close. In hedge mode the side tells. */
static bool only_closes(const struct live_order *order) {
    return order->reduce_only || order->close_position ||
           (order->side == LIVE_LONG && !order->buy) || (order->side == LIVE_SHORT && order->buy);
}

double live_unrealized_usd(const struct live_account *account, uint32_t symbol, enum live_side side,
                           int64_t now_ns) {
    const struct live_position *position = live_account_position(account, symbol, side);
    if (position->quantity == 0) {
        return 0.0;
    }
    const double price = weir_market_price(account->quotes->market, symbol, now_ns);
    return live_quantity_of(symbol_of(account, symbol), position->quantity) *
           (price - position->entry_price);
}

double live_position_margin_usd(const struct live_account *account, uint32_t symbol,
                                enum live_side side, int64_t now_ns) {
    const int64_t quantity = live_account_position(account, symbol, side)->quantity;
    if (quantity == 0) {
        return 0.0;
    }
    const double price = weir_market_price(account->quotes->market, symbol, now_ns);
    return live_quantity_of(symbol_of(account, symbol), quantity < 0 ? -quantity : quantity) *
           price / account->symbols[symbol].leverage;
}

static double order_margin_usd(const struct live_account *account, const struct live_order *order,
                               int64_t now_ns) {
    if (only_closes(order)) {
        return 0.0;
    }
    const double price = order->price_ticks > 0
                             ? live_price_of(symbol_of(account, order->symbol), order->price_ticks)
                             : weir_market_price(account->quotes->market, order->symbol, now_ns);
    return live_quantity_of(symbol_of(account, order->symbol), order->quantity) * price /
           account->symbols[order->symbol].leverage;
}

struct live_money live_account_money(const struct live_account *account, int64_t now_ns) {
    struct live_money money = {0};
    for (uint32_t s = 0; s < account->quotes->symbol_count; s++) {
        for (int side = 0; side < LIVE_SIDES; side++) {
            money.unrealized_usd += live_unrealized_usd(account, s, (enum live_side)side, now_ns);
            money.position_margin_usd +=
                live_position_margin_usd(account, s, (enum live_side)side, now_ns);
        }
    }
    for (size_t i = 0; account->open_count > 0 && i < account->order_count; i++) {
        if (account->orders[i].status == LIVE_NEW) {
            money.order_margin_usd += order_margin_usd(account, &account->orders[i], now_ns);
        }
    }
    const double available = account->wallet_usd + money.unrealized_usd -
                             money.position_margin_usd - money.order_margin_usd;
    money.available_usd = available > 0.0 ? available : 0.0;
    return money;
}

/** When the path reaches the trigger of an order. */
static int64_t triggers_ns(const struct live_account *account, const struct live_order *order,
                           int64_t now_ns) {
    const double stop = live_price_of(symbol_of(account, order->symbol), order->stop_ticks);
    const bool takes_profit =
        order->type == LIVE_TAKE_PROFIT || order->type == LIVE_TAKE_PROFIT_MARKET;
    return weir_venue_triggers_ns(account->quotes->market, order->symbol,
                                  order->buy == takes_profit, stop, now_ns);
}

static int64_t fills_ns(const struct live_account *account, const struct live_order *order,
                        int64_t now_ns) {
    const double price = live_price_of(symbol_of(account, order->symbol), order->price_ticks);
    return is_market(order) ? now_ns
                            : weir_venue_fills_ns(account->quotes->market, order->symbol,
                                                  order->buy, price, now_ns);
}

int32_t live_account_check(const struct live_account *account, const struct live_order *order,
                           int64_t now_ns) {
    const struct live_symbol_account *symbol = &account->symbols[order->symbol];
    if (live_order_waits(order)) {
        if (triggers_ns(account, order, now_ns) <= now_ns) {
            return CODE_WOULD_TRIGGER;
        }
    } else if (only_closes(order) && closable(account, order) == 0) {
        return CODE_REDUCE_ONLY;
    }
    const bool rests = order->type != LIVE_MARKET;
    const int32_t full = weir_venue_check_counts(&account->limits, symbol->open, symbol->stops,
                                                 rests ? 1 : 0, live_order_waits(order) ? 1 : 0);
    if (full != 0) {
        return full;
    }
    if (rests && account->open_count >= LIVE_OPEN_ORDERS_MAX) {
        return CODE_TOO_MANY_OPEN;
    }
    if (account->limits.margin_usd > 0.0 && !only_closes(order) &&
        order_margin_usd(account, order, now_ns) >
            live_account_money(account, now_ns).available_usd) {
        return CODE_INSUFFICIENT_MARGIN;
    }
    return 0;
}

static void tell_order(struct live_account *account, const struct live_order *order,
                       const struct live_fill *fill, int64_t now_ns) {
    if (account->watcher.order) {
        account->watcher.order(account->watcher.context, account, order, fill, now_ns);
    }
}

/** An open order leaves the books. */
static void finish(struct live_account *account, struct live_order *order, enum live_status status,
                   int64_t now_ns) {
    assert(order->status == LIVE_NEW && account->open_count > 0);
    account->symbols[order->symbol].open--;
    account->symbols[order->symbol].stops -= order->type >= LIVE_STOP ? 1 : 0;
    account->open_count--;
    order->status = (uint8_t)status;
    order->update_ns = now_ns;
    order->due_ns = INT64_MAX;
}

static void expire(struct live_account *account, struct live_order *order, int64_t now_ns) {
    finish(account, order, LIVE_EXPIRED, now_ns);
    tell_order(account, order, NULL, now_ns);
}

/** A position is gone: what could only close it leaves the books. */
static void expire_closers(struct live_account *account, uint32_t symbol, enum live_side side,
                           int64_t now_ns) {
    for (size_t i = 0; i < account->order_count && account->open_count > 0; i++) {
        struct live_order *order = &account->orders[i];
        if (order->status == LIVE_NEW && order->symbol == symbol && order->side == side &&
            only_closes(order)) {
            expire(account, order, now_ns);
        }
    }
}

/** Moves a position; returns what was earned by what was closed. */
static double move_position(struct live_account *account, const struct live_order *order,
                            int64_t steps, double price, int64_t now_ns) {
    struct live_position *p =
        live_account_position(account, order->symbol, (enum live_side)order->side);
    const struct live_symbol *symbol = symbol_of(account, order->symbol);
    const int64_t change = order->buy ? steps : -steps;
    const int64_t held = p->quantity;
    double realized_usd = 0.0;
    if (held == 0 || (held > 0) == (change > 0)) {
        p->entry_price = (p->entry_price * (double)llabs(held) + price * (double)steps) /
                         (double)(llabs(held) + steps);
    } else {
        const int64_t closed = steps < llabs(held) ? steps : llabs(held);
        realized_usd =
            live_quantity_of(symbol, held > 0 ? closed : -closed) * (price - p->entry_price);
        if (steps > llabs(held)) { /* it turns round */
            p->entry_price = price;
        }
    }
    p->quantity = held + change;
    p->update_ns = now_ns;
    if (p->quantity == 0) {
        p->entry_price = 0.0;
    }
    account->wallet_usd += realized_usd;
    return realized_usd;
}

static struct live_fill *add_fill(struct live_account *account) {
    if (account->fill_count == FILLS_MAX) { /* forget the older half */
        memmove(account->fills, account->fills + FILLS_MAX / 2,
                FILLS_MAX / 2 * sizeof *account->fills);
        account->fill_count = FILLS_MAX / 2;
    }
    return &account->fills[account->fill_count++];
}

static void fill(struct live_account *account, struct live_order *order, int64_t price_ticks,
                 bool maker, int64_t now_ns) {
    int64_t steps = order->quantity;
    if (only_closes(order)) {
        const int64_t most = closable(account, order);
        steps = order->close_position || steps > most ? most : steps;
        if (steps == 0) {
            expire(account, order, now_ns);
            return;
        }
        order->quantity = steps;
    }
    const double price = live_price_of(symbol_of(account, order->symbol), price_ticks);
    struct live_fill *record = add_fill(account);
    *record = (struct live_fill){.id = ++*account->next_id,
                                 .order_id = order->id,
                                 .time_ns = now_ns,
                                 .price_ticks = price_ticks,
                                 .quantity = steps,
                                 .symbol = order->symbol,
                                 .side = order->side,
                                 .buy = order->buy,
                                 .maker = maker};
    record->realized_usd = move_position(account, order, steps, price, now_ns);
    order->executed = steps;
    order->average_ticks = price_ticks;
    finish(account, order, LIVE_FILLED, now_ns);
    tell_order(account, order, record, now_ns);
    if (account->watcher.position) {
        account->watcher.position(account->watcher.context, account, order->symbol,
                                  (enum live_side)order->side, now_ns);
    }
    const struct live_position *position =
        live_account_position(account, order->symbol, (enum live_side)order->side);
    if (position->quantity == 0) {
        expire_closers(account, order->symbol, (enum live_side)order->side, now_ns);
    }
}

/** An order that came into the books, or was triggered, or modified: does it fill at once? */
static void settle(struct live_account *account, struct live_order *order, int64_t now_ns) {
    const int64_t market_ticks = live_price_ticks(account->quotes, order->symbol, now_ns);
    const int64_t at_ns = fills_ns(account, order, now_ns);
    if (at_ns > now_ns) {
        order->due_ns = at_ns;
        if (order->tif == LIVE_IOC || order->tif == LIVE_FOK) {
            expire(account, order, now_ns);
        }
        return;
    }
    if (!is_market(order) && order->tif == LIVE_GTX) { /* it would take, not make */
        expire(account, order, now_ns);
        return;
    }
    const bool better = is_market(order) || (order->buy ? market_ticks < order->price_ticks
                                                        : market_ticks > order->price_ticks);
    fill(account, order, better ? market_ticks : order->price_ticks, false, now_ns);
}

static void find_next_due(struct live_account *account) {
    account->next_due_ns = INT64_MAX;
    for (size_t i = 0; i < account->order_count && account->open_count > 0; i++) {
        const struct live_order *order = &account->orders[i];
        if (order->status == LIVE_NEW && order->due_ns < account->next_due_ns) {
            account->next_due_ns = order->due_ns;
        }
    }
}

/** The open order that is due first, the older of equals. */
static struct live_order *first_due(struct live_account *account, int64_t now_ns) {
    struct live_order *first = NULL;
    for (size_t i = 0; i < account->order_count; i++) {
        struct live_order *order = &account->orders[i];
        if (order->status == LIVE_NEW && order->due_ns <= now_ns &&
            (!first || order->due_ns < first->due_ns)) {
            first = order;
        }
    }
    return first;
}

void live_account_advance(struct live_account *account, int64_t now_ns) {
    if (now_ns < account->next_due_ns) {
        return;
    }
    struct live_order *order = NULL;
    while ((order = first_due(account, now_ns)) != NULL) {
        const int64_t at_ns = order->due_ns;
        order->due_ns = INT64_MAX;
        if (live_order_waits(order)) {
            order->triggered = true;
            order->update_ns = at_ns;
            settle(account, order, at_ns);
        } else {
            fill(account, order, order->price_ticks, true, at_ns);
        }
    }
    find_next_due(account);
}

/** Makes room: the oldest finished orders are forgotten until the table is half empty. */
static void forget_orders(struct live_account *account) {
    size_t excess = account->order_count - ORDERS_MAX / 2;
    size_t kept = 0;
    for (size_t i = 0; i < account->order_count; i++) {
        if (account->orders[i].status != LIVE_NEW && excess > 0) {
            excess--;
        } else {
            account->orders[kept++] = account->orders[i];
        }
    }
    account->order_count = kept;
}

const struct live_order *live_account_place(struct live_account *account,
                                            const struct live_order *order, int64_t now_ns) {
    if (account->order_count == ORDERS_MAX) {
        forget_orders(account);
    }
    assert(account->order_count < ORDERS_MAX);
    struct live_order *placed = &account->orders[account->order_count++];
    *placed = *order;
    placed->id = ++*account->next_id;
    if (!placed->client_id[0]) {
        snprintf(placed->client_id, sizeof placed->client_id, "weir-%llu",
                 (unsigned long long)placed->id);
    }
    placed->time_ns = placed->update_ns = now_ns;
    placed->status = LIVE_NEW;
    placed->due_ns = INT64_MAX;
    account->open_count++;
    account->symbols[order->symbol].open++;
    account->symbols[order->symbol].stops += order->type >= LIVE_STOP ? 1 : 0;
    tell_order(account, placed, NULL, now_ns);
    if (live_order_waits(placed)) {
        placed->due_ns = triggers_ns(account, placed, now_ns);
    } else {
        settle(account, placed, now_ns);
    }
    if (placed->status == LIVE_NEW && placed->due_ns < account->next_due_ns) {
        account->next_due_ns = placed->due_ns;
    }
    return placed;
}

void live_account_cancel(struct live_account *account, struct live_order *order, int64_t now_ns) {
    finish(account, order, LIVE_CANCELED, now_ns);
    tell_order(account, order, NULL, now_ns);
}

void live_account_modify(struct live_account *account, struct live_order *order, bool buy,
                         int64_t price_ticks, int64_t quantity, int64_t now_ns) {
    assert(order->status == LIVE_NEW && order->type == LIVE_LIMIT);
    order->buy = buy;
    order->price_ticks = price_ticks;
    order->quantity = quantity;
    order->update_ns = now_ns;
    order->due_ns = INT64_MAX;
    tell_order(account, order, NULL, now_ns);
    settle(account, order, now_ns);
    find_next_due(account);
}

static struct live_order *order_by_id(const struct live_account *account, uint64_t id) {
    size_t low = 0;
    size_t high = account->order_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (account->orders[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < account->order_count && account->orders[low].id == id ? &account->orders[low]
                                                                       : NULL;
}

struct live_order *live_account_order(const struct live_account *account, uint32_t symbol,
                                      uint64_t id, const char *client_id) {
    if (id > 0) {
        struct live_order *order = order_by_id(account, id);
        return order && order->symbol == symbol ? order : NULL;
    }
    for (size_t i = account->order_count; client_id && i > 0; i--) {
        struct live_order *order = &account->orders[i - 1];
        if (order->symbol == symbol && strcmp(order->client_id, client_id) == 0) {
            return order;
        }
    }
    return NULL;
}
