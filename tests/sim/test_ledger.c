/**
 * The ledger: records, decisions, bans, and the check that finds each way in which it can fail to
 * add up.
 */
#include "check.h"

#include <string.h>

#include "ledger.h"

/** One opportunity, captured, filled and protected, with its entry; a standing request that was
 *  refused, and one that timed out. */
static void open_good(struct weir_ledger *l) {
    assert_true(weir_ledger_open(l, 2));
    l->facts.opportunity_window_ns = 3 * SECOND;
    l->facts.end_ns = BEGIN + MINUTE;
    struct weir_request_record *r = weir_ledger_add_request(l);
    assert_non_null(r);
    r->opportunity = 0;
    r->purpose = WEIR_FOR_OPPORTUNITY;
    r->submitted_ns = BEGIN + 200 * MILLISECOND;
    r->sent_ns = BEGIN + 201 * MILLISECOND;
    r->arrived_ns = BEGIN + 210 * MILLISECOND;
    r->answered_ns = r->finished_ns = BEGIN + 220 * MILLISECOND;
    r->outcome = WEIR_OUTCOME_OK;
    r->status = 200;
    r->weight = r->charged_weight = 1;
    r->orders = r->charged_orders = 1;
    r = weir_ledger_add_request(l);
    r->purpose = WEIR_FOR_STANDING;
    r->submitted_ns = r->finished_ns = BEGIN;
    r->outcome = WEIR_OUTCOME_REFUSED;
    r = weir_ledger_add_request(l);
    r->purpose = WEIR_FOR_STANDING;
    r->submitted_ns = r->sent_ns = BEGIN;
    r->finished_ns = BEGIN + SECOND;
    r->outcome = WEIR_OUTCOME_TIMEOUT;
    l->opportunities[0] = (struct weir_opportunity_record){.time_ns = BEGIN,
                                                           .opened_ns = BEGIN,
                                                           .closes_ns = BEGIN + 200 * MILLISECOND,
                                                           .notional_usd = 100.0,
                                                           .value = 10.0,
                                                           .accepted_ns = BEGIN + 212 * MILLISECOND,
                                                           .filled_ns = BEGIN + 212 * MILLISECOND,
                                                           .protected_ns = BEGIN + SECOND,
                                                           .entry_request = 1,
                                                           .state = WEIR_STATE_CAPTURED};
    l->opportunities[1] = (struct weir_opportunity_record){
        .time_ns = BEGIN, .opened_ns = BEGIN, .state = WEIR_STATE_EXPIRED};
}

static void test_a_good_ledger_adds_up(void **state) {
    (void)state;
    struct weir_ledger l;
    char why[200] = "";
    open_good(&l);
    assert_true(weir_ledger_check(&l, why, sizeof why));
    weir_ledger_close(&l);
}

/** Breaks a good ledger in one way. */
#define BROKEN(name, statement)                                                                    \
    static void name(struct weir_ledger *l) {                                                      \
        struct weir_request_record *entry = &l->requests[0];                                       \
        struct weir_request_record *refused = &l->requests[1];                                     \
        struct weir_request_record *lost = &l->requests[2];                                        \
        struct weir_opportunity_record *o = l->opportunities;                                      \
        (void)entry, (void)refused, (void)lost, (void)o;                                           \
        statement;                                                                                 \
    }

BROKEN(request_open, entry->outcome = WEIR_OUTCOME_OPEN)
BROKEN(answered_unsent, entry->sent_ns = 0)
BROKEN(answered_without_arrival, entry->arrived_ns = 0)
BROKEN(answered_without_status, entry->status = 0)
BROKEN(never_answered, entry->answered_ns = 0)
BROKEN(outcome_against_status, entry->outcome = WEIR_OUTCOME_LIMITED)
BROKEN(lost_unsent, lost->sent_ns = 0)
BROKEN(lost_answered, lost->status = 200)
BROKEN(refused_sent, refused->sent_ns = BEGIN)
BROKEN(refused_charged, refused->charged_weight = 1)
BROKEN(refused_charged_orders, refused->charged_orders = 1)
BROKEN(expired_sent, (refused->outcome = WEIR_OUTCOME_EXPIRED, refused->sent_ns = BEGIN))
BROKEN(sent_before_submitted, entry->sent_ns = entry->submitted_ns - 1)
BROKEN(arrived_before_sent, entry->arrived_ns = entry->sent_ns - 1)
BROKEN(answered_before_arrived, entry->answered_ns = entry->arrived_ns - 1)
BROKEN(charged_without_arrival, lost->charged_weight = 1)
BROKEN(opportunity_open, o[1].state = WEIR_STATE_OPEN)
BROKEN(captured_without_acceptance, o[0].accepted_ns = 0)
BROKEN(accepted_and_refused, o[0].state = WEIR_STATE_REFUSED)
BROKEN(captured_too_late, o[0].accepted_ns = BEGIN + 3 * SECOND + 1)
BROKEN(late_in_time, o[0].state = WEIR_STATE_LATE)
BROKEN(filled_without_acceptance, o[1].filled_ns = BEGIN + SECOND)
BROKEN(protected_without_fill, o[0].filled_ns = 0)
BROKEN(filled_before_acceptance, o[0].filled_ns = o[0].accepted_ns - 1)
BROKEN(protected_before_fill, o[0].protected_ns = o[0].filled_ns - 1)
BROKEN(captured_without_entry, o[0].entry_request = 0)
BROKEN(captured_with_anothers_entry, o[0].entry_request = 2)
BROKEN(entry_out_of_range, o[0].entry_request = 4)
BROKEN(accepted_before_arrival, entry->arrived_ns = entry->answered_ns = o[0].accepted_ns + 1)
BROKEN(negative_wait, o[1].waits_ns[WEIR_CAUSE_HOLD] = -1)
BROKEN(out_of_memory, l->out_of_memory = true)

static void test_each_way_to_break_it_is_found(void **state) {
    (void)state;
#define WAY(name)                                                                                  \
    { #name, name }
    static const struct {
        const char *name;
        void (*break_it)(struct weir_ledger *l);
    } ways[] = {
        WAY(request_open),
        WAY(answered_unsent),
        WAY(answered_without_arrival),
        WAY(answered_without_status),
        WAY(never_answered),
        WAY(outcome_against_status),
        WAY(lost_unsent),
        WAY(lost_answered),
        WAY(refused_sent),
        WAY(refused_charged),
        WAY(refused_charged_orders),
        WAY(expired_sent),
        WAY(sent_before_submitted),
        WAY(arrived_before_sent),
        WAY(answered_before_arrived),
        WAY(charged_without_arrival),
        WAY(opportunity_open),
        WAY(captured_without_acceptance),
        WAY(accepted_and_refused),
        WAY(captured_too_late),
        WAY(late_in_time),
        WAY(filled_without_acceptance),
        WAY(protected_without_fill),
        WAY(filled_before_acceptance),
        WAY(protected_before_fill),
        WAY(captured_without_entry),
        WAY(captured_with_anothers_entry),
        WAY(entry_out_of_range),
        WAY(accepted_before_arrival),
        WAY(negative_wait),
        WAY(out_of_memory),
    };
#undef WAY
    size_t missed = 0;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct weir_ledger l;
        char why[200] = "";
        open_good(&l);
        ways[i].break_it(&l);
        if (weir_ledger_check(&l, why, sizeof why) || !why[0]) {
            print_error("not found: %s\n", ways[i].name);
            missed++;
        }
        l.out_of_memory = false;
        weir_ledger_close(&l);
    }
    assert_int_equal(missed, 0);
}

static void test_records_grow_and_keep_what_they_hold(void **state) {
    (void)state;
    struct weir_ledger l;
    assert_true(weir_ledger_open(&l, 0));
    for (uint32_t i = 1; i <= 5000; i++) {
        struct weir_request_record *r = weir_ledger_add_request(&l);
        assert_non_null(r);
        assert_int_equal(r->id, i);
        assert_int_equal(r->opportunity, WEIR_NO_OPPORTUNITY);
        assert_int_equal(r->connection, WEIR_NO_VALUE);
        assert_true(r->deadline_ns == WEIR_NEVER && r->sent_ns == 0);
        r->value = (double)i;
    }
    for (uint32_t i = 1; i <= 5000; i++) {
        ASSERT_NEAR(weir_ledger_request(&l, i)->value, (double)i, 0.0);
    }
    assert_false(l.out_of_memory);
    weir_ledger_close(&l);
}

static void test_decisions_are_a_list_for_each_request(void **state) {
    (void)state;
    struct weir_ledger l;
    assert_true(weir_ledger_open(&l, 0));
    weir_ledger_add_request(&l);
    weir_ledger_add_request(&l);
    for (int64_t i = 0; i < 3000; i++) {
        weir_ledger_add_decision(&l, 1 + (uint32_t)(i % 2), i, WEIR_HOLD, WEIR_REASON_WEIGHT,
                                 i + 1);
    }
    for (uint32_t id = 1; id <= 2; id++) {
        int64_t expected = (int64_t)id - 1;
        for (uint32_t d = weir_ledger_request(&l, id)->first_decision; d != UINT32_MAX;
             d = l.decisions[d].next) {
            assert_int_equal(l.decisions[d].time_ns, expected);
            assert_int_equal(l.decisions[d].reason, WEIR_REASON_WEIGHT);
            expected += 2;
        }
        assert_int_equal(expected, 3000 + (int64_t)id - 1);
    }
    weir_ledger_close(&l);
}

static void test_bans_that_overlap_are_one(void **state) {
    (void)state;
    struct weir_ledger l;
    assert_true(weir_ledger_open(&l, 0));
    weir_ledger_add_ban(&l, 100, 200);
    weir_ledger_add_ban(&l, 150, 180); /* told again */
    weir_ledger_add_ban(&l, 199, 300); /* extended */
    weir_ledger_add_ban(&l, 300, 400); /* a new one */
    assert_int_equal(l.ban_count, 2);
    assert_int_equal(l.bans[0].from_ns, 100);
    assert_int_equal(l.bans[0].until_ns, 300);
    assert_int_equal(l.bans[1].from_ns, 300);
    assert_int_equal(l.bans[1].until_ns, 400);
    weir_ledger_close(&l);
}

static void test_an_opportunity_is_blamed_on_its_longest_wait(void **state) {
    (void)state;
    struct weir_opportunity_record o = {.time_ns = BEGIN};
    for (int cause = 0; cause < WEIR_CAUSES; cause++) {
        o.waits_ns[cause] = 100 + cause;
        assert_int_equal(weir_longest_wait(&o), cause);
    }
}

static void test_names_are_unique(void **state) {
    (void)state;
    for (int i = 1; i < WEIR_STATES; i++) {
        assert_string_not_equal(weir_state_name((enum weir_state)i),
                                weir_state_name((enum weir_state)(i - 1)));
    }
    for (int i = 1; i < WEIR_OUTCOMES; i++) {
        assert_string_not_equal(weir_outcome_name((enum weir_outcome)i),
                                weir_outcome_name((enum weir_outcome)(i - 1)));
    }
    assert_string_equal(weir_cause_name(WEIR_CAUSE_FEED), "feed");
    assert_string_equal(weir_cause_name(WEIR_CAUSE_POLICY), "policy");
    assert_string_equal(weir_state_name(WEIR_STATE_LOST), "lost");
    assert_string_equal(weir_outcome_name(WEIR_OUTCOME_UNFINISHED), "unfinished");
    assert_string_equal(weir_client_name(WEIR_CLIENT_DASHBOARD), "dashboard");
}

static void test_reasons_point_to_their_causes(void **state) {
    (void)state;
    assert_int_equal(weir_cause_of_reason(WEIR_REASON_WEIGHT), WEIR_CAUSE_WEIGHT);
    assert_int_equal(weir_cause_of_reason(WEIR_REASON_ORDERS), WEIR_CAUSE_ORDERS);
    assert_int_equal(weir_cause_of_reason(WEIR_REASON_BACKOFF), WEIR_CAUSE_HOLD);
    assert_int_equal(weir_cause_of_reason(WEIR_REASON_BANNED), WEIR_CAUSE_BAN);
    assert_int_equal(weir_cause_of_reason(WEIR_REASON_CONNECTION), WEIR_CAUSE_CONNECTIONS);
    assert_int_equal(weir_cause_of_reason(WEIR_REASON_DEADLINE), WEIR_CAUSE_DELAY);
    assert_int_equal(weir_cause_of_reason(WEIR_REASON_OUTBID), WEIR_CAUSE_POLICY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_ledger_adds_up),
        cmocka_unit_test(test_each_way_to_break_it_is_found),
        cmocka_unit_test(test_records_grow_and_keep_what_they_hold),
        cmocka_unit_test(test_decisions_are_a_list_for_each_request),
        cmocka_unit_test(test_bans_that_overlap_are_one),
        cmocka_unit_test(test_an_opportunity_is_blamed_on_its_longest_wait),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_reasons_point_to_their_causes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
