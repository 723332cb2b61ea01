#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define STATE_BYTES 4096

/* The file: when it was written (time of day, 8 bytes), then what the limiter wrote. The limiter
 * knows times as time left; how long the bot was away only its caller can tell. */

bool state_restore(struct weir_limiter *limiter, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        if (errno != ENOENT) {
            fprintf(stderr, "%s: %s\n", path, strerror(errno));
        }
        return errno == ENOENT;
    }
    int64_t saved_ns = 0;
    char bytes[STATE_BYTES];
    size_t whole = fread(&saved_ns, sizeof saved_ns, 1, file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    if (whole == 1 && size == 0) {
        return true; // the limiter had nothing to keep
    }
    int64_t elapsed_ns = unix_ns() - saved_ns;
    struct weir_error error = {.text = "it is too short"};
    if (whole != 1 || weir_restore(limiter, monotonic_ns(), elapsed_ns > 0 ? elapsed_ns : 0, bytes,
                                   size, &error) != WEIR_OK) {
        fprintf(stderr, "%s: %s\n", path, error.text);
        return false;
    }
    return true;
}

static bool write_all(FILE *file, struct weir_limiter *limiter) {
    int64_t now_ns = unix_ns();
    char bytes[STATE_BYTES];
    size_t size = weir_save(limiter, monotonic_ns(), bytes, sizeof bytes);
    return size <= sizeof bytes && fwrite(&now_ns, sizeof now_ns, 1, file) == 1 &&
           fwrite(bytes, 1, size, file) == size && fflush(file) == 0 && fsync(fileno(file)) == 0;
}

bool state_save(struct weir_limiter *limiter, const char *path) {
    char other[4096];
    if (snprintf(other, sizeof other, "%s.new", path) >= (int)sizeof other) {
        fprintf(stderr, "%s: the path is too long\n", path);
        return false;
    }
    FILE *file = fopen(other, "wb");
    bool written = file && write_all(file, limiter);
    if (file && fclose(file) != 0) {
        written = false;
    }
    if (!written || rename(other, path) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}
