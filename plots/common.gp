# What all figures of a report share. From here on the script is always the same; what stands above
# was set for one result. Run it in its folder: gnuplot NAME.gp

if (!exists("picture_width")) picture_width = 820.
if (!exists("picture_tail")) picture_tail = ".svg"
reset
set encoding utf8
width = picture_width
narrow = width < 500

# Colours that colour-blind readers can tell apart; the page turns each into a variable of its own.
ink = "#1F2328"; muted = "#5B6470"; grid_colour = "#E2E6EB"; paper = "#FDFEFF"
blue = "#005FA3"; grey = "#A3ADB8"; red = "#D55E00"; yellow = "#E69F00"; green = "#009E73"
sky = "#56B4E9"; pink = "#CC79A7"; dark = "#3D4651"; pale = "#B5D2EA"
hold_shade = "#F4E3BD"; ban_shade = "#F6D3BC"; shade = "#EEF0F3"
array role_colour[9] = [blue, grey, red, yellow, green, sky, pink, dark, pale]
array role_number[9] = [0x005FA3, 0xA3ADB8, 0xD55E00, 0xE69F00, 0x009E73, 0x56B4E9, 0xCC79A7, 0x3D4651, 0xB5D2EA]
array role_dash[9] = [1, 1, 2, 4, 5, 3, 2, 1, 1]

character = 7.3  # pixels, of an average letter
least(a, b) = a < b ? a : b
most(a, b) = a > b ? a : b
power(x) = 10 ** floor(log10(x))
round_up(x) = x <= 1.001 ? 1 : x <= 2.001 ? 2 : x <= 5.001 ? 5 : 10
step_of(range, parts) = power(range / parts) * round_up((range / parts) / power(range / parts))
time_step(range) = range <= 150 ? 30 : range <= 420 ? 60 : range <= 1260 ? 120 : range <= 2700 ? 300 : \
    range <= 6000 ? 600 : range <= 12000 ? 1200 : range <= 36000 ? 3600 : 3600 * ceil(range / 28800.)
minute_text(s) = sprintf("%d:%02d", int(s) / 60, int(s) % 60)
hour_text(s) = sprintf("%d:%02d:%02d", int(s) / 3600, int(s) / 60 % 60, int(s) % 60)
clock(s) = (s < 0 ? "\342\210\222" : "") . (abs(s) >= 7200 ? hour_text(abs(s)) : minute_text(abs(s)))
short(x) = x >= 1e9 ? sprintf("%gbn", x / 1e9) : x >= 1e6 ? sprintf("%gM", x / 1e6) : \
    x >= 1e4 ? sprintf("%gk", x / 1e3) : sprintf("%g", x)

# What is only there for the pointer; the page gives each its title.
unseen = "$areas using (($1 + $2) / 2):(($3 + $4) / 2):1:2:3:4 with boxxyerror fillstyle transparent solid 0 noborder linecolor rgb 0x010203 notitle"

set border 0
unset key
set tics nomirror scale 0 textcolor rgb muted
set grid noxtics ytics linetype 1 linecolor rgb grid_colour linewidth 1
set style fill solid noborder
set output name . picture_tail
