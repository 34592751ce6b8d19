#!/bin/sh
# Our own KQL cases, and the published and recorded results of ../shared/conformance where that folder is.
set -u
B=${BUILD:-build}
known=known
run() # run NAME ARGUMENTS...: one result a file
{
    name=$1
    shift
    if out=$("$B/tests/kql-cases" --expect "tests/kql/$known.tsv" "$@" 2>&1); then
        echo "ok $name: $(printf '%s\n' "$out" | tail -n 1)"
    else
        printf '%s\n' "$out" | grep -v '^ok ' | head -n 60
        echo "not ok $name"
    fi
}
for file in tests/kql/*.test; do
    test -e "$file" && run "kql/${file##*/}" "$file"
done
shared=../shared/conformance
if [ -d "$shared" ]; then
    for file in kql-docs-dev kql-docs-run-dev kql-emulator-dev kql-emulator-rejects-dev; do
        run "kql/$file" "$shared/$file.jsonl"
    done
    run kql/real-queries --schemas ../shared/kql/schemas.tsv "$shared/real-queries-dev.jsonl"
    known=known-open
    run kql/real-queries-open "$shared/real-queries-dev.jsonl"
else
    echo "skip kql/corpora ../shared/conformance is not here"
fi
