# From the trace to protected positions: a row for each trace and policy, a column for each stage; a
# bar's length is its share of the trace's notional. What stands above was set for one picture; from
# here on the script is always the same. Run it in the result folder: gnuplot funnel.gp

if (!exists("svg_file")) svg_file = "funnel.svg"
if (!exists("png_file")) png_file = "funnel.png"

set encoding utf8
set datafile separator tab
set datafile commentschars "#"
blue = "#0072B2"; track = "#E9EDF1"; ink = "#222222"; grey = "#666666"; paper = "#FFFFFF"
array stage[8] = ["in the trace", "on the feed", "opportunity", "submitted", "admitted", "accepted in time", "filled", "protected"]
width = 1320.
left = 270.
top = 110.
row_height = 38.
height = top + row_height * rows + 24
money(x) = x >= 1e9 ? sprintf("%.2f bn", x / 1e9) : x >= 1e8 ? sprintf("%.0f M", x / 1e6) : \
    x >= 1e6 ? sprintf("%.1f M", x / 1e6) : x >= 1e3 ? sprintf("%.0f k", x / 1e3) : sprintf("%.0f", x)
count(n) = n >= 1e5 ? sprintf("%.0f k", n / 1e3) : sprintf("%.0f", n)

array file_of[2] = [svg_file, png_file]
do for [picture = 1:2] {
    # A point is a pixel in SVG and 4/3 pixels in PNG.
    scale = picture == 1 ? 1 : 0.75
    font_title = sprintf("sans-serif,%g", 19 * scale)
    font_small = sprintf("sans-serif,%g", 12 * scale)
    font_tiny = sprintf("sans-serif,%g", 11 * scale)
    if (picture == 1) {
        set terminal svg size width, height noenhanced font font_small background paper
    } else {
        set terminal pngcairo size width, height noenhanced font font_small background paper
    }
    set output file_of[picture]
    unset label
    set label 1 title at screen 16 / width, 1 - 24 / height font font_title textcolor rgb ink
    set label 2 caption at screen 16 / width, 1 - 50 / height font font_small textcolor rgb grey
    do for [k = 1:8] {
        set label 2 + k stage[k] at first k - 1, screen 1 - (top - 14) / height left font font_small textcolor rgb ink
    }
    set lmargin at screen left / width
    set rmargin at screen 1 - 10. / width
    set tmargin at screen 1 - top / height
    set bmargin at screen 12. / height
    set border 0
    unset xtics
    unset key
    set ytics scale 0 textcolor rgb ink font font_small
    set xrange [0:8]
    set yrange [-rows + 0.5:0.5]
    set style fill solid noborder
    plot for [k = 1:8] table using (k - 0.57):(-$0):(k - 1):(k - 0.14):(-$0 + 0.06):(-$0 + 0.34) \
             with boxxyerror linecolor rgb track notitle, \
         for [k = 1:8] table using (k - 0.57):(-$0):(k - 1):(k - 1 + 0.86 * column(2 * k) / $2):(-$0 + 0.06):(-$0 + 0.34) \
             with boxxyerror linecolor rgb blue notitle, \
         for [k = 1:8] table using (k - 1):(-$0 - 0.16):(money(column(2 * k)) . " \302\267 " . count(column(2 * k + 1))) \
             with labels left font font_tiny textcolor rgb grey notitle, \
         table using (0):(-$0):ytic(1) with points pointsize 0 notitle
    unset output
}
