#include "policy_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_program_parts.h"

#define FIRST_PATIENCE_MS 10000
#define GRACE_MS 1000
#define SOME_TIME_NS INT64_C(1700000000000000000)

static const char *const reasons[] = {"none",   "weight",     "orders",     "backoff",
                                      "banned", "outbid",     "queue_full", "deadline",
                                      "pace",   "connection", "ordering",   NULL};

static struct weir_conversation *conversation(void *self) {
    return self;
}

/* ---- what programs are told ---- */

static void add_now(struct weir_conversation *c, int64_t now_ns) {
    c->now_ns = now_ns - c->origin_ns;
    weir_line_integer(c->writes, "now_ns", c->now_ns);
}

static void add_time(struct weir_conversation *c, const char *key, int64_t time_ns) {
    if (time_ns != WEIR_NEVER) {
        weir_line_integer(c->writes, key, time_ns - c->origin_ns);
    }
}

static void add_endpoint(struct weir_conversation *c, const struct weir_request *r) {
    const struct weir_cost cost = weir_endpoint_cost(r->endpoint, r->params);
    weir_line_word(c->writes, "method", weir_method_name(weir_endpoint_method(r->endpoint)));
    weir_line_word(c->writes, "path", weir_endpoint_path(r->endpoint));
    if (r->params.has_symbol) {
        weir_line_flag(c->writes, "has_symbol", true);
    }
    if (r->params.limit != WEIR_LIMIT_OMITTED) {
        weir_line_integer(c->writes, "limit", r->params.limit);
    }
    if (r->params.count != 0) {
        weir_line_integer(c->writes, "count", r->params.count);
    }
    weir_line_integer(c->writes, "weight", cost.weight);
    weir_line_integer(c->writes, "orders", cost.orders);
}

static void write_submit(struct weir_conversation *c, int64_t now_ns,
                         const struct weir_request *r) {
    weir_call_begin(c, "submit");
    add_now(c, now_ns);
    weir_line_integer(c->writes, "id", (int64_t)r->id);
    add_endpoint(c, r);
    weir_line_word(c->writes, "priority", weir_priority_name(r->priority));
    add_time(c, "deadline_ns", r->deadline_ns);
    add_time(c, "escalate_ns", r->escalate_ns);
    if (r->value > 0.0) {
        weir_line_number(c->writes, "value", r->value);
    }
    if (r->holds > 0) {
        weir_line_integer(c->writes, "holds", r->holds);
        weir_line_integer(c->writes, "memo", (int64_t)r->memo);
    }
    weir_line_flag(c->writes, "can_send", r->can_send);
}

static void write_settle(struct weir_conversation *c, const struct weir_reply *reply) {
    add_now(c, reply->received_ns);
    weir_line_integer(c->writes, "id", (int64_t)reply->id);
    add_time(c, "sent_ns", reply->sent_ns);
    weir_line_integer(c->writes, "status", reply->status);
    if (reply->lost) {
        weir_line_flag(c->writes, "lost", true);
    }
    weir_line_raw(c->writes, ",\"headers\":{");
    for (size_t i = 0; i < reply->header_count; i++) {
        weir_line_raw(c->writes, i ? "," : "");
        weir_line_text(c->writes, reply->headers[i].name, strlen(reply->headers[i].name));
        weir_line_raw(c->writes, ":");
        weir_line_text(c->writes, reply->headers[i].value, strlen(reply->headers[i].value));
    }
    weir_line_raw(c->writes, "}");
    if (reply->body && reply->status >= 400) {
        weir_line_raw(c->writes, ",\"body\":");
        weir_line_text(c->writes, reply->body, reply->body_length);
    }
}

/* ---- what they answer ---- */

static bool find_queued(const struct weir_conversation *c, uint64_t id, uint32_t *place) {
    for (*place = 0; *place < c->queued_count; ++*place) {
        if (c->queued[*place] == id) {
            return true;
        }
    }
    return false;
}

static void forget_queued(struct weir_conversation *c, uint32_t place) {
    c->queued[place] = c->queued[--c->queued_count];
}

static bool read_booking(struct weir_conversation *c, json_t *answer, int32_t *weight,
                         int32_t *orders) {
    int64_t told[2] = {*weight, *orders};
    if (!weir_answer_integer(c, answer, "weight", 0, INT32_MAX, &told[0]) ||
        !weir_answer_integer(c, answer, "orders", 0, INT32_MAX, &told[1])) {
        return false;
    }
    *weight = (int32_t)told[0];
    *orders = (int32_t)told[1];
    return true;
}

/** What the life of a request allows (weir/policy.h). */
static bool check_decision(struct weir_conversation *c, const struct weir_request *r,
                           const struct weir_decision *d) {
    switch (d->answer) {
    case WEIR_SEND:
        return r->can_send ||
               weir_conversation_fail(c, "'send', although no connection is free (can_send)");
    case WEIR_QUEUE:
        return (c->program->queues && r->may_queue && c->queued_count < c->queued_max) ||
               weir_conversation_fail(c, "'queue' is for programs that said \"queues\": true");
    case WEIR_HOLD:
        if (!r->can_send) {
            return weir_conversation_fail(c, "'hold', although no connection is free (can_send)");
        }
        return d->until_ns > c->now_ns + c->origin_ns ||
               weir_conversation_fail(c, "'hold' needs an 'until_ns' after now_ns");
    case WEIR_REFUSE:
        break;
    }
    return true;
}

static bool read_decision(struct weir_conversation *c, json_t *answer, const struct weir_request *r,
                          struct weir_decision *d) {
    static const char *const keys[] = {"answer", "reason", "until_ns", "memo",
                                       "weight", "orders", NULL};
    static const char *const answers[] = {"send", "queue", "hold", "refuse", NULL};
    int word = -1;
    int reason = 0;
    int64_t memo = 0;
    if (!weir_answer_keys(c, answer, keys) ||
        !weir_answer_word(c, answer, "answer", answers, &word) ||
        !weir_answer_word(c, answer, "reason", reasons, &reason) ||
        !weir_answer_time(c, answer, "until_ns", &d->until_ns) ||
        !weir_answer_integer(c, answer, "memo", 0, INT64_MAX, &memo) ||
        !read_booking(c, answer, &d->booked_weight, &d->booked_orders)) {
        return false;
    }
    d->answer = (enum weir_answer)word;
    d->reason = (enum weir_reason)reason;
    d->memo = (uint64_t)memo;
    if (!check_decision(c, r, d)) {
        return false;
    }
    if (d->answer == WEIR_QUEUE) {
        c->queued[c->queued_count++] = r->id;
    }
    return true;
}

static enum weir_status submit(void *self, int64_t now_ns, const struct weir_request *request,
                               struct weir_decision *decision) {
    struct weir_conversation *c = conversation(self);
    write_submit(c, now_ns, request);
    json_t *answer = weir_call_ask(c);
    const bool ok = answer && read_decision(c, answer, request, decision);
    json_decref(answer);
    return ok ? WEIR_OK : WEIR_BROKEN;
}

/** Takes a queued request that the answer names under `key`; false if there is none such. */
static bool take_queued(struct weir_conversation *c, json_t *answer, const char *key,
                        uint64_t *id) {
    int64_t told = 0;
    uint32_t place = 0;
    if (!weir_answer_integer(c, answer, key, 1, INT64_MAX, &told)) {
        return false;
    }
    if (!find_queued(c, (uint64_t)told, &place)) {
        return weir_conversation_fail(c, "'%s' names a request that is not queued", key);
    }
    forget_queued(c, place);
    *id = (uint64_t)told;
    return true;
}

static bool read_next(struct weir_conversation *c, json_t *answer, uint32_t free_connections,
                      struct weir_next *n) {
    static const char *const keys[] = {"send",   "drop",   "reason", "ask_again_ns",
                                       "weight", "orders", NULL};
    int reason = 0;
    if (!weir_answer_keys(c, answer, keys) ||
        !weir_answer_word(c, answer, "reason", reasons, &reason) ||
        !read_booking(c, answer, &n->booked_weight, &n->booked_orders)) {
        return false;
    }
    n->reason = (enum weir_reason)reason;
    if (json_object_get(answer, "send")) {
        n->kind = WEIR_NEXT_SEND;
        return free_connections > 0
                   ? take_queued(c, answer, "send", &n->id)
                   : weir_conversation_fail(c, "'send', although no connection is free (free)");
    }
    if (json_object_get(answer, "drop")) {
        n->kind = WEIR_NEXT_DROP;
        return take_queued(c, answer, "drop", &n->id);
    }
    n->kind = WEIR_NEXT_NONE;
    n->ask_again_ns = WEIR_NEVER;
    if (!weir_answer_time(c, answer, "ask_again_ns", &n->ask_again_ns)) {
        return false;
    }
    return n->ask_again_ns > c->now_ns + c->origin_ns ||
           weir_conversation_fail(c, "'ask_again_ns' must be after now_ns");
}

static enum weir_status next(void *self, int64_t now_ns, uint32_t free_connections,
                             struct weir_next *found) {
    struct weir_conversation *c = conversation(self);
    *found = (struct weir_next){.kind = WEIR_NEXT_NONE, .ask_again_ns = WEIR_NEVER};
    if (c->queued_count == 0) {
        return WEIR_OK; /* nothing could be named */
    }
    weir_call_begin(c, "next");
    add_now(c, now_ns);
    weir_line_integer(c->writes, "free", free_connections);
    json_t *answer = weir_call_ask(c);
    const bool ok = answer && read_next(c, answer, free_connections, found);
    json_decref(answer);
    return ok ? WEIR_OK : WEIR_BROKEN;
}

static bool read_settlement(struct weir_conversation *c, json_t *answer,
                            struct weir_settlement *s) {
    static const char *const keys[] = {"hold_until_ns", "weight", "orders", NULL};
    return weir_answer_keys(c, answer, keys) &&
           weir_answer_time(c, answer, "hold_until_ns", &s->hold_until_ns) &&
           read_booking(c, answer, &s->booked_weight, &s->booked_orders);
}

static enum weir_status settle(void *self, const struct weir_reply *reply,
                               struct weir_settlement *settlement) {
    struct weir_conversation *c = conversation(self);
    if (c->program->settles_later) {
        if (!weir_note_begin(c, "settle")) {
            return WEIR_BROKEN;
        }
        write_settle(c, reply);
        weir_note_end(c);
        return WEIR_OK;
    }
    weir_call_begin(c, "settle");
    write_settle(c, reply);
    json_t *answer = weir_call_ask(c);
    const bool ok = answer && read_settlement(c, answer, settlement);
    json_decref(answer);
    return ok ? WEIR_OK : WEIR_BROKEN;
}

static enum weir_status cancel(void *self, int64_t now_ns, uint64_t id) {
    struct weir_conversation *c = conversation(self);
    uint32_t place = 0;
    if (find_queued(c, id, &place)) {
        forget_queued(c, place);
    }
    if (!weir_note_begin(c, "cancel")) {
        return WEIR_BROKEN;
    }
    add_now(c, now_ns);
    weir_line_integer(c->writes, "id", (int64_t)id);
    weir_note_end(c);
    return WEIR_OK;
}

static void observe(void *self, const struct weir_observation *o) {
    struct weir_conversation *c = conversation(self);
    if (!weir_note_begin(c, "observe")) {
        return; /* told by the next call that can */
    }
    add_now(c, o->now_ns);
    weir_line_integer(c->writes, "symbol", o->symbol);
    weir_line_word(c->writes, "side", o->sell ? "SELL" : "BUY");
    weir_line_number(c->writes, "price", o->price);
    weir_line_number(c->writes, "notional_usd", o->notional_usd);
    weir_note_end(c);
}

static bool poll_event(void *self, struct weir_event *event) {
    struct weir_conversation *c = conversation(self);
    if (c->event_count == 0) {
        return false;
    }
    *event = c->events[c->event_head];
    c->event_head = (c->event_head + 1) % WEIR_PROGRAM_EVENTS_MAX;
    c->event_count--;
    return true;
}

static const char *failure(void *self) {
    return conversation(self)->failure;
}

/* ---- making and ending ---- */

static void destroy(void *self) {
    struct weir_conversation *c = conversation(self);
    weir_conversation_end(c, c->failure[0] ? 0 : GRACE_MS);
    free(c);
}

static int64_t patience_ms(const struct weir_config *config) {
    int64_t ms = FIRST_PATIENCE_MS;
    for (size_t i = 0; i < config->setting_count; i++) {
        if (strcmp(config->settings[i].key, WEIR_PROGRAM_PATIENCE) == 0) {
            ms = (int64_t)(strtod(config->settings[i].value, NULL) * 1000.0);
        }
    }
    return ms;
}

static struct weir_conversation *begin(struct weir_program *program,
                                       const struct weir_config *config, bool learn, char *text,
                                       size_t size) {
    struct weir_conversation *c = calloc(1, sizeof *c);
    if (!c) {
        snprintf(text, size, "out of memory");
        return NULL;
    }
    if (weir_conversation_start(c, program, config->now_ns, config->max_open)) {
        c->patience_ms = patience_ms(config);
        if (weir_program_hello(c, config, learn)) {
            return c;
        }
    }
    snprintf(text, size, "%s", c->failure);
    weir_conversation_end(c, 0);
    free(c);
    return NULL;
}

static enum weir_status create(const struct weir_config *config, void **self,
                               struct weir_error *error) {
    /* the table's context points to the program's own pointer to itself */
    struct weir_program *program = *(struct weir_program *const *)config->context;
    *self = begin(program, config, false, error->text, sizeof error->text);
    error->status = *self ? WEIR_OK : WEIR_BROKEN;
    return error->status;
}

static bool learn(struct weir_program *program, char *text, size_t size) {
    const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, INT64_C(60000000000), 2400},
                                        {WEIR_LIMIT_ORDERS, INT64_C(60000000000), 1200}};
    const struct weir_config config = {
        .limits = limits, .limit_count = 2, .now_ns = SOME_TIME_NS, .max_open = 1};
    struct weir_conversation *c = begin(program, &config, true, text, size);
    if (c) {
        weir_conversation_end(c, GRACE_MS);
        free(c);
    }
    return c != NULL;
}

struct weir_program *weir_program_open(const char *command, char *text, size_t size) {
    struct weir_program *program = calloc(1, sizeof *program);
    if (!program || !(program->command = strdup(command))) {
        free(program);
        snprintf(text, size, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&program->lock, NULL);
    program->self = program;
    program->options[program->option_count++] =
        (struct weir_option){.key = WEIR_PROGRAM_PATIENCE,
                             .kind = WEIR_OPTION_NUMBER,
                             .default_value = "10",
                             .min = 0.01,
                             .max = 3600.0,
                             .help = "seconds of real time in which the program must answer"};
    if (!learn(program, text, size)) {
        weir_program_close(program);
        return NULL;
    }
    return program;
}

void weir_program_close(struct weir_program *program) {
    if (!program) {
        return;
    }
    for (size_t i = 0; i < program->text_count; i++) {
        free(program->texts[i]);
    }
    pthread_mutex_destroy(&program->lock);
    free(program->command);
    free(program);
}

const struct weir_policy *weir_program_policy(struct weir_program *program, const char *name) {
    program->table = (struct weir_policy){.abi = WEIR_POLICY_ABI,
                                          .size = sizeof program->table,
                                          .flags = program->queues ? WEIR_POLICY_QUEUES : 0,
                                          .name = name,
                                          .summary = program->command,
                                          .options = program->options,
                                          .create = create,
                                          .destroy = destroy,
                                          .submit = submit,
                                          .next = program->queues ? next : NULL,
                                          .settle = settle,
                                          .cancel = program->queues ? cancel : NULL,
                                          .observe = program->observes ? observe : NULL,
                                          .poll_event = poll_event,
                                          .failure = failure,
                                          .context = &program->self};
    return &program->table;
}
