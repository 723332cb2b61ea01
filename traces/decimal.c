#include "decimal.h"

#include <assert.h>
#include <string.h>

#define TEXT_MAX 64     /* longer texts are no prices */
#define EXPONENT_MAX 99 /* larger ones cannot fit, whatever the digits */
#define DIGITS_MAX 19   /* of INT64_MAX */

/** The digits of a text, without leading zeros, and how many of them lie after the point. */
struct digits {
    char digit[TEXT_MAX + DIGITS_MAX];
    int count;
    int after_point;
};

int64_t weir_power_of_ten(unsigned n) {
    static const int64_t powers[] = {1,
                                     10,
                                     100,
                                     1000,
                                     10000,
                                     100000,
                                     1000000,
                                     10000000,
                                     100000000,
                                     1000000000,
                                     10000000000,
                                     100000000000,
                                     1000000000000,
                                     10000000000000,
                                     100000000000000,
                                     1000000000000000,
                                     10000000000000000,
                                     100000000000000000,
                                     1000000000000000000};
    assert(n < sizeof powers / sizeof powers[0]);
    return powers[n];
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/** Reads digits and point; returns how many bytes it took, 0 when there is no digit. */
static size_t read_digits(const char *text, size_t length, struct digits *digits) {
    bool point = false;
    bool any = false;
    size_t i = 0;
    for (; i < length && (is_digit(text[i]) || (text[i] == '.' && !point)); i++) {
        if (text[i] == '.') {
            point = true;
            continue;
        }
        any = true;
        digits->after_point += point ? 1 : 0;
        if (digits->count > 0 || text[i] != '0') {
            digits->digit[digits->count++] = text[i];
        }
    }
    return any ? i : 0;
}

/** Reads the exponent that makes up all of `text`; false when it is none. */
static bool read_exponent(const char *text, size_t length, int *exponent) {
    if (length < 2 || (text[0] != 'e' && text[0] != 'E')) {
        return false;
    }
    const bool negative = text[1] == '-';
    size_t i = negative || text[1] == '+' ? 2 : 1;
    if (i == length) {
        return false;
    }
    int value = 0;
    for (; i < length; i++) {
        if (!is_digit(text[i])) {
            return false;
        }
        value = value > EXPONENT_MAX ? value : value * 10 + (text[i] - '0');
    }
    *exponent = negative ? -value : value;
    return true;
}

static bool to_mantissa(const struct digits *digits, int64_t *mantissa) {
    if (digits->count > DIGITS_MAX) {
        return false;
    }
    int64_t value = 0;
    for (int i = 0; i < digits->count; i++) {
        const int digit = digits->digit[i] - '0';
        if (value > (INT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *mantissa = value;
    return true;
}

/** Moves the point by the exponent, then drops trailing zeros only as far as is needed to fit. */
static const char *fit(struct digits *digits, int exponent, struct weir_decimal *decimal) {
    digits->after_point -= exponent;
    if (digits->count == 0) {
        *decimal = (struct weir_decimal){0, 0};
        return NULL;
    }
    while (digits->after_point < 0) {
        if (digits->count >= DIGITS_MAX) {
            return "is too large";
        }
        digits->digit[digits->count++] = '0';
        digits->after_point++;
    }
    int64_t mantissa = 0;
    while (digits->after_point > WEIR_DECIMALS_MAX || !to_mantissa(digits, &mantissa)) {
        if (digits->after_point == 0 || digits->digit[digits->count - 1] != '0') {
            return digits->after_point == 0 ? "is too large"
                                            : "has more digits than can be kept exactly (18)";
        }
        digits->count--;
        digits->after_point--;
    }
    *decimal = (struct weir_decimal){mantissa, (uint8_t)digits->after_point};
    return NULL;
}

/** Digits with at most one point, so few that they fit: nearly all numbers. False for others. */
static bool parse_short(const char *text, size_t length, struct weir_decimal *decimal) {
    if (length > WEIR_DECIMALS_MAX) {
        return false;
    }
    int64_t value = 0;
    size_t point = length;
    for (size_t i = 0; i < length; i++) {
        if (is_digit(text[i])) {
            value = value * 10 + (text[i] - '0');
        } else if (text[i] == '.' && point == length) {
            point = i;
        } else {
            return false;
        }
    }
    if (length - (point < length ? 1 : 0) == 0) {
        return false;
    }
    const size_t decimals = point < length ? length - point - 1 : 0;
    *decimal = (struct weir_decimal){value, (uint8_t)(value == 0 ? 0 : decimals)};
    return true;
}

const char *weir_decimal_parse(const char *text, size_t length, struct weir_decimal *decimal) {
    static const char not_a_number[] = "is not a decimal number";
    if (length == 0) {
        return "is empty";
    }
    if (length > TEXT_MAX) {
        return "is longer than any number";
    }
    if (parse_short(text, length, decimal)) {
        return NULL;
    }
    const bool negative = text[0] == '-';
    const size_t sign = negative || text[0] == '+' ? 1 : 0;
    struct digits digits;
    digits.count = 0;
    digits.after_point = 0;
    const size_t taken = read_digits(text + sign, length - sign, &digits);
    if (taken == 0) {
        return not_a_number;
    }
    int exponent = 0;
    const size_t rest = length - sign - taken;
    if (rest > 0 && !read_exponent(text + sign + taken, rest, &exponent)) {
        return not_a_number;
    }
    if (negative) {
        return "is negative";
    }
    return fit(&digits, exponent, decimal);
}

void weir_decimal_format(struct weir_decimal decimal, char text[WEIR_DECIMAL_TEXT_SIZE]) {
    assert(decimal.mantissa >= 0 && decimal.decimals <= WEIR_DECIMALS_MAX);
    /* from the last digit to the first; at least one before the point */
    char reversed[WEIR_DECIMAL_TEXT_SIZE];
    size_t length = 0;
    int64_t left = decimal.mantissa;
    for (int digit = 0; left > 0 || digit <= decimal.decimals; digit++) {
        if (digit > 0 && digit == decimal.decimals) {
            reversed[length++] = '.';
        }
        reversed[length++] = (char)('0' + left % 10);
        left /= 10;
    }
    for (size_t i = 0; i < length; i++) {
        text[i] = reversed[length - 1 - i];
    }
    text[length] = '\0';
}

struct weir_decimal weir_decimal_strip(struct weir_decimal decimal) {
    while (decimal.decimals > 0 && decimal.mantissa % 10 == 0) {
        decimal.mantissa /= 10;
        decimal.decimals--;
    }
    return decimal;
}

const char *weir_decimal_scale(struct weir_decimal decimal, uint8_t places, int64_t *scaled) {
    decimal = weir_decimal_strip(decimal);
    if (decimal.decimals > places) {
        return "has more digits after the point than can be kept";
    }
    const int64_t factor = weir_power_of_ten((unsigned)(places - decimal.decimals));
    if (decimal.mantissa > INT64_MAX / factor) {
        return "is too large";
    }
    *scaled = decimal.mantissa * factor;
    return NULL;
}

bool weir_decimal_above(struct weir_decimal decimal, int64_t limit) {
    if (decimal.mantissa <= limit) {
        return false; /* without dividing: nearly always */
    }
    const int64_t power = weir_power_of_ten(decimal.decimals);
    const int64_t whole = decimal.mantissa / power;
    return whole > limit || (whole == limit && decimal.mantissa % power != 0);
}
