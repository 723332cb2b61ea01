#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "replay_document.h"
#include "replay_tables.h"
#include "whole_file.h"

#define SECOND_NS 1000000000LL
#define MINUTE_NS (60 * SECOND_NS)

/** What one second of a run saw. */
struct second {
    double weight, orders; /* charged in it */
    double captures, captured_usd, misses, missed_usd;
    double http_429, http_418;
};

struct timeline {
    struct second *seconds;
    size_t count;
    int64_t start_ns; /* of the first second */
};

static struct second *second_at(const struct timeline *t, int64_t time_ns) {
    const int64_t index = (time_ns - t->start_ns) / SECOND_NS;
    return time_ns >= t->start_ns && index < (int64_t)t->count ? &t->seconds[index] : NULL;
}

static void add_requests(const struct weir_ledger *l, struct timeline *t) {
    for (size_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        struct second *s = r->arrived_ns ? second_at(t, r->arrived_ns) : NULL;
        if (s) {
            s->weight += r->charged_weight;
            s->orders += r->client == WEIR_CLIENT_SECOND_BOT ? 0 : r->charged_orders;
            s->http_429 += r->status == 429;
            s->http_418 += r->status == 418;
        }
    }
}

static void add_opportunities(const struct weir_ledger *l, struct timeline *t) {
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        struct second *s = second_at(t, o->time_ns);
        if (!s) {
            continue;
        }
        if (o->state == WEIR_STATE_CAPTURED) {
            s->captures += 1.0;
            s->captured_usd += o->notional_usd;
        } else {
            s->misses += 1.0;
            s->missed_usd += o->notional_usd;
        }
    }
}

static void write_timeline(const struct weir_run *run, const struct timeline *t, FILE *out) {
    const int64_t onset_ns = run->own.facts.onset_ns;
    double weight = 0.0;
    double orders = 0.0;
    int64_t minute = 0;
    fputs(
        "#second\tused_weight\tused_orders\tcaptures\tcaptured_usd\tmisses\tmissed_usd\thttp_429\t"
        "http_418\n",
        out);
    for (size_t i = 0; i < t->count; i++) {
        const int64_t at_ns = t->start_ns + (int64_t)i * SECOND_NS;
        const struct second *s = &t->seconds[i];
        if (at_ns / MINUTE_NS != minute) {
            minute = at_ns / MINUTE_NS;
            weight = orders = 0.0;
        }
        weight += s->weight;
        orders += s->orders;
        fprintf(out, "%.3f\t%.0f\t%.0f\t%.0f\t%.2f\t%.0f\t%.2f\t%.0f\t%.0f\n",
                (double)(at_ns - onset_ns) / 1e9, weight, orders, s->captures, s->captured_usd,
                s->misses, s->missed_usd, s->http_429, s->http_418);
    }
}

static bool timeline_file(const struct weir_run *run, FILE *out) {
    const struct weir_run_facts *facts = &run->own.facts;
    /* whole seconds of the server's clock, so that minutes begin with one */
    struct timeline t = {.start_ns = facts->start_ns / SECOND_NS * SECOND_NS};
    t.count = (size_t)((facts->end_ns - t.start_ns) / SECOND_NS) + 1;
    t.seconds = calloc(t.count, sizeof *t.seconds);
    if (!t.seconds) {
        return false;
    }
    add_requests(&run->own, &t);
    add_requests(&run->foreign, &t);
    add_opportunities(&run->own, &t);
    write_timeline(run, &t, out);
    free(t.seconds);
    return true;
}

/** Stretches of one kind: those that overlap or touch are written as one, named after the first. */
struct spans {
    FILE *out;
    const struct weir_run_facts *facts;
    const char *kind, *label;
    int64_t from_ns, until_ns; /* of the stretch not yet written; from_ns 0: none */
};

static void end_span(struct spans *s) {
    if (s->from_ns != 0) {
        const int64_t end_ns = s->until_ns < s->facts->end_ns ? s->until_ns : s->facts->end_ns;
        fprintf(s->out, "%.3f\t%.3f\t%s\t%s\n", (double)(s->from_ns - s->facts->onset_ns) / 1e9,
                (double)(end_ns - s->facts->onset_ns) / 1e9, s->kind, s->label);
    }
    s->from_ns = 0;
}

/** Adds a stretch; they come in order of their beginnings. */
static void add_span(struct spans *s, int64_t from_ns, int64_t until_ns, const char *label) {
    if (s->from_ns != 0 && from_ns <= s->until_ns && strcmp(s->kind, "mode") != 0) {
        s->until_ns = until_ns > s->until_ns ? until_ns : s->until_ns;
        return;
    }
    end_span(s);
    s->from_ns = from_ns;
    s->until_ns = until_ns;
    s->label = label;
}

/** Changes of the policy's state of one kind ("hold", "mode"). */
static void state_spans(const struct weir_ledger *l, struct spans *s) {
    for (size_t i = 0; i < l->state_count; i++) {
        const struct weir_event *e = &l->states[i].event;
        /* a ban that the policy believes in is a hold: whether there is one the exchange knows */
        const bool holds = strcmp(s->kind, "hold") == 0 && strcmp(e->what, "ban") == 0;
        if ((holds || strcmp(e->what, s->kind) == 0) && e->until_ns > e->time_ns) {
            /* a mode is named by what it is, a hold by what caused it */
            const char *label = strcmp(s->kind, "mode") == 0 ? e->value : e->cause;
            add_span(s, e->time_ns, e->until_ns, label ? label : s->kind);
        }
    }
    end_span(s);
}

/** Stretches of opportunities that closed while the bot's detector was on. */
static void cascade_spans(const struct weir_hunt *hunt, struct spans *s) {
    for (size_t i = 0; i < hunt->opportunity_count; i++) {
        const struct weir_opportunity *o = &hunt->opportunities[i];
        if (!o->in_cascade) {
            end_span(s);
        } else if (s->from_ns == 0) {
            add_span(s, o->closes_ns, o->closes_ns, "cascade");
        } else {
            s->until_ns = o->closes_ns;
        }
    }
    end_span(s);
}

/** Cascades of the bot's detector, modes and holds of the policy, bans of the exchange. */
static bool spans_file(const struct weir_replay *replay, const struct weir_run *run, FILE *out) {
    const struct weir_ledger *l = &run->own;
    struct spans cascades = {.out = out, .facts = &l->facts, .kind = "cascade"};
    struct spans modes = {.out = out, .facts = &l->facts, .kind = "mode"};
    struct spans holds = {.out = out, .facts = &l->facts, .kind = "hold"};
    struct spans bans = {.out = out, .facts = &l->facts, .kind = "ban"};
    fputs("#from_s\tuntil_s\tkind\tlabel\n", out);
    cascade_spans(&replay->stage->hunts[0], &cascades);
    state_spans(l, &modes);
    state_spans(l, &holds);
    for (size_t i = 0; i < l->ban_count; i++) {
        add_span(&bans, l->bans[i].from_ns, l->bans[i].until_ns, "418");
    }
    end_span(&bans);
    return true;
}

static int compare_ns(const void *left, const void *right) {
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/** Cumulative shares, thinned to at most about 2,000 rows; the extremes stay. */
static bool latency_file(const struct weir_run *run, FILE *out) {
    const struct weir_ledger *l = &run->own;
    int64_t *times_ns = calloc(l->opportunity_count + 1, sizeof *times_ns);
    if (!times_ns) {
        return false;
    }
    size_t count = 0;
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        if (o->state == WEIR_STATE_CAPTURED) {
            times_ns[count++] = o->accepted_ns - o->time_ns;
        }
    }
    qsort(times_ns, count, sizeof *times_ns, compare_ns);
    const size_t stride = count / 2000 + 1;
    fputs("#latency_ms\tshare_of_captures\tshare_of_opportunities\n", out);
    for (size_t i = 0; i < count; i++) {
        if (i % stride == 0 || i + 1 == count) {
            fprintf(out, "%.6f\t%.6f\t%.6f\n", (double)times_ns[i] / 1e6,
                    (double)(i + 1) / (double)count,
                    (double)(i + 1) / (double)l->opportunity_count);
        }
    }
    free(times_ns);
    return true;
}

static bool document_file(const struct weir_replay *replay, size_t policy, FILE *out) {
    char *text = weir_replay_document(replay, policy);
    if (!text) {
        return false;
    }
    fprintf(out, "%s\n", text);
    free(text);
    return true;
}

/* the document last: where it is, the rest is */
enum file {
    FILE_TIMELINE,
    FILE_SPANS,
    FILE_LATENCY,
    FILE_WINDOWS,
    FILE_CAUSES,
    FILE_SYMBOLS,
    FILE_DOCUMENT,
    FILE_COUNT
};

static bool write_file(const struct weir_replay *replay, size_t policy, enum file which,
                       FILE *out) {
    const struct weir_run *run = replay->policies[policy].first;
    switch (which) {
    case FILE_DOCUMENT:
        return document_file(replay, policy, out);
    case FILE_TIMELINE:
        return timeline_file(run, out);
    case FILE_SPANS:
        return spans_file(replay, run, out);
    case FILE_LATENCY:
        return latency_file(run, out);
    case FILE_WINDOWS:
        return weir_windows_table(&run->own, out);
    case FILE_CAUSES:
        return weir_causes_table(&run->own, out);
    case FILE_SYMBOLS:
        return weir_symbols_table(&run->own, out);
    case FILE_COUNT:
        break;
    }
    return false;
}

/** Opens, writes and finishes one file of the folder. */
static bool prepare_file(const struct weir_replay *replay, size_t policy, const char *folder,
                         enum file which, struct weir_whole_file *file, char *error,
                         size_t error_size) {
    static const char *const names[FILE_COUNT] = {"timeline.tsv", "spans.tsv",  "latency.tsv",
                                                  "windows.tsv",  "causes.tsv", "symbols.tsv",
                                                  "result.json"};
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, names[which]) >= (int)sizeof path) {
        snprintf(error, error_size, "%.200s…: the path is too long", folder);
        return false;
    }
    if (!weir_whole_file_open(file, path, error, error_size)) {
        return false;
    }
    if (!write_file(replay, policy, which, file->stream)) {
        snprintf(error, error_size, "%.300s: out of memory", path);
        weir_whole_file_discard(file);
        return false;
    }
    if (!weir_whole_file_finish(file, error, error_size)) {
        weir_whole_file_discard(file);
        return false;
    }
    return true;
}

bool weir_replay_folder(const struct weir_replay *replay, size_t policy, const char *folder,
                        char *error, size_t error_size) {
    struct weir_whole_file files[FILE_COUNT];
    int ready = 0;
    if (!weir_make_folder(folder, error, error_size)) {
        return false;
    }
    while (ready < FILE_COUNT && prepare_file(replay, policy, folder, (enum file)ready,
                                              &files[ready], error, error_size)) {
        ready++;
    }
    return weir_whole_files_place(files, (size_t)ready, ready == FILE_COUNT, error, error_size);
}

bool weir_replay_log(const struct weir_replay *replay, size_t policy, const char *path, char *error,
                     size_t error_size) {
    const struct weir_run *run = replay->policies[policy].first;
    struct weir_whole_file file;
    if (!weir_whole_file_open(&file, path, error, error_size)) {
        return false;
    }
    const bool written =
        weir_log_write(file.stream, &run->own, &run->foreign, replay->strategy, replay->second);
    snprintf(error, error_size, "%.300s: out of memory", path);
    return weir_whole_file_end(&file, written || ferror(file.stream), error, error_size);
}
