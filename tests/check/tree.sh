#!/bin/sh
# Properties of the files themselves.
set -u
failed=0
result()
{
    if [ -n "$2" ]; then
        printf '%s\n' "$2" | head -n 20 | sed 's/^/    /'
        echo "not ok $1"
        failed=1
    else
        echo "ok $1"
    fi
}
files=$(find include src examples tests pkgconfig bindings docs .ci -type f 2>/dev/null; ls Makefile README.md CHANGELOG.md LICENSE .clang-format .gitignore)
sources=$(printf '%s\n' "$files" | grep -E '\.(c|h|cc|sh|py)$')
result "no source file has more than 1000 lines" "$(wc -l $sources | awk '$2 != "total" && $1 > 1000 { print $2 ": " $1 " lines" }')"
code=$(printf '%s\n' "$sources" | grep -E '\.(c|h|cc)$')
# Tables are kept wide on purpose, between clang-format off and on.
result "no line of C outside tables has more than 160 characters" "$(awk '
    FNR == 1 { table = 0 }
    /clang-format off/ { table = 1 }
    /clang-format on/ { table = 0 }
    length($0) > 160 && !table { print FILENAME ":" FNR }' $code)"
result "no path of somebody's machine" "$(grep -nE '(^|[^A-Za-z0-9_}])/(home|root|Users|work)/[a-z]' $(printf '%s\n' "$files" | grep -vE '^tests/(check/tree.sh|data/|kql/|fuzz/corpus/)') | cut -c1-150)"
result "no trailing blanks or tabs in C" "$(grep -nE '[ 	]+$|	' $code | cut -c1-120)"
result "every C file begins with a comment that says what it is" "$(for f in $code; do
    head -n 1 "$f" | grep -qE '^(/\*|//)' || echo "$f"; done)"
top=$(ls -A | grep -vxE 'Makefile|include|src|bindings|examples|tests|pkgconfig|docs|CHANGELOG\.md|README\.md|LICENSE|\.ci|\.clang-format|\.gitignore|\.git|build')
result "nothing else at the top level" "$top"
exit $failed
