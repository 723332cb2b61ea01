#ifndef WEIR_BENCH_STUDY_TERMS_H
#define WEIR_BENCH_STUDY_TERMS_H

#include <stdbool.h>
#include <stddef.h>

#include "metrics.h"

/** Conditions of a study: between its parameters, and on what comes out. */

enum weir_comparison {
    WEIR_LESS,
    WEIR_LESS_OR_EQUAL,
    WEIR_EQUAL,
    WEIR_GREATER_OR_EQUAL,
    WEIR_GREATER
};

/** How far a value misses a condition, at least 0; the open conditions < and > are missed by 0
 * where the values are equal, see weir_comparison_holds. */
double weir_comparison_misses(enum weir_comparison comparison, double value, double bound);

bool weir_comparison_holds(enum weir_comparison comparison, double value, double bound);

#define WEIR_LINEAR_TERMS_MAX 8

/** A sum of keys with factors, compared with a number. */
struct weir_linear_rule {
    char text[200];
    char keys[WEIR_LINEAR_TERMS_MAX][96];
    double factors[WEIR_LINEAR_TERMS_MAX];
    size_t term_count;
    enum weir_comparison comparison;
    double bound;
};

/** Reads "a.b + 2*c.d <= 0.5 - e.f". False and why in `error` if it is none. */
bool weir_linear_rule_read(struct weir_linear_rule *rule, const char *text, char *error,
                           size_t error_size);

/** A metric compared with a number; it must hold for the mean on every trace. */
struct weir_outcome_rule {
    char text[120];
    enum weir_metric metric;
    enum weir_comparison comparison;
    double bound;
};

/** Reads "http_418 == 0". False and why in `error`: an unknown metric names the nearest. */
bool weir_outcome_rule_read(struct weir_outcome_rule *rule, const char *text, char *error,
                            size_t error_size);

/** Name of the metric nearest to a mistyped one. Static storage. */
const char *weir_metric_nearest(const char *name);

#endif
