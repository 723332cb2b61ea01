/* Golden results: every bundled profile, two generators and one synthetic recording, under every
 * policy and rule set, at seed 1. A change of a digest is a change of what users see; it must be
 * meant.
 *
 * When it is meant, print the new table over the old one, and let the difference be read in review:
 *
 *     WEIR_PRINT_GOLDEN=1 build/tests/cli/test_golden > tests/cli/golden_table.h
 */

#include "cli_test.h"
#include "document.h"
#include "golden.h"
#include "golden_table.h"
#include "run_command.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/** Name of the recording that this test makes; the others are bundled. */
#define SYNTHETIC "synthetic"

static const char *const traces[] = {"binance-2023-01-14",
                                     "binance-2025-01-27",
                                     "binance-2025-06-23",
                                     "hyperliquid-2025-10-10",
                                     "g02-restless",
                                     "g06-flash",
                                     SYNTHETIC};
static const char *const policies[] = {"none", "current", "fixed-window", "weir"};
static const char *const rule_sets[] = {"aster", "lenient", "strict"};
#define CELLS (COUNT(traces) * COUNT(policies) * COUNT(rule_sets))

#define FIGURES 10

/** Figures of a replay, in the order of struct golden from trace_digest on. */
struct figures {
    char text[FIGURES][24];
};

static struct path path_of(const char *trace) {
    if (trace[0] == 'g') {
        char name[64];
        snprintf(name, sizeof name, "traces/generated/%s.json", trace);
        return source_path(name);
    }
    if (strcmp(trace, SYNTHETIC) != 0) {
        return profile_path(trace);
    }
    char *recording = synthetic_recording(1, 6000);
    const struct path path = write_text(SYNTHETIC ".csv", recording);
    free(recording);
    return path;
}

static struct figures replay(const char *trace, const char *policy, const char *rules) {
    static const char *const counts[] = {"captures",     "protected_captures", "requests_sent",
                                         "http_429",     "http_418",           "state_refused",
                                         "state_expired"};
    struct figures figures;
    char setting[64];
    snprintf(setting, sizeof setting, "exchange.rules=%s", rules);
    char *text = WEIR_OUT("replay", path_of(trace).text, "--policy", policy, "--set", setting,
                          "--seed", "1", "--format", "json");
    json_t *document = parse_document(text, trace);
    snprintf(figures.text[0], sizeof figures.text[0], "%s", text_at(document, "trace digest"));
    snprintf(figures.text[1], sizeof figures.text[1], "%s", text_at(document, "digest"));
    for (size_t i = 0; i < COUNT(counts); i++) {
        snprintf(figures.text[2 + i], sizeof figures.text[0], "%.0f", metric(document, counts[i]));
    }
    snprintf(figures.text[9], sizeof figures.text[0], "%.9f", metric(document, "value_capture"));
    json_decref(document);
    free(text);
    return figures;
}

/** Cell number `index`, in the order of the table. */
static void cell(size_t index, const char **trace, const char **policy, const char **rules) {
    *rules = rule_sets[index % COUNT(rule_sets)];
    *policy = policies[index / COUNT(rule_sets) % COUNT(policies)];
    *trace = traces[index / COUNT(rule_sets) / COUNT(policies)];
}

static const struct golden *find(const char *trace, const char *policy, const char *rules) {
    for (size_t i = 0; i < COUNT(golden_table); i++) {
        const struct golden *g = &golden_table[i];
        if (strcmp(g->trace, trace) == 0 && strcmp(g->policy, policy) == 0 &&
            strcmp(g->rules, rules) == 0) {
            return g;
        }
    }
    return NULL;
}

static bool is_as_in_the_table(const struct golden *g, const struct figures *figures) {
    static const char *const names[FIGURES] = {
        "trace digest", "digest",   "captures",      "protected_captures", "requests_sent",
        "http_429",     "http_418", "state_refused", "state_expired",      "value_capture"};
    const char *const golden[FIGURES] = {g->trace_digest,       g->run_digest,    g->captures,
                                         g->protected_captures, g->requests_sent, g->http_429,
                                         g->http_418,           g->refused,       g->expired,
                                         g->value_capture};
    bool same = true;
    for (size_t i = 0; i < FIGURES; i++) {
        if (strcmp(golden[i], figures->text[i]) != 0) {
            print_error("%s, %s, %s: %s was %s and is %s\n", g->trace, g->policy, g->rules,
                        names[i], golden[i], figures->text[i]);
            same = false;
        }
    }
    return same;
}

static void results_are_golden(void **state) {
    (void)state;
    size_t failures = 0;
    assert_int_equal(COUNT(golden_table), CELLS);
    for (size_t i = 0; i < CELLS; i++) {
        const char *trace, *policy, *rules;
        cell(i, &trace, &policy, &rules);
        const struct golden *golden = find(trace, policy, rules);
        assert_non_null(golden);
        const struct figures figures = replay(trace, policy, rules);
        failures += !is_as_in_the_table(golden, &figures);
    }
    assert_int_equal(failures, 0);
}

static void print_table(void) {
    puts("#ifndef WEIR_TESTS_CLI_GOLDEN_TABLE_H\n#define WEIR_TESTS_CLI_GOLDEN_TABLE_H\n\n"
         "#include \"golden.h\"\n\n"
         "/* Printed by test_golden, which says how. */\n/* clang-format off */\n"
         "static const struct golden golden_table[] = {");
    for (size_t i = 0; i < CELLS; i++) {
        const char *trace, *policy, *rules;
        cell(i, &trace, &policy, &rules);
        const struct figures figures = replay(trace, policy, rules);
        printf("    {\"%s\", \"%s\", \"%s\"", trace, policy, rules);
        for (size_t f = 0; f < FIGURES; f++) {
            printf(", \"%s\"", figures.text[f]);
        }
        puts("},");
    }
    puts("};\n/* clang-format on */\n\n#endif");
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(results_are_golden)};

int main(void) {
    if (!getenv("WEIR_PRINT_GOLDEN")) {
        return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
    }
    if (workspace_setup(NULL) != 0) {
        return 1;
    }
    print_table();
    return workspace_teardown(NULL) == 0 ? 0 : 1;
}
