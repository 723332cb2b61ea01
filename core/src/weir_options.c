#include "options.h"
#include "weir_state.h"

const struct weir_option weir_options[] = {
    {.key = "normal.buffer",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0.01",
     .min = 0,
     .max = 0.99,
     .help = "Share of every limit that is never used."},
    {.key = "normal.reserve",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0.2",
     .min = 0,
     .max = 1,
     .help =
         "Share of what is left that is for critical requests only; low ones leave twice as much."},
    {.key = "burst.buffer",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0.01",
     .min = 0,
     .max = 0.99,
     .help = "The same while traffic is high."},
    {.key = "burst.reserve",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0.1",
     .min = 0,
     .max = 1,
     .help = "The same while traffic is high."},
    {.key = "liquidation.buffer",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0.01",
     .min = 0,
     .max = 0.99,
     .help = "The same in a cascade."},
    {.key = "liquidation.reserve",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0.05",
     .min = 0,
     .max = 1,
     .help = "The same in a cascade."},
    {.key = "mode",
     .kind = WEIR_OPTION_CHOICE,
     .default_value = "auto",
     .choices = "auto|normal|burst|liquidation",
     .help = "Which mode's shares apply: as traffic and feed tell, or always one."},
    {.key = "burst.requests",
     .kind = WEIR_OPTION_INTEGER,
     .default_value = "300",
     .min = 0,
     .max = 1e9,
     .help = "More requests than this within 30 s are high traffic."},
    {.key = "reserve",
     .kind = WEIR_OPTION_CHOICE,
     .default_value = "demand",
     .choices = "static|demand",
     .help = "Whether the reserve is a fixed share, or what critical requests are expected to need "
             "in the rest of the window and at least a share that shrinks towards its end."},
    {.key = "value",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "In scarcity admit the entries that are worth most."},
    {.key = "protect",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Keep room for what entries drag along."},
    {.key = "protect_due_ms",
     .kind = WEIR_OPTION_INTEGER,
     .default_value = "2000",
     .min = 0,
     .max = 1e9,
     .help = "What entries drag along goes before new entries after it has waited that long, in "
             "milliseconds."},
    {.key = "forecast",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Keep room for what others on the IP will take in the rest of the window."},
    {.key = "window",
     .kind = WEIR_OPTION_CHOICE,
     .default_value = "fixed",
     .choices = "fixed|sliding",
     .help = "Whether the exchange counts in aligned windows of its own clock or in the last "
             "interval."},
    {.key = "clock",
     .kind = WEIR_OPTION_CHOICE,
     .default_value = "estimate",
     .choices = "estimate|known",
     .help = "Whether the offset of the exchange's clock is estimated from Date headers or given."},
    {.key = "clock_offset_ms",
     .kind = WEIR_OPTION_INTEGER,
     .default_value = "0",
     .min = -4e12,
     .max = 4e12,
     .help = "The exchange's clock minus the caller's, in milliseconds, for clock = known."},
    {.key = "cost",
     .kind = WEIR_OPTION_CHOICE,
     .default_value = "exact",
     .choices = "exact|unit",
     .help =
         "Whether a request counts what the documents say or 1 (and 1 order if it places any)."},
    {.key = "reservation",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Count requests when they are sent; off: when they are answered."},
    {.key = "headers",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Learn the load of others from the exchange's counts."},
    {.key = "priorities",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Tell critical, normal and low requests apart."},
    {.key = "deadlines",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Send nothing that cannot arrive before its deadline."},
    {.key = "backoff",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Hold everything after a 429."},
    {.key = "bans",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Be silent after a 418, then probe."},
    {.key = "queue",
     .kind = WEIR_OPTION_INTEGER,
     .default_value = "256",
     .min = 1,
     .max = 1000000,
     .help = "Most requests that wait in the queue of each priority."},
    {.key = NULL},
};

static void read_switches(struct weir_switches *use, const struct weir_config *config) {
    use->exact_cost = weir_option_choice(weir_options, config, "cost") == 0;
    use->sliding = weir_option_choice(weir_options, config, "window") == 1;
    use->reservation = weir_option_flag(weir_options, config, "reservation");
    use->headers = weir_option_flag(weir_options, config, "headers");
    use->priorities = weir_option_flag(weir_options, config, "priorities");
    use->deadlines = weir_option_flag(weir_options, config, "deadlines");
    use->backoff = weir_option_flag(weir_options, config, "backoff");
    use->bans = weir_option_flag(weir_options, config, "bans");
    use->demand_reserve = weir_option_choice(weir_options, config, "reserve") == 1;
    use->value = weir_option_flag(weir_options, config, "value");
    use->protect = weir_option_flag(weir_options, config, "protect");
    use->forecast = weir_option_flag(weir_options, config, "forecast");
}

static void read_clock(struct weir *weir, const struct weir_config *config) {
    weir->clock_given = weir_option_choice(weir_options, config, "clock") == 1;
    if (weir->clock_given) {
        int64_t offset_ns = weir_option_integer(weir_options, config, "clock_offset_ms") * 1000000;
        weir->clock = (struct weir_clock){.known = true, .low_ns = offset_ns, .high_ns = offset_ns};
    }
}

static void read_modes(struct weir_mode_state *modes, const struct weir_config *config) {
    static const char *const buffers[] = {"normal.buffer", "burst.buffer", "liquidation.buffer"};
    static const char *const reserves[] = {"normal.reserve", "burst.reserve",
                                           "liquidation.reserve"};
    for (size_t i = 0; i < WEIR_MODES; i++) {
        modes->shares[i].buffer = weir_option_billionths(weir_options, config, buffers[i]);
        modes->shares[i].reserve = weir_option_billionths(weir_options, config, reserves[i]);
    }
    modes->burst_requests = weir_option_integer(weir_options, config, "burst.requests");
    size_t mode = weir_option_choice(weir_options, config, "mode");
    modes->by_hand = mode > 0;
    modes->mode = mode > 0 ? (enum weir_mode)(mode - 1) : WEIR_MODE_NORMAL;
}

void weir_options_read(struct weir *weir, const struct weir_config *config) {
    read_switches(&weir->use, config);
    read_modes(&weir->modes, config);
    read_clock(weir, config);
    weir->due_span_ns = weir_option_integer(weir_options, config, "protect_due_ms") * 1000000;
    weir->queue.capacity = (uint32_t)weir_option_integer(weir_options, config, "queue");
}
