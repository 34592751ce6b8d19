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
# Beyond 4 GiB and 65,535 chunks, most of them a hole.
case $BUILD in
*san) ;; # the same code, ten times slower
*)
    size=$((4096 + 65536 * 65541))
    cp tests/data/evtx_basic.evtx "$new/big.evtx"
    if truncate -s $((size - 65536)) "$new/big.evtx" 2>/dev/null &&
        tail -c +4097 tests/data/evtx_basic.evtx | head -c 65536 >>"$new/big.evtx" && test "$(du -k "$new/big.evtx" | cut -f1)" -lt 100000; then
        got=$("$BUILD/kqlstream" evtx "$new/big.evtx" --quiet -e 'Evtx | summarize n = count(), most = max(EventRecordID)')
        if test "$got" = '{"n":12,"most":1007}'; then
            echo "ok a file of more than 4 GiB"
        else
            echo "not ok a file of more than 4 GiB: $got"
            failed=1
        fi
    else
        echo "skip a file of more than 4 GiB: no room, or no holes"
    fi
    rm -f "$new/big.evtx"
    ;;
esac
dir=../shared/data/evtx
if test ! -d "$dir"; then
    echo "skip evtx-expected there are no event logs in $dir"
elif ! command -v python3 >/dev/null; then
    echo "skip evtx-expected python3 is missing"
else
    python3 tests/tools/evtx_expected.py "$BUILD/tests/evtx-rows" "$dir" || failed=1
fi
exit $failed
