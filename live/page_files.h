#ifndef WEIR_LIVE_PAGE_FILES_H
#define WEIR_LIVE_PAGE_FILES_H

/* Files of the page, and the library of its charts, made into texts when building. */

extern const char page_index_html[];
extern const char page_page_css[];
extern const char page_icon_svg[];
extern const char page_main_js[];
extern const char page_source_js[];
extern const char page_status_js[];
extern const char page_alerts_js[];
extern const char page_actions_js[];
extern const char page_charts_js[];
extern const char page_happenings_js[];
extern const char page_format_js[];
extern const char chart_library_chart_min_js[];

#endif
