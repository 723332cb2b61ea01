#include "fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

static char folder[] = "/tmp/weir-traces-XXXXXX";

int fixture_setup(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static struct fixture_path path_of(const char *name) {
    struct fixture_path path;
    snprintf(path.text, sizeof path.text, "%s/%.200s", folder, name);
    return path;
}

int fixture_teardown(void **state) {
    (void)state;
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return -1;
    }
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_name[0] != '.') {
            unlink(path_of(entry->d_name).text);
        }
    }
    closedir(entries);
    return rmdir(folder);
}

static struct fixture_path write_mode(const char *name, const void *bytes, size_t size,
                                      const char *mode) {
    const struct fixture_path path = path_of(name);
    FILE *file = fopen(path.text, mode);
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

struct fixture_path fixture_write(const char *name, const void *bytes, size_t size) {
    return write_mode(name, bytes, size, "wb");
}

struct fixture_path fixture_text(const char *name, const char *text) {
    return fixture_write(name, text, strlen(text));
}

struct fixture_path fixture_gzip(const char *name, const char *text, bool append) {
    const struct fixture_path path = path_of(name);
    gzFile file = gzopen(path.text, append ? "ab" : "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), (int)strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
    return path;
}

struct fixture_path fixture_zstd(const char *name, const char *text, bool append) {
    const size_t bound = ZSTD_compressBound(strlen(text));
    char *bytes = malloc(bound);
    assert_non_null(bytes);
    const size_t size = ZSTD_compress(bytes, bound, text, strlen(text), 3);
    assert_false(ZSTD_isError(size));
    const struct fixture_path path = write_mode(name, bytes, size, append ? "ab" : "wb");
    free(bytes);
    return path;
}

void fixture_truncate(const char *path, size_t bytes) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    assert_int_equal(fclose(file), 0);
    assert_true(size > (long)bytes);
    assert_int_equal(truncate(path, size - (long)bytes), 0);
}

void fixture_damage(const char *path, size_t offset) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
    const int byte = fgetc(file);
    assert_true(byte != EOF);
    assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
    assert_true(fputc(byte ^ 0xff, file) != EOF);
    assert_int_equal(fclose(file), 0);
}

struct weir_trace *fixture_open(const char *path) {
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_trace *trace = weir_trace_open(&path, 1, NULL, NULL, &error);
    if (trace == NULL) {
        fail_msg("%s", error.text);
    }
    return trace;
}

void fixture_fails(const char *const *paths, size_t count, enum weir_trace_status status,
                   const char *const *parts) {
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_trace *trace = weir_trace_open(paths, count, NULL, NULL, &error);
    if (trace != NULL) {
        fail_msg("opened, but should have failed: %s", paths[0]);
    }
    if (error.status != status) {
        fail_msg("status %d instead of %d: %s", error.status, status, error.text);
    }
    for (size_t i = 0; parts[i] != NULL; i++) {
        if (strstr(error.text, parts[i]) == NULL) {
            fail_msg("'%s' is not in the message: %s", parts[i], error.text);
        }
    }
}

void fixture_one_fails(const char *path, const char *part1, const char *part2, const char *part3) {
    const char *const parts[] = {part1, part2, part3, NULL};
    fixture_fails(&path, 1, WEIR_TRACE_BAD_INPUT, parts);
}
