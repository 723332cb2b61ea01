#include "temporary.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct temporary temporary_write(const char *text) {
    struct temporary file;
    const char *folder = getenv("TMPDIR");
    snprintf(file.path, sizeof file.path, "%s/weir-sim-XXXXXX", folder ? folder : "/tmp");
    const int descriptor = mkstemp(file.path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
    assert_int_equal(close(descriptor), 0);
    return file;
}

void temporary_remove(const struct temporary *file) {
    assert_int_equal(unlink(file->path), 0);
}
