# The objective against limit errors: each setting a dot, those on the front joined.

left = most(54, y_chars * character + 12)
height = narrow ? 250. : 300.
set terminal svg size width, height noenhanced font "sans-serif,12"
set lmargin at screen left / width
set rmargin at screen 1 - 18 / width
set tmargin at screen 1 - 12 / height
set bmargin at screen 48 / height
set xrange [x_from:x_until]
set yrange [y_from:y_until]
set xtics step_of(x_until - x_from, narrow ? 4 : 8)
set ytics step_of(y_until - y_from, 5)
set format y "%g"
if (y_percent) {
    unset ytics
    y_gap = step_of(y_until - y_from, 5)
    set ytics ("" y_from - 1)
    do for [i = ceil(y_from / y_gap):floor(y_until / y_gap)] { set ytics add (sprintf("%g %%%%", 100 * i * y_gap) i * y_gap) }
}
set label 1 "limit errors a run" at graph 1, screen 10 / height right textcolor rgb muted
set arrow 1 from graph 0, graph 0 to graph 1, graph 0 nohead linecolor rgb muted linewidth 1
plot $points using ($3 == 0 ? $1 : NaN):2 with points pointtype 7 pointsize 0.35 linecolor rgb grey notitle, \
    $front using 1:2 with steps linecolor rgb blue linewidth 1 notitle, \
    $points using ($3 == 1 ? $1 : NaN):2 with points pointtype 7 pointsize 0.6 linecolor rgb blue notitle, \
    $points using ($4 == 1 ? $1 : NaN):2 with points pointtype 6 pointsize 1.6 linewidth 3 linecolor rgb yellow notitle, \
    @unseen
unset output
