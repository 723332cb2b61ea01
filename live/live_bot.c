/**
 * The loop: libwebsockets', in which the HTTP library's sockets and a timer sit behind one epoll
 * descriptor. Whatever happens, afterwards everything that is due is done and the timer is set.
 */
#include "live_bot.h"

#include <assert.h>
#include <inttypes.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "dashboard.h"
#include "event_queue.h"
#include "limiter_link.h"
#include "live_books.h"
#include "stop_signals.h"

#define SECOND_NS INT64_C(1000000000)
#define READY_MAX 64

/* The account's stream could not be had that often in a row, twice a second: the exchange is gone.
 */
#define FAILURES_MAX 10

enum kind {
    KIND_START,
    KIND_WAKE,
    KIND_UNFILLED,
    KIND_UNSENT,
    KIND_WITHHELD,
    KIND_OUTCOME, /* an opportunity's time is over */
    KIND_SHOW     /* progress */
};

struct live_bot {
    const struct live_meeting *meeting;
    const struct weir_stage *stage;
    struct weir_run *run;
    struct weir_live_measured *measured;
    struct weir_run_error *error;
    struct weir_exchange *exchange; /* only its limits */
    struct weir_limiter *limiter;
    struct weir_bot *bot;
    struct live_books books;
    struct live_wires *wires;
    struct live_user_stream *stream;
    struct live_limiter_view *view;
    struct live_limiter_link *link;
    struct live_dashboard *dashboard;
    struct lws_context *context;
    int poll_fd, timer_fd;
    struct weir_event_queue timers;
    int64_t anchor_ns, anchor_monotonic_ns; /* the exchange's clock, and the monotonic one then */
    int64_t now_ns;                         /* the latest time that anybody was told */
    size_t next_push, next_open, next_close;
    bool over, failed, nudged, serving;
};

/* ---- time ---- */

static int64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/** The exchange's clock: estimated once, then the monotonic one, so that it never jumps. */
static int64_t tick(struct live_bot *live) {
    live->now_ns = live->anchor_ns + monotonic_ns() - live->anchor_monotonic_ns;
    return live->now_ns;
}

static void push(struct live_bot *live, int64_t at_ns, enum kind kind, uint64_t data) {
    weir_event_queue_push(&live->timers, at_ns, (uint8_t)kind, data);
}

/* ---- what the bot asks of its host ---- */

/** Beyond the loopback nothing changes anything: no orders, no settings. */
static bool is_withheld(const struct live_bot *live, const struct weir_request_record *r) {
    return !live->meeting->sends_orders && weir_endpoint_method(r->endpoint) != WEIR_GET;
}

static void host_send(void *context, uint32_t id) {
    struct live_bot *live = context;
    const struct weir_request_record *r = weir_ledger_request(&live->run->own, id);
    const int64_t offset_ns = (int64_t)(live->stage->scenario->bot.clock_offset_ms * 1e6);
    char query[LIVE_QUERY_MAX];
    if (is_withheld(live, r)) {
        push(live, live->now_ns, KIND_WITHHELD, id);
        return;
    }
    live_order_query(&live->books.text, r, live->now_ns + offset_ns, query);
    if (!live_wires_send(live->wires, (uint32_t)r->connection, id,
                         weir_endpoint_method(r->endpoint), weir_endpoint_path(r->endpoint),
                         query)) {
        push(live, live->now_ns, KIND_UNSENT, id);
    }
}

static void host_wake(void *context, int64_t at_ns, uint64_t token) {
    push(context, at_ns, KIND_WAKE, token);
}

static bool host_is_open(void *context, uint32_t opportunity) {
    const struct live_bot *live = context;
    return weir_venue_is_open(live->books.books.venue, opportunity);
}

static double host_price(void *context, uint32_t symbol, int64_t now_ns) {
    const struct live_bot *live = context;
    return weir_market_price(live->stage->market, symbol, now_ns);
}

/* ---- what happens ---- */

static void on_answer(void *context, uint32_t id, const struct live_wire_answer *answer) {
    struct live_bot *live = context;
    struct weir_bot_reply told;
    const int64_t now_ns = tick(live);
    live_books_answer(&live->books, id, answer, now_ns, &told);
    weir_bot_on_reply(live->bot, now_ns, id, &told);
}

/** A request that never left this machine. */
static void answer_here(struct live_bot *live, uint32_t id, bool withheld) {
    static const char body[] = "{\"code\":-1,\"msg\":\"Withheld: not on the loopback.\"}";
    const struct live_wire_answer answer = {.lost = !withheld,
                                            .error = "not sent",
                                            .status = withheld ? 400 : 0,
                                            .body = withheld ? body : "",
                                            .body_length = withheld ? sizeof body - 1 : 0};
    live->measured->withheld += withheld ? 1 : 0;
    on_answer(live, id, &answer);
    struct weir_request_record *r = weir_ledger_request(&live->run->own, id);
    r->charged_weight = r->charged_orders = 0;
}

static void on_order(void *context, const struct live_order_event *event) {
    struct live_bot *live = context;
    live_books_order(&live->books, event, tick(live));
}

static void on_stream(void *context, bool up, unsigned failures) {
    struct live_bot *live = context;
    live->measured->stream_losses += !up && failures == 1 ? 1 : 0;
    if (failures >= FAILURES_MAX) {
        snprintf(live->measured->ended, sizeof live->measured->ended,
                 "the exchange is gone: its account stream could not be had for %d s",
                 FAILURES_MAX / 2);
        live->over = true;
    }
}

/** Tells who looks on what became of an opportunity. */
static void tell_outcome(struct live_bot *live, uint32_t opportunity) {
    const struct weir_opportunity_record *o = &live->run->own.opportunities[opportunity];
    const bool captured = o->state == WEIR_STATE_CAPTURED;
    const struct live_outcome outcome = {
        .captured = captured,
        .symbol = live->run->own.facts.symbols[o->symbol],
        .side = o->side == WEIR_SIDE_SELL ? "SELL" : "BUY",
        .notional_usd = o->notional_usd,
        .reason = captured                         ? NULL
                  : o->state == WEIR_STATE_REFUSED ? weir_reason_name((enum weir_reason)o->reason)
                  : o->state == WEIR_STATE_OPEN    ? "late"
                                                   : weir_state_name((enum weir_state)o->state),
        .latency_ns = captured ? o->accepted_ns - o->time_ns : 0};
    live_limiter_view_outcome(live->view, &outcome);
}

static void on_accepted(void *context, uint32_t opportunity, int64_t expires_ns) {
    struct live_bot *live = context;
    if (!weir_bot_entry_is_market(live->bot, opportunity)) {
        push(live, expires_ns, KIND_UNFILLED, opportunity);
    }
    if (live->run->own.opportunities[opportunity].state == WEIR_STATE_CAPTURED) {
        tell_outcome(live, opportunity);
    }
}

static void tell_if_missed(struct live_bot *live, uint32_t opportunity) {
    if (live->run->own.opportunities[opportunity].state != WEIR_STATE_CAPTURED) {
        tell_outcome(live, opportunity);
    }
}

/** The limiter's mode was switched by hand: its queue is asked when this is over. */
static void on_view_event(void *context, const json_t *event) {
    struct live_bot *live = context;
    (void)event;
    live->nudged = true;
}

static void show(struct live_bot *live) {
    const struct weir_ledger *l = &live->run->own;
    const double to_onset_s = (double)(l->facts.onset_ns - live->now_ns) / 1e9;
    size_t captured = 0;
    for (size_t i = 0; i < live->next_close; i++) {
        captured += l->opportunities[i].state == WEIR_STATE_CAPTURED;
    }
    if (to_onset_s > 0.0) {
        fprintf(stderr, "\r%.0f s to the first liquidation ", to_onset_s);
    } else {
        fprintf(stderr, "\r%.0f s left: %zu of %zu opportunities captured, %zu requests ",
                (double)(live->stage->end_ns - live->now_ns) / 1e9, captured, live->next_close,
                l->request_count);
    }
    fputs("\033[K", stderr);
    push(live, live->now_ns + SECOND_NS, KIND_SHOW, 0);
}

static void do_timer(struct live_bot *live, const struct weir_sim_event *event) {
    const uint32_t number = (uint32_t)event->data;
    switch ((enum kind)weir_event_kind(event)) {
    case KIND_START:
        weir_bot_start(live->bot, live->now_ns);
        break;
    case KIND_WAKE:
        weir_bot_wake(live->bot, live->now_ns, event->data);
        break;
    case KIND_UNFILLED:
        live_books_unfilled(&live->books, number, live->now_ns);
        break;
    case KIND_UNSENT:
        answer_here(live, number, false);
        break;
    case KIND_WITHHELD:
        answer_here(live, number, true);
        break;
    case KIND_OUTCOME:
        tell_if_missed(live, number);
        break;
    case KIND_SHOW:
        show(live);
        break;
    }
}

/* ---- the feed ---- */

static void observe(struct live_bot *live, const struct weir_push *delivered) {
    const struct weir_liquidation *row = &live->stage->trace->rows[delivered->row];
    const struct weir_observation o = {
        .now_ns = live->now_ns + (int64_t)(live->stage->scenario->bot.clock_offset_ms * 1e6),
        .symbol = row->symbol,
        .sell = row->side == WEIR_SIDE_SELL,
        .price = weir_liquidation_price(row),
        .notional_usd = weir_liquidation_notional_usd(row)};
    weir_observe(live->limiter, &o);
}

/** When the next of what is known beforehand is due. */
static int64_t next_known_ns(const struct live_bot *live) {
    const struct weir_hunt *hunt = &live->stage->hunts[0];
    int64_t next_ns = INT64_MAX;
    if (live->next_push < live->stage->push_count) {
        next_ns = live->stage->pushes[live->next_push].delivered_ns;
    }
    if (live->next_open < hunt->opportunity_count &&
        hunt->opportunities[live->next_open].opened_ns < next_ns) {
        next_ns = hunt->opportunities[live->next_open].opened_ns;
    }
    if (live->next_close < live->next_open &&
        hunt->opportunities[live->next_close].closes_ns < next_ns) {
        next_ns = hunt->opportunities[live->next_close].closes_ns;
    }
    return next_ns;
}

/** Deliveries come before the opportunities that they open, those before the ones that close. */
static void do_known(struct live_bot *live, int64_t due_ns) {
    const struct weir_hunt *hunt = &live->stage->hunts[0];
    if (live->next_push < live->stage->push_count &&
        live->stage->pushes[live->next_push].delivered_ns == due_ns) {
        observe(live, &live->stage->pushes[live->next_push++]);
    } else if (live->next_open < hunt->opportunity_count &&
               hunt->opportunities[live->next_open].opened_ns == due_ns) {
        const uint32_t o = (uint32_t)live->next_open++;
        push(live,
             hunt->opportunities[o].time_ns + live->run->own.facts.opportunity_window_ns +
                 SECOND_NS / 10,
             KIND_OUTCOME, o);
        weir_bot_on_open(live->bot, live->now_ns, o);
    } else {
        weir_bot_on_close(live->bot, live->now_ns, (uint32_t)live->next_close++);
    }
}

/* ---- the loop ---- */

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/** Does what is due by the clock; false if nothing was. */
static bool do_due(struct live_bot *live) {
    const int64_t known_ns = next_known_ns(live);
    const int64_t timer_ns = weir_event_queue_next_ns(&live->timers);
    const int64_t due_ns = earlier(known_ns, timer_ns);
    const int64_t now_ns = tick(live);
    if (due_ns > now_ns) {
        return false;
    }
    if (now_ns - due_ns > live->measured->lag_max_ns) {
        live->measured->lag_max_ns = now_ns - due_ns;
    }
    live->run->events++;
    if (known_ns <= timer_ns) {
        do_known(live, known_ns);
    } else {
        const struct weir_sim_event event = weir_event_queue_pop(&live->timers);
        do_timer(live, &event);
    }
    return true;
}

static void set_timer(struct live_bot *live) {
    int64_t next_ns = earlier(next_known_ns(live), weir_event_queue_next_ns(&live->timers));
    next_ns = earlier(next_ns, live_wires_next_ns(live->wires));
    next_ns = earlier(next_ns, live->stage->end_ns);
    /* on the monotonic clock; 1 ns is as good as at once, 0 would switch it off */
    const int64_t at_ns = next_ns - live->anchor_ns + live->anchor_monotonic_ns;
    const int64_t set_ns = at_ns > 1 ? at_ns : 1;
    const struct itimerspec when = {.it_value = {.tv_sec = (time_t)(set_ns / SECOND_NS),
                                                 .tv_nsec = (long)(set_ns % SECOND_NS)}};
    timerfd_settime(live->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void check_bot(struct live_bot *live) {
    const char *why = weir_bot_failure(live->bot);
    if (why && !live->failed) {
        snprintf(live->error->text, sizeof live->error->text, "policy %s: %s",
                 weir_limiter_policy(live->limiter)->name, why);
        live->error->policy_failed = live->failed = true;
    }
    if (live->timers.out_of_memory || live->run->own.out_of_memory) {
        snprintf(live->error->text, sizeof live->error->text, "out of memory");
        live->failed = true;
    }
    live->over =
        live->over || live->failed || live->now_ns >= live->stage->end_ns || live_stop_signal();
}

/** Does everything that is due, and sets the timer for the next. */
static void serve(struct live_bot *live) {
    if (live->serving) {
        return;
    }
    live->serving = true;
    do {
        while (!live->over && do_due(live)) {
            check_bot(live);
        }
        live_wires_advance(live->wires, tick(live));
        if (live->nudged) {
            live->nudged = false;
            weir_bot_nudge(live->bot, live->now_ns);
        }
        check_bot(live);
    } while (!live->over &&
             earlier(next_known_ns(live), weir_event_queue_next_ns(&live->timers)) <= live->now_ns);
    set_timer(live);
    live->serving = false;
    if (live->over) {
        lws_cancel_service(live->context);
    }
}

/** Sockets of the HTTP library, or the timer. */
static void on_ready(struct live_bot *live) {
    struct epoll_event events[READY_MAX];
    const int count = epoll_wait(live->poll_fd, events, READY_MAX, 0);
    for (int i = 0; i < count; i++) {
        uint64_t expirations = 0;
        if (events[i].data.fd != live->timer_fd) {
            live_wires_ready(live->wires, events[i].data.fd, events[i].events);
        } else if (read(live->timer_fd, &expirations, sizeof expirations) < 0) {
            continue; /* it was set anew meanwhile */
        }
    }
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length) {
    struct live_bot *live = lws_context_user(lws_get_context(wsi));
    (void)user;
    (void)in;
    (void)length;
    if (reason == LWS_CALLBACK_RAW_RX_FILE) {
        on_ready(live);
    }
    return 0;
}

static const struct lws_protocols protocols[] = {{.name = "weir-live", .callback = on_event},
                                                 {.name = NULL}};

/* ---- beginning and ending ---- */

static bool fail(struct live_bot *live, const char *text) {
    snprintf(live->error->text, sizeof live->error->text, "%s", text);
    return false;
}

static bool open_loop(struct live_bot *live) {
    struct lws_context_creation_info info = {0};
    lws_set_log_level(0, NULL);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.user = live;
    info.server_string = "weir";
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    live->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    live->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event timer = {.events = EPOLLIN, .data.fd = live->timer_fd};
    if (live->poll_fd < 0 || live->timer_fd < 0 ||
        epoll_ctl(live->poll_fd, EPOLL_CTL_ADD, live->timer_fd, &timer)) {
        return fail(live, "the system has no more descriptors for a timer");
    }
    live->context = lws_create_context(&info);
    if (!live->context) {
        return fail(live, "out of memory");
    }
    /* the loop closes what it adopts: it gets a descriptor of its own */
    const lws_sock_file_fd_type fd = {.filefd = dup(live->poll_fd)};
    struct lws_vhost *vhost = lws_get_vhost_by_name(live->context, "default");
    if (fd.filefd < 0 ||
        !lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, fd, protocols[0].name, NULL)) {
        return fail(live, "out of memory");
    }
    return true;
}

static bool open_bot(struct live_bot *live, const struct weir_policy *policy) {
    const struct weir_stage *stage = live->stage;
    const struct weir_scenario *scenario = stage->scenario;
    const struct weir_hunt *hunt = &stage->hunts[0];
    live->exchange = weir_exchange_create(&scenario->exchange.rules, 1, 1);
    if (!live->exchange || !weir_event_queue_open(&live->timers, 4096) ||
        !weir_ledger_open(&live->run->own, hunt->opportunity_count) ||
        !weir_ledger_open(&live->run->foreign, 0)) {
        return fail(live, "out of memory");
    }
    weir_books_begin(stage, hunt, &live->run->own, stage->bound);
    weir_books_begin(stage, hunt, &live->run->foreign, NULL);
    live->limiter = weir_run_limiter(scenario, policy, live->exchange, tick(live), stage->seed,
                                     true, live->error);
    if (!live->limiter) {
        return false;
    }
    if (!live_books_open(&live->books, stage, &live->run->own, live->meeting->precisions)) {
        return fail(live, "out of memory");
    }
    const struct weir_bot_parts parts = {
        .client = WEIR_CLIENT_BOT,
        .settings = &scenario->bot,
        .strategy = hunt->strategy,
        .symbols = hunt->symbols,
        .opportunities = hunt->opportunities,
        .opportunity_count = hunt->opportunity_count,
        .symbol_count = (uint32_t)stage->trace->symbol_count,
        .ledger = &live->run->own,
        .limiter = live->limiter,
        .host = {live, host_send, host_wake, host_is_open, host_price}};
    live->bot = live->books.books.bot = weir_bot_create(&parts);
    live->books.text.tag = (uint32_t)(live->meeting->onset_ns / SECOND_NS);
    live->books.text.api_secret = live->meeting->plan->api_secret;
    live->books.context = live;
    live->books.accepted = on_accepted;
    return live->bot ? true : fail(live, "out of memory");
}

static bool open_lines(struct live_bot *live) {
    const struct weir_bot_settings *bot = &live->stage->scenario->bot;
    const struct live_meeting *meeting = live->meeting;
    const struct live_wires_plan wires = {.base = meeting->base,
                                          .api_key = meeting->plan->api_key,
                                          .count = (uint32_t)bot->connections,
                                          .timeout_ms = (int64_t)bot->timeout_ms,
                                          .poll_fd = live->poll_fd,
                                          .done = on_answer,
                                          .context = live};
    live->wires = live_wires_create(&wires);
    if (live->wires && meeting->listen_key[0]) {
        const struct live_user_stream_plan stream = {.context = live->context,
                                                     .address = meeting->stream_address,
                                                     .listen_key = meeting->listen_key,
                                                     .order = on_order,
                                                     .state = on_stream,
                                                     .told = live};
        live->stream = live_user_stream_create(&stream);
    }
    return live->wires && (live->stream || !meeting->listen_key[0]) ? true
                                                                    : fail(live, "out of memory");
}

/** The limiter's own clock, for those who look on. */
static int64_t limiter_clock(void *context) {
    struct live_bot *live = context;
    return tick(live) + (int64_t)(live->stage->scenario->bot.clock_offset_ms * 1e6);
}

/** The limiter is shown at the server's dashboard, if it is `weir serve`, and at one of its own, if
 *  that was asked for. */
static bool open_views(struct live_bot *live) {
    const struct live_meeting *meeting = live->meeting;
    const struct live_limiter_facts facts = {.limiter = live->limiter,
                                             .name = "weir live",
                                             .clock = limiter_clock,
                                             .clock_context = live};
    live->view = live_limiter_view_create(&facts);
    if (!live->view || !live_limiter_view_watch(live->view, on_view_event, live)) {
        return fail(live, "out of memory");
    }
    if (meeting->is_serve) {
        live->link = live_limiter_link_create(live->context, meeting->address.host,
                                              meeting->address.port, live->view);
    }
    if (meeting->plan->dashboard_port < 0) {
        return true;
    }
    char url[256];
    live->dashboard = live_dashboard_of_limiter(live->view);
    if (!live->dashboard ||
        !live_dashboard_listen(live->dashboard, live->context, "127.0.0.1",
                               (uint16_t)meeting->plan->dashboard_port, url, sizeof url)) {
        return fail(live, "the dashboard's port cannot be had");
    }
    fprintf(stderr, "dashboard: %s\n", url);
    return true;
}

static void run_loop(struct live_bot *live) {
    live_stop_catch();
    live_stop_wakes(live->context);
    push(live, live->stage->start_ns, KIND_START, 0);
    if (live->meeting->plan->shows_progress) {
        push(live, live->now_ns, KIND_SHOW, 0);
    }
    do {
        serve(live);
    } while (!live->over && lws_service(live->context, 0) >= 0);
    live_stop_wakes(NULL);
    if (live->meeting->plan->shows_progress) {
        fputs("\r\033[K", stderr);
    }
}

/** The run ended before its time: what had not closed by then never was, and the bound, which is
 *  that of the whole, is none. */
static void cut_short(struct live_bot *live) {
    struct weir_ledger *own = &live->run->own;
    own->facts.end_ns = live->now_ns;
    own->facts.bound = NULL;
    own->opportunity_count = live->next_close;
}

/** Most that a header's used weight differed from what was charged in its minute. */
static int64_t header_gap(const struct weir_ledger *l) {
    const int64_t minute_ns = 60 * SECOND_NS;
    const int64_t first = l->facts.start_ns / minute_ns;
    const size_t count = (size_t)(l->facts.end_ns / minute_ns - first) + 1;
    int64_t *sums = calloc(2 * count, sizeof *sums);
    int64_t gap = 0;
    for (size_t i = 0; sums && i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        const int64_t minute = r->arrived_ns / minute_ns - first;
        if (r->arrived_ns && minute >= 0 && minute < (int64_t)count) {
            int64_t *at = &sums[2 * minute];
            at[0] += r->status == 418 ? 0 : r->charged_weight; /* its answer tells no count */
            at[1] = r->header_weight > at[1] ? r->header_weight : at[1];
        }
    }
    for (size_t m = 0; sums && m < count; m++) {
        const int64_t differs = llabs(sums[2 * m + 1] - sums[2 * m]);
        gap = sums[2 * m + 1] > 0 && differs > gap ? differs : gap;
    }
    free(sums);
    return gap;
}

static void measure_delays(const struct weir_ledger *l, struct weir_live_measured *m) {
    for (size_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        if (!r->answered_ns) {
            continue;
        }
        const double out_ms = (double)(r->arrived_ns - r->sent_ns) / 1e6;
        const double back_ms = (double)(r->answered_ns - r->arrived_ns) / 1e6;
        m->out_min_ms = m->delays == 0 || out_ms < m->out_min_ms ? out_ms : m->out_min_ms;
        m->back_min_ms = m->delays == 0 || back_ms < m->back_min_ms ? back_ms : m->back_min_ms;
        m->out_mean_ms += out_ms;
        m->back_mean_ms += back_ms;
        m->delays++;
    }
    if (m->delays > 0) {
        m->out_mean_ms /= (double)m->delays;
        m->back_mean_ms /= (double)m->delays;
    }
}

static bool conclude(struct live_bot *live) {
    struct weir_ledger *own = &live->run->own;
    struct weir_live_measured *m = live->measured;
    const bool whole = live->now_ns >= live->stage->end_ns;
    const int64_t end_ns = whole ? live->stage->end_ns : live->now_ns;
    m->signal = whole ? 0 : live_stop_signal();
    m->end_ns = end_ns;
    live->now_ns = end_ns > live->now_ns ? end_ns : live->now_ns;
    weir_bot_finish(live->bot, live->now_ns);
    weir_books_finish(&live->books.books, live->now_ns);
    if (!whole) {
        cut_short(live);
    }
    m->header_gap = header_gap(own);
    measure_delays(own, m);
    return weir_ledger_check(own, live->error->text, sizeof live->error->text);
}

static void close_all(struct live_bot *live) {
    live_user_stream_end(live->stream);
    live_wires_destroy(live->wires);
    if (live->context) {
        lws_context_destroy(live->context);
    }
    live_user_stream_destroy(live->stream);
    live_dashboard_destroy(live->dashboard);
    live_limiter_link_destroy(live->link);
    live_limiter_view_destroy(live->view);
    weir_bot_destroy(live->bot);
    live_books_close(&live->books);
    weir_limiter_destroy(live->limiter);
    weir_exchange_destroy(live->exchange);
    weir_event_queue_close(&live->timers);
    if (live->timer_fd >= 0) {
        close(live->timer_fd);
    }
    if (live->poll_fd >= 0) {
        close(live->poll_fd);
    }
}

bool weir_live_run(const struct live_meeting *meeting, const struct weir_stage *stage,
                   const struct weir_policy *policy, struct weir_run *run,
                   struct weir_live_measured *measured, struct weir_run_error *error) {
    struct live_bot live = {.meeting = meeting,
                            .stage = stage,
                            .run = run,
                            .measured = measured,
                            .error = error,
                            .poll_fd = -1,
                            .timer_fd = -1,
                            .anchor_ns = live_meeting_now_ns(meeting),
                            .anchor_monotonic_ns = monotonic_ns()};
    memset(run, 0, sizeof *run);
    *measured = (struct weir_live_measured){.signal = 0};
    bool ok = open_loop(&live) && open_bot(&live, policy) && open_lines(&live) && open_views(&live);
    if (ok) {
        run_loop(&live);
        ok = !live.failed && conclude(&live);
    }
    close_all(&live);
    if (!ok) {
        weir_run_close(run);
    }
    return ok;
}

void weir_live_delays(const struct weir_live_measured *m, struct weir_scenario *scenario) {
    const double base_ms = m->out_min_ms < m->back_min_ms ? m->out_min_ms : m->back_min_ms;
    const double mean_ms = (m->out_mean_ms + m->back_mean_ms) / 2.0;
    if (m->delays > 0) {
        scenario->network.orders_base_ms = base_ms > 0.001 ? base_ms : 0.001;
        scenario->network.orders_draw_ms = mean_ms > scenario->network.orders_base_ms
                                               ? mean_ms - scenario->network.orders_base_ms
                                               : 0.0;
    }
}
