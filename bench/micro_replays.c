#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "draw.h"
#include "engine.h"
#include "micro_table.h"
#include "strategy.h"

#define ROWS 20000
#define SMOKE_ROWS 300
#define SYMBOLS 6

/** What is replayed. */
struct scene {
    struct weir_scenario scenario;
    struct weir_strategy *strategy;
    struct weir_trace *trace;
    struct weir_stage *stage;
};

static bool fail(struct weir_replay_error *error, const char *why) {
    error->status = WEIR_REPLAY_FAILED;
    snprintf(error->text, sizeof error->text, "replay: %s", why);
    return false;
}

/** Liquidations 30 ms apart on average, of heavy-tailed sizes, near a price that falls slowly. */
static void write_rows(FILE *out, unsigned rows) {
    double time_ms = 1.76013e12;
    fputs("time_ms,symbol,side,price,quantity\n", out);
    for (unsigned i = 0; i < rows; i++) {
        const struct weir_uniforms u =
            weir_draw((struct weir_draw_key){.seed = 1, .stream = WEIR_STREAM_TRACE_MIX, .a = i});
        time_ms += 60.0 * u.u[0];
        fprintf(out, "%.0f,COIN%uUSDT,SELL,%.4f,%.3f\n", time_ms, i % SYMBOLS,
                100.0 - 10.0 * i / rows + u.u[1], 10.0 / (u.u[1] * u.u[1] + 0.001));
    }
}

static bool draw_trace(struct scene *scene, unsigned rows, struct weir_replay_error *error) {
    const char *temporary = getenv("TMPDIR");
    char path[256];
    struct weir_trace_error why = {.text = ""};
    snprintf(path, sizeof path, "%.200s/weir-micro-XXXXXX",
             temporary && temporary[0] ? temporary : "/tmp");
    const int descriptor = mkstemp(path);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (!file) {
        return fail(error, strerror(errno));
    }
    write_rows(file, rows);
    const char *const paths[] = {path};
    const struct weir_read_options read = {.skip_bad = false};
    if (fclose(file) == 0) {
        scene->trace = weir_trace_open(paths, 1, &read, NULL, &why);
    }
    unlink(path);
    return scene->trace || fail(error, why.text);
}

static bool open_scene(struct scene *scene, unsigned rows, struct weir_replay_error *error) {
    struct weir_scenario_error why = {.text = ""};
    weir_scenario_defaults(&scene->scenario);
    scene->strategy = weir_strategy_open(scene->scenario.bot.strategy, &why);
    if (!scene->strategy) {
        return fail(error, why.text);
    }
    if (!draw_trace(scene, rows, error)) {
        return false;
    }
    scene->stage =
        weir_stage_create(scene->trace, &scene->scenario, scene->strategy, NULL, 1, 0, 1);
    return scene->stage || fail(error, "out of memory");
}

static void close_scene(struct scene *scene) {
    weir_stage_destroy(scene->stage);
    weir_trace_free(scene->trace);
    weir_strategy_free(scene->strategy);
}

/** The least cost of an event of a whole run. */
static bool measure(const struct weir_micro_plan *plan, const struct scene *scene,
                    const char *policy, struct weir_cost_of_work *least,
                    struct weir_replay_error *error) {
    struct weir_stopwatch watch = weir_stopwatch_open();
    bool ok = true;
    for (unsigned round = 0; ok && round < (plan->smoke ? 1 : plan->rounds); round++) {
        struct weir_run run;
        struct weir_run_error why = {.text = ""};
        weir_stopwatch_start(&watch);
        ok = weir_run_policy(scene->stage, weir_policy_find(policy), &run, &why);
        struct weir_cost_of_work took = weir_stopwatch_read(&watch);
        if (!ok) {
            fail(error, why.text);
        } else {
            const double events = (double)run.events;
            took.ns /= events;
            took.instructions = took.instructions < 0.0 ? -1.0 : took.instructions / events;
            *least = round == 0 || took.ns < least->ns ? took : *least;
            weir_run_close(&run);
        }
    }
    weir_stopwatch_close(&watch);
    return ok;
}

bool weir_micro_replays(const struct weir_micro_plan *plan, struct weir_micro_rows *rows,
                        struct weir_replay_error *error) {
    static const struct {
        const char *name, *policy, *what;
    } replays[] = {
        {"replay-none", "none", "a whole replay, one event, policy none"},
        {"replay-fixed-window", "fixed-window", "… policy fixed-window"},
        {"replay-weir", "weir", "… policy weir"},
    };
    struct scene scene = {.stage = NULL};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof replays / sizeof replays[0]; i++) {
        struct weir_cost_of_work cost = {0.0, -1.0};
        if (weir_micro_wants(plan, replays[i].name)) {
            ok = (scene.stage || open_scene(&scene, plan->smoke ? SMOKE_ROWS : ROWS, error)) &&
                 measure(plan, &scene, replays[i].policy, &cost, error) &&
                 (weir_micro_add(rows, replays[i].name, replays[i].what, cost) ||
                  fail(error, "out of memory"));
        }
    }
    close_scene(&scene);
    return ok;
}
