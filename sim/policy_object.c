#include "policy_object.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef const struct weir_policy *(*export_function)(void);

/** A function that every policy has. */
struct need {
    const char *name;
    bool is_there;
};

static bool check_functions(const struct weir_policy *t, const char *path, char *text,
                            size_t size) {
    const struct need needs[] = {{"name", t->name && t->name[0]},
                                 {"options", t->options != NULL},
                                 {"create", t->create != NULL},
                                 {"destroy", t->destroy != NULL},
                                 {"submit", t->submit != NULL},
                                 {"settle", t->settle != NULL},
                                 {"next", t->next != NULL || !(t->flags & WEIR_POLICY_QUEUES)},
                                 {"cancel", t->cancel != NULL || t->next == NULL}};
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        if (!needs[i].is_there) {
            snprintf(text, size, "%s: its policy lacks '%s'; see weir/policy.h", path,
                     needs[i].name);
            return false;
        }
    }
    return true;
}

static bool check_table(const struct weir_policy *table, const char *path, char *text,
                        size_t size) {
    if (!table) {
        snprintf(text, size, "%s: weir_policy_export returned NULL instead of a policy", path);
        return false;
    }
    if (table->abi != WEIR_POLICY_ABI) {
        snprintf(text, size,
                 "%s: its policy is of interface version %u; this weir speaks %u: rebuild it with "
                 "these headers",
                 path, table->abi, WEIR_POLICY_ABI);
        return false;
    }
    if (table->size < sizeof *table) {
        snprintf(text, size,
                 "%s: its policy has %u bytes; this weir needs %zu: set .size = sizeof(struct "
                 "weir_policy) and rebuild it with these headers",
                 path, table->size, sizeof *table);
        return false;
    }
    return check_functions(table, path, text, size);
}

void *weir_policy_object_open(const char *path, const struct weir_policy **table, char *text,
                              size_t size) {
    char here[4096];
    /* without a slash dlopen would search the system's folders, not this one */
    snprintf(here, sizeof here, "%s%s", strchr(path, '/') ? "" : "./", path);
    if (access(here, R_OK) != 0) {
        snprintf(text, size, "%s: no such file, or it cannot be read", path);
        return NULL;
    }
    void *handle = dlopen(here, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(text, size, "%s: not a shared object that can be loaded: %s", path, dlerror());
        return NULL;
    }
    void *symbol = dlsym(handle, "weir_policy_export");
    if (!symbol) {
        snprintf(
            text, size,
            "%s: exports no weir_policy_export; a policy is found by 'const struct weir_policy "
            "*weir_policy_export(void)' (extern \"C\" in C++)",
            path);
        dlclose(handle);
        return NULL;
    }
    export_function export = NULL;
    memcpy(&export, &symbol, sizeof export); /* ISO C has no cast from data to functions */
    *table = export();
    if (!check_table(*table, path, text, size)) {
        dlclose(handle);
        return NULL;
    }
    return handle;
}

void weir_policy_object_close(void *handle) {
    if (handle) {
        dlclose(handle);
    }
}
