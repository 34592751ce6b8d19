#!/bin/sh
# Filters that feeds apply on bytes against the same predicates as columns.
set -u
if ! command -v python3 >/dev/null; then
    echo "skip pushdown python3 is missing"
    exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
python3 tests/suite/pushdown.py "$BUILD/kqlstream" "$dir"
