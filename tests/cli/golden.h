#ifndef WEIR_TESTS_CLI_GOLDEN_H
#define WEIR_TESTS_CLI_GOLDEN_H

/** What one replay at seed 1 gives, as texts: digests of trace and run, and a handful of metrics.
 */
struct golden {
    const char *trace, *policy, *rules;
    const char *trace_digest, *run_digest;
    const char *captures, *protected_captures, *requests_sent, *http_429, *http_418, *refused,
        *expired;
    const char *value_capture;
};

#endif
