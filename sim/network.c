#include "network.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct load {
    double orders, feed;
};

struct weir_network {
    struct weir_network_settings settings;
    int64_t start_ns;
    size_t steps;
    struct load *load;
    int64_t outage_from_ns, outage_until_ns, feed_until_ns;
};

struct weir_fate weir_fate_draw(struct weir_draw_key key) {
    const struct weir_uniforms delays = weir_draw(key);
    key.c |= 0x80000000U;
    const struct weir_uniforms faults = weir_draw(key);
    return (struct weir_fate){delays.u[0], delays.u[1], faults.u[0], faults.u[1]};
}

static size_t step_of(const struct weir_network *network, int64_t time_ns) {
    if (time_ns <= network->start_ns) {
        return 0;
    }
    const size_t step = (size_t)((time_ns - network->start_ns) / WEIR_LOAD_STEP_NS);
    return step < network->steps ? step : network->steps - 1;
}

/** Counts of liquidations per step, smoothed with the network's memory, as a share of the maximum;
 *  returns the step of the maximum. */
static size_t smooth_intensity(const struct weir_network *network, const struct weir_trace *trace,
                               int64_t shift_ns, double *intensity) {
    for (size_t i = 0; i < trace->row_count; i++) {
        intensity[step_of(network, trace->rows[i].time_ns + shift_ns)] += 1.0;
    }
    const double step_s = (double)WEIR_LOAD_STEP_NS / 1e9;
    const double keep = weir_exp(-step_s / network->settings.memory_s);
    double smooth = 0.0;
    double top = 0.0;
    size_t top_step = 0;
    for (size_t k = 0; k < network->steps; k++) {
        smooth = keep * smooth + (1.0 - keep) * intensity[k];
        intensity[k] = smooth;
        if (smooth > top) {
            top = smooth;
            top_step = k;
        }
    }
    for (size_t k = 0; top > 0.0 && k < network->steps; k++) {
        intensity[k] /= top;
    }
    return top_step;
}

static double clamped_load(double log_load) {
    return log_load <= 0.0 ? 1.0 : weir_exp(log_load < 12.0 ? log_load : 12.0);
}

/** ln load = ln peak × intensity + AR(1) noise with the stated standard deviation. */
static void draw_load(struct weir_network *network, const double *intensity, uint64_t seed,
                      uint32_t replication) {
    const double step_s = (double)WEIR_LOAD_STEP_NS / 1e9;
    const double rho = weir_exp(-step_s / network->settings.memory_s);
    const double shock = network->settings.noise * sqrt(1.0 - rho * rho);
    const double log_peak = weir_log(network->settings.peak);
    double orders = 0.0;
    double feed = 0.0;
    for (size_t k = 0; k < network->steps; k++) {
        const struct weir_uniforms u = weir_draw((struct weir_draw_key){.seed = seed,
                                                                        .replication = replication,
                                                                        .stream = WEIR_STREAM_LOAD,
                                                                        .a = (uint32_t)k});
        orders = rho * orders + shock * weir_normal_quantile(u.u[0]);
        feed = rho * feed + shock * weir_normal_quantile(u.u[1]);
        network->load[k].orders = clamped_load(log_peak * intensity[k] + orders);
        network->load[k].feed = clamped_load(log_peak * intensity[k] + feed);
    }
}

static void place_outage(struct weir_network *network, size_t peak_step) {
    network->outage_from_ns = network->start_ns + (int64_t)peak_step * WEIR_LOAD_STEP_NS;
    network->outage_until_ns =
        network->outage_from_ns + (int64_t)(network->settings.outage_s * 1e9);
    network->feed_until_ns =
        network->settings.outage_s > 0.0
            ? network->outage_until_ns + (int64_t)(network->settings.reconnect_s * 1e9)
            : network->outage_from_ns;
}

struct weir_network *weir_network_create(const struct weir_network_settings *settings,
                                         const struct weir_trace *trace, int64_t shift_ns,
                                         int64_t start_ns, int64_t end_ns, uint64_t seed,
                                         uint32_t replication) {
    assert(start_ns < end_ns);
    struct weir_network *network = calloc(1, sizeof *network);
    if (!network) {
        return NULL;
    }
    network->settings = *settings;
    network->start_ns = start_ns;
    network->steps = (size_t)((end_ns - start_ns) / WEIR_LOAD_STEP_NS) + 1;
    network->load = calloc(network->steps, sizeof *network->load);
    double *intensity = calloc(network->steps, sizeof *intensity);
    if (!network->load || !intensity) {
        free(intensity);
        weir_network_destroy(network);
        return NULL;
    }
    const size_t peak = smooth_intensity(network, trace, shift_ns, intensity);
    draw_load(network, intensity, seed, replication);
    place_outage(network, peak);
    free(intensity);
    return network;
}

void weir_network_destroy(struct weir_network *network) {
    if (network) {
        free(network->load);
        free(network);
    }
}

static int64_t delay(const struct weir_network_settings *settings, double load, double uniform) {
    const double ms = settings->base_ms * load - settings->draw_ms * weir_log(uniform);
    return (int64_t)(ms * 1e6);
}

/** Whether requests have delays of their own, which no load and no fault touches. */
static bool orders_apart(const struct weir_network *network) {
    return network->settings.orders_base_ms > 0.0;
}

static double orders_load(const struct weir_network *network, int64_t time_ns) {
    return orders_apart(network) ? 1.0 : network->load[step_of(network, time_ns)].orders;
}

int64_t weir_network_delay_ns(const struct weir_network *network, int64_t time_ns, double uniform) {
    const struct weir_network_settings *s = &network->settings;
    if (orders_apart(network)) {
        return (int64_t)((s->orders_base_ms - s->orders_draw_ms * weir_log(uniform)) * 1e6);
    }
    return delay(&network->settings, network->load[step_of(network, time_ns)].orders, uniform);
}

int64_t weir_network_feed_delay_ns(const struct weir_network *network, int64_t time_ns,
                                   double uniform) {
    return delay(&network->settings, network->load[step_of(network, time_ns)].feed, uniform);
}

int64_t weir_network_account_delay_ns(const struct weir_network *network, int64_t time_ns,
                                      double uniform) {
    return orders_apart(network) ? weir_network_delay_ns(network, time_ns, uniform)
                                 : weir_network_feed_delay_ns(network, time_ns, uniform);
}

int64_t weir_network_processing_ns(const struct weir_network *network, int64_t time_ns) {
    return (int64_t)(network->settings.processing_ms * 1e6 * orders_load(network, time_ns));
}

enum weir_fault weir_network_fault(const struct weir_network *network, int64_t time_ns,
                                   const struct weir_fate *fate) {
    const struct weir_network_settings *s = &network->settings;
    if (orders_apart(network)) {
        return WEIR_FAULT_NONE;
    }
    const bool outage = time_ns >= network->outage_from_ns && time_ns < network->outage_until_ns;
    const double lost = outage ? 0.5 : s->lost_rate;
    const double unavailable = outage ? 0.5 : s->unavailable_rate;
    if (fate->fault < lost) {
        return fate->kind < 0.5 ? WEIR_FAULT_LOST_REQUEST : WEIR_FAULT_LOST_REPLY;
    }
    if (fate->fault < lost + unavailable) {
        return fate->kind < 0.5 ? WEIR_FAULT_UNAVAILABLE_DONE : WEIR_FAULT_UNAVAILABLE;
    }
    return WEIR_FAULT_NONE;
}

bool weir_network_feed_dead(const struct weir_network *network, int64_t time_ns) {
    return time_ns >= network->outage_from_ns && time_ns < network->feed_until_ns;
}

int64_t weir_network_min_delay_ns(const struct weir_network *network) {
    const struct weir_network_settings *s = &network->settings;
    return (int64_t)((orders_apart(network) ? s->orders_base_ms : s->base_ms) * 1e6);
}

int64_t weir_network_min_processing_ns(const struct weir_network *network) {
    return (int64_t)(network->settings.processing_ms * 1e6);
}
