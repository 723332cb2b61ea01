#include "recording.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reader_json.h"
#include "recorded_line.h"
#include "recording_note.h"

#define SECOND_NS INT64_C(1000000000)
#define DAY_NS (86400 * SECOND_NS)
#define DAYS_BACK 31
#define ALIVE_NS (60 * SECOND_NS)
#define PATH_SIZE 4096

static const char beginning[] = "{\"weir\":\"recording\"";

struct live_recording {
    char *path, *source;
    char file[PATH_SIZE];
    struct live_frames *frames;
    struct weir_json *reader;
    int64_t day;
    int64_t heard_ns; /**< up to when all was heard; 0: never */
    int64_t noted_ns; /**< what the file tells of that */
    bool lost;        /**< nothing is heard since heard_ns */
    char *waiting;    /**< lines that are not on the disk */
    size_t waiting_length;
    struct live_recording_counts counts;
};

bool live_recording_is_path(const char *path) {
    const size_t length = strlen(path);
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    return strlen(base) > 4 && strcmp(path + length - 4, ".zst") == 0 && length < PATH_SIZE - 16;
}

/** "feed.jsonl.zst" of a day: "feed-2026-11-24.jsonl.zst". */
static void name_file(const char *path, int64_t day, char file[PATH_SIZE]) {
    static const char *const endings[] = {".jsonl.zst", ".ndjson.zst", ".json.zst", ".zst"};
    const time_t second = (time_t)(day * 86400);
    const size_t length = strlen(path);
    size_t ending = 0;
    char date[16] = "";
    struct tm parts;
    gmtime_r(&second, &parts);
    strftime(date, sizeof date, "%Y-%m-%d", &parts);
    for (size_t i = 0; ending == 0; i++) {
        const size_t size = strlen(endings[i]);
        ending = length > size && strcmp(path + length - size, endings[i]) == 0 ? size : 0;
    }
    snprintf(file, PATH_SIZE, "%.*s-%s%s", (int)(length - ending), path, date,
             path + length - ending);
}

static bool fail(struct live_frames_error *error, const char *what) {
    snprintf(error->text, sizeof error->text, "%s", what);
    return false;
}

/** Writes the waiting lines. */
static bool write_out(struct live_recording *recording, struct live_frames_error *error) {
    if (recording->waiting_length == 0) {
        return true;
    }
    if (!live_frames_append(recording->frames, recording->waiting, recording->waiting_length,
                            error)) {
        return false;
    }
    recording->waiting_length = 0;
    return true;
}

/** Adds a line to those that wait. */
static bool add(struct live_recording *recording, const char *line,
                struct live_frames_error *error) {
    const size_t length = strlen(line);
    assert(length < LIVE_FRAME_TEXT_MAX);
    if (recording->waiting_length + length + 1 > LIVE_FRAME_TEXT_MAX &&
        !write_out(recording, error)) {
        return false;
    }
    memcpy(recording->waiting + recording->waiting_length, line, length);
    recording->waiting_length += length;
    recording->waiting[recording->waiting_length++] = '\n';
    return true;
}

static bool add_note(struct live_recording *recording, const struct weir_note *note,
                     struct live_frames_error *error) {
    char *line = weir_note_line(note, NULL, 0);
    const bool added = line ? add(recording, line, error) : fail(error, "out of memory");
    free(line);
    recording->noted_ns = note->at_ns;
    return added;
}

/** A note with a time and a reason. */
static struct weir_note note_of(enum weir_note_kind kind, int64_t at_ns, const char *why) {
    struct weir_note note = {.kind = kind, .at_ns = at_ns};
    snprintf(note.why, sizeof note.why, "%s", why);
    return note;
}

/** Up to when a file of the last days heard all; 0: there is none. */
static int64_t find_earlier(const char *path, int64_t day) {
    char file[PATH_SIZE];
    for (int64_t earlier = day - 1; earlier >= day - DAYS_BACK; earlier--) {
        name_file(path, earlier, file);
        char *last = live_frames_last(file, beginning);
        const int64_t until_ns = last ? live_recorded_until_ns(last) : 0;
        free(last);
        if (until_ns > 0) {
            return until_ns;
        }
    }
    return 0;
}

/** Says at the beginning of a file, or where it is gone on with, who writes. */
static bool write_beginning(struct live_recording *recording, struct live_frames *frames,
                            int64_t now_ns, struct live_frames_error *error) {
    struct weir_note note = note_of(WEIR_NOTE_RECORDING, now_ns, recording->source);
    note.from_ns = recording->heard_ns;
    char *line = weir_note_line(&note, NULL, 0);
    if (!line) {
        return fail(error, "out of memory");
    }
    const size_t length = strlen(line);
    line[length] = '\n'; /* in place of its end */
    const bool written = live_frames_append(frames, line, length + 1, error);
    free(line);
    return written;
}

/** Opens the file of a day in place of the one that is open. If that fails all is as before. */
static bool open_day(struct live_recording *recording, int64_t now_ns,
                     struct live_frames_found *found, struct live_frames_error *error) {
    char file[PATH_SIZE];
    const int64_t day = now_ns / DAY_NS;
    name_file(recording->path, day, file);
    struct live_frames *frames = live_frames_open(file, beginning, found, error);
    if (!frames) {
        return false;
    }
    const int64_t until_ns = found->last ? live_recorded_until_ns(found->last) : 0;
    free(found->last);
    found->last = NULL;
    if (recording->heard_ns == 0) {
        recording->heard_ns = until_ns > 0 ? until_ns : find_earlier(recording->path, day);
    }
    if (!write_beginning(recording, frames, now_ns, error)) {
        live_frames_close(frames);
        return false;
    }
    live_frames_close(recording->frames);
    recording->frames = frames;
    recording->day = day;
    snprintf(recording->file, sizeof recording->file, "%s", file);
    return true;
}

/** Opens the next file if another day has begun. */
static bool turn(struct live_recording *recording, int64_t now_ns,
                 struct live_frames_error *error) {
    struct live_frames_found found;
    if (now_ns / DAY_NS <= recording->day) { /* a clock that goes back changes nothing */
        return true;
    }
    return write_out(recording, error) && open_day(recording, now_ns, &found, error);
}

static void destroy(struct live_recording *recording) {
    live_frames_close(recording->frames);
    weir_json_close(recording->reader);
    free(recording->waiting);
    free(recording->path);
    free(recording->source);
    free(recording);
}

struct live_recording *live_recording_open(const char *path, const char *source, int64_t now_ns,
                                           struct live_recording_start *start,
                                           struct live_frames_error *error) {
    assert(live_recording_is_path(path));
    struct live_frames_found found = {.existed = false};
    struct live_recording *recording = calloc(1, sizeof *recording);
    if (!recording) {
        fail(error, "out of memory");
        return NULL;
    }
    recording->path = strdup(path);
    recording->source = strdup(source);
    recording->reader = weir_json_open(WEIR_JSON_ANY);
    recording->waiting = malloc(LIVE_FRAME_TEXT_MAX);
    if (!recording->path || !recording->source || !recording->reader || !recording->waiting) {
        fail(error, "out of memory");
        destroy(recording);
        return NULL;
    }
    if (!open_day(recording, now_ns, &found, error)) {
        destroy(recording);
        return NULL;
    }
    recording->lost = recording->heard_ns > 0;
    recording->noted_ns = now_ns;
    *start = (struct live_recording_start){found.existed, found.cut_bytes, recording->heard_ns};
    return recording;
}

bool live_recording_found(struct live_recording *recording, const char *why, int64_t now_ns,
                          struct live_frames_error *error) {
    bool ok = turn(recording, now_ns, error);
    if (ok && recording->lost) {
        struct weir_note gap = note_of(WEIR_NOTE_GAP, now_ns, why);
        gap.from_ns = recording->heard_ns < now_ns ? recording->heard_ns : now_ns;
        recording->counts.gaps++;
        recording->counts.gaps_ns += gap.at_ns - gap.from_ns;
        ok = add_note(recording, &gap, error);
    }
    recording->lost = false;
    live_recording_heard(recording, now_ns);
    return ok;
}

void live_recording_heard(struct live_recording *recording, int64_t now_ns) {
    if (!recording->lost && now_ns > recording->heard_ns) {
        recording->heard_ns = now_ns;
    }
}

void live_recording_lost(struct live_recording *recording) {
    recording->lost = recording->heard_ns > 0;
}

bool live_recording_message(struct live_recording *recording, const char *text, size_t length,
                            int64_t now_ns, struct live_frames_error *error) {
    if (!turn(recording, now_ns, error)) {
        return false;
    }
    assert(length <= LIVE_MESSAGE_MAX);
    struct live_recorded_line line = live_recorded_line(recording->reader, text, length, now_ns);
    if (!line.text) {
        return fail(error, "out of memory");
    }
    recording->counts.liquidations += line.liquidations;
    recording->counts.others += line.why[0] ? 1 : 0;
    recording->noted_ns = now_ns;
    live_recording_heard(recording, now_ns);
    const bool added = add(recording, line.text, error);
    free(line.text);
    return added;
}

bool live_recording_flush(struct live_recording *recording, int64_t now_ns,
                          struct live_frames_error *error) {
    if (!turn(recording, now_ns, error)) {
        return false;
    }
    if (!recording->lost && recording->heard_ns - recording->noted_ns >= ALIVE_NS) {
        const struct weir_note note = note_of(WEIR_NOTE_ALIVE, recording->heard_ns, "");
        if (!add_note(recording, &note, error)) {
            return false;
        }
    }
    return write_out(recording, error);
}

bool live_recording_end(struct live_recording *recording, const char *why, int64_t now_ns,
                        struct live_frames_error *error) {
    /* the end is when it last heard: what came after it until a next recording is a gap */
    const bool knows = recording->heard_ns > 0;
    const struct weir_note note = note_of(WEIR_NOTE_END, knows ? recording->heard_ns : now_ns, why);
    const bool ok = add_note(recording, &note, error) && write_out(recording, error);
    destroy(recording);
    return ok;
}

struct live_recording_counts live_recording_counts(const struct live_recording *recording) {
    return recording->counts;
}

const char *live_recording_file(const struct live_recording *recording) {
    return recording->file;
}

int64_t live_recording_size(const struct live_recording *recording) {
    return live_frames_size(recording->frames);
}
