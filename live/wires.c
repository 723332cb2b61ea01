#include "wires.h"

#include <assert.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "order_text.h"

#define HEADER_TEXT_MAX 4096
#define URL_MAX (LIVE_QUERY_MAX + 1024)

/** One connection of the bot. */
struct wire {
    CURL *easy;
    uint32_t request_id;
    bool busy;
    char url[URL_MAX];
    char header_text[HEADER_TEXT_MAX];
    size_t header_used;
    struct weir_header headers[LIVE_ANSWER_HEADERS_MAX];
    size_t header_count;
    char body[LIVE_ANSWER_BODY_MAX + 1];
    size_t body_length;
};

struct live_wires {
    struct live_wires_plan plan;
    CURLM *multi;
    struct curl_slist *header_list;
    struct wire *wires;
    int64_t timer_ns; /**< what the library wants to be called at; INT64_MAX: never */
    long timer_ms;    /**< as it was asked for, until the clock is known; -1: it is set */
    bool timer_asked; /**< timer_ms is new */
};

/* What the library tells. */

static size_t take_body(char *data, size_t size, size_t count, void *context) {
    struct wire *wire = context;
    const size_t length = size * count;
    const size_t room = LIVE_ANSWER_BODY_MAX - wire->body_length;
    const size_t kept = length < room ? length : room;
    memcpy(wire->body + wire->body_length, data, kept);
    wire->body_length += kept;
    wire->body[wire->body_length] = '\0';
    return length;
}

/** One line of an answer's head: "Name: value". */
static size_t take_header(char *data, size_t size, size_t count, void *context) {
    struct wire *wire = context;
    const size_t length = size * count;
    const char *colon = memchr(data, ':', length);
    if (length > 5 && memcmp(data, "HTTP/", 5) == 0) { /* of a new head, after a "100 Continue" */
        wire->header_count = wire->header_used = 0;
        return length;
    }
    if (!colon || wire->header_count == LIVE_ANSWER_HEADERS_MAX ||
        length + 2 > HEADER_TEXT_MAX - wire->header_used) {
        return length;
    }
    char *text = wire->header_text + wire->header_used;
    const size_t name = (size_t)(colon - data);
    size_t from = name + 1;
    size_t until = length;
    while (from < until && (data[from] == ' ' || data[from] == '\t')) {
        from++;
    }
    while (until > from && (data[until - 1] == '\r' || data[until - 1] == '\n')) {
        until--;
    }
    memcpy(text, data, name);
    text[name] = '\0';
    memcpy(text + name + 1, data + from, until - from);
    text[name + 1 + until - from] = '\0';
    wire->headers[wire->header_count++] = (struct weir_header){text, text + name + 1};
    wire->header_used += name + until - from + 2;
    return length;
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known) {
    const struct live_wires *wires = context;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(wires->plan.poll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    struct epoll_event event = {.data.fd = fd};
    event.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0U) |
                   (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0U);
    epoll_ctl(wires->plan.poll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    curl_multi_assign(wires->multi, fd, context); /* any pointer: it is known now */
    return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *context) {
    struct live_wires *wires = context;
    (void)multi;
    wires->timer_ms = timeout_ms;
    wires->timer_asked = true;
    return 0;
}

/* Making and ending. */

static bool make_header_list(struct live_wires *wires) {
    char key[256];
    snprintf(key, sizeof key, "X-MBX-APIKEY: %.200s", wires->plan.api_key);
    const char *const lines[] = {key, "X-Weir-Note: 1", "Expect:", "Content-Type:"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct curl_slist *longer = curl_slist_append(wires->header_list, lines[i]);
        if (!longer) {
            return false;
        }
        wires->header_list = longer;
    }
    return true;
}

static bool make_wire(const struct live_wires *wires, struct wire *wire) {
    CURL *easy = wire->easy = curl_easy_init();
    return easy && !curl_easy_setopt(easy, CURLOPT_PRIVATE, wire) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEDATA, wire) &&
           !curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) &&
           !curl_easy_setopt(easy, CURLOPT_HEADERDATA, wire) &&
           !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, wires->header_list) &&
           !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           !curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)wires->plan.timeout_ms) &&
           !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") &&
           !curl_easy_setopt(easy, CURLOPT_USERAGENT, "weir");
}

struct live_wires *live_wires_create(const struct live_wires_plan *plan) {
    struct live_wires *wires = calloc(1, sizeof *wires);
    if (!wires) {
        return NULL;
    }
    wires->plan = *plan;
    wires->timer_ns = INT64_MAX;
    wires->multi = curl_multi_init();
    wires->wires = calloc(plan->count, sizeof *wires->wires);
    bool ok = wires->multi && wires->wires && make_header_list(wires) &&
              !curl_multi_setopt(wires->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) &&
              !curl_multi_setopt(wires->multi, CURLMOPT_SOCKETDATA, wires) &&
              !curl_multi_setopt(wires->multi, CURLMOPT_TIMERFUNCTION, set_timer) &&
              !curl_multi_setopt(wires->multi, CURLMOPT_TIMERDATA, wires) &&
              !curl_multi_setopt(wires->multi, CURLMOPT_MAXCONNECTS, (long)plan->count);
    for (uint32_t i = 0; ok && i < plan->count; i++) {
        ok = make_wire(wires, &wires->wires[i]);
    }
    if (!ok) {
        live_wires_destroy(wires);
        return NULL;
    }
    return wires;
}

void live_wires_destroy(struct live_wires *wires) {
    if (!wires) {
        return;
    }
    for (uint32_t i = 0; wires->wires && i < wires->plan.count; i++) {
        if (wires->wires[i].busy) {
            curl_multi_remove_handle(wires->multi, wires->wires[i].easy);
        }
        curl_easy_cleanup(wires->wires[i].easy);
    }
    curl_multi_cleanup(wires->multi);
    curl_slist_free_all(wires->header_list);
    free(wires->wires);
    free(wires);
}

/* Requests. */

static bool set_method(CURL *easy, enum weir_method method) {
    if (method == WEIR_GET) {
        return !curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL) &&
               !curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    /* an empty body: the parameters are in the query */
    return !curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "") &&
           !curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L) &&
           !curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, weir_method_name(method));
}

bool live_wires_send(struct live_wires *wires, uint32_t number, uint32_t request_id,
                     enum weir_method method, const char *path, const char *query) {
    assert(number < wires->plan.count);
    struct wire *wire = &wires->wires[number];
    assert(!wire->busy);
    snprintf(wire->url, sizeof wire->url, "%s%s%s%s", wires->plan.base, path, query[0] ? "?" : "",
             query);
    wire->request_id = request_id;
    wire->header_count = wire->header_used = wire->body_length = 0;
    wire->body[0] = '\0';
    if (!set_method(wire->easy, method) || curl_easy_setopt(wire->easy, CURLOPT_URL, wire->url) ||
        curl_multi_add_handle(wires->multi, wire->easy)) {
        return false;
    }
    wire->busy = true;
    return true;
}

static void tell(struct live_wires *wires, struct wire *wire, CURLcode result) {
    long status = 0;
    curl_easy_getinfo(wire->easy, CURLINFO_RESPONSE_CODE, &status);
    const struct live_wire_answer answer = {.lost = result != CURLE_OK,
                                            .unreachable = result == CURLE_COULDNT_CONNECT ||
                                                           result == CURLE_COULDNT_RESOLVE_HOST,
                                            .error = curl_easy_strerror(result),
                                            .status = (int)status,
                                            .headers = wire->headers,
                                            .header_count = wire->header_count,
                                            .body = wire->body,
                                            .body_length = wire->body_length};
    wires->plan.done(wires->plan.context, wire->request_id, &answer);
}

/** Tells of every request that is done; telling may send others. */
static void tell_done(struct live_wires *wires) {
    int left = 0;
    CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(wires->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        char *private = NULL;
        const CURLcode result = message->data.result;
        CURL *easy = message->easy_handle;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        struct wire *wire = (struct wire *)(void *)private;
        curl_multi_remove_handle(wires->multi, easy);
        wire->busy = false;
        tell(wires, wire, result);
    }
}

void live_wires_ready(struct live_wires *wires, int fd, uint32_t events) {
    int running = 0;
    const int what = (events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
                     (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                     (events & EPOLLERR ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(wires->multi, fd, what, &running);
    tell_done(wires);
}

static void take_timer(struct live_wires *wires, int64_t now_ns) {
    if (wires->timer_asked) {
        wires->timer_ns = wires->timer_ms < 0 ? INT64_MAX : now_ns + wires->timer_ms * 1000000;
        wires->timer_asked = false;
    }
}

void live_wires_advance(struct live_wires *wires, int64_t now_ns) {
    take_timer(wires, now_ns);
    /* a timer that is set again to "at once" is served at the next call: no endless turn here */
    if (wires->timer_ns <= now_ns) {
        int running = 0;
        wires->timer_ns = INT64_MAX;
        curl_multi_socket_action(wires->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        tell_done(wires);
    }
    take_timer(wires, now_ns);
}

int64_t live_wires_next_ns(const struct live_wires *wires) {
    return wires->timer_asked ? 0 : wires->timer_ns;
}
