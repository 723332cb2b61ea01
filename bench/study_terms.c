#include "study_terms.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metric_facts.h"

/** Settings are decimals: sums of them are compared with room for rounding. */
#define ROUNDING 1e-9

double weir_comparison_misses(enum weir_comparison comparison, double value, double bound) {
    switch (comparison) {
    case WEIR_LESS:
    case WEIR_LESS_OR_EQUAL:
        return value > bound ? value - bound : 0.0;
    case WEIR_EQUAL:
        return fabs(value - bound);
    case WEIR_GREATER_OR_EQUAL:
    case WEIR_GREATER:
        break;
    }
    return value < bound ? bound - value : 0.0;
}

bool weir_comparison_holds(enum weir_comparison comparison, double value, double bound) {
    if (comparison == WEIR_LESS || comparison == WEIR_GREATER) {
        return (comparison == WEIR_LESS ? bound - value : value - bound) > ROUNDING;
    }
    return weir_comparison_misses(comparison, value, bound) <= ROUNDING;
}

/** Finds the comparison in a text; `length` is that of its sign. NULL if there is none. */
static const char *find_comparison(const char *text, enum weir_comparison *comparison,
                                   size_t *length) {
    const char *at = strpbrk(text, "<>=");
    if (!at) {
        return NULL;
    }
    *length = at[1] == '=' ? 2 : 1;
    if (at[0] == '=') {
        *comparison = WEIR_EQUAL;
    } else if (at[0] == '<') {
        *comparison = *length == 2 ? WEIR_LESS_OR_EQUAL : WEIR_LESS;
    } else {
        *comparison = *length == 2 ? WEIR_GREATER_OR_EQUAL : WEIR_GREATER;
    }
    return at;
}

static const char *skip_blanks(const char *at) {
    while (*at == ' ') {
        at++;
    }
    return at;
}

/** Reads one `[number *] key` or `number`; returns what follows, NULL if it is neither. */
static const char *read_term(struct weir_linear_rule *rule, const char *at, double sign) {
    double factor = sign;
    if (isdigit((unsigned char)*at) || *at == '.') {
        char *end = NULL;
        factor = sign * strtod(at, &end);
        at = skip_blanks(end);
        if (*at != '*') {
            rule->bound -= factor;
            return at;
        }
        at = skip_blanks(at + 1);
    }
    size_t length = 0;
    while (isalnum((unsigned char)at[length]) || at[length] == '_' || at[length] == '.') {
        length++;
    }
    if (!isalpha((unsigned char)*at) || length >= sizeof rule->keys[0] ||
        rule->term_count == WEIR_LINEAR_TERMS_MAX) {
        return NULL;
    }
    snprintf(rule->keys[rule->term_count], sizeof rule->keys[0], "%.*s", (int)length, at);
    rule->factors[rule->term_count++] = factor;
    return skip_blanks(at + length);
}

/** Reads one side up to `end`. What stands on the right counts negative. */
static bool read_side(struct weir_linear_rule *rule, const char *at, const char *end, double side) {
    double sign = side;
    at = skip_blanks(at);
    while (at && at < end) {
        if (*at == '+' || *at == '-') {
            sign = *at == '-' ? -side : side;
            at = skip_blanks(at + 1);
        }
        at = read_term(rule, at, sign);
        if (at && at < end && *at != '+' && *at != '-') {
            return false;
        }
    }
    return at == end;
}

bool weir_linear_rule_read(struct weir_linear_rule *rule, const char *text, char *error,
                           size_t error_size) {
    size_t length = 0;
    *rule = (struct weir_linear_rule){.bound = 0.0};
    const char *sign = find_comparison(text, &rule->comparison, &length);
    if (sign && strlen(text) < sizeof rule->text) {
        snprintf(rule->text, sizeof rule->text, "%s", text);
        if (read_side(rule, text, sign, 1.0) &&
            read_side(rule, sign + length, text + strlen(text), -1.0) && rule->term_count > 0) {
            return true;
        }
    }
    snprintf(error, error_size,
             "'%.100s': expected a condition between parameters, as in limiter.normal.buffer + "
             "limiter.normal.reserve <= 0.5",
             text);
    return false;
}

/** Edit distance of two short names. */
static size_t distance(const char *a, const char *b) {
    size_t row[64];
    const size_t m = strlen(b) < 63 ? strlen(b) : 63;
    for (size_t j = 0; j <= m; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t change = diagonal + (a[i - 1] != b[j - 1]);
            const size_t gap = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < gap ? change : gap;
        }
    }
    return row[m];
}

const char *weir_metric_nearest(const char *name) {
    const char *best = weir_metric_name((enum weir_metric)0);
    for (size_t m = 1; m < WEIR_METRIC_COUNT; m++) {
        const char *other = weir_metric_name((enum weir_metric)m);
        best = distance(name, other) < distance(name, best) ? other : best;
    }
    return best;
}

bool weir_outcome_rule_read(struct weir_outcome_rule *rule, const char *text, char *error,
                            size_t error_size) {
    size_t length = 0;
    const char *sign = find_comparison(text, &rule->comparison, &length);
    size_t name = sign ? (size_t)(sign - text) : 0;
    while (name > 0 && text[name - 1] == ' ') {
        name--;
    }
    char metric[64];
    const char *number = sign ? skip_blanks(sign + length) : "";
    char *end = NULL;
    rule->bound = strtod(number, &end);
    if (name == 0 || name >= sizeof metric || end == number || *skip_blanks(end) != '\0' ||
        !isfinite(rule->bound) || strlen(text) >= sizeof rule->text) {
        snprintf(error, error_size, "'%.100s': expected a metric and a bound, as in http_418 == 0",
                 text);
        return false;
    }
    snprintf(metric, sizeof metric, "%.*s", (int)name, text);
    snprintf(rule->text, sizeof rule->text, "%s", text);
    rule->metric = weir_metric_find(metric);
    if (rule->metric == WEIR_METRIC_COUNT) {
        snprintf(error, error_size, "'%.100s': unknown metric '%s'; did you mean '%s'?", text,
                 metric, weir_metric_nearest(metric));
        return false;
    }
    return true;
}
