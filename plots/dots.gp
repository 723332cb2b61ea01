# Means with their 95 % intervals, one row each, from a table: label, mean, low, high and perhaps a
# second mean, low, high. What stands above was set for one picture; from here on the script is
# always the same. Run it in the result folder: gnuplot, then the name of this file.

if (!exists("svg_file")) svg_file = picture_name . ".svg"
if (!exists("png_file")) png_file = picture_name . ".png"

set encoding utf8
set datafile separator tab
set datafile commentschars "#"

# Colours that colour-blind readers can tell apart (Okabe and Ito), and greys.
blue = "#0072B2"; orange = "#D55E00"
ink = "#222222"; grey = "#666666"; grid_grey = "#E4E4E4"; paper = "#FFFFFF"

width = 1100.
top = 96.
bottom = 62.
height = top + bottom + 24. * rows
left = 330.

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
    unset label
    unset arrow
    set lmargin at screen left / width
    set rmargin at screen 1 - 40. / width
    set tmargin at screen 1 - top / height
    set bmargin at screen bottom / height
    set label 1 title at screen 16 / width, 1 - 24 / height font font_title textcolor rgb ink
    set label 2 caption at screen 16 / width, 1 - 50 / height font font_small textcolor rgb grey
    set border 1 linecolor rgb grey
    set tics nomirror out scale 0.5 textcolor rgb ink font font_small
    set grid xtics linetype 1 linecolor rgb grid_grey linewidth 1
    set xlabel axis font font_small textcolor rgb ink
    set yrange [-rows + 0.4:0.6]
    set xrange [*<0:1<*]
    if (marked) {
        set arrow 1 from first mark, graph 0 to first mark, graph 1 nohead back linecolor rgb ink \
            linewidth 1.2 dashtype (6, 4)
    }
    if (columns == 2) {
        set key at screen 1 - 40. / width, 1 - 72. / height right horizontal Left reverse samplen 1 \
            textcolor rgb ink font font_small
    } else {
        unset key
    }
    if (columns == 2) {
        plot table using 2:(-$0):3:4:ytic(1) with xerrorbars linecolor rgb blue pointtype 7 \
                 pointsize 0.8 * scale linewidth 1.6 title first_name, \
             table using 5:(-$0 - 0.22):6:7 with xerrorbars linecolor rgb orange pointtype 6 \
                 pointsize 0.8 * scale linewidth 1.6 title second_name
    } else {
        plot table using 2:(-$0):3:4:ytic(1) with xerrorbars linecolor rgb blue pointtype 7 \
                 pointsize 0.8 * scale linewidth 1.6 notitle
    }
    unset output
}
