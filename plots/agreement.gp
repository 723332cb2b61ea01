# A live run and its replay, one laid over the other: captures, used weight, orders.
# What stands above was set for one result; from here on the script is always the same.
# Run it in the result folder: gnuplot agreement.gp

if (!exists("svg_file")) svg_file = "agreement.svg"
if (!exists("png_file")) png_file = "agreement.png"

set encoding utf8
set datafile separator tab
set datafile commentschars "#"

# Colours that colour-blind readers can tell apart (Okabe and Ito), and greys.
blue = "#0072B2"; orange = "#E69F00"
ink = "#222222"; grey = "#666666"; grid_grey = "#E4E4E4"; paper = "#FFFFFF"

# Layout, in pixels from the top left corner: three panels, one below the other.
width = 1100.
height = 760.
left = 84.
right = 24.
first_top = 132.
panel = 160.
gap = 48.
x_screen(pixel) = pixel / width
y_screen(pixel) = 1 - pixel / height

array file_of[2] = [svg_file, png_file]
array heading[3] = ["Captures so far", \
    sprintf("Used weight in the minute, of %.0f", weight_limit), \
    sprintf("Orders in the minute, of %.0f", orders_limit)]
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
    do for [p = 1:3] {
        unset label
        unset arrow
        top = first_top + (p - 1) * (panel + gap)
        set lmargin at screen x_screen(left)
        set rmargin at screen x_screen(width - right)
        set tmargin at screen y_screen(top)
        set bmargin at screen y_screen(top + panel)
        set border 3 linecolor rgb grey
        set tics nomirror out scale 0.5 textcolor rgb ink font font_small
        set grid xtics ytics linetype 1 linecolor rgb grid_grey linewidth 1
        set xrange [from_s:until_s]
        set yrange [0:*]
        set xlabel p == 3 ? "seconds after the first liquidation" : "" font font_small \
            textcolor rgb ink
        if (p == 1) {
            set label 1 title at screen x_screen(16), y_screen(24) font font_title textcolor rgb ink
            set label 2 "the live run laid over its replay in the simulator, with the delays that were measured" \
                at screen x_screen(16), y_screen(50) font font_subtitle textcolor rgb ink
            set label 3 caption at screen x_screen(16), y_screen(70) font font_small textcolor rgb grey
            set key on at screen x_screen(width - right), y_screen(96) right top horizontal Left reverse \
                samplen 2 textcolor rgb ink font font_small
        } else {
            unset key
        }
        set label 4 heading[p] at graph 0, graph 1 offset 0, 0.7 left font font_heading textcolor rgb ink
        plot 'agreement.tsv' using 1:(column(2 * p + 1)) with steps linecolor rgb orange linewidth 5 title "replay", \
            '' using 1:(column(2 * p)) with steps linecolor rgb blue linewidth 1.8 title "live"
    }
    unset multiplot
    set output
}
