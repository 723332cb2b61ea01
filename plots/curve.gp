# Shares within a time, from a table of blocks: a panel for each trace, a line for each policy. What was
# missed lies beyond the right end. What stands above was set for one picture; from here on the script
# is always the same. Run it in the result folder: gnuplot, then the name of this file.

if (!exists("svg_file")) svg_file = picture_name . ".svg"
if (!exists("png_file")) png_file = picture_name . ".png"

set encoding utf8
set datafile separator tab
set datafile commentschars "#"
ink = "#222222"; grey = "#666666"; grid_grey = "#E4E4E4"; paper = "#FFFFFF"
# Colours that colour-blind readers can tell apart (Okabe and Ito); dashes tell those that share one.
array colour[8] = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#222222", "#999999"]
colour_of(policy) = colour[1 + (policy - 1) % 8]
dash_of(policy) = 1 + (policy - 1) / 8
width = 1100.
top = 78.
panel_height = 300.
height = top + panel_height * panels + 24
right = 230.

array file_of[2] = [svg_file, png_file]
do for [picture = 1:2] {
    # A point is a pixel in SVG and 4/3 pixels in PNG.
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
    set multiplot
    set label 1 title at screen 16 / width, 1 - 24 / height font font_title textcolor rgb ink
    set label 2 caption at screen 16 / width, 1 - 50 / height font font_small textcolor rgb grey
    set border 3 linecolor rgb grey
    set tics nomirror out scale 0.5 textcolor rgb ink font font_small
    set grid xtics ytics linetype 1 linecolor rgb grid_grey linewidth 1
    set logscale x 10
    set xrange [x_from:x_until]
    set xtics ("1 ms" 1, "10 ms" 10, "50 ms" 50, "100 ms" 100, "250 ms" 250, "500 ms" 500, "1 s" 1000, "2 s" 2000, \
        "3 s" 3000, "5 s" 5000, "10 s" 10000, "30 s" 30000, "60 s" 60000)
    set yrange [0:103]
    set ytics ("0 %%" 0, "25 %%" 25, "50 %%" 50, "75 %%" 75, "100 %%" 100)
    do for [panel = 1:panels] {
        panel_top = top + panel_height * (panel - 1)
        set lmargin at screen 76. / width
        set rmargin at screen 1 - right / width
        set tmargin at screen 1 - (panel_top + 30) / height
        set bmargin at screen 1 - (panel_top + panel_height - 34) / height
        set label 3 panel_name[panel] at screen 76. / width, screen 1 - (panel_top + 16) / height \
            font font_subtitle textcolor rgb ink
        set label 4 axis at graph 1, screen 1 - (panel_top + panel_height - 2) / height right font font_small textcolor rgb ink
        set key at screen 1 - (right - 14.) / width, screen 1 - (panel_top + 30) / height left top Left reverse samplen 2 \
            textcolor rgb ink font font_small
        plot for [s = panel_first[panel]:panel_first[panel + 1] - 1] table index s - 1 using 1:2 with lines \
            linecolor rgb colour_of(series_policy[s]) dashtype dash_of(series_policy[s]) \
            linewidth 2 title policy_name[series_policy[s]]
        unset label
    }
    unset multiplot
    unset output
}
