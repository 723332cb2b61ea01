/* A program outside of the project: built against the installed library, it asks for one order and
 * says what the limiter answered. */
#include <stdio.h>
#include <weir/abi.h>
#include <weir/handle.h>

int main(void) {
    const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, 60000000000, 2400},
                                        {WEIR_LIMIT_ORDERS, 60000000000, 1200}};
    struct weir_config config = {.limits = limits, .limit_count = 2, .max_open = 16};
    struct weir_handle *handle;
    struct weir_error error;
    if (weir_handle_create(weir_policy_find("weir"), &config, &handle, &error)) {
        puts(error.text);
        return 1;
    }
    struct weir_request order = {.id = 1,
                                 .endpoint = weir_endpoint_find(WEIR_POST, "/fapi/v1/order"),
                                 .params = WEIR_PARAMS_NONE,
                                 .deadline_ns = WEIR_NEVER,
                                 .escalate_ns = WEIR_NEVER,
                                 .can_send = true};
    struct weir_decision decision;
    if (weir_handle_submit(handle, 1000, &order, &decision)) {
        return 1;
    }
    printf("weir %s: %s, weight %d, orders %d\n", weir_version(), weir_answer_name(decision.answer),
           decision.booked_weight, decision.booked_orders);
    weir_handle_destroy(handle);
    return 0;
}
