# Sourced by ./quickstart and ./check: installs the Debian packages that are missing.
# usage: install_packages PACKAGE...
# Asks for sudo only if something is missing and the user is not root.

install_packages() {
    missing=""
    for package in "$@"; do
        status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "This machine has no apt-get. Please install what these Debian packages hold, then run this again:" >&2
        echo "  $missing" >&2
        exit 1
    fi
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "Missing packages, and no sudo to install them with. As root, run:" >&2
            echo "  apt-get update && apt-get install --no-install-recommends$missing" >&2
            exit 1
        fi
        as_root="sudo"
        echo "Installing packages (this is all that sudo is asked for):$missing"
    else
        echo "Installing packages:$missing"
    fi
    # shellcheck disable=SC2086 # the list is words on purpose
    if ! { $as_root apt-get update -qq &&
           $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
           >"$packages_log" 2>&1; then
        echo "Packages could not be installed; the end of $packages_log says why:" >&2
        tail -n 5 "$packages_log" >&2
        exit 1
    fi
}

# What building and replaying needs, on top of Debian's minimal base.
build_packages="gcc libc6-dev make cmake pkg-config libcsv-dev libjansson-dev zlib1g-dev libzstd-dev libsqlite3-dev librandom123-dev libwebsockets-dev libssl-dev libcurl4-openssl-dev libjs-chart.js gnuplot-nox"
