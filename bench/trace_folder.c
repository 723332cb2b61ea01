#include "trace_folder.h"

#include <stdio.h>

#include "whole_file.h"

#define FILES 4
#define BINS_A_BAR 8 /* eight bars to a factor of ten */

static void write_rate(const struct weir_info *info, FILE *out) {
    const double bin_s = (double)info->bin_ns / 1e9;
    const double start_s = (double)info->bins_ns / 1e9;
    const int64_t last = (info->last_ns - info->bins_ns) / info->bin_ns;
    fputs("#from_unix_s\tuntil_unix_s\tsell_per_s\tall_per_s\tusd_per_s\n", out);
    for (int64_t i = 0; i <= last; i++) {
        const struct weir_info_bin *bin = &info->bins[i];
        fprintf(out, "%.0f\t%.0f\t%.6g\t%.6g\t%.6g\n", start_s + (double)i * bin_s,
                start_s + (double)(i + 1) * bin_s, (double)bin->sells / bin_s,
                (double)(bin->sells + bin->buys) / bin_s, bin->usd / bin_s);
    }
}

/** The strongest minutes, with their rank. */
static void write_cascades(const struct weir_info *info, FILE *out) {
    fputs("#from_unix_s\tuntil_unix_s\trank\tliquidations\tusd\n", out);
    for (size_t i = 0; i < WEIR_INFO_TOP && info->minutes[i].count > 0; i++) {
        const double from_s = (double)info->minutes[i].start_ns / 1e9;
        fprintf(out, "%.0f\t%.0f\t%zu\t%zu\t%.2f\n", from_s, from_s + 60.0, i + 1,
                info->minutes[i].count, info->minutes[i].usd);
    }
}

static void write_sizes(const struct weir_info *info, FILE *out) {
    fputs("#from_log10_usd\tuntil_log10_usd\tliquidations\n", out);
    for (size_t i = 0; i < WEIR_INFO_SIZE_BINS; i += BINS_A_BAR) {
        size_t count = 0;
        for (size_t k = i; k < i + BINS_A_BAR; k++) {
            count += info->size_bins[k];
        }
        if (count > 0) {
            fprintf(out, "%.4f\t%.4f\t%zu\n", weir_info_size_log10(i),
                    weir_info_size_log10(i + BINS_A_BAR), count);
        }
    }
}

static void write_part(size_t part, const struct weir_info *info, const char *document, FILE *out) {
    switch (part) {
    case 0:
        fprintf(out, "%s\n", document);
        break;
    case 1:
        write_rate(info, out);
        break;
    case 2:
        write_cascades(info, out);
        break;
    default:
        write_sizes(info, out);
        break;
    }
}

bool weir_trace_folder(const struct weir_info *info, const char *document, const char *folder,
                       char *error, size_t error_size) {
    static const char *const names[FILES] = {"result.json", "rate.tsv", "cascades.tsv",
                                             "sizes.tsv"};
    struct weir_whole_file files[FILES];
    size_t opened = 0;
    bool ok = weir_make_folder(folder, error, error_size);
    for (; ok && opened < FILES; opened++) {
        char path[4096];
        ok = snprintf(path, sizeof path, "%s/%s", folder, names[opened]) < (int)sizeof path;
        if (!ok) {
            snprintf(error, error_size, "%.200s…: the path is too long", folder);
            break;
        }
        ok = weir_whole_file_open(&files[opened], path, error, error_size);
        if (!ok) {
            break;
        }
        write_part(opened, info, document, files[opened].stream);
        ok = weir_whole_file_finish(&files[opened], error, error_size);
    }
    size_t placed = 0;
    for (; ok && placed < FILES; placed++) {
        ok = weir_whole_file_place(&files[placed], error, error_size);
    }
    for (size_t i = placed; !ok && i < opened; i++) {
        weir_whole_file_discard(&files[i]);
    }
    return ok;
}
