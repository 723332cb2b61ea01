#ifndef WEIR_LIVE_ADDRESS_H
#define WEIR_LIVE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/** Where an exchange is, as a URL says it. */
struct live_address {
    bool secure;    /**< https, wss */
    char host[256]; /**< a name or number; IPv6 without brackets */
    int port;
    char path[256]; /**< what comes after it, without a slash at the end; "" for none */
};

/** Reads "http://127.0.0.1:8080", "wss://host/path": schemes http, https, ws and wss, the port by
 * the scheme if none is given. NULL, or what is wrong in words that follow the text in a message.
 */
const char *live_address_read(const char *url, struct live_address *address);

/** Whether it is this machine's loopback: 127.0.0.0/8, ::1, or the name localhost. Other names are
 *  not looked up and are not. */
bool live_address_is_loopback(const struct live_address *address);

/** "http://host:port/path" or "ws://…", secure or not as the address is. */
void live_address_text(const struct live_address *address, bool websocket, char *text, size_t size);

#endif
