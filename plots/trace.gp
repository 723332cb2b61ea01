# What is in a trace: liquidations a second over time, with the strongest minutes, and sizes.
# What stands above was set for one trace; from here on the script is always the same.
# Run it in the folder: gnuplot trace.gp

if (!exists("svg_file")) svg_file = "trace.svg"
if (!exists("png_file")) png_file = "trace.png"

set encoding utf8
set datafile separator tab
set datafile commentschars "#"

# Colours that colour-blind readers can tell apart (Okabe and Ito), and greys.
blue = "#0072B2"; orange = "#E69F00"; band = "#FBE9C6"
ink = "#222222"; grey = "#666666"; grid_grey = "#E4E4E4"; paper = "#FFFFFF"

# Layout, in pixels from the top left corner.
width = 1100.
height = 640.
left = 76.
right = 24.
x_screen(pixel) = pixel / width
y_screen(pixel) = 1 - pixel / height

stats 'rate.tsv' using 4 nooutput name "rate"
stats 'rate.tsv' using 1 nooutput name "time"
stats 'rate.tsv' using ($2-$1) nooutput name "bin"
stats 'sizes.tsv' using 1 nooutput name "size"
stats 'sizes.tsv' using 2 nooutput name "size_end"
rate_top = rate_max * 1.15
bin_text = bin_max == 1 ? "second" : sprintf("second, means of %g s", bin_max)
time_form = span_s > 172800 ? "%d %b" : span_s > 600 ? "%H:%M" : "%H:%M:%S"
usd_text(exponent) = exponent < 3 ? sprintf("%g", 10. ** exponent) : \
    exponent < 6 ? sprintf("%gk", 10. ** (exponent - 3)) : \
    exponent < 9 ? sprintf("%gM", 10. ** (exponent - 6)) : sprintf("%gG", 10. ** (exponent - 9))

array file_of[2] = [svg_file, png_file]
do for [picture = 1:2] {
    # A point is a pixel in SVG and 4/3 pixels in PNG.
    scale = picture == 1 ? 1 : 0.75
    font_title = sprintf("sans-serif,%g", 19 * scale)
    font_subtitle = sprintf("sans-serif,%g", 14 * scale)
    font_heading = sprintf("sans-serif,%g", 13 * scale)
    font_small = sprintf("sans-serif,%g", 12 * scale)
    if (picture == 1) {
        set terminal svg size width, height noenhanced font font_small background paper
    } else {
        set terminal pngcairo size width, height noenhanced font font_small background paper
    }
    set output file_of[picture]
    set multiplot
    set border 3 linecolor rgb grey
    set lmargin at screen x_screen(left)
    set rmargin at screen x_screen(width - right)
    set tics nomirror out scale 0.5 textcolor rgb ink font font_small
    set grid ytics noxtics linetype 1 linecolor rgb grid_grey linewidth 1
    set style fill solid 1 noborder

    unset label
    set label 1 title at screen x_screen(16), y_screen(24) font font_title textcolor rgb ink
    set label 2 subtitle at screen x_screen(16), y_screen(50) font font_subtitle textcolor rgb ink
    set label 3 "from " . from . " UTC; the numbered minutes are the strongest" \
        at screen x_screen(16), y_screen(70) font font_small textcolor rgb grey
    set label 4 "Liquidations a " . bin_text at graph 0, graph 1 offset 0, 0.7 left \
        font font_heading textcolor rgb ink
    set key on at graph 1, graph 1 right bottom horizontal Left reverse samplen 1 width -1 \
        height 0.3 textcolor rgb ink font font_small maxrows 1
    set tmargin at screen y_screen(118)
    set bmargin at screen y_screen(382)
    set xdata time
    set timefmt "%s"
    set format x time_form
    set xrange [time_min:time_max + bin_max]
    set yrange [0:rate_top]
    # Each pixel column shows the bars that fall into it; bars are drawn from 0, SELL in front.
    plot 'cascades.tsv' using 1:(0):1:2:(0):(rate_top) with boxxyerror fillcolor rgb band \
            fillstyle solid 1 border rgb paper notitle, \
        'rate.tsv' using 1:(0):1:2:(0):4 with boxxyerror linecolor rgb orange title "BUY", \
        '' using 1:(0):1:2:(0):3 with boxxyerror linecolor rgb blue title "SELL", \
        'cascades.tsv' using (($1 + $2) / 2):(rate_top * 0.965):(sprintf("%d", $3)) with labels \
            font font_small textcolor rgb ink notitle

    unset label
    unset key
    set xdata
    set format x "%g"
    set label 5 "Liquidations by size in USD (eight bars to a factor of ten)" at graph 0, graph 1 \
        offset 0, 0.7 left font font_heading textcolor rgb ink
    set tmargin at screen y_screen(450)
    set bmargin at screen y_screen(606)
    set xrange [floor(size_min):ceil(size_end_max)]
    set yrange [0:*]
    set xtics nomirror (usd_text(floor(size_min)) floor(size_min))
    do for [decade = int(floor(size_min)):int(ceil(size_end_max))] {
        set xtics add (usd_text(decade) decade)
    }
    plot 'sizes.tsv' using 1:(0):1:2:(0):3 with boxxyerror linecolor rgb blue notitle
    set xtics auto
    unset multiplot
    set output
}
