#ifndef WEIR_PLOTS_AMOUNT_H
#define WEIR_PLOTS_AMOUNT_H

#include <stdbool.h>

/** A figure as people read it. */
struct plots_amount {
    char text[48];
};

/** A count with commas between thousands; with one decimal if it is a mean that is not whole. */
struct plots_amount plots_count(double count);

/** Money: "812 USD", "1.25 million USD". */
struct plots_amount plots_usd(double usd);

/** The same, short: "812", "1.25 M". */
struct plots_amount plots_usd_short(double usd);

/** A share in percent; what is not all, or not nothing, does not look as if it were. */
struct plots_amount plots_share(double share);

/** A time in the unit that suits it: "285 ms", "1.1 s", "11:46". */
struct plots_amount plots_seconds(double seconds);

/** Whether a metric, by the end of its name, is a share of 1. */
bool plots_is_share(const char *metric);

/** A figure with the unit that the end of a metric's name says it has. */
struct plots_amount plots_metric_amount(const char *metric, double value);

/** A difference of such figures, with its sign; of shares in points. */
struct plots_amount plots_metric_difference(const char *metric, double value);

#endif
