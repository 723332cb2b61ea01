#ifndef WEIR_TESTS_FUZZ_INPUT_H
#define WEIR_TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

/** Puts the fuzzer's bytes into a file without a name and returns a path by which it can be opened;
 *  valid until the next call. */
const char *fuzz_input_path(const uint8_t *data, size_t size);

#endif
