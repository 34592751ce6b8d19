#!/bin/sh
# The commands of README.md print what README.md says.
set -u
cd "$(dirname "$0")/../.." || exit 1
PATH=$(cd "${BUILD:-build}" && pwd):$PATH
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# Blocks that begin with "$ kqlstream": the command goes on in lines that are indented further, as far as its quote is open.
awk -v dir="$dir" '
    /^    \$ kqlstream/ { n++; open = 0; command = 1; sub(/^    \$ /, "    ") }
    !/^    / { command = 0; inside = 0; next }
    command { line = substr($0, 5); print line >(dir "/" n ".sh"); open += gsub(/\047/, "&", line)
              if (open % 2 == 0) { command = 0; inside = 1; printf "" >(dir "/" n ".txt") }; next }
    inside { print substr($0, 5) >(dir "/" n ".txt") }' README.md
for script in "$dir"/*.sh; do
    name=readme-$(basename "$script" .sh)
    sh "$script" >"$dir/rows" 2>"$dir/told"
    if cat "$dir/told" "$dir/rows" | diff "${script%.sh}.txt" - >"$dir/diff"; then
        echo "ok $name"
    else
        echo "not ok $name"
        cat "$dir/diff"
    fi
done
