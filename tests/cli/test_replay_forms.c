/* The forms of `weir replay` beside JSON: the table for people, Markdown, CSV; one policy or
 * several side by side. */

#include "cli_test.h"
#include "document.h"
#include "run_command.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASCADE "hyperliquid-2025-10-10"
#define SLACK "binance-2025-01-27"
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const policies[] = {"none", "current", "fixed-window", "weir"};

/** Several policies side by side have the same figures as each of them alone. */
static void side_by_side_is_as_alone(void **state) {
    (void)state;
    const struct path trace = profile_path(CASCADE);
    char *together = WEIR_OUT("replay", trace.text, "--policy", "none,current,fixed-window,weir",
                              "--format", "csv");
    char *rest = together;
    for (size_t p = 0; p < COUNT(policies); p++) {
        char *alone = WEIR_OUT("replay", trace.text, "--policy", policies[p], "--format", "csv");
        const char *rows = p ? strchr(alone, '\n') + 1 : alone;
        assert_memory_equal(rest, rows, strlen(rows));
        rest += strlen(rows);
        free(alone);
    }
    assert_string_equal(rest, "");
    free(together);
}

/** CSV holds every metric of the document, with the same figures. */
static void csv_agrees_with_the_document(void **state) {
    (void)state;
    const struct path trace = profile_path(CASCADE);
    char *json = WEIR_OUT("replay", trace.text, "--policy", "current", "--format", "json");
    json_t *document = parse_document(json, "json");
    free(json);
    char *csv = WEIR_OUT("replay", trace.text, "--policy", "current", "--format", "csv");
    char *save = NULL;
    char *line = strtok_r(csv, "\n", &save);
    size_t rows = 0;
    assert_string_equal(line, "policy,metric,mean,low,high");
    while ((line = strtok_r(NULL, "\n", &save))) {
        char policy[32];
        char name[64];
        char mean[64];
        assert_int_equal(sscanf(line, "%31[^,],%63[^,],%63[^,],,", policy, name, mean), 3);
        assert_string_equal(policy, "current");
        char expected[64];
        snprintf(expected, sizeof expected, "%.12g", metric(document, name));
        assert_string_equal(mean, expected);
        rows++;
    }
    assert_int_equal(rows, json_object_size(at(document, "metrics")));
    free(csv);
    json_decref(document);
}

static void table_answers_first(void **state) {
    (void)state;
    const struct path trace = profile_path(CASCADE);
    char *table = WEIR_OUT("replay", trace.text, "--policy", "current,weir");
    static const char *const parts[] = {
        "The limits bound. ",  "Recorded: ",      "opportunities", "captures",
        "answered 429",        CASCADE,           "seed 1",        "rules aster",
        "digest of current: ", "digest of weir: "};
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (!strstr(table, parts[i])) {
            print_error("'%s' is not in the table\n", parts[i]);
            fail();
        }
    }
    assert_ptr_equal(strstr(table, "The limits bound"), table);
    free(table);
    const struct path slack = profile_path(SLACK);
    table = WEIR_OUT("replay", slack.text);
    assert_ptr_equal(strstr(table, "The limits never bound"), table);
    assert_null(strchr(table, '\033'));
    free(table);
}

/** Every row of the Markdown table has as many cells as its head. */
static void markdown_is_a_table(void **state) {
    (void)state;
    const struct path trace = profile_path(CASCADE);
    char *text = WEIR_OUT("replay", trace.text, "--policy", "none,current,weir", "--format", "md");
    size_t rows = 0;
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        size_t bars = 0;
        for (const char *c = line; *c; c++) {
            bars += *c == '|';
        }
        if (line[0] == '|') {
            assert_int_equal(bars, 5);
            rows++;
        } else {
            assert_int_equal(bars, 0);
        }
    }
    assert_true(rows > 10);
    free(text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(side_by_side_is_as_alone),
    cmocka_unit_test(csv_agrees_with_the_document),
    cmocka_unit_test(table_answers_first),
    cmocka_unit_test(markdown_is_a_table),
};

int main(void) {
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
