# The objective against limit errors: the front on which no setting is better in both.
# What stands above was set for one result; from here on the script is always the same.
# Run it in the result folder.

if (!exists("svg_file")) svg_file = "pareto.svg"
if (!exists("png_file")) png_file = "pareto.png"

set encoding utf8
set datafile separator tab
set datafile commentschars "#"

ink = "#222222"; grey = "#666666"; paper = "#FFFFFF"; blue = "#0072B2"; orange = "#E69F00"
pale = "#B4B4B4"; grid_grey = "#E4E4E4"; vermillion = "#D55E00"
width = 1100.
height = 600.
share = strstrt(objective, "capture") > 0 || strstrt(objective, "_of_") > 0
factor = share ? 100 : 1

array file_of[2] = [svg_file, png_file]
do for [picture = 1:2] {
    scale = picture == 1 ? 1 : 0.75
    font_title = sprintf("sans-serif,%g", 19 * scale)
    font_subtitle = sprintf("sans-serif,%g", 14 * scale)
    font_small = sprintf("sans-serif,%g", 12 * scale)
    if (picture == 1) {
        set terminal svg size width, height noenhanced font font_small background paper
    } else {
        set terminal pngcairo size width, height noenhanced font font_small background paper
    }
    set output file_of[picture]
    set label 1 policy . ": " . objective . " against limit errors" \
        at screen 0.015, 1 - 24 / height font font_title textcolor rgb ink
    set label 2 subtitle at screen 0.015, 1 - 50 / height font font_subtitle textcolor rgb ink
    set label 3 "on " . traces at screen 0.015, 1 - 70 / height font font_small textcolor rgb grey
    set lmargin at screen 0.07
    set rmargin at screen 0.97
    set tmargin at screen 1 - 120 / height
    set bmargin at screen 1 - 545 / height
    set border 3 linecolor rgb grey
    set tics nomirror out scale 0.5 textcolor rgb ink
    set grid linetype 1 linecolor rgb grid_grey linewidth 1
    set key at graph 1, graph 1.09 right horizontal textcolor rgb ink
    set xlabel "limit errors a run (429 and 418), mean" font font_small textcolor rgb ink
    set ylabel objective . (share ? " (%)" : "") font font_small textcolor rgb ink
    stats data_file using 1 nooutput
    set xrange [0:(STATS_max > 0 ? 1.03 * STATS_max : 1)]
    if (STATS_max <= 0) { set label 4 "no setting met a limit error" at graph 0.5, 0.5 center font font_subtitle textcolor rgb grey }
    set offsets 0, 0, graph 0.05, graph 0.05
    plot data_file using 1:($2 * factor) with points pointtype 6 pointsize 0.5 linecolor rgb pale title "all settings", \
        '' using ($4 > 0 ? $1 : 1 / 0):($2 * factor) with points pointtype 7 pointsize 0.6 linecolor rgb blue title "set of the best", \
        '' using ($3 > 0 ? $1 : 1 / 0):($2 * factor) with points pointtype 6 pointsize 1.4 linewidth 2 linecolor rgb vermillion title "front", \
        '' using ($5 > 0 ? $1 : 1 / 0):($2 * factor) with points pointtype 3 pointsize 1.8 linewidth 2 linecolor rgb ink title "recommended"
    set output
}
