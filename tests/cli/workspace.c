#include "workspace.h"

#include "cli_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

static char folder[] = "/tmp/weir-cli-XXXXXX";

int workspace_setup(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

/** Removes what is in an open folder, without following links. */
static void empty_folder(int descriptor) {
    DIR *entries = fdopendir(descriptor);
    if (!entries) {
        close(descriptor);
        return;
    }
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (unlinkat(dirfd(entries), entry->d_name, 0) != 0) {
            const int inner = openat(dirfd(entries), entry->d_name,
                                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (inner >= 0) {
                empty_folder(inner);
                unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
            }
        }
    }
    closedir(entries);
}

int workspace_teardown(void **state) {
    (void)state;
    const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return -1;
    }
    empty_folder(descriptor);
    return rmdir(folder);
}

static struct path join(const char *parent, const char *name, const char *ending) {
    struct path path;
    const int length = snprintf(path.text, sizeof path.text, "%s/%s%s", parent, name, ending);
    assert_true(length > 0 && (size_t)length < sizeof path.text);
    return path;
}

struct path workspace_path(const char *name) {
    return join(folder, name, "");
}

struct path source_path(const char *name) {
    return join(WEIR_SOURCE, name, "");
}

struct path profile_path(const char *name) {
    return join(WEIR_SOURCE "/traces/cascades", name, ".json");
}

struct path write_bytes(const char *name, const void *bytes, size_t size) {
    const struct path path = workspace_path(name);
    FILE *file = fopen(path.text, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

struct path write_text(const char *name, const char *text) {
    return write_bytes(name, text, strlen(text));
}

struct path write_gzip(const char *name, const char *text) {
    const struct path path = workspace_path(name);
    gzFile file = gzopen(path.text, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), (int)strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
    return path;
}

struct path write_zstd(const char *name, const char *text) {
    const size_t bound = ZSTD_compressBound(strlen(text));
    char *bytes = malloc(bound);
    assert_non_null(bytes);
    const size_t size = ZSTD_compress(bytes, bound, text, strlen(text), 3);
    assert_false(ZSTD_isError(size));
    const struct path path = write_bytes(name, bytes, size);
    free(bytes);
    return path;
}

struct path make_folder(const char *name) {
    const struct path path = workspace_path(name);
    assert_int_equal(mkdir(path.text, 0777), 0);
    return path;
}

void cut_off(const char *path, size_t bytes) {
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_true((size_t)status.st_size > bytes);
    assert_int_equal(truncate(path, status.st_size - (off_t)bytes), 0);
}

char *read_text(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        print_error("%s cannot be opened\n", path);
        fail();
        return NULL;
    }
    struct stat status;
    assert_int_equal(fstat(fileno(file), &status), 0);
    char *text = malloc((size_t)status.st_size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)status.st_size, file), (size_t)status.st_size);
    text[status.st_size] = '\0';
    fclose(file);
    return text;
}

bool file_exists(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0;
}

static int compare_names(const void *left, const void *right) {
    return strcmp(left, right);
}

char *list_folder(const char *path) {
    static char names[64][256];
    size_t count = 0;
    DIR *entries = opendir(path);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            assert_true(count < 64);
            snprintf(names[count++], sizeof names[0], "%s", entry->d_name);
        }
    }
    closedir(entries);
    qsort(names, count, sizeof names[0], compare_names);
    const size_t size = count * sizeof names[0] + 1;
    char *list = calloc(size, 1);
    assert_non_null(list);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(list + used, size - used, "%s%s", i ? " " : "", names[i]);
    }
    return list;
}

uint64_t draw(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

char *synthetic_recording(uint64_t seed, size_t rows) {
    static const struct {
        const char *symbol;
        unsigned price; /* in hundredths of a dollar */
    } coins[] = {{"BTCUSDT", 6000000}, {"ETHUSDT", 300000}, {"SOLUSDT", 15000},
                 {"DOGEUSDT", 20},     {"XRPUSDT", 50},     {"NEARUSDT", 400}};
    const size_t capacity = 96 * (rows + 1);
    char *text = malloc(capacity);
    assert_non_null(text);
    size_t used = (size_t)snprintf(text, capacity, "time_ms,symbol,side,price,quantity\n");
    uint64_t time_ms = 1700000013000;
    for (size_t i = 0; i < rows; i++) {
        const size_t coin = draw(&seed) % 6;
        /* doubling sizes with falling chances: heavy-tailed, in whole dollars */
        uint64_t usd = 500 + draw(&seed) % 500;
        while (draw(&seed) % 5 < 3 && usd < 1000000) {
            usd *= 2;
        }
        const unsigned price =
            coins[coin].price + (unsigned)(draw(&seed) % (coins[coin].price / 20 + 1));
        used += (size_t)snprintf(text + used, capacity - used, "%llu,%s,%s,%u.%02u,%.6f\n",
                                 (unsigned long long)time_ms, coins[coin].symbol,
                                 draw(&seed) % 4 ? "SELL" : "BUY", price / 100, price % 100,
                                 (double)usd * 100.0 / price);
        assert_true(used < capacity);
        time_ms += 1 + draw(&seed) % 40;
    }
    return text;
}
