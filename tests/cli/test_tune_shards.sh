#!/bin/bash
# weir tune in shards, on threads, and cut off by kill -9 at any moment: the same final bytes.
# usage: test_tune_shards.sh WEIR SOURCE
set -euo pipefail
weir=$1
cd "$2"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
study="traces/cascades/binance-2025-01-27.json traces/cascades/binance-2025-06-23.json
  --param limiter.*.buffer=0:0.2:0.05 --param limiter.*.reserve=0:0.4:0.2 --policy guide,weir
  --replications 6 --fresh 2"
set -f # the stars are the program's

fails() { # what, exit code, words, command…
    local what=$1 code=$2 words=$3 status=0
    shift 3
    "$@" >/dev/null 2>"$folder/error" || status=$?
    if [ "$status" != "$code" ] || ! grep -q "$words" "$folder/error"; then
        echo "$what: exit code $status instead of $code, or no '$words' in: $(cat "$folder/error")"
        exit 1
    fi
}

# shellcheck disable=SC2086 # the study is words on purpose
{
# one thread, and two
$weir tune $study --study "$folder/one.db" --threads 1 --format json >"$folder/one.json"
$weir tune $study --study "$folder/two.db" --threads 2 --format json >"$folder/two.json"
cmp "$folder/one.json" "$folder/two.json"

# cut off again and again, a little later each time (in the foreground timeout waits for the end)
for hundredths in 05 10 15 20 30 40 60 80; do
    timeout --foreground -s KILL "0.$hundredths" $weir tune run $study --study "$folder/cut.db" 2>/dev/null || true
done
$weir tune $study --study "$folder/cut.db" --format json >"$folder/cut.json"
cmp "$folder/one.json" "$folder/cut.json"

# any number of shards gives the same file
for n in 1 2 5; do
    for i in $(seq "$n"); do
        $weir tune run $study --study "$folder/of$n" --shard "$i/$n" 2>/dev/null
    done
    set +f
    parts=("$folder/of$n".*-of-"$n")
    [ "$n" -gt 1 ] || parts=("$folder/of$n")
    set -f
    # one shard reports too; the others do so after they were joined
    $weir tune merge --study "$folder/merged$n" "${parts[@]}"
    $weir tune run --study "$folder/merged$n"
    $weir tune merge --study "$folder/again$n" "$folder/merged$n"
    cmp "$folder/again1" "$folder/again$n"
    $weir tune show --study "$folder/again$n" --format json >"$folder/merged.json"
    cmp "$folder/one.json" "$folder/merged.json"
done
$weir tune merge --study "$folder/joined2" "$folder/of2.1-of-2" "$folder/of2.2-of-2"
$weir tune merge --study "$folder/turned2" "$folder/of2.2-of-2" "$folder/of2.1-of-2"
$weir tune merge --study "$folder/of5all" "$folder"/of5.{4,2,5,1,3}-of-5
cmp "$folder/joined2" "$folder/turned2"
cmp "$folder/joined2" "$folder/of5all"

# Slurm's variables name the shard
SLURM_ARRAY_TASK_ID=12 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_COUNT=5 \
    $weir tune run $study --study "$folder/slurm" 2>/dev/null
cmp "$folder/slurm.3-of-5" "$folder/of5.3-of-5"

# what does not belong together is refused
fails "a missing shard" 5 "cells are missing" $weir tune merge --study "$folder/no" "$folder/of2.1-of-2"
$weir tune run $study --seed 9 --study "$folder/foreign" 2>/dev/null
fails "a foreign file" 3 "foreign" $weir tune merge --study "$folder/no" "$folder/of2.1-of-2" "$folder/foreign"
[ ! -e "$folder/no" ]
fails "an incomplete study" 5 "not complete" $weir tune show --study "$folder/of2.1-of-2"
}
echo "shards, threads and interruptions: the same bytes"
