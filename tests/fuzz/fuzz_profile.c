/* Profiles: whatever the bytes, a profile that builds a trace, or an error. */
#include "fuzz_input.h"
#include "profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct weir_trace_error error;
    struct weir_profile *profile = weir_profile_open(fuzz_input_path(data, size), &error);
    if (profile) {
        const struct weir_build_options options = {.seed = 1};
        weir_trace_free(weir_profile_build(profile, &options, &error));
    }
    weir_profile_free(profile);
    return 0;
}
