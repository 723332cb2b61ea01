#ifndef WEIR_LIVE_FRAMES_H
#define WEIR_LIVE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * A file of text that only grows, in zstd frames. Each frame is compressed by itself, has a
 * checksum, and is on the disk when live_frames_append returns: whatever ends the program, at most
 * the frame at hand is lost. Frames in a row are one zstd file, for anybody to read.
 */
struct live_frames;

/** Most text of a frame, in bytes. */
#define LIVE_FRAME_TEXT_MAX ((size_t)4 << 20)

/** Why a file cannot be had or written, with its name. */
struct live_frames_error {
    char text[512];
};

/** What was in a file when it was opened. */
struct live_frames_found {
    bool existed;
    char *last;       /**< text of the last whole frame, or NULL; the caller frees it */
    size_t cut_bytes; /**< of a frame without its end, that were cut off */
};

/**
 * Opens a file to append to, or makes it, and locks it against other recorders. A last frame that
 * is not whole is cut off. Refused, and left as it is: a file whose text does not begin with
 * `beginning`, or that is damaged elsewhere than at its end. NULL and `error` on failure.
 */
struct live_frames *live_frames_open(const char *path, const char *beginning,
                                     struct live_frames_found *found,
                                     struct live_frames_error *error);

/** Text of the last whole frame of such a file, which the caller frees; NULL if there is none. */
char *live_frames_last(const char *path, const char *beginning);

/** Adds a frame of 1 to LIVE_FRAME_TEXT_MAX bytes and waits until it is on the disk. False and
 *  `error` if that cannot be done; the file is then as before, and it may be tried again. */
bool live_frames_append(struct live_frames *frames, const char *text, size_t length,
                        struct live_frames_error *error);

/** Size of the file in bytes. */
int64_t live_frames_size(const struct live_frames *frames);

/** NULL is allowed. */
void live_frames_close(struct live_frames *frames);

#endif
