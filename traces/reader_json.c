#include "reader_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "trace_error.h"

struct weir_json {
    json_t *line;  /**< owns everything below */
    json_t *array; /**< the events of the line, or NULL */
    json_t *event; /**< the one event of the line, or NULL */
    size_t next;
};

struct weir_json *weir_json_open(void) {
    return calloc(1, sizeof(struct weir_json));
}

/** What a stream wraps around its events. */
static json_t *unwrap(json_t *value) {
    json_t *data = json_object_get(value, "data");
    return data != NULL ? data : value;
}

bool weir_json_feed(struct weir_json *json, const char *line, size_t length,
                    struct weir_row_fault *fault) {
    json_decref(json->line);
    *json = (struct weir_json){NULL, NULL, NULL, 0};
    json_error_t error;
    json->line = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    if (json->line == NULL) {
        return weir_row_fails(fault,
                              "is not JSON (%s, at character %d); one forceOrder event a line is "
                              "needed",
                              weir_show(error.text, strlen(error.text)).text, error.column);
    }
    json_t *value = unwrap(json->line);
    if (json_is_array(value)) {
        json->array = value;
    } else {
        json->event = value;
    }
    return true;
}

/** Room for the text of a number that is not a JSON string. */
struct number_text {
    char text[WEIR_DECIMAL_TEXT_SIZE];
};

/** The text of a key of the order. Integers are accepted for text; reals have lost digits. */
static bool get_field(const json_t *order, const char *key, struct number_text *room,
                      struct weir_field *field, struct weir_row_fault *fault) {
    const json_t *value = json_object_get(order, key);
    if (value == NULL) {
        return weir_row_fails(fault, "key 'o.%s' is missing", key);
    }
    if (json_is_string(value)) {
        *field = (struct weir_field){key, json_string_value(value), json_string_length(value)};
        return true;
    }
    if (json_is_integer(value)) {
        const int length = snprintf(room->text, sizeof room->text, "%" JSON_INTEGER_FORMAT,
                                    json_integer_value(value));
        *field = (struct weir_field){key, room->text, (size_t)length};
        return true;
    }
    return weir_row_fails(fault,
                          "key 'o.%s' is neither text nor an integer; decimals must be written as "
                          "text to be exact",
                          key);
}

/** The average price if there is one above 0, else the order's price. */
static bool read_price(const json_t *order, struct weir_row *row, struct weir_row_fault *fault) {
    struct number_text room = {""};
    struct weir_field field = {"", "", 0};
    if (json_object_get(order, "ap") != NULL) {
        struct weir_decimal average = {0, 0};
        if (!get_field(order, "ap", &room, &field, fault)) {
            return false;
        }
        const char *wrong = weir_decimal_parse(field.text, field.length, &average);
        if (wrong != NULL || average.mantissa > 0) {
            return weir_field_price(field, row, fault);
        }
    }
    return get_field(order, "p", &room, &field, fault) && weir_field_price(field, row, fault);
}

static bool read_order(const json_t *order, struct weir_row *row, struct weir_row_fault *fault) {
    struct number_text room = {""};
    struct weir_field field = {"", "", 0};
    return get_field(order, "T", &room, &field, fault) &&
           weir_field_time(field, WEIR_TIME_MS, row, fault) &&
           get_field(order, "s", &room, &field, fault) && weir_field_symbol(field, row, fault) &&
           get_field(order, "S", &room, &field, fault) && weir_field_side(field, row, fault) &&
           read_price(order, row, fault) && get_field(order, "q", &room, &field, fault) &&
           weir_field_quantity(field, row, fault);
}

static bool read_event(json_t *value, struct weir_row *row, struct weir_row_fault *fault) {
    const json_t *event = unwrap(value);
    const char *kind = json_string_value(json_object_get(event, "e"));
    const json_t *order = json_object_get(event, "o");
    if (kind == NULL || strcmp(kind, "forceOrder") != 0 || !json_is_object(order)) {
        return weir_row_fails(fault, "is not a forceOrder event; {\"e\":\"forceOrder\",\"o\":{…}} "
                                     "is needed");
    }
    return read_order(order, row, fault);
}

enum weir_json_result weir_json_take(struct weir_json *json, struct weir_row *row,
                                     struct weir_row_fault *fault) {
    json_t *value = json->event;
    json->event = NULL;
    if (json->array != NULL) {
        value = json_array_get(json->array, json->next++);
    }
    if (value == NULL) {
        return WEIR_JSON_END;
    }
    return read_event(value, row, fault) ? WEIR_JSON_ROW : WEIR_JSON_BAD;
}

void weir_json_close(struct weir_json *json) {
    if (json != NULL) {
        json_decref(json->line);
        free(json);
    }
}
