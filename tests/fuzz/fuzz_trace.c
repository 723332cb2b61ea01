/* Recordings: whatever the bytes, a trace or an error; and the same with bad rows left out. */
#include "fuzz_input.h"
#include "trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *path = fuzz_input_path(data, size);
    for (int skip = 0; skip < 2; skip++) {
        const struct weir_read_options options = {.skip_bad = skip == 1};
        struct weir_trace_error error;
        weir_trace_free(weir_trace_open(&path, 1, &options, NULL, &error));
    }
    return 0;
}
