#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 64
#define FILE_MODE 0666

static void part_name(const char *name, char part[NAME_SIZE]) {
    snprintf(part, NAME_SIZE, "%s" PLOTS_PART, name);
}

int plots_folder_open(const char *path, struct plots_error *error) {
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        plots_fail(error, "%s: %s; expected the folder of a replay's result", path,
                   strerror(errno));
    }
    return folder;
}

FILE *plots_folder_read(int folder, const char *name, struct plots_error *error) {
    const int descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
    if (!file) {
        plots_fail(error, "%s: %s; a replay's result folder holds this file", name,
                   strerror(errno));
        if (descriptor >= 0) {
            close(descriptor);
        }
    }
    return file;
}

FILE *plots_folder_create(int folder, const char *name, struct plots_error *error) {
    char part[NAME_SIZE];
    part_name(name, part);
    const int descriptor =
        openat(folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    if (!file) {
        plots_fail(error, "%s: cannot be written: %s", part, strerror(errno));
        if (descriptor >= 0) {
            close(descriptor);
        }
    }
    return file;
}

bool plots_folder_commit(int folder, const char *name, FILE *file, struct plots_error *error) {
    const bool written = fflush(file) == 0 && !ferror(file);
    const int why = errno;
    if (fclose(file) != 0 || !written) {
        plots_folder_remove(folder, name);
        return plots_fail(error, "%s: cannot be written: %s", name,
                          strerror(written ? errno : why));
    }
    return plots_folder_rename(folder, name, error);
}

/** Sees to it that the content is on the disk before the name is. */
static bool flush_part(int folder, const char *part) {
    const int descriptor = openat(folder, part, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    const bool flushed = fsync(descriptor) == 0;
    return close(descriptor) == 0 && flushed;
}

bool plots_folder_rename(int folder, const char *name, struct plots_error *error) {
    char part[NAME_SIZE];
    part_name(name, part);
    if (!flush_part(folder, part) || renameat(folder, part, folder, name) != 0) {
        plots_fail(error, "%s: cannot be put in place: %s", name, strerror(errno));
        plots_folder_remove(folder, name);
        return false;
    }
    return true;
}

bool plots_folder_sync(int folder, struct plots_error *error) {
    if (fsync(folder) != 0) {
        return plots_fail(error, "the result folder cannot be flushed to the disk: %s",
                          strerror(errno));
    }
    return true;
}

void plots_folder_remove(int folder, const char *name) {
    char part[NAME_SIZE];
    part_name(name, part);
    unlinkat(folder, part, 0);
    unlinkat(folder, name, 0);
}
