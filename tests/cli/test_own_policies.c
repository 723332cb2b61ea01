/* A limiter of the user's own: shared objects, programs, what is said of those that are not what
 * they should be, and that nothing is left running. */

#include "cli_test.h"
#include "document.h"
#include "refusal.h"
#include "run_command.h"
#include "workspace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char quick[] = "limiter.answer_within_s=0.3";

/** Two seconds of liquidations: enough to be asked some hundred times. */
static struct path small_trace(void) {
    static struct path trace;
    if (!trace.text[0]) {
        char *text = synthetic_recording(7, 100);
        trace = write_text("small.csv", text);
        free(text);
    }
    return trace;
}

static bool has(const char *program) {
    char command[128];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0; // NOLINT(cert-env33-c): a fixed command of the test
}

/** Compiles a source into a shared object in the workspace. */
static struct path compile(const char *source, const char *name) {
    char command[2048];
    const struct path object = workspace_path(name);
    const struct path include = source_path("core/include");
    snprintf(command, sizeof command, "%s -w -shared -fPIC -I '%s' -o '%s' '%s'", WEIR_C_COMPILER,
             include.text, object.text, source);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c)
    return object;
}

/** "cmd:" and a command that runs a file. */
static struct path program(const char *interpreter, const char *path) {
    struct path spec;
    snprintf(spec.text, sizeof spec.text, "cmd:%s '%s'", interpreter, path);
    return spec;
}

/** A shell script that greets and then answers every line in the same way. */
static struct path script(const char *name, const char *answer) {
    char text[1024];
    snprintf(text, sizeof text,
             "read -r l; echo '{\"protocol\": 1}'\nwhile read -r l; do\n%s\ndone\n", answer);
    const struct path file = write_text(name, text);
    return program("sh", file.text);
}

/* ---- templates ---- */

static void documents_show_the_templates(void **state) {
    (void)state;
    static const char *const names[] = {"examples/limiters/limiter_template.c",
                                        "examples/limiters/limiter_template.py",
                                        "examples/limiters/token_bucket.py"};
    const struct path page = source_path("docs/your-own-limiter.md");
    char *text = read_text(page.text);
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct path file = source_path(names[i]);
        char *source = read_text(file.text);
        if (!strstr(text, source)) {
            fail_msg("docs/your-own-limiter.md does not show %s as it is", names[i]);
        }
        free(source);
    }
    free(text);
}

/** The two templates are the same limiter: in C and in Python they make the same run. */
static void templates_agree(void **state) {
    (void)state;
    if (!has("python3")) {
        skip();
    }
    const struct path trace = small_trace();
    const struct path c = source_path("examples/limiters/limiter_template.c");
    const struct path python = source_path("examples/limiters/limiter_template.py");
    const struct path object = compile(c.text, "template.so");
    const struct path command = program("python3", python.text);
    char *one = WEIR_OUT("replay", trace.text, "--policy", object.text, "--format", "json");
    char *two = WEIR_OUT("replay", trace.text, "--policy", command.text, "--format", "json");
    json_t *a = parse_document(one, "in C");
    json_t *b = parse_document(two, "in Python");
    assert_string_equal(text_at(a, "digest"), text_at(b, "digest"));
    assert_string_equal(text_at(a, "policy"), "template");
    assert_string_equal(text_at(b, "policy"), "limiter_template");
    assert_string_equal(text_at(b, "policy_spec"), command.text);
    assert_true(number_at(b, "scenario limiter share") == 0.9);
    json_decref(a);
    json_decref(b);
    free(one);
    free(two);
}

static void settings_reach_a_program(void **state) {
    (void)state;
    if (!has("python3")) {
        skip();
    }
    const struct path trace = small_trace();
    const struct path python = source_path("examples/limiters/limiter_template.py");
    const struct path command = program("python3", python.text);
    char *text = WEIR_OUT("replay", trace.text, "--policy", command.text, "--set",
                          "limiter.share=0.1", "--format", "json");
    json_t *document = parse_document(text, "share 0.1");
    assert_true(number_at(document, "scenario limiter share") == 0.1);
    json_decref(document);
    /* and from the result the same again */
    const struct path result = write_text("share.json", text);
    assert_same_result(text, WEIR_OUT("replay", "--from", result.text, "--format", "json"));
    assert_true(
        is_refused(WEIR("replay", trace.text, "--policy", command.text, "--set", "limiter.share=2"),
                   EXIT_WRONG_USE, "limiter.share|0.1", "share 2"));
    assert_true(is_refused(
        WEIR("replay", trace.text, "--policy", command.text, "--set", "limiter.shore=0.5"),
        EXIT_WRONG_USE, "limiter.shore|limiter.share", "shore"));
}

static void threads_do_not_matter(void **state) {
    (void)state;
    if (!has("python3")) {
        skip();
    }
    const struct path trace = small_trace();
    const struct path python = source_path("examples/limiters/token_bucket.py");
    const struct path command = program("python3", python.text);
    assert_same_result(WEIR_OUT("replay", trace.text, "--policy", command.text, "--replications",
                                "3", "--threads", "1", "--format", "json"),
                       WEIR_OUT("replay", trace.text, "--policy", command.text, "--replications",
                                "3", "--threads", "3", "--format", "json"));
}

static void names_are_told_apart(void **state) {
    (void)state;
    const struct path trace = small_trace();
    const struct path c = source_path("examples/limiters/limiter_template.c");
    make_folder("a");
    make_folder("b");
    const struct path one = compile(c.text, "a/weir.so");
    const struct path two = compile(c.text, "b/weir.so");
    const struct path out = workspace_path("names");
    char list[2048];
    snprintf(list, sizeof list, "weir,%s,%s", one.text, two.text);
    char *table =
        WEIR_OUT("replay", trace.text, "--policy", list, "--out", out.text, "--format", "csv");
    char *folders = list_folder(out.text);
    assert_string_equal(folders, "weir weir-2 weir-3");
    assert_non_null(strstr(table, "\nweir-3,captures,"));
    free(folders);
    free(table);
    assert_true(is_refused(WEIR("replay", trace.text, "--policy", one.text, "--policy", one.text),
                           EXIT_WRONG_USE, "named twice", "twice"));
}

static void measures_speed(void **state) {
    (void)state;
    const struct path c = source_path("examples/limiters/limiter_template.c");
    const struct path object = compile(c.text, "speed.so");
    char *text = WEIR_OUT("policies", object.text, "--measure");
    assert_non_null(strstr(text, "speed\n    my limiter\n"));
    assert_non_null(strstr(text, " decisions a second\n"));
    free(text);
}

/* ---- shared objects that are none ---- */

static void bad_objects_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *name, *source, *parts;
    } bad[] = {
        {"empty", "int nothing;", "weir_policy_export"},
        {"null", "void *weir_policy_export(void) { return 0; }", "returned NULL"},
        {"abi",
         "#include <weir/policy.h>\nstatic struct weir_policy p = {.abi = 77, .size = sizeof p};"
         "const struct weir_policy *weir_policy_export(void) { return &p; }",
         "version 77|speaks 1"},
        {"size",
         "#include <weir/policy.h>\nstatic struct weir_policy p = {.abi = WEIR_POLICY_ABI, "
         ".size = 8}; const struct weir_policy *weir_policy_export(void) { return &p; }",
         "8 bytes|sizeof"},
        {"lacks",
         "#include <weir/policy.h>\nstatic const struct weir_option o[1]; static struct "
         "weir_policy p "
         "= {.abi = WEIR_POLICY_ABI, .size = sizeof p, .name = \"x\", .options = o}; const struct "
         "weir_policy *weir_policy_export(void) { return &p; }",
         "lacks 'create'"},
    };
    const struct path trace = small_trace();
    for (size_t i = 0; i < COUNT(bad); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.c", bad[i].name);
        const struct path source = write_text(name, bad[i].source);
        snprintf(name, sizeof name, "%s.so", bad[i].name);
        const struct path object = compile(source.text, name);
        assert_true(is_refused(WEIR("replay", trace.text, "--policy", object.text), EXIT_BAD_INPUT,
                               bad[i].parts, bad[i].name));
    }
    const struct path text = write_text("text.so", "hello");
    assert_true(is_refused(WEIR("replay", trace.text, "--policy", text.text), EXIT_BAD_INPUT,
                           "text.so|not a shared object", "text"));
    assert_true(is_refused(WEIR("replay", trace.text, "--policy", "./nowhere.so"), EXIT_BAD_INPUT,
                           "nowhere.so|no such file", "nowhere"));
}

/* ---- programs that are none ---- */

static void bad_greetings_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *command, *parts;
    } bad[] = {
        {"cmd:true", "line 1 of 'true'|ended with exit code 0"},
        {"cmd:exit 7", "exit code 7"},
        {"cmd:kill -TERM $$", "signal 15"},
        {"cmd:echo hello", "line 1|not JSON|: hello"},
        {"cmd:echo '[1]'", "not a JSON object"},
        {"cmd:echo '{}'", "\"protocol\": 1"},
        {"cmd:echo '{\"protocol\": 2}'", "\"protocol\": 1"},
        {"cmd:echo '{\"protocol\": 1\\, \"queue\": true}'", "unknown key 'queue'|queues"},
        {"cmd:echo '{\"protocol\": 1\\, \"queues\": 1}'", "'queues' must be true or false"},
        {"cmd:echo '{\"protocol\": 1\\, \"options\": [{\"key\": \"A\"}]}'", "option needs a 'key'"},
        {"cmd:echo '{\"protocol\": 1\\, \"options\": [{\"key\": \"a\"\\, \"kind\": \"x\"}]}'",
         "'kind' must be one of"},
        {"cmd:", "ended with exit code 0"},
    };
    const struct path trace = small_trace();
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_true(is_refused(WEIR("replay", trace.text, "--policy", bad[i].command),
                               EXIT_BAD_INPUT, bad[i].parts, bad[i].command));
    }
}

static void broken_answers_fail_the_run(void **state) {
    (void)state;
    static const struct {
        const char *answer, *parts;
    } bad[] = {
        {"exit 3", "exit code 3|line 2|\"call\":\"submit\""},
        {"sleep 30", "no answer within 0.3 s|line 2"},
        {"exec sleep 30", "no answer within 0.3 s|limiter.answer_within_s"},
        {"echo nonsense", "not JSON|line 2|: nonsense"},
        {"echo '{\"answer\": \"sned\"}'", "'answer' must be one of send|sned"},
        {"echo '{\"anser\": \"send\"}'", "unknown key 'anser'"},
        {"echo '{}'", "'answer' must be one of"},
        {"echo '{\"answer\": \"send\", \"answer\": \"send\"}'", "not JSON|duplicate"},
        {"echo '{\"answer\": \"hold\", \"until_ns\": 5}'", "until_ns|after now_ns"},
        {"echo '{\"answer\": \"hold\"}'", "until_ns|after now_ns"},
        {"echo '{\"answer\": \"hold\", \"until_ns\": \"soon\"}'", "'until_ns' must be a number"},
        {"echo '{\"answer\": \"queue\"}'", "\"queues\": true"},
        {"echo '{\"answer\": \"send\", \"events\": 5}'", "'events' must be a list"},
        {"echo '{\"answer\": \"send\", \"reason\": \"bored\"}'", "'reason' must be one of"},
        {"echo '{\"answer\": \"send\"}'; echo again", "nobody asked for|again"},
        {"printf '{\"answer\": \"send\"'; exit 0", "not JSON"},
    };
    const struct path trace = small_trace();
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct path spec = script("broken.sh", bad[i].answer);
        char parts[256];
        snprintf(parts, sizeof parts, "policy broken|broken.sh|%s", bad[i].parts);
        assert_true(is_refused(WEIR("replay", trace.text, "--policy", spec.text, "--set", quick),
                               EXIT_FAILED, parts, bad[i].answer));
    }
}

static void the_others_go_on(void **state) {
    (void)state;
    const struct path trace = small_trace();
    const struct path spec = script("dies.sh", "exit 3");
    char list[1024];
    snprintf(list, sizeof list, "fixed-window,%s", spec.text);
    struct run run =
        WEIR("replay", trace.text, "--policy", list, "--replications", "3", "--format", "csv");
    char *alone = WEIR_OUT("replay", trace.text, "--policy", "fixed-window", "--replications", "3",
                           "--format", "csv");
    assert_int_equal(run.exit_code, EXIT_FAILED);
    assert_non_null(strstr(run.err, "policy dies: the program ended with exit code 3"));
    assert_memory_equal(run.out, alone, strlen(alone));
    assert_string_equal(run.out + strlen(alone), "dies,failed,1,,\n");
    free(alone);
    run_free(&run);
}

/* ---- nothing is left running ---- */

static void pause_ms(long ms) {
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/** Whether all processes of a file of numbers have gone, or go within five seconds. */
static bool all_gone(const char *path) {
    char *text = read_text(path);
    bool gone = false;
    for (int tries = 0; tries < 100 && !gone; tries++) {
        gone = true;
        for (char *at = text, *end = NULL;; at = end) {
            const long pid = strtol(at, &end, 10);
            if (end == at) {
                break;
            }
            gone = gone && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
        }
        if (!gone) {
            pause_ms(50);
        }
    }
    free(text);
    return gone;
}

/** A program that starts another one, notes both, and hangs at its first decision. */
static struct path hanging(const struct path *pids) {
    char text[1024];
    snprintf(text, sizeof text, "sleep 300 & echo $$ $! >> '%s'; sleep 300", pids->text);
    return script("hangs.sh", text);
}

static void a_hanging_program_leaves_nothing(void **state) {
    (void)state;
    const struct path trace = small_trace();
    const struct path pids = workspace_path("pids");
    const struct path spec = hanging(&pids);
    assert_true(is_refused(WEIR("replay", trace.text, "--policy", spec.text, "--set", quick),
                           EXIT_FAILED, "no answer", "hangs"));
    assert_true(all_gone(pids.text));
}

static void a_killed_weir_leaves_nothing(void **state) {
    (void)state;
    static const char *const signals[] = {"KILL", "TERM", "INT"};
    const struct path trace = small_trace();
    for (size_t i = 0; i < COUNT(signals); i++) {
        char name[32];
        snprintf(name, sizeof name, "pids-%s", signals[i]);
        const struct path pids = workspace_path(name);
        const struct path spec = hanging(&pids);
        char script_text[4096];
        /* a shell ignores INT in what it starts in the background; weir must not have that */
        snprintf(script_text, sizeof script_text,
                 "trap - INT; (exec '%s' replay '%s' --policy \"$1\") & p=$!\n"
                 "n=0; while [ ! -s '%s' ] && [ $n -lt 400 ]; do sleep 0.05; n=$((n+1)); done\n"
                 "kill -%s $p; [ %s = INT ] && kill -TERM $p; wait $p; true\n",
                 WEIR_COMMAND, trace.text, pids.text, signals[i], signals[i]);
        const struct path file = write_text("kill.sh", script_text);
        char command[2048];
        snprintf(command, sizeof command, "sh '%s' \"%s\" >/dev/null 2>&1", file.text, spec.text);
        assert_int_equal(system(command), 0); // NOLINT(cert-env33-c)
        assert_true(all_gone(pids.text));
    }
}

/* ---- limiters of others ---- */

static void the_guides_class_runs_as_it_is(void **state) {
    (void)state;
    if (!has("python3") || !file_exists(WEIR_GUIDE)) {
        skip();
    }
    const struct path trace = small_trace();
    const struct path adapter = source_path("examples/limiters/guide_class.py");
    struct path spec;
    snprintf(spec.text, sizeof spec.text, "cmd:python3 '%s' '%s' 2>/dev/null", adapter.text,
             WEIR_GUIDE);
    char *text = WEIR_OUT("replay", trace.text, "--policy", spec.text, "--format", "json");
    json_t *document = parse_document(text, "the guide's class");
    assert_true(metric(document, "captures") > 0.0);
    json_decref(document);
    free(text);
}

static void ccxt_runs_as_it_is(void **state) {
    (void)state;
    // NOLINTNEXTLINE(cert-env33-c): a fixed command of the test
    if (!has("node") || system("node -e 'require(\"ccxt\")' >/dev/null 2>&1") != 0) {
        skip();
    }
    const struct path trace = small_trace();
    const struct path adapter = source_path("examples/limiters/ccxt_throttle.js");
    const struct path spec = program("node", adapter.text);
    char *text = WEIR_OUT("replay", trace.text, "--policy", spec.text, "--format", "json");
    json_t *document = parse_document(text, "ccxt");
    assert_true(metric(document, "captures") > 0.0);
    json_decref(document);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_show_the_templates),
        cmocka_unit_test(templates_agree),
        cmocka_unit_test(settings_reach_a_program),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(names_are_told_apart),
        cmocka_unit_test(measures_speed),
        cmocka_unit_test(bad_objects_are_refused),
        cmocka_unit_test(bad_greetings_are_refused),
        cmocka_unit_test(broken_answers_fail_the_run),
        cmocka_unit_test(the_others_go_on),
        cmocka_unit_test(a_hanging_program_leaves_nothing),
        cmocka_unit_test(a_killed_weir_leaves_nothing),
        cmocka_unit_test(the_guides_class_runs_as_it_is),
        cmocka_unit_test(ccxt_runs_as_it_is),
    };
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
