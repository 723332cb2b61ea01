# A row for each policy, a column for each stage; the length of a bar is the share that reached it.

array stage_name[5] = ["submitted", "admitted", narrow ? "in time" : "accepted in time", "filled", "protected"]
left = least(row_chars * character + 12, 0.3 * width)
row_height = 38.
top = 24.
height = top + rows * row_height + 4
set terminal svg size width, height noenhanced font "sans-serif,12"
set lmargin at screen left / width
set rmargin at screen 1 - 2 / width
set tmargin at screen 1 - top / height
set bmargin at screen 4 / height
set xrange [0:5]
set yrange [rows + 0.5:0.5]
unset xtics
unset grid
set ytics ("" 0)
do for [i = 1:rows] {
    set label i row_name[i] at screen (left - 8) / width, first i right textcolor rgb ink font (narrow ? ",10" : ",12")
}
do for [k = 1:5] {
    set label rows + k stage_name[k] at first k - 1, screen 1 - 8. / height left textcolor rgb muted font (narrow ? ",9" : ",12")
}
plot $cells using ($2 - 0.53):1:($2 - 1):($2 - 0.06):($1 - 0.32):($1 - 0.06) with boxxyerror linecolor rgb shade notitle, \
    $cells using ($2 - 0.53):1:($2 - 1):($2 - 1 + 0.94 * $3):($1 - 0.32):($1 - 0.06) with boxxyerror linecolor rgb blue notitle, \
    $cells using ($2 - 1):($1 + 0.17):(strcol(4) . (narrow ? "" : " \302\267 " . strcol(5))) with labels left textcolor rgb muted \
        font (narrow ? ",9" : ",11") notitle, \
    @unseen
unset output
