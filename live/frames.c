#include "frames.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#define LEVEL 9

/* Most bytes of a frame. What is behind the last whole frame can be no more, if only the program's
 * end is to blame for it. */
#define FRAME_BYTES_MAX ZSTD_COMPRESSBOUND(LIVE_FRAME_TEXT_MAX)

struct live_frames {
    int file;
    char *path;
    int64_t size;
    ZSTD_CCtx *context;
    char *packed;
};

static bool fail(struct live_frames_error *error, const char *path, const char *what, int number) {
    snprintf(error->text, sizeof error->text, "%.300s: %s%s%s", path, what, number ? ": " : "",
             number ? strerror(number) : "");
    return false;
}

/* Looking through a file. */

/** A file's bytes, in memory. */
struct content {
    unsigned char *bytes; /**< read only */
    size_t size;
};

static bool map(int file, struct content *content) {
    struct stat status;
    *content = (struct content){NULL, 0};
    if (fstat(file, &status) || !S_ISREG(status.st_mode)) {
        return false;
    }
    if (status.st_size == 0) {
        return true;
    }
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED) {
        return false;
    }
    *content = (struct content){bytes, (size_t)status.st_size};
    return true;
}

static void unmap(struct content *content) {
    if (content->size > 0) {
        munmap(content->bytes, content->size);
    }
}

/** Text of the frame at the beginning of `bytes`, which the caller frees; NULL if it is damaged,
 * not whole, or none of ours. `*size` is the size of the frame. */
static char *unpack(const unsigned char *bytes, size_t left, size_t *size) {
    *size = ZSTD_findFrameCompressedSize(bytes, left);
    const unsigned long long length = ZSTD_getFrameContentSize(bytes, left);
    if (ZSTD_isError(*size) || length > LIVE_FRAME_TEXT_MAX) { /* errors are above that as well */
        return NULL;
    }
    char *text = malloc((size_t)length + 1);
    if (text) {
        const size_t got = ZSTD_decompress(text, (size_t)length, bytes, *size);
        if (ZSTD_isError(got) || got != length) {
            free(text);
            return NULL;
        }
        text[length] = '\0';
    }
    return text;
}

/** Where the whole frames end, and where the last of them begins. Only their sizes are looked at.
 */
static size_t find_end(const struct content *content, size_t *last) {
    size_t at = 0;
    *last = 0;
    while (at < content->size) {
        const size_t size = ZSTD_findFrameCompressedSize(content->bytes + at, content->size - at);
        if (ZSTD_isError(size)) {
            break;
        }
        *last = at;
        at += size;
    }
    return at;
}

/** The end of what is whole and undamaged, and the text of the last frame there (NULL: none). A
 *  last frame of the right size may hold what never reached the disk: then the one before counts.
 */
static size_t find_whole(const struct content *content, char **text) {
    struct content part = *content;
    size_t last = 0;
    size_t size = 0;
    *text = NULL;
    size_t end = find_end(&part, &last);
    if (end > 0) {
        *text = unpack(content->bytes + last, end - last, &size);
    }
    if (end > 0 && !*text) {
        part.size = last;
        end = find_end(&part, &last);
        *text = end > 0 ? unpack(content->bytes + last, end - last, &size) : NULL;
    }
    return *text ? end : 0;
}

static bool begins(const struct content *content, const char *beginning) {
    size_t size = 0;
    char *text = unpack(content->bytes, content->size, &size);
    const bool right = text && strncmp(text, beginning, strlen(beginning)) == 0;
    free(text);
    return right;
}

/** Whether there is nothing but the beginning of a first frame. */
static bool is_barely_begun(const struct content *content) {
    static const unsigned char magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    const size_t least = content->size < sizeof magic ? content->size : sizeof magic;
    size_t last = 0;
    return content->size < 1024 && (least == 0 || memcmp(content->bytes, magic, least) == 0) &&
           find_end(content, &last) == 0;
}

char *live_frames_last(const char *path, const char *beginning) {
    struct content content;
    char *text = NULL;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return NULL;
    }
    if (map(file, &content)) {
        if (content.size > 0 && begins(&content, beginning)) {
            find_whole(&content, &text);
        }
        unmap(&content);
    }
    close(file);
    return text;
}

/* Opening. */

/** What is there already: finds where to go on. */
static bool look(struct live_frames *frames, const char *beginning, struct live_frames_found *found,
                 size_t *end, struct live_frames_error *error) {
    struct content content;
    bool ok = true;
    *end = 0;
    if (!map(frames->file, &content)) {
        return fail(error, frames->path, "cannot be read", errno);
    }
    if (content.size > 0 && begins(&content, beginning)) {
        *end = find_whole(&content, &found->last);
        ok = content.size - *end <= FRAME_BYTES_MAX ||
             fail(error, frames->path,
                  "is damaged, and not only at its end; it is left as it is: move it away", 0);
    } else if (!is_barely_begun(&content)) {
        ok = fail(error, frames->path,
                  "is there already, and no recording of weir record; it is left as it is", 0);
    }
    found->existed = *end > 0;
    found->cut_bytes = content.size - *end;
    unmap(&content);
    return ok;
}

/** The name of a new file is on the disk only when its folder is. */
static void sync_folder(const char *path) {
    char *copy = strdup(path);
    const int folder = copy ? open(dirname(copy), O_RDONLY | O_CLOEXEC) : -1;
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
    free(copy);
}

static bool take(struct live_frames *frames, const char *beginning, struct live_frames_found *found,
                 struct live_frames_error *error) {
    size_t end = 0;
    frames->file = open(frames->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (frames->file < 0) {
        return fail(error, frames->path, "cannot be opened", errno);
    }
    if (flock(frames->file, LOCK_EX | LOCK_NB)) {
        return fail(error, frames->path,
                    errno == EWOULDBLOCK ? "another process records into it" : "cannot be locked",
                    errno == EWOULDBLOCK ? 0 : errno);
    }
    if (!look(frames, beginning, found, &end, error)) {
        return false;
    }
    if ((found->cut_bytes > 0 && ftruncate(frames->file, (off_t)end)) ||
        lseek(frames->file, (off_t)end, SEEK_SET) < 0) {
        return fail(error, frames->path, "cannot be written", errno);
    }
    frames->size = (int64_t)end;
    sync_folder(frames->path);
    return true;
}

struct live_frames *live_frames_open(const char *path, const char *beginning,
                                     struct live_frames_found *found,
                                     struct live_frames_error *error) {
    *found = (struct live_frames_found){.existed = false};
    struct live_frames *frames = calloc(1, sizeof *frames);
    bool ok = frames != NULL;
    if (ok) {
        frames->file = -1;
        frames->path = strdup(path);
        frames->packed = malloc(FRAME_BYTES_MAX);
        frames->context = ZSTD_createCCtx();
        ok = frames->path && frames->packed && frames->context &&
             !ZSTD_isError(
                 ZSTD_CCtx_setParameter(frames->context, ZSTD_c_compressionLevel, LEVEL)) &&
             !ZSTD_isError(ZSTD_CCtx_setParameter(frames->context, ZSTD_c_checksumFlag, 1));
    }
    if (ok ? take(frames, beginning, found, error) : fail(error, path, "out of memory", 0)) {
        return frames;
    }
    free(found->last);
    found->last = NULL;
    live_frames_close(frames);
    return NULL;
}

/* Writing. */

static bool write_all(int file, const char *bytes, size_t size) {
    while (size > 0) {
        const ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

bool live_frames_append(struct live_frames *frames, const char *text, size_t length,
                        struct live_frames_error *error) {
    assert(length > 0 && length <= LIVE_FRAME_TEXT_MAX);
    const size_t size =
        ZSTD_compress2(frames->context, frames->packed, FRAME_BYTES_MAX, text, length);
    if (ZSTD_isError(size)) {
        return fail(error, frames->path, ZSTD_getErrorName(size), 0);
    }
    if (write_all(frames->file, frames->packed, size) && fdatasync(frames->file) == 0) {
        frames->size += (int64_t)size;
        return true;
    }
    fail(error, frames->path, "cannot be written", errno);
    if (ftruncate(frames->file, (off_t)frames->size) ||
        lseek(frames->file, (off_t)frames->size, SEEK_SET) < 0) {
        fail(error, frames->path, "cannot be written, nor cut to its last whole frame", errno);
    }
    return false;
}

int64_t live_frames_size(const struct live_frames *frames) {
    return frames->size;
}

void live_frames_close(struct live_frames *frames) {
    if (!frames) {
        return;
    }
    if (frames->file >= 0) {
        close(frames->file);
    }
    ZSTD_freeCCtx(frames->context);
    free(frames->packed);
    free(frames->path);
    free(frames);
}
