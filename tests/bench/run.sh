#!/bin/sh
# Measures the library against peers and plain loops; one table on standard output, the same as JSON in BUILD/bench/results.json.
# usage: run.sh [BUILD] [--only WORD] [--quick]
# Peers are used where they are: DuckDB (its Python module), evtx_dump on the PATH or in ~/.cargo/bin.
set -eu
build=${1:-build}
test $# -gt 0 && shift
command -v python3 >/dev/null || { echo "python3 is missing: make deps" >&2; exit 1; }
exec python3 "$(dirname "$0")/run.py" "$build" "$@"
