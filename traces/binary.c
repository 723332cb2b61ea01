#include "binary.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace_error.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "binary traces are little-endian and are used as they lie"
#endif

#define VERSION 1u
#define ORDER_MARK 0x01020304u
#define HEADER_SIZE 64u
#define ROW_SIZE 32u
#define BLOCK_ROWS 512u /* checked at a time: 16 KiB, used again from the nearest cache */
#define SYMBOLS_MAX (UINT64_C(1) << 24)
#define COPY_SIZE 65536
#define PIECE_SIZE ((size_t)1 << 20) /* of a map; a multiple of every page size in use */

/** The first 64 bytes. */
struct header {
    char magic[WEIR_BINARY_MAGIC_SIZE];
    uint32_t version;
    uint32_t order_mark;
    uint64_t row_count;
    uint32_t symbol_count;
    uint32_t unit;
    uint64_t table_size; /**< bytes after the rows: names, each with its final NUL */
    uint64_t table_checksum;
    uint64_t row_checksum;
    uint64_t header_checksum; /**< of the 56 bytes before */
};

struct weir_binary {
    char *name;
    unsigned char *map;
    size_t map_size;
    size_t released; /**< from the second piece up to here the map is gone */
    const struct header *header;
    const struct weir_liquidation *rows;
    const char **symbols;
    size_t next;
    size_t checked; /**< rows that were found good */
    struct weir_lanes lanes;
    int64_t last_ns;
};

_Static_assert(sizeof(struct header) == HEADER_SIZE, "the header is 64 bytes");
_Static_assert(sizeof(struct weir_liquidation) == ROW_SIZE, "a row is 32 bytes");

/** 32 bytes: of a row its time, price, quantity, and what the last eight hold. */
struct words {
    uint64_t time_ns, price, quantity, rest;
};

static const struct weir_lanes lane_starts = {0x9e3779b97f4a7c15u, 0xbf58476d1ce4e5b9u,
                                              0x94d049bb133111ebu, 0xd6e8feb86659fd93u};

static inline uint64_t mix(uint64_t lane, uint64_t word) {
    const uint64_t product = (lane ^ word) * 0x2545f4914f6cdd1du;
    return product << 32 | product >> 32;
}

/** Each lane multiplies on its own, so that they overlap; by value, so that they stay in registers.
 */
static inline struct weir_lanes absorb(struct weir_lanes lanes, struct words words) {
    return (struct weir_lanes){mix(lanes.a, words.time_ns), mix(lanes.b, words.price),
                               mix(lanes.c, words.quantity), mix(lanes.d, words.rest)};
}

static struct words words_of(const void *row) {
    struct words words;
    memcpy(&words, row, sizeof words);
    return words;
}

static uint64_t join_lanes(struct weir_lanes lanes, uint64_t length) {
    const uint64_t each[4] = {lanes.a, lanes.b, lanes.c, lanes.d};
    uint64_t sum = length;
    for (int i = 0; i < 4; i++) {
        sum = (sum ^ each[i]) * 0xff51afd7ed558ccdu;
        sum ^= sum >> 32;
    }
    return sum;
}

static uint64_t checksum_bytes(const unsigned char *bytes, size_t size) {
    struct weir_lanes lanes = lane_starts;
    size_t done = 0;
    for (; done + ROW_SIZE <= size; done += ROW_SIZE) {
        lanes = absorb(lanes, words_of(bytes + done));
    }
    unsigned char rest[ROW_SIZE] = {0};
    memcpy(rest, bytes + done, size - done);
    lanes = absorb(lanes, words_of(rest));
    return join_lanes(lanes, size);
}

static bool damaged(const struct weir_binary *binary, struct weir_trace_error *error,
                    const char *what) {
    return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT, "%s: binary trace is damaged: %s",
                           binary->name, what);
}

/** The header: whether it is one, whole, of a version that is known, and agrees with the size. */
static bool check_header(const struct weir_binary *binary, struct weir_trace_error *error) {
    if (binary->map_size < HEADER_SIZE) {
        return damaged(binary, error, "it is shorter than its header of 64 bytes");
    }
    const struct header *header = binary->header;
    assert(header != NULL);
    if (header->order_mark != ORDER_MARK) {
        return damaged(binary, error, "its mark of the byte order is wrong");
    }
    if (header->version != VERSION) {
        return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT,
                               "%s: is a binary trace of version %" PRIu32 "; version %u is read",
                               binary->name, header->version, VERSION);
    }
    if (header->header_checksum != checksum_bytes(binary->map, HEADER_SIZE - 8)) {
        return damaged(binary, error, "the checksum of its header is wrong");
    }
    if (header->row_count == 0 || header->row_count > (SIZE_MAX >> 6) ||
        header->unit > WEIR_TIME_MS || header->symbol_count == 0 ||
        header->symbol_count > SYMBOLS_MAX) {
        return damaged(binary, error, "its header holds impossible counts");
    }
    const uint64_t wanted = HEADER_SIZE + header->row_count * ROW_SIZE;
    if (wanted > binary->map_size || binary->map_size - wanted != header->table_size) {
        return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT,
                               "%s: binary trace is damaged: it has %zu bytes, its header says "
                               "%" PRIu64 ": truncated, or something was appended",
                               binary->name, binary->map_size, wanted + header->table_size);
    }
    return true;
}

/** The table: names, each a symbol, each ended by NUL. */
static bool read_table(struct weir_binary *binary, struct weir_trace_error *error) {
    const struct header *header = binary->header;
    assert(header != NULL);
    const unsigned char *table = binary->map + HEADER_SIZE + header->row_count * ROW_SIZE;
    if (header->table_checksum != checksum_bytes(table, header->table_size)) {
        return damaged(binary, error, "the checksum of its table of symbols is wrong");
    }
    binary->symbols = calloc(header->symbol_count, sizeof(const char *));
    if (binary->symbols == NULL) {
        return weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    size_t at = 0;
    for (uint32_t i = 0; i < header->symbol_count; i++) {
        const char *name = (const char *)table + at;
        const size_t length = strnlen(name, header->table_size - at);
        if (at + length >= header->table_size || !weir_is_symbol(name, length)) {
            return damaged(binary, error, "its table of symbols holds what is no symbol");
        }
        binary->symbols[i] = name;
        at += length + 1;
    }
    return at == header->table_size ||
           damaged(binary, error, "its table of symbols is longer than its symbols");
}

static bool map_file(struct weir_binary *binary, int file, struct weir_trace_error *error) {
    struct stat status;
    if (fstat(file, &status) != 0) {
        return weir_trace_fail(error, WEIR_TRACE_NO_FILE, "%s: cannot be read: %s", binary->name,
                               strerror(errno));
    }
    binary->map_size = (size_t)status.st_size;
    if (binary->map_size < HEADER_SIZE) {
        return check_header(binary, error);
    }
    void *map = mmap(NULL, binary->map_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (map == MAP_FAILED) {
        return weir_trace_fail(error, WEIR_TRACE_NO_FILE, "%s: cannot be mapped: %s", binary->name,
                               strerror(errno));
    }
    posix_madvise(map, binary->map_size, POSIX_MADV_SEQUENTIAL);
    binary->map = map;
    binary->header = map;
    binary->rows = (const struct weir_liquidation *)(const void *)(binary->map + HEADER_SIZE);
    return true;
}

/** Maps an open file, which is closed in any case. */
static struct weir_binary *open_file(const char *name, int file, struct weir_trace_error *error) {
    struct weir_binary *binary = calloc(1, sizeof *binary);
    char *copy = strdup(name);
    bool ok = binary != NULL && copy != NULL;
    if (!ok) {
        free(copy);
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    } else {
        binary->name = copy;
        binary->lanes = lane_starts;
        binary->released = PIECE_SIZE;
        binary->last_ns = 1; /* no time lies before */
        ok = map_file(binary, file, error) && check_header(binary, error) &&
             read_table(binary, error);
    }
    close(file);
    if (!ok) {
        weir_binary_close(binary);
        return NULL;
    }
    return binary;
}

struct weir_binary *weir_binary_open(const char *path, struct weir_trace_error *error) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        weir_trace_fail(error, WEIR_TRACE_NO_FILE, "%s: cannot be opened: %s", path,
                        strerror(errno));
        return NULL;
    }
    return open_file(path, file, error);
}

/** Everything that is left of the source, after the magic. */
static bool spill(struct weir_source *source, FILE *to, struct weir_trace_error *error) {
    static const char magic[WEIR_BINARY_MAGIC_SIZE] = WEIR_BINARY_MAGIC;
    char buffer[COPY_SIZE];
    size_t got = WEIR_BINARY_MAGIC_SIZE;
    memcpy(buffer, magic, sizeof magic);
    while (got > 0) {
        if (fwrite(buffer, 1, got, to) != got) {
            return weir_trace_fail(error, WEIR_TRACE_NO_FILE,
                                   "%s: cannot be unpacked into a temporary file: %s",
                                   weir_source_name(source), strerror(errno));
        }
        if (!weir_source_read(source, buffer, sizeof buffer, &got, error)) {
            return false;
        }
    }
    return fflush(to) == 0 || weir_trace_fail(error, WEIR_TRACE_NO_FILE,
                                              "%s: cannot be unpacked into a temporary file: %s",
                                              weir_source_name(source), strerror(errno));
}

struct weir_binary *weir_binary_unpack(struct weir_source *source, struct weir_trace_error *error) {
    struct weir_binary *binary = NULL;
    FILE *unpacked = tmpfile();
    if (unpacked == NULL) {
        weir_trace_fail(error, WEIR_TRACE_NO_FILE, "a temporary file cannot be made: %s",
                        strerror(errno));
    } else if (spill(source, unpacked, error)) {
        const int file = dup(fileno(unpacked));
        binary = file >= 0 ? open_file(weir_source_name(source), file, error) : NULL;
    }
    if (unpacked != NULL) {
        fclose(unpacked);
    }
    weir_source_close(source);
    return binary;
}

void weir_binary_close(struct weir_binary *binary) {
    if (binary == NULL) {
        return;
    }
    if (binary->map != NULL) {
        munmap(binary->map, binary->map_size < PIECE_SIZE ? binary->map_size : PIECE_SIZE);
    }
    if (binary->map != NULL && binary->map_size > binary->released) {
        munmap(binary->map + binary->released, binary->map_size - binary->released);
    }
    free(binary->symbols);
    free(binary->name);
    free(binary);
}

static bool row_fails(const struct weir_binary *binary, size_t row, const char *what,
                      struct weir_trace_error *error) {
    return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT, "%s: binary trace is damaged: row %zu: %s",
                           binary->name, row + 1, what);
}

/** Whether a row is one. */
static bool is_good(const struct weir_binary *binary, const struct weir_liquidation *row) {
    return row->price > 0 && row->quantity > 0 && row->side <= WEIR_SIDE_BUY &&
           row->price_decimals <= WEIR_DECIMALS_MAX &&
           row->quantity_decimals <= WEIR_DECIMALS_MAX && row->reserved == 0 &&
           row->symbol < binary->header->symbol_count && row->time_ns > 0;
}

/** The same, and that time does not go back, without a branch: the highest bit is set if not. */
static inline uint64_t defects_of(struct words row, uint64_t last_ns, uint64_t symbol_last) {
    /* the upper half of the last word is side, decimals of price and of quantity, 0: adding 0x7f
     * less the largest allowed sets the highest bit of those bytes that are larger */
    const uint64_t bytes = row.rest & 0xffffffff00000000u;
    const uint64_t large = ((bytes + 0x7f6d6d7e00000000u) | bytes) & 0x8080808000000000u;
    const uint64_t symbol = row.rest & 0xffffffffu;
    return row.time_ns | (row.time_ns - last_ns) | row.price | (row.price - 1) | row.quantity |
           (row.quantity - 1) | (symbol_last - symbol) | large | (0 - large);
}

/** Says what is wrong with the first bad row of a block in which there is one. */
static bool block_fails(const struct weir_binary *binary, size_t end,
                        struct weir_trace_error *error) {
    int64_t last_ns = binary->last_ns;
    size_t i = binary->checked;
    while (i < end && is_good(binary, &binary->rows[i]) && binary->rows[i].time_ns >= last_ns) {
        last_ns = binary->rows[i++].time_ns;
    }
    assert(i < end);
    return row_fails(
        binary, i, is_good(binary, &binary->rows[i]) ? "time goes back" : "a field is out of range",
        error);
}

/** Checks the next rows; after the last one also the checksum of all. */
static bool check_block(struct weir_binary *binary, struct weir_trace_error *error) {
    const size_t count = binary->header->row_count;
    const size_t end = count - binary->checked < BLOCK_ROWS ? count : binary->checked + BLOCK_ROWS;
    const uint64_t symbol_last = binary->header->symbol_count - 1;
    /* no type was ever stored in a map, so that it may be read as either of the two */
    const struct words *rows = (const struct words *)(const void *)binary->rows;
    struct weir_lanes lanes = binary->lanes;
    uint64_t defects = 0;
    uint64_t last_ns = (uint64_t)binary->last_ns;
    for (size_t i = binary->checked; i < end; i++) {
        lanes = absorb(lanes, rows[i]);
        defects |= defects_of(rows[i], last_ns, symbol_last);
        last_ns = rows[i].time_ns;
    }
    if (defects >> 63 != 0) {
        return block_fails(binary, end, error);
    }
    binary->lanes = lanes;
    binary->last_ns = (int64_t)last_ns;
    binary->checked = end;
    if (end == count &&
        join_lanes(binary->lanes, count * ROW_SIZE) != binary->header->row_checksum) {
        return damaged(binary, error, "the checksum of its rows is wrong");
    }
    return true;
}

/** Unmaps what was read, or a large file would stay in memory; the first piece holds the header. */
static void release_read(struct weir_binary *binary) {
    const size_t done = (HEADER_SIZE + binary->next * ROW_SIZE) / PIECE_SIZE * PIECE_SIZE;
    if (done > binary->released) {
        munmap(binary->map + binary->released, done - binary->released);
        binary->released = done;
    }
}

bool weir_binary_block(struct weir_binary *binary, const struct weir_liquidation **rows,
                       size_t *count, struct weir_trace_error *error) {
    if (binary->next == binary->checked && binary->next < binary->header->row_count) {
        release_read(binary);
        if (!check_block(binary, error)) {
            return false;
        }
    }
    *rows = &binary->rows[binary->next];
    *count = binary->checked - binary->next;
    binary->next = binary->checked;
    return true;
}

const struct weir_liquidation *weir_binary_next(struct weir_binary *binary, bool *failed,
                                                struct weir_trace_error *error) {
    *failed = false;
    if (binary->next < binary->checked) {
        return &binary->rows[binary->next++];
    }
    const struct weir_liquidation *rows = NULL;
    size_t count = 0;
    *failed = !weir_binary_block(binary, &rows, &count, error);
    if (*failed || count == 0) {
        return NULL;
    }
    binary->next -= count - 1;
    return rows;
}

size_t weir_binary_position(const struct weir_binary *binary) {
    return binary->next;
}

size_t weir_binary_row_count(const struct weir_binary *binary) {
    return binary->header->row_count;
}

const char *weir_binary_symbol(const struct weir_binary *binary, uint32_t symbol) {
    assert(symbol < binary->header->symbol_count);
    return binary->symbols[symbol];
}

size_t weir_binary_symbol_count(const struct weir_binary *binary) {
    return binary->header->symbol_count;
}

enum weir_time_unit weir_binary_unit(const struct weir_binary *binary) {
    return (enum weir_time_unit)binary->header->unit;
}

bool weir_binary_begin(struct weir_binary_writer *writer, FILE *stream, enum weir_time_unit unit) {
    static const struct header empty = {.version = 0};
    *writer = (struct weir_binary_writer){.stream = stream, .unit = unit};
    writer->lanes = lane_starts;
    return fwrite(&empty, sizeof empty, 1, stream) == 1;
}

bool weir_binary_put(struct weir_binary_writer *writer, const struct weir_row *row) {
    struct weir_liquidation bytes = {.time_ns = row->time_ns,
                                     .price = row->price.mantissa,
                                     .quantity = row->quantity.mantissa,
                                     .side = (uint8_t)row->side,
                                     .price_decimals = row->price.decimals,
                                     .quantity_decimals = row->quantity.decimals};
    if (!weir_symbols_number(&writer->symbols, row->symbol, &bytes.symbol)) {
        return false;
    }
    writer->lanes = absorb(writer->lanes, words_of(&bytes));
    writer->row_count++;
    return fwrite(&bytes, sizeof bytes, 1, writer->stream) == 1;
}

/** All names, each with its NUL, one after the other. The caller frees them. */
static unsigned char *join_names(const struct weir_symbols *symbols, size_t *size) {
    *size = 0;
    for (size_t i = 0; i < symbols->count; i++) {
        *size += strlen(symbols->names[i]) + 1;
    }
    unsigned char *table = malloc(*size + 1);
    size_t at = 0;
    for (size_t i = 0; table != NULL && i < symbols->count; i++) {
        const size_t length = strlen(symbols->names[i]) + 1;
        memcpy(table + at, symbols->names[i], length);
        at += length;
    }
    return table;
}

bool weir_binary_end(struct weir_binary_writer *writer) {
    size_t size = 0;
    unsigned char *table = join_names(&writer->symbols, &size);
    bool ok = table != NULL && fwrite(table, 1, size, writer->stream) == size;
    if (ok) {
        struct header header = {.version = VERSION,
                                .order_mark = ORDER_MARK,
                                .row_count = writer->row_count,
                                .symbol_count = (uint32_t)writer->symbols.count,
                                .unit = (uint32_t)writer->unit,
                                .table_size = size,
                                .table_checksum = checksum_bytes(table, size),
                                .row_checksum =
                                    join_lanes(writer->lanes, writer->row_count * ROW_SIZE)};
        memcpy(header.magic, WEIR_BINARY_MAGIC, sizeof header.magic);
        unsigned char bytes[HEADER_SIZE];
        memcpy(bytes, &header, sizeof bytes);
        header.header_checksum = checksum_bytes(bytes, HEADER_SIZE - 8);
        ok = fseek(writer->stream, 0, SEEK_SET) == 0 &&
             fwrite(&header, sizeof header, 1, writer->stream) == 1 &&
             fseek(writer->stream, 0, SEEK_END) == 0 && fflush(writer->stream) == 0;
    }
    free(table);
    weir_symbols_clear(&writer->symbols);
    return ok;
}
