# What came out of buffer and reserve: one picture for each metric, the set of the best marked.
# What stands above was set for one result; from here on the script is always the same.
# Run it in the result folder.

if (!exists("svg_file")) svg_file = "heatmap.svg"
if (!exists("png_file")) png_file = "heatmap.png"

set encoding utf8
set datafile separator tab
set datafile commentschars "#"
set datafile missing "nan"

ink = "#222222"; grey = "#666666"; paper = "#FFFFFF"; blue = "#0072B2"; orange = "#E69F00"
width = 1100.
height = 900.
share = strstrt(objective, "capture") > 0 || strstrt(objective, "_of_") > 0
array heads[4] = [objective, "limit errors a run (429 and 418)", "418 a run", "time unprotected, p99 (s)"]
array columns[4] = [6, 7, 8, 9]

# At most ten labels on an axis.
step_of(count) = int((count + 9) / 10)

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
    set label 1 policy . ": buffer and reserve, " . (mode eq "together" ? "all modes together" : mode eq "first" ? "first parameters" : "mode " . mode) \
        at screen 0.015, 0.972 font font_title textcolor rgb ink
    set label 2 subtitle at screen 0.015, 0.945 font font_subtitle textcolor rgb ink
    set label 3 "on " . traces at screen 0.015, 0.922 font font_small textcolor rgb grey
    set label 4 "\302\267 set of the best     \342\230\205 recommended     \342\227\213 best     \342\227\206 defaults" \
        at screen 0.985, 0.945 right font font_subtitle textcolor rgb ink
    unset key
    set border linecolor rgb grey
    set tics nomirror out scale 0.4 textcolor rgb ink
    # Cividis: even in brightness, safe for colour-blind readers.
    set palette defined (0 "#00204D", 0.25 "#414D6B", 0.5 "#7C7B78", 0.75 "#BCAF6F", 1 "#FFEA46")
    do for [panel = 1:4] {
        column_left = (panel - 1) % 2
        row_top = (panel - 1) / 2
        set lmargin at screen 0.075 + 0.49 * column_left
        set rmargin at screen 0.425 + 0.49 * column_left
        set tmargin at screen 0.865 - 0.44 * row_top
        set bmargin at screen 0.525 - 0.44 * row_top
        set xtics ()
        do for [i = 1:x_count:step_of(x_count)] { set xtics add (x_levels[i] i - 1) }
        set ytics ()
        do for [i = 1:y_count:step_of(y_count)] { set ytics add (y_levels[i] i - 1) }
        set xlabel (mode eq "together" ? "buffer" : x_key) font font_small textcolor rgb ink
        set ylabel (mode eq "together" ? "reserve" : y_key) font font_small textcolor rgb ink
                col = columns[panel]
        factor = panel == 1 && share ? 100 : 1
        # Ranges would leave out what the statistics must see; without a figure there are none.
        set autoscale
        low = 0.
        high = 1.
        stats data_file using 1:(column(col) * factor) nooutput
        if (exists("STATS_min_y")) { low = STATS_min_y; high = STATS_max_y }
        undefine STATS_*
        set title heads[panel] . (high > low ? "" : sprintf(": %g everywhere", high)) \
            font font_subtitle textcolor rgb ink offset 0, -0.4
        set xrange [-0.5:x_count - 0.5]
        set yrange [-0.5:y_count - 0.5]
        if (high > low) { set colorbox } else { unset colorbox }
        set cbrange [low:(high > low ? high : low + 1)]
        set format cb (panel == 1 && share ? "%.3g %%" : "%g")
        plot data_file using 1:2:(column(col) * factor) with image, \
            '' using 1:($5 > 0 ? $2 : 1 / 0) with points pointtype 7 pointsize 0.42 linecolor rgb ink, \
            '' using 1:($5 > 0 ? $2 : 1 / 0) with points pointtype 7 pointsize 0.25 linecolor rgb paper, \
            '+' using (defaults_x):(defaults_x >= 0 && defaults_y >= 0 ? defaults_y : 1 / 0):("\342\227\206") every ::0::0 \
                with labels font sprintf("sans-serif,%g", 17 * scale) textcolor rgb "#D55E00", \
            '+' using (best_x):(best_y):("\342\227\213") every ::0::0 \
                with labels font sprintf("sans-serif,%g", 24 * scale) textcolor rgb "#D55E00", \
            '+' using (recommended_x):(recommended_y):("\342\230\205") every ::0::0 \
                with labels font sprintf("sans-serif,%g", 22 * scale) textcolor rgb "#D55E00"
        unset label
    }
    unset multiplot
    set output
}
