#ifndef WEIR_LIVE_RECORD_H
#define WEIR_LIVE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

/** Records a stream of liquidations into files (recording.h), whatever happens to the connection.
 */

struct weir_record_plan {
    const char *url;     /**< ws:// or wss:// */
    const char *out;     /**< the files' name; ends in .zst */
    const char *ca_file; /**< of certificates that are trusted; NULL: the system's */
    double for_s;        /**< how long to record; 0: until a signal */
    double silence_s;    /**< a connection that gives no sign of life for so long is given up */
};

enum weir_record_status {
    WEIR_RECORD_DONE = 0, /**< the time is over */
    WEIR_RECORD_STOPPED,  /**< by a signal */
    WEIR_RECORD_FAILED,   /**< no first connection, or a file cannot be written */
    WEIR_RECORD_WRONG_USE
};

struct weir_record_end {
    enum weir_record_status status;
    int signal;     /**< the one that ended it */
    char text[640]; /**< why it failed */
};

/** Records until the time is over, SIGINT or SIGTERM. The first connection must succeed; from then
 *  on it is kept. What happens is told on standard error: on a terminal the rate as well, in one
 *  line that is written anew. */
struct weir_record_end weir_record(const struct weir_record_plan *plan);

#endif
