#include "reader_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "coin_margined.h"
#include "trace_error.h"

/** Keys that tell what a line is, and those of this project's own form. */
enum key {
    KEY_TIME_NS, /**< as enum weir_time_unit */
    KEY_TIME_US,
    KEY_TIME_MS,
    KEY_SYMBOL,
    KEY_SIDE,
    KEY_PRICE,
    KEY_QUANTITY,
    KEY_DATA,
    KEY_TOPIC,
    KEY_EVENTS,
    KEY_WEIR,
    KEY_COUNT
};

static const char *const key_names[KEY_COUNT] = {"time_ns", "time_us", "time_ms",  "symbol",
                                                 "side",    "price",   "quantity", "data",
                                                 "topic",   "events",  "weir"};

/** Their values in an object; NULL where there is none. */
struct survey {
    json_t *value[KEY_COUNT];
};

struct weir_json {
    enum weir_json_kind kind; /**< that was asked for */
    json_t *line;             /**< owns everything below */
    json_t *array;            /**< the events of the line, or NULL */
    json_t *event;            /**< the one event of the line, or NULL */
    enum weir_json_kind line_kind;
    struct survey survey; /**< of the line */
    size_t next;
    bool is_note;
    struct weir_note note;
};

struct weir_json *weir_json_open(enum weir_json_kind kind) {
    struct weir_json *json = calloc(1, sizeof *json);
    if (json != NULL) {
        json->kind = kind;
    }
    return json;
}

/** Finds all keys in one pass: asking for each costs more than parsing the line. */
static struct survey survey_of(json_t *object) {
    struct survey survey = {{NULL}};
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(object, name, value) {
        for (size_t key = 0; key < KEY_COUNT; key++) {
            if (name[0] == key_names[key][0] && strcmp(name, key_names[key]) == 0) {
                survey.value[key] = value;
                break;
            }
        }
    }
    return survey;
}

static bool begins_with(const char *text, const char *beginning) {
    return text != NULL && strncmp(text, beginning, strlen(beginning)) == 0;
}

/** What kind of line it is; WEIR_JSON_ANY: its events say so themselves. */
static enum weir_json_kind recognise(const struct survey *line) {
    const char *topic = json_string_value(line->value[KEY_TOPIC]);
    if (begins_with(topic, "allLiquidation.") || begins_with(topic, "liquidation.")) {
        return WEIR_JSON_BYBIT;
    }
    return json_is_array(line->value[KEY_EVENTS]) ? WEIR_JSON_HYPERLIQUID : WEIR_JSON_ANY;
}

bool weir_json_feed(struct weir_json *json, const char *line, size_t length,
                    struct weir_row_fault *fault) {
    json_decref(json->line);
    json->line = json->array = json->event = NULL;
    json->next = 0;
    json->is_note = false;
    json_error_t error;
    json->line = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    if (json->line == NULL) {
        return weir_row_fails(fault,
                              "is not JSON (%s, at character %d); one event a line is needed",
                              weir_show(error.text, strlen(error.text)).text, error.column);
    }
    json->survey = survey_of(json->line);
    if (json->survey.value[KEY_WEIR] != NULL) {
        json->is_note = weir_note_read(json->line, &json->note, fault);
        return json->is_note;
    }
    json->line_kind = json->kind != WEIR_JSON_ANY ? json->kind : recognise(&json->survey);
    json_t *data = json->survey.value[KEY_DATA];
    json_t *value = json->line_kind == WEIR_JSON_HYPERLIQUID ? json->survey.value[KEY_EVENTS]
                    : data != NULL                           ? data
                                                             : json->line;
    if (value == NULL) {
        return weir_row_fails(fault,
                              "has no list 'events', as every line of Hyperliquid's fills has");
    }
    if (json_is_array(value)) {
        json->array = value;
    } else {
        json->event = value;
    }
    return true;
}

const struct weir_note *weir_json_note(const struct weir_json *json) {
    return json->is_note ? &json->note : NULL;
}

/** Room for the text of a number that is not a JSON string. */
struct number_text {
    char text[WEIR_DECIMAL_TEXT_SIZE];
};

/** The text of a value, which a key has. Integers are accepted for text; reals have lost digits. */
static bool take_field(const json_t *value, const char *key, struct number_text *room,
                       struct weir_field *field, struct weir_row_fault *fault) {
    if (value == NULL) {
        return weir_row_fails(fault, "key '%s' is missing", key);
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
                          "key '%s' is neither text nor an integer; decimals must be written as "
                          "text to be exact",
                          key);
}

static bool get_field(const json_t *order, const char *key, struct number_text *room,
                      struct weir_field *field, struct weir_row_fault *fault) {
    return take_field(json_object_get(order, key), key, room, field, fault);
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

/** What the five fields are called in an object. */
struct keys {
    const char *time, *symbol, *side, *price, *quantity;
};

/** All but price and quantity. */
static bool read_head(const json_t *object, const struct keys *keys, enum weir_time_unit unit,
                      struct weir_row *row, struct weir_row_fault *fault) {
    struct number_text room = {""};
    struct weir_field field = {"", "", 0};
    return get_field(object, keys->time, &room, &field, fault) &&
           weir_field_time(field, unit, row, fault) &&
           get_field(object, keys->symbol, &room, &field, fault) &&
           weir_field_symbol(field, row, fault) &&
           get_field(object, keys->side, &room, &field, fault) &&
           weir_field_side(field, row, fault);
}

static bool read_quantity(const json_t *object, const char *key, struct weir_row *row,
                          struct weir_row_fault *fault) {
    struct number_text room = {""};
    struct weir_field field = {"", "", 0};
    return get_field(object, key, &room, &field, fault) && weir_field_quantity(field, row, fault);
}

/** Five fields of these names. */
static bool read_object(const json_t *object, const struct keys *keys, enum weir_time_unit unit,
                        struct weir_row *row, struct weir_row_fault *fault) {
    struct number_text room = {""};
    struct weir_field field = {"", "", 0};
    return read_head(object, keys, unit, row, fault) &&
           get_field(object, keys->price, &room, &field, fault) &&
           weir_field_price(field, row, fault) && read_quantity(object, keys->quantity, row, fault);
}

static bool read_order(const json_t *order, struct weir_row *row, struct weir_row_fault *fault) {
    static const struct keys keys = {"T", "s", "S", "p", "q"};
    return read_head(order, &keys, WEIR_TIME_MS, row, fault) && read_price(order, row, fault) &&
           read_quantity(order, "q", row, fault) && weir_coin_margined(row, fault);
}

/** The side is that of the position: a liquidated long ("Buy") is closed by a SELL. */
static bool read_bybit(const json_t *event, struct weir_row *row, struct weir_row_fault *fault) {
    static const struct keys all = {"T", "s", "S", "p", "v"};
    static const struct keys older = {"updatedTime", "symbol", "side", "price", "size"};
    const bool is_older = json_object_get(event, "updatedTime") != NULL;
    if (!read_object(event, is_older ? &older : &all, WEIR_TIME_MS, row, fault)) {
        return false;
    }
    row->side = row->side == WEIR_SIDE_SELL ? WEIR_SIDE_BUY : WEIR_SIDE_SELL;
    return true;
}

/** The venue's "k" is a thousand of a coin: kBONK becomes 1000BONKUSDT, BTC becomes BTCUSDT. */
static bool map_coin(struct weir_row *row, struct weir_row_fault *fault) {
    char mapped[WEIR_SYMBOL_MAX + 16];
    const char *coin = row->symbol;
    const bool thousand = coin[0] == 'k' && coin[1] >= 'A' && coin[1] <= 'Z';
    const int length = snprintf(mapped, sizeof mapped, "%s%sUSDT", thousand ? "1000" : "",
                                thousand ? coin + 1 : coin);
    if (length > WEIR_SYMBOL_MAX) {
        return weir_row_fails(fault, "symbol '%s' is too long to append USDT", coin);
    }
    memcpy(row->symbol, mapped, (size_t)length + 1);
    return true;
}

/** Whether an event [user, fill] is the liquidated user's side of a liquidation: the other side
 *  carries the same record, and deleveraging is no liquidation. */
static bool is_liquidated_fill(const json_t *event) {
    const json_t *fill = json_array_get(event, 1);
    const json_t *liquidation = json_object_get(fill, "liquidation");
    const char *user = json_string_value(json_array_get(event, 0));
    const char *liquidated = json_string_value(json_object_get(liquidation, "liquidatedUser"));
    const char *direction = json_string_value(json_object_get(fill, "dir"));
    return user != NULL && liquidated != NULL && strcasecmp(user, liquidated) == 0 &&
           (direction == NULL || strcmp(direction, "Auto-Deleveraging") != 0);
}

static bool read_fill(const json_t *fill, struct weir_row *row, struct weir_row_fault *fault) {
    struct number_text room = {""};
    struct weir_field field = {"", "", 0};
    const char *side = json_string_value(json_object_get(fill, "side"));
    if (side == NULL || (strcmp(side, "A") != 0 && strcmp(side, "B") != 0)) {
        return weir_row_fails(fault, "key 'side' is not a side; A (sells) or B (buys) is needed");
    }
    row->side = side[0] == 'A' ? WEIR_SIDE_SELL : WEIR_SIDE_BUY;
    return get_field(fill, "time", &room, &field, fault) &&
           weir_field_time(field, WEIR_TIME_MS, row, fault) &&
           get_field(fill, "coin", &room, &field, fault) && weir_field_symbol(field, row, fault) &&
           map_coin(row, fault) && get_field(fill, "px", &room, &field, fault) &&
           weir_field_price(field, row, fault) && read_quantity(fill, "sz", row, fault);
}

static bool take_key(const struct survey *event, int key, struct number_text *room,
                     struct weir_field *field, struct weir_row_fault *fault) {
    return take_field(event->value[key], key_names[key], room, field, fault);
}

/** This project's own form: the names of the canonical columns. */
static bool read_own(const struct survey *event, struct weir_row *row,
                     struct weir_row_fault *fault) {
    struct number_text room;
    struct weir_field field = {"", "", 0};
    int time = KEY_TIME_NS;
    while (time <= KEY_TIME_MS && event->value[time] == NULL) {
        time++;
    }
    if (time > KEY_TIME_MS) {
        return weir_row_fails(fault, "has no key time_ms, time_us or time_ns");
    }
    row->unit = (enum weir_time_unit)time;
    return take_key(event, time, &room, &field, fault) &&
           weir_field_time(field, row->unit, row, fault) &&
           take_key(event, KEY_SYMBOL, &room, &field, fault) &&
           weir_field_symbol(field, row, fault) &&
           take_key(event, KEY_SIDE, &room, &field, fault) && weir_field_side(field, row, fault) &&
           take_key(event, KEY_PRICE, &room, &field, fault) &&
           weir_field_price(field, row, fault) &&
           take_key(event, KEY_QUANTITY, &room, &field, fault) &&
           weir_field_quantity(field, row, fault);
}

static bool is_own(const struct survey *event) {
    return event->value[KEY_SYMBOL] != NULL && event->value[KEY_QUANTITY] != NULL;
}

static bool read_event(const struct weir_json *json, json_t *value, struct weir_row *row,
                       struct weir_row_fault *fault) {
    row->unit = WEIR_TIME_MS;
    if (json->line_kind == WEIR_JSON_BYBIT) {
        return read_bybit(value, row, fault);
    }
    if (json->line_kind == WEIR_JSON_HYPERLIQUID) {
        return read_fill(json_array_get(value, 1), row, fault);
    }
    struct survey survey = value == json->line ? json->survey : survey_of(value);
    if (survey.value[KEY_DATA] != NULL) { /* what a stream wraps around its events */
        value = survey.value[KEY_DATA];
        survey = survey_of(value);
    }
    if (json->line_kind == WEIR_JSON_OWN || (json->line_kind == WEIR_JSON_ANY && is_own(&survey))) {
        return read_own(&survey, row, fault);
    }
    const char *kind = json_string_value(json_object_get(value, "e"));
    const json_t *order = json_object_get(value, "o");
    if (kind == NULL || strcmp(kind, "forceOrder") != 0 || !json_is_object(order)) {
        return weir_row_fails(fault, "is not a forceOrder event; {\"e\":\"forceOrder\",\"o\":{…}} "
                                     "is needed");
    }
    return read_order(order, row, fault);
}

/** The next event of the line that is a liquidation at all, or NULL. */
static json_t *next_event(struct weir_json *json) {
    json_t *value = json->event;
    json->event = NULL;
    while (json->array != NULL) {
        value = json_array_get(json->array, json->next++);
        if (value == NULL || json->line_kind != WEIR_JSON_HYPERLIQUID ||
            is_liquidated_fill(value)) {
            break;
        }
    }
    return value;
}

enum weir_json_result weir_json_take(struct weir_json *json, struct weir_row *row,
                                     struct weir_row_fault *fault) {
    json_t *value = next_event(json);
    if (value == NULL) {
        return WEIR_JSON_END;
    }
    return read_event(json, value, row, fault) ? WEIR_JSON_ROW : WEIR_JSON_BAD;
}

void weir_json_close(struct weir_json *json) {
    if (json != NULL) {
        json_decref(json->line);
        free(json);
    }
}
