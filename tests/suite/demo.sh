#!/bin/sh
# make demo: the commands it shows run, and say what they should.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
case $build in *san) echo "skip demo: it is run in the plain variant" && exit 0 ;; esac
out=$(mktemp)
trap 'rm -f "$out"' EXIT
check() # check NAME COMMAND...
{
    name=$1
    shift
    if "$@"; then echo "ok demo-$name"; else
        echo "not ok demo-$name"
        cat "$out"
    fi
}
check ends sh -c 'sh examples/demo.sh "$1" >"$2" 2>&1' sh "$build" "$out"
check recorded grep -q '^alice  *2  *1  *2020-01-01T00:00:01' "$out"
check live grep -q '^20..-..-..T..:..:..\.0000000Z  web1 ' "$out"
check counts grep -q '^sources  in 7 = out 5 + filtered 2 + late 0 + errored 0 + dropped 0 + pending 0' "$out"
