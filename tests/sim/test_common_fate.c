/**
 * Common random numbers: a policy that sends less does not shift the fate of the rest. What both
 * policies send at the same time meets the same delays and faults, whatever else one of them sends.
 */
#include "check.h"

#include <string.h>

#include "staged.h"

/** The same request of another run: what it is for, not its number. */
static const struct weir_request_record *twin_of(const struct weir_ledger *ledger,
                                                 const struct weir_request_record *r) {
    for (size_t i = 0; i < ledger->request_count; i++) {
        const struct weir_request_record *o = &ledger->requests[i];
        if (o->purpose == r->purpose && o->step == r->step && o->attempt == r->attempt &&
            o->index == r->index && o->opportunity == r->opportunity) {
            return o;
        }
    }
    return NULL;
}

/** Requests sent at the same moment in both runs; each must have met the same fate. */
static size_t compare_fates(const struct weir_ledger *one, const struct weir_ledger *other) {
    size_t same = 0;
    for (size_t i = 0; i < one->request_count; i++) {
        const struct weir_request_record *r = &one->requests[i];
        const struct weir_request_record *twin = r->sent_ns ? twin_of(other, r) : NULL;
        if (twin && twin->sent_ns == r->sent_ns && r->arrived_ns && twin->arrived_ns) {
            assert_true(twin->arrived_ns == r->arrived_ns);
            if (twin->status == r->status && twin->answered_ns && r->answered_ns) {
                assert_true(twin->answered_ns == r->answered_ns);
            }
            same++;
        }
    }
    return same;
}

static void test_who_sends_less_shifts_nothing(void **state) {
    (void)state;
    for (uint32_t replication = 0; replication < 3; replication++) {
        struct staged *s =
            STAGED(staged_burst(8, 1500, 5), "network.preset=stressed", "network.lost_rate=0.02",
                   "network.unavailable_rate=0.02", "limiter.threshold_value=1000");
        staged_set(s, 11, replication, 3);
        struct weir_run all = staged_run_named(s, "none");
        struct weir_run none = staged_run_named(s, "size-threshold"); /* refuses every entry */
        struct weir_run some = staged_run_named(s, "weir");
        assert_true(none.own.request_count > 0);
        /* standing load goes out on its grid, and the first entries at once */
        assert_true(compare_fates(&all.own, &none.own) > 0);
        assert_true(compare_fates(&all.own, &some.own) > 50);
        weir_run_close(&all);
        weir_run_close(&none);
        weir_run_close(&some);
        staged_free(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_who_sends_less_shifts_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
