/* Reading logs of requests: only the columns that are asked for are looked at. */

#include <csv.h>
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate.h"
#include "decimal.h"
#include "lines.h"

enum field {
    FIELD_SENT,
    FIELD_ANSWERED,
    FIELD_METHOD,
    FIELD_PATH,
    FIELD_STATUS,
    FIELD_CODE,
    FIELD_WEIGHT,
    FIELD_ORDERS,
    FIELD_ORDERS_10S,
    FIELD_RETRY_AFTER,
    FIELD_LIMIT,
    FIELD_COUNT,
    FIELD_SYMBOL,
    FIELD_TYPE,
    FIELD_CLIENT,
    FIELDS
};

#define NAME_SIZE 64
#define TEXT_SIZE 512
#define COLUMNS_MAX 256

static const char *const field_names[FIELDS] = {
    "sent",       "answered",    "method", "path",  "status", "code", "weight", "orders",
    "orders_10s", "retry_after", "limit",  "count", "symbol", "type", "client"};

static const char *const json_names[FIELDS] = {"sent_ns",
                                               "answered_ns",
                                               "method",
                                               "path",
                                               "status",
                                               "code",
                                               "headers.X-MBX-USED-WEIGHT-1M",
                                               "headers.X-MBX-ORDER-COUNT-1M",
                                               "headers.X-MBX-ORDER-COUNT-10S",
                                               "headers.Retry-After",
                                               "params.limit",
                                               "params.count",
                                               "params.symbol",
                                               "type",
                                               "client"};

/** A line taken apart, and where its fields are. */
struct reader {
    const char *path;
    size_t line;
    bool is_csv;
    char names[FIELDS][NAME_SIZE];
    int columns[FIELDS]; /* of CSV; -1: not there */
    char texts[FIELDS][TEXT_SIZE];
    int csv_column;
    bool csv_is_head;
    char *error;
    size_t size;
};

static bool fail(struct reader *r, const char *what, const char *text) {
    snprintf(r->error, r->size, "%s: line %zu: %s%s%.60s%s", r->path, r->line, what,
             text ? " '" : "", text ? text : "", text ? "'" : "");
    return false;
}

/* ---- where what is ---- */

static bool read_columns(struct reader *r, const char *columns) {
    for (int f = 0; f < FIELDS; f++) {
        const char *name = !r->is_csv            ? json_names[f]
                           : f == FIELD_SENT     ? "sent_ns"
                           : f == FIELD_ANSWERED ? "answered_ns"
                                                 : field_names[f];
        snprintf(r->names[f], NAME_SIZE, "%s", name);
    }
    while (columns && *columns) {
        const size_t key = strcspn(columns, "=,");
        const size_t value = columns[key] == '=' ? strcspn(columns + key + 1, ",") : 0;
        int field = -1;
        for (int f = 0; f < FIELDS; f++) {
            const bool same =
                strlen(field_names[f]) == key && strncmp(field_names[f], columns, key) == 0;
            field = same ? f : field;
        }
        if (field < 0 || value == 0 || value >= NAME_SIZE) {
            snprintf(r->error, r->size,
                     "--columns: '%.60s': expected field=name, with a field of " WEIR_LOG_FIELDS,
                     columns);
            return false;
        }
        snprintf(r->names[field], NAME_SIZE, "%.*s", (int)value, columns + key + 1);
        columns += key + 1 + value;
        columns += *columns == ',';
    }
    return true;
}

/** A JSON value under a key whose dots lead into objects. */
static json_t *find(json_t *object, const char *name) {
    json_t *value = json_object_get(object, name);
    const char *dot = strchr(name, '.');
    if (value || !dot) {
        return value;
    }
    char outer[NAME_SIZE];
    snprintf(outer, sizeof outer, "%.*s", (int)(dot - name), name);
    json_t *inner = json_object_get(object, outer);
    return inner ? find(inner, dot + 1) : NULL;
}

static bool take_json(struct reader *r, const char *line, size_t length) {
    json_error_t why;
    json_t *object = json_loadb(line, length, 0, &why);
    if (!json_is_object(object)) {
        json_decref(object);
        return fail(r, "not a JSON object", NULL);
    }
    for (int f = 0; f < FIELDS; f++) {
        const json_t *value = find(object, r->names[f]);
        r->texts[f][0] = '\0';
        if (json_is_string(value)) {
            snprintf(r->texts[f], TEXT_SIZE, "%s", json_string_value(value));
        } else if (json_is_integer(value)) {
            snprintf(r->texts[f], TEXT_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        } else if (json_is_real(value)) {
            snprintf(r->texts[f], TEXT_SIZE, "%.9f", json_real_value(value));
        }
    }
    json_decref(object);
    return true;
}

static void csv_field(void *text, size_t length, void *context) {
    struct reader *r = context;
    for (int f = 0; f < FIELDS; f++) {
        if (r->csv_is_head && strlen(r->names[f]) == length &&
            memcmp(r->names[f], text, length) == 0) {
            r->columns[f] = r->csv_column;
        } else if (!r->csv_is_head && r->columns[f] == r->csv_column) {
            snprintf(r->texts[f], TEXT_SIZE, "%.*s", (int)(length < TEXT_SIZE ? length : TEXT_SIZE),
                     (const char *)text);
        }
    }
    r->csv_column++;
}

static bool take_csv(struct reader *r, const char *line, size_t length, bool head) {
    struct csv_parser parser;
    r->csv_is_head = head;
    r->csv_column = 0;
    for (int f = 0; f < FIELDS; f++) {
        r->texts[f][0] = '\0';
    }
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI)) {
        return fail(r, "out of memory", NULL);
    }
    const bool ok = csv_parse(&parser, line, length, csv_field, NULL, r) == length &&
                    csv_fini(&parser, csv_field, NULL, r) == 0;
    csv_free(&parser);
    return ok || fail(r, "not a line of CSV", NULL);
}

/* ---- values ---- */

static bool read_whole(struct reader *r, enum field f, int64_t missing, int32_t *value) {
    const char *text = r->texts[f];
    char *end = NULL;
    const long long number = strtoll(text, &end, 10);
    if (text[0] == '\0' || strcmp(text, "null") == 0) {
        *value = (int32_t)missing;
        return true;
    }
    if (*end != '\0' || number < -1000000 || number > INT32_MAX) {
        char what[96];
        snprintf(what, sizeof what, "field %s is not a whole number:", field_names[f]);
        return fail(r, what, text);
    }
    *value = (int32_t)number;
    return true;
}

/** Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size. */
static bool read_time(struct reader *r, enum field f, int64_t *time_ns) {
    struct weir_decimal decimal;
    const char *text = r->texts[f];
    const char *wrong = weir_decimal_parse(text, strlen(text), &decimal);
    if (!wrong) {
        const uint8_t places = weir_decimal_above(decimal, INT64_C(100000000000000000)) ? 0
                               : weir_decimal_above(decimal, INT64_C(100000000000000))  ? 3
                               : weir_decimal_above(decimal, INT64_C(100000000000))     ? 6
                                                                                        : 9;
        wrong = weir_decimal_scale(weir_decimal_strip(decimal), places, time_ns);
    }
    if (wrong) {
        char what[128];
        snprintf(what, sizeof what, "field %s %s:", field_names[f], wrong);
        return fail(r, what, text);
    }
    return true;
}

/** What the query of a path says of the parameters; the rest of it is dropped. */
static void read_query(char *path, struct weir_params *params) {
    char *query = strchr(path, '?');
    if (!query) {
        return;
    }
    *query++ = '\0';
    while (*query) {
        params->has_symbol = params->has_symbol || strncmp(query, "symbol=", 7) == 0;
        if (strncmp(query, "limit=", 6) == 0) {
            params->limit = (int32_t)strtol(query + 6, NULL, 10);
        }
        query += strcspn(query, "&");
        query += *query == '&';
    }
}

static bool read_endpoint(struct reader *r, struct weir_logged_request *q) {
    static const enum weir_method methods[] = {WEIR_GET, WEIR_POST, WEIR_PUT, WEIR_DELETE};
    int32_t count = 0;
    q->params = WEIR_PARAMS_NONE;
    if (!read_whole(r, FIELD_LIMIT, WEIR_LIMIT_OMITTED, &q->params.limit) ||
        !read_whole(r, FIELD_COUNT, 0, &count)) {
        return false;
    }
    q->params.count = count;
    q->params.has_symbol = r->texts[FIELD_SYMBOL][0] != '\0';
    char *path = r->texts[FIELD_PATH];
    char *host = strstr(path, "://");
    path = host ? strchr(host + 3, '/') : path;
    if (!path || !path[0]) {
        return fail(r, "field path is missing", NULL);
    }
    read_query(path, &q->params);
    for (size_t m = 0; m < 4; m++) {
        if (strcmp(weir_method_name(methods[m]), r->texts[FIELD_METHOD]) == 0) {
            q->endpoint = weir_endpoint_find(methods[m], path);
            /* bodies are seldom logged: what cannot be without a symbol had one */
            q->params.has_symbol =
                q->params.has_symbol || !weir_endpoint_accepts(q->endpoint, q->params);
            q->cost = weir_endpoint_cost(q->endpoint, q->params);
            return true;
        }
    }
    return fail(r, "field method must be GET, POST, PUT or DELETE, not", r->texts[FIELD_METHOD]);
}

static bool read_request(struct reader *r, struct weir_logged_request *q) {
    q->answered_ns = INT64_MAX;
    if (!read_time(r, FIELD_SENT, &q->sent_ns) || !read_endpoint(r, q) ||
        !read_whole(r, FIELD_STATUS, 0, &q->status) || !read_whole(r, FIELD_CODE, 0, &q->code) ||
        !read_whole(r, FIELD_WEIGHT, -1, &q->used_weight) ||
        !read_whole(r, FIELD_ORDERS, -1, &q->used_orders) ||
        !read_whole(r, FIELD_ORDERS_10S, -1, &q->used_orders_10s) ||
        !read_whole(r, FIELD_RETRY_AFTER, -1, &q->retry_after_s)) {
        return false;
    }
    if (q->status != 0 && r->texts[FIELD_ANSWERED][0] != '\0') {
        if (!read_time(r, FIELD_ANSWERED, &q->answered_ns)) {
            return false;
        }
        if (q->answered_ns < q->sent_ns) {
            return fail(r, "answered before it was sent", NULL);
        }
    } else {
        q->status = 0;
    }
    return true;
}

/** Takes one line into the log, or passes over what is no request of the bot. */
static bool add(struct reader *r, struct weir_request_log *log) {
    const bool other = r->texts[FIELD_TYPE][0] && strcmp(r->texts[FIELD_TYPE], "request") != 0;
    const bool foreign = r->texts[FIELD_CLIENT][0] && strcmp(r->texts[FIELD_CLIENT], "bot") != 0;
    if (other || foreign || r->texts[FIELD_SENT][0] == '\0') {
        log->foreign += !other && foreign;
        return true;
    }
    struct weir_logged_request request = {0};
    if (!read_request(r, &request)) {
        return false;
    }
    if (request.endpoint == WEIR_ENDPOINT_UNKNOWN) {
        log->unknown_paths++;
        return true;
    }
    if (log->count == log->capacity) {
        const size_t capacity = log->capacity ? 2 * log->capacity : 4096;
        struct weir_logged_request *more = realloc(log->requests, capacity * sizeof *more);
        if (!more) {
            return fail(r, "out of memory", NULL);
        }
        log->requests = more;
        log->capacity = capacity;
    }
    log->requests[log->count++] = request;
    return true;
}

static bool check_head(struct reader *r) {
    static const enum field needed[] = {FIELD_SENT, FIELD_ANSWERED, FIELD_METHOD, FIELD_PATH,
                                        FIELD_STATUS};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (r->columns[needed[i]] < 0) {
            char what[160];
            snprintf(what, sizeof what, "no column '%s' for field %s; --columns %s=NAME says which",
                     r->names[needed[i]], field_names[needed[i]], field_names[needed[i]]);
            return fail(r, what, NULL);
        }
    }
    return true;
}

static bool take_line(struct reader *r, const char *line, size_t length, const char *columns,
                      struct weir_request_log *log) {
    if (length == 0) {
        return true;
    }
    if (r->line == 1) {
        r->is_csv = line[0] != '{';
        if (!read_columns(r, columns)) {
            return false;
        }
        if (r->is_csv) {
            return take_csv(r, line, length, true) && check_head(r);
        }
    }
    return (r->is_csv ? take_csv(r, line, length, false) : take_json(r, line, length)) &&
           add(r, log);
}

static bool read_lines(struct reader *r, struct weir_lines *lines, const char *columns,
                       struct weir_request_log *log) {
    for (;;) {
        struct weir_trace_error why;
        const char *line = NULL;
        size_t length = 0;
        if (!weir_lines_next(lines, &line, &length, &why)) {
            snprintf(r->error, r->size, "%s", why.text);
            return false;
        }
        if (!line) {
            return true;
        }
        r->line++;
        if (!take_line(r, line, length, columns, log)) {
            return false;
        }
    }
}

bool weir_request_log_read(struct weir_request_log *log, const char *path, const char *columns,
                           char *error, size_t size) {
    struct weir_trace_error why = {.text = "out of memory"};
    struct weir_source *source = weir_source_open(path, &why);
    struct weir_lines *lines = source ? weir_lines_open(source, "", 0, &why) : NULL;
    struct reader *r = lines ? calloc(1, sizeof *r) : NULL;
    snprintf(error, size, "%s", why.text);
    bool ok = false;
    if (r) {
        *r = (struct reader){.path = path, .error = error, .size = size};
        for (int f = 0; f < FIELDS; f++) {
            r->columns[f] = -1;
        }
        ok = read_lines(r, lines, columns, log);
    }
    free(r);
    weir_lines_close(lines);
    return ok;
}

static int by_time(const void *left, const void *right) {
    const struct weir_logged_request *a = left;
    const struct weir_logged_request *b = right;
    if (a->sent_ns != b->sent_ns) {
        return a->sent_ns < b->sent_ns ? -1 : 1;
    }
    return (a->answered_ns > b->answered_ns) - (a->answered_ns < b->answered_ns);
}

void weir_request_log_sort(struct weir_request_log *log) {
    if (log->count > 0) {
        qsort(log->requests, log->count, sizeof *log->requests, by_time);
    }
}

void weir_request_log_free(struct weir_request_log *log) {
    free(log->requests);
    *log = (struct weir_request_log){.requests = NULL};
}
