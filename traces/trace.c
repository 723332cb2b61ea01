#include "trace.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "profile.h"
#include "reader.h"
#include "source.h"
#include "symbols.h"
#include "trace_error.h"
#include "trace_finish.h"

#define NAME_MAX_BYTES 160
#define GAP_MAX_NS (INT64_C(7) * 86400 * 1000000000)
#define ROWS_FIRST 4096
#define PEEK_SIZE 65536

/** The rows of one file within all that were read. */
struct part {
    const char *path;
    size_t first;
    size_t end;
    int64_t start_ns;
    int64_t last_ns;
};

/** Everything that is read before it is merged. */
struct collection {
    struct weir_liquidation *rows;
    size_t count;
    size_t capacity;
    struct weir_symbols symbols;
    struct part *parts;
    size_t part_count;
    size_t bad_rows, cut_files;
    struct weir_gaps gaps;
};

const char *weir_mark_name(enum weir_mark mark) {
    switch (mark) {
    case WEIR_MARK_RECORDED:
        return "recorded";
    case WEIR_MARK_DERIVED:
        return "derived";
    case WEIR_MARK_DRAWN:
        break;
    }
    return "drawn";
}

void weir_trace_free(struct weir_trace *trace) {
    if (trace == NULL) {
        return;
    }
    for (size_t i = 0; i < trace->symbol_count; i++) {
        free(trace->symbols[i]);
    }
    free(trace->symbols);
    free(trace->rows);
    free(trace->name);
    free(trace);
}

static const char *skip_blanks(const char *text) {
    return text + strspn(text, " \t\r\n");
}

/** Whether the text, a beginning of a JSON object, names the schema of a profile or generator. */
static bool names_profile_schema(const char *text) {
    static const char key[] = "\"schema\"";
    static const char *const values[] = {"\"weir.profile/", "\"weir.generator/"};
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
    }
    if (*skip_blanks(text) != '{') {
        return false;
    }
    for (const char *at = strstr(text, key); at != NULL; at = strstr(at + 1, key)) {
        const char *colon = skip_blanks(at + strlen(key));
        const char *value = *colon == ':' ? skip_blanks(colon + 1) : "";
        if (strncmp(value, values[0], strlen(values[0])) == 0 ||
            strncmp(value, values[1], strlen(values[1])) == 0) {
            return true;
        }
    }
    return false;
}

bool weir_is_profile(const char *path) {
    /* looking into a pipe would take its bytes away from the reader */
    struct stat status;
    if (strcmp(path, "-") == 0 || stat(path, &status) != 0 || !S_ISREG(status.st_mode)) {
        return false;
    }
    struct weir_source *source = weir_source_open(path, NULL);
    char *text = malloc(PEEK_SIZE + 1);
    size_t size = 0;
    size_t got = 1;
    while (source != NULL && text != NULL && got > 0 && size < PEEK_SIZE &&
           weir_source_read(source, text + size, PEEK_SIZE - size, &got, NULL)) {
        size += got;
    }
    bool is_profile = false;
    if (text != NULL) {
        text[size] = '\0';
        is_profile = names_profile_schema(text);
    }
    free(text);
    weir_source_close(source);
    return is_profile;
}

bool weir_trace_check_paths(const char *const *paths, size_t path_count,
                            struct weir_trace_error *error) {
    if (path_count == 0) {
        return weir_trace_fail(error, WEIR_TRACE_WRONG_USE, "no trace is named");
    }
    size_t standard_inputs = 0;
    for (size_t i = 0; i < path_count; i++) {
        standard_inputs += strcmp(paths[i], "-") == 0 ? 1 : 0;
        if (path_count > 1 && weir_is_profile(paths[i])) {
            return weir_trace_fail(
                error, WEIR_TRACE_WRONG_USE,
                "%s: a profile or generator stands alone, and cannot be merged with "
                "others; weir compare takes several",
                paths[i]);
        }
    }
    return standard_inputs <= 1 || weir_trace_fail(error, WEIR_TRACE_WRONG_USE,
                                                   "standard input (-) is named more than once");
}

static bool append(struct collection *collection, const struct weir_row *row) {
    if (collection->count == collection->capacity) {
        const size_t capacity = collection->capacity == 0 ? ROWS_FIRST : collection->capacity * 2;
        struct weir_liquidation *rows = realloc(collection->rows, capacity * sizeof *rows);
        if (rows == NULL) {
            return false;
        }
        collection->rows = rows;
        collection->capacity = capacity;
    }
    struct weir_liquidation *to = &collection->rows[collection->count++];
    *to = (struct weir_liquidation){.time_ns = row->time_ns,
                                    .price = row->price.mantissa,
                                    .quantity = row->quantity.mantissa,
                                    .side = (uint8_t)row->side,
                                    .price_decimals = row->price.decimals,
                                    .quantity_decimals = row->quantity.decimals};
    return weir_symbols_number(&collection->symbols, row->symbol, &to->symbol);
}

/** Reads one recording to the end of the collection. */
static bool read_part(struct collection *collection, const char *path,
                      const struct weir_read_options *options, struct weir_trace_error *error) {
    struct weir_reader *reader = weir_reader_open(path, options, error);
    if (reader == NULL) {
        return false;
    }
    const size_t first = collection->count;
    struct weir_row row;
    enum weir_reader_result result = weir_reader_next(reader, &row, error);
    while (result == WEIR_READER_ROW) {
        if (!append(collection, &row)) {
            weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "%s: out of memory after %zu rows", path,
                            collection->count - first);
            result = WEIR_READER_FAILED;
            break;
        }
        result = weir_reader_next(reader, &row, error);
    }
    collection->bad_rows += weir_reader_bad_rows(reader);
    collection->cut_files += weir_reader_is_cut(reader) ? 1 : 0;
    weir_gaps_add_all(&collection->gaps, weir_reader_gaps(reader));
    weir_reader_close(reader);
    if (result == WEIR_READER_FAILED) {
        return false;
    }
    if (collection->count == first) { /* a recording of a time without liquidations */
        return true;
    }
    collection->parts[collection->part_count++] =
        (struct part){path, first, collection->count, collection->rows[first].time_ns,
                      collection->rows[collection->count - 1].time_ns};
    return true;
}

/** By start; parts that start together keep their order. Few parts, so insertion sort. */
static void sort_parts(struct part **sorted, size_t count) {
    for (size_t i = 1; i < count; i++) {
        struct part *part = sorted[i];
        size_t k = i;
        for (; k > 0 && sorted[k - 1]->start_ns > part->start_ns; k--) {
            sorted[k] = sorted[k - 1];
        }
        sorted[k] = part;
    }
}

/** Recordings that lie far apart are not one cascade: most of the time nothing would happen. */
static bool check_gaps(const struct collection *collection, struct part **sorted,
                       struct weir_trace_error *error) {
    const struct part *latest = sorted[0];
    for (size_t i = 1; i < collection->part_count; i++) {
        if (sorted[i]->start_ns - latest->last_ns > GAP_MAX_NS) {
            return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT,
                                   "%s starts more than 7 days after %s ends; replay them "
                                   "separately",
                                   sorted[i]->path, latest->path);
        }
        if (sorted[i]->last_ns > latest->last_ns) {
            latest = sorted[i];
        }
    }
    return true;
}

/** Merges the neighbours [first, middle) and [middle, end); of equal times the left one is first.
 */
static void merge_runs(const struct weir_liquidation *from, struct weir_liquidation *to,
                       size_t first, size_t middle, size_t end) {
    size_t a = first;
    size_t b = middle;
    for (size_t i = first; i < end; i++) {
        const bool left = a < middle && (b == end || from[a].time_ns <= from[b].time_ns);
        to[i] = left ? from[a++] : from[b++];
    }
}

/** Merges the parts pairwise, in the order they were named, until one is left. */
static bool merge_parts(struct collection *collection) {
    struct weir_liquidation *to = malloc(collection->count * sizeof *to);
    if (to == NULL) {
        return false;
    }
    size_t count = collection->part_count;
    while (count > 1) {
        size_t merged = 0;
        for (size_t i = 0; i < count; i += 2) {
            const struct part *a = &collection->parts[i];
            const struct part *b = i + 1 < count ? &collection->parts[i + 1] : a;
            const struct part both = {a->path, a->first, b->end, a->start_ns, b->last_ns};
            merge_runs(collection->rows, to, both.first, a->end, both.end);
            collection->parts[merged++] = both;
        }
        struct weir_liquidation *from = collection->rows;
        collection->rows = to;
        to = from;
        count = merged;
    }
    free(to);
    return true;
}

static bool merge(struct collection *collection, struct weir_trace_error *error) {
    if (collection->part_count == 1) {
        return true;
    }
    struct part **sorted = calloc(collection->part_count, sizeof(struct part *));
    if (sorted == NULL) {
        return weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < collection->part_count; i++) {
        sorted[i] = &collection->parts[i];
    }
    sort_parts(sorted, collection->part_count);
    const bool close = check_gaps(collection, sorted, error);
    free(sorted);
    return close && (merge_parts(collection) ||
                     weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory"));
}

/** Length of the base name without its endings. */
static size_t base_length(const char *base) {
    static const char *const endings[] = {".gz",     ".zst",   ".csv", ".json",
                                          ".ndjson", ".jsonl", ".weir"};
    size_t length = strlen(base);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t ending = strlen(endings[i]);
        if (length > ending && strncmp(base + length - ending, endings[i], ending) == 0) {
            length -= ending;
        }
    }
    return length;
}

/** "a+b+c"; what goes beyond the bound is left out and "+..." says so. */
static char *join_names(const char *const *paths, size_t path_count) {
    static const char more[] = "+...";
    char *name = calloc(1, NAME_MAX_BYTES + sizeof more + 1);
    size_t used = 0;
    for (size_t i = 0; name != NULL && i < path_count; i++) {
        const char *slash = strrchr(paths[i], '/');
        const char *base = strcmp(paths[i], "-") == 0 ? "stdin"
                           : slash != NULL            ? slash + 1
                                                      : paths[i];
        size_t length = base_length(base);
        if (i == 0 && length > NAME_MAX_BYTES) {
            length = NAME_MAX_BYTES;
        }
        if (used + length + 1 > NAME_MAX_BYTES + 1) {
            memcpy(name + used, more, sizeof more);
            break;
        }
        if (i > 0) {
            name[used++] = '+';
        }
        memcpy(name + used, base, length);
        used += length;
    }
    return name;
}

/** Moves what was collected into a trace. */
static struct weir_trace *to_trace(struct collection *collection, const char *const *paths,
                                   size_t path_count) {
    struct weir_trace *trace = calloc(1, sizeof *trace);
    if (trace == NULL) {
        return NULL;
    }
    trace->name = join_names(paths, path_count);
    trace->rows = collection->rows;
    trace->row_count = collection->count;
    trace->symbols = collection->symbols.names;
    trace->symbol_count = collection->symbols.count;
    trace->bad_rows = collection->bad_rows;
    trace->cut_files = collection->cut_files;
    trace->gap_count = collection->gaps.count;
    trace->gaps_s = (double)collection->gaps.total_ns / 1e9;
    collection->rows = NULL;
    collection->symbols.names = NULL;
    collection->symbols.count = 0;
    if (trace->name == NULL || !weir_trace_finish(trace)) {
        weir_trace_free(trace);
        return NULL;
    }
    return trace;
}

static struct weir_trace *read_trace(const char *const *paths, size_t path_count,
                                     const struct weir_read_options *options,
                                     struct weir_trace_error *error) {
    struct collection collection = {.parts = calloc(path_count, sizeof(struct part))};
    struct weir_trace *trace = NULL;
    bool ok =
        collection.parts != NULL || weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    for (size_t i = 0; ok && i < path_count; i++) {
        ok = read_part(&collection, paths[i], options, error);
    }
    if (ok && collection.count == 0) {
        ok = weir_trace_fail(error, WEIR_TRACE_BAD_INPUT,
                             "%s: holds no liquidations; at least one is needed", paths[0]);
    }
    if (ok && merge(&collection, error)) {
        trace = to_trace(&collection, paths, path_count);
        if (trace == NULL) {
            weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
        }
    }
    free(collection.rows);
    free(collection.parts);
    weir_symbols_clear(&collection.symbols);
    return trace;
}

static struct weir_trace *build_trace(const char *path, const struct weir_build_options *build,
                                      struct weir_trace_error *error) {
    struct weir_profile *profile = weir_profile_open(path, error);
    if (profile == NULL) {
        return NULL;
    }
    struct weir_trace *trace = weir_profile_build(profile, build, error);
    weir_profile_free(profile);
    return trace;
}

struct weir_trace *weir_trace_open(const char *const *paths, size_t path_count,
                                   const struct weir_read_options *read,
                                   const struct weir_build_options *build,
                                   struct weir_trace_error *error) {
    if (!weir_trace_check_paths(paths, path_count, error)) {
        return NULL;
    }
    if (path_count == 1 && weir_is_profile(paths[0])) {
        return build_trace(paths[0], build, error);
    }
    return read_trace(paths, path_count, read, error);
}
