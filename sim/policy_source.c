#include "policy_source.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_object.h"
#include "policy_program.h"

#define NAME_MAX_LENGTH 40
#define COMMAND_PREFIX "cmd:"

/** What is behind one policy of a set. */
struct weir_policy_source {
    char spec[WEIR_POLICY_SPEC_MAX];
    char name[NAME_MAX_LENGTH + 8]; /* room for "-16" */
    struct weir_policy table;       /* that of a shared object, under its own name */
    void *object;
    struct weir_program *program;
};

static enum weir_source_status fail(struct weir_source_error *error, enum weir_source_status status,
                                    const char *format, ...) __attribute__((format(printf, 3, 4)));

static enum weir_source_status fail(struct weir_source_error *error, enum weir_source_status status,
                                    const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    error->status = status;
    return status;
}

/* ---- names ---- */

/** The base name of `length` bytes of a path, without its ending, safe as a folder's name. */
static void name_file(const char *path, size_t length, char *name) {
    const char *end = path + length;
    const char *start = end;
    while (start > path && start[-1] != '/') {
        start--;
    }
    const char *stop = end;
    for (const char *c = start + 1; c < end; c++) {
        stop = *c == '.' ? c : stop;
    }
    size_t used = 0;
    for (; start < stop && used < NAME_MAX_LENGTH; start++) {
        const bool safe = isalnum((unsigned char)*start) || *start == '_' || *start == '-' ||
                          (*start == '.' && used > 0);
        name[used++] = *start;
        name[used - 1] = safe ? name[used - 1] : '-';
    }
    name[used] = '\0';
    if (used == 0) {
        snprintf(name, NAME_MAX_LENGTH, "policy");
    }
}

/** Policy number `index` of those that go by their names; NULL past the last. */
static const struct weir_policy *named_at(const struct weir_policy_set *set, size_t index) {
    size_t built_in = 0;
    while (built_in <= index && weir_policy_at(built_in)) {
        built_in++;
    }
    if (index < built_in) {
        return weir_policy_at(index);
    }
    size_t also = 0;
    while (set->also && set->also[also] && built_in + also < index) {
        also++;
    }
    return set->also ? set->also[also] : NULL;
}

static const struct weir_policy *find_named(const struct weir_policy_set *set, const char *name) {
    const struct weir_policy *policy = NULL;
    for (size_t i = 0; (policy = named_at(set, i)) && strcmp(policy->name, name) != 0; i++) {
    }
    return policy;
}

/** Whether another policy of the set, or a built-in one, is displayed under that name. */
static bool name_is_taken(const struct weir_policy_set *set, const char *name) {
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->choices[i].policy->name, name) == 0) {
            return true;
        }
    }
    return find_named(set, name) != NULL;
}

static void make_name_unique(const struct weir_policy_set *set, char *name) {
    const size_t length = strlen(name);
    for (int number = 2; name_is_taken(set, name); number++) {
        snprintf(name + length, 8, "-%d", number);
    }
}

/* ---- opening ---- */

static bool names_object(const char *spec) {
    const size_t length = strlen(spec);
    return strchr(spec, '/') || (length > 3 && strcmp(spec + length - 3, ".so") == 0);
}

static enum weir_source_status open_object(struct weir_policy_set *set,
                                           struct weir_policy_source *source,
                                           struct weir_source_error *error) {
    const struct weir_policy *table = NULL;
    source->object = weir_policy_object_open(source->spec, &table, error->text, sizeof error->text);
    if (!source->object) {
        return error->status = WEIR_SOURCE_BAD_INPUT;
    }
    source->table = *table;
    source->table.size = sizeof source->table;
    name_file(source->spec, strlen(source->spec), source->name);
    make_name_unique(set, source->name);
    source->table.name = source->name;
    set->choices[set->count].policy = &source->table;
    return WEIR_SOURCE_OK;
}

/** Names a command by its script: the first word that is a path or has an ending, after the first
 *  word, which may be that of an interpreter; else by that. */
static void name_command(const char *command, char *name) {
    const char *chosen = command + strspn(command, " ");
    size_t chosen_length = strcspn(chosen, " ");
    const char *word = chosen + chosen_length;
    while (*(word += strspn(word, " "))) {
        const size_t length = strcspn(word, " ");
        if (*word != '-' && (memchr(word, '.', length) || memchr(word, '/', length))) {
            chosen = word;
            chosen_length = length;
            break;
        }
        word += length;
    }
    name_file(chosen, chosen_length, name);
}

static enum weir_source_status open_program(struct weir_policy_set *set,
                                            struct weir_policy_source *source,
                                            struct weir_source_error *error) {
    const char *command = source->spec + strlen(COMMAND_PREFIX);
    source->program = weir_program_open(command, error->text, sizeof error->text);
    if (!source->program) {
        return error->status = WEIR_SOURCE_BAD_INPUT;
    }
    name_command(command, source->name);
    make_name_unique(set, source->name);
    set->choices[set->count].policy = weir_program_policy(source->program, source->name);
    return WEIR_SOURCE_OK;
}

static enum weir_source_status unknown(const struct weir_policy_set *set, const char *spec,
                                       struct weir_source_error *error) {
    char known[512] = "";
    size_t used = 0;
    const struct weir_policy *policy = NULL;
    for (size_t i = 0; (policy = named_at(set, i)) && used < sizeof known; i++) {
        used += (size_t)snprintf(known + used, sizeof known - used, "%s, ", policy->name);
    }
    return fail(error, WEIR_SOURCE_WRONG_USE,
                "unknown policy '%s'; did you mean '%s'? There are %s./FILE.so and cmd:COMMAND",
                spec, weir_policy_nearest(spec), known);
}

static enum weir_source_status open_source(struct weir_policy_set *set,
                                           struct weir_policy_source *source,
                                           struct weir_source_error *error) {
    if (strncmp(source->spec, COMMAND_PREFIX, strlen(COMMAND_PREFIX)) == 0) {
        return open_program(set, source, error);
    }
    if (names_object(source->spec)) {
        return open_object(set, source, error);
    }
    set->choices[set->count].policy = find_named(set, source->spec);
    return set->choices[set->count].policy ? WEIR_SOURCE_OK : unknown(set, source->spec, error);
}

static void close_source(struct weir_policy_source *source) {
    weir_policy_object_close(source->object);
    weir_program_close(source->program);
    free(source);
}

static enum weir_source_status check(const struct weir_policy_set *set, const char *spec,
                                     struct weir_source_error *error) {
    if (spec[0] == '\0') {
        return fail(error, WEIR_SOURCE_WRONG_USE, "the name of a policy is missing");
    }
    if (strlen(spec) >= WEIR_POLICY_SPEC_MAX) {
        return fail(error, WEIR_SOURCE_WRONG_USE, "'%.60s…' is longer than %d characters", spec,
                    WEIR_POLICY_SPEC_MAX - 1);
    }
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->choices[i].spec, spec) == 0) {
            return fail(error, WEIR_SOURCE_WRONG_USE, "'%s' is named twice", spec);
        }
    }
    return set->count < WEIR_POLICIES_MAX
               ? WEIR_SOURCE_OK
               : fail(error, WEIR_SOURCE_WRONG_USE, "more than %d policies", WEIR_POLICIES_MAX);
}

enum weir_source_status weir_policy_set_add_one(struct weir_policy_set *set, const char *spec,
                                                struct weir_source_error *error) {
    enum weir_source_status status = check(set, spec, error);
    if (status) {
        return status;
    }
    struct weir_policy_source *source = calloc(1, sizeof *source);
    if (!source) {
        return fail(error, WEIR_SOURCE_NO_MEMORY, "out of memory");
    }
    snprintf(source->spec, sizeof source->spec, "%s", spec);
    status = open_source(set, source, error);
    if (status) {
        close_source(source);
        return status;
    }
    set->choices[set->count].spec = source->spec;
    set->sources[set->count++] = source;
    return WEIR_SOURCE_OK;
}

/** Copies the list's next entry and returns what follows its comma, or NULL after the last. */
static const char *take_entry(const char *list, char *spec) {
    for (; *list && *list != ','; list++) {
        if (list[0] == '\\' && list[1] == ',') {
            list++;
        }
        *spec++ = *list;
    }
    *spec = '\0';
    return *list ? list + 1 : NULL;
}

enum weir_source_status weir_policy_set_add(struct weir_policy_set *set, const char *list,
                                            struct weir_source_error *error) {
    char *spec = malloc(strlen(list) + 1);
    if (!spec) {
        return fail(error, WEIR_SOURCE_NO_MEMORY, "out of memory");
    }
    enum weir_source_status status = WEIR_SOURCE_OK;
    while (list && !status) {
        list = take_entry(list, spec);
        status = weir_policy_set_add_one(set, spec, error);
    }
    free(spec);
    return status;
}

void weir_policy_set_close(struct weir_policy_set *set) {
    for (size_t i = 0; i < set->count; i++) {
        close_source(set->sources[i]);
    }
    set->count = 0;
}
