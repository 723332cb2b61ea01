#include "weir/endpoints.h"

#include <assert.h>
#include <string.h>

/** Which parameter of a request decides what it costs. */
enum rule {
    RULE_FLAT,   /**< none */
    RULE_SYMBOL, /**< whether `symbol` is sent */
    RULE_LIMIT,  /**< the value of `limit`, or its absence */
    RULE_COUNT   /**< the number of orders in the list */
};

/** Weight of one range of `limit`, both ends included. */
struct limit_row {
    int32_t min;
    int32_t max;
    int32_t weight;
};

/** One endpoint. `weight` and `orders` are the dearest row where a parameter decides, except for
 *  RULE_SYMBOL, whose dearest row is the one without the symbol. */
struct endpoint_row {
    const char *path;
    enum weir_method method;
    enum rule rule;
    int32_t weight;
    int32_t weight_omitted; /**< RULE_SYMBOL, RULE_LIMIT: the parameter is not sent */
    int32_t orders;
    const struct limit_row *rows;
    int32_t row_count;
    int32_t count_min; /**< RULE_COUNT: each order of a list of count_min to count_max counts 1 */
    int32_t count_max;
    bool needs_symbol;
};

// Names endpoint_table, sorted by (path, method).
#include "endpoint_table.inc"

#define ENDPOINT_COUNT (sizeof endpoint_table / sizeof endpoint_table[0])

/** The dearest row of the table: what an unknown endpoint may cost. */
#define WORST_WEIGHT 50

static const struct endpoint_row *row_of(weir_endpoint endpoint) {
    if (endpoint < 0 || (size_t)endpoint >= ENDPOINT_COUNT) {
        return NULL;
    }
    return &endpoint_table[endpoint];
}

static int compare_to_row(enum weir_method method, const char *path,
                          const struct endpoint_row *row) {
    int order = strcmp(path, row->path);
    return order != 0 ? order : (int)method - (int)row->method;
}

weir_endpoint weir_endpoint_find(enum weir_method method, const char *path) {
    if (!path) {
        return WEIR_ENDPOINT_UNKNOWN;
    }
    size_t low = 0;
    size_t high = ENDPOINT_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_to_row(method, path, &endpoint_table[middle]);
        if (order == 0) {
            return (weir_endpoint)middle;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return WEIR_ENDPOINT_UNKNOWN;
}

size_t weir_endpoint_count(void) {
    return ENDPOINT_COUNT;
}

const char *weir_endpoint_path(weir_endpoint endpoint) {
    const struct endpoint_row *row = row_of(endpoint);
    return row ? row->path : "";
}

enum weir_method weir_endpoint_method(weir_endpoint endpoint) {
    const struct endpoint_row *row = row_of(endpoint);
    return row ? row->method : WEIR_GET;
}

bool weir_endpoint_places_orders(weir_endpoint endpoint) {
    const struct endpoint_row *row = row_of(endpoint);
    return row && row->orders > 0;
}

/** The range that holds `limit`, or NULL. An endpoint has at most seven. */
static const struct limit_row *limit_row_of(const struct endpoint_row *row, int32_t limit) {
    for (int32_t i = 0; i < row->row_count; i++) {
        if (limit >= row->rows[i].min && limit <= row->rows[i].max) {
            return &row->rows[i];
        }
    }
    return NULL;
}

static bool count_listed(const struct endpoint_row *row, int32_t count) {
    return count >= row->count_min && count <= row->count_max;
}

static int32_t limit_weight(const struct endpoint_row *row, int32_t limit) {
    if (limit == WEIR_LIMIT_OMITTED) {
        return row->weight_omitted;
    }
    const struct limit_row *range = limit_row_of(row, limit);
    return range ? range->weight : row->weight;
}

struct weir_cost weir_endpoint_cost(weir_endpoint endpoint, struct weir_params params) {
    const struct endpoint_row *row = row_of(endpoint);
    if (!row) {
        return (struct weir_cost){.weight = WORST_WEIGHT, .orders = 0};
    }
    struct weir_cost cost = {.weight = row->weight, .orders = row->orders};
    switch (row->rule) {
    case RULE_FLAT:
        break;
    case RULE_SYMBOL:
        cost.weight = params.has_symbol ? row->weight : row->weight_omitted;
        break;
    case RULE_LIMIT:
        cost.weight = limit_weight(row, params.limit);
        break;
    case RULE_COUNT:
        cost.orders = count_listed(row, params.count) ? params.count : row->orders;
        break;
    }
    assert(cost.weight >= 1 && cost.weight <= WORST_WEIGHT && cost.orders >= 0);
    return cost;
}

bool weir_endpoint_accepts(weir_endpoint endpoint, struct weir_params params) {
    const struct endpoint_row *row = row_of(endpoint);
    if (!row || (row->needs_symbol && !params.has_symbol)) {
        return false;
    }
    switch (row->rule) {
    case RULE_FLAT:
    case RULE_SYMBOL:
        return true;
    case RULE_LIMIT:
        return params.limit == WEIR_LIMIT_OMITTED || limit_row_of(row, params.limit);
    case RULE_COUNT:
        return count_listed(row, params.count);
    }
    return false;
}
