/* Scenarios and strategies: whatever the bytes, settings that resolve, or an error. */
#include "fuzz_input.h"
#include "scenario.h"
#include "strategy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *path = fuzz_input_path(data, size);
    struct weir_scenario_error error;
    struct weir_scenario scenario;
    struct weir_settings *settings = weir_settings_create();
    if (!weir_settings_add_file(settings, path, &error)) {
        weir_settings_resolve(settings, &scenario, &error);
    }
    weir_settings_destroy(settings);
    weir_strategy_free(weir_strategy_open(path, &error));
    return 0;
}
