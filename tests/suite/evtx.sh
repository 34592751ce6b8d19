#!/bin/sh
# Event logs: the committed ones are what the generator makes, and real ones give the recorded results of another reader.
set -u
failed=0
new=$(mktemp -d) || exit 1
trap 'rm -rf "$new"' EXIT
"$BUILD/tests/evtx-gen" "$new" || exit 1
for file in tests/data/evtx_*.evtx; do
    if cmp -s "$file" "$new/${file##*/}"; then
        echo "ok $file is generated"
    else
        echo "not ok $file is generated"
        failed=1
    fi
done
dir=../shared/data/evtx
if test ! -d "$dir"; then
    echo "skip evtx-expected there are no event logs in $dir"
elif ! command -v python3 >/dev/null; then
    echo "skip evtx-expected python3 is missing"
else
    python3 tests/tools/evtx_expected.py "$BUILD/tests/evtx-rows" "$dir" || failed=1
fi
exit $failed
