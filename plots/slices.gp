# The objective along each parameter, the others as recommended, with 95 % intervals.
# What stands above was set for one result; from here on the script is always the same.
# Run it in the result folder.

if (!exists("svg_file")) svg_file = "slices.svg"
if (!exists("png_file")) png_file = "slices.png"

set encoding utf8
set datafile separator tab
set datafile commentschars "#"

ink = "#222222"; grey = "#666666"; paper = "#FFFFFF"; blue = "#0072B2"; pale_blue = "#B8DCF2"
orange = "#E69F00"; grid_grey = "#E4E4E4"
rows = (axes + 1) / 2
width = 1100.
height = 100. + 340 * rows
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
    set multiplot
    set label 1 policy . ": one parameter at a time, the others as recommended" \
        at screen 0.015, 1 - 24 / height font font_title textcolor rgb ink
    set label 2 objective . (share ? " (%)" : "") . ", mean and 95 % interval; filled: not distinguishable from the best" \
        at screen 0.015, 1 - 50 / height font font_subtitle textcolor rgb ink
    set label 3 "on " . traces at screen 0.015, 1 - 70 / height font font_small textcolor rgb grey
    unset key
    set border 3 linecolor rgb grey
    set tics nomirror out scale 0.5 textcolor rgb ink
    set grid ytics linetype 1 linecolor rgb grid_grey linewidth 1
    do for [axis = 1:axes] {
        column_left = (axis - 1) % 2
        row_top = (axis - 1) / 2
        set lmargin at screen 0.07 + 0.49 * column_left
        set rmargin at screen 0.485 + 0.49 * column_left
        set tmargin at screen 1 - (100. + 340 * row_top) / height
        set bmargin at screen 1 - (380. + 340 * row_top) / height
        set xlabel keys[axis] font font_small textcolor rgb ink
        set offsets 0, 0, 0, 0
        set arrow 1 from first chosen[axis], graph 0 to first chosen[axis], graph 1 nohead back \
            linecolor rgb orange linewidth 2
        stats data_file index axis - 1 using 1 nooutput
        set offsets 0.5, 0.5, 0, 0
        step = int((STATS_records + 10) / 11)
        step = step < 1 ? 1 : step
        plot data_file index axis - 1 using 1:($4 * factor):($5 * factor) with filledcurves linecolor rgb pale_blue, \
            '' index axis - 1 using 1:($3 * factor):xtic(int($1) % step == 0 ? strcol(2) : "") \
                with lines linecolor rgb blue linewidth 2, \
            '' index axis - 1 using 1:($6 > 0 ? $3 * factor : 1 / 0) with points pointtype 7 pointsize 0.7 linecolor rgb blue
        unset label
        unset arrow 1
    }
    unset multiplot
    set output
}
