/* Runs a fuzz target on the files named: for builds without libFuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        return EXIT_FAILURE;
    }
    const size_t size = (size_t)ftell(file);
    uint8_t *data = malloc(size + 1);
    rewind(file);
    const int failed = !data || fread(data, 1, size, file) != size;
    fclose(file);
    if (!failed) {
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (replay(argv[i]) != EXIT_SUCCESS) {
            return EXIT_FAILURE;
        }
    }
    printf("%d inputs\n", argc - 1);
    return EXIT_SUCCESS;
}
