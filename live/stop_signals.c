#include "stop_signals.h"

#include <libwebsockets.h>
#include <signal.h>

static volatile sig_atomic_t stopped_by;
static struct lws_context *volatile stopped_context;

static void stop(int number) {
    stopped_by = number;
    if (stopped_context) {
        lws_cancel_service(stopped_context);
    }
}

void live_stop_catch(void) {
    struct sigaction action = {.sa_handler = stop};
    stopped_by = 0;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

void live_stop_wakes(struct lws_context *context) {
    stopped_context = context;
}

int live_stop_signal(void) {
    return stopped_by;
}
