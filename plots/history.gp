# One metric over the nights, a line for each trace and scenario, with intervals where there are any.
# What stands above was set for one history; from here on the script is always the same.
# Run it in its folder: gnuplot NAME.gp

if (!exists("svg_file")) svg_file = title . ".svg"
if (!exists("png_file")) png_file = title . ".png"

set encoding utf8
set datafile separator tab
set datafile commentschars ""

# Colours that colour-blind readers can tell apart (Okabe and Ito), and greys.
array colour[7] = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000"]
colour_of(i) = colour[1 + int(i) % 7]
ink = "#222222"; grid_grey = "#E4E4E4"; paper = "#FFFFFF"
factor = share > 0 ? 100. : 1.
width = 1100.
height = 420. + 20. * figures

do for [picture = 1:2] {
    # A point is a pixel in SVG and 4/3 pixels in PNG.
    scale = picture == 1 ? 1 : 0.75
    font_title = sprintf("sans-serif,%g", 19 * scale)
    font_small = sprintf("sans-serif,%g", 12 * scale)
    if (picture == 1) {
        set terminal svg size width, height noenhanced font font_small background paper
        set output svg_file
    } else {
        set terminal pngcairo size width, height noenhanced font font_small background paper
        set output png_file
    }
    set border 3 linecolor rgb "#666666"
    set tics nomirror out scale 0.5 textcolor rgb ink
    set grid ytics linetype 1 linecolor rgb grid_grey linewidth 1
    set title title . (share > 0 ? ", %" : "") font font_title textcolor rgb ink
    set yrange [*:*]
    set xlabel "night" textcolor rgb ink
    set xtics 1
    stats data_file using 1 nooutput
    if (STATS_max - STATS_min > 20) { set xtics auto }
    set xrange [STATS_min - 0.5:STATS_max + 0.5]
    set key outside below left Left reverse maxcols 1 textcolor rgb ink
    plot for [i = 0:int(figures) - 1] data_file index i using ($1 + 0.01 * (STATS_max - STATS_min + 1) * (i - (figures - 1) / 2.)):($2 * factor):($3 * factor):($4 * factor) with yerrorlines \
        linecolor rgb colour_of(i) linewidth 2 pointtype 7 pointsize 0.5 title columnheader(1)
    set output
}
