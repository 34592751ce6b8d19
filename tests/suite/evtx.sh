#!/bin/sh
# Real event logs against the recorded results of another reader, where they are at hand.
dir=../shared/data/evtx
test -d "$dir" || { echo "skip evtx-expected there are no event logs in $dir"; exit 0; }
command -v python3 >/dev/null || { echo "skip evtx-expected python3 is missing"; exit 0; }
exec python3 tests/tools/evtx_expected.py "$BUILD/tests/evtx-rows" "$dir"
