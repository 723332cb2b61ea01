/** The recorder's files, without sockets: whatever is cut off, whole frames stay; days, gaps and
 *  notes are as the readers of traces expect them. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "frames.h"
#include "inflow.h"
#include "recording.h"

#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)
#define NOON (INT64_C(1795521600) * SECOND) /* 2026-11-24T12:00:00Z */
#define BEGINNING "{\"weir\":\"recording\""

static char folder[] = "/tmp/weir_recording_XXXXXX";

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state) {
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1; // NOLINT(cert-env33-c)
}

/* Frames. */

static struct live_frames *open_frames(const char *path, struct live_frames_found *found) {
    struct live_frames_error error = {""};
    struct live_frames *frames = live_frames_open(path, BEGINNING, found, &error);
    if (!frames) {
        fail_msg("%s", error.text);
    }
    return frames;
}

static void append(struct live_frames *frames, const char *text) {
    struct live_frames_error error = {""};
    if (!live_frames_append(frames, text, strlen(text), &error)) {
        fail_msg("%s", error.text);
    }
}

static off_t size_of(const char *path) {
    struct stat status;
    return stat(path, &status) ? -1 : status.st_size;
}

static void copy_part(const char *from, const char *to, size_t size) {
    char bytes[4096];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    assert_true(size <= sizeof bytes && fread(bytes, 1, size, in) == size);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    fclose(in);
    fclose(out);
}

/** Cut at every byte: what was whole stays, and writing goes on behind it. */
static void test_every_cut(void **state) {
    static const char *const texts[] = {BEGINNING "}\n", "second\n", "third\n"};
    struct live_frames_found found;
    off_t ends[3];
    (void)state;
    struct live_frames *frames = open_frames("all.zst", &found);
    assert_false(found.existed);
    for (size_t i = 0; i < 3; i++) {
        append(frames, texts[i]);
        ends[i] = size_of("all.zst");
        assert_int_equal(ends[i], live_frames_size(frames));
    }
    live_frames_close(frames);
    for (off_t size = 0; size <= ends[2]; size++) {
        size_t whole = 0;
        while (whole < 3 && ends[whole] <= size) {
            whole++;
        }
        copy_part("all.zst", "cut.zst", (size_t)size);
        frames = open_frames("cut.zst", &found);
        assert_int_equal(found.existed, whole > 0);
        assert_int_equal(found.cut_bytes, size - (whole > 0 ? ends[whole - 1] : 0));
        assert_string_equal(found.last ? found.last : "", whole > 0 ? texts[whole - 1] : "");
        free(found.last);
        append(frames, whole == 0 ? BEGINNING "}\n" : "more\n");
        live_frames_close(frames);
        char *last = live_frames_last("cut.zst", BEGINNING);
        assert_string_equal(last, whole == 0 ? BEGINNING "}\n" : "more\n");
        free(last);
    }
}

/** A last frame of the right length may hold what never reached the disk. */
static void test_damaged_last_frame(void **state) {
    struct live_frames_found found;
    (void)state;
    struct live_frames *frames = open_frames("damaged.zst", &found);
    append(frames, BEGINNING "}\n");
    const off_t first = size_of("damaged.zst");
    append(frames, "second\n");
    live_frames_close(frames);
    const off_t size = size_of("damaged.zst");
    const int file = open("damaged.zst", O_WRONLY);
    assert_int_equal(pwrite(file, "\0\0", 2, size - 2), 2);
    close(file);
    frames = open_frames("damaged.zst", &found);
    assert_int_equal(found.cut_bytes, size - first);
    free(found.last);
    live_frames_close(frames);
    assert_int_equal(size_of("damaged.zst"), first);
}

static void write_file(const char *path, const char *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void refuses(const char *path, const char *part) {
    struct live_frames_found found;
    struct live_frames_error error = {""};
    const off_t size = size_of(path);
    assert_null(live_frames_open(path, BEGINNING, &found, &error));
    if (!strstr(error.text, part) || !strstr(error.text, path)) {
        fail_msg("%s lacks: %s", error.text, part);
    }
    assert_int_equal(size_of(path), size);
}

/** Files of others are left as they are. */
static void test_files_of_others(void **state) {
    struct live_frames_found found;
    (void)state;
    write_file("text.zst", "time_ms,symbol\n", 15);
    refuses("text.zst", "no recording of weir record");
    struct live_frames *frames = open_frames("csv.zst", &found);
    append(frames, "time_ms,symbol\n");
    refuses("csv.zst", "another process records");
    live_frames_close(frames);
    refuses("csv.zst", "no recording of weir record");
    refuses("none/feed.zst", "No such file");
    assert_null(live_frames_last("csv.zst", BEGINNING));
    assert_null(live_frames_last("none.zst", BEGINNING));
    /* more is damaged than one frame can be */
    frames = open_frames("middle.zst", &found);
    append(frames, BEGINNING "}\n");
    live_frames_close(frames);
    const int file = open("middle.zst", O_WRONLY | O_APPEND);
    assert_int_equal(ftruncate(file, 8 << 20), 0);
    close(file);
    refuses("middle.zst", "not only at its end");
}

/** A full disk: the file stays whole, and writing goes on when there is room. */
static void test_full_disk(void **state) {
    struct live_frames_found found;
    struct live_frames_error error = {""};
    struct rlimit before;
    static char noise[65536];
    (void)state;
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        x = x * 1664525u + 1013904223u;
        noise[i] = (char)(x >> 24);
    }
    struct live_frames *frames = open_frames("full.zst", &found);
    append(frames, BEGINNING "}\n");
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){10000, before.rlim_max});
    const bool fits = live_frames_append(frames, noise, sizeof noise, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(fits);
    assert_non_null(strstr(error.text, "cannot be written"));
    assert_int_equal(size_of("full.zst"), live_frames_size(frames));
    append(frames, "again\n");
    live_frames_close(frames);
    char *last = live_frames_last("full.zst", BEGINNING);
    assert_string_equal(last, "again\n");
    free(last);
}

/** A child that writes is killed again and again, wherever it is; nothing it was told is written is
 *  lost. */
static void test_kills(void **state) {
    (void)state;
    long written = 0;
    for (int round = 0; round < 20; round++) {
        int pipes[2];
        assert_int_equal(pipe(pipes), 0);
        const pid_t child = fork();
        if (child == 0) {
            struct live_frames_found found;
            struct live_frames_error error;
            struct live_frames *frames = live_frames_open("killed.zst", BEGINNING, &found, &error);
            char text[64];
            bool fine = frames != NULL;
            for (long i = 0; fine; i++) {
                const int length = snprintf(text, sizeof text, BEGINNING ",\"n\":%ld}\n", i);
                fine = live_frames_append(frames, text, (size_t)length, &error) &&
                       write(pipes[1], "x", 1) == 1;
            }
            _exit(1);
        }
        close(pipes[1]);
        char byte = 0;
        for (int i = 0; i < round + 1; i++) {
            assert_int_equal(read(pipes[0], &byte, 1), 1);
        }
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        written += round + 1;
        while (read(pipes[0], &byte, 1) == 1) {
            written++;
        }
        close(pipes[0]);
    }
    struct live_frames_found found;
    live_frames_close(open_frames("killed.zst", &found)); /* cuts off what is not whole */
    free(found.last);
    FILE *file = popen("zstd -dc killed.zst | wc -l", "r"); // NOLINT(cert-env33-c)
    char line[64] = "";
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    pclose(file);
    assert_in_range(strtol(line, NULL, 10), written, written + 20); /* one in flight each time */
}

/* Recordings. */

static struct live_recording *start(const char *path, int64_t now_ns,
                                    struct live_recording_start *begin) {
    struct live_frames_error error = {""};
    struct live_recording *recording =
        live_recording_open(path, "ws://nowhere/ws", now_ns, begin, &error);
    if (!recording) {
        fail_msg("%s", error.text);
    }
    return recording;
}

static void say(struct live_recording *recording, int64_t now_ns, const char *text) {
    struct live_frames_error error;
    assert_true(live_recording_message(recording, text, strlen(text), now_ns, &error));
}

/** A liquidation that came at `now_ns` and happened `late_ms` before, between two texts. */
static void say_wrapped(struct live_recording *recording, int64_t now_ns, int late_ms,
                        const char *before, const char *after) {
    char text[512];
    snprintf(text, sizeof text,
             "%s{\"e\":\"forceOrder\",\"E\":%lld,\"o\":{\"s\":\"BTCUSDT\",\"S\":\"SELL\",\"o\":"
             "\"LIMIT\","
             "\"f\":\"IOC\",\"q\":\"0.014\",\"p\":\"9910\",\"ap\":\"9910.5\",\"X\":\"FILLED\","
             "\"T\":%lld}}%s",
             before, (long long)(now_ns / MS), (long long)(now_ns / MS) - late_ms, after);
    say(recording, now_ns, text);
}

static void liquidate(struct live_recording *recording, int64_t now_ns) {
    say_wrapped(recording, now_ns, 0, "", "");
}

static void found(struct live_recording *recording, const char *why, int64_t now_ns) {
    struct live_frames_error error;
    assert_true(live_recording_found(recording, why, now_ns, &error));
}

static void flush(struct live_recording *recording, int64_t now_ns) {
    struct live_frames_error error;
    assert_true(live_recording_flush(recording, now_ns, &error));
}

static void finish(struct live_recording *recording, int64_t now_ns) {
    struct live_frames_error error;
    assert_true(live_recording_end(recording, "test", now_ns, &error));
}

/** Reads files; returns the number of rows, in order of time, and the gaps. */
static size_t read_back(const char *const *paths, size_t count, struct weir_gaps *gaps,
                        int64_t *times_ns, size_t most) {
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    const struct weir_read_options options = {.skip_bad = false};
    struct weir_inflow *inflow = weir_inflow_open(paths, count, &options, NULL, NULL, &error);
    const struct weir_row *row = NULL;
    size_t rows = 0;
    if (!inflow) {
        fail_msg("%s", error.text);
    }
    while (weir_inflow_next(inflow, &row, &error) && row) {
        if (rows < most) {
            times_ns[rows] = row->time_ns;
        }
        rows++;
    }
    assert_string_equal(error.text, "");
    *gaps = weir_inflow_gaps(inflow);
    weir_inflow_close(inflow);
    return rows;
}

/** Raw, combined, several in an array, pretty; late ones are put in order; others are notes. */
static void test_messages(void **state) {
    static const char *const path[] = {"messages-2026-11-24.jsonl.zst"};
    struct live_recording_start begin;
    struct weir_gaps gaps;
    int64_t times_ns[8];
    (void)state;
    struct live_recording *recording = start("messages.jsonl.zst", NOON, &begin);
    assert_true(!begin.goes_on && begin.cut_bytes == 0 && begin.heard_ns == 0);
    found(recording, "not a gap", NOON);
    say_wrapped(recording, NOON + 2000 * MS, 0, "", "");
    say_wrapped(recording, NOON + 2001 * MS, 900, "{\"stream\":\"!forceOrder@arr\",\"data\":", "}");
    say_wrapped(recording, NOON + 2002 * MS, 500, " [", "]\n");
    say_wrapped(recording, NOON + 2003 * MS, 0,
                "{\n  \"data\" : ", ",\n\t\"stream\" : \"btcusdt@forceOrder\"\n}");
    say_wrapped(recording, NOON + 2004 * MS, 0,
                "{\"weir\":\"gap\",\"from_ms\":1,\"to_ms\":2,\"stream\":\"x\",\"data\":", "}");
    say(recording, NOON + 2005 * MS, "{\"result\":null,\"id\":1}");
    say(recording, NOON + 2006 * MS, "{broken \"\xff\x01\n");
    say(recording, NOON + 2007 * MS, "{\"weir\":\"gap\",\"from_ms\":1,\"to_ms\":2}");
    say(recording, NOON + 2008 * MS, "[]");
    const struct live_recording_counts counts = live_recording_counts(recording);
    assert_int_equal(counts.liquidations, 5);
    assert_int_equal(counts.others, 4);
    finish(recording, NOON + 3 * SECOND);
    assert_int_equal(read_back(path, 1, &gaps, times_ns, 8), 5);
    assert_int_equal(gaps.count, 0);
    for (size_t i = 1; i < 5; i++) {
        assert_true(times_ns[i - 1] <= times_ns[i]);
    }
    assert_int_equal(times_ns[0], NOON + 1101 * MS);
}

/** A lost stream, and a recorder that was killed, leave gaps of the right length. */
static void test_gaps(void **state) {
    static const char *const path[] = {"gaps-2026-11-24.jsonl.zst"};
    struct live_recording_start begin;
    struct weir_gaps gaps;
    int64_t times_ns[8];
    (void)state;
    struct live_recording *recording = start("gaps.jsonl.zst", NOON, &begin);
    found(recording, "none", NOON);
    liquidate(recording, NOON + 1 * SECOND);
    live_recording_heard(recording, NOON + 5 * SECOND);
    live_recording_lost(recording);
    live_recording_heard(recording, NOON + 6 * SECOND); /* nobody can hear a lost stream */
    found(recording, "the line was cut", NOON + 12 * SECOND);
    liquidate(recording, NOON + 13 * SECOND);
    flush(recording, NOON + 14 * SECOND);
    live_recording_heard(recording, NOON + 80 * SECOND);
    flush(recording, NOON + 80 * SECOND); /* notes that all was heard up to here */
    const pid_t child = fork();           /* which is killed with a liquidation in its memory */
    if (child == 0) {
        liquidate(recording, NOON + 81 * SECOND);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    /* the parent's is as if it had been killed too: the file is as it was left */
    char command[128];
    snprintf(command, sizeof command, "cp %s copy-2026-11-24.jsonl.zst", path[0]);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c)
    finish(recording, NOON + 81 * SECOND);
    recording = start("copy.jsonl.zst", NOON + 100 * SECOND, &begin);
    assert_true(begin.goes_on);
    assert_int_equal(begin.heard_ns, NOON + 80 * SECOND);
    /* killed again before it is connected: the gap still begins where all was heard last */
    finish(recording, NOON + 101 * SECOND);
    recording = start("copy.jsonl.zst", NOON + 110 * SECOND, &begin);
    assert_int_equal(begin.heard_ns, NOON + 80 * SECOND);
    found(recording, "nobody recorded", NOON + 111 * SECOND);
    finish(recording, NOON + 112 * SECOND);
    static const char *const copy[] = {"copy-2026-11-24.jsonl.zst"};
    assert_int_equal(read_back(copy, 1, &gaps, times_ns, 8), 2);
    assert_int_equal(gaps.count, 2);
    assert_int_equal(gaps.total_ns, (7 + 31) * SECOND);
    assert_int_equal(gaps.longest[0].from_ns, NOON + 80 * SECOND);
    assert_string_equal(gaps.longest[0].why, "nobody recorded");
    assert_string_equal(gaps.longest[1].why, "the line was cut");
}

/** A file a day; the days are read together; a day without liquidations does not hurt. */
static void test_days(void **state) {
    static const char *const paths[] = {"days-2026-11-24.zst", "days-2026-11-25.zst",
                                        "days-2026-11-26.zst"};
    const int64_t midnight = NOON + SECOND * 3600 * 12;
    struct live_recording_start begin;
    struct weir_gaps gaps;
    int64_t times_ns[8];
    (void)state;
    struct live_recording *recording = start("days.zst", NOON, &begin);
    found(recording, "none", NOON);
    liquidate(recording, midnight - 1);
    assert_string_equal(live_recording_file(recording), paths[0]);
    live_recording_heard(recording, midnight + SECOND);
    flush(recording, midnight + SECOND);
    assert_string_equal(live_recording_file(recording), paths[1]);
    flush(recording, midnight - SECOND); /* a clock that is set back */
    assert_string_equal(live_recording_file(recording), paths[1]);
    liquidate(recording, midnight + SECOND * 3600 * 24);
    finish(recording, midnight + SECOND * 3600 * 24);
    assert_int_equal(read_back(paths, 3, &gaps, times_ns, 8), 2);
    assert_int_equal(gaps.count, 0);
    assert_true(times_ns[0] < times_ns[1]);
    /* two days later: the last file tells up to when all was heard */
    recording = start("days.zst", midnight + SECOND * 3600 * 72, &begin);
    assert_false(begin.goes_on);
    assert_int_equal(begin.heard_ns, midnight + SECOND * 3600 * 24);
    finish(recording, midnight + SECOND * 3600 * 72);
}

/** What cannot be written is held, and written later. */
static void test_held(void **state) {
    static const char *const path[] = {"held-2026-11-24.zst"};
    struct live_recording_start begin;
    struct live_frames_error error = {""};
    struct rlimit before;
    struct weir_gaps gaps;
    int64_t times_ns[1];
    (void)state;
    struct live_recording *recording = start("held.zst", NOON, &begin);
    found(recording, "none", NOON);
    flush(recording, NOON);
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    liquidate(recording, NOON + SECOND);
    setrlimit(RLIMIT_FSIZE,
              &(struct rlimit){(rlim_t)live_recording_size(recording), before.rlim_max});
    const bool flushed = live_recording_flush(recording, NOON + SECOND, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(flushed);
    liquidate(recording, NOON + 2 * SECOND);
    flush(recording, NOON + 2 * SECOND);
    finish(recording, NOON + 3 * SECOND);
    assert_int_equal(read_back(path, 1, &gaps, times_ns, 1), 2);
}

static void test_names(void **state) {
    (void)state;
    assert_true(live_recording_is_path("feed.zst"));
    assert_true(live_recording_is_path("a/feed.jsonl.zst"));
    assert_false(live_recording_is_path("a.zst/feed"));
    assert_false(live_recording_is_path("a/.zst"));
    assert_false(live_recording_is_path(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_cut),
                                       cmocka_unit_test(test_damaged_last_frame),
                                       cmocka_unit_test(test_files_of_others),
                                       cmocka_unit_test(test_full_disk),
                                       cmocka_unit_test(test_kills),
                                       cmocka_unit_test(test_messages),
                                       cmocka_unit_test(test_gaps),
                                       cmocka_unit_test(test_days),
                                       cmocka_unit_test(test_held),
                                       cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
