/* `weir report`: the page of a replay, of several, of a comparison; what it refuses; that nothing
 * of the data can become markup or script. */

#include "cli_test.h"
#include "run_command.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASCADE "hyperliquid-2025-10-10"
#define EVIL "<b onload=x>\"'&`$(touch evil)`"
#define EVIL_ESCAPED "&lt;b onload=x&gt;&quot;&#39;&amp;`$(touch evil)`"
#define SIZE_MAX_BYTES (3U << 20)

static size_t count_of(const char *text, const char *word) {
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, word)); at += strlen(word)) {
        count++;
    }
    return count;
}

static void assert_holds(const char *page, const char *word) {
    if (!strstr(page, word)) {
        fail_msg("the page does not hold '%s'", word);
    }
}

static void replay_into(const char *folder, const char *policy) {
    const struct path trace = profile_path(CASCADE);
    const struct path out = workspace_path(folder);
    free(WEIR_OUT("replay", trace.text, "--policy", policy, "--out", out.text));
}

static char *report_on(const char *folder, const char *name) {
    const struct path result = workspace_path(folder);
    const struct path page = workspace_path(name);
    free(WEIR_OUT("report", result.text, "-o", page.text));
    return read_text(page.text);
}

/** Nothing in the page asks for anything outside of it, or runs. */
static void assert_alone(const char *page) {
    static const char *const words[] = {"<script", "http://", "https://", "url(",   "@import",
                                        "src=",    "onload",  "onclick",  "onmouse"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_null(strstr(page, words[i]));
    }
    assert_holds(page, "default-src 'none'");
}

static void assert_balanced(const char *page) {
    static const char *const tags[][2] = {{"<svg", "</svg>"},
                                          {"<figure>", "</figure>"},
                                          {"<table>", "</table>"},
                                          {"<section", "</section>"},
                                          {"<figcaption", "</figcaption>"}};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        assert_int_equal(count_of(page, tags[i][0]), count_of(page, tags[i][1]));
    }
}

static void replay_has_its_story(void **state) {
    (void)state;
    static const char *const parts[] = {"The answer",
                                        "What happened when",
                                        "Captured and missed",
                                        "What bound",
                                        "How quickly",
                                        "Errors and bans",
                                        "Exposure",
                                        "How far from the best possible",
                                        "To repeat it",
                                        "weir replay --from",
                                        "exchange.rules",
                                        "drawn"};
    replay_into("story", "weir");
    char *page = report_on("story", "story.html");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_holds(page, parts[i]);
    }
    assert_alone(page);
    assert_balanced(page);
    assert_int_equal(count_of(page, "<h1>"), 1);
    /* under the pointer: the time axis, causes, exposure, sizes, minutes, lines, bars */
    static const char *const hovers[] = {"&#10;captured ",
                                         ", orders ",
                                         "own refusal: ",
                                         "&#10;without a stop: ",
                                         "tenth 10 by size: ",
                                         "&#10;bound ",
                                         "<title>within 3.0 s&#10;by count: ",
                                         "<title>BTCUSDT&#10;captured: ",
                                         "<title>protected"};
    for (size_t i = 0; i < sizeof hovers / sizeof hovers[0]; i++) {
        assert_holds(page, hovers[i]);
    }
    assert_true(count_of(page, "class=\"h\"") > 300);
    assert_null(strstr(page, "fill = 'rgb(1,2,3)"));
    assert_holds(page, ">figure</th>");
    assert_null(strstr(page, ">mean</th>"));
    assert_true(strlen(page) < SIZE_MAX_BYTES);
    char *again = report_on("story", "again.html");
    assert_string_equal(page, again);
    free(page);
    free(again);
}

static void several_begin_with_their_differences(void **state) {
    (void)state;
    replay_into("both/current", "current");
    replay_into("both/weir", "weir");
    const struct path one = workspace_path("both/current");
    const struct path other = workspace_path("both/weir");
    const struct path page_path = workspace_path("both.html");
    free(WEIR_OUT("report", one.text, other.text, "-o", page_path.text));
    char *page = read_text(page_path.text);
    const char *side = strstr(page, "Side by side");
    const char *answer = strstr(page, "The answer");
    assert_true(side && answer && side < answer);
    assert_holds(page, ">difference</th>");
    assert_holds(page, "id=\"result2\"");
    assert_balanced(page);
    free(page);
}

/** Each stage of a policy's row in funnel.tsv is on the page: the number, and its share of the
 *  opportunities' notional. */
static void assert_funnel_is_shown(const char *page, const char *policy) {
    static const char *const stages[] = {"submitted", "admitted", "accepted in time", "filled",
                                         "protected"};
    const struct path table = workspace_path("compared/funnel.tsv");
    char *text = read_text(table.text);
    char label[64];
    double figures[16];
    snprintf(label, sizeof label, ", %s\t", policy);
    char *at = strstr(text, label);
    assert_non_null(at);
    at += strlen(label);
    for (size_t i = 0; i < 16; i++) {
        figures[i] = strtod(at, &at);
    }
    for (size_t i = 0; i < 5; i++) {
        char words[160];
        const double usd = figures[6 + 2 * i];
        assert_true(i == 0 || usd <= figures[4 + 2 * i]);
        assert_true(i == 0 || figures[7 + 2 * i] <= figures[5 + 2 * i]);
        snprintf(words, sizeof words, "<title>%s, %s&#10;", policy, stages[i]);
        const char *title = strstr(page, words);
        assert_non_null(title);
        const char *end = strstr(title, "</title>");
        snprintf(words, sizeof words, "&#10;%.0f opportunities</title>",
                 (double)(long)(figures[7 + 2 * i] + 0.5));
        const char *number = strstr(title, words);
        assert_true(number && number < end);
        snprintf(words, sizeof words, "%.1f %% of the opp", 100.0 * usd / figures[4]);
        const char *share = strstr(title, words);
        assert_true(usd >= figures[4] || (share && share < end));
    }
    free(text);
}

static void comparison_has_pairs_and_claims(void **state) {
    (void)state;
    const struct path trace = profile_path("binance-2025-01-27");
    const struct path out = workspace_path("compared");
    free(WEIR_OUT("compare", trace.text, "--policies", "current,weir", "--replications", "2",
                  "--out", out.text));
    char *page = report_on("compared", "compared.html");
    assert_holds(page, "The claims");
    assert_holds(page, "Difference to current");
    assert_holds(page, "Means over the replications");
    assert_holds(page, "Latency of all opportunities");
    assert_funnel_is_shown(page, "weir");
    assert_funnel_is_shown(page, "current");
    const struct path script = workspace_path("compared/report-1-funnel.gp");
    char *funnel = read_text(script.text);
    assert_holds(funnel, "\n1 1 1 \""); /* everything is submitted */
    free(funnel);
    assert_alone(page);
    assert_balanced(page);
    free(page);
}

/** Replaces every `word` of a file in the workspace. */
static void replace_in(const char *name, const char *word, const char *replacement) {
    const struct path path = workspace_path(name);
    char *text = read_text(path.text);
    char *changed = malloc(strlen(text) + count_of(text, word) * strlen(replacement) + 1);
    char *end = changed;
    const char *at = text;
    assert_non_null(changed);
    for (const char *next; (next = strstr(at, word)); at = next + strlen(word)) {
        memcpy(end, at, (size_t)(next - at));
        end += next - at;
        end = stpcpy(end, replacement);
    }
    stpcpy(end, at);
    write_text(name, changed);
    free(changed);
    free(text);
}

/** Names of symbols, traces and policies are data, in the page and in the scripts. */
static void data_stays_data(void **state) {
    (void)state;
    replay_into("evil", "weir");
    replace_in("evil/symbols.tsv", "BTCUSDT", EVIL);
    replace_in("evil/result.json", "\"" CASCADE "\"", "\"<b onload=x>\\\"'&`$(touch evil)`\"");
    const struct path result = workspace_path("evil");
    const struct path page_path = workspace_path("evil.html");
    free(WEIR_OUT("report", result.text, "-o", page_path.text));
    char *page = read_text(page_path.text);
    assert_null(strstr(page, "<b onload"));
    assert_holds(page, EVIL_ESCAPED);
    assert_holds(page, "&lt;b onload");
    assert_balanced(page);
    const struct path touched = workspace_path("evil/evil");
    assert_false(file_exists(touched.text));
    const struct path script = workspace_path("evil/report-symbols.gp");
    char *text = read_text(script.text);
    assert_null(strstr(text, "$(touch"));
    free(text);
    free(page);
}

#define STUDY                                                                                      \
    "{\"schema\": \"weir.tune/1\", \"objective\": \"protected_value_of_bound\", \"study\": {},"    \
    "\"policies\": [{\"policy\": \"p\", \"points\": 2, \"set_size\": 1,"                           \
    "\"recommended\": {\"parameters\": {\"limiter.a\": 0.25}},"                                    \
    "\"defaults\": {\"parameters\": {\"limiter.a\": 0.75}}}], \"plots\": ["                        \
    "{\"kind\": \"pareto\", \"name\": \"front\", \"policy\": \"p\"},"                              \
    "{\"kind\": \"slices\", \"name\": \"slices\", \"policy\": \"p\", \"axes\": [{\"key\": "        \
    "\"limiter.a\", \"together\": 1, \"levels\": [\"0.25\", \"0.75\"], \"recommended\": 0}]},"     \
    "{\"kind\": \"heatmap\", \"name\": \"map\", \"policy\": \"p\", \"mode\": \"burst\", \"x\": "   \
    "\"limiter.a\", \"y\": \"limiter.b\", \"x_levels\": [\"0.25\", \"0.75\"], \"y_levels\": "      \
    "[\"<i>\"], \"best\": [0, 0], \"recommended\": [0, 0], \"defaults\": [1, 0]}]}"

/** A made-up study: figures of each mark, percents, what is the same everywhere, the command. */
static void study_shows_its_figures(void **state) {
    (void)state;
    static const char *const words[] = {
        "jq .study ",
        "<title>protected, of its bound: 86.0 %&#10;limit errors a run: 1&#10;on the front&#10;rec",
        "<title>protected, of its bound: 91.0 %&#10;limit errors a run: 4&#10;on the front</title>",
        "<title>0.25, recommended&#10;86.00, from 85.00 to 87.00&#10;86.0 %</title>",
        "<title>0.75&#10;91.00, from 90.00 to 93.00&#10;91.0 %</title>",
        "<title>a 0.75, b &lt;i&gt;&#10;protected, of its bound: 91.0 %</title>",
        "<title>a 0.25, b &lt;i&gt;&#10;protected, of its bound: 86.0 %&#10;cannot be told",
        "limit errors: 2 with every setting.",
        "<th scope=\"row\">limiter.a</th><td>0.25</td><td>–</td><td>0.75</td>",
        ">85 %</text>",
    };
    make_folder("made-up");
    write_text("made-up/result.json", STUDY);
    write_text("made-up/front.tsv", "#limit_errors\tobjective\ton_front\tin_set\trecommended\n"
                                    "1\t0.86\t1\t1\t1\n4\t0.91\t1\t1\t0\n5\t0.8\t0\t0\t0\n");
    write_text("made-up/slices.tsv", "#level\tvalue\tobjective\tlow\thigh\tin_set\n"
                                     "0\t0.25\t0.86\t0.85\t0.87\t1\n1\t0.75\t0.91\t0.9\t0.93\t0\n");
    write_text("made-up/map.tsv", "#x\ty\tx_value\ty_value\tin_set\tobjective\tlimit_errors\t"
                                  "http_418\tunprotected_p99_s\n0\t0\t0.25\t0\t1\t0.86\t2\t0\t1\n"
                                  "1\t0\t0.75\t0\t0\t0.91\t2\t0\t1\n");
    char *page = report_on("made-up", "made-up.html");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_holds(page, words[i]);
    }
    assert_balanced(page);
    free(page);
}

static void night_names_its_command(void **state) {
    (void)state;
    const struct path night = write_text(
        "night.json", "{\"schema\": \"weir.bench/1\", \"suite\": \"s\", \"path\": \"a b.json\","
                      "\"cases\": [{\"policy\": \"p\", \"trace\": {\"name\": \"t\"}, \"metrics\": "
                      "{\"protected_impact_capture\": {\"mean\": 0.5, \"low\": 0.4, \"high\": "
                      "0.52}}}]}");
    const struct path page_path = workspace_path("night.html");
    free(WEIR_OUT("report", night.text, "-o", page_path.text));
    char *page = read_text(page_path.text);
    assert_holds(page, "weir bench run &#39;a b.json&#39; -o again.json");
    assert_holds(page, "<td>50.0 ±10.0 %</td>");
    free(page);
    free(WEIR_OUT("report", night.text, night.text, "-o", page_path.text));
    page = read_text(page_path.text);
    assert_holds(page, "<title>night 1&#10;p on t: 50.0 %</title>");
    assert_holds(page, "<title>night 2&#10;p on t: 50.0 %</title>");
    free(page);
}

#define WORTH(trace, mean, verdict)                                                                \
    "{\"trace\": \"" trace "\", \"mechanism\": \"m\", \"world\": \"w\", \"worth\": [{\"metric\": " \
    "\"capture_rate\", \"difference\": {\"mean\": " mean "}, \"verdict\": \"" verdict "\"}]}"

/** What is worth nothing on a whole trace takes no table. */
static void mechanisms_stand_in_a_table_of_worlds(void **state) {
    (void)state;
    const struct path result = write_text(
        "worth.json", "{\"schema\": \"weir.compare/1\", \"ablation\": [" WORTH(
                          "t", "-0.1", "worse") ", " WORTH("u", "0.2", "undecided") "]}");
    const struct path page_path = workspace_path("worth.html");
    free(WEIR_OUT("report", result.text, "-o", page_path.text));
    char *page = read_text(page_path.text);
    assert_holds(page, "<th scope=\"row\">m</th><td>\xE2\x88\x92"
                       "10.0</td>");
    assert_holds(page, "u: no mechanism is worth anything");
    assert_null(strstr(page, "20.0</td>"));
    free(page);
}

static void documents_alone_are_reported(void **state) {
    (void)state;
    replay_into("alone", "current");
    const struct path document = workspace_path("alone/result.json");
    const struct path page_path = workspace_path("alone.html");
    free(WEIR_OUT("report", document.text, "-o", page_path.text));
    char *page = read_text(page_path.text);
    assert_holds(page, "figures over time are left out");
    assert_null(strstr(page, "on its time axis"));
    const struct path script = workspace_path("alone.html.plots/report-1-funnel.gp");
    assert_true(file_exists(script.text));
    free(page);
}

static void without_gnuplot_the_rest_is_there(void **state) {
    (void)state;
    const struct path nothing = make_folder("no-programs");
    const struct run_setting bare = {.search_path = nothing.text};
    replay_into("bare", "weir");
    const struct path result = workspace_path("bare");
    const struct path page_path = workspace_path("bare.html");
    struct run run = WEIR_WITH(&bare, "report", result.text, "-o", page_path.text);
    assert_int_equal(run.exit_code, 0);
    assert_holds(run.err, "gnuplot-nox");
    char *page = read_text(page_path.text);
    assert_holds(page, "Not drawn");
    assert_holds(page, "The largest misses");
    free(page);
    run_free(&run);
}

static void assert_refused(const struct run_setting *setting, int exit_code, const char *result,
                           const char *word) {
    const struct path page = workspace_path("refused.html");
    struct run run = WEIR_WITH(setting, "report", result, "-o", page.text);
    assert_int_equal(run.exit_code, exit_code);
    assert_holds(run.err, word);
    assert_false(file_exists(page.text));
    run_free(&run);
}

static void bad_input_is_refused(void **state) {
    (void)state;
    const struct run_setting plain = {0};
    const struct path nothing = workspace_path("nothing-here");
    const struct path broken = write_text("broken.json", "{\n  \"schema\": \n");
    const struct path other = write_text("other.json", "{\"schema\": \"weir.soup/1\"}");
    assert_refused(&plain, 3, nothing.text, "nothing-here");
    assert_refused(&plain, 3, broken.text, "line");
    assert_refused(&plain, 3, other.text, "weir.replay/1");
    replay_into("torn", "weir");
    const struct path torn = workspace_path("torn");
    const struct path table = workspace_path("torn/windows.tsv");
    cut_off(table.text, 12);
    assert_refused(&plain, 3, torn.text, "windows.tsv");
    struct run run = WEIR("report");
    assert_int_equal(run.exit_code, 2);
    run_free(&run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replay_has_its_story),
        cmocka_unit_test(several_begin_with_their_differences),
        cmocka_unit_test(comparison_has_pairs_and_claims),
        cmocka_unit_test(data_stays_data),
        cmocka_unit_test(study_shows_its_figures),
        cmocka_unit_test(night_names_its_command),
        cmocka_unit_test(mechanisms_stand_in_a_table_of_worlds),
        cmocka_unit_test(documents_alone_are_reported),
        cmocka_unit_test(without_gnuplot_the_rest_is_there),
        cmocka_unit_test(bad_input_is_refused),
    };
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
