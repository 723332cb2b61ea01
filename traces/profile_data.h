#ifndef WEIR_TRACES_PROFILE_DATA_H
#define WEIR_TRACES_PROFILE_DATA_H

#include "profile.h"

/**
 * What a profile holds, for those that read and build it (docs/profiles.md says what each key
 * means). A price of 0 is one that is not known.
 */

#define WEIR_DENSITY_STEPS 10

struct weir_profile_symbol {
    char *name; /**< as the venue names it; owned */
    uint32_t count;
    uint32_t sells; /**< only if sides_by_symbol */
    double usd;
    double average_price;
    double first_price;
    double start_price; /**< at the start and … */
    double end_price;   /**< … at the end of the path */
};

struct weir_profile_bin {
    int64_t start_s; /**< since the start of the profile */
    uint32_t count;
    double usd; /**< only if bins_have_usd */
};

enum weir_profile_mapping {
    WEIR_MAPPING_NONE,
    WEIR_MAPPING_HYPERLIQUID /**< BTC to BTCUSDT, kBONK to 1000BONKUSDT */
};

enum weir_profile_shape {
    WEIR_SHAPE_BLOCK,
    WEIR_SHAPE_SPREAD
};

enum weir_path_kind {
    WEIR_PATH_V,
    WEIR_PATH_SLIDE,
    WEIR_PATH_LATE
};

/** How prices move over the profile. */
struct weir_profile_path {
    enum weir_path_kind kind;
    double sign;      /**< -1: down, 1: up */
    double from_s;    /**< the move begins … */
    double turn_s;    /**< … and is complete */
    double recovered; /**< share of it that is taken back by the end */
    double depth_low; /**< of the move, drawn per symbol, as a share of the start */
    double depth_high;
    double noise_sd; /**< of a single price around its path, as a share */
};

struct weir_profile_sizes {
    double second_sd_low; /**< of the effect that all of a second share, in logs */
    double second_sd_high;
    double own_sd_low; /**< of the rest, in logs */
    double own_sd_high;
};

struct weir_profile {
    struct weir_generator *generator; /**< or NULL. If it is there, only name, start, duration and
                                         marks of what follows are set; owned */
    char *name;
    int64_t start_ns;
    int64_t duration_s;
    int64_t bin_s;
    struct weir_profile_bin *bins; /**< by start */
    size_t bin_count;
    bool bins_have_usd;
    struct weir_profile_symbol *symbols;
    size_t symbol_count;
    enum weir_profile_mapping mapping;
    uint64_t count; /**< of liquidations */
    double usd;     /**< of all symbols */
    bool sides_by_symbol;
    double sell_share; /**< only if not sides_by_symbol */
    double throttle_ms;
    double drawn_price_low; /**< for symbols without a known price; 0: all are known */
    double drawn_price_high;
    struct weir_profile_path path;
    struct weir_profile_sizes sizes;
    enum weir_profile_shape shape;
    double unevenness_sd; /**< of the seconds of one bin, in logs */
    bool has_density;
    double density[WEIR_DENSITY_STEPS]; /**< shares of the tenths of a second; they sum to 1 */
    struct weir_marked_field fields[WEIR_MARKED_FIELDS_MAX];
    size_t field_count;
};

/** The path of a kind when nothing else is said about it. */
struct weir_profile_path weir_default_path(const struct weir_profile *profile,
                                           enum weir_path_kind kind);

/** Finds the number of a name in a list that ends with NULL; -1 when it is not there. */
int weir_name_index(const char *const *names, const char *name);

extern const char *const weir_shape_names[]; /**< by enum weir_profile_shape; ends with NULL */
extern const char *const weir_path_names[];  /**< by enum weir_path_kind; ends with NULL */

#endif
