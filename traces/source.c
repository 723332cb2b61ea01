#include "source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "trace_error.h"

#define INPUT_SIZE 65536u

enum compression {
    PLAIN,
    GZIP,
    ZSTD
};

struct weir_source {
    char *name;
    int file;
    bool owns_file; /**< standard input belongs to the program */
    enum compression compression;
    unsigned char input[INPUT_SIZE]; /**< bytes as they are in the file */
    size_t input_used;
    size_t input_size;
    bool input_ended;
    bool inside; /**< of a member or frame: the end of the file would be too early */
    z_stream gzip;
    bool cut; /**< the file ended there */
    ZSTD_DStream *zstd;
};

/** Reads what is missing to a full buffer; a pipe may take several calls. */
static bool fill(struct weir_source *source, size_t wanted, struct weir_trace_error *error) {
    assert(source->input_used == source->input_size);
    source->input_used = 0;
    source->input_size = 0;
    while (source->input_size < wanted && !source->input_ended) {
        const ssize_t n =
            read(source->file, source->input + source->input_size, INPUT_SIZE - source->input_size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return weir_trace_fail(error, WEIR_TRACE_NO_FILE, "%s: cannot be read: %s",
                                   source->name, strerror(errno));
        }
        source->input_ended = n == 0;
        source->input_size += (size_t)n;
    }
    return true;
}

static bool start_gzip(struct weir_source *source, struct weir_trace_error *error) {
    source->compression = GZIP;
    const int gzip_only = 16;
    if (inflateInit2(&source->gzip, MAX_WBITS + gzip_only) != Z_OK) {
        source->compression = PLAIN;
        return weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    source->inside = true;
    return true;
}

static bool start_zstd(struct weir_source *source, struct weir_trace_error *error) {
    source->zstd = ZSTD_createDStream();
    if (source->zstd == NULL) {
        return weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    source->compression = ZSTD;
    source->inside = true;
    return true;
}

/** Reads the first bytes and picks the decompressor by them. */
static bool start(struct weir_source *source, struct weir_trace_error *error) {
    static const unsigned char gzip_magic[] = {0x1f, 0x8b};
    static const unsigned char zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    if (!fill(source, sizeof zstd_magic, error)) {
        return false;
    }
    if (source->input_size >= sizeof gzip_magic &&
        memcmp(source->input, gzip_magic, sizeof gzip_magic) == 0) {
        return start_gzip(source, error);
    }
    if (source->input_size >= sizeof zstd_magic &&
        memcmp(source->input, zstd_magic, sizeof zstd_magic) == 0) {
        return start_zstd(source, error);
    }
    return true;
}

struct weir_source *weir_source_open(const char *path, struct weir_trace_error *error) {
    const bool standard_input = strcmp(path, "-") == 0;
    struct weir_source *source = calloc(1, sizeof *source);
    char *name = strdup(standard_input ? "standard input" : path);
    if (source == NULL || name == NULL) {
        free(source);
        free(name);
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
        return NULL;
    }
    source->name = name;
    source->file = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (source->file < 0) {
        weir_trace_fail(error, WEIR_TRACE_NO_FILE, "%s: cannot be opened: %s", path,
                        strerror(errno));
        weir_source_close(source);
        return NULL;
    }
    source->owns_file = !standard_input;
    if (!start(source, error)) {
        weir_source_close(source);
        return NULL;
    }
    return source;
}

static size_t read_plain(struct weir_source *source, char *buffer, size_t size) {
    const size_t left = source->input_size - source->input_used;
    const size_t n = left < size ? left : size;
    memcpy(buffer, source->input + source->input_used, n);
    source->input_used += n;
    return n;
}

/** Decompresses what fits. A member that has ended is followed by the next one. */
static bool read_gzip(struct weir_source *source, char *buffer, size_t size, size_t *got,
                      struct weir_trace_error *error) {
    z_stream *gzip = &source->gzip;
    if (!source->inside) {
        if (inflateReset(gzip) != Z_OK) {
            return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT, "%s: gzip state is damaged",
                                   source->name);
        }
        source->inside = true;
    }
    gzip->next_in = source->input + source->input_used;
    gzip->avail_in = (uInt)(source->input_size - source->input_used);
    gzip->next_out = (unsigned char *)buffer;
    gzip->avail_out = (uInt)(size < INPUT_SIZE ? size : INPUT_SIZE);
    const uInt room = gzip->avail_out;
    const int result = inflate(gzip, Z_NO_FLUSH);
    source->input_used = source->input_size - gzip->avail_in;
    *got = room - gzip->avail_out;
    if (result == Z_MEM_ERROR) {
        return weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT, "%s: gzip data are damaged (%s)",
                               source->name, gzip->msg != NULL ? gzip->msg : "no reason given");
    }
    source->inside = result != Z_STREAM_END;
    return true;
}

static bool read_zstd(struct weir_source *source, char *buffer, size_t size, size_t *got,
                      struct weir_trace_error *error) {
    ZSTD_inBuffer in = {source->input, source->input_size, source->input_used};
    ZSTD_outBuffer out = {.size = size};
    out.dst = buffer;
    const size_t result = ZSTD_decompressStream(source->zstd, &out, &in);
    if (ZSTD_isError(result)) {
        return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT, "%s: zstd data are damaged (%s)",
                               source->name, ZSTD_getErrorName(result));
    }
    source->input_used = in.pos;
    source->inside = result != 0;
    *got = out.pos;
    return true;
}

/** One step of decompression from what is in the input buffer, empty or not. */
static bool step(struct weir_source *source, char *buffer, size_t size, size_t *got,
                 struct weir_trace_error *error) {
    switch (source->compression) {
    case GZIP:
        return read_gzip(source, buffer, size, got, error);
    case ZSTD:
        return read_zstd(source, buffer, size, got, error);
    case PLAIN:
        break;
    }
    *got = read_plain(source, buffer, size);
    return true;
}

bool weir_source_read(struct weir_source *source, char *buffer, size_t size, size_t *got,
                      struct weir_trace_error *error) {
    assert(size > 0);
    *got = 0;
    for (;;) {
        if (source->input_used == source->input_size && !fill(source, 1, error)) {
            return false;
        }
        const bool ended = source->input_size == 0;
        if (ended && !source->inside) {
            return true;
        }
        if (!step(source, buffer, size, got, error)) {
            return false;
        }
        if (*got > 0) {
            return true;
        }
        if (ended && source->inside) {
            source->cut = true;
            return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT,
                                   "%s: compressed data end too early: the file is truncated",
                                   source->name);
        }
    }
}

bool weir_source_is_cut(const struct weir_source *source) {
    return source->cut;
}

bool weir_source_is_plain_file(const struct weir_source *source) {
    struct stat status;
    return source->owns_file && source->compression == PLAIN && fstat(source->file, &status) == 0 &&
           S_ISREG(status.st_mode);
}

const char *weir_source_name(const struct weir_source *source) {
    return source->name;
}

void weir_source_close(struct weir_source *source) {
    if (source == NULL) {
        return;
    }
    if (source->compression == GZIP) {
        inflateEnd(&source->gzip);
    }
    ZSTD_freeDStream(source->zstd);
    if (source->owns_file) {
        close(source->file);
    }
    free(source->name);
    free(source);
}
