# A replay on its time axis: opportunities captured and missed, and what the exchange had counted.

left = 54.
right = 10.
lane_height = 18.
lanes_top = 6.
lanes_bottom = lanes_top + lane_height * lanes
count_top = lanes_bottom + 26
count_bottom = count_top + (narrow ? 150 : 190)
use_top = count_bottom + 34
use_bottom = use_top + (narrow ? 100 : 120)
height = use_bottom + 48
set terminal svg size width, height noenhanced font "sans-serif,12"
y_screen(pixel) = 1 - pixel / height
set multiplot
set lmargin at screen left / width
set rmargin at screen 1 - right / width
set xrange [x_from:x_until]
tick = time_step(x_until - x_from) * (narrow ? 2 : 1)
lane_shade(kind) = kind eq "hold" ? hold_shade : kind eq "ban" ? ban_shade : kind eq "mode" ? pale : shade
lane_fill(kind) = kind eq "hold" ? yellow : kind eq "ban" ? red : kind eq "mode" ? sky : grey

# One lane for each kind of span that there is.
set xtics ("" 0)
set ytics ("" 0)
unset grid
if (lanes > 0) {
    set tmargin at screen y_screen(lanes_top)
    set bmargin at screen y_screen(lanes_bottom)
    set yrange [lanes + 0.5:0.5]
    do for [i = 1:lanes] {
        set label i word(lane_names, i) at screen (left - 6) / width, first i right textcolor rgb muted font ",11"
    }
    do for [i = 1:|$spans|] {
        lane = word($spans[i], 3) + 0
        set object i rectangle from first word($spans[i], 1) + 0, first lane - 0.32 \
            to first word($spans[i], 2) + 0, first lane + 0.32 front \
            fillcolor rgb lane_fill(word(lane_names, lane)) fillstyle solid border linecolor rgb lane_fill(word(lane_names, lane))
    }
    plot -1 notitle
    unset object
}
unset label
do for [i = 1:lanes > 0 ? |$spans| : 0] {
    kind = word(lane_names, word($spans[i], 3) + 0)
    if (kind eq "hold" || kind eq "ban") {
        set object i rectangle from first word($spans[i], 1) + 0, graph 0 to first word($spans[i], 2) + 0, graph 1 behind \
            fillcolor rgb lane_shade(kind) fillstyle solid noborder
    }
}

# Opportunities: captured above the line, missed below it.
set tmargin at screen y_screen(count_top)
set bmargin at screen y_screen(count_bottom)
set grid noxtics ytics linetype 1 linecolor rgb grid_colour linewidth 1
up = most(captures_bin_max, 0.12 * most(captures_bin_max, misses_bin_max))
down = most(misses_bin_max, 0.12 * most(captures_bin_max, misses_bin_max))
if (up + down <= 0) { up = 1; down = 1 }
set yrange [-1.05 * down:1.05 * up]
count_step = most(1, step_of(up + down, 6))
do for [i = 1:floor(1.05 * up / count_step)] { set ytics add (sprintf("%g", i * count_step) i * count_step) }
do for [i = 1:floor(1.05 * down / count_step)] { set ytics add (sprintf("%g", i * count_step) -i * count_step) }
set ytics add ("0" 0)
set label 1 "opportunities per " . bin_word at screen left / width, screen y_screen(count_top - 10) left textcolor rgb muted
set label 2 "captured" at graph 1, graph 1 right offset -0.5, -0.7 textcolor rgb blue
set label 3 "missed" at graph 1, graph 0 right offset -0.5, 0.7 textcolor rgb muted
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead front linecolor rgb muted linewidth 1
plot $bins using ($1 + bin_s / 2.):4:1:($1 + bin_s):(0):4 with boxxyerror linecolor rgb blue notitle, \
    $bins using ($1 + bin_s / 2.):(-$5):1:($1 + bin_s):(0):(-$5) with boxxyerror linecolor rgb grey notitle

# What the exchange had counted, as a share of its allowance; the most within each bin.
unset label
set tmargin at screen y_screen(use_top)
set bmargin at screen y_screen(use_bottom)
used_max = most(1, least(2, most(weight_max / weight_limit, orders_max / orders_limit)))
set yrange [0:1.12 * used_max]
set ytics ("0" 0, "50 %%" 0.5, "100 %%" 1)
if (used_max > 1.4) { set ytics add ("150 %%" 1.5, "200 %%" 2) }
do for [i = ceil(x_from / tick):floor(x_until / tick)] { set xtics add (clock(i * tick) i * tick) }
set label 1 "share of the allowance used" at screen left / width, screen y_screen(use_top - 10) left textcolor rgb muted
set label 4 "minutes:seconds since the first liquidation" at screen 1 - right / width, screen 10 / height right textcolor rgb muted
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead front linecolor rgb ink linewidth 1 dashtype 2
cut(x) = least(x, 2.1)
plot $bins using 1:(cut($2 / weight_limit)) with steps linecolor rgb blue linewidth 1.6 notitle, \
    $bins using 1:(cut($3 / orders_limit)) with steps linecolor rgb green linewidth 1.6 dashtype 3 notitle, \
    $bins using ($1 + bin_s / 2.):($6 > 0 ? 1.06 * used_max : NaN) with points pointtype 7 pointsize 0.45 linecolor rgb yellow notitle, \
    $bins using ($1 + bin_s / 2.):($7 > 0 ? 1.06 * used_max : NaN) with points pointtype 2 pointsize 0.6 linewidth 1.4 linecolor rgb red notitle

# Over both panels: what the pointer finds.
unset label
unset arrow
unset object
unset grid
set xtics ("" 0)
set ytics ("" 0)
set tmargin at screen y_screen(count_top)
set bmargin at screen y_screen(use_bottom)
set yrange [0:1]
plot @unseen
unset multiplot
unset output
