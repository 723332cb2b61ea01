#include "study_planes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study_document.h"
#include "study_parts.h"
#include "whole_file.h"

/** What a heatmap shows beside the objective. */
static const enum weir_metric shown[] = {WEIR_METRIC_limit_errors, WEIR_METRIC_http_418,
                                         WEIR_METRIC_unprotected_p99_s};
#define SHOWN (sizeof shown / sizeof shown[0])

static const char *const modes[] = {"normal", "burst", "liquidation"};

/** One policy's points, as its plots show them. */
struct view {
    struct weir_session *session;
    const struct weir_study *study;
    const char *folder;
    const char *policy;
    json_t *answer, *plots;
    struct weir_results *results; /* all points; of a race those of its first round */
    bool *in_set;
    size_t list[WEIR_STUDY_TRACES_MAX];
    char *error;
    size_t error_size;
};

static double limit_errors(const struct weir_results *results, const size_t *list, size_t index) {
    const double errors =
        weir_tried_metric(&results->tried[index], list, results->traces, WEIR_METRIC_limit_errors);
    return isnan(errors) ? 0.0 : errors;
}

static double objective(const struct weir_results *results, size_t index) {
    return weir_sample_mean(results->tried[index].values, results->traces, results->replications);
}

bool weir_is_on_front(const struct weir_results *results, const size_t *list, size_t index) {
    const double value = objective(results, index);
    const double errors = limit_errors(results, list, index);
    for (size_t i = 0; i < results->count; i++) {
        const double v = objective(results, i);
        const double e = limit_errors(results, list, i);
        if ((v >= value && e < errors) || (v > value && e <= errors)) {
            return false;
        }
    }
    return true;
}

static double natural(const struct view *v, size_t index) {
    const bool lower = weir_metric_direction(v->study->objective) == WEIR_LOWER_IS_BETTER;
    return (lower ? -1.0 : 1.0) * objective(v->results, index);
}

/** Opens the data file of a plot in the folder. */
static bool open_data(const struct view *v, struct weir_whole_file *file, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%.3000s/%.200s.tsv", v->folder, name);
    return weir_whole_file_open(file, path, v->error, v->error_size);
}

static bool close_data(const struct view *v, struct weir_whole_file *file) {
    return weir_whole_file_end(file, true, v->error, v->error_size);
}

static void print_number(FILE *out, double value) {
    if (isnan(value)) {
        fputs("\tnan", out);
    } else {
        fprintf(out, "\t%.9g", value);
    }
}

/** Where a value lies between the levels of an axis: 1.5 is half way from the second to the third.
 *  -1 if it lies outside, or is no number. */
static double position_on(const struct weir_axis *axis, size_t key, double value) {
    for (size_t i = 0; i + 1 < axis->level_count; i++) {
        const double a = strtod(axis->values[i * axis->key_count + key], NULL);
        const double b = strtod(axis->values[(i + 1) * axis->key_count + key], NULL);
        if (value >= a - 1e-12 && value <= b + 1e-12 && b > a) {
            return (double)i + (value - a) / (b - a);
        }
    }
    return -1.0;
}

/** Key of an axis with this mode and name, or its count of keys. */
static size_t key_of(const struct weir_axis *axis, const char *mode, const char *name) {
    char wanted[96];
    size_t k = 0;
    snprintf(wanted, sizeof wanted, "limiter.%s.%s", mode, name);
    while (k < axis->key_count && strcmp(axis->keys[k], wanted) != 0) {
        k++;
    }
    return k;
}

/** Two axes that make a picture. */
struct plane {
    size_t x, y, x_key, y_key;
    const char *label;
};

/** For each cell of a plane the best of the points that fall on it; SIZE_MAX: none. */
static size_t *cells_of(const struct view *v, const struct plane *p) {
    const size_t height = v->study->axes[p->y].level_count;
    const size_t count = v->study->axes[p->x].level_count * height;
    size_t *cells = calloc(count, sizeof *cells);
    for (size_t i = 0; cells && i < count; i++) {
        cells[i] = SIZE_MAX;
    }
    for (size_t i = 0; cells && i < v->results->count; i++) {
        const uint64_t point = v->results->tried[i].point;
        size_t *cell = &cells[weir_study_level(v->study, point, p->x) * height +
                              weir_study_level(v->study, point, p->y)];
        if (*cell == SIZE_MAX || objective(v->results, i) > objective(v->results, *cell)) {
            *cell = i;
        }
    }
    return cells;
}

static void write_cells(const struct view *v, const struct plane *p, const size_t *cells,
                        FILE *out) {
    const struct weir_axis *x = &v->study->axes[p->x];
    const struct weir_axis *y = &v->study->axes[p->y];
    fputs("#x\ty\tx_value\ty_value\tin_set\tobjective", out);
    for (size_t m = 0; m < SHOWN; m++) {
        fprintf(out, "\t%s", weir_metric_name(shown[m]));
    }
    fputc('\n', out);
    for (size_t i = 0; i < x->level_count; i++) {
        for (size_t j = 0; j < y->level_count; j++) {
            const size_t c = cells[i * y->level_count + j];
            fprintf(out, "%zu\t%zu\t%s\t%s\t%d", i, j, x->values[i * x->key_count + p->x_key],
                    y->values[j * y->key_count + p->y_key], c != SIZE_MAX && v->in_set[c]);
            print_number(out, c == SIZE_MAX ? (double)NAN : natural(v, c));
            for (size_t m = 0; m < SHOWN; m++) {
                print_number(out, c == SIZE_MAX ? (double)NAN
                                                : weir_tried_metric(&v->results->tried[c], v->list,
                                                                    v->results->traces, shown[m]));
            }
            fputc('\n', out);
        }
        fputc('\n', out);
    }
}

/** Position of a setting of the answer on a plane. */
static json_t *mark(const struct view *v, const struct plane *p, const char *name) {
    const json_t *parameters = json_object_get(json_object_get(v->answer, name), "parameters");
    const struct weir_axis *x = &v->study->axes[p->x];
    const struct weir_axis *y = &v->study->axes[p->y];
    return json_pack(
        "[f, f]",
        position_on(x, p->x_key, json_number_value(json_object_get(parameters, x->keys[p->x_key]))),
        position_on(y, p->y_key,
                    json_number_value(json_object_get(parameters, y->keys[p->y_key]))));
}

static json_t *levels(const struct weir_axis *axis, size_t key) {
    json_t *list = json_array();
    for (size_t i = 0; i < axis->level_count; i++) {
        json_array_append_new(list, json_string(axis->values[i * axis->key_count + key]));
    }
    return list;
}

static bool write_plane(const struct view *v, const struct plane *p) {
    const struct weir_axis *x = &v->study->axes[p->x];
    const struct weir_axis *y = &v->study->axes[p->y];
    struct weir_whole_file file;
    char name[200];
    size_t *cells = cells_of(v, p);
    snprintf(name, sizeof name, "heatmap-%.100s-%s", v->policy, p->label);
    json_array_append_new(v->plots,
                          json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}",
                                    "kind", "heatmap", "name", name, "policy", v->policy, "mode",
                                    p->label, "x", x->keys[p->x_key], "y", y->keys[p->y_key],
                                    "x_levels", levels(x, p->x_key), "y_levels",
                                    levels(y, p->y_key), "best", mark(v, p, "best"), "recommended",
                                    mark(v, p, "recommended"), "defaults", mark(v, p, "defaults")));
    bool ok = cells && open_data(v, &file, name);
    if (ok) {
        write_cells(v, p, cells, file.stream);
        ok = close_data(v, &file);
    }
    free(cells);
    return ok;
}

/** Heatmaps of buffer and reserve, one for each mode that has both as parameters of their own, or
 *  one for all that move together; without any, of the first two parameters. */
static bool write_planes(const struct view *v) {
    bool any = false;
    bool ok = true;
    for (size_t x = 0; ok && x < v->study->axis_count; x++) {
        for (size_t y = 0; ok && y < v->study->axis_count; y++) {
            size_t found = 0;
            struct plane plane = {.x = x, .y = y};
            for (size_t m = 0; x != y && m < 3; m++) {
                const size_t a = key_of(&v->study->axes[x], modes[m], "buffer");
                const size_t b = key_of(&v->study->axes[y], modes[m], "reserve");
                if (a < v->study->axes[x].key_count && b < v->study->axes[y].key_count) {
                    /* the defaults that matter in a cascade are those of its mode: the last */
                    plane.x_key = a;
                    plane.y_key = b;
                    plane.label = found++ ? "together" : modes[m];
                }
            }
            ok = found == 0 || write_plane(v, &plane);
            any = any || found;
        }
    }
    if (ok && !any && v->study->axis_count > 1) {
        ok = write_plane(v, &(struct plane){.x = 0, .y = 1, .label = "first"});
    }
    return ok;
}

static size_t find_point(const struct weir_results *results, uint64_t point) {
    for (size_t i = 0; i < results->count; i++) {
        if (results->tried[i].point == point) {
            return i;
        }
    }
    return SIZE_MAX;
}

/** The point that the answer recommends. */
static uint64_t recommended_point(const struct view *v) {
    const json_t *wanted = json_object_get(json_object_get(v->answer, "recommended"), "parameters");
    for (size_t i = 0; i < v->results->count; i++) {
        json_t *own = weir_study_parameters(v->study, 0, v->results->tried[i].point);
        const bool same = json_equal(own, wanted);
        json_decref(own);
        if (same) {
            return v->results->tried[i].point;
        }
    }
    return WEIR_NO_POINT;
}

static void write_slice(const struct view *v, size_t axis, uint64_t centre, FILE *out) {
    const struct weir_axis *a = &v->study->axes[axis];
    uint64_t step = 1;
    for (size_t x = axis + 1; x < v->study->axis_count; x++) {
        step *= v->study->axes[x].level_count;
    }
    const uint64_t first = centre - step * weir_study_level(v->study, centre, axis);
    for (size_t level = 0; level < a->level_count; level++) {
        const size_t i = find_point(v->results, first + step * level);
        if (i == SIZE_MAX) {
            continue;
        }
        const struct weir_interval in = weir_sample_interval(
            v->results->tried[i].values, v->results->traces, v->results->replications, 0.95);
        const bool lower = weir_metric_direction(v->study->objective) == WEIR_LOWER_IS_BETTER;
        fprintf(out, "%zu\t%s", level, a->values[level * a->key_count]);
        print_number(out, natural(v, i));
        print_number(out, lower ? -in.high : in.low);
        print_number(out, lower ? -in.low : in.high);
        fprintf(out, "\t%d\n", v->in_set[i]);
    }
    fputs("\n\n", out);
}

static bool write_slices(const struct view *v) {
    struct weir_whole_file file;
    char name[200];
    const uint64_t centre = recommended_point(v);
    json_t *axes = json_array();
    snprintf(name, sizeof name, "slices-%.100s", v->policy);
    for (size_t a = 0; a < v->study->axis_count; a++) {
        json_array_append_new(axes,
                              json_pack("{s:s, s:I, s:o, s:I}", "key", v->study->axes[a].keys[0],
                                        "together", (json_int_t)v->study->axes[a].key_count,
                                        "levels", levels(&v->study->axes[a], 0), "recommended",
                                        (json_int_t)weir_study_level(v->study, centre, a)));
    }
    json_array_append_new(v->plots, json_pack("{s:s, s:s, s:s, s:o}", "kind", "slices", "name",
                                              name, "policy", v->policy, "axes", axes));
    if (centre == WEIR_NO_POINT || !open_data(v, &file, name)) {
        return centre == WEIR_NO_POINT;
    }
    fputs("#level\tvalue\tobjective\tlow\thigh\tin_set\n", file.stream);
    for (size_t a = 0; a < v->study->axis_count; a++) {
        write_slice(v, a, centre, file.stream);
    }
    return close_data(v, &file);
}

static bool write_pareto(const struct view *v) {
    struct weir_whole_file file;
    char name[200];
    snprintf(name, sizeof name, "pareto-%.100s", v->policy);
    json_array_append_new(v->plots, json_pack("{s:s, s:s, s:s}", "kind", "pareto", "name", name,
                                              "policy", v->policy));
    if (!open_data(v, &file, name)) {
        return false;
    }
    const uint64_t chosen = recommended_point(v);
    fputs("#limit_errors\tobjective\ton_front\tin_set\trecommended\n", file.stream);
    for (size_t i = 0; i < v->results->count; i++) {
        fprintf(file.stream, "%.9g", limit_errors(v->results, v->list, i));
        print_number(file.stream, natural(v, i));
        fprintf(file.stream, "\t%d\t%d\t%d\n", weir_is_on_front(v->results, v->list, i),
                v->in_set[i], v->results->tried[i].point == chosen);
    }
    return close_data(v, &file);
}

/** Marks the points that the answer's set holds. */
static void mark_set(const struct view *v) {
    size_t index = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(v->answer, "set"), index, entry) {
        for (size_t i = 0; i < v->results->count; i++) {
            json_t *own = weir_study_parameters(v->study, 0, v->results->tried[i].point);
            if (json_equal(own, json_object_get(entry, "parameters"))) {
                v->in_set[i] = true;
            }
            json_decref(own);
        }
    }
}

bool weir_study_planes(struct weir_session *session, json_t *document, const char *folder,
                       char *error, size_t error_size) {
    json_t *plots = json_array();
    json_object_set_new(document, "plots", plots);
    bool ok = true;
    for (size_t p = 0; ok && p < session->study->policies.count; p++) {
        struct weir_replay_error why = {.text = "out of memory"};
        struct view v = {.session = session,
                         .study = session->study,
                         .folder = folder,
                         .policy = session->study->policies.choices[p].policy->name,
                         .answer = json_array_get(json_object_get(document, "policies"), p),
                         .plots = plots,
                         .error = error,
                         .error_size = error_size};
        for (size_t t = 0; t < WEIR_STUDY_TRACES_MAX; t++) {
            v.list[t] = t;
        }
        v.results = weir_results_read(session, p, 0, &why);
        v.in_set = v.results ? calloc(v.results->count, sizeof *v.in_set) : NULL;
        if (v.in_set) {
            mark_set(&v);
            ok = write_planes(&v) && write_slices(&v) && write_pareto(&v);
        } else {
            snprintf(error, error_size, "%s", why.text);
            ok = false;
        }
        free(v.in_set);
        weir_results_free(v.results);
    }
    return ok;
}
