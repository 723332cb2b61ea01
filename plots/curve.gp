# How much was captured within a time: one line per policy; what never was lies beyond the right end.
# What stands above was set for one picture; from here on the script is always the same.
# Run it in the result folder: gnuplot curve.gp

if (!exists("svg_file")) svg_file = "curve.svg"
if (!exists("png_file")) png_file = "curve.png"

set encoding utf8
set datafile separator tab
set datafile commentschars "#"
ink = "#222222"; grey = "#666666"; grid_grey = "#E4E4E4"; paper = "#FFFFFF"
width = 1100.
height = 560.
array file_of[2] = [svg_file, png_file]
do for [picture = 1:2] {
    # A point is a pixel in SVG and 4/3 pixels in PNG.
    scale = picture == 1 ? 1 : 0.75
    font_title = sprintf("sans-serif,%g", 19 * scale)
    font_small = sprintf("sans-serif,%g", 12 * scale)
    if (picture == 1) {
        set terminal svg size width, height noenhanced font font_small background paper
    } else {
        set terminal pngcairo size width, height noenhanced font font_small background paper
    }
    set output file_of[picture]
    # colours that colour-blind readers can tell apart
    set colorsequence podo
    unset label
    set lmargin at screen 76. / width
    set rmargin at screen 1 - 310. / width
    set tmargin at screen 1 - 90. / height
    set bmargin at screen 62. / height
    set label 1 title at screen 16 / width, 1 - 24 / height font font_title textcolor rgb ink
    set label 2 caption at screen 16 / width, 1 - 50 / height font font_small textcolor rgb grey
    set border 3 linecolor rgb grey
    set tics nomirror out scale 0.5 textcolor rgb ink font font_small
    set grid xtics ytics linetype 1 linecolor rgb grid_grey linewidth 1
    set logscale x 10
    set xrange [50:10000]
    set xtics ("50 ms" 50, "100 ms" 100, "250 ms" 250, "500 ms" 500, "1 s" 1000, "2 s" 2000, \
        "3 s" 3000, "5 s" 5000, "10 s" 10000)
    set yrange [0:103]
    set ytics ("0 %%" 0, "25 %%" 25, "50 %%" 50, "75 %%" 75, "100 %%" 100)
    set xlabel "from the opportunity's time to the acceptance of its entry" font font_small \
        textcolor rgb ink
    set key at screen 1 - 300. / width, graph 1 left top Left reverse samplen 2 textcolor rgb ink \
        font font_small
    plot for [i = 0:lines - 1] "curve.tsv" index i using 1:2 with linespoints linetype i + 1 \
        linewidth 2 pointsize 0.6 * scale title columnheader(2)
    unset output
}
