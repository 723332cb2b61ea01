/* Retry-After, when a 429 becomes a 418, how long bans are. */

#include <string.h>

#include "calibrate_rules.h"

/* ---- Retry-After ---- */

struct header_count {
    size_t with, without;
};

static void judge_retry_after(struct weir_calibration *found, const char *rule, bool *setting,
                              const struct header_count *c, size_t anywhere) {
    /* a log without any such header may just not have kept it */
    const bool yes = c->with > 0 && c->without == 0;
    const bool no = c->with == 0 && c->without > 0 && anywhere > 0;
    const bool both = c->with > 0 && c->without > 0;
    weir_add_finding(found, rule, no ? "false" : "true",
                     yes || no ? WEIR_LOG_SUPPORTS
                     : both    ? WEIR_LOG_CONTRADICTS
                               : WEIR_LOG_LEAVES_OPEN,
                     "%zu answers with, %zu without", c->with, c->without);
    if (yes || no) {
        *setting = yes;
    }
}

static void judge_headers(const struct weir_log_view *v, struct weir_calibration *found) {
    struct header_count kinds[3] = {{0, 0}, {0, 0}, {0, 0}}; /* weight, orders, ban */
    size_t anywhere = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct weir_logged_request *q = &v->q[i];
        const bool has = q->retry_after_s >= 0;
        const int kind = q->status == 418                       ? 2
                         : q->status == 429 && q->code == -1003 ? 0
                         : q->status == 429 && q->code == -1015 ? 1
                                                                : -1;
        anywhere += has;
        if (kind >= 0) {
            kinds[kind].with += has;
            kinds[kind].without += !has;
        }
    }
    struct weir_exchange_rules *rules = &found->scenario.exchange.rules;
    judge_retry_after(found, "retry_after_weight", &rules->retry_after_weight, &kinds[0], anywhere);
    judge_retry_after(found, "retry_after_orders", &rules->retry_after_orders, &kinds[1], anywhere);
    judge_retry_after(found, "retry_after_ban", &rules->retry_after_ban, &kinds[2], anywhere);
}

/* ---- bans ---- */

/** A stretch of 418s. */
struct ban {
    const struct weir_logged_request *first, *last;
};

#define BANS_MAX 64

static size_t find_bans(const struct weir_log_view *v, struct ban *bans) {
    size_t count = 0;
    bool banned = false;
    for (size_t i = 0; i < v->count; i++) {
        const struct weir_logged_request *q = &v->q[i];
        if (q->status == 418) {
            if (!banned && count < BANS_MAX) {
                bans[count++] = (struct ban){.first = q, .last = q};
                banned = true;
            } else if (banned) {
                bans[count - 1].last = q;
            }
        } else if (banned && q->status != 0 && q->sent_ns > bans[count - 1].last->answered_ns) {
            banned = false;
        }
    }
    return count;
}

/** How many 429s go before a 418, if they are counted for a minute. */
static void judge_threshold(const struct weir_log_view *v, const struct ban *bans, size_t count,
                            struct weir_calibration *found) {
    int64_t low = 1;
    int64_t high = INT64_MAX;
    size_t rejected = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct weir_logged_request *q = &v->q[i];
        int64_t since_ns = q->answered_ns - WEIR_MINUTE_NS;
        /* what was before a ban may have been forgotten with it */
        for (size_t b = 0; b < count; b++) {
            const bool is_before = bans[b].first->sent_ns < q->answered_ns;
            since_ns = is_before && bans[b].last->answered_ns > since_ns ? bans[b].last->answered_ns
                                                                         : since_ns;
        }
        if (q->status == 429) {
            rejected++;
            const int64_t certain = weir_log_ended_by(v, v->limited_end, q->sent_ns) -
                                    weir_log_sent_before(v, v->limited_sent, since_ns + 1);
            low = certain + 2 > low ? certain + 2 : low;
        }
    }
    for (size_t b = 0; b < count; b++) {
        const int64_t possible =
            weir_log_sent_before(v, v->limited_sent, bans[b].first->answered_ns) -
            weir_log_ended_by(v, v->limited_end, bans[b].first->sent_ns - WEIR_MINUTE_NS);
        high = possible + 1 < high ? possible + 1 : high;
    }
    char value[64];
    const bool others = found->foreign_weight_per_minute != 0.0;
    if (rejected == 0 && count == 0) {
        weir_add_finding(found, "ban_after_429s", "10", WEIR_LOG_LEAVES_OPEN, "no 429 and no 418");
    } else if (count > 0 && !others && low > high) {
        weir_add_finding(found, "ban_after_429s", "counted for one minute", WEIR_LOG_CONTRADICTS,
                         "%lld 429s went without a 418, and one came after %lld",
                         (long long)low - 1, (long long)high - 1);
    } else if (count > 0 && !others) {
        snprintf(value, sizeof value, "%lld to %lld", (long long)low, (long long)high);
        weir_add_finding(found, "ban_after_429s", value, WEIR_LOG_SUPPORTS,
                         "if 429s are counted for a minute; bans in the log: %zu", count);
        found->scenario.exchange.rules.ban_after_429s = (int32_t)high;
    } else {
        snprintf(value, sizeof value, "at least %lld", (long long)low);
        weir_add_finding(
            found, "ban_after_429s", value, WEIR_LOG_SUPPORTS, "if counted for a minute%s",
            count ? "; others on the address may have had some, too" : ", without a 418");
        if (found->scenario.exchange.rules.ban_after_429s < low) {
            found->scenario.exchange.rules.ban_after_429s = (int32_t)low;
        }
    }
}

/** Whether the announced end moves while the ban lasts. */
static void judge_extension(const struct weir_log_view *v, const struct ban *bans, size_t count,
                            struct weir_calibration *found) {
    size_t same = 0;
    size_t later = 0;
    for (size_t b = 0; b < count; b++) {
        const struct weir_logged_request *f = bans[b].first;
        for (size_t i = 0; i < v->count && f->retry_after_s >= 0; i++) {
            const struct weir_logged_request *q = &v->q[i];
            if (q->status != 418 || q->retry_after_s < 0 || q->sent_ns < f->answered_ns ||
                q->sent_ns > bans[b].last->sent_ns) {
                continue;
            }
            /* announced in whole seconds, rounded in whatever way */
            const int64_t end_f = f->answered_ns + (f->retry_after_s + 1) * WEIR_SECOND_NS;
            const int64_t end_q = q->sent_ns + (q->retry_after_s - 1) * WEIR_SECOND_NS;
            later += end_q > end_f;
            same += end_q <= end_f && q->sent_ns > f->answered_ns + 5 * WEIR_SECOND_NS;
        }
    }
    const bool extends = later > 0;
    const bool stays = !extends && same >= 2;
    weir_add_finding(found, "ban_requests", extends ? "extend" : "ignored or counted",
                     extends || stays ? WEIR_LOG_SUPPORTS : WEIR_LOG_LEAVES_OPEN,
                     "of the ends that 418s announce %zu are as the first one said, %zu later",
                     same, later);
    if (extends || stays) {
        found->scenario.exchange.rules.ban_requests = extends ? WEIR_BAN_EXTENDS : WEIR_BAN_IGNORES;
    }
}

/** What a 418 announces is what is left of its ban: all of it, if nobody else can have begun it. */
static void add_announced(const struct ban *ban, size_t number, struct weir_calibration *found) {
    char value[64];
    const int32_t left_s = ban->first->retry_after_s;
    if (found->foreign_weight_per_minute == 0.0) {
        snprintf(value, sizeof value, "%d to %d s", left_s - 1, left_s + 1);
        found->bans_min[found->ban_count++] = left_s / 60.0;
    } else {
        snprintf(value, sizeof value, "at least %d s", left_s - 1);
    }
    weir_add_finding(found, "length of a ban", value, WEIR_LOG_SUPPORTS,
                     "ban %zu of the log, by its Retry-After", number);
}

/** Without it one sees when there were 418s, but not how many bans that was. */
static void add_stretch(const struct ban *ban, size_t number, struct weir_calibration *found) {
    char value[64];
    const double low_s = (double)(ban->last->sent_ns - ban->first->answered_ns) / 1e9;
    snprintf(value, sizeof value, "%.0f s or more", low_s > 0.0 ? low_s : 0.0);
    weir_add_finding(found, "stretch of 418s", value, WEIR_LOG_SUPPORTS,
                     "stretch %zu of the log; of one ban or several", number);
}

static void judge_lengths(const struct ban *bans, size_t count, struct weir_calibration *found) {
    for (size_t b = 0; b < count && found->ban_count < WEIR_BAN_STEPS_MAX; b++) {
        if (bans[b].first->retry_after_s >= 0) {
            add_announced(&bans[b], b + 1, found);
        } else {
            add_stretch(&bans[b], b + 1, found);
        }
    }
}

void weir_calibrate_bans(const struct weir_log_view *view, struct weir_calibration *found) {
    struct ban bans[BANS_MAX];
    const size_t count = find_bans(view, bans);
    judge_headers(view, found);
    judge_threshold(view, bans, count, found);
    judge_extension(view, bans, count, found);
    judge_lengths(bans, count < 3 ? count : 3, found);
}
