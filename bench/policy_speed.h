#ifndef WEIR_BENCH_POLICY_SPEED_H
#define WEIR_BENCH_POLICY_SPEED_H

#include <stdint.h>

#include "weir/policy.h"

/**
 * Measures how many decisions a second a policy makes: one bot, one request after the other, each
 * submitted and, if it was sent, settled with a reply 30 ms later that has the exchange's headers.
 * Simulated time goes on by as much as the limits allow on average, so that most are sent.
 *
 * Returns decisions a second of real time, or 0 and why in `error` if the policy fails.
 */
double weir_policy_speed(const struct weir_policy *policy, uint32_t decisions,
                         struct weir_error *error);

#endif
