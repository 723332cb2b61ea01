#include "trace_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <csv.h>
#include <jansson.h>

#include "binary.h"
#include "draw.h"
#include "reader.h"
#include "trace_error.h"
#include "writer.h"

#define ROUNDS 3
#define SYMBOLS 200
#define HEADER_SIZE 64
#define COPY_SIZE 65536

static double now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/** Row `i` of what is read: a millisecond apart on average, every price of its own. */
static struct weir_row draw_row(size_t i, int64_t *time_ns) {
    const struct weir_uniforms u = weir_draw(
        (struct weir_draw_key){.seed = 1, .stream = WEIR_STREAM_TRACE_MIX, .a = (uint32_t)i});
    *time_ns += (int64_t)(u.u[0] * 3.0) * 1000000;
    struct weir_row row = {.time_ns = *time_ns,
                           .price = {1 + (int64_t)(u.u[1] * 1e7), (uint8_t)(i % 6)},
                           .quantity = {1 + (int64_t)(u.u[0] * 1e6), (uint8_t)(i % 4)},
                           .side = u.u[1] < 0.8 ? WEIR_SIDE_SELL : WEIR_SIDE_BUY};
    snprintf(row.symbol, sizeof row.symbol, "COIN%03zuUSDT", (size_t)(u.u[1] * 1e6) % SYMBOLS);
    return row;
}

static bool write_file(const char *path, size_t rows, struct weir_trace_error *error) {
    struct weir_write_options options;
    weir_form_of(path, &options);
    options.unit = WEIR_TIME_MS;
    FILE *stream = fopen(path, "w+b");
    if (stream == NULL) {
        return weir_trace_fail(error, WEIR_TRACE_NO_FILE, "%s: %s", path, strerror(errno));
    }
    struct weir_writer *writer = weir_writer_open(stream, path, &options, error);
    int64_t time_ns = INT64_C(1700000000000000000);
    bool ok = writer != NULL;
    for (size_t i = 0; ok && i < rows; i++) {
        const struct weir_row row = draw_row(i, &time_ns);
        ok = weir_writer_put(writer, &row, error);
    }
    if (ok) {
        ok = weir_writer_finish(writer, error);
    } else {
        weir_writer_drop(writer);
    }
    return fclose(stream) == 0 && ok;
}

/** Sums, so that the compiler cannot leave the reading out. */
static volatile uint64_t sink;

static uint64_t sum_of(const struct weir_liquidation *row) {
    return (uint64_t)row->time_ns + (uint64_t)row->price + (uint64_t)row->quantity + row->symbol +
           row->side + row->price_decimals + row->quantity_decimals;
}

static bool read_mapped(const char *path, struct weir_trace_error *error) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) {
        return weir_trace_fail(error, WEIR_TRACE_NO_FILE, "%s: %s", path, strerror(errno));
    }
    const size_t size = (size_t)status.st_size;
    unsigned char *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (map == MAP_FAILED) {
        return weir_trace_fail(error, WEIR_TRACE_NO_FILE, "%s: %s", path, strerror(errno));
    }
    uint64_t sum = 0;
    for (size_t at = HEADER_SIZE; at + sizeof(struct weir_liquidation) <= size;
         at += sizeof(struct weir_liquidation)) {
        sum += sum_of((const struct weir_liquidation *)(const void *)(map + at));
    }
    sink = sum;
    munmap(map, size);
    return true;
}

static bool read_binary(const char *path, struct weir_trace_error *error) {
    struct weir_binary *binary = weir_binary_open(path, error);
    uint64_t sum = 0;
    const struct weir_liquidation *rows = NULL;
    size_t count = 1;
    bool ok = binary != NULL;
    while (ok && count > 0) {
        ok = weir_binary_block(binary, &rows, &count, error);
        for (size_t i = 0; ok && i < count; i++) {
            sum += sum_of(&rows[i]);
        }
    }
    sink = sum;
    weir_binary_close(binary);
    return ok;
}

static bool read_rows(const char *path, struct weir_trace_error *error) {
    struct weir_reader *reader = weir_reader_open(path, NULL, error);
    struct weir_row row;
    uint64_t sum = 0;
    enum weir_reader_result result = reader != NULL ? WEIR_READER_ROW : WEIR_READER_FAILED;
    while (result == WEIR_READER_ROW) {
        result = weir_reader_next(reader, &row, error);
        sum += (uint64_t)row.price.mantissa;
    }
    sink = sum;
    weir_reader_close(reader);
    return result == WEIR_READER_END;
}

static void no_field(void *text, size_t length, void *context) {
    (void)text;
    (void)length;
    (void)context;
}

static void no_row(int end, void *context) {
    (void)end;
    (void)context;
}

static bool read_libcsv(const char *path, struct weir_trace_error *error) {
    static char buffer[COPY_SIZE];
    struct csv_parser parser;
    FILE *file = fopen(path, "rb");
    if (file == NULL || csv_init(&parser, CSV_STRICT) != 0) {
        return weir_trace_fail(error, WEIR_TRACE_NO_FILE, "%s: cannot be read", path);
    }
    size_t got = 0;
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0) {
        csv_parse(&parser, buffer, got, no_field, no_row, NULL);
    }
    csv_fini(&parser, no_field, no_row, NULL);
    csv_free(&parser);
    fclose(file);
    return true;
}

static bool read_jansson(const char *path, struct weir_trace_error *error) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return weir_trace_fail(error, WEIR_TRACE_NO_FILE, "%s: cannot be read", path);
    }
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = 0;
    json_error_t why;
    while ((length = getline(&line, &capacity, file)) > 0) {
        json_decref(json_loadb(line, (size_t)length, 0, &why));
    }
    free(line);
    fclose(file);
    return true;
}

typedef bool (*read_function)(const char *path, struct weir_trace_error *error);

/** The lower of the time known (0: none yet) and that of one more reading, a row. */
static bool measure(read_function read, const char *path, size_t rows, double *best_ns,
                    struct weir_trace_error *error) {
    const double start_ns = now_ns();
    if (!read(path, error)) {
        return false;
    }
    const double row_ns = (now_ns() - start_ns) / (double)rows;
    *best_ns = *best_ns <= 0.0 || row_ns < *best_ns ? row_ns : *best_ns;
    return true;
}

/** One form: written, read in turns with its base, removed. */
static bool measure_form(const char *folder, size_t rows, const char *ending, read_function read,
                         read_function base, struct weir_trace_cost *cost,
                         struct weir_trace_error *error) {
    char path[256];
    struct stat status;
    snprintf(path, sizeof path, "%s/rows.%s", folder, ending);
    bool ok = write_file(path, rows, error);
    cost->file_mib = ok && stat(path, &status) == 0 ? (double)status.st_size / 1048576.0 : 0.0;
    for (int round = 0; ok && round < ROUNDS; round++) {
        ok = measure(base, path, rows, &cost->base_ns, error) &&
             measure(read, path, rows, &cost->row_ns, error);
    }
    unlink(path);
    return ok;
}

bool weir_trace_bench(size_t rows, struct weir_trace_cost costs[WEIR_TRACE_COSTS],
                      struct weir_trace_error *error) {
    static const struct {
        const char *form, *base, *ending;
        read_function read, read_base;
    } forms[WEIR_TRACE_COSTS] = {
        {"binary", "summing the mapped fields", "weir", read_binary, read_mapped},
        {"canonical CSV", "libcsv, empty callbacks", "csv", read_rows, read_libcsv},
        {"JSON lines", "jansson, load alone", "jsonl", read_rows, read_jansson},
    };
    const char *temporary = getenv("TMPDIR");
    char folder[200];
    snprintf(folder, sizeof folder, "%.150s/weir-bench-XXXXXX",
             temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp");
    if (mkdtemp(folder) == NULL) {
        return weir_trace_fail(error, WEIR_TRACE_NO_FILE, "%s: %s", folder, strerror(errno));
    }
    bool ok = true;
    for (size_t i = 0; ok && i < WEIR_TRACE_COSTS; i++) {
        costs[i] = (struct weir_trace_cost){.form = forms[i].form, .base = forms[i].base};
        ok = measure_form(folder, rows, forms[i].ending, forms[i].read, forms[i].read_base,
                          &costs[i], error);
    }
    rmdir(folder);
    return ok;
}
