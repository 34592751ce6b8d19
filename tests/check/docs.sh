#!/bin/sh
# Everything public is documented: doxygen has nothing to warn of.
set -u
command -v doxygen >/dev/null || { echo "skip doxygen it is not installed"; exit 0; }
if out=$(${MAKE:-make} -s docs 2>&1); then
    echo "ok doxygen"
else
    printf '%s\n' "$out" | tail -20
    echo "not ok doxygen"
    exit 1
fi
