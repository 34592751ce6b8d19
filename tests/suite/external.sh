#!/bin/sh
# externaldata: local files when the host allows them, a clear refusal otherwise.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
printf 'a,b\nx,1\n"y z",2\n' >"$dir/t.csv"
printf '{"a":"j","b":5,"c":1}\n{"a":"k"}\n' >"$dir/t.json"
failed=0
# expect NAME QUERY TEXT [OPTION]
expect()
{
    got=$("$BUILD/kqlstream" -e "$2" ${4:-} csv 2>&1 | grep -v '^kqlstream 0' | tr -d '\r')
    if test "$got" = "$3"; then
        echo "ok $1"
    else
        echo "not ok $1: $got"
        failed=1
    fi
}
expect "a CSV file" "externaldata(a:string, b:long)['$dir/t.csv'] with (ignoreFirstRecord=true) | project b, a" "b,a
1,x
2,y z" --external-files
expect "a JSON file" "externaldata(a:string, b:long)['file://$dir/t.json'] with (format='multijson')" "a,b
j,5
k," --external-files
expect "two files" "externaldata(a:string, b:long)['$dir/t.csv', '$dir/t.csv'] with (ignoreFirstRecord=true) | summarize sum(b)" "sum_b
6" --external-files
expect "no permission" "externaldata(a:string)['$dir/t.csv']" \
    "kqlstream: query 'q1' could not start: externaldata is refused: the host has not allowed queries to read files"
expect "a URL" "externaldata(a:string)['https://example.com/t.csv']" \
    "kqlstream: query 'q1' could not start: externaldata from a URL is not built in: https://example.com/t.csv" --external-files
expect "a format that is not built in" "externaldata(a:string)['$dir/t.parquet']" \
    "kqlstream: query 'q1' could not start: externaldata cannot read the format 'parquet': csv, tsv, psv, scsv, json and multijson are built in" --external-files
exit $failed
