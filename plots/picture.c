#include "picture.h"

#include <stdio.h>
#include <string.h>

#include "folder.h"

#define NAME_SIZE 64
#define TAIL_SIZE 16

struct format {
    const char *ending;
    const char *head;
    size_t head_length;
    const char *tail;
    size_t tail_length;
};

static const struct format FORMATS[] = {
    {".svg", "<?xml", 5, "</svg>", 6},
    {".png", "\x89PNG\r\n\x1a\n", 8, "\0\0\0\0IEND\xAE\x42\x60\x82", 12},
};

static const struct format *format_of(const char *name) {
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending && i < sizeof FORMATS / sizeof FORMATS[0]; i++) {
        if (strcmp(FORMATS[i].ending, ending) == 0) {
            return &FORMATS[i];
        }
    }
    return NULL;
}

/** Whether the file ends in the bytes of the format, not counting blank lines. */
static bool ends_well(FILE *file, const struct format *format) {
    char tail[TAIL_SIZE];
    if (fseek(file, -(long)sizeof tail, SEEK_END) != 0 ||
        fread(tail, 1, sizeof tail, file) != sizeof tail) {
        return false;
    }
    size_t length = sizeof tail;
    while (length > 0 && (tail[length - 1] == '\n' || tail[length - 1] == '\r')) {
        length--;
    }
    return length >= format->tail_length &&
           memcmp(tail + length - format->tail_length, format->tail, format->tail_length) == 0;
}

bool plots_picture_whole(int folder, const char *name, struct plots_error *error) {
    const struct format *format = format_of(name);
    char part[NAME_SIZE];
    snprintf(part, sizeof part, "%s" PLOTS_PART, name);
    FILE *file = format ? plots_folder_read(folder, part, error) : NULL;
    if (!file) {
        return plots_fail(error, "%s: neither SVG nor PNG", name);
    }
    char head[TAIL_SIZE];
    const bool whole = fread(head, 1, format->head_length, file) == format->head_length &&
                       memcmp(head, format->head, format->head_length) == 0 &&
                       ends_well(file, format);
    fclose(file);
    return whole || plots_fail(error, "%s: gnuplot left half a picture; is the disk full?", name);
}
