// The limiter with a lock: many threads, one exchange that counts by itself. Never above a limit,
// every request ends once. Run under the thread sanitizer by ./check.
#include <assert.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "draws.h"
#include "weir/handle.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define THREADS 6
#define REQUESTS_EACH 1500
#define REQUESTS (THREADS * REQUESTS_EACH)
#define WEIGHT_LIMIT 300
#define ORDER_LIMIT 120
#define WINDOWS 4096

/** How a request ended. */
enum ending {
    NOT_ENDED,
    REFUSED,
    DROPPED,
    TAKEN_BACK,
    SETTLED
};

/** What the threads share. Time is a number that every thread moves on: no wall clock. */
struct world {
    struct weir_handle *handle;
    bool queues;
    atomic_llong clock_ns;
    pthread_mutex_t counting; /**< guards the exchange's own counts */
    int32_t weight[WINDOWS];
    int32_t orders[WINDOWS];
    _Atomic int endings[REQUESTS + 1]; /**< enum ending, by id */
    atomic_uint sent;
    atomic_uint over_limit;
    atomic_uint wrong; /**< answers that must not be: checked at the end, by the main thread */
};

/** A thread and its own random numbers. */
struct worker {
    struct world *world;
    uint64_t first_id;
    struct draws random;
};

static int64_t pass(struct world *world, int64_t span_ns) {
    return atomic_fetch_add(&world->clock_ns, span_ns) + span_ns;
}

static void end(struct world *world, uint64_t id, enum ending how) {
    if (atomic_exchange(&world->endings[id], (int)how) != NOT_ENDED) {
        atomic_fetch_add(&world->wrong, 1);
    }
}

/** The request arrives at the exchange: counted in the window of that moment. */
static void arrive(struct world *world, struct weir_cost cost) {
    pthread_mutex_lock(&world->counting);
    int64_t window = atomic_load(&world->clock_ns) / MINUTE;
    assert(window < WINDOWS);
    world->weight[window] += cost.weight;
    world->orders[window] += cost.orders;
    if (world->weight[window] > WEIGHT_LIMIT || world->orders[window] > ORDER_LIMIT) {
        atomic_fetch_add(&world->over_limit, 1);
    }
    pthread_mutex_unlock(&world->counting);
}

/** What a request of that id is: of every third kind one places an order. */
static struct weir_request request_of(uint64_t id, int64_t now_ns) {
    bool places = id % 3 != 0;
    return (struct weir_request){.id = id,
                                 .endpoint =
                                     places ? weir_endpoint_find(WEIR_POST, "/fapi/v1/order")
                                            : weir_endpoint_find(WEIR_GET, "/fapi/v2/positionRisk"),
                                 .params = WEIR_PARAMS_NONE,
                                 .priority = places ? WEIR_CRITICAL : WEIR_LOW,
                                 .deadline_ns = now_ns + 20 * SECOND,
                                 .escalate_ns = WEIR_NEVER,
                                 .value = places ? (double)(id % 97) : 0,
                                 .can_send = true};
}

static void travel(struct worker *worker, uint64_t id) {
    struct world *world = worker->world;
    int64_t sent_ns = atomic_load(&world->clock_ns);
    struct weir_request request = request_of(id, sent_ns);
    atomic_fetch_add(&world->sent, 1);
    (void)pass(world, draw(&worker->random, 0, 40) * MS);
    arrive(world, weir_endpoint_cost(request.endpoint, request.params));
    int64_t received_ns = pass(world, draw(&worker->random, 0, 40) * MS);
    struct weir_reply reply = {
        .id = id, .status = 200, .sent_ns = sent_ns, .received_ns = received_ns};
    struct weir_settlement settlement;
    if (weir_handle_settle(world->handle, &reply, &settlement) != WEIR_OK ||
        weir_handle_settle(world->handle, &reply, &settlement) != WEIR_NO_SUCH) {
        atomic_fetch_add(&world->wrong, 1);
    }
    end(world, id, SETTLED);
}

/** Sends whatever is due, whoever submitted it; false if nothing was. */
static bool serve_queue(struct worker *worker) {
    struct world *world = worker->world;
    struct weir_next next;
    if (weir_handle_next_request(world->handle, atomic_load(&world->clock_ns), 1, &next) !=
        WEIR_OK) {
        atomic_fetch_add(&world->wrong, 1);
    } else if (next.kind == WEIR_NEXT_SEND) {
        travel(worker, next.id);
        return true;
    } else if (next.kind == WEIR_NEXT_DROP) {
        end(world, next.id, DROPPED);
        return true;
    }
    return false;
}

static void submit(struct worker *worker, uint64_t id) {
    struct world *world = worker->world;
    // read before other threads' calls on purpose: times arrive out of order
    int64_t now_ns = pass(world, draw(&worker->random, 0, 60) * MS);
    struct weir_request request = request_of(id, now_ns);
    request.may_queue = world->queues;
    struct weir_decision decision;
    enum weir_status status = world->queues
                                  ? weir_handle_submit(world->handle, now_ns, &request, &decision)
                                  : weir_handle_try(world->handle, now_ns, &request, &decision);
    if (status != WEIR_OK) {
        atomic_fetch_add(&world->wrong, 1);
    } else if (decision.answer == WEIR_SEND) {
        travel(worker, id);
    } else if (decision.answer != WEIR_QUEUE) {
        end(world, id, REFUSED);
    } else if (id % 11 == 0 && weir_handle_cancel(world->handle, now_ns, id) == WEIR_OK) {
        end(world, id, TAKEN_BACK);
    }
}

static void *work(void *argument) {
    struct worker *worker = argument;
    struct world *world = worker->world;
    for (uint64_t i = 0; i < REQUESTS_EACH; i++) {
        submit(worker, worker->first_id + i);
        while (world->queues && serve_queue(worker)) {
        }
        struct weir_event event;
        (void)weir_handle_poll_event(world->handle, &event);
        if (draw_percent(&worker->random, 2)) {
            uint8_t bytes[1024];
            (void)weir_handle_save(world->handle, atomic_load(&world->clock_ns), bytes,
                                   sizeof bytes);
            weir_handle_observe(world->handle,
                                &(struct weir_observation){.now_ns = atomic_load(&world->clock_ns),
                                                           .symbol = 1,
                                                           .price = 100,
                                                           .notional_usd = 1e5});
        }
    }
    return NULL;
}

/** What is still queued when all threads are done: time passes until it went or was dropped. */
static void empty_queue(struct world *world) {
    struct worker last = {.world = world, .random = {1}};
    while (weir_handle_open_requests(world->handle) > 0) {
        if (!serve_queue(&last)) {
            (void)pass(world, SECOND);
        }
    }
}

static void check_endings(struct world *world, uint64_t seed) {
    unsigned settled = 0;
    for (uint64_t id = 1; id <= REQUESTS; id++) {
        if (world->endings[id] == NOT_ENDED) {
            fail_msg("seed %llu: request %llu never ended", (unsigned long long)seed,
                     (unsigned long long)id);
        }
        settled += world->endings[id] == SETTLED;
    }
    assert_int_equal(settled, world->sent);
    assert_true(settled > REQUESTS / 20); // the limiter let something through,
    assert_true(settled < REQUESTS);      // and the limits were reached
    assert_int_equal(world->wrong, 0);
    assert_int_equal(world->over_limit, 0);
}

static struct weir_handle *make(const char *policy, const char *clock) {
    static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, MINUTE, WEIGHT_LIMIT},
                                               {WEIR_LIMIT_ORDERS, MINUTE, ORDER_LIMIT}};
    const struct weir_setting setting = {"clock", clock};
    struct weir_config config = {.limits = limits,
                                 .limit_count = 2,
                                 .settings = &setting,
                                 .setting_count = clock ? 1 : 0,
                                 .now_ns = SECOND,
                                 .max_open = 1024};
    struct weir_handle *handle = NULL;
    struct weir_error error = {.text = ""};
    if (weir_handle_create(weir_policy_find(policy), &config, &handle, &error) != WEIR_OK) {
        fail_msg("%s", error.text);
    }
    assert_string_equal(weir_handle_policy(handle)->name, policy);
    return handle;
}

static void run_threads(const char *policy, const char *clock, bool queues, uint64_t seed) {
    static struct world world;
    memset(&world, 0, sizeof world);
    world.handle = make(policy, clock);
    world.queues = queues;
    world.clock_ns = SECOND;
    pthread_mutex_init(&world.counting, NULL);
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (uint64_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){&world, 1 + i * REQUESTS_EACH, {seed + i}};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    empty_queue(&world);
    check_endings(&world, seed);
    pthread_mutex_destroy(&world.counting);
    weir_handle_destroy(world.handle);
}

static void threads_that_queue(void **state) {
    (void)state;
    run_threads("weir", "known", true, 1);
    run_threads("weir", NULL, true, 2);
}

static void threads_that_try(void **state) {
    (void)state;
    run_threads("weir", "known", false, 3);
    run_threads("weir", NULL, false, 4);
}

static void a_time_behind_counts_as_the_latest(void **state) {
    (void)state;
    struct weir_handle *handle = make("weir", NULL);
    struct weir_request request = request_of(1, 100 * SECOND);
    struct weir_decision decision;
    assert_int_equal(weir_handle_try(handle, 100 * SECOND, &request, &decision), WEIR_OK);
    assert_int_equal(decision.answer, WEIR_SEND);
    request.id = 2; // 20 s before, and its deadline has passed by then
    request.deadline_ns = 90 * SECOND;
    assert_int_equal(weir_handle_try(handle, 80 * SECOND, &request, &decision), WEIR_OK);
    assert_int_equal(decision.answer, WEIR_REFUSE);
    assert_int_equal(decision.reason, WEIR_REASON_DEADLINE);
    assert_int_equal(weir_handle_try(handle, -1, &request, &decision), WEIR_INVALID);
    weir_handle_destroy(handle);
}

static void restores_what_it_saved(void **state) {
    (void)state;
    struct weir_handle *handle = make("weir", NULL);
    struct weir_request request = request_of(1, SECOND);
    struct weir_decision decision;
    assert_int_equal(weir_handle_submit(handle, SECOND, &request, &decision), WEIR_OK);
    const struct weir_header banned = {"Retry-After", "600"};
    struct weir_reply reply = {.id = 1,
                               .status = 418,
                               .sent_ns = SECOND,
                               .received_ns = 2 * SECOND,
                               .headers = &banned,
                               .header_count = 1};
    struct weir_settlement settlement;
    assert_int_equal(weir_handle_settle(handle, &reply, &settlement), WEIR_OK);
    uint8_t bytes[1024];
    size_t size = weir_handle_save(handle, 3 * SECOND, bytes, sizeof bytes);
    assert_in_range(size, 1, sizeof bytes);
    weir_handle_destroy(handle);

    handle = make("weir", NULL);
    struct weir_error error;
    assert_int_equal(weir_handle_restore(handle, 5 * SECOND, SECOND, bytes, size, &error), WEIR_OK);
    request = request_of(1, 6 * SECOND);
    assert_int_equal(weir_handle_try(handle, 6 * SECOND, &request, &decision), WEIR_OK);
    assert_int_equal(decision.answer, WEIR_REFUSE);
    assert_int_equal(decision.reason, WEIR_REASON_BANNED);
    bytes[0] ^= 1;
    assert_int_equal(weir_handle_restore(handle, 7 * SECOND, 0, bytes, size, &error), WEIR_INVALID);
    weir_handle_destroy(handle);
}

/** What a subscriber saw: the numbers of the 429s, in order, and how often it was called within its
 *  own call. */
struct listener {
    _Atomic int depth;
    int nested;
    double numbers[2000];
    int count;
    int64_t asked; /**< statistics it read from within the callback */
};

static void listen(void *context, struct weir_handle *handle, const struct weir_event *event) {
    struct listener *listener = context;
    listener->nested += atomic_fetch_add(&listener->depth, 1) > 0;
    struct weir_stats stats;
    if (weir_handle_read_stats(handle, event->time_ns, &stats, sizeof stats) == WEIR_OK) {
        listener->asked++;
    }
    if (listener->count < 2000) {
        listener->numbers[listener->count++] = event->number;
    }
    atomic_fetch_sub(&listener->depth, 1);
}

/** Each of these requests is answered 429, by a policy that goes on all the same. */
static void *be_refused(void *argument) {
    struct worker *worker = argument;
    for (uint64_t i = 0; i < 200; i++) {
        struct weir_request request = request_of(worker->first_id + i, SECOND);
        struct weir_decision decision;
        struct weir_reply reply = {
            .id = request.id, .status = 429, .sent_ns = SECOND, .received_ns = SECOND};
        struct weir_settlement settlement;
        if (weir_handle_try(worker->world->handle, SECOND, &request, &decision) != WEIR_OK ||
            weir_handle_settle(worker->world->handle, &reply, &settlement) != WEIR_OK) {
            atomic_fetch_add(&worker->world->wrong, 1);
        }
    }
    return NULL;
}

static void events_come_in_order_outside_the_lock(void **state) {
    (void)state;
    static struct world world;
    static struct listener listener;
    world.handle = make("none", NULL);
    uint32_t subscription = 0;
    assert_int_equal(weir_handle_subscribe(world.handle, "429", listen, &listener, &subscription),
                     WEIR_OK);
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (uint64_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){&world, 1 + i * REQUESTS_EACH, {i}};
        assert_int_equal(pthread_create(&threads[i], NULL, be_refused, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(world.wrong, 0);
    assert_int_equal(listener.nested, 0);
    assert_in_range(listener.count, 1, THREADS * 200);
    assert_int_equal(listener.asked, listener.count);
    for (int i = 1; i < listener.count; i++) {
        assert_true(listener.numbers[i] > listener.numbers[i - 1]);
    }
    struct weir_stats stats;
    assert_int_equal(weir_handle_read_stats(world.handle, SECOND, &stats, sizeof stats), WEIR_OK);
    assert_int_equal(stats.totals.http_429, THREADS * 200);
    assert_int_equal(weir_handle_unsubscribe(world.handle, subscription), WEIR_OK);
    assert_int_equal(weir_handle_unsubscribe(world.handle, subscription), WEIR_NO_SUCH);
    int before = listener.count;
    struct worker again = {&world, 1, {1}};
    (void)be_refused(&again);
    assert_int_equal(listener.count, before);
    weir_handle_destroy(world.handle);
}

/** A callback that sends a request itself, which is answered 429 again. */
static void provoke(void *context, struct weir_handle *handle, const struct weir_event *event) {
    int *calls = context;
    (void)event;
    if (++*calls < 5) {
        uint64_t id = 1000 + (uint64_t)*calls;
        struct weir_request request = request_of(id, SECOND);
        struct weir_decision decision;
        struct weir_settlement settlement;
        struct weir_reply reply = {
            .id = id, .status = 429, .sent_ns = SECOND, .received_ns = SECOND};
        assert_int_equal(weir_handle_try(handle, SECOND, &request, &decision), WEIR_OK);
        assert_int_equal(weir_handle_settle(handle, &reply, &settlement), WEIR_OK);
    }
}

static void a_callback_may_call_again(void **state) {
    (void)state;
    struct weir_handle *handle = make("none", NULL);
    int calls = 0;
    assert_int_equal(weir_handle_subscribe(handle, "429", NULL, NULL, NULL), WEIR_INVALID);
    assert_int_equal(weir_handle_subscribe(handle, NULL, provoke, &calls, NULL), WEIR_OK);
    provoke(&calls, handle, NULL); // the first, by hand
    assert_int_equal(calls, 5);
    for (int i = 1; i < WEIR_SUBSCRIPTIONS_MAX; i++) {
        assert_int_equal(weir_handle_subscribe(handle, "418", provoke, &calls, NULL), WEIR_OK);
    }
    assert_int_equal(weir_handle_subscribe(handle, "418", provoke, &calls, NULL), WEIR_FULL);
    weir_handle_destroy(handle);
}

static void says_what_is_wrong(void **state) {
    (void)state;
    struct weir_error error = {.text = ""};
    struct weir_handle *handle = (struct weir_handle *)1;
    assert_int_equal(
        weir_handle_create(weir_policy_find("weir"), &(struct weir_config){0}, &handle, &error),
        WEIR_INVALID);
    assert_null(handle);
    assert_non_null(strstr(error.text, "max_open"));
    assert_int_equal(weir_handle_create(NULL, NULL, NULL, &error), WEIR_INVALID);
    weir_handle_destroy(NULL);
    handle = make("weir", NULL);
    weir_handle_failure(handle, &error);
    assert_int_equal(error.status, WEIR_OK);
    assert_string_equal(error.text, "");
    weir_handle_observe(handle, NULL);
    weir_handle_destroy(handle);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_that_queue),
        cmocka_unit_test(threads_that_try),
        cmocka_unit_test(a_time_behind_counts_as_the_latest),
        cmocka_unit_test(restores_what_it_saved),
        cmocka_unit_test(events_come_in_order_outside_the_lock),
        cmocka_unit_test(a_callback_may_call_again),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
