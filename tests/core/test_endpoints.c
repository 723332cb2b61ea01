// The table of endpoint weights: a spot check of every kind of rule, and of the table as a whole.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "weir/endpoints.h"

static void expect(enum weir_method method, const char *path, struct weir_params params,
                   int32_t weight, int32_t orders) {
    weir_endpoint endpoint = weir_endpoint_find(method, path);
    assert_int_not_equal(endpoint, WEIR_ENDPOINT_UNKNOWN);
    struct weir_cost cost = weir_endpoint_cost(endpoint, params);
    assert_int_equal(cost.weight, weight);
    assert_int_equal(cost.orders, orders);
    assert_string_equal(weir_endpoint_path(endpoint), path);
    assert_int_equal(weir_endpoint_method(endpoint), method);
}

static struct weir_params with_limit(int32_t limit) {
    return (struct weir_params){.limit = limit, .has_symbol = true};
}

static struct weir_params with_count(int32_t count) {
    return (struct weir_params){.limit = WEIR_LIMIT_OMITTED, .count = count};
}

static struct weir_params with_symbol(void) {
    return (struct weir_params){.limit = WEIR_LIMIT_OMITTED, .has_symbol = true};
}

static void test_flat(void **state) {
    (void)state;
    expect(WEIR_GET, "/fapi/v1/ping", WEIR_PARAMS_NONE, 1, 0);
    expect(WEIR_GET, "/fapi/v1/income", with_limit(1000), 30, 0);
    expect(WEIR_GET, "/fapi/v1/positionSide/dual", WEIR_PARAMS_NONE, 30, 0);
    expect(WEIR_POST, "/fapi/v1/positionSide/dual", WEIR_PARAMS_NONE, 1, 0);
    expect(WEIR_GET, "/fapi/v3/historicalTrades", with_symbol(), 20, 0);
    expect(WEIR_GET, "/fapi/v2/account", WEIR_PARAMS_NONE, 5, 0);
    expect(WEIR_POST, "/fapi/v3/registerAndApproveAgent", WEIR_PARAMS_NONE, 50, 0);
}

static void test_orders(void **state) {
    (void)state;
    expect(WEIR_POST, "/fapi/v1/order", with_symbol(), 1, 1);
    expect(WEIR_POST, "/fapi/v3/order", with_symbol(), 1, 1);
    expect(WEIR_PUT, "/fapi/v3/order", with_symbol(), 1, 1);
    expect(WEIR_DELETE, "/fapi/v1/order", with_symbol(), 1, 0);
    expect(WEIR_GET, "/fapi/v1/order", with_symbol(), 1, 0);
    expect(WEIR_DELETE, "/fapi/v1/batchOrders", with_symbol(), 1, 0);
    assert_true(weir_endpoint_places_orders(weir_endpoint_find(WEIR_POST, "/fapi/v3/chase")));
    assert_false(weir_endpoint_places_orders(weir_endpoint_find(WEIR_GET, "/fapi/v1/order")));
}

static void test_symbol(void **state) {
    (void)state;
    expect(WEIR_GET, "/fapi/v1/ticker/24hr", with_symbol(), 1, 0);
    expect(WEIR_GET, "/fapi/v1/ticker/24hr", WEIR_PARAMS_NONE, 40, 0);
    expect(WEIR_GET, "/fapi/v3/ticker/price", WEIR_PARAMS_NONE, 2, 0);
    expect(WEIR_GET, "/fapi/v1/openOrders", WEIR_PARAMS_NONE, 40, 0);
    expect(WEIR_GET, "/fapi/v1/forceOrders", with_symbol(), 20, 0);
    expect(WEIR_GET, "/fapi/v1/forceOrders", WEIR_PARAMS_NONE, 50, 0);
}

static void test_limit(void **state) {
    (void)state;
    static const int32_t depth[][2] = {{5, 2},   {10, 2},   {20, 2},    {50, 2},
                                       {100, 5}, {500, 10}, {1000, 20}, {WEIR_LIMIT_OMITTED, 10},
                                       {7, 20},  {0, 20},   {2000, 20}, {-7, 20}};
    static const int32_t klines[][2] = {{1, 1},
                                        {99, 1},
                                        {100, 2},
                                        {499, 2},
                                        {500, 5},
                                        {1000, 5},
                                        {1001, 10},
                                        {1500, 10},
                                        {1501, 10},
                                        {0, 10},
                                        {WEIR_LIMIT_OMITTED, 5}};
    for (size_t i = 0; i < sizeof depth / sizeof depth[0]; i++) {
        expect(WEIR_GET, "/fapi/v1/depth", with_limit(depth[i][0]), depth[i][1], 0);
        expect(WEIR_GET, "/fapi/v3/depth", with_limit(depth[i][0]), depth[i][1], 0);
    }
    for (size_t i = 0; i < sizeof klines / sizeof klines[0]; i++) {
        expect(WEIR_GET, "/fapi/v1/klines", with_limit(klines[i][0]), klines[i][1], 0);
        expect(WEIR_GET, "/fapi/v3/markPriceKlines", with_limit(klines[i][0]), klines[i][1], 0);
        expect(WEIR_GET, "/fapi/v3/indexPriceKlines", with_limit(klines[i][0]), klines[i][1], 0);
    }
}

static void test_count(void **state) {
    (void)state;
    for (int32_t count = 1; count <= 5; count++) {
        expect(WEIR_POST, "/fapi/v1/batchOrders", with_count(count), 5, count);
    }
    expect(WEIR_POST, "/fapi/v1/batchOrders", with_count(9), 5, 5);
    expect(WEIR_POST, "/fapi/v3/batchOrders", WEIR_PARAMS_NONE, 5, 5);
    expect(WEIR_POST, "/fapi/v3/placeStrategyOrder", with_count(2), 50, 2);
    expect(WEIR_POST, "/fapi/v3/placeStrategyOrder", with_count(1), 50, 3);
    expect(WEIR_POST, "/fapi/v3/updateStrategyOrder", with_count(1), 50, 1);
}

static void test_unknown(void **state) {
    (void)state;
    assert_int_equal(weir_endpoint_find(WEIR_GET, "/fapi/v1/nothing"), WEIR_ENDPOINT_UNKNOWN);
    assert_int_equal(weir_endpoint_find(WEIR_PUT, "/fapi/v1/ping"), WEIR_ENDPOINT_UNKNOWN);
    assert_int_equal(weir_endpoint_find(WEIR_GET, ""), WEIR_ENDPOINT_UNKNOWN);
    assert_int_equal(weir_endpoint_find(WEIR_GET, "/zzz"), WEIR_ENDPOINT_UNKNOWN);
    assert_int_equal(weir_endpoint_find(WEIR_GET, NULL), WEIR_ENDPOINT_UNKNOWN);
    weir_endpoint past = (weir_endpoint)weir_endpoint_count();
    weir_endpoint wrong[] = {WEIR_ENDPOINT_UNKNOWN, past, INT16_MAX, INT16_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct weir_cost cost = weir_endpoint_cost(wrong[i], with_symbol());
        assert_int_equal(cost.weight, 50);
        assert_int_equal(cost.orders, 0);
        assert_string_equal(weir_endpoint_path(wrong[i]), "");
        assert_int_equal(weir_endpoint_method(wrong[i]), WEIR_GET);
        assert_false(weir_endpoint_accepts(wrong[i], with_symbol()));
        assert_false(weir_endpoint_places_orders(wrong[i]));
    }
}

static void test_accepts(void **state) {
    (void)state;
    weir_endpoint depth = weir_endpoint_find(WEIR_GET, "/fapi/v1/depth");
    weir_endpoint batch = weir_endpoint_find(WEIR_POST, "/fapi/v1/batchOrders");
    weir_endpoint cancel_all = weir_endpoint_find(WEIR_DELETE, "/fapi/v1/allOpenOrders");
    weir_endpoint open_orders = weir_endpoint_find(WEIR_GET, "/fapi/v1/openOrders");
    assert_true(weir_endpoint_accepts(depth, with_limit(500)));
    assert_true(weir_endpoint_accepts(depth, with_symbol()));
    assert_false(weir_endpoint_accepts(depth, with_limit(7)));
    assert_false(weir_endpoint_accepts(depth, WEIR_PARAMS_NONE));
    assert_true(weir_endpoint_accepts(batch, with_count(5)));
    assert_false(weir_endpoint_accepts(batch, with_count(6)));
    assert_false(weir_endpoint_accepts(batch, with_count(0)));
    assert_false(weir_endpoint_accepts(cancel_all, WEIR_PARAMS_NONE));
    assert_true(weir_endpoint_accepts(open_orders, WEIR_PARAMS_NONE));
}

/** Every handle is found by its own path and method, in strictly rising order, and what an
 *  endpoint of both versions costs is the same in both. */
static void test_whole_table(void **state) {
    (void)state;
    assert_int_equal(weir_endpoint_count(), 121);
    for (size_t i = 0; i < weir_endpoint_count(); i++) {
        weir_endpoint endpoint = (weir_endpoint)i;
        const char *path = weir_endpoint_path(endpoint);
        enum weir_method method = weir_endpoint_method(endpoint);
        assert_int_equal(weir_endpoint_find(method, path), endpoint);
        char twin_path[64];
        (void)strncpy(twin_path, path, sizeof twin_path - 1);
        twin_path[sizeof twin_path - 1] = '\0';
        twin_path[7] = '3';
        weir_endpoint twin = weir_endpoint_find(method, twin_path);
        for (int32_t value = -1; twin >= 0 && value <= 1600; value++) {
            struct weir_params params = {
                .limit = value, .count = value, .has_symbol = value % 2 == 0};
            struct weir_cost a = weir_endpoint_cost(endpoint, params);
            struct weir_cost b = weir_endpoint_cost(twin, params);
            assert_true(a.weight == b.weight && a.orders == b.orders);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flat),    cmocka_unit_test(test_orders),
        cmocka_unit_test(test_symbol),  cmocka_unit_test(test_limit),
        cmocka_unit_test(test_count),   cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_accepts), cmocka_unit_test(test_whole_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
