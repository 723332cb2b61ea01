/**
 * The event queue against sorting: whatever is pushed in whatever order, and popped in between,
 * comes out by time, then kind, then order of pushing.
 */
#include "check.h"

#include <stdlib.h>

#include "draws.h"
#include "event_queue.h"

#define SEEDS 300
#define EVENTS 400

/** What was pushed and has not come out: a plain array, searched from end to end. */
struct model {
    struct weir_sim_event events[EVENTS];
    uint64_t sequences[EVENTS];
    size_t count;
};

static bool comes_before(const struct model *m, size_t a, size_t b) {
    const struct weir_sim_event *left = &m->events[a];
    const struct weir_sim_event *right = &m->events[b];
    if (left->time_ns != right->time_ns) {
        return left->time_ns < right->time_ns;
    }
    if (left->order != right->order) {
        return left->order < right->order;
    }
    return m->sequences[a] < m->sequences[b];
}

/** Takes the first of the model's events; `order` there is the kind alone. */
static struct weir_sim_event model_pop(struct model *m) {
    size_t best = 0;
    for (size_t i = 1; i < m->count; i++) {
        best = comes_before(m, i, best) ? i : best;
    }
    const struct weir_sim_event event = m->events[best];
    m->count--;
    m->events[best] = m->events[m->count];
    m->sequences[best] = m->sequences[m->count];
    return event;
}

static void assert_pop(uint64_t seed, struct weir_event_queue *queue, struct model *m) {
    const struct weir_sim_event expected = model_pop(m);
    CHECK_SEED(seed, weir_event_queue_next_ns(queue) == expected.time_ns);
    const struct weir_sim_event event = weir_event_queue_pop(queue);
    CHECK_SEED(seed, event.time_ns == expected.time_ns);
    CHECK_SEED(seed, weir_event_kind(&event) == expected.order);
    CHECK_SEED(seed, event.data == expected.data);
}

static int64_t some_time(struct draws *draws) {
    switch (draw(draws, 0, 3)) {
    case 0:
        return draw(draws, 0, 5);
    case 1:
        return INT64_MAX - draw(draws, 0, 1);
    default:
        return draw(draws, 0, INT64_C(1) << 60);
    }
}

static void run_sequence(uint64_t seed) {
    struct draws draws = {seed};
    struct model m = {.count = 0};
    struct weir_event_queue queue;
    assert_true(weir_event_queue_open(&queue, (size_t)draw(&draws, 0, 3)));
    const int64_t pops_percent = draw(&draws, 0, 60);
    for (uint64_t i = 0; i < EVENTS; i++) {
        const uint8_t kind = (uint8_t)(draw_percent(&draws, 50) ? draw(&draws, 0, 2) : 255);
        const struct weir_sim_event event = {some_time(&draws), kind, draw_word(&draws)};
        weir_event_queue_push(&queue, event.time_ns, kind, event.data);
        m.sequences[m.count] = i;
        m.events[m.count++] = event;
        while (m.count > 0 && draw_percent(&draws, pops_percent)) {
            assert_pop(seed, &queue, &m);
        }
    }
    while (m.count > 0) {
        assert_pop(seed, &queue, &m);
    }
    CHECK_SEED(seed, queue.count == 0 && !queue.out_of_memory);
    CHECK_SEED(seed, weir_event_queue_next_ns(&queue) == INT64_MAX);
    weir_event_queue_close(&queue);
}

static void test_events_come_out_sorted(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        run_sequence(seed);
    }
}

static void test_ties_go_by_kind_then_by_order_of_pushing(void **state) {
    (void)state;
    struct weir_event_queue queue;
    assert_true(weir_event_queue_open(&queue, 1));
    weir_event_queue_push(&queue, 7, 2, 1);
    weir_event_queue_push(&queue, 7, 1, 2);
    weir_event_queue_push(&queue, 7, 1, 3);
    weir_event_queue_push(&queue, 7, 0, 4);
    weir_event_queue_push(&queue, 6, 255, 5);
    const uint64_t expected[] = {5, 4, 2, 3, 1};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(weir_event_queue_pop(&queue).data, expected[i]);
    }
    weir_event_queue_close(&queue);
}

static void test_queue_grows_from_nothing(void **state) {
    (void)state;
    struct weir_event_queue queue;
    assert_true(weir_event_queue_open(&queue, 0));
    for (int64_t i = 50000; i > 0; i--) {
        weir_event_queue_push(&queue, i, 0, (uint64_t)i);
    }
    assert_int_equal(queue.count, 50000);
    for (uint64_t i = 1; i <= 50000; i++) {
        assert_int_equal(weir_event_queue_pop(&queue).data, i);
    }
    weir_event_queue_close(&queue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_come_out_sorted),
        cmocka_unit_test(test_ties_go_by_kind_then_by_order_of_pushing),
        cmocka_unit_test(test_queue_grows_from_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
