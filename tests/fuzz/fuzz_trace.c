/* Recordings: whatever the bytes, a trace or an error; the same with bad rows left out, as a form
 * that is asked for by name (the last byte says which), and with columns given by number. */
#include "fuzz_input.h"
#include "reader.h"
#include "trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** The name of a form that depends on the input. */
static const char *pick_reader(const uint8_t *data, size_t size) {
    size_t count = 0;
    while (weir_reader_name(count)) {
        count++;
    }
    return weir_reader_name(size > 0 ? data[size - 1] % count : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *path = fuzz_input_path(data, size);
    const struct weir_read_options options[] = {
        {.skip_bad = false},
        {.skip_bad = true},
        {.skip_bad = true, .reader = pick_reader(data, size)},
        {.skip_bad = true, .columns = "time=5,symbol=4,side=3,price=2,quantity=1"}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct weir_trace_error error;
        weir_trace_free(weir_trace_open(&path, 1, &options[i], NULL, &error));
    }
    return 0;
}
