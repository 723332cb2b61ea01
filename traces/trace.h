#ifndef WEIR_TRACES_TRACE_H
#define WEIR_TRACES_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "liquidation.h"

/**
 * Traces in memory, and the two ways to get one: reading recordings and building from a profile.
 */

/** Why a trace could not be had. */
enum weir_trace_status {
    WEIR_TRACE_OK = 0,
    WEIR_TRACE_NO_FILE,   /**< cannot be opened or read */
    WEIR_TRACE_BAD_INPUT, /**< opened, but not a trace: wrong header, bad row, empty, truncated … */
    WEIR_TRACE_NO_MEMORY,
    WEIR_TRACE_WRONG_USE /**< no paths, standard input twice, … */
};

/** The failure in words: file, line, column or key, what was wrong, what would be right. */
struct weir_trace_error {
    enum weir_trace_status status;
    char text[512];
};

/** Where a figure of a profile comes from. */
enum weir_mark {
    WEIR_MARK_RECORDED,
    WEIR_MARK_DERIVED,
    WEIR_MARK_DRAWN
};

/** One part of a profile and where it comes from ("counts", recorded). */
struct weir_marked_field {
    char name[32];
    enum weir_mark mark;
    char note[200];
};
#define WEIR_MARKED_FIELDS_MAX 16

/** Replaces the drawn parts of a profile; NULL or "" keeps the profile's own. */
struct weir_build_options {
    uint64_t seed;
    uint32_t replication; /**< each number draws another trace */
    const char *shape;    /**< "spread" or "block" */
    const char *path;     /**< "v", "slide" or "late" */
};

/** How recordings are read. */
struct weir_read_options {
    bool skip_bad;       /**< count bad rows instead of failing on the first */
    bool any_order;      /**< rows may go back in time (then a trace cannot be opened from them) */
    const char *reader;  /**< name of the form (weir_reader_name), NULL or "": recognised */
    const char *columns; /**< which column is what, as in "time=ts,symbol=2,unit=ms"; NULL or "" */
    /** Told of every bad row under skip_bad; may be NULL. */
    void (*on_bad)(void *context, const char *name, size_t line, const char *what);
    void *context; /**< of on_bad */
};

/**
 * A trace: liquidations in time order, and the names of their symbols. Everything in it belongs to
 * the trace and is freed with it.
 */
struct weir_trace {
    char *name; /**< base name of the file or profile, without endings */
    struct weir_liquidation *rows;
    size_t row_count;
    char **symbols; /**< as traded on the exchange: "BTCUSDT" */
    size_t symbol_count;
    uint64_t digest;  /**< of rows and symbol names; independent of the file's form */
    bool built;       /**< from a profile; otherwise recorded */
    size_t bad_rows;  /**< rows left out under skip_bad */
    size_t gap_count; /**< gaps that recordings of weir record tell of */
    double gaps_s;    /**< how long they are together */
    size_t cut_files; /**< recordings of weir record that lack their end */
    struct weir_marked_field
        fields[WEIR_MARKED_FIELDS_MAX]; /**< built: what is recorded, derived, drawn */
    size_t field_count;
    double recorded_throttle_ms; /**< built: the feed's throttle it was recorded under; 0: none or
                                    unknown */
};

/**
 * Reads or builds one trace from one or more paths. A path is a recording in any known form (see
 * reader.h), "-" for standard input, or a profile or generator (a JSON object with "schema":
 * "weir.profile/1" or "weir.generator/1").
 * Several recordings are merged by time into one trace; a profile must be the only path.
 * `build` may be NULL when no path is a profile (then seed 0, replication 0).
 * Returns NULL and fills `error` on failure. The caller frees the trace with weir_trace_free.
 */
struct weir_trace *weir_trace_open(const char *const *paths, size_t path_count,
                                   const struct weir_read_options *read,
                                   const struct weir_build_options *build,
                                   struct weir_trace_error *error);

void weir_trace_free(struct weir_trace *trace);

/** Whether the paths can be read together: at least one, at most one standard input, a profile only
 *  alone. False and `error` if not. */
bool weir_trace_check_paths(const char *const *paths, size_t path_count,
                            struct weir_trace_error *error);

/** Whether the file at `path` looks like a profile or generator: then each replication builds its
 * own trace. */
bool weir_is_profile(const char *path);

/** "recorded", "derived" or "drawn". Static storage. */
const char *weir_mark_name(enum weir_mark mark);

#endif
