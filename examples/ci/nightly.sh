#!/bin/bash
# One night: builds this commit and an earlier one, runs a suite, writes results, and ends with the
# exit code of the gate. For GitHub Actions, GitLab, or by hand in a clone:
#     examples/ci/nightly.sh [SUITE] [EARLIER-COMMIT]
# Results lie in nightly/; nightly/history.sqlite is added to if it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."
suite=${1:-bench/suites/nightly.json}
earlier=${2:-HEAD~1}
out=nightly
mkdir -p "$out" build

build() { # source folder
    (cd "$1" && cmake --preset release && cmake --build --preset release -j "$(nproc)" --target weir) \
        >"$out/build.log" 2>&1 || { tail -n 40 "$out/build.log"; exit 1; }
}

out=$PWD/$out
build .
weir=$PWD/build/release/weir
git worktree remove --force build/earlier 2>/dev/null || true
git worktree add --force --detach build/earlier "$earlier" >/dev/null 2>&1
build build/earlier

"$weir" bench run "$suite" -o "$out/result.json" --versus "$PWD/build/earlier/build/release/weir" \
    --label "$(git rev-parse --short HEAD)"
code=0
"$weir" bench gate "$out/result.json" | tee "$out/gate.txt" || code=${PIPESTATUS[0]}
"$weir" bench export "$out/result.json" --as md -o "$out/summary.md"
"$weir" bench export "$out/result.json" --as junit -o "$out/junit.xml"
"$weir" bench export "$out/result.json" --as action-bigger -o "$out/bigger.json"
"$weir" bench export "$out/result.json" --as action-smaller -o "$out/smaller.json"
"$weir" bench export "$out/result.json" --as bencher -o "$out/bencher.json"
"$weir" bench export "$out/result.json" --as csv -o "$out/result.csv"
"$weir" bench history "$out/history.sqlite" --add "$out/result.json" --out "$out/history"
exit "$code"
