#include <string.h>

#include "errors.h"
#include "weir_state.h"

/**
 * What is kept: how long holds and bans still last, how many bans there were, whether a probe is
 * due, and limits that the exchange said are lower than configured. Not kept: counts (the process
 * that starts again takes them from the exchange's headers) and the clock (another process has
 * another one).
 *
 * Form: 8-byte little-endian words: magic and version, number of words behind it, the fields, and a
 * checksum (FNV-1a over all bytes before it).
 */
#define MAGIC UINT64_C(0x0000000152494557)        // "WEIR", version 1
#define AGE_MAX_NS (INT64_C(10000) * WEIR_DAY_NS) // older bans are all alike
#define FIXED_WORDS ((size_t)7)
#define LIMIT_WORDS ((size_t)4)
#define WORDS_MAX (FIXED_WORDS + LIMIT_WORDS * WEIR_LIMITS_MAX + 1)

static void put_word(uint8_t *bytes, uint64_t word) {
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(word >> (8 * i));
    }
}

static uint64_t get_word(const uint8_t *bytes) {
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++) {
        word |= (uint64_t)bytes[i] << (8 * i);
    }
    return word;
}

static uint64_t checksum(const uint8_t *bytes, size_t size) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static int64_t left(int64_t until_ns, int64_t now_ns) {
    return until_ns > now_ns ? until_ns - now_ns : 0;
}

static int64_t ban_age_ns(const struct weir *weir) {
    int64_t age_ns = weir->gate.bans > 0 ? weir->now_ns - weir->gate.ban_learned_ns : 0;
    return weir_earlier(age_ns, AGE_MAX_NS);
}

static size_t collect(const struct weir *weir, uint64_t *words) {
    const struct weir_gate *gate = &weir->gate;
    size_t count = 0;
    words[count++] = MAGIC;
    words[count++] = weir->window_count;
    words[count++] = (uint64_t)left(gate->hold_until_ns, weir->now_ns);
    words[count++] = (uint64_t)left(gate->ban_until_ns, weir->now_ns);
    words[count++] = (uint64_t)gate->bans;
    words[count++] = (uint64_t)ban_age_ns(weir);
    words[count++] = gate->probing;
    for (size_t i = 0; i < weir->window_count; i++) {
        const struct weir_window *window = &weir->windows[i];
        words[count++] = (uint64_t)window->type;
        words[count++] = (uint64_t)window->interval_ns;
        words[count++] = (uint64_t)window->given;
        words[count++] = (uint64_t)window->limit;
    }
    return count;
}

size_t weir_save_state(const struct weir *weir, void *buffer, size_t capacity) {
    uint64_t words[WORDS_MAX];
    size_t count = collect(weir, words);
    size_t size = (count + 1) * 8;
    if (size <= capacity) {
        uint8_t *bytes = buffer;
        for (size_t i = 0; i < count; i++) {
            put_word(bytes + 8 * i, words[i]);
        }
        put_word(bytes + 8 * count, checksum(bytes, 8 * count));
    }
    return size;
}

/** Reads and checks form and checksum; what is wrong in words, or NULL. */
static const char *read_words(const uint8_t *bytes, size_t size, uint64_t *words, size_t *count) {
    if (size < (FIXED_WORDS + 1) * 8 || size > WORDS_MAX * 8 || size % 8 != 0) {
        return "its size is not one that was ever written";
    }
    *count = size / 8 - 1;
    for (size_t i = 0; i < *count; i++) {
        words[i] = get_word(bytes + 8 * i);
    }
    if (words[0] != MAGIC) {
        return "it does not begin as version 1 of it does";
    }
    if (get_word(bytes + 8 * *count) != checksum(bytes, 8 * *count)) {
        return "its checksum does not match";
    }
    if (words[1] > WEIR_LIMITS_MAX || *count != FIXED_WORDS + LIMIT_WORDS * words[1]) {
        return "its number of limits does not fit its size";
    }
    return NULL;
}

/** What is wrong with the values, or NULL. */
static const char *check_words(const uint64_t *words) {
    if (words[2] > (uint64_t)WEIR_LONGEST_WAIT_NS || words[3] > (uint64_t)WEIR_LONGEST_WAIT_NS) {
        return "a hold or ban of more than 7 days is not one of ours";
    }
    if (words[4] > 1000000 || words[5] > (uint64_t)AGE_MAX_NS || words[6] > 1) {
        return "its record of bans is out of range";
    }
    for (size_t i = 0; i < words[1]; i++) {
        const uint64_t *limit = words + FIXED_WORDS + LIMIT_WORDS * i;
        if (limit[3] < 1 || limit[3] > limit[2]) {
            return "a learned limit is not between 1 and the configured one";
        }
    }
    return NULL;
}

/** A limit that was learned holds for the same limit, configured as it was then. */
static void restore_limits(struct weir *weir, const uint64_t *words) {
    for (size_t i = 0; i < words[1]; i++) {
        const uint64_t *limit = words + FIXED_WORDS + LIMIT_WORDS * i;
        for (size_t j = 0; j < weir->window_count; j++) {
            struct weir_window *window = &weir->windows[j];
            if ((uint64_t)window->type == limit[0] && (uint64_t)window->interval_ns == limit[1] &&
                (uint64_t)window->given == limit[2] && (int64_t)limit[3] < window->limit) {
                window->limit = (int64_t)limit[3];
                weir_windows_set_caps(weir, window);
            }
        }
    }
}

enum weir_status weir_restore_state(struct weir *weir, int64_t elapsed_ns, const void *buffer,
                                    size_t size, struct weir_error *error) {
    uint64_t words[WORDS_MAX] = {0};
    size_t count = 0;
    const char *wrong = read_words(buffer, size, words, &count);
    wrong = wrong ? wrong : check_words(words);
    if (wrong) {
        return weir_fail(error, WEIR_INVALID, "the saved state cannot be used: %s", wrong);
    }
    struct weir_gate *gate = &weir->gate;
    int64_t then_ns = weir->now_ns - weir_earlier(elapsed_ns, AGE_MAX_NS);
    gate->hold_until_ns = weir_later(gate->hold_until_ns, then_ns + (int64_t)words[2]);
    gate->ban_until_ns = weir_later(gate->ban_until_ns, then_ns + (int64_t)words[3]);
    gate->bans = (int64_t)words[4];
    gate->ban_learned_ns = then_ns - (int64_t)words[5];
    gate->probing = words[6] == 1;
    restore_limits(weir, words);
    if (gate->ban_until_ns > weir->now_ns) {
        weir_tell(weir, "ban", "on", "restored", (double)gate->bans, gate->ban_until_ns);
    }
    return WEIR_OK;
}
