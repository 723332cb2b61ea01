#include "attached.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define SILENCE_NS (5 * SECOND_NS)
#define MESSAGE_MAX 16384
#define OUTGOING_MAX 8
#define OUTGOING_SIZE 256

struct outgoing {
    unsigned char data[LWS_PRE + OUTGOING_SIZE];
    size_t length;
};

struct live_attached {
    struct live_dashboard *dashboard;
    struct lws *wsi; /**< NULL: none is attached */
    char address[64];
    int64_t heard_ns;
    json_t *stats; /**< NULL until the first have come */
    char message[MESSAGE_MAX];
    size_t message_length;
    struct outgoing outgoing[OUTGOING_MAX];
    size_t first, waiting;
    bool closing; /**< the last outgoing message says why */
};

struct live_attached *live_attached_create(void) {
    return calloc(1, sizeof(struct live_attached));
}

void live_attached_destroy(struct live_attached *attached) {
    if (attached) {
        json_decref(attached->stats);
        free(attached);
    }
}

void live_attached_tell(struct live_attached *attached, struct live_dashboard *dashboard) {
    attached->dashboard = dashboard;
}

const char *live_attached_refuses(const struct live_attached *attached, bool has_origin) {
    return has_origin      ? "a web page cannot attach a limiter"
           : attached->wsi ? "another limiter is attached"
                           : NULL;
}

/** Tells all who look on that a limiter came or went. */
static void tell_change(const struct live_attached *attached, const char *value) {
    json_t *event = json_pack("{s:s,s:s}", "what", "limiter", "value", value);
    live_dashboard_tell(attached->dashboard, event);
    json_decref(event);
}

static void forget(struct live_attached *attached) {
    json_decref(attached->stats);
    attached->stats = NULL;
    attached->message_length = attached->waiting = 0;
    attached->closing = false;
    attached->address[0] = '\0';
}

bool live_attached_open(struct live_attached *attached, struct lws *wsi, const char *address,
                        int64_t now_ns) {
    if (attached->wsi) {
        return false;
    }
    forget(attached);
    attached->wsi = wsi;
    attached->heard_ns = now_ns;
    snprintf(attached->address, sizeof attached->address, "%s", address);
    tell_change(attached, "attached");
    return true;
}

void live_attached_close(struct live_attached *attached, struct lws *wsi) {
    if (attached->wsi == wsi) {
        attached->wsi = NULL;
        forget(attached);
        tell_change(attached, "gone");
    }
}

/* Messages to the bot. */

/** False if it takes no more. */
static bool say(struct live_attached *attached, json_t *message) {
    char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
    json_decref(message);
    const size_t length = text ? strlen(text) : 0;
    const bool fits = text && length < OUTGOING_SIZE && attached->waiting < OUTGOING_MAX;
    if (fits) {
        struct outgoing *out =
            &attached->outgoing[(attached->first + attached->waiting++) % OUTGOING_MAX];
        memcpy(out->data + LWS_PRE, text, length);
        out->length = length;
        lws_callback_on_writable(attached->wsi);
    }
    free(text);
    return fits;
}

bool live_attached_write(struct live_attached *attached) {
    if (attached->waiting == 0) {
        return !attached->closing;
    }
    struct outgoing *out = &attached->outgoing[attached->first];
    attached->first = (attached->first + 1) % OUTGOING_MAX;
    attached->waiting--;
    if (lws_write(attached->wsi, out->data + LWS_PRE, out->length, LWS_WRITE_TEXT) < 0) {
        return false;
    }
    if (attached->waiting > 0 || attached->closing) {
        lws_callback_on_writable(attached->wsi);
    }
    return true;
}

bool live_attached_set_mode(struct live_attached *attached, uint64_t ticket, enum weir_mode mode,
                            double duration_s) {
    static const char *const names[WEIR_MODES] = {"normal", "burst", "liquidation"};
    return attached->wsi && attached->stats &&
           say(attached, json_pack("{s:{s:I,s:s,s:f}}", "set_mode", "id", (json_int_t)ticket,
                                   "mode", names[mode], "duration_s", duration_s));
}

/** Says what was wrong with a message, and closes. */
static bool refuse(struct live_attached *attached, const char *wrong) {
    attached->closing = true;
    say(attached, json_pack("{s:s}", "error", wrong));
    return true;
}

/* Messages of the bot. */

/** A figure that the page shows: a number, or null for what is not told. */
static bool is_figure(const json_t *data, const char *key) {
    const json_t *value = json_object_get(data, key);
    return json_is_number(value) || json_is_null(value);
}

/** NULL, or the first of the guide's fields that is missing or of another type. */
static const char *wrong_field(const json_t *stats) {
    static const char *const figures[] = {"current_usage_pct", "peak_usage_pct", "current_weight",
                                          "weight_limit",      "current_orders", "order_limit",
                                          "consecutive_429s",  "requests_sent"};
    static const char *const flags[] = {"burst_mode", "liquidation_mode", "banned"};
    static const char *const queues[] = {"critical", "normal", "low"};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        if (!is_figure(stats, figures[i])) {
            return figures[i];
        }
    }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (!json_is_boolean(json_object_get(stats, flags[i]))) {
            return flags[i];
        }
    }
    for (size_t i = 0; i < sizeof queues / sizeof queues[0]; i++) {
        if (!is_figure(json_object_get(stats, "queue_sizes"), queues[i])) {
            return "queue_sizes";
        }
    }
    return NULL;
}

static bool take_stats(struct live_attached *attached, json_t *stats) {
    char text[128];
    const char *wrong = wrong_field(stats);
    if (wrong) {
        snprintf(text, sizeof text, "stats: \"%s\" is missing or of another type", wrong);
        return refuse(attached, text);
    }
    json_decref(attached->stats);
    attached->stats = json_incref(stats);
    return true;
}

static bool take_answer(const struct live_attached *attached, const json_t *answer) {
    const json_t *id = json_object_get(answer, "id");
    const char *why = json_string_value(json_object_get(answer, "message"));
    live_dashboard_mode_answered(attached->dashboard, (uint64_t)json_integer_value(id),
                                 json_is_true(json_object_get(answer, "done")),
                                 why ? why : "The bot refused, and did not say why.");
    return true;
}

static bool take_message(struct live_attached *attached) {
    json_t *message = json_loadb(attached->message, attached->message_length, 0, NULL);
    json_t *stats = json_object_get(message, "stats");
    const json_t *event = json_object_get(message, "event");
    const json_t *answer = json_object_get(message, "answer");
    bool open = true;
    if (json_is_object(stats)) {
        open = take_stats(attached, stats);
    } else if (json_is_object(event) && json_is_string(json_object_get(event, "what"))) {
        live_dashboard_tell(attached->dashboard, event);
    } else if (json_is_object(answer)) {
        open = take_answer(attached, answer);
    } else {
        open = refuse(attached, "expected a JSON object with \"stats\", \"event\" or \"answer\"");
    }
    json_decref(message);
    return open;
}

bool live_attached_receive(struct live_attached *attached, const char *data, size_t length,
                           bool final, int64_t now_ns) {
    if (attached->closing) {
        return true;
    }
    if (length > MESSAGE_MAX - attached->message_length) {
        return refuse(attached, "a message is longer than 16384 bytes");
    }
    memcpy(attached->message + attached->message_length, data, length);
    attached->message_length += length;
    attached->heard_ns = now_ns;
    if (!final) {
        return true;
    }
    const bool open = take_message(attached);
    attached->message_length = 0;
    return open;
}

/* Figures. */

const char *live_attached_address(const struct live_attached *attached) {
    return attached->stats ? attached->address : "";
}

json_t *live_attached_stats(struct live_attached *attached, int64_t now_ns) {
    if (attached->wsi && !attached->closing && now_ns - attached->heard_ns > SILENCE_NS) {
        refuse(attached, "nothing was heard for 5 seconds");
    }
    return attached->wsi && attached->stats && !attached->closing ? json_copy(attached->stats)
                                                                  : NULL;
}
