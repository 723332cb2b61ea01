#include "bytes_read.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* netinet/tcp.h lacks the field */

int64_t live_bytes_read(int socket) {
    struct tcp_info info;
    int waiting = 0;
    int waited = -1;
    do { /* until nothing came in between */
        socklen_t size = sizeof info;
        waited = waiting;
        if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) ||
            size <
                offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received ||
            ioctl(socket, FIONREAD, &waiting)) {
            return 0;
        }
    } while (waiting != waited);
    return (int64_t)info.tcpi_bytes_received - waiting;
}
