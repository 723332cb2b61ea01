#include "result.h"

#include <string.h>

#include "document.h"

#define SCHEMA "weir.replay/1"

static const char *text_at(json_t *root, const char *path, struct plots_error *error) {
    const char *text = json_string_value(plots_find(root, path));
    if (!text) {
        plots_fail(error, PLOTS_DOCUMENT ": key '%s': expected a text", path);
    }
    return text;
}

static double number_at(json_t *root, const char *path, double min, struct plots_error *error) {
    const json_t *value = plots_find(root, path);
    const double number = json_number_value(value);
    if (!json_is_number(value) || number < min) {
        plots_fail(error, PLOTS_DOCUMENT ": key '%s': expected a number, %g or more", path, min);
        return min;
    }
    return number;
}

static void read_scenario(struct plots_result *result, struct plots_error *error) {
    json_t *root = result->root;
    result->rules = text_at(root, "scenario.exchange.rules", error);
    result->weight_per_minute = number_at(root, "scenario.exchange.weight_per_minute", 1, error);
    result->orders_per_minute = number_at(root, "scenario.exchange.orders_per_minute", 1, error);
    if (plots_find(root, "scenario.bot.opportunity_window_ms")) {
        result->opportunity_window_ms =
            number_at(root, "scenario.bot.opportunity_window_ms", 1, error);
    }
    const char *window = plots_text(root, "scenario.exchange.window", NULL);
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

bool plots_result_read(struct plots_result *result, int folder, struct plots_error *error) {
    *result = (struct plots_result){.root = plots_document_load(folder, SCHEMA, error)};
    if (!result->root) {
        return false;
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
    return plots_mean(result->root, name, mean);
}

void plots_result_free(struct plots_result *result) {
    json_decref(result->root);
    *result = (struct plots_result){0};
}
