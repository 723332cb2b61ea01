#!/bin/sh
# usage: check_installed.sh WHAT PREFIX LIBDIR VERSION CC WORK
# Checks an installed Weir from outside, as a program of somebody else meets it.
#   headers  each header compiles alone, as C11 and as C++, without a warning
#   exports  the shared library exports what the public headers declare, and nothing else, and needs
#            only libc
#   shared, static, cmake   a program builds by pkg-config, pkg-config --static, find_package, and runs
#   command  the installed command runs and knows its version
set -eu
what=$1 prefix=$2 libdir=$prefix/$3 version=$4 cc=$5 work=$6
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$work"
export PKG_CONFIG_PATH="$libdir/pkgconfig"
expected="weir $version: send, weight 1, orders 1"
strict="-Wall -Wextra -Wpedantic -Werror"

expect() { # what came out of a program
    [ "$1" = "$expected" ] || { echo "expected \"$expected\", got \"$1\"" >&2; exit 1; }
}

check_headers() {
    for header in "$prefix"/include/weir/*.h; do
        name=$(basename "$header")
        printf '#include "weir/%s"\nint main(void) { return 0; }\n' "$name" >"$work/alone.c"
        # shellcheck disable=SC2086
        "$cc" -std=c11 $strict -fsyntax-only -I "$prefix/include" "$work/alone.c"
        if command -v g++ >/dev/null; then
            # shellcheck disable=SC2086
            g++ -x c++ -std=c++11 $strict -fsyntax-only -I "$prefix/include" "$work/alone.c"
        fi
    done
    command -v g++ >/dev/null || return 0
    # a C++ program that calls what the headers declare
    printf '%s\n' '#include "weir/handle.h"' 'int main() { weir_params p = WEIR_PARAMS_NONE;' \
        'return weir_endpoint_cost(weir_endpoint_find(WEIR_GET, "/fapi/v1/depth"), p).weight - 10; }' \
        >"$work/program.cc"
    # shellcheck disable=SC2046,SC2086
    g++ -std=c++11 $strict "$work/program.cc" -o "$work/program" $(pkg-config --cflags --libs weir)
    LD_LIBRARY_PATH="$libdir" "$work/program"
}

declared() { # functions that the public headers declare
    for header in "$prefix"/include/weir/*.h; do
        "$cc" -std=c11 -E -P -I "$prefix/include" "$header"
    done | tr '\n' ' ' | sed 's/typedef[^;]*;//g' | grep -oE '[a-z0-9_]*weir_[a-z0-9_]+ *\([^*;][^;]*\) *;' |
        grep -oE '^weir_[a-z0-9_]+' |
        grep -vx weir_policy_export | # what a policy's own shared object defines
        sort -u
}

check_exports() {
    declared >"$work/declared"
    nm -D --defined-only "$libdir/libweir.so" | awk '{print $3}' | sort -u >"$work/exported"
    [ -s "$work/declared" ] || { echo "no declarations were found" >&2; exit 1; }
    diff "$work/declared" "$work/exported" >&2
    objdump -p "$libdir/libweir.so" >"$work/header"
    grep -q "SONAME *libweir.so.${version%%.*}$" "$work/header"
    [ "$(awk '/NEEDED/ {print $2}' "$work/header")" = libc.so.6 ]
}

check_shared() {
    # shellcheck disable=SC2046
    "$cc" "$here/client.c" -o "$work/shared" $(pkg-config --cflags --libs weir)
    expect "$(LD_LIBRARY_PATH="$libdir" "$work/shared")"
    [ "$(pkg-config --modversion weir)" = "$version" ]
}

check_static() {
    # shellcheck disable=SC2046
    "$cc" -static "$here/client.c" -o "$work/static" $(pkg-config --static --cflags --libs weir)
    expect "$("$work/static")"
}

check_cmake() {
    cmake -S "$here/package" -B "$work/package" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" \
        -DWEIR_WANTED="$version"
    cmake --build "$work/package"
    expect "$("$work/package/client_shared")"
    expect "$("$work/package/client_static")"
}

check_command() {
    "$prefix/bin/weir" --version | grep -qF "$version"
    [ -s "$prefix/share/doc/weir/README.md" ]
}

"check_$what"
