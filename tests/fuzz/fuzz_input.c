#include "fuzz_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *fuzz_input_path(const uint8_t *data, size_t size) {
    static FILE *file = NULL;
    static char path[64];
    if (!file) {
        file = tmpfile();
        if (!file) {
            abort();
        }
        snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
    }
    rewind(file);
    if (ftruncate(fileno(file), 0) != 0 || fwrite(data, 1, size, file) != size ||
        fflush(file) != 0) {
        abort();
    }
    rewind(file);
    return path;
}
