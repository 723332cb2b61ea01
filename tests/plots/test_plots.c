/**
 * Pictures of made-up result folders: what is in them, what must not be, and what happens when a
 * file, gnuplot or the disk is not what it should be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gnuplot.h"
#include "plots.h"

#define TIMELINE_HEADING                                                                           \
    "#second\tused_weight\tused_orders\tcaptures\tcaptured_usd\tmisses\tmissed_usd\thttp_429\t"    \
    "http_418\n"
#define SPANS_HEADING "#from_s\tuntil_s\tkind\tlabel\n"
#define LATENCY_HEADING "#latency_ms\tshare_of_captures\tshare_of_opportunities\n"

static const char *const OUTPUTS[] = {"timeline.gp", "timeline.svg", "timeline.png",
                                      "latency.gp",  "latency.svg",  "latency.png"};
#define OUTPUT_COUNT (sizeof OUTPUTS / sizeof OUTPUTS[0])

static char folder[] = "/tmp/weir_test_plots_XXXXXX";
static char error[2048];

static void in_folder(const char *name, char path[256]) {
    snprintf(path, 256, "%s/%s", folder, name);
}

static void put(const char *name, const char *text) {
    char path[256];
    in_folder(name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/** A file of the folder, NULL if it is not there. The caller frees. */
static char *get(const char *name, size_t *size) {
    char path[256];
    in_folder(name, path);
    FILE *file = fopen(path, "r");
    if (!file) {
        return NULL;
    }
    char *text = calloc(1, 1 << 22);
    assert_non_null(text);
    *size = fread(text, 1, (1 << 22) - 1, file);
    fclose(file);
    return text;
}

static bool exists(const char *name) {
    char path[256];
    in_folder(name, path);
    return access(path, F_OK) == 0;
}

static bool holds(const char *name, const char *needle) {
    size_t size = 0;
    char *text = get(name, &size);
    assert_non_null(text);
    const bool found = strstr(text, needle) != NULL;
    free(text);
    return found;
}

static size_t count_files(void) {
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    size_t count = 0;
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    closedir(directory);
    return count;
}

static void empty_folder(void) {
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && unlink(path) != 0) {
            rmdir(path);
        }
    }
    closedir(directory);
}

/** A result with these names, as they stand in JSON. */
static void put_result(const char *policy, const char *trace, int captures, int opportunities) {
    char text[2048];
    snprintf(text, sizeof text,
             "{\"schema\": \"weir.replay/1\", \"policy\": %s, \"replications\": 1,"
             "\"trace\": {\"name\": %s, \"class\": \"binding\"},"
             "\"scenario\": {\"exchange\": {\"rules\": \"aster\", \"weight_per_minute\": 2400,"
             "\"orders_per_minute\": 1200}, \"bot\": {\"opportunity_window_ms\": 3000}},"
             "\"metrics\": {\"opportunities\": {\"mean\": %d}, \"captures\": {\"mean\": %d},"
             "\"value_capture\": {\"mean\": 0.75}, \"http_429\": {\"mean\": 3},"
             "\"http_418\": {\"mean\": 0}}}",
             policy, trace, opportunities, captures);
    put("result.json", text);
}

/** What occurs in each second of a made-up timeline. */
struct shape {
    int seconds;
    int captures;
    int misses;
    int errors;
};

static void put_timeline(struct shape shape) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    fputs(TIMELINE_HEADING, file);
    for (int i = 0; i < shape.seconds; i++) {
        const int in_minute = (i + 17) % 60;
        fprintf(file, "%d\t%d\t%d\t%d\t%d.5\t%d\t%d\t%d\t%d\n", i - 60, 40 * in_minute,
                shape.captures * in_minute, shape.captures, 5000 * shape.captures, shape.misses,
                700 * shape.misses, i % 50 == 0 ? shape.errors : 0, i == 100 ? shape.errors : 0);
    }
    fclose(file);
    put("timeline.tsv", text);
    free(text);
}

static void put_folder(struct shape shape) {
    put_result("\"weir\"", "\"slide\"", shape.captures * shape.seconds,
               (shape.captures + shape.misses) * shape.seconds);
    put_timeline(shape);
    put("spans.tsv", SPANS_HEADING);
    put("latency.tsv", shape.captures > 0 ? LATENCY_HEADING
                           "4.5\t0.25\t0.2\n80\t0.75\t0.6\n900\t1\t0.8\n"
                                          : LATENCY_HEADING);
}

static enum weir_plots_status plot(void) {
    memset(error, 'x', sizeof error - 1);
    return weir_plots_replay(folder, error, sizeof error);
}

static void expect_pictures(void) {
    const enum weir_plots_status status = plot();
    assert_string_equal(error, "");
    assert_int_equal(status, WEIR_PLOTS_OK);
    for (size_t i = 0; i < OUTPUT_COUNT; i++) {
        assert_true(exists(OUTPUTS[i]));
    }
    assert_int_equal(count_files(), OUTPUT_COUNT + 4);
}

static void expect_failure(const char *where) {
    const enum weir_plots_status status = plot();
    if (!strstr(error, where)) {
        fail_msg("'%s' does not say '%s'", error, where);
    }
    assert_int_equal(status, WEIR_PLOTS_FAILED);
    for (size_t i = 0; i < OUTPUT_COUNT; i++) {
        assert_true(strstr(OUTPUTS[i], ".gp") || !exists(OUTPUTS[i]));
    }
}

static const struct shape BUSY = {400, 3, 1, 2};

static void every_shape_gives_pictures(void **state) {
    (void)state;
    static const struct shape shapes[] = {
        {400, 3, 1, 2}, {400, 0, 4, 0},   {400, 4, 0, 0},       {400, 0, 0, 0}, {1, 0, 0, 0},
        {1, 1, 1, 1},   {2, 0, 900, 900}, {2000, 1200, 800, 9}, {59, 1, 0, 0},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        empty_folder();
        put_folder(shapes[i]);
        expect_pictures();
    }
}

static void titles_say_what_happened(void **state) {
    (void)state;
    put_folder(BUSY);
    expect_pictures();
    assert_true(holds("timeline.svg", ">weir on slide<"));
    assert_true(
        holds("timeline.svg", "captured 1,200 of 1,600 opportunities (75.0 %), 75.0 % of "));
    assert_true(holds("timeline.svg", "3 answered 429"));
    assert_true(holds("timeline.svg", "no 418"));
    assert_true(holds("timeline.svg", ">allowance 2,400<"));
    assert_true(holds("latency.svg", ">20.0 %<"));
    assert_true(holds("latency.svg", ">window, 3 s<"));
}

static void legends_name_only_what_there_is(void **state) {
    (void)state;
    put_folder((struct shape){400, 4, 0, 0});
    expect_pictures();
    assert_true(holds("timeline.svg", ">captured 1,600<"));
    assert_false(holds("timeline.svg", ">missed"));
    assert_false(holds("timeline.svg", ">429:"));
    assert_false(holds("timeline.svg", ">418:"));
    assert_false(holds("timeline.svg", ">ban<"));
    assert_false(holds("timeline.svg", ">hold<"));
    put("spans.tsv", SPANS_HEADING "10\t90.5\thold\tweight\n-100\t50\tmode\tburst\n");
    expect_pictures();
    assert_true(holds("timeline.svg", ">hold<"));
    assert_true(holds("timeline.svg", ">mode<"));
    assert_true(holds("timeline.svg", ">burst<"));
    assert_false(holds("timeline.svg", ">ban<"));
    assert_false(holds("timeline.svg", ">cascade<"));
}

static void nothing_captured_is_said(void **state) {
    (void)state;
    put_folder((struct shape){400, 0, 2, 0});
    expect_pictures();
    assert_true(holds("latency.svg", ">nothing was captured<"));
    assert_true(holds("latency.svg", ">100.0 %<"));
    put_folder((struct shape){400, 0, 0, 0});
    expect_pictures();
    assert_true(holds("latency.svg", ">there was no opportunity<"));
    assert_false(holds("latency.svg", ">never<"));
}

static void minutes_are_found_in_the_counters(void **state) {
    (void)state;
    put_folder(BUSY);
    expect_pictures();
    assert_true(holds("timeline.gp", "minute_step = 60.0\n"));
    assert_true(holds("timeline.gp", "minute_first = -17.0\n")); /* row 43, where i + 17 is 60 */
    put_timeline((struct shape){30, 1, 0, 0});
    expect_pictures();
    assert_true(holds("timeline.gp", "minute_step = 0.0\n"));
}

static void same_files_give_same_bytes(void **state) {
    (void)state;
    put_folder(BUSY);
    put("spans.tsv", SPANS_HEADING "10\t90.5\tban\tx\n20\t30\tcascade\ty\n");
    expect_pictures();
    char *first[OUTPUT_COUNT];
    size_t sizes[OUTPUT_COUNT];
    for (size_t i = 0; i < OUTPUT_COUNT; i++) {
        first[i] = get(OUTPUTS[i], &sizes[i]);
    }
    expect_pictures();
    for (size_t i = 0; i < OUTPUT_COUNT; i++) {
        size_t size = 0;
        char *second = get(OUTPUTS[i], &size);
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(first[i], second, size);
        free(first[i]);
        free(second);
    }
}

static void names_never_become_script(void **state) {
    (void)state;
    static const char *const names[] = {
        "\"`touch pwned`\"",
        "\"a\\\"; system('touch pwned'); b=\\\"\"",
        "\"'; system \\\"touch pwned\\\" #\"",
        "\"x\\n!touch pwned\\nprint 1\"",
        "\"\\\\\"",
        "\"$(touch pwned) @pwned ${HOME} {/*9 big} %s %d %%\"",
        "\"END\\nsystem('touch pwned')\"",
        "\"<script>&amp;</text></svg>\"",
        "\"\\\\042; system('touch pwned'); x=\\\\042\"",
        "\"\xF0\x9F\x8C\x8A \xC3\xA9\"",
        "\"\"",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        empty_folder();
        put_folder(BUSY);
        put_result(names[i], names[i], 1, 2);
        char spans[512];
        snprintf(spans, sizeof spans, "%s1\t300\tmode\t%s\n2\t300\thold\t'%s\n", SPANS_HEADING,
                 names[i], names[i]);
        put("spans.tsv", spans);
        expect_pictures();
        assert_false(exists("pwned"));
    }
    put_result("\"p\"", "\"<b>`id`$HOME\\\\n {x}\"", 1, 2);
    expect_pictures();
    assert_true(holds("timeline.svg", ">p on &lt;b>`id`$HOME\\n {x}<"));
}

static void labels_with_bad_bytes_are_drawn(void **state) {
    (void)state;
    put_folder(BUSY);
    put("spans.tsv", SPANS_HEADING "1\t300\tmode\t\xFF\xC0\x01\tend\n");
    expect_pictures();
    assert_true(holds("timeline.svg", ">\xEF\xBF\xBD\xEF\xBF\xBD  end<"));
}

static void scripts_run_by_hand(void **state) {
    (void)state;
    put_folder(BUSY);
    expect_pictures();
    size_t size = 0, again = 0;
    char *first = get("timeline.svg", &size);
    char path[256], program[PLOTS_PROGRAM_SIZE], command[5000];
    in_folder("timeline.svg", path);
    assert_int_equal(unlink(path), 0);
    assert_true(plots_gnuplot_find(program));
    snprintf(command, sizeof command, "cd %s && %s -d timeline.gp", folder, program);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): by hand there is a shell */
    char *second = get("timeline.svg", &again);
    assert_int_equal(size, again);
    assert_memory_equal(first, second, size);
    free(first);
    free(second);
}

static void bad_files_are_named(void **state) {
    (void)state;
    static const struct {
        const char *name, *text, *where;
    } cases[] = {
        {"timeline.tsv", "", "timeline.tsv, line 1"},
        {"timeline.tsv", TIMELINE_HEADING, "timeline.tsv: no rows"},
        {"timeline.tsv", TIMELINE_HEADING "1\t2\n", "timeline.tsv, line 2: expected 9 columns"},
        {"timeline.tsv", TIMELINE_HEADING "1\t2\t3\t4\tx\t6\t7\t8\t9\n", "line 2, column 5: 'x'"},
        {"timeline.tsv", TIMELINE_HEADING "1\t2\t3\t4\tnan\t6\t7\t8\t9\n", "column 5: 'nan'"},
        {"timeline.tsv", TIMELINE_HEADING "1\t2\t3\t-4\t5\t6\t7\t8\t9\n", "column 4: '-4'"},
        {"timeline.tsv", TIMELINE_HEADING "1\t2\t3\t4\t5\t6\t7\t8\t9\t10\n", "column 9"},
        {"timeline.tsv", TIMELINE_HEADING "1\t2\t3\t4\t5\t6\t7\t8\t9\n1\t2\t3\t4\t5\t6\t7\t8\t9\n",
         "timeline.tsv, line 3: the second is not later"},
        {"spans.tsv", SPANS_HEADING "1\t2\tnap\tx\n", "spans.tsv, line 2: the kind"},
        {"spans.tsv", SPANS_HEADING "2\t1\thold\tx\n", "spans.tsv, line 2: the span ends"},
        {"spans.tsv", SPANS_HEADING "1\tinf\thold\tx\n", "spans.tsv, line 2, column 2: 'inf'"},
        {"latency.tsv", LATENCY_HEADING "1\t0.5\t1.5\n", "latency.tsv, line 2, column 3"},
        {"latency.tsv", LATENCY_HEADING "2\t0.5\t0.5\n1\t1\t1\n", "latency.tsv, line 3"},
        {"latency.tsv", LATENCY_HEADING "2\t0.5\t0.5\n3\t0.4\t0.6\n", "latency.tsv, line 3"},
        {"result.json", "{", "result.json, line 1"},
        {"result.json", "{}", "result.json: schema '(none)'"},
        {"result.json", "{\"schema\": \"weir.compare/1\"}", "'weir.replay/1'"},
        {"result.json", "{\"schema\": \"weir.replay/1\"}", "'scenario.exchange.rules'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_folder(BUSY);
        put(cases[i].name, cases[i].text);
        expect_failure(cases[i].where);
    }
}

static void missing_files_are_named(void **state) {
    (void)state;
    static const char *const names[] = {"result.json", "timeline.tsv", "spans.tsv", "latency.tsv"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        put_folder(BUSY);
        in_folder(names[i], path);
        assert_int_equal(unlink(path), 0);
        expect_failure(names[i]);
    }
    assert_int_equal(weir_plots_replay("/nowhere/at/all", error, sizeof error), WEIR_PLOTS_FAILED);
    assert_non_null(strstr(error, "/nowhere/at/all"));
    assert_int_equal(weir_plots_replay("/nowhere/at/all", NULL, 0), WEIR_PLOTS_FAILED);
    char tiny[4] = "xyz";
    assert_int_equal(weir_plots_replay("/nowhere/at/all", tiny, sizeof tiny), WEIR_PLOTS_FAILED);
    assert_string_equal(tiny, "/no");
}

static void older_pictures_do_not_outlive_their_result(void **state) {
    (void)state;
    put_folder(BUSY);
    expect_pictures();
    put("timeline.tsv", TIMELINE_HEADING);
    expect_failure("no rows");
}

/** A copy of PATH, which the caller puts back and frees. */
static char *search_path(void) {
    const char *path = getenv("PATH");
    assert_non_null(path);
    char *copy = path ? strdup(path) : NULL;
    assert_non_null(copy);
    return copy;
}

/** Puts a program named gnuplot into the folder and looks for programs there alone. */
static void pretend_gnuplot(const char *text) {
    char path[256];
    put("gnuplot", text);
    in_folder("gnuplot", path);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(setenv("PATH", folder, 1), 0);
}

static void what_gnuplot_says_is_passed_on(void **state) {
    (void)state;
    char *path = search_path();
    put_folder(BUSY);
    pretend_gnuplot("#!/bin/sh\necho 'no such terminal' >&2\nexit 3\n");
    expect_failure("gnuplot failed on timeline.gp (exit code 3): no such terminal");
    pretend_gnuplot("#!/bin/sh\nkill -9 $$\n");
    expect_failure("signal 9");
    pretend_gnuplot("#!/bin/sh\nexit 0\n");
    expect_failure("timeline.svg");
    pretend_gnuplot("#!/bin/sh\n: >timeline.svg.part\n: >timeline.png.part\n");
    expect_failure("timeline.svg: gnuplot left half a picture");
    pretend_gnuplot("#!/bin/sh\necho '<?xml version=\"1.0\"?><svg>........' >timeline.svg.part\n");
    expect_failure("timeline.svg: gnuplot left half a picture");
    pretend_gnuplot("#!/bin/sh\necho '<?xml version=\"1.0\"?><svg></svg>' >timeline.svg.part\n"
                    "echo 'half a PNG, and not even that' >timeline.png.part\n");
    expect_failure("timeline.png: gnuplot left half a picture");
    pretend_gnuplot("not a program\n");
    expect_failure("could not be started");
    setenv("PATH", path, 1);
    free(path);
    assert_false(exists("timeline.svg.part"));
    assert_false(exists("timeline.png.part"));
}

static void missing_gnuplot_is_said(void **state) {
    (void)state;
    char *path = search_path();
    static const char *const paths[] = {"", "/nowhere", ".:bin:", "/nowhere:"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        put_folder(BUSY);
        setenv("PATH", paths[i], 1);
        assert_int_equal(plot(), WEIR_PLOTS_NO_GNUPLOT);
        assert_non_null(strstr(error, "gnuplot-nox"));
        assert_true(exists("timeline.gp"));
        assert_true(exists("latency.gp"));
        assert_false(exists("timeline.svg"));
    }
    setenv("PATH", path, 1);
    free(path);
}

static void no_program_of_a_result_folder_is_run(void **state) {
    (void)state;
    char *path = search_path(), *here = getcwd(NULL, 0);
    assert_non_null(here);
    put_folder(BUSY);
    pretend_gnuplot("#!/bin/sh\n: >pwned\n");
    assert_int_equal(chdir(folder), 0);
    setenv("PATH", ".::../bin", 1);
    assert_int_equal(plot(), WEIR_PLOTS_NO_GNUPLOT);
    assert_false(exists("pwned"));
    assert_int_equal(chdir(here), 0);
    setenv("PATH", path, 1);
    free(path);
    free(here);
}

static int begin(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    empty_folder();
    return rmdir(folder);
}

static int between(void **state) {
    (void)state;
    empty_folder();
    return 0;
}

int main(void) {
    char program[PLOTS_PROGRAM_SIZE];
    if (!plots_gnuplot_find(program)) {
        puts("skipped: gnuplot is not in PATH (Debian package gnuplot-nox)");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_shape_gives_pictures, between),
        cmocka_unit_test_teardown(titles_say_what_happened, between),
        cmocka_unit_test_teardown(legends_name_only_what_there_is, between),
        cmocka_unit_test_teardown(nothing_captured_is_said, between),
        cmocka_unit_test_teardown(minutes_are_found_in_the_counters, between),
        cmocka_unit_test_teardown(same_files_give_same_bytes, between),
        cmocka_unit_test_teardown(names_never_become_script, between),
        cmocka_unit_test_teardown(labels_with_bad_bytes_are_drawn, between),
        cmocka_unit_test_teardown(scripts_run_by_hand, between),
        cmocka_unit_test_teardown(bad_files_are_named, between),
        cmocka_unit_test_teardown(missing_files_are_named, between),
        cmocka_unit_test_teardown(older_pictures_do_not_outlive_their_result, between),
        cmocka_unit_test_teardown(what_gnuplot_says_is_passed_on, between),
        cmocka_unit_test_teardown(missing_gnuplot_is_said, between),
        cmocka_unit_test_teardown(no_program_of_a_result_folder_is_run, between),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
