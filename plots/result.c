#include "result.h"

#include <math.h>
#include <string.h>

#include "folder.h"

#define FILE_NAME "result.json"
#define SCHEMA "weir.replay/1"

/** The value at the end of a dotted path, NULL if there is none. */
static json_t *find(json_t *root, const char *path) {
    json_t *at = root;
    while (at && *path) {
        const size_t length = strcspn(path, ".");
        at = json_object_getn(at, path, length);
        path += length + (path[length] == '.' ? 1 : 0);
    }
    return at;
}

static const char *text_at(json_t *root, const char *path, struct plots_error *error) {
    const char *text = json_string_value(find(root, path));
    if (!text) {
        plots_fail(error, FILE_NAME ": key '%s': expected a text", path);
    }
    return text;
}

static double number_at(json_t *root, const char *path, double min, struct plots_error *error) {
    const json_t *value = find(root, path);
    const double number = json_number_value(value);
    if (!json_is_number(value) || number < min) {
        plots_fail(error, FILE_NAME ": key '%s': expected a number, %g or more", path, min);
        return min;
    }
    return number;
}

static void read_scenario(struct plots_result *result, struct plots_error *error) {
    json_t *root = result->root;
    result->rules = text_at(root, "scenario.exchange.rules", error);
    result->weight_per_minute = number_at(root, "scenario.exchange.weight_per_minute", 1, error);
    result->orders_per_minute = number_at(root, "scenario.exchange.orders_per_minute", 1, error);
    if (find(root, "scenario.bot.opportunity_window_ms")) {
        result->opportunity_window_ms =
            number_at(root, "scenario.bot.opportunity_window_ms", 1, error);
    }
    const char *window = json_string_value(find(root, "scenario.exchange.window"));
    result->sliding = window && strcmp(window, "sliding") == 0;
}

static void read_rest(struct plots_result *result, struct plots_error *error) {
    json_t *root = result->root;
    result->policy = text_at(root, "policy", error);
    result->trace = text_at(root, "trace.name", error);
    result->trace_class = text_at(root, "trace.class", error);
    result->replications = (int64_t)number_at(root, "replications", 1, error);
    result->opportunities = number_at(root, "metrics.opportunities.mean", 0, error);
    result->captures = number_at(root, "metrics.captures.mean", 0, error);
    result->http_429 = number_at(root, "metrics.http_429.mean", 0, error);
    result->http_418 = number_at(root, "metrics.http_418.mean", 0, error);
}

static json_t *load(int folder, struct plots_error *error) {
    FILE *file = plots_folder_read(folder, FILE_NAME, error);
    if (!file) {
        return NULL;
    }
    json_error_t why;
    json_t *root = json_loadf(file, 0, &why);
    fclose(file);
    if (!root) {
        plots_fail(error, FILE_NAME ", line %d: %s; expected a JSON document", why.line, why.text);
    }
    return root;
}

bool plots_result_read(struct plots_result *result, int folder, struct plots_error *error) {
    *result = (struct plots_result){.root = load(folder, error)};
    if (!result->root) {
        return false;
    }
    const char *schema = json_string_value(find(result->root, "schema"));
    if (!schema || strcmp(schema, SCHEMA) != 0) {
        plots_fail(error, FILE_NAME ": schema '%.40s', expected '" SCHEMA "'",
                   schema ? schema : "(none)");
    }
    read_scenario(result, error);
    read_rest(result, error);
    if (error->set) {
        plots_result_free(result);
        return false;
    }
    return true;
}

bool plots_result_metric(const struct plots_result *result, const char *name, double *mean) {
    const json_t *metric = json_object_get(json_object_get(result->root, "metrics"), name);
    const json_t *value = json_object_get(metric, "mean");
    *mean = json_number_value(value);
    return json_is_number(value) && isfinite(*mean);
}

void plots_result_free(struct plots_result *result) {
    json_decref(result->root);
    *result = (struct plots_result){0};
}
