#ifndef WEIR_PLOTS_SCRIPTS_H
#define WEIR_PLOTS_SCRIPTS_H

/** The fixed parts of the scripts; the texts are made from plots/ when it is built. */
extern const char weir_plots_timeline_gp[];
extern const char weir_plots_latency_gp[];
extern const char weir_plots_heatmap_gp[];
extern const char weir_plots_slices_gp[];
extern const char weir_plots_pareto_gp[];

#endif
