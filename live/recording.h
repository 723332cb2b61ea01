#ifndef WEIR_LIVE_RECORDING_H
#define WEIR_LIVE_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames.h"

/**
 * What a stream of liquidations said, on disk: a file a day (UTC), JSON lines in zstd frames that
 * every reader of traces takes. Events are kept as they came, beside the time at which they came;
 * what is not known is marked (traces/recording_note.h). There are no sockets and no clock in here.
 * Times are of the wall clock, in ns since 1970.
 */
struct live_recording;

/** What was recorded since the start. */
struct live_recording_counts {
    uint64_t liquidations;
    uint64_t others; /**< messages that are no liquidations */
    uint64_t gaps;
    int64_t gaps_ns;
};

/** What was found when a file was opened that is there already. */
struct live_recording_start {
    bool goes_on;     /**< the day's file was there */
    size_t cut_bytes; /**< of a frame without its end, cut off */
    int64_t heard_ns; /**< up to when an earlier recording heard all; 0: there is none */
};

/**
 * Begins to record. `path` names the files: the day is put before its ending, "feed.jsonl.zst"
 * becomes "feed-2026-11-24.jsonl.zst". If the day's file is there, it is gone on with; if that or a
 * file of the 31 days before tells up to when it heard all, the time since is the first gap.
 * `source` is noted at the beginning of each file. NULL and `error` on failure.
 */
struct live_recording *live_recording_open(const char *path, const char *source, int64_t now_ns,
                                           struct live_recording_start *start,
                                           struct live_frames_error *error);

/** Whether a path can name recordings: it must end in .zst. */
bool live_recording_is_path(const char *path);

/**
 * The stream is heard (again). If it was lost, or an earlier recording ended, the time since then
 * is marked as a gap, for which `why` gives the reason. All of these return false and `error` if a
 * file cannot be written and no more can be held in memory: then the recording is at its end.
 */
bool live_recording_found(struct live_recording *recording, const char *why, int64_t now_ns,
                          struct live_frames_error *error);

/** The other side is there: all that it said up to now has come. */
void live_recording_heard(struct live_recording *recording, int64_t now_ns);

/** The stream is lost: what is said from now on, or from the last time it was heard, is not. */
void live_recording_lost(struct live_recording *recording);

/** Longest message, in bytes. */
#define LIVE_MESSAGE_MAX (((size_t)1 << 20) - 64)

/** A message came, of at most LIVE_MESSAGE_MAX bytes. */
bool live_recording_message(struct live_recording *recording, const char *text, size_t length,
                            int64_t now_ns, struct live_frames_error *error);

/**
 * Puts what has come on the disk; to be called once a second. False if it could not be written;
 * it is held, as far as there is room, and tried again the next time.
 */
bool live_recording_flush(struct live_recording *recording, int64_t now_ns,
                          struct live_frames_error *error);

/** Ends it in an orderly way; `why` is noted. Frees the recording, also on failure. */
bool live_recording_end(struct live_recording *recording, const char *why, int64_t now_ns,
                        struct live_frames_error *error);

struct live_recording_counts live_recording_counts(const struct live_recording *recording);

/** The file that is written, and its size in bytes. */
const char *live_recording_file(const struct live_recording *recording);
int64_t live_recording_size(const struct live_recording *recording);

#endif
