#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool complain(const char *path, const char *what, char *error, size_t error_size) {
    snprintf(error, error_size, "%.300s: %s: %s", path, what, strerror(errno));
    return false;
}

bool weir_whole_file_open(struct weir_whole_file *file, const char *path, char *error,
                          size_t error_size) {
    struct stat status;
    const bool there = stat(path, &status) == 0;
    /* through a link the file it names is replaced, not the link */
    char *target = there ? realpath(path, NULL) : NULL;
    file->stream = NULL;
    file->direct = there && !S_ISREG(status.st_mode);
    const int a = snprintf(file->path, sizeof file->path, "%s", target ? target : path);
    const int b = snprintf(file->temporary, sizeof file->temporary, "%s.tmp-%ld",
                           target ? target : path, (long)getpid());
    free(target);
    if (a < 0 || b < 0 || (size_t)b >= sizeof file->temporary) {
        errno = ENAMETOOLONG;
        return complain(path, "cannot be written", error, error_size);
    }
    const int descriptor =
        file->direct ? open(path, O_WRONLY | O_CLOEXEC)
                     : open(file->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor >= 0) {
        file->stream = fdopen(descriptor, "w");
    }
    return file->stream ? true : complain(path, "cannot be written", error, error_size);
}

bool weir_whole_file_check(const char *path, char *error, size_t error_size) {
    struct stat status;
    struct weir_whole_file file;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        /* opening a pipe and closing it again would end its reader */
        if (S_ISDIR(status.st_mode)) {
            errno = EISDIR;
            return complain(path, "cannot be written", error, error_size);
        }
        return access(path, W_OK) == 0 || complain(path, "cannot be written", error, error_size);
    }
    if (!weir_whole_file_open(&file, path, error, error_size)) {
        return false;
    }
    weir_whole_file_discard(&file);
    return true;
}

/** A rename is on disk only when its folder is. */
static void sync_folder(const char *path) {
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == folder) {
        slash++;
    }
    if (slash) {
        *slash = '\0';
    }
    const int descriptor = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
}

bool weir_whole_file_finish(struct weir_whole_file *file, char *error, size_t error_size) {
    bool written = fflush(file->stream) == 0 && !ferror(file->stream) &&
                   (file->direct || fsync(fileno(file->stream)) == 0);
    const int why = errno;
    if (fclose(file->stream) != 0 && written) {
        file->stream = NULL;
        return complain(file->path, "cannot be written", error, error_size);
    }
    file->stream = NULL;
    errno = why;
    return written ? true : complain(file->path, "cannot be written", error, error_size);
}

bool weir_whole_file_place(struct weir_whole_file *file, char *error, size_t error_size) {
    if (file->direct) {
        return true;
    }
    if (rename(file->temporary, file->path) != 0) {
        complain(file->path, "cannot be put in its place", error, error_size);
        weir_whole_file_discard(file);
        return false;
    }
    sync_folder(file->path);
    return true;
}

void weir_whole_file_discard(struct weir_whole_file *file) {
    if (file->stream) {
        fclose(file->stream);
        file->stream = NULL;
    }
    if (!file->direct) {
        unlink(file->temporary);
    }
}

bool weir_whole_file_end(struct weir_whole_file *file, bool whole, char *error, size_t error_size) {
    if (!whole || !weir_whole_file_finish(file, error, error_size)) {
        weir_whole_file_discard(file);
        return false;
    }
    return weir_whole_file_place(file, error, error_size);
}

bool weir_folder_check(const char *path, char *error, size_t error_size) {
    char part[4096];
    struct stat status;
    snprintf(part, sizeof part, "%s", path);
    while (stat(part, &status) != 0) {
        char *slash = strrchr(part, '/');
        if (errno != ENOENT) {
            return complain(path, "cannot be made", error, error_size);
        }
        /* what is above the first name is the current folder, or the root */
        snprintf(slash && slash > part ? slash : part, 2,
                 slash && slash > part ? ""
                 : slash               ? "/"
                                       : ".");
    }
    if (!S_ISDIR(status.st_mode)) {
        errno = strcmp(part, path) == 0 ? EEXIST : ENOTDIR;
        return complain(path, errno == EEXIST ? "is not a folder" : "cannot be made", error,
                        error_size);
    }
    return access(part, W_OK | X_OK) == 0 || complain(path, "cannot be written", error, error_size);
}

bool weir_make_folder(const char *path, char *error, size_t error_size) {
    char part[4096];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part) {
        errno = ENAMETOOLONG;
        return complain(path, "cannot be made", error, error_size);
    }
    for (char *slash = part[0] ? strchr(part + 1, '/') : NULL; slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, 0777); /* what stands in the way shows when the last one is made */
        *slash = '/';
    }
    struct stat status;
    if (mkdir(part, 0777) == 0 ||
        (errno == EEXIST && stat(part, &status) == 0 && S_ISDIR(status.st_mode))) {
        return true;
    }
    return complain(path, errno == EEXIST ? "is not a folder" : "cannot be made", error,
                    error_size);
}

bool weir_whole_files_place(struct weir_whole_file *files, size_t count, bool all_ready,
                            char *error, size_t error_size) {
    bool ok = all_ready;
    for (size_t i = 0; i < count; i++) {
        if (ok) {
            ok = weir_whole_file_place(&files[i], error, error_size);
        } else {
            weir_whole_file_discard(&files[i]);
        }
    }
    return ok;
}
