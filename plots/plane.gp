# Two settings against each other: the stronger the colour of a cell, the higher its figure; dots are the settings
# that cannot be told from the best.

left = most(54, y_chars * character + 14)
height = narrow ? 330. : 430.
set terminal svg size width, height noenhanced font "sans-serif,12"
set lmargin at screen left / width
set rmargin at screen 1 - 10 / width
set tmargin at screen 1 - 24 / height
set bmargin at screen 46 / height
unset grid
set xrange [-0.5:x_count - 0.5]
set yrange [-0.5:y_count - 0.5]
set xtics ("" 0)
set ytics ("" 0)
stride(count, most_ticks) = int((count + most_ticks - 1) / most_ticks)
do for [i = 1:x_count:stride(x_count, narrow ? 5 : 11)] { set xtics add (x_levels[i] i - 1) }
do for [i = 1:y_count:stride(y_count, 11)] { set ytics add (y_levels[i] i - 1) }
set label 1 x_word at graph 1, screen 10 / height right textcolor rgb muted
set label 2 y_word at screen 4 / width, screen 1 - 10 / height left textcolor rgb muted
share(v) = value_max > value_min ? (v - value_min) / (value_max - value_min) : 0.5
shade_of(v) = (int(255 * (0.94 - 0.94 * share(v))) << 24) + 0x005FA3
cells = !narrow && x_count <= 11 && y_count <= 9
set style fill transparent solid 1.0 noborder
plot $plane using 1:2:($1 - 0.48):($1 + 0.48):($2 - 0.48):($2 + 0.48):(shade_of($3)) with boxxyerror linecolor rgb variable notitle, \
    $plane using (cells ? $1 : NaN):($2 + 0.26):(share($3) < 0.6 ? strcol(5) : "") with labels textcolor rgb ink font ",11" notitle, \
    $plane using (cells ? $1 : NaN):($2 + 0.26):(share($3) >= 0.6 ? strcol(5) : "") with labels textcolor rgb paper font ",11" notitle, \
    $plane using ($4 > 0 && share($3) < 0.6 ? $1 : NaN):2 with points pointtype 7 pointsize 0.25 linecolor rgb ink notitle, \
    $plane using ($4 > 0 && share($3) >= 0.6 ? $1 : NaN):2 with points pointtype 7 pointsize 0.25 linecolor rgb paper notitle, \
    $marks using ($3 == 1 ? $1 : NaN):2 with points pointtype 13 pointsize 1 linecolor rgb yellow notitle, \
    $marks using ($3 == 2 ? $1 : NaN):2 with points pointtype 6 pointsize 2.6 linewidth 3 linecolor rgb yellow notitle, \
    $marks using ($3 == 3 ? $1 : NaN):2 with points pointtype 2 pointsize 1.5 linewidth 4 linecolor rgb yellow notitle, \
    @unseen
unset output
