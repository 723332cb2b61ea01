#ifndef WEIR_PLOTS_QUOTE_H
#define WEIR_PLOTS_QUOTE_H

#include <stdio.h>

/** Most characters of a foreign name that a picture shows; a longer one ends in an ellipsis. */
#define PLOTS_NAME_MAX 44

/**
 * Writes a text as a string of gnuplot. Whatever could mean something to gnuplot (quotes,
 * backslashes, backticks, dollar signs, bytes beyond ASCII) is written as an octal escape, so that
 * a text can never become script. The text must be what plots_clean returned.
 */
void plots_quote(FILE *script, const char *text);

/**
 * Makes a text fit for a picture: valid UTF-8 without control characters (they become spaces; bad
 * bytes and whatever XML forbids become U+FFFD), cut after `characters`. Writes at most `size`
 * bytes with the NUL at the end, and cuts between characters if that is too short.
 */
void plots_clean(const char *text, size_t characters, char *clean, size_t size);

/** Writes a text into HTML or XML, between tags or inside a quoted attribute: it can neither become
 *  markup nor steer the page. What plots_clean replaces is replaced here too; nothing is cut. */
void plots_escape(FILE *page, const char *text);

#endif
