#!/bin/sh
# The shared library exports rtq_* of the public headers and nothing else, needs nothing that it does not name, and the static
# one defines only rtq_* names, so that it can be linked into anything.
set -u
B=${BUILD:-build}
failed=0
result()
{
    if [ -s "$2" ]; then
        sed 's/^/    /' "$2" | head -n 20
        echo "not ok $1"
        failed=1
    else
        echo "ok $1"
    fi
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
nm -D --defined-only "$B/libkqlstream.so.0" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$work/exported"
grep -v '^rtq_[a-z]' "$work/exported" >"$work/foreign"
result "only rtq_* is exported" "$work/foreign"

# Declared: what the preprocessor leaves of the headers, every rtq_name( that RTQ_API precedes.
echo '#include <rtq/rtq.h>' | ${CC:-cc} -E -P -Iinclude -DRTQ_API=RTQ_MARK -xc - | tr '\n' ' ' | tr ';' '\n' |
    sed -n 's/.*RTQ_MARK[^(]*\(rtq_[a-z0-9_]*\)(.*/\1/p' | sort -u >"$work/declared"
comm -13 "$work/declared" "$work/exported" >"$work/undeclared"
result "every exported function is in a public header" "$work/undeclared"
comm -23 "$work/declared" "$work/exported" >"$work/missing"
result "every public function exists" "$work/missing"

nm --defined-only "$B/libkqlstream.a" 2>/dev/null | awk '$2 ~ /^[TDBRCG]$/ && $3 !~ /^rtq_/ { print $3 }' | sort -u >"$work/global"
result "the static library defines only rtq_* names" "$work/global"
# What only its own file uses is static there; what nobody uses is dead. Tests may look at a part by itself.
nm --defined-only "$B/libkqlstream.a" 2>/dev/null | awk '$2 ~ /^[TDBR]$/ && $3 ~ /^rtq__/ { print $3 }' | sort -u >"$work/ours"
nm --undefined-only "$B/libkqlstream.a" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u >"$work/used"
grep -rhowE 'rtq__[a-z0-9_]+' tests | sort -u | cat - "$work/used" | sort -u >"$work/known"
# Written by a macro for each instruction set.
echo rtq__json_object_plain | sort -u - "$work/known" >"$work/all"
comm -23 "$work/ours" "$work/all" >"$work/lonely"
result "every internal function is used beyond its file, or static" "$work/lonely"
nm -D --undefined-only "$B/libkqlstream.so.0" | grep -o 'rtq_.*' >"$work/undefined"
result "no function of ours is undefined" "$work/undefined"
nm --undefined-only "$B/libkqlstream.a" | grep -wE 'U (setlocale|strtok|localtime|gmtime|abort|exit|printf|puts|getenv|rand|srand|strerror|system)' |
    awk '{ print $2 }' | sort -u >"$work/unwanted"
result "no call that is process wide, prints or ends the process" "$work/unwanted"
exit $failed
