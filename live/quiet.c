#include "quiet.h"

#include <stdlib.h>
#include <string.h>

#include "draw.h"

#define SECOND_NS INT64_C(1000000000)
#define STEP_NS (10 * SECOND_NS)
#define BEFORE_NS (3600 * SECOND_NS)
#define STEPS ((86400 * SECOND_NS + BEFORE_NS) / STEP_NS)

#define DECIMALS 6
#define PULL 0.99     /* of the distance from the first price, what is left after a step */
#define SPREAD 0.0003 /* of one step, as a share of the price */

static const struct {
    const char *name;
    int64_t micro_usd;
} COINS[] = {
    {"BTCUSDT", 60000000000}, {"ETHUSDT", 2500000000}, {"BNBUSDT", 600000000},
    {"SOLUSDT", 150000000},   {"XRPUSDT", 2000000},    {"DOGEUSDT", 200000},
    {"ASTERUSDT", 1500000},   {"HYPEUSDT", 40000000},  {"AVAXUSDT", 25000000},
    {"LINKUSDT", 15000000},   {"ADAUSDT", 600000},
};
#define COIN_COUNT (sizeof COINS / sizeof COINS[0])

static bool name_symbols(struct weir_trace *trace) {
    trace->name = strdup("quiet");
    trace->symbols = calloc(COIN_COUNT, sizeof *trace->symbols);
    if (!trace->name || !trace->symbols) {
        return false;
    }
    for (size_t s = 0; s < COIN_COUNT; s++) {
        trace->symbols[s] = strdup(COINS[s].name);
        if (!trace->symbols[s]) {
            return false;
        }
        trace->symbol_count++;
    }
    return true;
}

/** One trade a step and symbol: about 1,000 USD at a price that is pulled back to where it began.
 */
static void draw_rows(struct weir_trace *trace, int64_t first_ns, uint64_t seed) {
    double distance[COIN_COUNT] = {0.0};
    for (uint32_t step = 0; step < STEPS; step++) {
        for (uint32_t s = 0; s < COIN_COUNT; s++) {
            const struct weir_uniforms u = weir_draw((struct weir_draw_key){
                .seed = seed, .stream = WEIR_STREAM_TRACE_PATH, .a = step, .b = s});
            distance[s] = distance[s] * PULL + (u.u[0] - 0.5) * 2.0 * SPREAD;
            const double micro_usd = (double)COINS[s].micro_usd * (1.0 + distance[s]);
            trace->rows[trace->row_count++] = (struct weir_liquidation){
                .time_ns = first_ns + step * STEP_NS,
                .price = (int64_t)micro_usd,
                .price_decimals = DECIMALS,
                .quantity = (int64_t)(1e15 / micro_usd) + 1,
                .quantity_decimals = DECIMALS,
                .symbol = s,
                .side = u.u[1] < 0.5 ? WEIR_SIDE_SELL : WEIR_SIDE_BUY,
            };
        }
    }
}

struct weir_trace *live_quiet_trace(int64_t start_ns, uint64_t seed) {
    struct weir_trace *trace = calloc(1, sizeof *trace);
    if (!trace) {
        return NULL;
    }
    trace->rows = calloc((size_t)STEPS * COIN_COUNT, sizeof *trace->rows);
    if (!trace->rows || !name_symbols(trace)) {
        weir_trace_free(trace);
        return NULL;
    }
    draw_rows(trace, start_ns - BEFORE_NS, seed);
    return trace;
}
