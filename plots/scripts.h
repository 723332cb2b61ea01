#ifndef WEIR_PLOTS_SCRIPTS_H
#define WEIR_PLOTS_SCRIPTS_H

/** The fixed parts of the scripts; the texts are made from plots/ when it is built. */
extern const char weir_plots_timeline_gp[];
extern const char weir_plots_latency_gp[];
extern const char weir_plots_agreement_gp[];
extern const char weir_plots_history_gp[];
extern const char weir_plots_heatmap_gp[];
extern const char weir_plots_slices_gp[];
extern const char weir_plots_pareto_gp[];
extern const char weir_plots_trace_gp[];
extern const char weir_plots_dots_gp[];
extern const char weir_plots_curve_gp[];
extern const char weir_plots_funnel_gp[];

/** Those of the report: what all share, then the kinds of figures. */
extern const char weir_plots_common_gp[];
extern const char weir_plots_bars_gp[];
extern const char weir_plots_cells_gp[];
extern const char weir_plots_cascade_gp[];
extern const char weir_plots_columns_gp[];
extern const char weir_plots_intervals_gp[];
extern const char weir_plots_front_gp[];
extern const char weir_plots_lines_gp[];
extern const char weir_plots_plane_gp[];

/** The style of the report. */
extern const char weir_plots_style_report_css[];

#endif
