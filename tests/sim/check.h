#ifndef WEIR_TESTS_SIM_CHECK_H
#define WEIR_TESTS_SIM_CHECK_H

/* cmocka.h wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

/** Fails the test and names the seed of the random input that did it. */
#define CHECK_SEED(seed, condition) check_seed((seed), (condition), #condition, __FILE__, __LINE__)

static inline void check_seed(uint64_t seed, bool condition, const char *text, const char *file,
                              int line) {
    if (!condition) {
        print_error("seed %llu\n", (unsigned long long)seed);
        _assert_true(0, text, file, line);
    }
}

#define ASSERT_NEAR(actual, expected, tolerance)                                                   \
    check_near((actual), (expected), (tolerance), __FILE__, __LINE__)

static inline void check_near(double actual, double expected, double tolerance, const char *file,
                              int line) {
    if (!(actual - expected <= tolerance && expected - actual <= tolerance)) {
        print_error("%.17g is not %.17g (tolerance %g)\n", actual, expected, tolerance);
        _assert_true(0, "near", file, line);
    }
}

/** Spans of time, in nanoseconds. */
#define MILLISECOND INT64_C(1000000)
#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)

/** Friday, 10 October 2025, 21:00:00 UTC: the beginning of a minute. */
#define BEGIN (INT64_C(1760130000) * SECOND)

#endif
