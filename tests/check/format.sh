#!/bin/sh
# Formatting as .clang-format says (`make format` does it).
set -u
command -v clang-format >/dev/null || { echo "skip format clang-format is not installed"; exit 0; }
failed=0
count=0
for file in $(find include src examples tests -name '*.[ch]' -o -name '*.cc' | sort); do
    count=$((count + 1))
    clang-format "$file" | cmp -s - "$file" && continue
    echo "not ok formatting of $file"
    failed=1
done
test $failed = 0 && echo "ok formatting of $count files"
exit $failed
