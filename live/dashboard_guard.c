#include "dashboard_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

/** An address in 16 bytes, those of version 4 as they are mapped into version 6. */
static bool parse_address(const char *text, unsigned char bytes[16]) {
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    memcpy(bytes, mapped, sizeof mapped);
    return inet_pton(AF_INET, text, bytes + sizeof mapped) == 1 ||
           inet_pton(AF_INET6, text, bytes) == 1;
}

static bool is_loopback(const unsigned char bytes[16]) {
    static const unsigned char four[13] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
    static const unsigned char six[16] = {[15] = 1};
    return memcmp(bytes, four, sizeof four) == 0 || memcmp(bytes, six, sizeof six) == 0;
}

/** The name in "name", "name:port", "[address]" or "[address]:port". */
static void host_name(const char *host, char *name, size_t size) {
    const bool bracket = host[0] == '[';
    const char *start = bracket ? host + 1 : host;
    snprintf(name, size, "%.*s", (int)strcspn(start, bracket ? "]" : ":"), start);
}

static bool is_here(const char *host, const char *local_address) {
    char name[LIVE_ORIGIN_SIZE];
    unsigned char asked[16];
    unsigned char local[16];
    host_name(host, name, sizeof name);
    if (strcasecmp(name, "localhost") == 0) {
        return true;
    }
    return parse_address(name, asked) &&
           (is_loopback(asked) ||
            (parse_address(local_address, local) && memcmp(asked, local, sizeof local) == 0));
}

static bool is_same_origin(const char *origin, const char *host) {
    static const char scheme[] = "http://";
    return strncmp(origin, scheme, sizeof scheme - 1) == 0 &&
           strcasecmp(origin + sizeof scheme - 1, host) == 0;
}

static bool is_json(const char *content_type) {
    static const char json[] = "application/json";
    const size_t length = sizeof json - 1;
    return strncasecmp(content_type, json, length) == 0 &&
           (content_type[length] == '\0' || content_type[length] == ';' ||
            content_type[length] == ' ');
}

static bool is_token(const char *sent, const char *token) {
    const size_t length = strlen(token);
    return strlen(sent) == length && CRYPTO_memcmp(sent, token, length) == 0;
}

struct live_objection live_guard_read(const struct live_origin *from) {
    if (!is_here(from->host, from->local_address)) {
        return (struct live_objection){
            403, "The Host header must name localhost or the address that the server listens at."};
    }
    return (struct live_objection){0, NULL};
}

struct live_objection live_guard_switch(const struct live_origin *from, const char *token) {
    const struct live_objection objection = live_guard_read(from);
    if (objection.status != 0) {
        return objection;
    }
    if ((from->fetch_site[0] && strcmp(from->fetch_site, "same-origin") != 0) ||
        (from->origin[0] && !is_same_origin(from->origin, from->host))) {
        return (struct live_objection){403, "Modes are switched from the dashboard's own page, not "
                                            "from a page of another site."};
    }
    if (!from->token[0]) {
        return (struct live_objection){
            401, "The header X-Weir-Token is missing: the token is in the address of the dashboard "
                 "that was printed at the start, after #token=."};
    }
    if (!is_token(from->token, token)) {
        return (struct live_objection){
            401, "The token is wrong: each start draws a new one; open the address that was "
                 "printed."};
    }
    if (!is_json(from->content_type)) {
        return (struct live_objection){415, "Send Content-Type: application/json."};
    }
    return (struct live_objection){0, NULL};
}
