# Horizontal bars: a row for each name, its parts one after the other, its value at the end.

left = least(row_chars * character + 12, 0.42 * width)
right = value_chars * character + 10
row_height = 24.
top = 4.
height = top + rows * row_height + 4
set terminal svg size width, height noenhanced font "sans-serif,12"
set lmargin at screen left / width
set rmargin at screen 1 - right / width
set tmargin at screen 1 - top / height
set bmargin at screen 4 / height
set xrange [0:x_max]
set yrange [rows + 0.5:0.5]
unset xtics
unset grid
set ytics ("" 0)
do for [i = 1:rows] {
    set label i row_name[i] at screen (left - 8) / width, first i right textcolor rgb ink
    set label rows + i row_value[i] at first row_end[i], first i left offset 0.8, 0 textcolor rgb muted
}
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead linecolor rgb muted linewidth 1
plot $bars using 2:1:2:3:($1 - 0.3):($1 + 0.3):(role_number[int($4)]) with boxxyerror linecolor rgb variable notitle, \
    @unseen
unset output
