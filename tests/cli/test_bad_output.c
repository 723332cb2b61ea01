/* Output that cannot be written: exit code 1, one message, no file left half-written, and what was
 * there before stays as it was. */

#include "cli_test.h"
#include "refusal.h"
#include "workspace.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct path trace;

static int setup(void **state) {
    trace = profile_path("hyperliquid-2025-10-10");
    return workspace_setup(state);
}

/** A full disk and a closed standard output, for everything that is printed. */
static void lost_output_is_told(void **state) {
    (void)state;
    static const char *const commands[][4] = {
        {"--help"}, {"--version"}, {"policies"}, {"scenario"}, {"replay", "--help"}};
    const struct run_setting full = {.output_path = "/dev/full"};
    const struct run_setting closed = {.output_closed = true};
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(commands); i++) {
        const char *name = commands[i][1] ? commands[i][1] : commands[i][0];
        failures += !is_refused(run_command(&full, commands[i]), EXIT_FAILED,
                                "standard output|space", name);
        failures +=
            !is_refused(run_command(&closed, commands[i]), EXIT_FAILED, "standard output", name);
    }
    static const char *const forms[] = {"table", "json", "csv", "md"};
    for (size_t i = 0; i < COUNT(forms); i++) {
        failures += !is_refused(WEIR_WITH(&full, "replay", trace.text, "--format", forms[i]),
                                EXIT_FAILED, "standard output|space", forms[i]);
        failures += !is_refused(WEIR_WITH(&closed, "replay", trace.text, "--format", forms[i]),
                                EXIT_FAILED, "standard output", forms[i]);
    }
    assert_int_equal(failures, 0);
}

/** Writes fail in the middle of each file in turn; nothing temporary stays, and the old result
 * does. */
static void failed_writes_leave_the_old_result(void **state) {
    (void)state;
    const struct path folder = make_folder("failing");
    const struct path old = write_text("failing/result.json", "the old result\n");
    static const unsigned long limits[] = {0, 1, 4096, 16000, 24000, 32000};
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(limits); i++) {
        /* an empty search path: pictures are no part of this */
        const struct run_setting limited = {
            .limit_file_size = true, .file_size_max = limits[i], .search_path = folder.text};
        failures += !is_refused(WEIR_WITH(&limited, "replay", trace.text, "--out", folder.text),
                                EXIT_FAILED, "failing/|cannot be written", "--out");
        char *result = read_text(old.text);
        if (strcmp(result, "the old result\n") != 0) {
            print_error("with files of at most %lu bytes the old result is gone\n", limits[i]);
            failures++;
        }
        free(result);
        char *list = list_folder(folder.text);
        if (strstr(list, "tmp")) {
            print_error("left behind: %s\n", list);
            failures++;
        }
        free(list);
    }
    assert_int_equal(failures, 0);
}

static void failed_writes_leave_the_old_log(void **state) {
    (void)state;
    const struct path folder = make_folder("logging");
    const struct path old = write_text("logging/log", "the old log\n");
    static const unsigned long limits[] = {0, 1, 100000};
    for (size_t i = 0; i < COUNT(limits); i++) {
        const struct run_setting limited = {.limit_file_size = true, .file_size_max = limits[i]};
        assert_true(is_refused(WEIR_WITH(&limited, "replay", trace.text, "--log", old.text),
                               EXIT_FAILED, "logging/log|cannot be written", "--log"));
        char *text = read_text(old.text);
        assert_string_equal(text, "the old log\n");
        free(text);
        char *list = list_folder(folder.text);
        assert_string_equal(list, "log");
        free(list);
    }
}

static void what_is_no_folder_stays_what_it_is(void **state) {
    (void)state;
    const struct path file = write_text("file", "mine");
    const struct path below = workspace_path("file/below");
    size_t failures = 0;
    failures += !is_refused(WEIR("replay", trace.text, "--out", file.text), EXIT_FAILED,
                            "file|not a folder", "onto a file");
    failures += !is_refused(WEIR("replay", trace.text, "--out", below.text), EXIT_FAILED,
                            "file/below", "below a file");
    failures += !is_refused(WEIR("replay", trace.text, "--out", "/proc/weir"), EXIT_FAILED,
                            "/proc/weir", "where nothing can be made");
    failures +=
        !is_refused(WEIR("replay", trace.text, "--out", ""), EXIT_WRONG_USE, "--out", "no name");
    char *text = read_text(file.text);
    assert_string_equal(text, "mine");
    free(text);
    assert_int_equal(failures, 0);
}

static void what_is_no_log_stays_what_it_is(void **state) {
    (void)state;
    const struct path folder = make_folder("folder");
    const struct path below = workspace_path("missing/log");
    size_t failures = 0;
    failures += !is_refused(WEIR("replay", trace.text, "--log", folder.text), EXIT_FAILED,
                            "folder|directory", "onto a folder");
    failures += !is_refused(WEIR("replay", trace.text, "--log", below.text), EXIT_FAILED,
                            "missing/log|No such file", "below nothing");
    char *list = list_folder(folder.text);
    assert_string_equal(list, "");
    free(list);
    assert_int_equal(failures, 0);
}

/** A pipe with a name is written to, or refused; it is never replaced by a file. */
static void a_pipe_stays_a_pipe(void **state) {
    (void)state;
    const struct path fifo = workspace_path("fifo");
    assert_int_equal(mkfifo(fifo.text, 0666), 0);
    const int reader = open(fifo.text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    const struct run_setting drained = {.drained = reader};
    struct run run = WEIR_WITH(&drained, "replay", trace.text, "--log", fifo.text);
    close(reader);
    struct stat status;
    assert_int_equal(lstat(fifo.text, &status), 0);
    assert_true(S_ISFIFO(status.st_mode));
    assert_true(run.exit_code == 0 ? run.drained_size > 1000000 : run.exit_code == EXIT_FAILED);
    run_free(&run);
}

/** Bad input is found before anything is written. */
static void bad_input_writes_nothing(void **state) {
    (void)state;
    const struct path out = workspace_path("never");
    const struct path log = workspace_path("never.log");
    const struct path missing = workspace_path("missing.csv");
    assert_true(is_refused(WEIR("replay", missing.text, "--out", out.text, "--log", log.text),
                           EXIT_BAD_INPUT, "missing.csv", "missing trace"));
    assert_true(is_refused(WEIR("replay", trace.text, "--policy", "nonsense", "--out", out.text),
                           EXIT_WRONG_USE, "nonsense", "unknown policy"));
    assert_false(file_exists(out.text));
    assert_false(file_exists(log.text));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lost_output_is_told),
    cmocka_unit_test(failed_writes_leave_the_old_result),
    cmocka_unit_test(failed_writes_leave_the_old_log),
    cmocka_unit_test(what_is_no_folder_stays_what_it_is),
    cmocka_unit_test(what_is_no_log_stays_what_it_is),
    cmocka_unit_test(a_pipe_stays_a_pipe),
    cmocka_unit_test(bad_input_writes_nothing),
};

int main(void) {
    return cmocka_run_group_tests(tests, setup, workspace_teardown);
}
