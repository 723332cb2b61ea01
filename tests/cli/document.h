#ifndef WEIR_TESTS_CLI_DOCUMENT_H
#define WEIR_TESTS_CLI_DOCUMENT_H

#include <jansson.h>

/** Result documents, as the tests read them. */

/** Parses a document; fails the test with `what` if it is not one. The caller owns the reference.
 */
json_t *parse_document(const char *text, const char *what);

/** Value at a path of keys separated by blanks ("metrics captures mean"; a key may hold dots);
 * fails the test if there is none. Borrowed. */
const json_t *at(const json_t *document, const char *path);

/** The same as a number or a text. */
double number_at(const json_t *document, const char *path);
const char *text_at(const json_t *document, const char *path);

/** Mean of a metric. */
double metric(const json_t *document, const char *name);

/** The document without its cost, the only part that may differ from run to run, as text that can
 * be compared; the caller frees it. */
char *without_cost(const char *text);

/** Fails the test if two results differ in more than their cost. Frees both. */
void assert_same_result(char *one, char *other);

#endif
