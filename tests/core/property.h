#ifndef WEIR_TESTS_PROPERTY_H
#define WEIR_TESTS_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * What must hold for policy weir whatever is done to it: an input is a short list of steps, each a
 * call (or a reply, a loss, a step of a clock) with four small numbers, so that one that breaks a
 * property can be shrunk, printed, and kept as a text file.
 */

#define STEPS_MAX 400u

enum step_kind {
    STEP_WAIT,    /**< time passes: a ms, b times as long for b of 90 and above */
    STEP_SUBMIT,  /**< a: endpoint; b: priority and value; c: delay and fate; d: deadline, flags */
    STEP_NEXT,    /**< asks for queued requests until there is none; a: free connections */
    STEP_REPLY,   /**< the a-th request on the wire is answered; b: status; c: headers */
    STEP_LOSE,    /**< the a-th request on the wire is given up */
    STEP_CANCEL,  /**< the a-th queued request is taken back */
    STEP_WRONG,   /**< calls that must be refused and change nothing: a says which */
    STEP_OBSERVE, /**< a liquidation; a: price, b: size, c: symbol */
    STEP_CLOCK,   /**< the exchange's clock is set: a s forwards, b s backwards */
    STEP_RESTART, /**< saved, and restored in a new limiter; what was open is forgotten */
    STEP_KINDS
};

struct step {
    enum step_kind kind;
    int number[4]; /**< 0 to 99 */
};

/** Settings of the limiter and the exchange: 0 to 99 each. */
enum plan_number {
    PLAN_WEIGHT,  /**< limit on weight a minute */
    PLAN_ORDERS,  /**< limit on orders */
    PLAN_OFFSET,  /**< of the exchange's clock */
    PLAN_SLIDING, /**< 50 and above: sliding windows, on both sides */
    PLAN_VALUE,   /**< 50 and above: value, protection, demand; below: static reserve */
    PLAN_QUEUE,   /**< length of queues */
    PLAN_TEN,     /**< 50 and above: a limit on orders in 10 s as well */
    PLAN_KNOWN,   /**< 50 and above: the clock is known exactly */
    PLAN_NUMBERS
};

struct input {
    int plan[PLAN_NUMBERS];
    struct step steps[STEPS_MAX];
    size_t count;
};

/** Draws an input. */
void input_draw(struct input *input, uint64_t seed, size_t count);

/** Runs it; true if every property held, else `why` says which did not, and after which step. */
bool input_holds(const struct input *input, char *why, size_t size);

/** Makes a failing input as short and its numbers as small as it can, so that it fails still. */
void input_shrink(struct input *input);

/** Writes an input as text, and reads one; false if the text is none. */
void input_print(const struct input *input, FILE *file);
bool input_read(struct input *input, FILE *file);

#endif
