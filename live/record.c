#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "http.h"
#include "recording.h"
#include "stop_signals.h"
#include "stream_client.h"

#define SECOND_NS INT64_C(1000000000)
#define RATE_SECONDS 60

/* With ticks of a quarter of a second between, no more than a second is lost. */
#define FLUSH_NS (SECOND_NS * 7 / 10)

struct recorder {
    const struct weir_record_plan *plan;
    struct live_stream_client *client;
    struct live_recording *recording; /**< NULL before the first connection */
    struct weir_record_end end;
    bool over;
    bool connected, terminal, line_is_open, flush_fails;
    int64_t end_ns;     /**< monotonic; INT64_MAX: never */
    int64_t flushed_ns; /**< monotonic */
    char lost_why[320];
    uint32_t rates[RATE_SECONDS]; /**< liquidations by second, a ring */
    int64_t rate_second;
    uint64_t told;   /**< liquidations, when the rate was told last */
    char file[4096]; /**< that was told of last */
};

static int64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* Telling. */

/** One line of what happened. */
__attribute__((format(printf, 2, 3))) static void tell(struct recorder *recorder,
                                                       const char *format, ...) {
    char text[1024];
    char clock[16];
    const time_t second = time(NULL);
    struct tm parts;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (char *c = text; *c; c++) { /* what a server says must not steer the terminal */
        *c = (char)((unsigned char)*c < ' ' || *c == '\x7f' ? '?' : *c);
    }
    strftime(clock, sizeof clock, "%H:%M:%S", gmtime_r(&second, &parts));
    fprintf(stderr, "%s%s %s\n", recorder->line_is_open ? "\r\x1b[K" : "", clock, text);
    recorder->line_is_open = false;
}

static void tell_file(struct recorder *recorder) {
    const char *file = live_recording_file(recorder->recording);
    if (strcmp(file, recorder->file) != 0) {
        snprintf(recorder->file, sizeof recorder->file, "%s", file);
        tell(recorder, "recording into %s", file);
    }
}

/** Liquidations of the last minute; a second is over. */
static unsigned of_last_minute(struct recorder *recorder, int64_t second, uint64_t liquidations) {
    unsigned sum = 0;
    for (int64_t s = recorder->rate_second + 1; s <= second; s++) {
        recorder->rates[s % RATE_SECONDS] = 0;
    }
    recorder->rate_second = second;
    recorder->rates[second % RATE_SECONDS] = (uint32_t)(liquidations - recorder->told);
    recorder->told = liquidations;
    for (size_t i = 0; i < RATE_SECONDS; i++) {
        sum += recorder->rates[i];
    }
    return sum;
}

static void tell_rate(struct recorder *recorder, int64_t second) {
    const struct live_recording_counts counts = live_recording_counts(recorder->recording);
    const unsigned minute = of_last_minute(recorder, second, counts.liquidations);
    if (!recorder->terminal) {
        return;
    }
    fprintf(stderr,
            "\r\x1b[K%s %" PRIu32 " liquidations/s, %u in the last minute, %" PRIu64
            " in all; %" PRIu64 " gaps, %.1f s; %.1f KiB",
            recorder->connected ? "connected:" : "NOT CONNECTED:",
            recorder->rates[second % RATE_SECONDS], minute, counts.liquidations, counts.gaps,
            (double)counts.gaps_ns / 1e9,
            (double)live_recording_size(recorder->recording) / 1024.0);
    fflush(stderr);
    recorder->line_is_open = true;
}

/* Events of the stream. */

__attribute__((format(printf, 2, 3))) static void fail(struct recorder *recorder,
                                                       const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(recorder->end.text, sizeof recorder->end.text, format, arguments);
    va_end(arguments);
    recorder->end.status = WEIR_RECORD_FAILED;
    recorder->over = true;
}

static bool begin(struct recorder *recorder, int64_t now_ns) {
    struct live_recording_start start;
    struct live_frames_error error = {.text = ""};
    recorder->recording =
        live_recording_open(recorder->plan->out, recorder->plan->url, now_ns, &start, &error);
    if (!recorder->recording) {
        fail(recorder, "%s", error.text);
        return false;
    }
    tell_file(recorder);
    if (start.cut_bytes > 0) {
        tell(recorder, "cut off its last %zu bytes, a frame without its end", start.cut_bytes);
    }
    snprintf(recorder->lost_why, sizeof recorder->lost_why, "nobody recorded");
    return true;
}

static void on_opened(void *context) {
    struct recorder *recorder = context;
    const int64_t now_ns = live_now_ns();
    struct live_frames_error error = {""};
    if (recorder->over || (!recorder->recording && !begin(recorder, now_ns))) {
        return;
    }
    const struct live_recording_counts before = live_recording_counts(recorder->recording);
    if (!live_recording_found(recorder->recording, recorder->lost_why, now_ns, &error)) {
        fail(recorder, "%s", error.text);
        return;
    }
    const struct live_recording_counts after = live_recording_counts(recorder->recording);
    recorder->connected = true;
    tell(recorder, "connected to %s", recorder->plan->url);
    if (after.gaps > before.gaps) {
        tell(recorder, "gap of %.3f s: %s", (double)(after.gaps_ns - before.gaps_ns) / 1e9,
             recorder->lost_why);
    }
}

static void on_message(void *context, const char *text, size_t length) {
    struct recorder *recorder = context;
    struct live_frames_error error = {""};
    if (recorder->over) {
        return;
    }
    const uint64_t others = live_recording_counts(recorder->recording).others;
    if (!live_recording_message(recorder->recording, text, length, live_now_ns(), &error)) {
        fail(recorder, "%s", error.text);
    } else if (others == 0 && live_recording_counts(recorder->recording).others > 0) {
        tell(recorder,
             "the stream says something that is no liquidation; it is kept as a note: "
             "%.*s",
             (int)(length < 200 ? length : 200), text);
    }
}

static void on_heard(void *context) {
    struct recorder *recorder = context;
    if (recorder->recording) {
        live_recording_heard(recorder->recording, live_now_ns());
    }
}

static void flush(struct recorder *recorder) {
    struct live_frames_error error = {""};
    const bool flushed = live_recording_flush(recorder->recording, live_now_ns(), &error);
    if (!flushed && !recorder->flush_fails) {
        tell(recorder, "%s; trying again each second", error.text);
    } else if (flushed && recorder->flush_fails) {
        tell(recorder, "the file can be written again");
    }
    recorder->flush_fails = !flushed;
    tell_file(recorder);
}

static void on_lost(void *context, const char *why, bool whole, double retry_s) {
    struct recorder *recorder = context;
    if (recorder->over) {
        return;
    }
    if (!recorder->recording) {
        fail(recorder, "%s", why);
        return;
    }
    if (whole) {
        on_heard(recorder);
    }
    if (recorder->connected) { /* the first reason counts, not why later attempts failed */
        snprintf(recorder->lost_why, sizeof recorder->lost_why, "%s", why);
        live_recording_lost(recorder->recording);
        flush(recorder);
    }
    recorder->connected = false;
    tell(recorder, "%s; next attempt in %.1f s", why, retry_s);
}

static void on_tick(void *context) {
    struct recorder *recorder = context;
    const int64_t time_ns = monotonic_ns();
    recorder->over = recorder->over || time_ns >= recorder->end_ns;
    if (recorder->over || !recorder->recording) {
        return;
    }
    if (time_ns - recorder->flushed_ns >= FLUSH_NS) {
        recorder->flushed_ns = time_ns;
        flush(recorder);
    }
    if (time_ns / SECOND_NS != recorder->rate_second) {
        tell_rate(recorder, time_ns / SECOND_NS);
    }
}

/* Life. */

/** Ends the recording and says what is in it. */
static void finish(struct recorder *recorder) {
    struct live_frames_error error = {""};
    const struct live_recording_counts counts = live_recording_counts(recorder->recording);
    const char *why = recorder->end.status == WEIR_RECORD_FAILED ? recorder->end.text
                      : live_stop_signal() == SIGINT             ? "SIGINT"
                      : live_stop_signal() == SIGTERM            ? "SIGTERM"
                                                                 : "time is over";
    const bool failed_before = recorder->end.status == WEIR_RECORD_FAILED;
    tell(recorder, "liquidations: %" PRIu64 "; gaps: %" PRIu64 ", %.3f s in all",
         counts.liquidations, counts.gaps, (double)counts.gaps_ns / 1e9);
    if (!live_recording_end(recorder->recording, why, live_now_ns(), &error) && !failed_before) {
        fail(recorder, "%s", error.text);
    }
}

static struct weir_record_end run(struct recorder *recorder) {
    live_stop_catch();
    live_stop_wakes(live_stream_client_context(recorder->client));
    while (!live_stop_signal() && !recorder->over) {
        if (!live_stream_client_serve(recorder->client)) {
            fail(recorder, "the socket library gave up");
        }
    }
    live_stop_wakes(NULL);
    live_stream_client_destroy(recorder->client);
    if (recorder->end.status == WEIR_RECORD_DONE && live_stop_signal()) {
        recorder->end.status = WEIR_RECORD_STOPPED;
        recorder->end.signal = live_stop_signal();
    }
    if (recorder->recording) {
        finish(recorder);
    }
    return recorder->end;
}

static struct weir_record_end wrong_use(const char *text) {
    struct weir_record_end end = {.status = WEIR_RECORD_WRONG_USE};
    snprintf(end.text, sizeof end.text, "%s", text);
    return end;
}

struct weir_record_end weir_record(const struct weir_record_plan *plan) {
    char why[512];
    struct recorder recorder = {.plan = plan, .terminal = isatty(STDERR_FILENO) == 1};
    struct live_stream_settings settings = {
        .ca_file = plan->ca_file, .silence_s = plan->silence_s, .message_max = LIVE_MESSAGE_MAX};
    const struct live_stream_events events = {&recorder, on_opened, on_message,
                                              on_heard,  on_lost,   on_tick};
    if (!live_stream_url_read(plan->url, &settings.url, why, sizeof why)) {
        return wrong_use(why);
    }
    if (!live_recording_is_path(plan->out)) {
        snprintf(why, sizeof why, "-o '%.300s': a name that ends in .zst is needed", plan->out);
        return wrong_use(why);
    }
    if (plan->ca_file && access(plan->ca_file, R_OK)) {
        snprintf(why, sizeof why, "--ca %.300s: cannot be read: %s", plan->ca_file,
                 strerror(errno));
        return wrong_use(why);
    }
    recorder.client = live_stream_client_create(&settings, &events);
    if (!recorder.client) {
        fail(&recorder, "%s",
             plan->ca_file ? "no memory, or --ca holds no certificates" : "out of memory");
        return recorder.end;
    }
    recorder.rate_second = monotonic_ns() / SECOND_NS;
    recorder.end_ns = plan->for_s > 0.0 ? monotonic_ns() + (int64_t)(plan->for_s * 1e9) : INT64_MAX;
    return run(&recorder);
}
