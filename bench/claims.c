#include "claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intervals.h"
#include "pair.h"

#define RULE_SETS ((size_t)3)
#define CONNECTIONS ((size_t)3)
#define WORLDS (RULE_SETS * CONNECTIONS)
#define SIDES ((size_t)4) /* guide and weir, the same and as shipped */

static const char *const rule_sets[RULE_SETS] = {"aster", "lenient", "strict"};
static const int connections[CONNECTIONS] = {1, 8, 32};

/** One policy against `current`, in one variant. */
struct side {
    const struct weir_policy *policy;
    bool shipped;
    size_t arms[WORLDS], against[WORLDS];
};

struct weir_claims {
    struct side sides[SIDES];
    size_t side_count;
    struct weir_claim claims[SIDES * WEIR_CLAIM_KINDS];
    size_t count;
};

/** What each is shipped with. The loop has one connection, however many there are. */
static const char *shipped_settings(const struct weir_policy *policy) {
    if (strcmp(policy->name, "current") == 0) {
        return "bot.cascade=original bot.call_path=loop";
    }
    return strcmp(policy->name, "guide") == 0 ? "bot.cascade=skip bot.call_path=loop"
                                              : "bot.cascade=defer bot.call_path=threads";
}

/** Settings of one side of a claim in world `w`. */
static const char *side_settings(const struct weir_policy *policy, bool shipped, size_t w,
                                 char *text, size_t size) {
    const bool loop = shipped && strcmp(policy->name, "weir") != 0;
    snprintf(text, size, "exchange.rules=%s bot.connections=%d", rule_sets[w / CONNECTIONS],
             loop ? 1 : connections[w % CONNECTIONS]);
    return shipped ? shipped_settings(policy) : "";
}

static bool plan_side(struct weir_arms *arms, struct side *side, const struct weir_policy *current,
                      struct weir_replay_error *error) {
    bool ok = true;
    for (size_t w = 0; ok && w < WORLDS; w++) {
        char world[128];
        const char *shipped = side_settings(side->policy, side->shipped, w, world, sizeof world);
        ok = weir_arms_add(arms, side->policy, (const char *const[2]){world, shipped},
                           &side->arms[w], error);
        shipped = side_settings(current, side->shipped, w, world, sizeof world);
        ok = ok && weir_arms_add(arms, current, (const char *const[2]){world, shipped},
                                 &side->against[w], error);
    }
    return ok;
}

static const struct weir_policy *find(const struct weir_policy *const *policies, size_t count,
                                      const char *name) {
    const struct weir_policy *policy = weir_policy_find(name);
    for (size_t i = 0; i < count; i++) {
        if (policies[i] == policy) {
            return policy;
        }
    }
    return NULL;
}

struct weir_claims *weir_claims_plan(struct weir_arms *arms,
                                     const struct weir_policy *const *policies, size_t count,
                                     struct weir_replay_error *error) {
    static const char *const names[] = {"guide", "weir"};
    const struct weir_policy *current = find(policies, count, "current");
    error->status = WEIR_REPLAY_OK;
    if (!current || (!find(policies, count, names[0]) && !find(policies, count, names[1]))) {
        return NULL;
    }
    struct weir_claims *claims = calloc(1, sizeof *claims);
    if (!claims) {
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < SIDES; i++) {
        const struct weir_policy *policy = find(policies, count, names[i / 2]);
        struct side *side = &claims->sides[claims->side_count];
        *side = (struct side){.policy = policy, .shipped = i % 2 == 1};
        if (policy && !plan_side(arms, side, current, error)) {
            weir_claims_free(claims);
            return NULL;
        }
        claims->side_count += policy != NULL;
    }
    return claims;
}

/** The metric of a claim, and by what factor of the other side or constant it is to be beaten. */
struct target {
    enum weir_metric metric;
    double factor, constant;
    bool at_most;
};

static struct target target_of(enum weir_claim_kind kind) {
    switch (kind) {
    case WEIR_CLAIM_CAPTURES:
        return (struct target){WEIR_METRIC_captures, 1.7, 0.0, false};
    case WEIR_CLAIM_ERRORS:
        return (struct target){WEIR_METRIC_limit_errors_per_1000_sent, 0.5, 0.0, true};
    case WEIR_CLAIM_EFFICIENCY:
        return (struct target){WEIR_METRIC_useful_efficiency, 0.0, 0.95, false};
    case WEIR_CLAIM_NO_WORSE:
    case WEIR_CLAIM_KINDS:
        break;
    }
    return (struct target){WEIR_METRIC_capture_rate, 1.0, -WEIR_EQUIVALENT_SHARE, false};
}

/** Whether own − factor × other − constant is surely on the wanted side of 0: no division, so the
 *  other may well be 0 in some replications. */
static enum weir_claim_outcome judge(const struct weir_arm_result *own,
                                     const struct weir_arm_result *other, size_t replications,
                                     const struct target *t, double *room) {
    double most = 0.0;
    size_t n = 0;
    for (size_t r = 0; r < replications; r++) {
        const bool needed = t->factor > 0.0;
        if (own->runs[r].present[t->metric] && (!needed || other->runs[r].present[t->metric])) {
            const double theirs = needed ? other->runs[r].values[t->metric] : 1.0;
            room[n++] = own->runs[r].values[t->metric] - t->factor * theirs - t->constant;
            most = theirs > most ? theirs : most;
        }
    }
    if (n == 0 || most == 0.0) {
        return WEIR_CLAIM_EMPTY; /* not measured, or nothing on the other side to be beaten */
    }
    if (n < 2) {
        return WEIR_CLAIM_OPEN;
    }
    const struct weir_interval i = weir_student_interval(room, n, 0.95);
    if (t->at_most ? i.high <= 0.0 : i.low >= 0.0) {
        return WEIR_CLAIM_HOLDS;
    }
    return (t->at_most ? i.low > 0.0 : i.high < 0.0) ? WEIR_CLAIM_FAILS : WEIR_CLAIM_OPEN;
}

static struct weir_estimate value_of(const struct weir_arm_result *own,
                                     const struct weir_arm_result *other, size_t replications,
                                     enum weir_claim_kind kind, const struct target *t) {
    struct weir_pair pair = {.metric = t->metric};
    if (kind == WEIR_CLAIM_EFFICIENCY) {
        return weir_estimate_of(own->runs, replications, t->metric);
    }
    if (!weir_pair_compare(own->runs, other->runs, replications, t->metric, &pair)) {
        return (struct weir_estimate){0};
    }
    return kind == WEIR_CLAIM_NO_WORSE ? pair.difference : pair.ratio;
}

static void measure_cell(const struct weir_experiment *e, const struct side *side,
                         enum weir_claim_kind kind, size_t trace, size_t world, double *room,
                         struct weir_claim_cell *cell) {
    const struct target target = target_of(kind);
    const struct weir_arm_result *own = weir_experiment_result(e, trace, side->arms[world]);
    const struct weir_arm_result *other = weir_experiment_result(e, trace, side->against[world]);
    const size_t n = e->plan.replications;
    const bool slack = own->class == WEIR_CLASS_SLACK;
    *cell = (struct weir_claim_cell){.trace = trace,
                                     .rules = rule_sets[world / CONNECTIONS],
                                     .connections = connections[world % CONNECTIONS],
                                     .outcome = WEIR_CLAIM_EMPTY};
    if (own->failed || other->failed || slack != (kind == WEIR_CLAIM_NO_WORSE)) {
        return;
    }
    cell->outcome = judge(own, other, n, &target, room);
    cell->value = value_of(own, other, n, kind, &target);
}

/** Factors that a claim may depend on. */
enum factor {
    FACTOR_TRACE,
    FACTOR_RULES,
    FACTOR_CONNECTIONS,
    FACTORS
};

static bool same_level(const struct weir_claim_cell *a, const struct weir_claim_cell *b,
                       enum factor factor) {
    switch (factor) {
    case FACTOR_TRACE:
        return a->trace == b->trace;
    case FACTOR_RULES:
        return a->rules == b->rules;
    case FACTOR_CONNECTIONS:
    case FACTORS:
        break;
    }
    return a->connections == b->connections;
}

static bool holds(const struct weir_claim_cell *cell) {
    return cell->outcome == WEIR_CLAIM_HOLDS;
}

/** Whether two cells that differ in this factor alone come out differently. */
static bool matters(const struct weir_claim *claim, enum factor factor) {
    for (size_t i = 0; i < claim->cell_count; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct weir_claim_cell *a = &claim->cells[i];
            const struct weir_claim_cell *b = &claim->cells[j];
            bool comparable = a->outcome != WEIR_CLAIM_EMPTY && b->outcome != WEIR_CLAIM_EMPTY;
            for (int f = 0; f < FACTORS; f++) {
                comparable = comparable && same_level(a, b, (enum factor)f) == (f != (int)factor);
            }
            if (comparable && holds(a) != holds(b)) {
                return true;
            }
        }
    }
    return false;
}

static void append(char *text, const char *piece) {
    const size_t used = strlen(text);
    snprintf(text + used, WEIR_CLAIM_TEXT_MAX - used, "%s", piece);
}

static void level_name(const struct weir_experiment *e, const struct weir_claim_cell *cell,
                       enum factor factor, char *name, size_t size) {
    if (factor == FACTOR_TRACE) {
        snprintf(name, size, "%s", e->traces[cell->trace].name);
    } else if (factor == FACTOR_RULES) {
        snprintf(name, size, "%s", cell->rules);
    } else {
        snprintf(name, size, "%d", cell->connections);
    }
}

/** "rules (aster 3 of 9, …)": in how many cells of each level it holds. */
static void describe_factor(const struct weir_experiment *e, struct weir_claim *claim,
                            enum factor factor) {
    static const char *const names[FACTORS] = {"trace", "rules", "connections"};
    char *text = claim->depends_on;
    append(text, text[0] ? "; " : "");
    append(text, names[factor]);
    append(text, " (");
    bool first = true;
    for (size_t i = 0; i < claim->cell_count; i++) {
        size_t held = 0;
        size_t of = 0;
        size_t earlier = 0;
        for (size_t j = 0; j < claim->cell_count; j++) {
            if (claim->cells[j].outcome != WEIR_CLAIM_EMPTY &&
                same_level(&claim->cells[i], &claim->cells[j], factor)) {
                of++;
                held += holds(&claim->cells[j]);
                earlier += j < i;
            }
        }
        if (claim->cells[i].outcome != WEIR_CLAIM_EMPTY && earlier == 0) {
            char name[128];
            char piece[192];
            level_name(e, &claim->cells[i], factor, name, sizeof name);
            snprintf(piece, sizeof piece, "%s%s %zu of %zu", first ? "" : ", ", name, held, of);
            append(text, piece);
            first = false;
        }
    }
    append(text, ")");
}

static void conclude(const struct weir_experiment *e, struct weir_claim *claim) {
    size_t failed = 0;
    for (size_t i = 0; i < claim->cell_count; i++) {
        claim->held += holds(&claim->cells[i]);
        failed += claim->cells[i].outcome == WEIR_CLAIM_FAILS;
        claim->counted += claim->cells[i].outcome != WEIR_CLAIM_EMPTY;
    }
    if (claim->counted == 0) {
        claim->outcome = WEIR_CLAIM_EMPTY;
    } else if (claim->held == claim->counted) {
        claim->outcome = WEIR_CLAIM_HOLDS;
    } else if (claim->held > 0) {
        claim->outcome = WEIR_CLAIM_DEPENDS;
    } else {
        claim->outcome = failed == claim->counted ? WEIR_CLAIM_FAILS : WEIR_CLAIM_OPEN;
    }
    for (int f = 0; claim->outcome == WEIR_CLAIM_DEPENDS && f < FACTORS; f++) {
        if (matters(claim, (enum factor)f)) {
            describe_factor(e, claim, (enum factor)f);
        }
    }
}

/** Worlds of a side that differ: where neither side has more than one connection, only one. */
static size_t worlds_per_rules(const struct side *side) {
    return side->shipped && strcmp(side->policy->name, "guide") == 0 ? 1 : CONNECTIONS;
}

bool weir_claims_measure(struct weir_claims *claims, const struct weir_experiment *experiment) {
    const size_t traces = experiment->plan.source_count;
    double *room = calloc(experiment->plan.replications, sizeof *room);
    bool ok = room != NULL;
    for (size_t s = 0; s < claims->side_count; s++) {
        for (int kind = 0; ok && kind < WEIR_CLAIM_KINDS; kind++) {
            const struct side *side = &claims->sides[s];
            struct weir_claim *claim = &claims->claims[claims->count++];
            *claim = (struct weir_claim){.kind = (enum weir_claim_kind)kind,
                                         .policy = side->policy->name,
                                         .shipped = side->shipped};
            claim->cells = calloc(traces * WORLDS, sizeof *claim->cells);
            ok = claim->cells != NULL;
            for (size_t i = 0; ok && i < traces * WORLDS; i++) {
                if (i % WORLDS % CONNECTIONS < worlds_per_rules(side)) {
                    measure_cell(experiment, side, claim->kind, i / WORLDS, i % WORLDS, room,
                                 &claim->cells[claim->cell_count++]);
                }
            }
            if (ok) {
                conclude(experiment, claim);
            }
        }
    }
    free(room);
    return ok;
}

size_t weir_claims_count(const struct weir_claims *claims) {
    return claims ? claims->count : 0;
}

const struct weir_claim *weir_claims_at(const struct weir_claims *claims, size_t index) {
    return &claims->claims[index];
}

void weir_claims_free(struct weir_claims *claims) {
    for (size_t i = 0; claims && i < claims->count; i++) {
        free(claims->claims[i].cells);
    }
    free(claims);
}

const char *weir_claim_name(enum weir_claim_kind kind) {
    static const char *const names[WEIR_CLAIM_KINDS] = {
        "captures +70 %", "limit errors per 1,000 sent -50 %", "useful efficiency 95 %",
        "no worse where limits are slack"};
    return names[kind];
}

const char *weir_claim_outcome_name(enum weir_claim_outcome outcome) {
    static const char *const names[] = {"holds", "fails", "undecided", "depends",
                                        "nothing to measure"};
    return names[outcome];
}
