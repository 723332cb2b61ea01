#include "exchange_venue.h"

#include <string.h>

void open_venue(struct venue *venue) {
    venue->exchange = weir_exchange_create(&venue->rules, 2, 2);
    assert_non_null(venue->exchange);
}

struct venue named_venue(const char *profile) {
    struct venue venue = {.request = {.params = {.limit = WEIR_LIMIT_OMITTED, .has_symbol = true}}};
    assert_true(weir_exchange_rules_find(profile, &venue.rules));
    return venue;
}

void close_venue(struct venue *venue) {
    weir_exchange_destroy(venue->exchange);
}

int ask(struct venue *venue, int64_t now_ns, enum weir_method method, const char *path) {
    venue->request.endpoint = weir_endpoint_find(method, path);
    memset(&venue->answer, 0xA5, sizeof venue->answer);
    weir_exchange_handle(venue->exchange, now_ns, &venue->request, &venue->answer);
    return venue->answer.status;
}

int ping(struct venue *venue, int64_t now_ns) {
    return ask(venue, now_ns, WEIR_GET, "/fapi/v1/ping");
}

int place_order(struct venue *venue, int64_t now_ns) {
    return ask(venue, now_ns, WEIR_POST, "/fapi/v1/order");
}

int place_batch(struct venue *venue, int64_t now_ns, int32_t count) {
    venue->request.params.count = count;
    const int status = ask(venue, now_ns, WEIR_POST, "/fapi/v1/batchOrders");
    venue->request.params.count = 0;
    return status;
}

const char *header_of(const struct venue *venue, const char *name) {
    const char *value = NULL;
    for (size_t i = 0; i < venue->answer.header_count; i++) {
        if (strcmp(venue->answer.headers[i].name, name) == 0) {
            assert_null(value);
            value = venue->answer.headers[i].value;
        }
    }
    return value;
}

void assert_header(const struct venue *venue, const char *name, const char *value) {
    assert_non_null(header_of(venue, name));
    assert_string_equal(header_of(venue, name), value);
}

void assert_body(const struct venue *venue, const char *body) {
    assert_non_null(venue->answer.body);
    assert_string_equal(venue->answer.body, body);
    assert_int_equal(venue->answer.body_length, strlen(body));
}

void use_weight(struct venue *venue, int64_t now_ns, int64_t weight) {
    for (int64_t i = 0; i < weight; i++) {
        assert_int_equal(ping(venue, now_ns), 200);
    }
}

void use_orders(struct venue *venue, int64_t now_ns, int64_t orders) {
    for (int64_t i = 0; i < orders; i++) {
        assert_int_equal(place_order(venue, now_ns), 200);
    }
}

struct venue small_venue(int64_t weight, int64_t orders) {
    struct venue venue = named_venue("aster");
    venue.rules.weight_per_minute = weight;
    venue.rules.orders_per_minute = orders;
    return venue;
}

struct venue touchy_venue(void) {
    struct venue venue = small_venue(1, 100);
    venue.rules.ban_after_429s = 1;
    return venue;
}

void get_banned(struct venue *venue, int64_t now_ns) {
    assert_int_equal(ping(venue, now_ns), 200);
    assert_int_equal(ping(venue, now_ns), 418);
}
