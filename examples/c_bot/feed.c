#include "feed.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAME_BYTES 8192

struct feed {
    int descriptor;
    bool ended;
    size_t size; /**< bytes in `text` */
    char text[FRAME_BYTES];
};

struct feed *feed_open(const char *path) {
    struct feed *feed = calloc(1, sizeof *feed);
    if (!feed) {
        return NULL;
    }
    feed->descriptor = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (feed->descriptor < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        free(feed);
        return NULL;
    }
    return feed;
}

void feed_close(struct feed *feed) {
    if (feed && feed->descriptor != STDIN_FILENO) {
        close(feed->descriptor);
    }
    free(feed);
}

bool feed_ready(const struct feed *feed) {
    return memchr(feed->text, '\n', feed->size) != NULL;
}

bool feed_ended(const struct feed *feed) {
    return feed->ended && !feed_ready(feed);
}

int feed_descriptor(const struct feed *feed) {
    return feed->ended || feed_ready(feed) ? -1 : feed->descriptor;
}

/** Reads what is there. A frame longer than the buffer is given up. */
static void fill(struct feed *feed) {
    if (feed->size == sizeof feed->text) {
        feed->size = 0;
    }
    struct pollfd there = {.fd = feed->descriptor, .events = POLLIN};
    if (feed->ended || poll(&there, 1, 0) <= 0) {
        return;
    }
    ssize_t got = read(feed->descriptor, feed->text + feed->size, sizeof feed->text - feed->size);
    if (got > 0) {
        feed->size += (size_t)got;
    } else if (got == 0 || errno != EINTR) {
        feed->ended = true;
    }
}

static bool read_number(const json_t *order, const char *key, double *number) {
    const char *text = json_string_value(json_object_get(order, key));
    char *end = NULL;
    *number = text ? strtod(text, &end) : 0;
    return text && end != text && *end == '\0' && *number > 0;
}

static bool read_frame(const json_t *frame, struct liquidation *liquidation) {
    const json_t *wrapped = json_object_get(frame, "data");
    const json_t *order = json_object_get(wrapped ? wrapped : frame, "o");
    const char *symbol = json_string_value(json_object_get(order, "s"));
    const char *side = json_string_value(json_object_get(order, "S"));
    if (!symbol || !side || strlen(symbol) >= sizeof liquidation->symbol) {
        return false;
    }
    (void)snprintf(liquidation->symbol, sizeof liquidation->symbol, "%s", symbol);
    liquidation->sell = strcmp(side, "SELL") == 0;
    return read_number(order, "p", &liquidation->price) &&
           read_number(order, "q", &liquidation->quantity);
}

static bool read_line(const char *line, size_t length, struct liquidation *liquidation) {
    json_error_t error;
    json_t *frame = json_loadb(line, length, 0, &error);
    if (!frame) {
        fprintf(stderr, "a line of the feed is no JSON: %s\n", error.text);
        return false;
    }
    bool found = read_frame(frame, liquidation);
    json_decref(frame);
    return found;
}

bool feed_next(struct feed *feed, struct liquidation *liquidation) {
    for (;;) {
        if (!feed_ready(feed)) {
            fill(feed);
        }
        const char *end = memchr(feed->text, '\n', feed->size);
        if (!end) {
            return false;
        }
        size_t length = (size_t)(end - feed->text);
        bool found = length > 0 && read_line(feed->text, length, liquidation);
        feed->size -= length + 1;
        memmove(feed->text, end + 1, feed->size);
        if (found) {
            return true;
        }
    }
}
