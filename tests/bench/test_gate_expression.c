/** Gates as texts: what they name, and what is said of those that are none. */
#include "check.h"

#include <string.h>

#include "gate_expression.h"

static void test_parts_are_read(void **state) {
    (void)state;
    static const struct {
        const char *text, *policy, *trace, *scenario, *metric;
        enum weir_relation relation;
        double limit;
    } cases[] = {
        {"weir.http_418 == 0", "weir", "", "", "http_418", WEIR_EQUAL, 0.0},
        {"weir.value_of_bound>=0.85", "weir", "", "", "value_of_bound", WEIR_AT_LEAST, 0.85},
        {" my.own-2.captures > 1e3 ", "my.own-2", "", "", "captures", WEIR_ABOVE, 1000.0},
        {"a@t-2025.01.captures < 3", "a", "t-2025.01", "", "captures", WEIR_BELOW, 3.0},
        {"a@t/strict.captures != 3", "a", "t", "strict", "captures", WEIR_UNEQUAL, 3.0},
        {"ratio.replay_cpu <= 1.05", "ratio", "", "", "replay_cpu", WEIR_AT_MOST, 1.05},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct weir_gate gate;
        char why[256] = "";
        if (!weir_gate_parse(cases[i].text, &gate, why, sizeof why)) {
            fail_msg("%s: %s", cases[i].text, why);
        }
        assert_string_equal(gate.policy, cases[i].policy);
        assert_string_equal(gate.trace, cases[i].trace);
        assert_string_equal(gate.scenario, cases[i].scenario);
        assert_string_equal(gate.metric, cases[i].metric);
        assert_int_equal(gate.relation, cases[i].relation);
        assert_true(gate.limit == cases[i].limit);
        assert_int_equal(gate.is_ratio, strcmp(cases[i].policy, "ratio") == 0);
    }
}

static void test_what_is_none_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "weir",
                                        "weir.",
                                        ".captures >= 1",
                                        "captures >= 1",
                                        "weir.captures",
                                        "weir.captures 1",
                                        "weir.captures = 1",
                                        "weir.captures >=",
                                        "weir.captures >= many",
                                        "weir.captures >= 1 2",
                                        "weir.captures >= nan",
                                        "weir.captures >= inf",
                                        "weir@.captures >= 1",
                                        "weir@t/.captures >= 1",
                                        "ratio.replay_cpu >= 1",
                                        "ratio.replay_cpu == 1",
                                        "ratio.replay_cpu <= 0.9",
                                        "ratio@t.replay_cpu <= 1.1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct weir_gate gate;
        char why[256] = "";
        if (weir_gate_parse(texts[i], &gate, why, sizeof why) || !strstr(why, "expected")) {
            fail_msg("'%s': %s", texts[i], why);
        }
    }
}

static void test_relations_hold_where_they_should(void **state) {
    (void)state;
    static const char *const texts[] = {"a.b >= 2", "a.b <= 2", "a.b == 2",
                                        "a.b != 2", "a.b > 2",  "a.b < 2"};
    static const bool holds[][3] = {{false, true, true},  {true, true, false},
                                    {false, true, false}, {true, false, true},
                                    {false, false, true}, {true, false, false}};
    for (size_t i = 0; i < 6; i++) {
        struct weir_gate gate;
        char why[256];
        assert_true(weir_gate_parse(texts[i], &gate, why, sizeof why));
        for (int value = 1; value <= 3; value++) {
            assert_int_equal(weir_gate_holds(&gate, value), holds[i][value - 1]);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_parts_are_read),
    cmocka_unit_test(test_what_is_none_is_refused),
    cmocka_unit_test(test_relations_hold_where_they_should),
};

int main(void) {
    return cmocka_run_group_tests(tests, NULL, NULL);
}
