#include "streams.h"

#include <assert.h>
#include <ctype.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "events.h"

#define SECOND_NS INT64_C(1000000000)
#define DAY_NS (86400 * SECOND_NS)

/* The venue's documents: "WebSocket Market Streams". */
#define STREAMS_MAX 200
#define INCOMING_PER_SECOND 10

#define QUEUE_MAX 1024
#define INCOMING_BYTES_MAX 16384
#define NAME_MAX_LENGTH 96
#define ALL_SYMBOLS UINT32_MAX

enum kind {
    KIND_FORCE,  /**< forceOrder */
    KIND_MARK_1, /**< markPrice@1s */
    KIND_MARK_3, /**< markPrice, every 3 s */
    KIND_TRADE,  /**< aggTrade */
    KIND_BOOK,   /**< bookTicker, once a second */
    KIND_USER    /**< a listen key's */
};

struct subscription {
    uint8_t kind;
    uint32_t symbol; /**< or ALL_SYMBOLS; KIND_USER: number of the account */
    char name[NAME_MAX_LENGTH];
};

/** A text on its way to one or more listeners. */
struct message {
    size_t owners, length;
    unsigned char data[]; /**< LWS_PRE bytes for the frame's head, then the text */
};

struct live_listener {
    struct live_streams *streams;
    struct lws *wsi;
    struct live_listener *next, **link;
    struct subscription *subscriptions;
    size_t subscription_count;
    bool combined, too_slow;
    bool closing; /**< the end was announced: nothing goes out any more */
    bool ended;   /**< what it listened to is gone: the trace began anew */
    int64_t opened_ns, second_ns;
    int incoming; /**< messages in this second */
    char *text;   /**< a message that is not complete yet */
    size_t text_length;
    struct message **queue; /**< a ring of QUEUE_MAX; NULL until it is needed */
    size_t first, waiting;
};

struct live_streams {
    struct live_exchange *exchange;
    struct live_listener *listeners;
    size_t listener_count;
    size_t next_push;
    int64_t next_second_ns;
};

static void tell_order(void *context, const struct live_account *account,
                       const struct live_order *order, const struct live_fill *fill,
                       int64_t now_ns);
static void tell_position(void *context, const struct live_account *account, uint32_t symbol,
                          enum live_side side, int64_t now_ns);

/** The trace begins anew: liquidations from its first on; who listened to an account is told so. */
static void restart(void *context, int64_t now_ns) {
    struct live_streams *streams = context;
    streams->next_push = 0;
    streams->next_second_ns = now_ns - now_ns % SECOND_NS;
    for (struct live_listener *l = streams->listeners; l; l = l->next) {
        for (size_t i = l->subscription_count; i > 0; i--) {
            if (l->subscriptions[i - 1].kind == KIND_USER) {
                l->subscriptions[i - 1] = l->subscriptions[--l->subscription_count];
                l->ended = true;
                lws_callback_on_writable(l->wsi);
            }
        }
    }
}

struct live_streams *live_streams_create(struct live_exchange *exchange) {
    struct live_streams *streams = calloc(1, sizeof *streams);
    if (streams) {
        streams->exchange = exchange;
        streams->next_second_ns = exchange->started_ns - exchange->started_ns % SECOND_NS;
        exchange->watcher = (struct live_account_watcher){streams, tell_order, tell_position};
        exchange->restarted.context = streams;
        exchange->restarted.call = restart;
    }
    return streams;
}

void live_streams_destroy(struct live_streams *streams) {
    if (streams) {
        while (streams->listeners) {
            /* it takes itself off the list: NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
            live_listener_close(streams->listeners);
        }
        free(streams);
    }
}

size_t live_streams_listeners(const struct live_streams *streams) {
    return streams->listener_count;
}

size_t live_streams_pushed(const struct live_streams *streams) {
    return streams->next_push;
}

/* Messages and queues. */

static struct message *make_message(const char *text) {
    const size_t length = strlen(text);
    struct message *message = malloc(sizeof *message + LWS_PRE + length + 1);
    if (message) {
        message->owners = 0;
        message->length = length;
        memcpy(message->data + LWS_PRE, text, length + 1);
    }
    return message;
}

static void release(struct message *message) {
    if (message && --message->owners == 0) {
        free(message);
    }
}

static void enqueue(struct live_listener *listener, struct message *message) {
    if (!listener->queue) {
        listener->queue = (struct message **)calloc(QUEUE_MAX, sizeof(struct message *));
    }
    if (!listener->queue || listener->waiting == QUEUE_MAX) {
        listener->too_slow = true;
    } else {
        message->owners++;
        listener->queue[(listener->first + listener->waiting++) % QUEUE_MAX] = message;
    }
    lws_callback_on_writable(listener->wsi);
}

static void say(struct live_listener *listener, json_t *json) {
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    struct message *message = text ? make_message(text) : NULL;
    if (message) {
        message->owners = 1; /* ours, until the end of this function */
        enqueue(listener, message);
        release(message);
    } else {
        listener->too_slow = true;
    }
    free(text);
    json_decref(json);
}

/** Says why the connection ends; false, for the callback that ends it. */
static bool end_listening(struct live_listener *listener, enum lws_close_status status,
                          const char *reason) {
    char text[64];
    snprintf(text, sizeof text, "%s", reason);
    lws_close_reason(listener->wsi, status, (unsigned char *)text, strlen(text));
    listener->closing = true;
    return false;
}

bool live_listener_write(struct live_listener *listener) {
    if (listener->closing) {
        return true;
    }
    if (listener->ended) {
        return end_listening(listener, LWS_CLOSE_STATUS_GOINGAWAY, "the trace begins anew");
    }
    if (listener->too_slow) {
        return end_listening(listener, LWS_CLOSE_STATUS_POLICY_VIOLATION, "too slow");
    }
    if (listener->waiting == 0) {
        return true;
    }
    struct message *message = listener->queue[listener->first];
    listener->first = (listener->first + 1) % QUEUE_MAX;
    listener->waiting--;
    const int written =
        lws_write(listener->wsi, message->data + LWS_PRE, message->length, LWS_WRITE_TEXT);
    release(message);
    if (listener->waiting > 0) {
        lws_callback_on_writable(listener->wsi);
    }
    return written >= 0;
}

/* Names of streams. */

/** Reads "btcusdt@forceOrder" and its kin. False if nothing of that name is sent here. */
static bool read_name(const struct live_streams *streams, const char *name, int64_t now_ns,
                      struct subscription *subscription) {
    static const struct {
        const char *suffix;
        enum kind kind;
    } kinds[] = {{"@forceOrder", KIND_FORCE},
                 {"@markPrice@1s", KIND_MARK_1},
                 {"@markPrice", KIND_MARK_3},
                 {"@aggTrade", KIND_TRADE},
                 {"@bookTicker", KIND_BOOK}};
    static const struct {
        const char *name;
        enum kind kind;
    } all[] = {{"!forceOrder@arr", KIND_FORCE},
               {"!markPrice@arr@1s", KIND_MARK_1},
               {"!markPrice@arr", KIND_MARK_3},
               {"!bookTicker", KIND_BOOK}};
    if (strlen(name) >= NAME_MAX_LENGTH) {
        return false;
    }
    *subscription = (struct subscription){.symbol = ALL_SYMBOLS};
    snprintf(subscription->name, sizeof subscription->name, "%s", name);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i].name, name) == 0) {
            subscription->kind = (uint8_t)all[i].kind;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *at = strchr(name, '@');
        if (at && strcmp(at, kinds[i].suffix) == 0) {
            char symbol[NAME_MAX_LENGTH] = "";
            for (const char *c = name; c < at; c++) {
                symbol[c - name] = (char)toupper((unsigned char)*c);
            }
            const int32_t number = live_symbol_find(streams->exchange->quotes, symbol);
            subscription->kind = (uint8_t)kinds[i].kind;
            subscription->symbol = (uint32_t)number;
            return number >= 0;
        }
    }
    const struct live_client *client = live_exchange_listener(streams->exchange, name, now_ns);
    if (!client) {
        return false;
    }
    subscription->kind = KIND_USER;
    subscription->symbol = client->account->number;
    return true;
}

static bool subscribe(struct live_listener *listener, const struct subscription *subscription) {
    for (size_t i = 0; i < listener->subscription_count; i++) {
        if (strcmp(listener->subscriptions[i].name, subscription->name) == 0) {
            return true;
        }
    }
    if (listener->subscription_count == STREAMS_MAX) {
        return false;
    }
    if (listener->subscription_count % 8 == 0) {
        struct subscription *grown =
            realloc(listener->subscriptions,
                    (listener->subscription_count + 8) * sizeof *listener->subscriptions);
        if (!grown) {
            return false;
        }
        listener->subscriptions = grown;
    }
    listener->subscriptions[listener->subscription_count++] = *subscription;
    return true;
}

static void unsubscribe(struct live_listener *listener, const char *name) {
    for (size_t i = 0; i < listener->subscription_count; i++) {
        if (strcmp(listener->subscriptions[i].name, name) == 0) {
            listener->subscriptions[i] = listener->subscriptions[--listener->subscription_count];
            return;
        }
    }
}

/* Requests of a listener. */

/** `before` and `name` make the message, the name in quotes. */
static json_t *error_json(json_t *id, int code, const char *before, const char *name) {
    return json_pack("{s:{s:i,s:o},s:O}", "error", "code", code, "msg",
                     json_sprintf("%s '%.100s'", before, name), "id", id);
}

/** Takes a list of names. NULL, or an error for the first that is wrong; then none is taken. */
static json_t *take_names(struct live_listener *listener, json_t *names, bool add, json_t *id,
                          int64_t now_ns) {
    size_t index = 0;
    json_t *name = NULL;
    struct subscription subscription;
    json_array_foreach(names, index, name) {
        if (!json_is_string(name)) {
            return error_json(id, 2, "Invalid request: expected strings in", "params");
        }
        if (add && !read_name(listener->streams, json_string_value(name), now_ns, &subscription)) {
            return error_json(id, 2, "Invalid request: unknown stream", json_string_value(name));
        }
    }
    json_array_foreach(names, index, name) {
        if (!add) {
            unsubscribe(listener, json_string_value(name));
            continue;
        }
        read_name(listener->streams, json_string_value(name), now_ns, &subscription);
        if (!subscribe(listener, &subscription)) {
            return error_json(id, 2, "Invalid request: more than 200 streams, at",
                              subscription.name);
        }
    }
    return NULL;
}

static json_t *list_names(const struct live_listener *listener) {
    json_t *names = json_array();
    for (size_t i = 0; i < listener->subscription_count; i++) {
        json_array_append_new(names, json_string(listener->subscriptions[i].name));
    }
    return names;
}

static json_t *set_property(struct live_listener *listener, json_t *params, json_t *id) {
    const char *name = json_string_value(json_array_get(params, 0));
    json_t *value = json_array_get(params, 1);
    if (!name || strcmp(name, "combined") != 0) {
        return error_json(id, 0, "Unknown property", name ? name : "");
    }
    if (!json_is_boolean(value)) {
        return error_json(id, 1, "Invalid value type: expected", "Boolean");
    }
    listener->combined = json_is_true(value);
    return NULL;
}

/** The answer to one request. */
static json_t *answer(struct live_listener *listener, json_t *request, int64_t now_ns) {
    const char *method = json_string_value(json_object_get(request, "method"));
    json_t *params = json_object_get(request, "params");
    json_t *given_id = json_object_get(request, "id");
    json_t *id = given_id ? given_id : json_null();
    json_t *result = NULL;
    json_t *error = NULL;
    if (!method) {
        error = error_json(id, 2, "Invalid request: expected a string as", "method");
    } else if (strcmp(method, "LIST_SUBSCRIPTIONS") == 0) {
        result = list_names(listener);
    } else if (strcmp(method, "GET_PROPERTY") == 0) {
        result = json_boolean(listener->combined);
    } else if (!json_is_array(params)) {
        error = error_json(id, 2, "Invalid request: expected an array as", "params");
    } else if (strcmp(method, "SUBSCRIBE") == 0 || strcmp(method, "UNSUBSCRIBE") == 0) {
        error = take_names(listener, params, method[0] == 'S', id, now_ns);
    } else if (strcmp(method, "SET_PROPERTY") == 0) {
        error = set_property(listener, params, id);
    } else {
        error = error_json(id, 2, "Invalid request: unknown method", method);
    }
    return error ? error
                 : json_pack("{s:o,s:O}", "result", result ? result : json_null(), "id", id);
}

static void take_request(struct live_listener *listener, const char *text, size_t length,
                         int64_t now_ns) {
    json_error_t why;
    json_t *request = json_loadb(text, length, JSON_REJECT_DUPLICATES, &why);
    if (json_is_object(request)) {
        say(listener, answer(listener, request, now_ns));
    } else {
        say(listener, json_pack("{s:{s:i,s:s}}", "error", "code", 3, "msg",
                                request ? "Invalid JSON: expected an object" : "Invalid JSON"));
    }
    json_decref(request);
}

bool live_listener_receive(struct live_listener *listener, const char *data, size_t length,
                           bool final, int64_t now_ns) {
    if (listener->closing) {
        return true;
    }
    if (listener->text_length + length > INCOMING_BYTES_MAX) {
        return end_listening(listener, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE,
                             "longer than 16384 bytes");
    }
    char *grown = realloc(listener->text, listener->text_length + length + 1);
    if (!grown) {
        return false;
    }
    listener->text = grown;
    memcpy(listener->text + listener->text_length, data, length);
    listener->text_length += length;
    if (!final) {
        return true;
    }
    if (now_ns - listener->second_ns >= SECOND_NS) {
        listener->second_ns = now_ns;
        listener->incoming = 0;
    }
    if (++listener->incoming > INCOMING_PER_SECOND) {
        return end_listening(listener, LWS_CLOSE_STATUS_POLICY_VIOLATION,
                             "more than 10 messages in a second");
    }
    take_request(listener, listener->text, listener->text_length, now_ns);
    free(listener->text);
    listener->text = NULL;
    listener->text_length = 0;
    return true;
}

/* Coming and going. */

bool live_is_stream_path(const char *path) {
    return strcmp(path, "/ws") == 0 || strncmp(path, "/ws/", 4) == 0 ||
           strcmp(path, "/stream") == 0;
}

/** Subscribes to names that are separated by '/', as they stand in the address. */
static void subscribe_to_path(struct live_listener *listener, const char *names, int64_t now_ns) {
    json_t *list = json_array();
    while (*names) {
        const size_t length = strcspn(names, "/");
        if (length > 0) {
            json_array_append_new(list, json_stringn(names, length));
        }
        names += length + (names[length] ? 1 : 0);
    }
    json_t *error = take_names(listener, list, true, json_null(), now_ns);
    if (error) {
        say(listener, error);
    }
    json_decref(list);
}

struct live_listener *live_listener_open(struct live_streams *streams, struct lws *wsi,
                                         const char *path, const char *query, int64_t now_ns) {
    struct live_listener *listener = calloc(1, sizeof *listener);
    if (!listener) {
        return NULL;
    }
    listener->streams = streams;
    listener->wsi = wsi;
    listener->opened_ns = now_ns;
    listener->combined = strcmp(path, "/stream") == 0;
    listener->next = streams->listeners;
    listener->link = &streams->listeners;
    if (streams->listeners) {
        streams->listeners->link = &listener->next;
    }
    streams->listeners = listener;
    streams->listener_count++;
    if (listener->combined) {
        subscribe_to_path(listener, strncmp(query, "streams=", 8) == 0 ? query + 8 : "", now_ns);
    } else if (strlen(path) > 4) {
        subscribe_to_path(listener, path + 4, now_ns);
    }
    return listener;
}

void live_listener_close(struct live_listener *listener) {
    while (listener->waiting > 0) {
        release(listener->queue[listener->first]);
        listener->first = (listener->first + 1) % QUEUE_MAX;
        listener->waiting--;
    }
    *listener->link = listener->next;
    if (listener->next) {
        listener->next->link = listener->link;
    }
    listener->streams->listener_count--;
    free((void *)listener->queue);
    free(listener->subscriptions);
    free(listener->text);
    free(listener);
}

/* Sending. */

/** A text and its wrapped forms, each made when the first listener needs it. */
struct broadcast {
    const char *text;
    struct message *raw, *wrapped;
    const char *wrapped_name; /**< the stream that `wrapped` names */
};

static struct message *wrapped_message(struct broadcast *broadcast, const char *name) {
    if (broadcast->wrapped && strcmp(broadcast->wrapped_name, name) == 0) {
        return broadcast->wrapped;
    }
    release(broadcast->wrapped);
    broadcast->wrapped = NULL;
    const size_t size = strlen(broadcast->text) + strlen(name) + 32;
    char *text = malloc(size);
    if (text) {
        snprintf(text, size, "{\"stream\":\"%s\",\"data\":%s}", name, broadcast->text);
        broadcast->wrapped = make_message(text);
        broadcast->wrapped_name = name;
        free(text);
    }
    if (broadcast->wrapped) {
        broadcast->wrapped->owners = 1;
    }
    return broadcast->wrapped;
}

static struct message *raw_message(struct broadcast *broadcast) {
    if (!broadcast->raw) {
        broadcast->raw = make_message(broadcast->text);
        if (broadcast->raw) {
            broadcast->raw->owners = 1;
        }
    }
    return broadcast->raw;
}

/** Sends a text to all who subscribed to (kind, symbol). Frees it. */
static void send_all(struct live_streams *streams, enum kind kind, uint32_t symbol, char *text) {
    struct broadcast broadcast = {.text = text};
    for (struct live_listener *l = streams->listeners; text && l; l = l->next) {
        for (size_t i = 0; i < l->subscription_count; i++) {
            const struct subscription *s = &l->subscriptions[i];
            if (s->kind != kind || s->symbol != symbol) {
                continue;
            }
            struct message *message =
                l->combined ? wrapped_message(&broadcast, s->name) : raw_message(&broadcast);
            if (message) {
                enqueue(l, message);
            } else {
                l->too_slow = true;
            }
        }
    }
    release(broadcast.raw);
    release(broadcast.wrapped);
    free(text);
}

static bool anybody(const struct live_streams *streams, enum kind kind, uint32_t symbol) {
    for (const struct live_listener *l = streams->listeners; l; l = l->next) {
        for (size_t i = 0; i < l->subscription_count; i++) {
            if (l->subscriptions[i].kind == kind && l->subscriptions[i].symbol == symbol) {
                return true;
            }
        }
    }
    return false;
}

static void tell_order(void *context, const struct live_account *account,
                       const struct live_order *order, const struct live_fill *fill,
                       int64_t now_ns) {
    struct live_streams *streams = context;
    if (anybody(streams, KIND_USER, account->number)) {
        send_all(streams, KIND_USER, account->number,
                 live_event_order(account, order, fill, now_ns));
    }
}

static void tell_position(void *context, const struct live_account *account, uint32_t symbol,
                          enum live_side side, int64_t now_ns) {
    struct live_streams *streams = context;
    if (anybody(streams, KIND_USER, account->number)) {
        send_all(streams, KIND_USER, account->number,
                 live_event_position(account, symbol, side, now_ns));
    }
}

static void send_liquidation(struct live_streams *streams, const struct weir_push *push,
                             int64_t now_ns) {
    const struct live_quotes *quotes = streams->exchange->quotes;
    const struct weir_liquidation *row = &quotes->trace->rows[push->row];
    const uint32_t both[] = {ALL_SYMBOLS, row->symbol};
    for (size_t i = 0; i < 2; i++) {
        if (anybody(streams, KIND_FORCE, both[i])) {
            send_all(streams, KIND_FORCE, both[i], live_event_liquidation(quotes, row, now_ns));
        }
        if (i == 1 && anybody(streams, KIND_TRADE, both[i])) {
            send_all(streams, KIND_TRADE, both[i], live_event_trade(quotes, push->row, now_ns));
        }
    }
}

/** Mark prices and best prices: of each symbol that somebody asked for, and of all together. */
static void send_prices(struct live_streams *streams, enum kind kind, int64_t now_ns) {
    const struct live_quotes *quotes = streams->exchange->quotes;
    for (uint32_t s = 0; streams->listeners && s < quotes->symbol_count; s++) {
        if (anybody(streams, kind, s)) {
            send_all(streams, kind, s,
                     kind == KIND_BOOK ? live_event_book(quotes, s, now_ns)
                                       : live_event_mark(quotes, s, now_ns));
        }
    }
    if (!anybody(streams, kind, ALL_SYMBOLS)) {
        return;
    }
    if (kind != KIND_BOOK) {
        send_all(streams, kind, ALL_SYMBOLS, live_event_marks(quotes, now_ns));
        return;
    }
    for (uint32_t s = 0; s < quotes->symbol_count; s++) {
        send_all(streams, kind, ALL_SYMBOLS, live_event_book(quotes, s, now_ns));
    }
}

static void end_listen_keys(struct live_streams *streams, int64_t now_ns) {
    struct live_exchange *exchange = streams->exchange;
    for (uint32_t i = 1; i < exchange->client_count; i++) {
        struct live_client *client = &exchange->clients[i];
        if (client->listen_key[0] && now_ns >= client->listen_until_ns) {
            send_all(streams, KIND_USER, client->account->number,
                     live_event_key_expired(client->listen_key, now_ns));
            client->listen_key[0] = '\0';
        }
    }
}

static void end_old_listeners(struct live_streams *streams, int64_t now_ns) {
    for (struct live_listener *l = streams->listeners; l; l = l->next) {
        if (now_ns - l->opened_ns >= DAY_NS) {
            l->too_slow = true; /* a connection is valid for a day */
            lws_callback_on_writable(l->wsi);
        }
    }
}

void live_streams_advance(struct live_streams *streams, int64_t now_ns) {
    const struct live_quotes *quotes = streams->exchange->quotes;
    while (streams->next_push < quotes->push_count &&
           quotes->pushes[streams->next_push].delivered_ns <= now_ns) {
        send_liquidation(streams, &quotes->pushes[streams->next_push++], now_ns);
    }
    if (now_ns < streams->next_second_ns) {
        return;
    }
    const int64_t second = now_ns / SECOND_NS;
    streams->next_second_ns = (second + 1) * SECOND_NS;
    send_prices(streams, KIND_MARK_1, now_ns);
    send_prices(streams, KIND_BOOK, now_ns);
    if (second % 3 == 0) {
        send_prices(streams, KIND_MARK_3, now_ns);
    }
    end_listen_keys(streams, now_ns);
    end_old_listeners(streams, now_ns);
}

int64_t live_streams_next_ns(const struct live_streams *streams) {
    const struct live_quotes *quotes = streams->exchange->quotes;
    const int64_t push_ns = streams->next_push < quotes->push_count
                                ? quotes->pushes[streams->next_push].delivered_ns
                                : INT64_MAX;
    return push_ns < streams->next_second_ns ? push_ns : streams->next_second_ns;
}
