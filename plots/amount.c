#include "amount.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MINUS "\xE2\x88\x92"

static const char *sign_of(double value) {
    return value < 0.0 ? MINUS : "";
}

struct plots_amount plots_count(double count) {
    struct plots_amount amount = {""};
    char digits[64];
    const double size = fabs(count);
    const bool whole = floor(size) == size || size >= 1e6;
    snprintf(digits, sizeof digits, "%.*f", whole ? 0 : size < 0.1 ? 3 : 1, fmin(size, 1e18));
    const size_t length = strcspn(digits, ".");
    size_t used = (size_t)snprintf(amount.text, sizeof amount.text, "%s", sign_of(count));
    for (size_t i = 0; i < length && used + 2 < sizeof amount.text; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            amount.text[used++] = ',';
        }
        amount.text[used++] = digits[i];
    }
    snprintf(amount.text + used, sizeof amount.text - used, "%s", digits + length);
    return amount;
}

struct unit {
    double size;
    const char *word, *letter;
};

static struct unit unit_of(double usd) {
    static const struct unit units[] = {
        {1e9, " billion USD", " bn"}, {1e6, " million USD", " M"}, {1e3, " thousand USD", " k"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (fabs(usd) >= units[i].size) {
            return units[i];
        }
    }
    return (struct unit){1.0, " USD", ""};
}

/** About three digits. */
static int decimals(double size) {
    return size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
}

static struct plots_amount money(double usd, bool full) {
    struct plots_amount amount;
    const struct unit unit = unit_of(usd);
    const double size = fabs(usd) / unit.size;
    const int digits = unit.size > 1.0 ? decimals(size) : 0;
    snprintf(amount.text, sizeof amount.text, "%s%.*f%s", sign_of(usd), digits, size,
             full ? unit.word : unit.letter);
    return amount;
}

struct plots_amount plots_usd(double usd) {
    return money(usd, true);
}

struct plots_amount plots_usd_short(double usd) {
    return money(usd, false);
}

struct plots_amount plots_share(double share) {
    struct plots_amount amount;
    if (share > 0.0 && share < 0.0005) {
        snprintf(amount.text, sizeof amount.text, "< 0.1 %%");
    } else if (share < 1.0 && share > 0.9995) {
        snprintf(amount.text, sizeof amount.text, "> 99.9 %%");
    } else {
        snprintf(amount.text, sizeof amount.text, "%s%.1f %%", sign_of(share), fabs(share) * 100.0);
    }
    return amount;
}

struct plots_amount plots_seconds(double seconds) {
    struct plots_amount amount;
    const double size = fabs(seconds);
    const char *sign = sign_of(seconds);
    if (size == 0.0) {
        snprintf(amount.text, sizeof amount.text, "0 s");
    } else if (size < 1.0) {
        snprintf(amount.text, sizeof amount.text, "%s%.*f ms", sign, size < 0.01 ? 1 : 0,
                 size * 1e3);
    } else if (size < 120.0) {
        snprintf(amount.text, sizeof amount.text, "%s%.1f s", sign, size);
    } else {
        const double whole = floor(size + 0.5);
        snprintf(amount.text, sizeof amount.text, "%s%.0f:%02.0f min", sign, floor(whole / 60.0),
                 fmod(whole, 60.0));
    }
    return amount;
}

static bool ends_in(const char *name, const char *ending) {
    const size_t length = strlen(name);
    const size_t tail = strlen(ending);
    return length >= tail && strcmp(name + length - tail, ending) == 0;
}

bool plots_is_share(const char *name) {
    static const char *const endings[] = {"_capture",   "_rate",  "_of_bound",   "_of_threshold",
                                          "efficiency", "regret", "_probability"};
    if (strncmp(name, "edge_capture", 12) == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (ends_in(name, endings[i])) {
            return true;
        }
    }
    return false;
}

struct plots_amount plots_metric_amount(const char *metric, double value) {
    if (plots_is_share(metric)) {
        return plots_share(value);
    }
    if (ends_in(metric, "_usd") || ends_in(metric, "_usd_max")) {
        return plots_usd(value);
    }
    if (ends_in(metric, "_ms")) {
        return plots_seconds(value / 1e3);
    }
    return ends_in(metric, "_s") ? plots_seconds(value) : plots_count(value);
}

struct plots_amount plots_metric_difference(const char *metric, double value) {
    struct plots_amount amount;
    struct plots_amount size;
    if (plots_is_share(metric)) {
        snprintf(size.text, sizeof size.text, "%.1f points", fabs(value) * 100.0);
    } else {
        size = plots_metric_amount(metric, fabs(value));
    }
    snprintf(amount.text, sizeof amount.text, "%s%.40s",
             value < 0.0   ? MINUS
             : value > 0.0 ? "+"
                           : "",
             size.text);
    return amount;
}
