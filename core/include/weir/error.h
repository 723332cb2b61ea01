#ifndef WEIR_ERROR_H
#define WEIR_ERROR_H

/**
 * Errors are values: every function that can fail returns a status and, where the caller passes
 * one, fills in a struct weir_error that says what was wrong and what would be right.
 */

/** Why a call failed. WEIR_OK is 0, so `if (status)` reads as "if it failed". */
enum weir_status {
    WEIR_OK = 0,
    WEIR_INVALID,       /**< an argument is out of its stated range */
    WEIR_NO_MEMORY,     /**< memory could not be had (only when an object is made) */
    WEIR_UNKNOWN_KEY,   /**< a setting of that name does not exist */
    WEIR_UNKNOWN_VALUE, /**< a setting's value cannot be read or is out of range */
    WEIR_UNKNOWN_POLICY,
    WEIR_DUPLICATE, /**< a request with that id is still open */
    WEIR_NO_SUCH,   /**< no request with that id is open */
    WEIR_FULL,      /**< more open requests than the capacity given when the limiter was made */
    WEIR_BROKEN     /**< the policy itself failed (an external program died, say) */
};

/** A failure in words. Owned by the caller; `text` is always terminated and never has a newline. */
struct weir_error {
    enum weir_status status;
    char text[256];
};

#endif
