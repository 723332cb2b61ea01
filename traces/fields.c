#include "fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "trace_error.h"

#define NS_PER_S INT64_C(1000000000)
#define TIME_FIRST_NS (INT64_C(1262304000) * NS_PER_S) /* 2010-01-01 */
#define TIME_END_NS (INT64_C(4102444800) * NS_PER_S)   /* 2100-01-01 */
#define VALUE_MAX INT64_C(1000000000000000)

bool weir_row_fails(struct weir_row_fault *fault, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    return false;
}

/** "column 'price': '-1' is negative; a decimal number above 0 is needed" */
static bool field_fails(struct weir_row_fault *fault, struct weir_field field, const char *what,
                        const char *needed) {
    return weir_row_fails(fault, "column '%s': '%s' %s; %s", field.column,
                          weir_show(field.text, field.length).text, what, needed);
}

/** Reads exactly `count` digits. */
static bool read_number(const char *text, size_t count, int64_t *number) {
    int64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (text[i] - '0');
    }
    *number = value;
    return true;
}

static bool is_leap(int64_t year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/** Days since 1970-01-01 of a date from 1970 on; -1 when there is no such day. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
    static const int64_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1970 || month < 1 || month > 12 || day < 1) {
        return -1;
    }
    const int64_t length = lengths[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
    if (day > length) {
        return -1;
    }
    int64_t days = day - 1;
    for (int64_t y = 1970; y < year; y++) {
        days += is_leap(y) ? 366 : 365;
    }
    for (int64_t m = 1; m < month; m++) {
        days += lengths[m - 1] + (m == 2 && is_leap(year) ? 1 : 0);
    }
    return days;
}

/** Reads "2025-10-16T10:59:57" (or a space for the T) to seconds since the epoch. */
static bool read_date_time(const char *text, int64_t *seconds) {
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    const bool shaped =
        read_number(text, 4, &year) && text[4] == '-' && read_number(text + 5, 2, &month) &&
        text[7] == '-' && read_number(text + 8, 2, &day) && (text[10] == 'T' || text[10] == ' ') &&
        read_number(text + 11, 2, &hour) && text[13] == ':' && read_number(text + 14, 2, &minute) &&
        text[16] == ':' && read_number(text + 17, 2, &second);
    const int64_t days = shaped ? days_of(year, month, day) : -1;
    if (days < 0 || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    *seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    return true;
}

/** Reads ".387908" if it is there; returns how many bytes it took, or -1. */
static int read_fraction(const char *text, size_t length, int64_t *ns) {
    *ns = 0;
    if (length == 0 || text[0] != '.') {
        return 0;
    }
    size_t digits = 0;
    while (1 + digits < length && text[1 + digits] >= '0' && text[1 + digits] <= '9') {
        digits++;
    }
    if (digits == 0 || digits > 9 || !read_number(text + 1, digits, ns)) {
        return -1;
    }
    *ns *= weir_power_of_ten((unsigned)(9 - digits));
    return (int)(1 + digits);
}

/** Reads "Z", "+00:00", "-0530" to seconds east of Greenwich. */
static bool read_offset(const char *text, size_t length, int64_t *seconds) {
    *seconds = 0;
    if (length == 1 && (text[0] == 'Z' || text[0] == 'z')) {
        return true;
    }
    if (length < 5 || (text[0] != '+' && text[0] != '-')) {
        return false;
    }
    const size_t colon = text[3] == ':' ? 1 : 0;
    int64_t hours = 0;
    int64_t minutes = 0;
    if (length != 5 + colon || !read_number(text + 1, 2, &hours) ||
        !read_number(text + 3 + colon, 2, &minutes) || hours > 14 || minutes > 59) {
        return false;
    }
    *seconds = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
    return true;
}

const char *weir_parse_iso_time(const char *text, size_t length, int64_t *time_ns) {
    static const char malformed[] = "is not a date and time as 2025-10-16T10:59:57.387908+00:00";
    const size_t date_time = 19;
    int64_t seconds = 0;
    int64_t ns = 0;
    int64_t offset = 0;
    if (length < date_time || !read_date_time(text, &seconds)) {
        return malformed;
    }
    const int fraction = read_fraction(text + date_time, length - date_time, &ns);
    if (fraction < 0) {
        return malformed;
    }
    const size_t used = date_time + (size_t)fraction;
    if (used == length) {
        return "has no offset to UTC (as +00:00 or Z)";
    }
    if (!read_offset(text + used, length - used, &offset)) {
        return malformed;
    }
    seconds -= offset;
    if (seconds < 0 || seconds >= TIME_END_NS / NS_PER_S) {
        return "is not between 2010 and 2099";
    }
    *time_ns = seconds * NS_PER_S + ns;
    return NULL;
}

/** Year, month and day of a day since 1970. */
static void date_of(int64_t days, int *year, int *month, int *day) {
    *year = 1970;
    while (days >= (is_leap(*year) ? 366 : 365)) {
        days -= is_leap(*year) ? 366 : 365;
        ++*year;
    }
    *month = 1;
    while (days_of(*year, *month + 1, 1) >= 0 &&
           days >= days_of(*year, *month + 1, 1) - days_of(*year, 1, 1)) {
        ++*month;
    }
    *day = (int)(days - (days_of(*year, *month, 1) - days_of(*year, 1, 1))) + 1;
}

void weir_format_iso_time(int64_t time_ns, char text[WEIR_TIME_TEXT_SIZE]) {
    const int64_t ns = time_ns % NS_PER_S;
    const int64_t second = time_ns / NS_PER_S % 86400;
    int year = 0;
    int month = 0;
    int day = 0;
    date_of(time_ns / NS_PER_S / 86400, &year, &month, &day);
    const int length =
        snprintf(text, WEIR_TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day,
                 (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
    const bool is_ms = ns % 1000000 == 0;
    snprintf(text + length, WEIR_TIME_TEXT_SIZE - (size_t)length, is_ms ? ".%03dZ" : ".%09dZ",
             (int)(is_ms ? ns / 1000000 : ns));
}

bool weir_field_time(struct weir_field field, enum weir_time_unit unit, struct weir_row *row,
                     struct weir_row_fault *fault) {
    static const char *const needed[] = {
        "nanoseconds since 1970 are needed", "microseconds since 1970 are needed",
        "milliseconds since 1970 are needed", "seconds since 1970 are needed",
        "a time between 2010 and 2099 is needed"};
    static const uint8_t places[] = {0, 3, 6, 9};
    const char *wrong = NULL;
    if (unit == WEIR_TIME_ISO) {
        wrong = weir_parse_iso_time(field.text, field.length, &row->time_ns);
    } else {
        struct weir_decimal number = {0, 0};
        wrong = weir_decimal_parse(field.text, field.length, &number);
        const int64_t unit_ns = weir_power_of_ten(places[unit]);
        if (wrong == NULL && weir_decimal_above(number, TIME_END_NS / unit_ns)) {
            wrong = "is not between 2010 and 2099";
        }
        if (wrong == NULL) {
            wrong = weir_decimal_scale(number, places[unit], &row->time_ns);
        }
    }
    if (wrong == NULL && (row->time_ns < TIME_FIRST_NS || row->time_ns >= TIME_END_NS)) {
        wrong = "is not between 2010 and 2099";
    }
    return wrong == NULL || field_fails(fault, field, wrong, needed[unit]);
}

bool weir_is_symbol(const char *text, size_t length) {
    if (length == 0 || length > WEIR_SYMBOL_MAX) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        const char c = text[i];
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        const bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && (c == '\0' || strchr("_.-:/", c) == NULL)) {
            return false;
        }
    }
    return true;
}

bool weir_field_symbol(struct weir_field field, struct weir_row *row,
                       struct weir_row_fault *fault) {
    if (!weir_is_symbol(field.text, field.length)) {
        return field_fails(fault, field, "is not a symbol",
                           "1 to 32 characters A-Z a-z 0-9 _ . - : / are needed");
    }
    memcpy(row->symbol, field.text, field.length);
    row->symbol[field.length] = '\0';
    return true;
}

bool weir_field_side(struct weir_field field, struct weir_row *row, struct weir_row_fault *fault) {
    if (field.length == 4 && strncasecmp(field.text, "SELL", 4) == 0) {
        row->side = WEIR_SIDE_SELL;
    } else if (field.length == 3 && strncasecmp(field.text, "BUY", 3) == 0) {
        row->side = WEIR_SIDE_BUY;
    } else {
        return field_fails(fault, field, "is not a side", "SELL or BUY is needed");
    }
    return true;
}

static bool read_amount(struct weir_field field, struct weir_decimal *amount,
                        struct weir_row_fault *fault) {
    const char *wrong = weir_decimal_parse(field.text, field.length, amount);
    if (wrong == NULL && amount->mantissa == 0) {
        wrong = "is not above 0";
    }
    if (wrong == NULL && weir_decimal_above(*amount, VALUE_MAX)) {
        wrong = "is absurdly large";
    }
    return wrong == NULL ||
           field_fails(fault, field, wrong, "a decimal number above 0, up to 1e15, is needed");
}

bool weir_field_price(struct weir_field field, struct weir_row *row, struct weir_row_fault *fault) {
    return read_amount(field, &row->price, fault);
}

bool weir_field_quantity(struct weir_field field, struct weir_row *row,
                         struct weir_row_fault *fault) {
    return read_amount(field, &row->quantity, fault);
}
