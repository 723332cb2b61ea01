# Lines: each series an index of the data, told apart by colour and by dashes.

left = most(34, y_chars * character + 12)
height = narrow ? 230. : 260.
set terminal svg size width, height noenhanced font "sans-serif,12"
set lmargin at screen left / width
set rmargin at screen 1 - 18 / width
set tmargin at screen 1 - 12 / height
set bmargin at screen 48 / height
if (x_log) { set logscale x }
set xrange [x_from:x_until]
set yrange [0:y_max]
tic_step = y_step > 0 ? y_step : step_of(y_max, 4)
set ytics tic_step
if (x_whole) { set xtics 1 }
set format y y_format
if (y_percent) { set ytics ("0" 0, "25 %%" 0.25, "50 %%" 0.5, "75 %%" 0.75, "100 %%" 1) }
if (x_log) {
    set xtics ("" 1)
    do for [e = floor(log10(x_from)):ceil(log10(x_until))] {
        do for [m in "1 2 5"] {
            x = m * 10. ** e
            if (x >= 0.999 * x_from && x <= 1.001 * x_until && (!narrow || log10(x_until / x_from) < 1.5 || m eq "1")) {
                set xtics add ((x < 1000 || !x_is_ms ? sprintf("%g", x) . (x_is_ms ? " ms" : "") : sprintf("%g s", x / 1000)) x)
            }
        }
    }
}
if (x_is_time) {
    tick = time_step(x_until - x_from) * (narrow ? 2 : 1)
    set xtics ("" 0)
    do for [i = ceil(x_from / tick):floor(x_until / tick)] { set xtics add (clock(i * tick) i * tick) }
}
set label 1 x_word at graph 1, screen 10 / height right textcolor rgb muted
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead linecolor rgb muted linewidth 1
if (mark_x > 0) {
    set arrow 2 from first mark_x, graph 0 to first mark_x, graph 1 nohead back linecolor rgb muted linewidth 1 dashtype 3
}
plot for [s = 1:series] $lines index s - 1 using 1:2 with lines \
        linecolor rgb role_colour[series_role[s]] dashtype series_dash[s] linewidth 2 notitle, \
    for [s = 1:series] $lines index s - 1 using 1:2 with points \
        pointtype 7 pointsize (points ? 0.35 : 0) linecolor rgb role_colour[series_role[s]] notitle, \
    @unseen
unset output
