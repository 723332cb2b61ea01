# Columns over time or over names, the parts of one stacked; a line over them if there is one.

left = most(34, y_chars * character + 12)
height = narrow ? 190. : 210.
set terminal svg size width, height noenhanced font "sans-serif,12"
set lmargin at screen left / width
set rmargin at screen 1 - 10 / width
set tmargin at screen 1 - 12 / height
set bmargin at screen (x_word eq "" ? 22 : 48) / height
set xrange [x_from:x_until]
set yrange [y_from:y_max]
set ytics y_step
set format y y_format
if (y_percent) { set ytics ("0" 0, "25 %%" 0.25, "50 %%" 0.5, "75 %%" 0.75, "100 %%" 1) }
if (y_short) {
    set ytics ("0" 0)
    do for [i = 1:floor(y_max / y_step)] { set ytics add (short(i * y_step) i * y_step) }
}
if (x_named) {
    set xtics ("" 0)
    do for [i = 1:x_named] {
        if (!narrow || x_named < 12 || i % 2 == 1) { set xtics add (x_name[i] i) }
    }
} else {
    tick = time_step(x_until - x_from) * (narrow ? 2 : 1)
    set xtics ("" 0)
    do for [i = ceil(x_from / tick):floor(x_until / tick)] { set xtics add (clock(i * tick) i * tick) }
}
if (x_word ne "") { set label 1 x_word at graph 1, screen 10 / height right textcolor rgb muted }
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead front linecolor rgb muted linewidth 1
inset = x_named ? 0.06 * column_width : 0
plot $columns using ($1 + column_width / 2):2:($1 + inset):($1 + column_width - inset):2:3:(role_number[int($4)]) \
        with boxxyerror linecolor rgb variable notitle, \
    for [k = 1:line_rows > 0] $line using 1:2:3:(0) with vectors nohead linecolor rgb ink linewidth 2 notitle, \
    @unseen
unset output
