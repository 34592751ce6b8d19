#!/bin/sh
# cppcheck: warning, portability, performance.
set -u
command -v cppcheck >/dev/null || { echo "skip cppcheck cppcheck is not installed"; exit 0; }
cache=${BUILD:-build}/tests/cppcheck
mkdir -p "$cache"
# It does not know Criterion's macros, and misreads hexadecimal floating constants (incorrectLogicOperator).
if cppcheck --quiet --enable=warning,portability,performance --std=c11 --error-exitcode=1 --inline-suppr -j "$(nproc)" \
    --cppcheck-build-dir="$cache" --suppress=missingIncludeSystem --suppress=unknownMacro --suppress=normalCheckLevelMaxBranches \
    --suppress=incorrectLogicOperator --template='{file}:{line}: {id}: {message}' -Iinclude -Isrc -D_GNU_SOURCE -DRTQ_API= -UXXH_INLINE_ALL \
    -D__SSE2__=1 -D__x86_64__=1 src examples tests/tools tests/lib 2>&1; then
    echo "ok cppcheck"
else
    echo "not ok cppcheck"
    exit 1
fi
