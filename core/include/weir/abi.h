#ifndef WEIR_ABI_H
#define WEIR_ABI_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) // what follows is exported

/**
 * What a program needs to know that uses the library without its headers, from another language,
 * say: which version it found, and how the structures lie in memory. Such a program compares its
 * own idea of each structure with this table before its first call, and refuses to go on if they
 * differ.
 */

/** Version of the library, "major.minor.patch". Static storage. */
const char *weir_version(void);

/** Where a field of a structure lies. Each structure comes first as a whole: field NULL, offset 0,
 *  its own size; then its fields in their order. */
struct weir_field {
    const char *type;  /**< "weir_request" */
    const char *field; /**< "deadline_ns", or NULL for the structure itself */
    size_t offset;     /**< bytes from its start */
    size_t size;       /**< in bytes */
};

/** Line `index` of the table of all structures that callers of weir/handle.h fill in or read; NULL
 *  past the last. Static storage. O(1). */
const struct weir_field *weir_field_at(size_t index);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
