#include "exports.h"

#include <string.h>

/** Text as XML 1.0 allows it; what it forbids becomes '?'. */
static void write_escaped(const char *text, FILE *out) {
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '&') {
            fputs("&amp;", out);
        } else if (c == '<') {
            fputs("&lt;", out);
        } else if (c == '>') {
            fputs("&gt;", out);
        } else if (c == '"') {
            fputs("&quot;", out);
        } else if (c < ' ' && c != '\n' && c != '\t') {
            fputc('?', out);
        } else {
            fputc(c, out);
        }
    }
}

static void write_attribute(const char *name, const char *value, FILE *out) {
    fprintf(out, " %s=\"", name);
    write_escaped(value, out);
    fputc('"', out);
}

static void write_property(const json_t *result, const char *key, FILE *out) {
    const char *value = json_string_value(json_object_get(result, key));
    if (value) {
        fputs("      <property", out);
        write_attribute("name", key, out);
        write_attribute("value", value, out);
        fputs("/>\n", out);
    }
}

/** The first line of a text, as a message of one line. */
static void write_message(const char *text, FILE *out) {
    char line[256];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\n"), text);
    write_attribute("message", line, out);
}

static void write_fault(const char *element, const struct weir_check *c, FILE *out) {
    fprintf(out, "      <%s", element);
    write_message(c->text, out);
    write_attribute("type", c->kind, out);
    fputc('>', out);
    write_escaped(c->text, out);
    fprintf(out, "</%s>\n", element);
}

static void write_case(const struct weir_check *c, FILE *out) {
    fputs("    <testcase", out);
    write_attribute("classname", c->kind, out);
    write_attribute("name", c->name, out);
    fputs(" time=\"0\">\n", out);
    if (c->status == WEIR_CHECK_BROKEN) {
        write_fault("failure", c, out);
    } else if (c->status == WEIR_CHECK_CRASHED) {
        write_fault("error", c, out);
    } else if (c->text[0]) {
        fputs("      <system-out>", out);
        write_escaped(c->text, out);
        fputs("</system-out>\n", out);
    }
    fputs("    </testcase>\n", out);
}

void weir_export_junit(const json_t *result, const struct weir_checks *checks, FILE *out) {
    size_t failures = 0;
    size_t errors = 0;
    for (size_t i = 0; i < checks->count; i++) {
        failures += checks->items[i].status == WEIR_CHECK_BROKEN;
        errors += checks->items[i].status == WEIR_CHECK_CRASHED;
    }
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite", out);
    write_attribute("name", json_string_value(json_object_get(result, "suite")), out);
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\" time=\"0\">\n",
            checks->count, failures, errors);
    fputs("    <properties>\n", out);
    write_property(result, "version", out);
    write_property(result, "label", out);
    write_property(result, "when", out);
    fputs("    </properties>\n", out);
    for (size_t i = 0; i < checks->count; i++) {
        write_case(&checks->items[i], out);
    }
    fputs("  </testsuite>\n</testsuites>\n", out);
}
