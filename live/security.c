/**
 * Keys, timestamps and signatures. A V1 call carries X-MBX-APIKEY, timestamp and an HMAC-SHA256 of
 * its parameters; a V3 call carries user or signer, nonce and signature, of which only the presence
 * is checked. A call under a V3 path with X-MBX-APIKEY is taken for V1's kind, as connectors for
 * Binance send it.
 */
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "call.h"

#define MILLISECOND_NS INT64_C(1000000)
#define RECV_WINDOW_MS 5000
#define RECV_WINDOW_MAX_MS 60000
#define AHEAD_MS 1000

#define CODE_TIMESTAMP (-1021)
#define CODE_SIGNATURE (-1022)
#define CODE_KEY_FORMAT (-2014)
#define CODE_KEY (-2015)

/* Room for a query that is written out again, every byte escaped at worst. */
#define QUERY_SIZE 65536

/** How clients write the characters that must be escaped in a query. */
enum escaping {
    ESCAPE_NOTHING,
    ESCAPE_FORM,    /**< Python's urlencode: a space is "+" */
    ESCAPE_RFC3986, /**< a space is "%20" */
    ESCAPE_SCRIPT   /**< encodeURIComponent: !'()* stay */
};
#define ESCAPINGS 4

static bool is_plain(char c, enum escaping escaping) {
    const bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return escaping == ESCAPE_NOTHING || word || strchr("-_.", c) != NULL || (c == '~') ||
           (escaping == ESCAPE_SCRIPT && strchr("!'()*", c) != NULL);
}

struct writer {
    char *text;
    size_t length;
};

static void put(struct writer *writer, char c) {
    if (writer->length + 1 < QUERY_SIZE) {
        writer->text[writer->length++] = c;
    }
}

static void put_escaped(struct writer *writer, const char *text, enum escaping escaping) {
    static const char digits[] = "0123456789ABCDEF";
    for (; *text; text++) {
        if (*text == ' ' && escaping == ESCAPE_FORM) {
            put(writer, '+');
        } else if (is_plain(*text, escaping)) {
            put(writer, *text);
        } else {
            put(writer, '%');
            put(writer, digits[(unsigned char)*text >> 4]);
            put(writer, digits[(unsigned char)*text & 15]);
        }
    }
}

static bool signed_by(const char *secret, const char *text, size_t length, const char *signature) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
    if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text, length,
              digest, &size)) {
        return false;
    }
    for (unsigned int i = 0; i < size; i++) {
        snprintf(hex + (size_t)2 * i, 3, "%02x", digest[i]);
    }
    const size_t digits = (size_t)2 * size;
    return strlen(signature) == digits && CRYPTO_memcmp(hex, signature, digits) == 0;
}

/** Writes query and body without the signature, as they were signed. The query reaches us decoded,
 *  so it is written out again. */
static void put_payload(struct writer *writer, const struct live_request *request,
                        enum escaping escaping) {
    const struct live_parameters *p = request->parameters;
    for (size_t i = 0; i < request->query_count; i++) {
        if (strcmp(p->items[i].name, "signature") != 0) {
            if (writer->length > 0) {
                put(writer, '&');
            }
            put_escaped(writer, p->items[i].name, escaping);
            put(writer, '=');
            put_escaped(writer, p->items[i].value, escaping);
        }
    }
    const char *body = request->body;
    const char *mark = strncmp(body, "signature=", 10) == 0 ? body : strstr(body, "&signature=");
    const size_t length = mark ? (size_t)(mark - body) : strlen(body);
    for (size_t i = 0; i < length; i++) {
        put(writer, body[i]);
    }
}

static bool signature_matches(const struct live_call *call) {
    static char storage[QUERY_SIZE]; /* one thread */
    for (int escaping = 0; escaping < ESCAPINGS; escaping++) {
        struct writer writer = {storage, 0};
        put_payload(&writer, call->request, (enum escaping)escaping);
        if (signed_by(call->exchange->api_secret, storage, writer.length,
                      live_text(call, "signature"))) {
            return true;
        }
    }
    return false;
}

static int32_t check_time(struct live_call *call) {
    int64_t timestamp_ms = 0;
    int64_t window_ms = RECV_WINDOW_MS;
    const char *window = live_text(call, "recvWindow");
    if (!live_read_integer(live_text(call, "timestamp"), &timestamp_ms)) {
        return live_invalid(call, "timestamp");
    }
    if (window && (!live_read_integer(window, &window_ms) || window_ms < 0 ||
                   window_ms > RECV_WINDOW_MAX_MS)) {
        return live_invalid(call, "recvWindow");
    }
    const int64_t now_ms = call->now_ns / MILLISECOND_NS;
    if (timestamp_ms >= now_ms + AHEAD_MS) {
        snprintf(call->detail, sizeof call->detail,
                 "Timestamp for this request was 1000ms ahead of the server's time.");
        return CODE_TIMESTAMP;
    }
    return timestamp_ms < now_ms - window_ms ? CODE_TIMESTAMP : 0;
}

static int32_t check_v3(struct live_call *call, enum live_security security) {
    if (!live_text(call, "user") && !live_text(call, "signer")) {
        return live_missing(call, "signer");
    }
    if (security == LIVE_SIGNED && !live_text(call, "nonce")) {
        return live_missing(call, "nonce");
    }
    return live_text(call, "signature") ? 0 : live_missing(call, "signature");
}

int32_t live_check_security(struct live_call *call, enum live_security security) {
    if (security == LIVE_OPEN || (security == LIVE_KEY_OR_NONE && call->v3)) {
        return 0;
    }
    const char *key = call->request->api_key;
    if (!key && call->v3) {
        return check_v3(call, security);
    }
    if (!key || !key[0]) {
        return CODE_KEY_FORMAT;
    }
    const bool check = call->exchange->api_secret != NULL;
    if (check && strcmp(key, call->exchange->api_key) != 0) {
        return CODE_KEY;
    }
    if (security != LIVE_SIGNED) {
        return 0;
    }
    if (!live_text(call, "signature")) {
        return live_missing(call, "signature");
    }
    if (!check) {
        return 0;
    }
    if (!live_text(call, "timestamp")) {
        return live_missing(call, "timestamp");
    }
    const int32_t code = check_time(call);
    if (code != 0) {
        return code;
    }
    return signature_matches(call) ? 0 : CODE_SIGNATURE;
}
