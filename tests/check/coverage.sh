#!/bin/sh
# docs/kql-coverage.md says what the program of this tree does.
set -u
B=${BUILD:-build}
inventory=../shared/kql/inventory.tsv
test -e "$inventory" || { echo "skip coverage $inventory is not here"; exit 0; }
command -v python3 >/dev/null || { echo "skip coverage python3 is not installed"; exit 0; }
if python3 tests/tools/coverage.py "$B" "$inventory" | diff docs/kql-coverage.md - >/dev/null; then
    echo "ok coverage"
else
    echo "not ok coverage: docs/kql-coverage.md is stale, run make coverage"
fi
