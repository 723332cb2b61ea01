# A row for each name: its estimate and its 95 % interval, beside the line of no difference.

left = least(row_chars * character + 12, 0.42 * width)
right = value_chars * character + 14
row_height = 26.
height = rows * row_height + 34
set terminal svg size width, height noenhanced font "sans-serif,12"
set lmargin at screen left / width
set rmargin at screen 1 - right / width
set tmargin at screen 1 - 4 / height
set bmargin at screen 30 / height
set xrange [x_from:x_until]
set yrange [rows + 0.5:0.5]
set ytics ("" 0)
set grid xtics noytics
set xtics step_of(x_until - x_from, narrow ? 3 : 7)
set format x "%g"
do for [i = 1:rows] {
    set label i row_name[i] at screen (left - 8) / width, first i right textcolor rgb ink
    set label rows + i row_value[i] at screen 1 - (right - 12) / width, first i left textcolor rgb muted
}
if (reference != 0) {
    set arrow 2 from first reference, graph 0 to first reference, graph 1 nohead back linecolor rgb muted linewidth 1 dashtype 2
}
if (x_from < 0 && x_until > 0) { set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead front linecolor rgb ink linewidth 1 }
plot $rows using 2:1:2:3:($1 - 0.12):($1 + 0.12):(role_number[int($5)]) with boxxyerror linecolor rgb variable notitle, \
    $rows using 4:1:(role_number[int($5)]) with points pointtype 7 pointsize 0.8 linecolor rgb variable notitle, \
    @unseen
unset output
