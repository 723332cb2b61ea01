#include "options.h"

#include <assert.h>
#include <string.h>

#include "errors.h"

static const struct weir_option *find_option(const struct weir_option *options, const char *key) {
    for (const struct weir_option *option = options; option->key; option++) {
        if (strcmp(option->key, key) == 0) {
            return option;
        }
    }
    return NULL;
}

static const char *nearest_key(const struct weir_option *options, const char *key) {
    const char *nearest = NULL;
    size_t smallest = SIZE_MAX;
    for (const struct weir_option *option = options; option->key; option++) {
        size_t distance = weir_name_distance(option->key, key);
        if (distance < smallest) {
            smallest = distance;
            nearest = option->key;
        }
    }
    return nearest;
}

/** Digits of a number without its point, and the power of ten that they are to be taken times. */
struct decimal {
    bool negative;
    int64_t digits;
    int exponent;
};

/** Reads digits and at most one point; NULL if there is no digit or more than 18 that count. */
static const char *parse_digits(const char *text, struct decimal *decimal) {
    bool point = false;
    bool any = false;
    for (;; text++) {
        if (*text == '.' && !point) {
            point = true;
        } else if (*text >= '0' && *text <= '9') {
            any = true;
            if (decimal->digits >= WEIR_BILLION * WEIR_BILLION / 10) {
                decimal->exponent += point ? 0 : 1;
                continue; // beyond 18 digits: too fine to matter, or too large and refused later
            }
            decimal->digits = decimal->digits * 10 + (*text - '0');
            decimal->exponent -= point ? 1 : 0;
        } else {
            return any ? text : NULL;
        }
    }
}

static bool parse_decimal(const char *text, struct decimal *decimal) {
    *decimal = (struct decimal){0};
    decimal->negative = *text == '-';
    text += *text == '-' || *text == '+';
    text = parse_digits(text, decimal);
    if (!text) {
        return false;
    }
    if (*text == 'e' || *text == 'E') {
        int64_t power = 0;
        if (!weir_parse_integer(text + 1, &power) || power < -1000 || power > 1000) {
            return false;
        }
        decimal->exponent += (int)power;
        return true;
    }
    return *text == '\0';
}

bool weir_parse_billionths(const char *text, int64_t *billionths) {
    struct decimal decimal;
    if (!parse_decimal(text, &decimal)) {
        return false;
    }
    int64_t value = decimal.digits;
    int exponent = decimal.exponent + 9;
    for (; exponent > 0 && value != 0; exponent--) {
        if (value > WEIR_BILLION * WEIR_BILLION / 10) {
            return false;
        }
        value *= 10;
    }
    for (; exponent < -1 && value != 0; exponent++) {
        value /= 10;
    }
    if (exponent == -1) {
        value = (value + 5) / 10;
    }
    if (value > WEIR_BILLION * WEIR_BILLION) {
        return false;
    }
    *billionths = decimal.negative ? -value : value;
    return true;
}

bool weir_parse_integer(const char *text, int64_t *integer) {
    bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    int64_t value = 0;
    bool any = false;
    for (; *text >= '0' && *text <= '9'; text++) {
        int digit = *text - '0';
        if (value > (INT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
        any = true;
    }
    *integer = negative ? -value : value;
    return any && *text == '\0';
}

static bool parse_flag(const char *text, bool *flag) {
    static const char *const names[2][4] = {{"off", "false", "no", "0"},
                                            {"on", "true", "yes", "1"}};
    for (size_t value = 0; value < 2; value++) {
        for (size_t i = 0; i < 4; i++) {
            if (strcmp(text, names[value][i]) == 0) {
                *flag = value == 1;
                return true;
            }
        }
    }
    return false;
}

/** Position of `text` in "a|b|c"; false if it is none of them. */
static bool parse_choice(const char *text, const char *choices, size_t *position) {
    size_t length = strlen(text);
    *position = 0;
    for (const char *choice = choices;; (*position)++) {
        size_t width = strcspn(choice, "|");
        if (width == length && memcmp(choice, text, width) == 0) {
            return true;
        }
        if (choice[width] == '\0') {
            return false;
        }
        choice += width + 1;
    }
}

static enum weir_status check_value(const char *policy, const struct weir_option *option,
                                    const char *value, struct weir_error *error) {
    bool flag = false;
    int64_t number = 0;
    size_t position = 0;
    switch (option->kind) {
    case WEIR_OPTION_FLAG:
        if (parse_flag(value, &flag)) {
            return WEIR_OK;
        }
        return weir_fail(error, WEIR_UNKNOWN_VALUE,
                         "setting %s of policy %s is \"%.40s\"; it must be on or off", option->key,
                         policy, value);
    case WEIR_OPTION_CHOICE:
        if (parse_choice(value, option->choices, &position)) {
            return WEIR_OK;
        }
        return weir_fail(error, WEIR_UNKNOWN_VALUE,
                         "setting %s of policy %s is \"%.40s\"; it must be one of %s", option->key,
                         policy, value, option->choices);
    case WEIR_OPTION_INTEGER:
        if (weir_parse_integer(value, &number) && (double)number >= option->min &&
            (double)number <= option->max) {
            return WEIR_OK;
        }
        return weir_fail(error, WEIR_UNKNOWN_VALUE,
                         "setting %s of policy %s is \"%.40s\"; it must be a whole number from "
                         "%.0f to %.0f",
                         option->key, policy, value, option->min, option->max);
    case WEIR_OPTION_NUMBER:
        if (weir_parse_billionths(value, &number) && (double)number >= option->min * 1e9 &&
            (double)number <= option->max * 1e9) {
            return WEIR_OK;
        }
        break;
    }
    return weir_fail(error, WEIR_UNKNOWN_VALUE,
                     "setting %s of policy %s is \"%.40s\"; it must be a number from %g to %g",
                     option->key, policy, value, option->min, option->max);
}

static enum weir_status unknown_key(const char *policy, const struct weir_option *options,
                                    const char *key, struct weir_error *error) {
    const char *nearest = nearest_key(options, key);
    if (!nearest) {
        return weir_fail(error, WEIR_UNKNOWN_KEY, "policy %s has no settings, so not \"%.60s\"",
                         policy, key);
    }
    return weir_fail(error, WEIR_UNKNOWN_KEY,
                     "policy %s has no setting \"%.60s\"; the nearest it has is \"%s\"", policy,
                     key, nearest);
}

enum weir_status weir_options_check(const char *policy, const struct weir_option *options,
                                    const struct weir_config *config, struct weir_error *error) {
    for (size_t i = 0; i < config->setting_count; i++) {
        const struct weir_setting *setting = &config->settings[i];
        if (!setting->key || !setting->value) {
            return weir_fail(error, WEIR_INVALID, "setting number %zu has no key or no value",
                             i + 1);
        }
        const struct weir_option *option = find_option(options, setting->key);
        if (!option) {
            return unknown_key(policy, options, setting->key, error);
        }
        enum weir_status status = check_value(policy, option, setting->value, error);
        if (status != WEIR_OK) {
            return status;
        }
    }
    return WEIR_OK;
}

static const char *text_of(const struct weir_option *option, const struct weir_config *config) {
    for (size_t i = config->setting_count; i-- > 0;) {
        if (strcmp(config->settings[i].key, option->key) == 0) {
            return config->settings[i].value;
        }
    }
    return option->default_value;
}

static const struct weir_option *own_option(const struct weir_option *options, const char *key) {
    const struct weir_option *option = find_option(options, key);
    assert(option && "a policy reads only keys of its own table");
    return option;
}

bool weir_option_flag(const struct weir_option *options, const struct weir_config *config,
                      const char *key) {
    bool flag = false;
    bool read = parse_flag(text_of(own_option(options, key), config), &flag);
    assert(read);
    return read && flag;
}

int64_t weir_option_integer(const struct weir_option *options, const struct weir_config *config,
                            const char *key) {
    int64_t integer = 0;
    bool read = weir_parse_integer(text_of(own_option(options, key), config), &integer);
    assert(read);
    return read ? integer : 0;
}

int64_t weir_option_billionths(const struct weir_option *options, const struct weir_config *config,
                               const char *key) {
    int64_t billionths = 0;
    bool read = weir_parse_billionths(text_of(own_option(options, key), config), &billionths);
    assert(read);
    return read ? billionths : 0;
}

size_t weir_option_choice(const struct weir_option *options, const struct weir_config *config,
                          const char *key) {
    const struct weir_option *option = own_option(options, key);
    size_t position = 0;
    bool read = parse_choice(text_of(option, config), option->choices, &position);
    assert(read);
    return read ? position : 0;
}

int64_t weir_without_share(int64_t amount, int64_t share_billionths) {
    assert(amount >= 0 && amount <= WEIR_BILLION);
    assert(share_billionths >= 0 && share_billionths <= WEIR_BILLION);
    return amount * (WEIR_BILLION - share_billionths) / WEIR_BILLION;
}
