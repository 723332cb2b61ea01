#include <string.h>

#include "policy_guide.h"

/** Beyond every count and every limit; larger values are taken as this. */
#define HUGE_COUNT INT64_C(100000000000000000)

static char upper(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool contains(const char *name, const char *upper_part) {
    const size_t length = strlen(upper_part);
    for (; *name != '\0'; name++) {
        size_t i = 0;
        while (i < length && upper(name[i]) == upper_part[i]) {
            i++;
        }
        if (i == length) {
            return true;
        }
    }
    return false;
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/** A whole number as the guide's language reads it: blanks around it, a sign, and single
 *  underscores between digits are allowed. */
static bool parse_count(const char *text, int64_t *count) {
    while (is_blank(*text)) {
        text++;
    }
    const bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    int64_t value = 0;
    bool digit_before = false;
    for (;; text++) {
        if (*text >= '0' && *text <= '9') {
            value = value * 10 + (*text - '0');
            value = value > HUGE_COUNT ? HUGE_COUNT : value;
            digit_before = true;
        } else if (*text == '_' && digit_before) {
            digit_before = false;
        } else {
            break;
        }
    }
    while (is_blank(*text)) {
        text++;
    }
    *count = negative ? -value : value;
    return digit_before && *text == '\0';
}

static void note_weight(struct guide_limiter *limiter, int64_t value) {
    limiter->weight_header = (struct guide_header){.seen = true, .value = value};
    const double usage_pct = (double)value / (double)limiter->limits.requests * 100;
    if (usage_pct > limiter->peak_usage_pct) {
        limiter->peak_usage_pct = usage_pct;
    }
}

void guide_parse_headers(struct guide_limiter *limiter, const struct weir_reply *reply) {
    for (size_t i = 0; i < reply->header_count; i++) {
        const struct weir_header *header = &reply->headers[i];
        if (!header->name) {
            continue;
        }
        const bool weight = contains(header->name, "X-MBX-USED-WEIGHT");
        if (!weight && !contains(header->name, "X-MBX-ORDER-COUNT")) {
            continue;
        }
        int64_t value = 0;
        if (!header->value || !parse_count(header->value, &value)) {
            return; // one bad value, and the rest is not read
        }
        if (weight) {
            note_weight(limiter, value);
        } else {
            limiter->order_header = (struct guide_header){.seen = true, .value = value};
        }
    }
}
