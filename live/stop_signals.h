#ifndef WEIR_LIVE_STOP_SIGNALS_H
#define WEIR_LIVE_STOP_SIGNALS_H

struct lws_context;

/** How a loop of the socket library ends by a signal. One loop of a process at a time. */

/** From now on SIGINT and SIGTERM are noted instead of ending the process, and SIGPIPE is ignored.
 *  Nothing has been noted yet. */
void live_stop_catch(void);

/** The loop that a signal wakes; NULL: none any more. */
void live_stop_wakes(struct lws_context *context);

/** The latest signal noted, 0 if there was none. */
int live_stop_signal(void);

#endif
