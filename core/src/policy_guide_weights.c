#include <string.h>

#include "policy_guide.h"

/** The guide's table: by path alone, whatever the method, and whether a symbol is sent or not. */
struct path_weight {
    const char *path;
    int32_t weight;
};

static const struct path_weight path_weights[] = {
    {"/fapi/v1/adlQuantile", 5},
    {"/fapi/v1/aggTrades", 20},
    {"/fapi/v1/allOpenOrders", 1},
    {"/fapi/v1/allOrders", 5},
    {"/fapi/v1/batchOrders", 5},
    {"/fapi/v1/commissionRate", 20},
    {"/fapi/v1/exchangeInfo", 1},
    {"/fapi/v1/forceOrders", 20},
    {"/fapi/v1/historicalTrades", 20},
    {"/fapi/v1/income", 30},
    {"/fapi/v1/leverage", 1},
    {"/fapi/v1/leverageBracket", 1},
    {"/fapi/v1/listenKey", 1},
    {"/fapi/v1/marginType", 1},
    {"/fapi/v1/multiAssetsMargin", 1},
    {"/fapi/v1/openOrder", 1},
    {"/fapi/v1/openOrders", 1},
    {"/fapi/v1/order", 1},
    {"/fapi/v1/ping", 1},
    {"/fapi/v1/positionMargin", 1},
    {"/fapi/v1/positionMargin/history", 1},
    {"/fapi/v1/positionSide/dual", 1},
    {"/fapi/v1/ticker/24hr", 1},
    {"/fapi/v1/ticker/bookTicker", 1},
    {"/fapi/v1/ticker/price", 1},
    {"/fapi/v1/time", 1},
    {"/fapi/v1/trades", 1},
    {"/fapi/v1/userTrades", 5},
    {"/fapi/v2/account", 5},
    {"/fapi/v2/balance", 5},
    {"/fapi/v2/positionRisk", 5},
};

static int32_t depth_weight(int32_t limit) {
    switch (limit) {
    case 100:
        return 5;
    case 500:
        return 10;
    case 1000:
        return 20;
    default:
        return 2;
    }
}

static int32_t klines_weight(int32_t limit) {
    if (limit < 100) {
        return 1;
    }
    if (limit < 500) {
        return 2;
    }
    if (limit <= 1000) {
        return 5;
    }
    return limit <= 1500 ? 10 : 1;
}

int32_t guide_weight(weir_endpoint endpoint, struct weir_params params) {
    const char *path = weir_endpoint_path(endpoint);
    if (strcmp(path, "/fapi/v1/depth") == 0) {
        return depth_weight(params.limit);
    }
    if (strcmp(path, "/fapi/v1/klines") == 0) {
        return klines_weight(params.limit);
    }
    size_t low = 0;
    size_t high = sizeof path_weights / sizeof path_weights[0];
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(path, path_weights[middle].path);
        if (order == 0) {
            return path_weights[middle].weight;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return 1; // unknown to the guide
}
