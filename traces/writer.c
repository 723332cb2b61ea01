#include "writer.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "binary.h"
#include "decimal.h"
#include "trace_error.h"

#define BUFFER_SIZE 65536u
#define LINE_MAX_BYTES 256 /* five fields, the longest of 32 characters */

struct weir_writer {
    FILE *stream;
    char *name;
    struct weir_write_options options;
    size_t rows;
    FILE *plain; /**< of a packed binary trace: it is packed when it is whole */
    struct weir_binary_writer binary;
    bool binary_begun;
    z_stream gzip;
    bool gzip_begun;
    ZSTD_CStream *zstd;
    size_t used;
    char buffer[BUFFER_SIZE];
    unsigned char packed[BUFFER_SIZE];
};

static bool ends_with(const char *path, size_t length, const char *ending) {
    const size_t n = strlen(ending);
    return length > n && strncmp(path + length - n, ending, n) == 0;
}

bool weir_form_of(const char *path, struct weir_write_options *options) {
    size_t length = strlen(path);
    options->packing = WEIR_PACKING_NONE;
    options->form = WEIR_TRACE_FORM_CSV;
    if (strcmp(path, "-") == 0) {
        return true;
    }
    if (ends_with(path, length, ".gz")) {
        options->packing = WEIR_PACKING_GZIP;
        length -= 3;
    } else if (ends_with(path, length, ".zst")) {
        options->packing = WEIR_PACKING_ZSTD;
        length -= 4;
    }
    if (ends_with(path, length, ".csv")) {
        return true;
    }
    if (ends_with(path, length, ".jsonl") || ends_with(path, length, ".ndjson")) {
        options->form = WEIR_TRACE_FORM_JSONL;
        return true;
    }
    options->form = WEIR_TRACE_FORM_BINARY;
    return ends_with(path, length, ".weir");
}

static bool cannot_write(const struct weir_writer *writer, struct weir_trace_error *error) {
    return weir_trace_fail(error, WEIR_TRACE_NO_FILE, "%s: cannot be written: %s", writer->name,
                           errno != 0 ? strerror(errno) : "out of memory");
}

static bool write_gzip(struct weir_writer *writer, const char *bytes, size_t size, bool last) {
    z_stream *gzip = &writer->gzip;
    /* zlib only reads; its interface is older than const */
    unsigned char *from = NULL;
    memcpy(&from, &bytes, sizeof from);
    gzip->next_in = from;
    gzip->avail_in = (uInt)size;
    int result = Z_OK;
    do {
        gzip->next_out = writer->packed;
        gzip->avail_out = BUFFER_SIZE;
        result = deflate(gzip, last ? Z_FINISH : Z_NO_FLUSH);
        const size_t got = BUFFER_SIZE - gzip->avail_out;
        if (result == Z_STREAM_ERROR || fwrite(writer->packed, 1, got, writer->stream) != got) {
            return false;
        }
    } while (gzip->avail_out == 0 || (last && result != Z_STREAM_END));
    return true;
}

static bool write_zstd(struct weir_writer *writer, const char *bytes, size_t size, bool last) {
    ZSTD_inBuffer in = {bytes, size, 0};
    size_t left = 0;
    do {
        ZSTD_outBuffer out = {.dst = writer->packed, .size = BUFFER_SIZE, .pos = 0};
        left = ZSTD_compressStream2(writer->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left) || fwrite(writer->packed, 1, out.pos, writer->stream) != out.pos) {
            return false;
        }
    } while (in.pos < in.size || (last && left != 0));
    return true;
}

/** Bytes on their way to the stream, through the packing. */
static bool pass(struct weir_writer *writer, const char *bytes, size_t size, bool last) {
    switch (writer->options.packing) {
    case WEIR_PACKING_GZIP:
        return write_gzip(writer, bytes, size, last);
    case WEIR_PACKING_ZSTD:
        return write_zstd(writer, bytes, size, last);
    case WEIR_PACKING_NONE:
        break;
    }
    return fwrite(bytes, 1, size, writer->stream) == size;
}

static bool begin_packing(struct weir_writer *writer) {
    switch (writer->options.packing) {
    case WEIR_PACKING_GZIP: {
        const int gzip_header = 16;
        writer->gzip_begun = deflateInit2(&writer->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                                          MAX_WBITS + gzip_header, 8, Z_DEFAULT_STRATEGY) == Z_OK;
        return writer->gzip_begun;
    }
    case WEIR_PACKING_ZSTD:
        writer->zstd = ZSTD_createCStream();
        /* the frame carries a checksum, so that damage is found */
        return writer->zstd != NULL &&
               !ZSTD_isError(ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_checksumFlag, 1));
    case WEIR_PACKING_NONE:
        break;
    }
    return true;
}

static const char *time_name(enum weir_time_unit unit) {
    static const char *const names[] = {"time_ns", "time_us", "time_ms"};
    assert(unit <= WEIR_TIME_MS);
    return names[unit];
}

static bool begin_form(struct weir_writer *writer) {
    if (writer->options.form == WEIR_TRACE_FORM_BINARY) {
        const bool packed = writer->options.packing != WEIR_PACKING_NONE;
        writer->plain = packed ? tmpfile() : NULL;
        FILE *stream = packed ? writer->plain : writer->stream;
        if (stream == NULL || !weir_binary_begin(&writer->binary, stream, writer->options.unit)) {
            return false;
        }
        writer->binary_begun = true;
    } else if (writer->options.form == WEIR_TRACE_FORM_CSV) {
        writer->used =
            (size_t)snprintf(writer->buffer, BUFFER_SIZE, "%s,symbol,side,price,quantity\n",
                             time_name(writer->options.unit));
    }
    return true;
}

struct weir_writer *weir_writer_open(FILE *stream, const char *name,
                                     const struct weir_write_options *options,
                                     struct weir_trace_error *error) {
    struct weir_writer *writer = calloc(1, sizeof *writer);
    char *copy = strdup(name);
    if (writer == NULL || copy == NULL) {
        free(writer);
        free(copy);
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
        return NULL;
    }
    writer->name = copy;
    writer->stream = stream;
    writer->options = *options;
    errno = 0;
    if (options->form == WEIR_TRACE_FORM_BINARY && options->packing == WEIR_PACKING_NONE &&
        fseek(stream, 0, SEEK_SET) != 0) {
        weir_trace_fail(error, WEIR_TRACE_WRONG_USE,
                        "%s: the binary form cannot be written into a pipe; pack it (.weir.zst)",
                        name);
    } else if (begin_packing(writer) && begin_form(writer)) {
        return writer;
    } else {
        cannot_write(writer, error);
    }
    weir_writer_drop(writer);
    return NULL;
}

/** A number that is not negative; returns the byte after it. */
static char *put_integer(char *to, int64_t value) {
    char reversed[20];
    size_t n = 0;
    do {
        reversed[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (n > 0) {
        *to++ = reversed[--n];
    }
    return to;
}

static char *put_text(char *to, const char *text) {
    return stpcpy(to, text);
}

static char *put_decimal(char *to, struct weir_decimal decimal) {
    char text[WEIR_DECIMAL_TEXT_SIZE];
    weir_decimal_format(decimal, text);
    return put_text(to, text);
}

/** The same five fields in both forms of text, with what stands between them. */
static size_t put_line(const struct weir_writer *writer, char *line, const struct weir_row *row,
                       int64_t time) {
    static const char *const csv[] = {"", ",", ",", ",", ",", "\n"};
    static const char *const json[] = {
        "\":",  ",\"symbol\":\"", "\",\"side\":\"", "\",\"price\":\"", "\",\"quantity\":\"",
        "\"}\n"};
    const bool is_json = writer->options.form == WEIR_TRACE_FORM_JSONL;
    const char *const *between = is_json ? json : csv;
    char *to = line;
    if (is_json) {
        to = put_text(put_text(to, "{\""), time_name(writer->options.unit));
    }
    to = put_integer(put_text(to, between[0]), time);
    to = put_text(put_text(to, between[1]), row->symbol);
    to = put_text(put_text(to, between[2]), row->side == WEIR_SIDE_SELL ? "SELL" : "BUY");
    to = put_decimal(put_text(to, between[3]), row->price);
    to = put_decimal(put_text(to, between[4]), row->quantity);
    to = put_text(to, between[5]);
    assert(to - line < LINE_MAX_BYTES);
    return (size_t)(to - line);
}

bool weir_writer_put(struct weir_writer *writer, const struct weir_row *row,
                     struct weir_trace_error *error) {
    static const int64_t unit_ns[] = {1, 1000, 1000000};
    static const char *const unit_names[] = {"nanoseconds", "microseconds", "milliseconds"};
    const int64_t unit = unit_ns[writer->options.unit];
    writer->rows++;
    if (row->time_ns % unit != 0) {
        return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT,
                               "%s: row %zu: its time (%" PRId64 " ns) cannot be written in %s; a "
                               "finer --unit is needed",
                               writer->name, writer->rows, row->time_ns,
                               unit_names[writer->options.unit]);
    }
    errno = 0;
    if (writer->options.form == WEIR_TRACE_FORM_BINARY) {
        return weir_binary_put(&writer->binary, row) || cannot_write(writer, error);
    }
    if (writer->used + LINE_MAX_BYTES > BUFFER_SIZE) {
        if (!pass(writer, writer->buffer, writer->used, false)) {
            return cannot_write(writer, error);
        }
        writer->used = 0;
    }
    writer->used += put_line(writer, writer->buffer + writer->used, row, row->time_ns / unit);
    return true;
}

/** A packed binary trace, from the plain one that is whole now. */
static bool pack_binary(struct weir_writer *writer) {
    rewind(writer->plain);
    size_t got = 0;
    while ((got = fread(writer->buffer, 1, BUFFER_SIZE, writer->plain)) > 0) {
        if (!pass(writer, writer->buffer, got, false)) {
            return false;
        }
    }
    return !ferror(writer->plain);
}

bool weir_writer_finish(struct weir_writer *writer, struct weir_trace_error *error) {
    bool ok = true;
    errno = 0;
    if (writer->binary_begun) {
        writer->binary_begun = false;
        ok = weir_binary_end(&writer->binary) && (writer->plain == NULL || pack_binary(writer));
    }
    const bool plain_binary =
        writer->options.form == WEIR_TRACE_FORM_BINARY && writer->plain == NULL;
    ok = ok && (plain_binary || pass(writer, writer->buffer, writer->used, true)) &&
         fflush(writer->stream) == 0;
    if (!ok) {
        cannot_write(writer, error);
    }
    weir_writer_drop(writer);
    return ok;
}

void weir_writer_drop(struct weir_writer *writer) {
    if (writer == NULL) {
        return;
    }
    if (writer->binary_begun) {
        weir_symbols_clear(&writer->binary.symbols);
    }
    if (writer->plain != NULL) {
        fclose(writer->plain);
    }
    if (writer->gzip_begun) {
        deflateEnd(&writer->gzip);
    }
    ZSTD_freeCStream(writer->zstd);
    free(writer->name);
    free(writer);
}
