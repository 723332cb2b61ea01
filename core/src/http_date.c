#include <string.h>

#include "reply_parse.h"

/** "dd" or "dddd" as a number, -1 if there is anything but digits. */
static int digits(const char *text, size_t count) {
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/** Position of the three letters at `text` in a list of such; -1 if they are not in it. */
static int name_index(const char *text, const char *names) {
    for (int i = 0; *names != '\0'; i++, names += 3) {
        if (memcmp(text, names, 3) == 0) {
            return i;
        }
    }
    return -1;
}

static bool is_leap(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month) {
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month] + (month == 1 && is_leap(year));
}

/** Days from 1 January 1970 to the given date; month from 0, day from 1. */
static int64_t days_since_1970(int year, int month, int day) {
    int64_t days = 0;
    for (int y = 1970; y < year; y++) {
        days += is_leap(y) ? 366 : 365;
    }
    for (int m = 0; m < month; m++) {
        days += days_in_month(year, m);
    }
    return days + day - 1;
}

bool weir_parse_http_date(const char *text, int64_t *unix_ns) {
    static const char form[] = "www, dd mmm yyyy hh:mm:ss GMT";
    if (!text || strnlen(text, sizeof form) != sizeof form - 1) {
        return false;
    }
    static const size_t fixed[] = {3, 4, 7, 11, 16, 19, 22, 25, 26, 27, 28};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        if (text[fixed[i]] != form[fixed[i]]) {
            return false;
        }
    }
    int weekday = name_index(text, "ThuFriSatSunMonTueWed"); // 1 January 1970 was a Thursday
    int day = digits(text + 5, 2);
    int month = name_index(text + 8, "JanFebMarAprMayJunJulAugSepOctNovDec");
    int year = digits(text + 12, 4);
    int hour = digits(text + 17, 2);
    int minute = digits(text + 20, 2);
    int second = digits(text + 23, 2);
    if (month < 0 || year < 1970 || year > 2095 || day < 1 || day > days_in_month(year, month) ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
        return false;
    }
    int64_t days = days_since_1970(year, month, day);
    if (weekday != days % 7) {
        return false;
    }
    *unix_ns = (((days * 24 + hour) * 60 + minute) * 60 + second) * WEIR_SECOND_NS;
    return true;
}
