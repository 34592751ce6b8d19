#!/bin/sh
# Each public header alone compiles as C99, C11 and C++17 without any padding or warning.
set -u
failed=0
try()
{
    if ! printf '#include "rtq/%s"\n%s\n' "$header" "$tail" | "$@" -Iinclude -fsyntax-only -pedantic -Wall -Wextra -Wpadded -Werror -; then
        echo "not ok rtq/$header: $*"
        failed=1
    fi
}
count=0
for file in include/rtq/*.h; do
    header=${file##*/}
    tail='int only_header(void); int only_header(void) { return 0; }'
    for compiler in gcc clang; do
        command -v "$compiler" >/dev/null || continue
        try "$compiler" -xc -std=c99
        try "$compiler" -xc -std=c11
    done
    for compiler in g++ clang++; do
        command -v "$compiler" >/dev/null || continue
        try "$compiler" -xc++ -std=c++11
        try "$compiler" -xc++ -std=c++17
    done
    count=$((count + 1))
done
test $failed = 0 && echo "ok $count public headers alone, as C99, C11, C++11 and C++17"
exit $failed
