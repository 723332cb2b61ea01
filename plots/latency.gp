# How fast the entries were: cumulative shares over the latency; a miss is infinitely late.
# What stands above was set for one result; from here on the script is always the same.
# Run it in the result folder: gnuplot latency.gp

if (!exists("svg_file")) svg_file = "latency.svg"
if (!exists("png_file")) png_file = "latency.png"

set encoding utf8
set datafile separator tab
set datafile commentschars "#"

# Colours that colour-blind readers can tell apart (Okabe and Ito), and greys.
green = "#009E73"; blue = "#0072B2"; orange = "#E69F00"
ink = "#222222"; grey = "#666666"; grid_grey = "#E4E4E4"; paper = "#FFFFFF"

# Layout, in pixels from the top left corner.
width = 1100.
height = 570.
left = 76.
right = 112.
top = 128.
bottom = 500.
x_screen(pixel) = pixel / width
y_screen(pixel) = 1 - pixel / height

# From 1 ms to 10 s, and further by decades if something is later than that.
latest_ms = last_ms > window_ms ? last_ms : window_ms
x_until = latest_ms > 10000 ? 10 ** ceil(log10(latest_ms)) : 10000.
x_of(ms) = ms < 1 ? 1 : ms
time_text(ms) = ms < 1000 ? sprintf("%g ms", ms) : ms < 60000 ? sprintf("%g s", ms / 1000) : \
    sprintf("%g min", ms / 60000)
percent(share) = share > 0 && share < 0.0005 ? "under 0.1 %" : \
    share < 1 && share > 0.9995 ? "over 99.9 %" : sprintf("%.1f %%", 100 * share)
never = 1 - share_of_opportunities
window_y = never > 0.2 && never < 0.9 ? 0.5 + 0.5 * share_of_opportunities : 0.5
missed = rows == 0 ? opportunities > 0 : never > 1e-9

array file_of[2] = [svg_file, png_file]
do for [picture = 1:2] {
    # A point is a pixel in SVG and 4/3 pixels in PNG.
    scale = picture == 1 ? 1 : 0.75
    font_title = sprintf("sans-serif,%g", 19 * scale)
    font_subtitle = sprintf("sans-serif,%g", 14 * scale)
    font_heading = sprintf("sans-serif,%g", 13 * scale)
    font_small = sprintf("sans-serif,%g", 12 * scale)
    if (picture == 1) {
        set terminal svg size width, height noenhanced font font_small background paper
    } else {
        set terminal pngcairo size width, height noenhanced font font_small background paper
    }
    set output file_of[picture]
    unset label
    unset arrow
    set lmargin at screen x_screen(left)
    set rmargin at screen x_screen(width - right)
    set tmargin at screen y_screen(top)
    set bmargin at screen y_screen(bottom)
    set border 3 linecolor rgb grey
    set tics nomirror out scale 0.5 textcolor rgb ink font font_small
    set grid xtics ytics nomxtics linetype 1 linecolor rgb grid_grey linewidth 1
    set key on at graph 1, graph 1 right bottom horizontal Left reverse samplen 2 width -1 height 0.3 \
        textcolor rgb ink font font_small maxrows 1
    set label 1 title at screen x_screen(16), y_screen(24) font font_title textcolor rgb ink
    set label 2 subtitle at screen x_screen(16), y_screen(50) font font_subtitle textcolor rgb ink
    set label 3 caption at screen x_screen(16), y_screen(70) font font_small textcolor rgb grey
    set label 4 "Cumulative share accepted" at graph 0, graph 1 offset 0, 0.7 left \
        font font_heading textcolor rgb ink

    set logscale x 10
    set xrange [1:x_until]
    set yrange [0:1.03]
    set ytics nomirror ("0 %%" 0, "25 %%" 0.25, "50 %%" 0.5, "75 %%" 0.75, "100 %%" 1)
    set xtics nomirror (time_text(1) 1)
    do for [decade = 0:int(floor(log10(x_until) + 0.5))] {
        set xtics add (time_text(10. ** decade) 10. ** decade)
        do for [digit = 2:9] {
            if (digit * 10. ** decade < x_until) { set xtics add ("" digit * 10. ** decade 1) }
        }
    }
    set xlabel "from the opportunity's time to the acceptance of its entry" font font_small \
        textcolor rgb ink offset 0, 0.2

    if (window_ms > 0) {
        set arrow 1 from first window_ms, graph 0 to first window_ms, graph 1 nohead back \
            linecolor rgb ink linewidth 1.2 dashtype (14, 8)
        # No capture is later than the window, so right of its line the curves are flat.
        if (window_ms < 0.4 * x_until) {
            set label 5 "opportunity\nwindow, " . time_text(window_ms) at first window_ms, first window_y \
                offset 0.8, 0.5 left font font_small textcolor rgb ink
        } else {
            set label 5 "opportunity\nwindow, " . time_text(window_ms) at first window_ms, first window_y \
                offset -0.8, 0.5 right font font_small textcolor rgb ink
        }
    }
    if (missed) {
        set arrow 2 from graph 1.015, first share_of_opportunities to graph 1.015, first 1 heads size graph 0.004, 90 \
            linecolor rgb orange linewidth 2
        set label 6 percent(never) at graph 1.025, first (1 + share_of_opportunities) / 2 offset 0, 0.5 left \
            font font_heading textcolor rgb ink
        set label 7 "never" at graph 1.025, first (1 + share_of_opportunities) / 2 offset 0, -0.5 left \
            font font_heading textcolor rgb ink
    }
    # The curves rise from 0 at the first capture and stay where the last one left them.
    if (rows > 0) {
        set arrow 3 from first x_of(first_ms), first 0 to first x_of(first_ms), first first_share_of_captures \
            nohead front linecolor rgb green linewidth 2
        set arrow 4 from first x_of(first_ms), first 0 to first x_of(first_ms), first first_share_of_opportunities \
            nohead front linecolor rgb blue linewidth 2.5
        set arrow 5 from first x_of(last_ms), first share_of_captures to first x_until, first share_of_captures \
            nohead front linecolor rgb green linewidth 2 dashtype (16, 6)
        set arrow 6 from first x_of(last_ms), first share_of_opportunities to first x_until, first share_of_opportunities \
            nohead front linecolor rgb blue linewidth 2.5
    } else {
        set label 8 opportunities > 0 ? "nothing was captured" : "there was no opportunity" \
            at graph 0.5, graph 0.55 center font font_subtitle textcolor rgb grey
    }
    if (rows > 0) {
        plot 'latency.tsv' using (x_of($1)):2 with steps \
                linecolor rgb green linewidth 2 dashtype (16, 6) title "of the captures", \
            '' using (x_of($1)):3 with steps \
                linecolor rgb blue linewidth 2.5 title "of all opportunities"
    } else {
        plot 0 with lines linecolor rgb grey linewidth 1 notitle
    }
    set output
}
