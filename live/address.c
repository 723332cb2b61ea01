#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *read_scheme(const char *url, struct live_address *address) {
    static const struct {
        const char *text;
        bool secure;
    } schemes[] = {{"http://", false}, {"https://", true}, {"ws://", false}, {"wss://", true}};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const size_t length = strlen(schemes[i].text);
        if (strncmp(url, schemes[i].text, length) == 0) {
            address->secure = schemes[i].secure;
            return url + length;
        }
    }
    return NULL;
}

/** The host, in brackets or not; returns what follows it, or NULL. */
static const char *read_host(const char *text, struct live_address *address) {
    const bool bracket = text[0] == '[';
    text += bracket ? 1 : 0;
    const size_t length = strcspn(text, bracket ? "]" : ":/?#@");
    if (length == 0 || length >= sizeof address->host || (bracket && text[length] != ']')) {
        return NULL;
    }
    memcpy(address->host, text, length);
    address->host[length] = '\0';
    return text + length + (bracket ? 1 : 0);
}

const char *live_address_read(const char *url, struct live_address *address) {
    *address = (struct live_address){.secure = false};
    const char *at = read_scheme(url, address);
    if (!at) {
        return "does not begin with http://, https://, ws:// or wss://";
    }
    at = read_host(at, address);
    if (!at) {
        return "names no host";
    }
    address->port = address->secure ? 443 : 80;
    if (*at == ':') {
        char *end = NULL;
        const long port = strtol(at + 1, &end, 10);
        if (end == at + 1 || port < 1 || port > 65535) {
            return "has a port that is none (1 to 65535)";
        }
        address->port = (int)port;
        at = end;
    }
    if (*at != '\0' && *at != '/') {
        return "has something after the host that is neither a port nor a path";
    }
    size_t length = strlen(at);
    while (length > 0 && at[length - 1] == '/') {
        length--;
    }
    if (length >= sizeof address->path) {
        return "is too long";
    }
    memcpy(address->path, at, length);
    address->path[length] = '\0';
    return NULL;
}

bool live_address_is_loopback(const struct live_address *address) {
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, address->host, &four) == 1) {
        return ntohl(four.s_addr) >> 24 == 127;
    }
    if (inet_pton(AF_INET6, address->host, &six) == 1) {
        return memcmp(&six, &in6addr_loopback, sizeof six) == 0;
    }
    return strcmp(address->host, "localhost") == 0;
}

void live_address_text(const struct live_address *address, bool websocket, char *text,
                       size_t size) {
    const bool six = strchr(address->host, ':') != NULL;
    snprintf(text, size, "%s%s://%s%s%s:%d%s", websocket ? "ws" : "http",
             address->secure ? "s" : "", six ? "[" : "", address->host, six ? "]" : "",
             address->port, address->path);
}
