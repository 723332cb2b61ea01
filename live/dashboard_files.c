#include <string.h>

#include "dashboard_parts.h"
#include "page_files.h"

static const struct {
    const char *path, *type, *text;
} files[] = {
    {"/", "text/html; charset=utf-8", page_index_html},
    {"/dashboard", "text/html; charset=utf-8", page_index_html},
    {"/dashboard/page.css", "text/css; charset=utf-8", page_page_css},
    {"/dashboard/icon.svg", "image/svg+xml", page_icon_svg},
    {"/dashboard/main.js", "text/javascript; charset=utf-8", page_main_js},
    {"/dashboard/source.js", "text/javascript; charset=utf-8", page_source_js},
    {"/dashboard/status.js", "text/javascript; charset=utf-8", page_status_js},
    {"/dashboard/alerts.js", "text/javascript; charset=utf-8", page_alerts_js},
    {"/dashboard/actions.js", "text/javascript; charset=utf-8", page_actions_js},
    {"/dashboard/charts.js", "text/javascript; charset=utf-8", page_charts_js},
    {"/dashboard/happenings.js", "text/javascript; charset=utf-8", page_happenings_js},
    {"/dashboard/format.js", "text/javascript; charset=utf-8", page_format_js},
    {"/dashboard/chart.min.js", "text/javascript; charset=utf-8", chart_library_chart_min_js}};

const char *dashboard_file(const char *path, const char **type) {
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strcmp(path, files[i].path) == 0) {
            *type = files[i].type;
            return files[i].text;
        }
    }
    return NULL;
}
