#!/bin/sh
# The library builds without any optional part, and with the other compiler.
set -u
failed=0
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
if make --no-print-directory WITH_ALL=0 BUILD=build/core lib >"$log" 2>&1; then
    echo "ok make WITH_ALL=0"
else
    tail -n 20 "$log"
    echo "not ok make WITH_ALL=0"
    failed=1
fi
if ! command -v clang >/dev/null; then
    echo "skip clang clang is not installed"
elif make --no-print-directory CC=clang CXX=clang++ CFLAGS=-O1 BUILD=build/clang lib >"$log" 2>&1; then
    echo "ok build with clang"
else
    grep -E 'error|warning' "$log" | head -n 20
    echo "not ok build with clang"
    failed=1
fi
exit $failed
