#include "http.h"

#include <curl/curl.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"

#define TIMEOUT_MS 10000L
#define HEADERS_MAX 48
#define HEADER_BYTES 8192
#define BODY_BYTES 16384 // error bodies and answers to orders are shorter; the rest is passed over
#define REQUEST_BYTES 4096

/** One connection and what is on it. */
struct wire {
    CURL *curl;
    uint64_t id; /**< 0: free */
    int64_t sent_ns;
    struct weir_header headers[HEADERS_MAX];
    size_t header_count;
    char header_text[HEADER_BYTES];
    size_t header_bytes;
    char body[BODY_BYTES];
    size_t body_bytes;
    char url[REQUEST_BYTES];
    char form[REQUEST_BYTES];
};

struct http {
    CURLM *multi;
    struct curl_slist *key_header;
    const char *base_url;
    const char *secret;
    http_done *done;
    void *context;
    uint32_t count;
    struct wire wires[];
};

static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
    struct wire *wire = context;
    size_t room = sizeof wire->body - 1 - wire->body_bytes;
    size_t taken = size * count < room ? size * count : room;
    memcpy(wire->body + wire->body_bytes, bytes, taken);
    wire->body_bytes += taken;
    return size * count;
}

/** Keeps a header line "Name: value\r\n" as two strings. */
static size_t take_header(char *bytes, size_t size, size_t count, void *context) {
    struct wire *wire = context;
    size_t length = size * count;
    const char *colon = memchr(bytes, ':', length);
    if (colon && wire->header_count < HEADERS_MAX && length < HEADER_BYTES - wire->header_bytes) {
        char *line = wire->header_text + wire->header_bytes;
        memcpy(line, bytes, length);
        line[length] = '\0';
        wire->header_bytes += length + 1;
        line[colon - bytes] = '\0';
        char *value = line + (colon - bytes) + 1;
        value += strspn(value, " \t");
        value[strcspn(value, "\r\n")] = '\0';
        wire->headers[wire->header_count++] = (struct weir_header){line, value};
    }
    return length;
}

static void prepare(struct http *http, struct wire *wire) {
    curl_easy_setopt(wire->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(wire->curl, CURLOPT_WRITEDATA, wire);
    curl_easy_setopt(wire->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(wire->curl, CURLOPT_HEADERDATA, wire);
    curl_easy_setopt(wire->curl, CURLOPT_HTTPHEADER, http->key_header);
    curl_easy_setopt(wire->curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(wire->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(wire->curl, CURLOPT_PRIVATE, wire);
}

struct http *http_create(const char *base_url, const char *key, const char *secret,
                         uint32_t connections, http_done *done, void *context) {
    struct http *http = calloc(1, sizeof *http + connections * sizeof http->wires[0]);
    char line[256];
    (void)snprintf(line, sizeof line, "X-MBX-APIKEY: %s", key);
    if (!http || !(http->multi = curl_multi_init()) ||
        !(http->key_header = curl_slist_append(NULL, line))) {
        http_destroy(http);
        return NULL;
    }
    http->base_url = base_url;
    http->secret = secret;
    http->done = done;
    http->context = context;
    for (; http->count < connections; http->count++) {
        struct wire *wire = &http->wires[http->count];
        wire->curl = curl_easy_init();
        if (!wire->curl) {
            http_destroy(http);
            return NULL;
        }
        prepare(http, wire);
    }
    return http;
}

void http_destroy(struct http *http) {
    if (http) {
        for (uint32_t i = 0; i < http->count; i++) {
            if (http->wires[i].id != 0) {
                curl_multi_remove_handle(http->multi, http->wires[i].curl);
            }
            curl_easy_cleanup(http->wires[i].curl);
        }
        curl_multi_cleanup(http->multi);
        curl_slist_free_all(http->key_header);
        free(http);
    }
}

uint32_t http_free(const struct http *http) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < http->count; i++) {
        count += http->wires[i].id == 0;
    }
    return count;
}

/** Writes `params` with timestamp and signature (HMAC SHA256 in hexadecimal, of all before it). */
static void sign(const char *secret, const char *params, char *signed_params, size_t size) {
    (void)snprintf(signed_params, size, "%s%stimestamp=%lld", params, params[0] ? "&" : "",
                   (long long)(unix_ns() / MS_NS));
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    size_t end = strlen(signed_params);
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)signed_params, end,
         digest, &length);
    end += (size_t)snprintf(signed_params + end, size - end, "&signature=");
    for (unsigned i = 0; i < length && end + 3 <= size; i++) {
        end += (size_t)snprintf(signed_params + end, size - end, "%02x", digest[i]);
    }
}

void http_send(struct http *http, uint64_t id, enum weir_method method, const char *path,
               const char *params) {
    struct wire *wire = http->wires;
    while (wire->id != 0) {
        wire++;
    }
    wire->id = id;
    wire->header_count = wire->header_bytes = wire->body_bytes = 0;
    bool in_body = method == WEIR_POST || method == WEIR_PUT;
    sign(http->secret, params, wire->form, sizeof wire->form);
    (void)snprintf(wire->url, sizeof wire->url, "%s%s%s%s", http->base_url, path,
                   in_body ? "" : "?", in_body ? "" : wire->form);
    curl_easy_setopt(wire->curl, CURLOPT_URL, wire->url);
    curl_easy_setopt(wire->curl, CURLOPT_HTTPGET, 1L); // forget the body of the one before
    if (in_body) {
        curl_easy_setopt(wire->curl, CURLOPT_POSTFIELDS, wire->form);
    }
    curl_easy_setopt(wire->curl, CURLOPT_CUSTOMREQUEST, weir_method_name(method));
    wire->sent_ns = monotonic_ns();
    curl_multi_add_handle(http->multi, wire->curl);
}

/** A request has ended: with a reply, or lost if there is none. */
static void finish(struct http *http, struct wire *wire, CURLcode result) {
    long status = 0;
    curl_easy_getinfo(wire->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(http->multi, wire->curl);
    bool lost = result != CURLE_OK;
    wire->body[wire->body_bytes] = '\0';
    struct weir_reply reply = {.id = wire->id,
                               .lost = lost,
                               .status = lost ? 0 : (int)status,
                               .sent_ns = wire->sent_ns,
                               .received_ns = monotonic_ns(),
                               .headers = wire->headers,
                               .header_count = lost ? 0 : wire->header_count,
                               .body = wire->body,
                               .body_length = lost ? 0 : wire->body_bytes};
    http->done(http->context, &reply);
    wire->id = 0;
}

void http_wait(struct http *http, int64_t timeout_ns, int descriptor) {
    struct curl_waitfd also = {.fd = descriptor, .events = CURL_WAIT_POLLIN};
    int running = 0;
    curl_multi_perform(http->multi, &running);
    // rounded up: asking a moment too early would only mean asking twice
    int64_t timeout_ms = (timeout_ns + MS_NS - 1) / MS_NS;
    curl_multi_poll(http->multi, &also, descriptor >= 0, (int)timeout_ms, NULL);
    curl_multi_perform(http->multi, &running);
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left));) {
        char *wire = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &wire);
        finish(http, (struct wire *)(void *)wire, message->data.result);
    }
}
