/* The first question, and what a program declares of itself in its answer. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_program_parts.h"

/* whole numbers below this are exact in languages that know only floating point */
#define MAX_EXACT (UINT64_C(1) << 53)

static bool is_number(const char *text) {
    char *end = NULL;
    (void)strtod(text, &end);
    /* strtod knows more numbers than JSON */
    return end != text && *end == '\0' && strspn(text, "+-.eE0123456789") == strlen(text) &&
           (isdigit((unsigned char)text[0]) || (text[0] == '-' && isdigit((unsigned char)text[1])));
}

static const struct weir_option *option_of(const struct weir_program *program, const char *key) {
    for (const struct weir_option *o = program->options; o->key; o++) {
        if (strcmp(o->key, key) == 0) {
            return o;
        }
    }
    return NULL;
}

static void write_setting(struct weir_line *line, const struct weir_option *o, const char *value) {
    weir_line_text(line, o->key, strlen(o->key));
    weir_line_raw(line, ":");
    if (o->kind == WEIR_OPTION_FLAG) {
        const bool yes = strcmp(value, "true") == 0 || strcmp(value, "on") == 0 ||
                         strcmp(value, "yes") == 0 || strcmp(value, "1") == 0;
        weir_line_raw(line, yes ? "true" : "false");
    } else if (o->kind != WEIR_OPTION_CHOICE && is_number(value)) {
        weir_line_raw(line, value);
    } else {
        weir_line_text(line, value, strlen(value));
    }
}

/** Every option the program has declared, with its value. */
static void write_settings(struct weir_conversation *c, const struct weir_config *config) {
    bool first = true;
    weir_line_raw(&c->line, ",\"settings\":{");
    for (const struct weir_option *o = c->program->options; o->key; o++) {
        if (strcmp(o->key, WEIR_PROGRAM_PATIENCE) == 0) {
            continue;
        }
        const char *value = o->default_value;
        for (size_t i = 0; i < config->setting_count; i++) {
            value =
                strcmp(config->settings[i].key, o->key) == 0 ? config->settings[i].value : value;
        }
        weir_line_raw(&c->line, first ? "" : ",");
        write_setting(&c->line, o, value);
        first = false;
    }
    weir_line_raw(&c->line, "}");
}

static void write_limits(struct weir_conversation *c, const struct weir_config *config) {
    weir_line_raw(&c->line, ",\"limits\":[");
    for (size_t i = 0; i < config->limit_count; i++) {
        const struct weir_limit *l = &config->limits[i];
        weir_line_raw(&c->line, i ? ",{\"type\":" : "{\"type\":");
        weir_line_raw(&c->line, l->type == WEIR_LIMIT_WEIGHT ? "\"weight\"" : "\"orders\"");
        weir_line_integer(&c->line, "interval_ns", l->interval_ns);
        weir_line_integer(&c->line, "limit", l->limit);
        weir_line_raw(&c->line, "}");
    }
    weir_line_raw(&c->line, "]");
}

/* ---- options ---- */

/** A JSON value as the text of a setting; NULL after a failure. */
static const char *value_text(struct weir_conversation *c, const json_t *value, const char *key) {
    char text[48] = "";
    if (json_is_boolean(value)) {
        snprintf(text, sizeof text, "%s", json_is_true(value) ? "true" : "false");
    } else if (json_is_integer(value)) {
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_real(value)) {
        snprintf(text, sizeof text, "%.15g", json_real_value(value));
    } else if (json_is_string(value) && strlen(json_string_value(value)) < sizeof text) {
        snprintf(text, sizeof text, "%s", json_string_value(value));
    }
    const char *kept = text[0] ? weir_program_keep(c->program, text) : NULL;
    if (!kept) {
        weir_conversation_fail(c, "option '%.40s': 'default' is missing, or longer than 47 bytes",
                               key);
    }
    return kept;
}

/** The list of choices as "a|b|c". */
static const char *choices_text(struct weir_conversation *c, const json_t *list, const char *key) {
    char text[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *choice = json_string_value(json_array_get(list, i));
        if (!choice || !choice[0] || strchr(choice, '|') ||
            used + strlen(choice) + 2 > sizeof text) {
            used = 0;
            break;
        }
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? "|" : "", choice);
    }
    const char *kept = used > 0 ? weir_program_keep(c->program, text) : NULL;
    if (!kept) {
        weir_conversation_fail(c, "option '%.40s': 'choices' must be a list of words", key);
    }
    return kept;
}

static bool key_is_good(const char *key) {
    return key && key[0] && strlen(key) < 40 &&
           strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_.") == strlen(key);
}

static double number_or(const json_t *value, double fallback) {
    return json_is_number(value) ? json_number_value(value) : fallback;
}

static bool add_option(struct weir_conversation *c, json_t *given) {
    static const char *const keys[] = {"key", "kind",    "default", "min",
                                       "max", "choices", "help",    NULL};
    static const char *const kinds[] = {"flag", "integer", "number", "choice", NULL};
    struct weir_program *program = c->program;
    const char *key = json_string_value(json_object_get(given, "key"));
    int kind = -1;
    if (!json_is_object(given) || !key_is_good(key) || option_of(program, key)) {
        return weir_conversation_fail(c, "an option needs a 'key' of its own, of at most 39 small "
                                         "letters, digits, '_' and '.'");
    }
    if (!weir_answer_keys(c, given, keys) || !weir_answer_word(c, given, "kind", kinds, &kind)) {
        return false;
    }
    struct weir_option *o = &program->options[program->option_count];
    const char *help = json_string_value(json_object_get(given, "help"));
    o->kind = (enum weir_option_kind)kind;
    o->default_value = value_text(c, json_object_get(given, "default"), key);
    o->min = number_or(json_object_get(given, "min"), -1e9);
    o->max = number_or(json_object_get(given, "max"), 1e9);
    o->choices = NULL;
    if (o->default_value && o->kind == WEIR_OPTION_CHOICE) {
        o->choices = choices_text(c, json_object_get(given, "choices"), key);
    }
    o->help = weir_program_keep(program, help ? help : "");
    if (!o->default_value || (o->kind == WEIR_OPTION_CHOICE && !o->choices)) {
        return false;
    }
    o->key = weir_program_keep(program, key);
    program->option_count++;
    return (o->key && o->help) || weir_conversation_fail(c, "too many texts");
}

static bool add_options(struct weir_conversation *c, json_t *answer) {
    json_t *list = json_object_get(answer, "options");
    if (list && (!json_is_array(list) || json_array_size(list) > WEIR_PROGRAM_OPTIONS_MAX)) {
        return weir_conversation_fail(c, "'options' must be a list of at most %d objects",
                                      WEIR_PROGRAM_OPTIONS_MAX);
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!add_option(c, json_array_get(list, i))) {
            return false;
        }
    }
    return true;
}

/* ---- hello ---- */

/** What a program says of itself beside its options. */
struct declaration {
    bool queues, observes, settles_later;
};

static bool read_declaration(struct weir_conversation *c, json_t *answer, struct declaration *d) {
    static const char *const keys[] = {"protocol",     "queues",  "observes",
                                       "settle_later", "options", NULL};
    int64_t protocol = 0;
    if (!weir_answer_keys(c, answer, keys) ||
        !weir_answer_integer(c, answer, "protocol", 0, INT64_MAX, &protocol)) {
        return false;
    }
    if (protocol != WEIR_PROGRAM_PROTOCOL) {
        return weir_conversation_fail(c, "the answer to hello must say \"protocol\": %d",
                                      WEIR_PROGRAM_PROTOCOL);
    }
    return weir_answer_flag(c, answer, "queues", &d->queues) &&
           weir_answer_flag(c, answer, "observes", &d->observes) &&
           weir_answer_flag(c, answer, "settle_later", &d->settles_later);
}

static bool take_over(struct weir_conversation *c, json_t *answer, const struct declaration *d,
                      bool learn) {
    struct weir_program *p = c->program;
    if (learn) {
        p->queues = d->queues;
        p->observes = d->observes;
        p->settles_later = d->settles_later;
        if (!add_options(c, answer)) {
            return false;
        }
    }
    const bool same = p->queues == d->queues && p->observes == d->observes &&
                      p->settles_later == d->settles_later;
    return same || weir_conversation_fail(c, "the answer to hello differs from the first one");
}

bool weir_program_hello(struct weir_conversation *c, const struct weir_config *config, bool learn) {
    struct declaration d = {false, false, false};
    weir_call_begin(c, "hello");
    weir_line_integer(&c->line, "protocol", WEIR_PROGRAM_PROTOCOL);
    weir_line_integer(&c->line, "now_ns", config->now_ns - c->origin_ns);
    weir_line_integer(&c->line, "origin_s", c->origin_ns / 1000000000);
    weir_line_integer(&c->line, "max_open", config->max_open);
    weir_line_integer(&c->line, "seed", (int64_t)(config->seed % MAX_EXACT));
    write_limits(c, config);
    write_settings(c, config);
    json_t *answer = weir_call_ask(c);
    const bool ok = answer && read_declaration(c, answer, &d) && take_over(c, answer, &d, learn);
    json_decref(answer);
    return ok;
}
