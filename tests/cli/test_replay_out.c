/* The folder of `weir replay --out`: what lies in it, that it agrees with what is printed, and that
 * nothing else does. */

#include "cli_test.h"
#include "document.h"
#include "run_command.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CASCADE "hyperliquid-2025-10-10"
#define FILES_WITHOUT_PICTURES                                                                     \
    "causes.tsv latency.gp latency.tsv result.json spans.tsv symbols.tsv timeline.gp "             \
    "timeline.tsv windows.tsv"
#define FILES                                                                                      \
    "causes.tsv latency.gp latency.png latency.svg latency.tsv result.json spans.tsv symbols.tsv " \
    "timeline.gp timeline.png timeline.svg timeline.tsv windows.tsv"

static bool has_gnuplot(void) {
    char folders[4096];
    char *save = NULL;
    const char *all = getenv("PATH");
    snprintf(folders, sizeof folders, "%s", all ? all : "");
    for (char *one = strtok_r(folders, ":", &save); one; one = strtok_r(NULL, ":", &save)) {
        char program[4200];
        snprintf(program, sizeof program, "%s/gnuplot", one);
        if (access(program, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

static void assert_lists(const char *folder, const char *expected) {
    char *list = list_folder(folder);
    assert_string_equal(list, expected);
    free(list);
}

/** The folder holds result, data and scripts, and pictures where gnuplot is installed. */
static void folder_holds_what_it_should(void **state) {
    (void)state;
    const struct path trace = profile_path(CASCADE);
    const struct path out = workspace_path("made/on/the/way");
    struct run run =
        WEIR("replay", trace.text, "--policy", "current", "--out", out.text, "--format", "json");
    assert_int_equal(run.exit_code, 0);
    assert_lists(out.text, has_gnuplot() ? FILES : FILES_WITHOUT_PICTURES);
    const struct path result = workspace_path("made/on/the/way/result.json");
    if (has_gnuplot()) {
        assert_string_equal(run.err, "");
    }
    assert_same_result(read_text(result.text), run.out);
    free(run.err);
}

/** Without gnuplot the result is whole all the same, and one line says what is missing. */
static void pictures_can_be_missing(void **state) {
    (void)state;
    const struct path trace = profile_path(CASCADE);
    const struct path out = workspace_path("unpictured");
    const struct path nothing = make_folder("no-programs");
    const struct run_setting bare = {.search_path = nothing.text};
    struct run run = WEIR_WITH(&bare, "replay", trace.text, "--out", out.text);
    assert_int_equal(run.exit_code, 0);
    assert_non_null(strstr(run.err, "gnuplot"));
    assert_memory_equal(run.err, "weir: ", 6);
    assert_ptr_equal(strchr(run.err, '\n'), run.err + run.err_size - 1);
    assert_lists(out.text, FILES_WITHOUT_PICTURES);
    run_free(&run);
}

/** A second result replaces the first; files of others stay. */
static void a_second_result_replaces_the_first(void **state) {
    (void)state;
    const struct path trace = profile_path("binance-2025-01-27");
    const struct path nothing = workspace_path("no-programs");
    const struct run_setting bare = {.search_path = nothing.text};
    const struct path out = make_folder("twice");
    const struct path result = workspace_path("twice/result.json");
    write_text("twice/notes.txt", "mine");
    for (size_t i = 0; i < 2; i++) {
        struct run run =
            WEIR_WITH(&bare, "replay", trace.text, "--out", out.text, "--seed", i ? "8" : "7");
        assert_int_equal(run.exit_code, 0);
        run_free(&run);
        char *text = read_text(result.text);
        assert_non_null(strstr(text, i ? "\"seed\": 8" : "\"seed\": 7"));
        free(text);
        assert_lists(out.text, "causes.tsv latency.gp latency.tsv notes.txt result.json spans.tsv "
                               "symbols.tsv timeline.gp "
                               "timeline.tsv windows.tsv");
    }
}

/** Several policies have a folder each, and each can be repeated from there. */
static void several_policies_have_a_folder_each(void **state) {
    (void)state;
    const struct path trace = profile_path(CASCADE);
    const struct path nothing = workspace_path("no-programs");
    const struct run_setting bare = {.search_path = nothing.text};
    const struct path out = workspace_path("several");
    struct run run = WEIR_WITH(&bare, "replay", trace.text, "--policy", "none,weir", "--out",
                               out.text, "--format", "csv");
    assert_int_equal(run.exit_code, 0);
    run_free(&run);
    assert_lists(out.text, "none weir");
    static const char *const folders[] = {"several/none", "several/weir"};
    for (size_t i = 0; i < 2; i++) {
        char name[64];
        assert_lists(workspace_path(folders[i]).text, FILES_WITHOUT_PICTURES);
        snprintf(name, sizeof name, "%s/result.json", folders[i]);
        const struct path result = workspace_path(name);
        assert_same_result(read_text(result.text),
                           WEIR_OUT("replay", "--from", result.text, "--format", "json"));
    }
}

/** Sum of a column (counted from 0) of a table with tabs; comments are passed over. */
static double column_sum(const char *name, int column, size_t columns) {
    char *text = read_text(workspace_path(name).text);
    double sum = 0.0;
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        size_t tabs = 0;
        const char *cell = column == 0 ? line : NULL;
        for (const char *c = line; *c; c++) {
            tabs += *c == '\t';
            cell = *c == '\t' && tabs == (size_t)column ? c + 1 : cell;
        }
        assert_int_equal(tabs + 1, columns);
        sum += line[0] == '#' || !cell ? 0.0 : strtod(cell, NULL);
    }
    free(text);
    return sum;
}

/** The data behind the pictures agree with the result. */
static void data_agree_with_the_result(void **state) {
    (void)state;
    const struct path trace = profile_path(CASCADE);
    const struct path nothing = workspace_path("no-programs");
    const struct run_setting bare = {.search_path = nothing.text};
    const struct path out = workspace_path("data");
    struct run run = WEIR_WITH(&bare, "replay", trace.text, "--policy", "current", "--out",
                               out.text, "--format", "json");
    assert_int_equal(run.exit_code, 0);
    json_t *document = parse_document(run.out, "result");
    static const struct {
        const char *metric;
        int column;
    } sums[] = {{"captures", 3}, {"http_429", 7}, {"http_418", 8}};
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        assert_true(column_sum("data/timeline.tsv", sums[i].column, 9) ==
                    metric(document, sums[i].metric));
    }
    assert_true(column_sum("data/timeline.tsv", 3, 9) + column_sum("data/timeline.tsv", 5, 9) ==
                metric(document, "opportunities"));
    column_sum("data/spans.tsv", 0, 4);
    column_sum("data/latency.tsv", 0, 3);
    json_decref(document);
    run_free(&run);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(folder_holds_what_it_should),
    cmocka_unit_test(pictures_can_be_missing),
    cmocka_unit_test(a_second_result_replaces_the_first),
    cmocka_unit_test(several_policies_have_a_folder_each),
    cmocka_unit_test(data_agree_with_the_result),
};

int main(void) {
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
