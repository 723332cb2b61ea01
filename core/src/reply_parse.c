#include "reply_parse.h"

#include <string.h>

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

bool weir_header_is(const char *name, const char *expected) {
    if (!name) {
        return false;
    }
    while (*name != '\0' && lower(*name) == lower(*expected)) {
        name++;
        expected++;
    }
    return lower(*name) == lower(*expected);
}

/** Reads a number of at most 10^9 with blanks around it. */
static bool parse_count(const char *text, int64_t *count) {
    if (!text) {
        return false;
    }
    while (is_blank(*text)) {
        text++;
    }
    if (!is_digit(*text)) {
        return false;
    }
    int64_t value = 0;
    for (; is_digit(*text); text++) {
        value = value * 10 + (*text - '0');
        if (value > WEIR_SECOND_NS) {
            return false;
        }
    }
    while (is_blank(*text)) {
        text++;
    }
    *count = value;
    return *text == '\0';
}

bool weir_parse_retry_after(const char *text, int64_t *wait_ns) {
    int64_t seconds = 0;
    if (!parse_count(text, &seconds) || seconds > WEIR_LONGEST_WAIT_NS / WEIR_SECOND_NS) {
        return false;
    }
    *wait_ns = seconds * WEIR_SECOND_NS;
    return true;
}

/** What follows `prefix` in `name`, or NULL if it does not begin with it; `prefix` is lower case.
 */
static const char *after_prefix(const char *name, const char *prefix) {
    for (; *prefix != '\0'; name++, prefix++) {
        if (lower(*name) != *prefix) {
            return NULL;
        }
    }
    return name;
}

/** "1M", "10S": number and unit up to the end of the name; 0 if it is nothing of the kind. */
static int64_t parse_interval(const char *text) {
    int64_t number = 0;
    int count = 0;
    for (; is_digit(*text) && count < 5; text++, count++) {
        number = number * 10 + (*text - '0');
    }
    if (count == 0 || *text == '\0' || text[1] != '\0') {
        return 0;
    }
    switch (lower(*text)) {
    case 's':
        return number * WEIR_SECOND_NS;
    case 'm':
        return number * WEIR_MINUTE_NS;
    case 'h':
        return number * 60 * WEIR_MINUTE_NS;
    case 'd':
        return number <= 10000 ? number * WEIR_DAY_NS : 0;
    default:
        return 0;
    }
}

bool weir_parse_usage(const struct weir_header *header, struct weir_usage *usage) {
    if (!header->name) {
        return false;
    }
    usage->type = WEIR_LIMIT_WEIGHT;
    const char *interval = after_prefix(header->name, "x-mbx-used-weight-");
    if (!interval) {
        usage->type = WEIR_LIMIT_ORDERS;
        interval = after_prefix(header->name, "x-mbx-order-count-");
    }
    if (!interval) {
        return false;
    }
    usage->interval_ns = parse_interval(interval);
    return usage->interval_ns > 0 && parse_count(header->value, &usage->used);
}

/** A stretch of text that need not end with a zero. */
struct span {
    const char *at;
    const char *end;
};

/** Moves behind the first occurrence of `words` (lower case; any case in the text); false and
 *  unmoved if there is none. */
static bool skip_behind(struct span *span, const char *words) {
    size_t length = strlen(words);
    for (const char *at = span->at; (size_t)(span->end - at) >= length; at++) {
        size_t i = 0;
        while (i < length && lower(at[i]) == words[i]) {
            i++;
        }
        if (i == length) {
            span->at = at + length;
            return true;
        }
    }
    return false;
}

static void skip_blanks(struct span *span) {
    while (span->at < span->end && is_blank(*span->at)) {
        span->at++;
    }
}

/** Reads digits at the start of the span; false if there are none or more than 18. */
static bool read_number(struct span *span, int64_t *number) {
    const char *start = span->at;
    *number = 0;
    while (span->at < span->end && is_digit(*span->at) && span->at - start < 18) {
        *number = *number * 10 + (*span->at++ - '0');
    }
    return span->at > start && (span->at == span->end || !is_digit(*span->at));
}

static bool starts_with(const struct span *span, const char *words) {
    struct span rest = *span;
    size_t length = strlen(words);
    if ((size_t)(span->end - span->at) < length) {
        return false;
    }
    rest.end = rest.at + length;
    return skip_behind(&rest, words);
}

static int parse_code(struct span body) {
    if (!skip_behind(&body, "\"code\"")) {
        return 0;
    }
    skip_blanks(&body);
    if (body.at == body.end || *body.at++ != ':') {
        return 0;
    }
    skip_blanks(&body);
    bool negative = body.at < body.end && *body.at == '-';
    body.at += negative;
    int64_t number = 0;
    if (!read_number(&body, &number) || number > 1000000) {
        return 0;
    }
    return (int)(negative ? -number : number);
}

/** "per minute", "per 10 SECOND": the interval behind the word "per"; 0 if it is not said. */
static int64_t parse_per(struct span text) {
    if (!starts_with(&text, " per ")) {
        return 0;
    }
    text.at += strlen(" per ");
    int64_t number = 1;
    if (text.at < text.end && is_digit(*text.at) &&
        (!read_number(&text, &number) || number < 1 || number > 1000)) {
        return 0;
    }
    skip_blanks(&text);
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"second", WEIR_SECOND_NS},
                 {"minute", WEIR_MINUTE_NS},
                 {"hour", 60 * WEIR_MINUTE_NS},
                 {"day", WEIR_DAY_NS}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (starts_with(&text, units[i].name)) {
            return number * units[i].ns;
        }
    }
    return 0;
}

/** "current limit is N requests per minute", "current limit of IP(…) is N …". */
static void parse_limit(struct span body, struct weir_error_body *said) {
    if (!skip_behind(&body, "current limit") || !skip_behind(&body, " is ")) {
        return;
    }
    int64_t limit = 0;
    if (!read_number(&body, &limit) || limit < 1 || limit > WEIR_SECOND_NS) {
        return;
    }
    if (starts_with(&body, " orders")) {
        said->about_orders = true;
        body.at += strlen(" orders");
    } else if (starts_with(&body, " requests")) {
        said->about_requests = true;
        body.at += strlen(" requests");
    } else {
        return;
    }
    said->limit = limit;
    said->interval_ns = parse_per(body);
}

static int64_t parse_ban(struct span body) {
    int64_t milliseconds = 0;
    if (!skip_behind(&body, "banned until ") || !read_number(&body, &milliseconds) ||
        milliseconds > INT64_C(4000000000000)) {
        return 0;
    }
    return milliseconds * (WEIR_SECOND_NS / 1000);
}

struct weir_error_body weir_parse_error_body(const char *body, size_t length) {
    struct weir_error_body said = {0};
    if (body) {
        struct span span = {.at = body, .end = body + length};
        said.code = parse_code(span);
        parse_limit(span, &said);
        said.banned_until_ns = parse_ban(span);
    }
    return said;
}
