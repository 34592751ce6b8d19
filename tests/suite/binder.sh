#!/bin/sh
# The binder's verdicts and columns on generated texts, next to those recorded from Microsoft's: tests/tools/binder_compare.py.
command -v python3 >/dev/null || { echo "skip binder python3 is not installed"; exit 0; }
exec python3 tests/tools/binder_compare.py check "${BUILD:-build}"
