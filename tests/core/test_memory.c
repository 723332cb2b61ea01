/* Memory: each allocation of each policy fails once, and from then on; and after a limiter is made,
 * nothing is allocated at all. malloc, calloc, realloc and free of the library come through here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "weir/handle.h"

#define SECOND INT64_C(1000000000)

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);

static struct {
    long taken;    /**< allocations since the last reset */
    long open;     /**< of them, not freed */
    long fails;    /**< number of the one that fails, from 1; 0: none */
    bool for_good; /**< and all after it */
} memory;

static bool fails(void) {
    memory.taken++;
    const bool now = memory.fails > 0 && (memory.for_good ? memory.taken >= memory.fails
                                                          : memory.taken == memory.fails);
    memory.open += !now;
    return now;
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size) {
    if (fails()) {
        return NULL;
    }
    memory.open -= block != NULL;
    return __real_realloc(block, size);
}

void __wrap_free(void *block) {
    memory.open -= block != NULL;
    __real_free(block);
}

static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, 60 * SECOND, 2400},
                                           {WEIR_LIMIT_ORDERS, 60 * SECOND, 1200}};
static const struct weir_config config = {
    .limits = limits, .limit_count = 2, .now_ns = SECOND, .max_open = 64};

/** Makes a limiter or handle with one allocation failing; the number of allocations, or 0 once
 *  enough could be had. */
static long make_failing(const struct weir_policy *policy, bool threads, long number,
                         bool for_good) {
    struct weir_limiter *limiter = (struct weir_limiter *)1;
    struct weir_handle *handle = (struct weir_handle *)1;
    struct weir_error error = {.text = ""};
    memset(&memory, 0, sizeof memory);
    memory.fails = number;
    memory.for_good = for_good;
    const enum weir_status status = threads
                                        ? weir_handle_create(policy, &config, &handle, &error)
                                        : weir_limiter_create(policy, &config, &limiter, &error);
    const bool failed = memory.taken >= number;
    memory.fails = 0;
    if (!failed) {
        assert_int_equal(status, WEIR_OK);
        if (threads) {
            weir_handle_destroy(handle);
        } else {
            weir_limiter_destroy(limiter);
        }
    } else {
        assert_int_equal(status, WEIR_NO_MEMORY);
        assert_int_equal(error.status, WEIR_NO_MEMORY);
        assert_true(error.text[0] != '\0');
        assert_null(threads ? (void *)handle : (void *)limiter);
    }
    assert_int_equal(memory.open, 0);
    return failed;
}

static void test_each_allocation_fails(void **state) {
    (void)state;
    const struct weir_policy *policy = NULL;
    for (size_t p = 0; (policy = weir_policy_at(p)); p++) {
        for (int variant = 0; variant < 4; variant++) {
            long number = 1;
            while (make_failing(policy, variant % 2 == 1, number, variant >= 2)) {
                number++;
            }
            assert_true(number > 1);
        }
    }
}

static void count_call(void *context, struct weir_limiter *limiter,
                       const struct weir_event *event) {
    (void)limiter;
    (void)event;
    (*(long *)context)++;
}

/** A life with everything in it: nothing is allocated after the limiter was made. */
static void test_nothing_is_taken_afterwards(void **state) {
    (void)state;
    const struct weir_policy *policy = NULL;
    for (size_t p = 0; (policy = weir_policy_at(p)); p++) {
        struct weir_limiter *limiter = NULL;
        assert_int_equal(weir_limiter_create(policy, &config, &limiter, NULL), WEIR_OK);
        memset(&memory, 0, sizeof memory);
        long told = 0;
        assert_int_equal(weir_subscribe(limiter, NULL, count_call, &told, NULL), WEIR_OK);
        int64_t now_ns = SECOND;
        for (uint64_t id = 1; id <= 3000; id++) {
            now_ns += SECOND / 100;
            const struct weir_request request = {.id = id,
                                                 .endpoint = (weir_endpoint)(id % 40),
                                                 .params = WEIR_PARAMS_NONE,
                                                 .priority = (enum weir_priority)(id % 3),
                                                 .deadline_ns = now_ns + 5 * SECOND,
                                                 .escalate_ns = WEIR_NEVER,
                                                 .value = id % 3 == 0 ? 1 : 0,
                                                 .can_send = id % 5 != 0,
                                                 .may_queue = id % 5 == 0};
            struct weir_decision decision;
            struct weir_next next = {.kind = WEIR_NEXT_NONE};
            struct weir_settlement settlement;
            const enum weir_status status = weir_submit(limiter, now_ns, &request, &decision);
            assert_true(status == WEIR_OK || status == WEIR_FULL);
            assert_int_equal(weir_next_request(limiter, now_ns, 1, &next), WEIR_OK);
            struct weir_reply reply = {.id = id,
                                       .status = id % 500 == 0   ? 418
                                                 : id % 100 == 0 ? 429
                                                                 : 200,
                                       .sent_ns = now_ns,
                                       .received_ns = now_ns + SECOND / 200,
                                       .lost = id % 50 == 1};
            (void)weir_settle(limiter, &reply, &settlement);
            reply.id = next.kind == WEIR_NEXT_SEND ? next.id : 0;
            (void)weir_settle(limiter, &reply, &settlement);
            const struct weir_observation seen = {
                .now_ns = now_ns, .symbol = 1, .price = 1 + (double)(id % 9), .notional_usd = 1e6};
            weir_observe(limiter, &seen);
            struct weir_stats stats;
            assert_int_equal(weir_read_stats(limiter, now_ns, &stats, sizeof stats), WEIR_OK);
            uint8_t saved[1024];
            (void)weir_save(limiter, now_ns, saved, sizeof saved);
        }
        assert_int_equal(memory.taken, 0);
        assert_true(told > 0);
        weir_limiter_destroy(limiter);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_nothing_is_taken_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
