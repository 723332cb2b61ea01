#include "svg.h"

#include <stdlib.h>
#include <string.h>

#include "quote.h"

/** Colours of common.gp and the variables of report.css that stand for them. */
static const struct {
    unsigned red, green, blue;
    const char *variable;
} COLOURS[] = {
    {0x1F, 0x23, 0x28, "--ink"},    {0x5B, 0x64, 0x70, "--muted"}, {0xE2, 0xE6, 0xEB, "--grid"},
    {0x00, 0x5F, 0xA3, "--blue"},   {0xA3, 0xAD, 0xB8, "--grey"},  {0xD5, 0x5E, 0x00, "--red"},
    {0xE6, 0x9F, 0x00, "--yellow"}, {0x00, 0x9E, 0x73, "--green"}, {0x56, 0xB4, 0xE9, "--sky"},
    {0xCC, 0x79, 0xA7, "--pink"},   {0xB5, 0xD2, 0xEA, "--pale"},  {0xF4, 0xE3, 0xBD, "--hold"},
    {0xF6, 0xD3, 0xBC, "--ban"},    {0xEE, 0xF0, 0xF3, "--shade"}, {0xFD, 0xFE, 0xFF, "--paper"},
    {0x3D, 0x46, 0x51, "--dark"},
};

/** What gnuplot says of every group, and what the page says once for all of them. */
#define GROUP "<g fill=\"none\" color=\"black\" stroke=\"currentColor\" stroke-width=\""
#define GROUP_END "\" stroke-linecap=\"butt\" stroke-linejoin=\"miter\">"

/** Most marks that are told one by one to those who cannot see them. */
#define LISTED_MAX 64

struct walk {
    FILE *page;
    const char *at;
    const struct plots_svg_words *words;
    size_t hover;
};

static bool starts(const char *at, const char *word) {
    return strncmp(at, word, strlen(word)) == 0;
}

/** Writes a replacement for a word, if that is what comes. */
static bool replace(struct walk *w, const char *word, const char *replacement) {
    if (!starts(w->at, word)) {
        return false;
    }
    fputs(replacement, w->page);
    w->at += strlen(word);
    return true;
}

/** Passes over groups that hold nothing, and shortens the heads of the others. */
static bool take_group(struct walk *w) {
    if (!starts(w->at, GROUP)) {
        return false;
    }
    const char *width = w->at + strlen(GROUP);
    const size_t digits = strspn(width, "0123456789.");
    const char *rest = width + digits;
    if (!starts(rest, GROUP_END)) {
        return false;
    }
    rest += strlen(GROUP_END);
    if (starts(rest, "\n</g>\n")) {
        w->at = rest + strlen("\n</g>\n");
        return true;
    }
    fputs("<g", w->page);
    if (strncmp(width, "1.00", digits) != 0) {
        fprintf(w->page, " stroke-width=\"%.*s\"", (int)digits, width);
    }
    fputc('>', w->page);
    w->at = rest;
    return true;
}

/** Passes over what gnuplot calls a part of the plot; such names say nothing to a reader. */
static bool take_part(struct walk *w) {
    const char *title_end = NULL;
    if (!starts(w->at, "<g id=\"gnuplot_plot_") || !(title_end = strstr(w->at, "</title>"))) {
        return false;
    }
    fputs("<g>", w->page);
    w->at = title_end + strlen("</title>");
    return true;
}

/** Writes a title; its lines stay lines. */
static void write_title(FILE *page, const char *title) {
    fputs("<title>", page);
    for (const char *at = title; *at;) {
        char line[512];
        const size_t length = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, at);
        plots_escape(page, line);
        at += length;
        if (*at) {
            fputs("&#10;", page);
            at++;
        }
    }
    fputs("</title>", page);
}

/** How common.gp draws what is only there for the pointer. */
#define UNSEEN "<polygon fill = 'rgb(  1,   2,   3)' fill-opacity = '0.000000' points = '"

/** Gives an unseen rectangle its title. */
static bool take_unseen(struct walk *w) {
    if (!starts(w->at, UNSEEN)) {
        return false;
    }
    const char *points = w->at + strlen(UNSEEN);
    const char *end = strstr(points, "'/>");
    if (!end) {
        return false;
    }
    if (w->hover < w->words->hover_count) {
        fprintf(w->page, "<polygon class=\"h\" points=\"%.*s\">", (int)(end - points), points);
        write_title(w->page, w->words->hovers[w->hover++]);
        fputs("</polygon>", w->page);
    }
    w->at = end + strlen("'/>");
    return true;
}

/** Reads "rgb(  0, 114, 178)". Returns what follows it, NULL if it is not that. */
static const char *read_colour(const char *at, unsigned long parts[3]) {
    if (!starts(at, "rgb(")) {
        return NULL;
    }
    at += strlen("rgb(");
    for (int i = 0; i < 3; i++) {
        char *end = NULL;
        parts[i] = strtoul(at, &end, 10);
        if (end == at || *end != (i < 2 ? ',' : ')')) {
            return NULL;
        }
        at = end + 1;
    }
    return at;
}

static bool take_colour(struct walk *w) {
    unsigned long parts[3];
    const char *rest = read_colour(w->at, parts);
    if (!rest) {
        return false;
    }
    w->at = rest;
    for (size_t i = 0; i < sizeof COLOURS / sizeof COLOURS[0]; i++) {
        if (COLOURS[i].red == parts[0] && COLOURS[i].green == parts[1] &&
            COLOURS[i].blue == parts[2]) {
            fprintf(w->page, "var(%s)", COLOURS[i].variable);
            return true;
        }
    }
    fprintf(w->page, "rgb(%lu,%lu,%lu)", parts[0], parts[1], parts[2]);
    return true;
}

static void copy_body(struct walk *w, const char *end) {
    while (w->at < end) {
        if (take_group(w) || take_part(w) || take_unseen(w) || take_colour(w) ||
            replace(w, " font-family=\"sans-serif\"", "") || replace(w, "\t", "") ||
            replace(w, "'black'", "'currentColor'") ||
            replace(w, "\"black\"", "\"currentColor\"")) {
            continue;
        }
        fputc(*w->at++, w->page);
    }
}

static void write_head(FILE *page, const char *box, size_t length,
                       const struct plots_svg_words *words) {
    /* marks are read out one by one where they are few; hundreds would drown the reader */
    const bool listed = words->hover_count > 0 && words->hover_count <= LISTED_MAX;
    fprintf(page,
            "<svg viewBox=\"%.*s\" role=\"%s\" aria-labelledby=\"%s-t %s-d\" fill=\"none\" "
            "stroke=\"currentColor\"><title id=\"%s-t\">",
            (int)length, box, listed ? "graphics-document document" : "img", words->id, words->id,
            words->id);
    plots_escape(page, words->title);
    fprintf(page, "</title><desc id=\"%s-d\">", words->id);
    plots_escape(page, words->description);
    fputs("</desc>", page);
}

bool plots_svg_inline(FILE *page, const char *svg, const struct plots_svg_words *words) {
    const char *box = strstr(svg, "viewBox=\"");
    const char *body = strstr(svg, "</defs>");
    const char *end = body ? strstr(body, "</svg>") : NULL;
    if (!box || !end) {
        return false;
    }
    box += strlen("viewBox=\"");
    write_head(page, box, strspn(box, "0123456789. -"), words);
    fputs("<g>", page); /* gnuplot's own, which begins before its definitions */
    struct walk walk = {page, body + strlen("</defs>"), words, 0};
    copy_body(&walk, end);
    fputs("</svg>\n", page);
    return true;
}

void plots_svg_marks(FILE *page) {
    fputs("<svg width=\"0\" height=\"0\" aria-hidden=\"true\" class=\"marks\"><defs>"
          "<circle id=\"gpDot\" r=\"0.5\" stroke-width=\"0.5\" stroke=\"currentColor\"/>"
          "<path id=\"gpPt1\" stroke-width=\"0.222\" stroke=\"currentColor\" "
          "d=\"M-1,-1 L1,1 M1,-1 L-1,1\"/>"
          "<circle id=\"gpPt5\" stroke-width=\"0.222\" stroke=\"currentColor\" r=\"1\"/>"
          "<circle id=\"gpPt6\" fill=\"currentColor\" r=\"1\"/>"
          "<path id=\"gpPt12\" fill=\"currentColor\" d=\"M0,-1.4 L1.4,0 L0,1.4 L-1.4,0 z\"/>"
          "</defs></svg>\n",
          page);
}
