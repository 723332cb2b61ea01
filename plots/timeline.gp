# A replay on its time axis: what the exchange had counted, what was caught, what was missed.
# What stands above was set for one result; from here on the script is always the same.
# Run it in the result folder: gnuplot timeline.gp

if (!exists("svg_file")) svg_file = "timeline.svg"
if (!exists("png_file")) png_file = "timeline.png"

set encoding utf8
set datafile separator tab
set datafile commentschars "#"

# Colours that colour-blind readers can tell apart (Okabe and Ito), and greys.
black = "#000000"; orange = "#E69F00"; green = "#009E73"; blue = "#0072B2"; vermillion = "#D55E00"
pale_green = "#BFE3D8"; pale_blue = "#B8DCF2"
ink = "#222222"; grey = "#666666"; minute_grey = "#CFCFCF"; grid_grey = "#E4E4E4"; paper = "#FFFFFF"

mode_colour(label) = label eq "normal" ? "#EFE3EB" : label eq "liquidation" ? "#A8497F" : "#D9A3C3"
lane_colour(kind, label) = kind eq "hold" ? "#F0C95A" : kind eq "ban" ? vermillion : \
    kind eq "cascade" ? "#B4B4B4" : mode_colour(label)
lane_ink(kind, label) = kind eq "ban" || label eq "liquidation" ? paper : ink
shade_of(kind) = kind eq "hold" ? "#FBF1D0" : kind eq "ban" ? "#FBE8DD" : "#F2F2F2"

# Layout, in pixels from the top left corner.
width = 1100.
left = 76.
right = 36.
lane_height = 20.
lanes_top = 88.
lanes_bottom = lanes_top + lane_height * (lanes > 0 ? lanes : 0.5)
heading = 36.
weight_top = lanes_bottom + heading
weight_bottom = weight_top + 150
orders_top = weight_bottom + heading
orders_bottom = orders_top + 110
count_top = orders_bottom + heading
count_bottom = count_top + 170
usd_top = count_bottom + heading
usd_bottom = usd_top + 140
height = usd_bottom + 60
x_screen(pixel) = pixel / width
y_screen(pixel) = 1 - pixel / height

# Round steps that cut a range into a few parts.
power(x) = 10 ** floor(log10(x))
round_up(x) = x <= 1.001 ? 1 : x <= 2.001 ? 2 : x <= 5.001 ? 5 : 10
step_of(range, parts) = power(range / parts) * round_up((range / parts) / power(range / parts))
whole_step(range, parts) = range <= parts ? 1 : step_of(range, parts)
time_step(range) = range <= 150 ? 10 : range <= 420 ? 30 : range <= 1260 ? 60 : range <= 2700 ? 120 : \
    range <= 6000 ? 300 : range <= 12000 ? 600 : range <= 36000 ? 1800 : 3600 * ceil(range / 32400.)

# Counts and times as people read them.
count(n) = n < 1000 ? sprintf("%.0f", n) : \
    count(floor(n / 1000)) . sprintf(",%03.0f", floor(n) - 1000. * floor(n / 1000))
minutes(s) = sprintf("%d:%02d", int(s) / 60, int(s) % 60)
hours(s) = sprintf("%d:%02d:%02d", int(s) / 3600, int(s) / 60 % 60, int(s) % 60)
clock(s) = (s < 0 ? "\342\210\222" : "") . (x_until > 7200 ? hours(abs(s)) : minutes(abs(s)))
span_text(s) = s == 1 ? "second" : s < 60 ? sprintf("%d s", s) : s == 60 ? "minute" : \
    sprintf("%d min", s / 60)

# Far beyond the allowance a counter says no more than that; the scale ends where it can be read.
used_top(used_max, allowance) = used_max > 2 * allowance ? 2 * allowance : \
    used_max > allowance ? used_max : allowance

usd_max = captured_usd > missed_usd ? captured_usd : missed_usd
usd_unit = usd_max >= 1e9 ? 1e9 : usd_max >= 1e6 ? 1e6 : usd_max >= 1e3 ? 1e3 : 1
usd_word = usd_max >= 1e9 ? "billion USD" : usd_max >= 1e6 ? "million USD" : \
    usd_max >= 1e3 ? "thousand USD" : "USD"
three(x) = sprintf(x >= 100 ? "%.0f" : x >= 10 ? "%.1f" : "%.2f", x)
usd_top_value = usd_max > 0 ? 1.08 * usd_max / usd_unit : 1.

count_max = captures_bin_max > misses_bin_max ? captures_bin_max : misses_bin_max
count_max = count_max < 1 ? 1 : count_max
room(bin_max) = bin_max == 0 ? 0.05 * count_max : bin_max < 0.2 * count_max ? 0.2 * count_max : bin_max
count_up = room(captures_bin_max)
count_down = room(misses_bin_max)
bin(second) = bin_s * floor(second / bin_s) + bin_s / 2.

tick_s = time_step(x_until - x_from)
tick_first = ceil(x_from / tick_s)
tick_last = floor(x_until / tick_s)

array file_of[2] = [svg_file, png_file]
do for [picture = 1:2] {
    # A point is a pixel in SVG and 4/3 pixels in PNG.
    scale = picture == 1 ? 1 : 0.75
    font_title = sprintf("sans-serif,%g", 19 * scale)
    font_subtitle = sprintf("sans-serif,%g", 14 * scale)
    font_heading = sprintf("sans-serif,%g", 13 * scale)
    font_small = sprintf("sans-serif,%g", 12 * scale)
    font_lane = sprintf("sans-serif,%g", 11 * scale)
    if (picture == 1) {
        set terminal svg size width, height noenhanced font font_small background paper
    } else {
        set terminal pngcairo size width, height noenhanced font font_small background paper
    }
    set output file_of[picture]
    set multiplot
    set lmargin at screen x_screen(left)
    set rmargin at screen x_screen(width - right)
    set xrange [x_from:x_until]
    set border 0
    unset xtics
    unset ytics
    unset grid
    unset xlabel
    unset arrow
    unset label
    unset object
    set key off
    set style fill solid noborder

    # Title, and one lane for each kind of span that there is.
    set tmargin at screen y_screen(lanes_top)
    set bmargin at screen y_screen(lanes_bottom)
    set yrange [lanes + 0.5:0.5]
    if (lanes == 0) { set yrange [1.5:0.5] }
    set label 1 title at screen x_screen(16), y_screen(24) font font_title textcolor rgb ink
    set label 2 subtitle at screen x_screen(16), y_screen(50) font font_subtitle textcolor rgb ink
    set label 3 caption at screen x_screen(16), y_screen(70) font font_small textcolor rgb grey
    do for [i = 1:lanes] {
        set label 3 + i word(lane_names, i) at first x_from, first i offset -1, 0 right \
            font font_small textcolor rgb ink
        set object i rectangle from first x_from, first i - 0.4 to first x_until, first i + 0.4 \
            behind fillcolor rgb "#F6F6F6" fillstyle solid noborder
    }
    do for [i = 1:|$spans|] {
        from = word($spans[i], 1) + 0
        until = word($spans[i], 2) + 0
        lane = word($spans[i], 3) + 0
        kind = word(lane_names, lane)
        set object lanes + i rectangle from first from, first lane - 0.4 to first until, first lane + 0.4 \
            front fillcolor rgb lane_colour(kind, span_label[i]) \
            fillstyle solid border linecolor rgb lane_colour(kind, span_label[i]) linewidth 0.5
        pixels = (until - from) / (x_until - x_from) * (width - left - right)
        if (strlen(span_label[i]) * 7 + 10 < pixels) {
            set label 3 + lanes + i span_label[i] at first from, first lane offset 0.6, 0 left front \
                font font_lane textcolor rgb lane_ink(kind, span_label[i])
        }
    }
    plot -1 notitle
    unset label
    unset object

    # Shades behind every panel: cascades, then holds, then bans, as the lanes follow each other.
    do for [i = 1:|$spans|] {
        kind = word(lane_names, word($spans[i], 3) + 0)
        if (kind ne "mode") {
            set object i rectangle from first word($spans[i], 1) + 0, graph 0 \
                to first word($spans[i], 2) + 0, graph 1 behind \
                fillcolor rgb shade_of(kind) fillstyle solid noborder
        }
    }

    set border 3 linecolor rgb grey
    set tics nomirror out scale 0.5 textcolor rgb ink font font_small
    set grid noxtics ytics linetype 1 linecolor rgb grid_grey linewidth 1
    set key on at screen x_screen(left + 240), graph 1 left bottom horizontal Left reverse samplen 1.6 width -1 height 0.3 \
        textcolor rgb ink font font_small maxrows 1
    set xtics nomirror ("" 0)
    do for [i = tick_first:tick_last] {
        set xtics add ("" i * tick_s)
    }
    if (minute_step > 0) {
        do for [i = 0:floor((x_until - minute_first) / minute_step)] {
            set arrow 1 + i from first minute_first + i * minute_step, graph 0 \
                to first minute_first + i * minute_step, graph 1 \
                nohead back linecolor rgb minute_grey linewidth 1
        }
    }

    # Used weight, and the errors.
    set tmargin at screen y_screen(weight_top)
    set bmargin at screen y_screen(weight_bottom)
    top = used_top(weight_max, weight_limit)
    set label 1 "Weight counted by the exchange" \
        at graph 0, graph 1 offset 0, 0.7 left font font_heading textcolor rgb ink
    # A row's counters are those at the end of its second, its errors those within.
    set yrange [0:1.26 * top]
    set ytics nomirror 0, step_of(top, 5), 1.26 * top
    plot 'timeline.tsv' using ($1 + 1):2 with filledcurves y1=0 linecolor rgb pale_blue notitle, \
        '' using ($1 + 1):2 with lines linecolor rgb blue linewidth 1 title "used, max " . count(weight_max), \
        weight_limit with lines linecolor rgb black linewidth 1.2 dashtype (14, 8) \
            title "allowance " . count(weight_limit), \
        for [i = 1:minute_step > 0] keyentry with lines linecolor rgb minute_grey linewidth 1.5 \
            title "server's " . span_text(minute_step), \
        for [i = 1:http_429 > 0] 'timeline.tsv' using ($1 + 0.5):($8 > 0 ? 1.08 * top : NaN) with points \
            pointtype 7 pointsize 0.5 linecolor rgb vermillion title "429: " . count(http_429), \
        for [i = 1:http_418 > 0] 'timeline.tsv' using ($1 + 0.5):($9 > 0 ? 1.18 * top : NaN) with points \
            pointtype 2 pointsize 0.9 linewidth 2 linecolor rgb black title "418: " . count(http_418)

    # Used orders.
    set tmargin at screen y_screen(orders_top)
    set bmargin at screen y_screen(orders_bottom)
    top = used_top(orders_max, orders_limit)
    set label 1 "Orders counted by the exchange"
    set yrange [0:1.12 * top]
    set ytics nomirror 0, step_of(top, 4), 1.12 * top
    plot 'timeline.tsv' using ($1 + 1):3 with filledcurves y1=0 linecolor rgb pale_blue notitle, \
        '' using ($1 + 1):3 with lines linecolor rgb blue linewidth 1 title "used, max " . count(orders_max), \
        orders_limit with lines linecolor rgb black linewidth 1.2 dashtype (14, 8) \
            title "allowance " . count(orders_limit)
    do for [i = 1:minute_count] { unset arrow i }

    # Opportunities: captured above the line, missed below it.
    set tmargin at screen y_screen(count_top)
    set bmargin at screen y_screen(count_bottom)
    set label 1 "Opportunities per " . span_text(bin_s)
    set yrange [-1.1 * count_down:1.1 * count_up]
    step = whole_step(count_up + count_down, 6)
    set ytics nomirror ("0" 0)
    do for [i = 1:floor(1.1 * count_up / step)] { set ytics add (sprintf("%.0f", i * step) i * step) }
    do for [i = 1:floor(1.1 * count_down / step)] { set ytics add (sprintf("%.0f", i * step) -i * step) }
    set boxwidth bin_s absolute
    set style fill solid border
    plot for [i = 1:captures > 0] 'timeline.tsv' using (bin($1)):4 smooth frequency with boxes \
            linecolor rgb green linewidth 0.8 title "captured " . count(captures), \
        for [i = 1:misses > 0] 'timeline.tsv' using (bin($1)):(-$6) smooth frequency with boxes \
            linecolor rgb orange linewidth 0.8 title "missed " . count(misses), \
        0 with lines linecolor rgb grey linewidth 1 notitle
    set style fill solid noborder

    # Money: running totals.
    set tmargin at screen y_screen(usd_top)
    set bmargin at screen y_screen(usd_bottom)
    set label 1 "Notional so far, " . usd_word
    set yrange [0:usd_top_value]
    set ytics nomirror 0, step_of(usd_top_value, 4)
    set xtics nomirror ("" 0)
    do for [i = tick_first:tick_last] { set xtics add (clock(i * tick_s) i * tick_s) }
    set xlabel (x_until > 7200 ? "hours:minutes:seconds" : "minutes:seconds") . " since the first liquidation" \
        font font_small textcolor rgb ink offset 0, 0.2
    plot for [i = 1:captured_usd > 0] 'timeline.tsv' using ($1 + 1):($5 / usd_unit) smooth cumulative with filledcurves y1=0 \
            linecolor rgb pale_green notitle, \
        for [i = 1:captured_usd > 0] 'timeline.tsv' using ($1 + 1):($5 / usd_unit) smooth cumulative with lines \
            linecolor rgb green linewidth 2 title "captured " . three(captured_usd / usd_unit), \
        for [i = 1:missed_usd > 0] 'timeline.tsv' using ($1 + 1):($7 / usd_unit) smooth cumulative with lines \
            linecolor rgb orange linewidth 2 title "missed " . three(missed_usd / usd_unit), \
        0 with lines linecolor rgb grey linewidth 1 notitle
    unset multiplot
    set output
}
