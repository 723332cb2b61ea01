#ifndef WEIR_TRACES_PROFILE_H
#define WEIR_TRACES_PROFILE_H

#include "trace.h"

/** What traces are built from: a profile, the figures of a recorded cascade, or a generator, the
 *  parameters of a drawn one. Opaque. */
struct weir_profile;

/** Reads and checks a profile (docs/profiles.md) or generator (docs/generators.md). Unknown keys,
 * missing marks, negative counts and sums that do not agree are errors that name the key. */
struct weir_profile *weir_profile_open(const char *path, struct weir_trace_error *error);

void weir_profile_free(struct weir_profile *profile);

/** Builds a trace: deterministic in (profile, options). O(n log n) in the number of liquidations.
 *  May be called from several threads for the same profile. */
struct weir_trace *weir_profile_build(const struct weir_profile *profile,
                                      const struct weir_build_options *options,
                                      struct weir_trace_error *error);

#endif
