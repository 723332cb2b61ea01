#include "stream_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool fail(char *error, size_t size, const char *text, const char *what) {
    snprintf(error, size,
             "'%.200s': %s; a URL such as wss://fstream.asterdex.com" LIVE_STREAM_PATH " is needed",
             text, what);
    return false;
}

/** "host", "host:port", "[::1]:port". What is wrong, or NULL. */
static const char *read_authority(const char *text, size_t length, struct live_stream_url *url) {
    const bool bracket = length > 0 && text[0] == '[';
    const char *end = bracket ? memchr(text, ']', length) : memchr(text, ':', length);
    const char *host = text + (bracket ? 1 : 0);
    if (bracket && !end) {
        return "its address lacks a ']'";
    }
    end = end ? end : text + length;
    const size_t host_length = (size_t)(end - host);
    if (host_length == 0 || host_length >= sizeof url->host) {
        return "it names no host";
    }
    if (memchr(text, '@', length)) {
        return "it holds a user name, which streams do not have";
    }
    memcpy(url->host, host, host_length);
    url->host[host_length] = '\0';
    const char *rest = end + (bracket ? 1 : 0);
    const size_t rest_length = length - (size_t)(rest - text);
    if (rest_length == 0) {
        return NULL;
    }
    char *number_end = NULL;
    const unsigned long port = strtoul(rest + 1, &number_end, 10);
    if (rest[0] != ':' || rest_length < 2 || rest[1] < '0' || rest[1] > '9' ||
        number_end != text + length || port < 1 || port > 65535) {
        return "its port is no number from 1 to 65535";
    }
    url->port = (int)port;
    return NULL;
}

bool live_stream_url_read(const char *text, struct live_stream_url *url, char *error,
                          size_t error_size) {
    static const char *const schemes[] = {"ws://", "wss://"};
    *url = (struct live_stream_url){.tls = strncasecmp(text, schemes[1], 6) == 0};
    const size_t scheme_length = strlen(schemes[url->tls ? 1 : 0]);
    url->port = url->tls ? 443 : 80;
    if (strncasecmp(text, schemes[url->tls ? 1 : 0], scheme_length) != 0) {
        return fail(error, error_size, text, "it begins with neither ws:// nor wss://");
    }
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c <= ' ' || *c == '\x7f' || *c == '#') {
            return fail(error, error_size, text, "it holds a blank, a control character or a '#'");
        }
    }
    const char *authority = text + scheme_length;
    const size_t length = strcspn(authority, "/?");
    const char *wrong = read_authority(authority, length, url);
    if (wrong) {
        return fail(error, error_size, text, wrong);
    }
    const char *path = authority + length;
    const bool none = path[0] == '\0' || strcmp(path, "/") == 0;
    const int written = snprintf(url->path, sizeof url->path, "%s%s", path[0] == '?' ? "/" : "",
                                 none ? LIVE_STREAM_PATH : path);
    return (written > 0 && (size_t)written < sizeof url->path) ||
           fail(error, error_size, text, "its path is too long");
}
