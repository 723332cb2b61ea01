#ifndef WEIR_LIVE_BYTES_READ_H
#define WEIR_LIVE_BYTES_READ_H

#include <stdint.h>

/** How many bytes have been read from a TCP socket so far, by whomever: what came, less what waits
 *  to be read. The end of the stream may count as one. 0 if the system does not tell. */
int64_t live_bytes_read(int socket);

#endif
