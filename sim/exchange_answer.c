/**
 * Headers and bodies, formatted by hand: an answer is made for every simulated request.
 */
#include "exchange_answer.h"

#include <assert.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define DAY_S INT64_C(86400)

#define CODE_TOO_MANY_REQUESTS (-1003)
#define CODE_TOO_MANY_ORDERS (-1015)
#define CODE_INVALID_DEPTH_LIMIT (-4021)

/* Room for the longest number with sign and end; the date has the first places of the storage. */
#define NUMBER_ROOM 21
#define DATE_ROOM (EXCHANGE_DATE_LENGTH + 1)

_Static_assert(DATE_ROOM + (WEIR_ANSWER_HEADERS_MAX - 1) * NUMBER_ROOM <= WEIR_ANSWER_TEXT_MAX,
               "all header values fit into the storage of an answer");

static void put_two(char *at, int64_t value) {
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
}

/* "Sun, 06 Nov 1994 ", by the Gregorian calendar in eras of 400 years that begin in March. */
static void put_day(char *text, int64_t day) {
    static const char weekdays[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "MarAprMayJunJulAugSepOctNovDecJanFeb";
    const int64_t shifted = day + 719468; /* days since 0000-03-01 */
    const int64_t era_day = shifted % 146097;
    const int64_t era_year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
    const int64_t year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
    const int64_t month = (5 * year_day + 2) / 153; /* 0: March */
    const int64_t year = shifted / 146097 * 400 + era_year + (month >= 10 ? 1 : 0);
    memcpy(text, &weekdays[day % 7 * 3], 3);
    text[3] = ',';
    text[4] = ' ';
    put_two(text + 5, year_day - (153 * month + 2) / 5 + 1);
    text[7] = ' ';
    memcpy(text + 8, &months[month * 3], 3);
    text[11] = ' ';
    put_two(text + 12, year / 100);
    put_two(text + 14, year % 100);
    text[16] = ' ';
}

static void put_time(char *text, int64_t second_of_day) {
    put_two(text, second_of_day / 3600);
    text[2] = ':';
    put_two(text + 3, second_of_day / 60 % 60);
    text[5] = ':';
    put_two(text + 6, second_of_day % 60);
    memcpy(text + 8, " GMT", 5);
}

void exchange_date_advance(struct exchange_date *date, int64_t now_ns) {
    const int64_t second = now_ns / SECOND_NS;
    if (date->known && second == date->second) {
        return;
    }
    if (!date->known || second / DAY_S != date->second / DAY_S) {
        put_day(date->text, second / DAY_S);
    }
    put_time(date->text + 17, second % DAY_S);
    date->second = second;
    date->known = true;
}

void exchange_answer_clear(struct weir_exchange_answer *answer) {
    answer->status = 200;
    answer->code = 0;
    answer->limit = WEIR_LIMIT_WEIGHT;
    answer->charged_weight = 0;
    answer->charged_orders = 0;
    answer->ban_until_ns = 0;
    answer->used_weight = 0;
    answer->used_orders = 0;
    answer->header_count = 0;
    answer->body = NULL;
    answer->body_length = 0;
}

void exchange_answer_date(struct weir_exchange_answer *answer, const struct exchange_date *date) {
    assert(answer->header_count == 0 && date->known);
    memcpy(answer->text, date->text, DATE_ROOM);
    answer->headers[0] = (struct weir_header){.name = "Date", .value = answer->text};
    answer->header_count = 1;
}

/* Writes a number that ends before `end` and returns its first character. */
static char *put_number(char *end, int64_t value) {
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        *--end = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) {
        *--end = '-';
    }
    return end;
}

void exchange_answer_number(struct weir_exchange_answer *answer, const char *name, int64_t value) {
    const size_t place = answer->header_count;
    assert(0 < place && place < WEIR_ANSWER_HEADERS_MAX);
    char *end = answer->text + DATE_ROOM + place * NUMBER_ROOM - 1;
    *end = '\0';
    answer->headers[place] = (struct weir_header){.name = name, .value = put_number(end, value)};
    answer->header_count = place + 1;
}

static void add_text(struct weir_exchange_answer *answer, const char *text) {
    const size_t length = strlen(text);
    assert(answer->body_length + length < sizeof answer->body_text);
    memcpy(answer->body_text + answer->body_length, text, length + 1);
    answer->body_length += length;
}

static void add_number(struct weir_exchange_answer *answer, int64_t value) {
    char digits[NUMBER_ROOM];
    digits[NUMBER_ROOM - 1] = '\0';
    add_text(answer, put_number(digits + NUMBER_ROOM - 1, value));
}

static void open_body(struct weir_exchange_answer *answer, int32_t code) {
    answer->code = code;
    answer->body = answer->body_text;
    answer->body_length = 0;
    add_text(answer, "{\"code\":");
    add_number(answer, code);
    add_text(answer, ",\"msg\":\"");
}

static void close_body(struct weir_exchange_answer *answer) {
    add_text(answer, "\"}");
}

void exchange_answer_weight_body(struct weir_exchange_answer *answer, int64_t limit) {
    open_body(answer, CODE_TOO_MANY_REQUESTS);
    add_text(answer, "Too many requests; current limit is ");
    add_number(answer, limit);
    add_text(answer, " requests per minute. Please use the websocket for live updates to avoid "
                     "polling the API.");
    close_body(answer);
}

void exchange_answer_orders_body(struct weir_exchange_answer *answer, int64_t limit,
                                 const char *interval) {
    open_body(answer, CODE_TOO_MANY_ORDERS);
    add_text(answer, "Too many new orders; current limit is ");
    add_number(answer, limit);
    add_text(answer, " orders per ");
    add_text(answer, interval);
    add_text(answer, ".");
    close_body(answer);
}

void exchange_answer_ban_body(struct weir_exchange_answer *answer, int64_t until_ms) {
    open_body(answer, CODE_TOO_MANY_REQUESTS);
    add_text(answer, "Way too many requests; IP banned until ");
    add_number(answer, until_ms);
    add_text(answer, ". Please use the websocket for live updates to avoid bans.");
    close_body(answer);
}

void exchange_answer_depth_body(struct weir_exchange_answer *answer, int32_t depth_limit) {
    open_body(answer, CODE_INVALID_DEPTH_LIMIT);
    add_text(answer, "'");
    add_number(answer, depth_limit);
    add_text(answer, "' is not valid depth limit.");
    close_body(answer);
}

void exchange_answer_code_body(struct weir_exchange_answer *answer, int32_t code) {
    const char *message = exchange_message(code);
    open_body(answer, code);
    add_text(answer, message != NULL ? message : "The request was refused.");
    close_body(answer);
}

void exchange_answer_unknown_body(struct weir_exchange_answer *answer) {
    answer->code = 0;
    answer->body = answer->body_text;
    answer->body_length = 0;
    add_text(answer, "{\"msg\":\"Unknown error, please check your request or try again later.\"}");
}
