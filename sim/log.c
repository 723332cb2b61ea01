#include "log.h"

#include <stdlib.h>

#include <jansson.h>

enum line_kind {
    LINE_STATE,
    LINE_REQUEST,
    LINE_OPPORTUNITY
};

/** A line to be written, and when. */
struct line {
    int64_t time_ns;
    const struct weir_ledger *ledger;
    uint32_t index;
    uint8_t kind;
    uint8_t foreign;
};

static int compare_lines(const void *left, const void *right) {
    const struct line *a = left;
    const struct line *b = right;
    if (a->time_ns != b->time_ns) {
        return a->time_ns < b->time_ns ? -1 : 1;
    }
    if (a->foreign != b->foreign || a->kind != b->kind) {
        return a->foreign != b->foreign ? a->foreign - b->foreign : a->kind - b->kind;
    }
    return (a->index > b->index) - (a->index < b->index);
}

static json_t *integer(int64_t value) {
    return json_integer((json_int_t)value);
}

static void set_time(json_t *line, const char *key, int64_t time_ns) {
    if (time_ns != 0 && time_ns != WEIR_NEVER) {
        json_object_set_new(line, key, integer(time_ns));
    }
}

static json_t *params_of(const struct weir_ledger *l, const struct weir_request_record *r) {
    json_t *params = json_object();
    if (r->params.has_symbol && r->symbol >= 0) {
        json_object_set_new(params, "symbol", json_string(l->facts.symbols[r->symbol]));
    }
    if (r->params.limit != WEIR_LIMIT_OMITTED) {
        json_object_set_new(params, "limit", integer(r->params.limit));
    }
    if (r->params.count > 0) {
        json_object_set_new(params, "count", integer(r->params.count));
    }
    return params;
}

static json_t *decisions_of(const struct weir_ledger *l, const struct weir_request_record *r) {
    json_t *list = json_array();
    for (uint32_t i = r->first_decision; i != UINT32_MAX; i = l->decisions[i].next) {
        const struct weir_decision_record *d = &l->decisions[i];
        const char *answer =
            d->answer == WEIR_ANSWER_DROP ? "drop" : weir_answer_name((enum weir_answer)d->answer);
        json_array_append_new(list, json_pack("[I, s, s, o]", (json_int_t)d->time_ns, answer,
                                              weir_reason_name((enum weir_reason)d->reason),
                                              d->until_ns ? integer(d->until_ns) : json_null()));
    }
    return list;
}

static void set_header(json_t *headers, const char *name, int32_t value) {
    if (value != WEIR_NO_VALUE) {
        json_object_set_new(headers, name, json_sprintf("%d", value));
    }
}

static json_t *headers_of(const struct weir_request_record *r) {
    json_t *headers = json_object();
    set_header(headers, "X-MBX-USED-WEIGHT-1M", r->header_weight);
    set_header(headers, "X-MBX-ORDER-COUNT-1M", r->header_orders);
    set_header(headers, "X-MBX-ORDER-COUNT-10S", r->header_orders_10s);
    set_header(headers, "Retry-After", r->retry_after_s);
    return headers;
}

static const char *step_name(const struct weir_request_record *r,
                             const struct weir_strategy *strategy) {
    switch ((enum weir_purpose)r->purpose) {
    case WEIR_FOR_STANDING:
        return r->client == WEIR_CLIENT_DASHBOARD ? strategy->dashboard.id
                                                  : strategy->standing[r->step].id;
    case WEIR_FOR_STARTUP:
        return "startup";
    case WEIR_FOR_OPPORTUNITY:
    case WEIR_FOR_FILL:
    case WEIR_FOR_UNFILLED:
    case WEIR_FOR_CLOSED:
        break;
    }
    return strategy->steps[r->purpose][r->step].id;
}

/** `first_id` is added to the ids of others' requests, so that no id comes twice. */
static json_t *request_line(const struct weir_ledger *l, const struct weir_request_record *r,
                            const struct weir_strategy *strategy, size_t first_id) {
    json_t *line = json_object();
    json_object_set_new(line, "id", integer((int64_t)(r->id + first_id)));
    json_object_set_new(line, "client", json_string(weir_client_name((enum weir_client)r->client)));
    json_t *opportunities = json_array();
    /* only the bot's own opportunities have lines in this log */
    if (r->opportunity != WEIR_NO_OPPORTUNITY && r->client == WEIR_CLIENT_BOT) {
        json_array_append_new(opportunities, integer(r->opportunity));
    }
    json_object_set_new(line, "opportunities", opportunities);
    json_object_set_new(line, "step", json_string(step_name(r, strategy)));
    json_object_set_new(line, "attempt", integer(r->attempt));
    if (r->connection != WEIR_NO_VALUE) {
        json_object_set_new(line, "connection", integer(r->connection));
    }
    json_object_set_new(line, "method",
                        json_string(weir_method_name(weir_endpoint_method(r->endpoint))));
    json_object_set_new(line, "path", json_string(weir_endpoint_path(r->endpoint)));
    json_object_set_new(line, "params", params_of(l, r));
    json_object_set_new(line, "priority",
                        json_string(weir_priority_name((enum weir_priority)r->priority)));
    json_object_set_new(line, "value", json_real(r->value));
    set_time(line, "deadline_ns", r->deadline_ns);
    json_object_set_new(line, "weight", integer(r->charged_weight));
    json_object_set_new(line, "orders", integer(r->charged_orders));
    json_object_set_new(line, "booked_weight", integer(r->booked_weight));
    json_object_set_new(line, "booked_orders", integer(r->booked_orders));
    json_object_set_new(line, "submitted_ns", integer(r->submitted_ns));
    json_object_set_new(line, "connection_wait_ns", integer(r->line_wait_ns));
    json_object_set_new(line, "decisions", decisions_of(l, r));
    set_time(line, "sent_ns", r->sent_ns);
    set_time(line, "arrived_ns", r->arrived_ns);
    set_time(line, "answered_ns", r->answered_ns);
    if (r->status) {
        json_object_set_new(line, "status", integer(r->status));
    }
    if (r->code) {
        json_object_set_new(line, "code", integer(r->code));
    }
    json_object_set_new(line, "headers", headers_of(r));
    json_object_set_new(line, "outcome",
                        json_string(weir_outcome_name((enum weir_outcome)r->outcome)));
    return line;
}

static json_t *opportunity_line(const struct weir_ledger *l, uint32_t id) {
    const struct weir_opportunity_record *o = &l->opportunities[id];
    json_t *line = json_object();
    json_object_set_new(line, "id", integer(id));
    json_object_set_new(line, "time_ns", integer(o->time_ns));
    json_object_set_new(line, "symbol", json_string(l->facts.symbols[o->symbol]));
    json_object_set_new(line, "side", json_string(o->side == 0 ? "SELL" : "BUY"));
    json_object_set_new(line, "notional_usd", json_real(o->notional_usd));
    json_object_set_new(line, "liquidations", integer(o->liquidations));
    json_object_set_new(line, "state", json_string(weir_state_name((enum weir_state)o->state)));
    if (o->state == WEIR_STATE_REFUSED) {
        json_object_set_new(line, "reason",
                            json_string(weir_reason_name((enum weir_reason)o->reason)));
    }
    if (o->state != WEIR_STATE_CAPTURED) {
        json_object_set_new(line, "lost_to",
                            json_string(weir_cause_name((enum weir_cause)o->blame)));
    }
    set_time(line, "accepted_ns", o->accepted_ns);
    set_time(line, "filled_ns", o->filled_ns);
    set_time(line, "protected_ns", o->protected_ns);
    return line;
}

static json_t *state_line(const struct weir_state_record *s) {
    const struct weir_event *e = &s->event;
    json_t *line = json_object();
    json_object_set_new(line, "client", json_string(weir_client_name((enum weir_client)s->client)));
    json_object_set_new(line, "time_ns", integer(e->time_ns));
    json_object_set_new(line, "what", json_string(e->what));
    json_object_set_new(line, "value", e->value ? json_string(e->value) : json_real(e->number));
    set_time(line, "until_ns", e->until_ns);
    if (e->cause) {
        json_object_set_new(line, "cause", json_string(e->cause));
    }
    return line;
}

/** When an opportunity is decided: its entry's end, or its acceptance, or its window's end. */
static int64_t decided_ns(const struct weir_ledger *l, const struct weir_opportunity_record *o) {
    if (o->accepted_ns) {
        return o->accepted_ns;
    }
    return o->entry_request ? l->requests[o->entry_request - 1].finished_ns
                            : o->time_ns + l->facts.opportunity_window_ns;
}

static size_t collect(const struct weir_ledger *l, bool foreign, struct line *lines) {
    size_t count = 0;
    for (uint32_t i = 0; i < l->request_count; i++) {
        lines[count++] = (struct line){l->requests[i].finished_ns, l, i, LINE_REQUEST, foreign};
    }
    for (uint32_t i = 0; !foreign && i < l->opportunity_count; i++) {
        lines[count++] =
            (struct line){decided_ns(l, &l->opportunities[i]), l, i, LINE_OPPORTUNITY, foreign};
    }
    for (uint32_t i = 0; i < l->state_count; i++) {
        lines[count++] = (struct line){l->states[i].event.time_ns, l, i, LINE_STATE, foreign};
    }
    return count;
}

static bool write_line(FILE *file, const struct line *line, size_t seq,
                       const struct weir_strategy *strategy, const struct weir_strategy *second,
                       size_t own_requests) {
    static const char *const types[] = {"state", "request", "opportunity"};
    json_t *body = NULL;
    if (line->kind == LINE_REQUEST) {
        const struct weir_request_record *r = &line->ledger->requests[line->index];
        body =
            request_line(line->ledger, r, r->client == WEIR_CLIENT_SECOND_BOT ? second : strategy,
                         line->foreign ? own_requests : 0);
    } else if (line->kind == LINE_OPPORTUNITY) {
        body = opportunity_line(line->ledger, line->index);
    } else {
        body = state_line(&line->ledger->states[line->index]);
    }
    json_t *whole = json_pack("{s:s, s:I}", "type", types[line->kind], "seq", (json_int_t)seq);
    bool ok = body && whole && json_object_update(whole, body) == 0;
    ok = ok && json_dumpf(whole, file, JSON_COMPACT | JSON_REAL_PRECISION(15)) == 0;
    json_decref(body);
    json_decref(whole);
    return ok && fputc('\n', file) != EOF;
}

bool weir_log_write(FILE *file, const struct weir_ledger *own, const struct weir_ledger *foreign,
                    const struct weir_strategy *strategy, const struct weir_strategy *second) {
    const size_t most = own->request_count + own->opportunity_count + own->state_count +
                        foreign->request_count + foreign->state_count;
    struct line *lines = calloc(most + 1, sizeof *lines);
    if (!lines) {
        return false;
    }
    size_t count = collect(own, false, lines);
    count += collect(foreign, true, lines + count);
    qsort(lines, count, sizeof *lines, compare_lines);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        ok = write_line(file, &lines[i], i + 1, strategy, second, own->request_count);
    }
    free(lines);
    return ok && fflush(file) == 0 && !ferror(file);
}
