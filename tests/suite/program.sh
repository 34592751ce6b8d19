#!/bin/sh
# The program as its users meet it: grammar, exit codes, messages, outputs that fail, signals, statistics, subcommands.
set -u
K=$BUILD/kqlstream
data=tests/data
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
unset NO_COLOR
failed=0
tab=$(printf '\t')

. tests/lib/verdict.sh
# program ARGUMENT...: runs it, exit status in $status, outputs in $dir/out and $dir/err
program()
{
    timeout 60 "$K" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    status=$?
}
out() { cat "$dir/out"; }
err() { cat "$dir/err"; }
# errs NAME STATUS TEXT ARGUMENT...: fails with that status, and says so
errs()
{
    name=$1 want=$2 text=$3
    shift 3
    program "$@"
    verdict "$name" "$status:$(grep -cF -- "$text" "$dir/err")" = "$want:1"
}
# gives NAME TEXT ARGUMENT...: exit status 0 and exactly that on standard output
gives()
{
    name=$1 want=$2
    shift 2
    program "$@"
    verdict "$name" "$status:$(out)" = "0:$want"
}
# await COMMAND: waits until it succeeds, at most half a minute
await()
{
    n=0
    while ! eval "$1" && test $n -lt 300; do
        sleep 0.1
        n=$((n + 1))
    done
}

# ---- grammar and exit codes
J=$data/signins.jsonl
printf '{"a":1}\n{"a":2}\n{"a":3}\n' >"$dir/n.jsonl"
printf '// above one\nJson | where a > 1 | project a\n\n// a number\nJson | count\n' >"$dir/two.kql"
printf 'Json | where a == 3 | project b = a' >"$dir/one.kql"
program
verdict "no argument: how to use it" "$status:$(grep -c '^usage:' "$dir/err"):$(wc -c <"$dir/out")" = 2:1:0
gives "--help" "$("$K" --help)" --help
verdict "--help tells the exit codes" "$(grep -c 'exit code: 0 done' "$dir/out")" = 1
program --version
verdict "--version" "$status:$(sed 's/ .*//' "$dir/out")" = 0:kqlstream
gives "no query: everything" "$(cat "$dir/n.jsonl")" json "$dir/n.jsonl"
gives "output with a file" "" json "$dir/n.jsonl" csv "$dir/o.csv" -e 'Json | project a'
verdict "the file" "$(tr -d '\r' <"$dir/o.csv" | tr '\n' ,)" = a,1,2,3,
gives "several query files, several queries" '{"a":2}
{"a":3}
{"b":3}
{"Count":3}' json "$dir/n.jsonl" -q "$dir/two.kql" "$dir/one.kql"
gives "--query=FILE and more, at the end" '{"a":2}
{"a":3}
{"b":3}
{"Count":3}' json "$dir/n.jsonl" json "--query=$dir/two.kql" "$dir/one.kql"
gives "-q=FILE before the output" '{"b":3}' json "$dir/n.jsonl" "-q=$dir/one.kql" json
gives "queries in front" '{"b":3}
{"Count":3}' -q "$dir/one.kql" -e 'Json | count' json "$dir/n.jsonl" json
verdict "a feed called json is not an output" "$(wc -l <"$dir/n.jsonl")" = 3
gives "options in front, one dash" '{"b":3}' -quiet --stats -q "$dir/one.kql" json "$dir/n.jsonl"
verdict "--stats told, no banner" "$(grep -c '^sources ' "$dir/err"):$(grep -c -- '->' "$dir/err")" = 1:0
gives "--option=value and -option value" '{"a":3}' json "$dir/n.jsonl" --table=Feed -follow no -e 'Feed | where a > 2 | project a'
gives "no feed" '{"x":1}' -e 'print x = 1'
gives "a query without a feed into csv" "x$(printf '\r')
1$(printf '\r')" -e 'print x = 1' csv
printf '{"a":7}\n' >"$dir/m.jsonl"
gives "several files" '{"Count":4,"s":13}' json "$dir/n.jsonl" "$dir/m.jsonl" -e 'Json | summarize Count = count(), s = sum(tolong(a))'
gives "the same name twice" '{"a":2}
{"a":3}
{"a":2}
{"a":3}
{"Count":3}
{"Count":3}' json "$dir/n.jsonl" -q "$dir/two.kql" "$dir/two.kql"
gives "csv with a schema" '{"host":"db-01","score":"2"}' csv $data/inventory.csv --schema 'score:string,host:string' \
    -e 'Csv | where host == "db-01" | project host, score'
printf 'x;1.5\ny;2\n' >"$dir/n.csv"
gives "csv without a header" '{"a":"x","b":1.5}
{"a":"y","b":2.0}' csv "$dir/n.csv" --header=false --delimiter ';' --schema 'a:string,b:real'
got=$("$K" json - -e 'Json | where a > 1' <"$dir/n.jsonl" 2>"$dir/err")
verdict "standard input" "$got" = '{"a":2}
{"a":3}'
got=$(printf 'k,v\n1,a\n' | "$K" csv - csv 2>"$dir/err" | tr -d '\r')
verdict "csv from standard input" "$got" = 'k,v
1,a'
got=$("$K" syslog - -e 'Syslog | count' <$data/auth.log 2>"$dir/err")
verdict "syslog from standard input" "$got" = '{"Count":6}'
got=$(printf 'print y = 2' | "$K" -q - 2>"$dir/err")
verdict "a query from standard input" "$got" = '{"y":2}'

errs "a kind of feed that is not there" 2 "did you mean 'json'" jsn "$dir/n.jsonl"
errs "no file" 2 'json needs the option path' json
errs "an unknown option" 2 "did you mean 'table'" json "$dir/n.jsonl" --tabel x
errs "an unknown option of the output" 2 "table has no option 'nosuch'" json "$dir/n.jsonl" table --nosuch 1
verdict "it may be one of the input" "$(grep -c 'those of the INPUT stand in front of it' "$dir/err")" = 1
errs "a bad value" 2 "option follow: 'x'" json "$dir/n.jsonl" --follow x
errs "a bad schema" 2 "there is no type 'strng'" csv "$dir/n.csv" --schema 'a:strng'
errs "-e without a query" 2 '-e: needs a value' json "$dir/n.jsonl" -e
errs "-q without a file" 2 '-q needs a file' json "$dir/n.jsonl" -q
errs "a query file that is not there" 2 "cannot read the query file: $dir/no.kql" json "$dir/n.jsonl" -q "$dir/no.kql"
errs "a query file that is a directory" 2 "cannot read the query file: $dir" json "$dir/n.jsonl" -q "$dir"
errs "a flag with a value" 2 'this option takes no value: --stats=1' json "$dir/n.jsonl" --stats=1
errs "an option before the input" 2 'the input comes first: --table' --table x json "$dir/n.jsonl"
errs "a bad duration" 2 '--duration takes a number' json "$dir/n.jsonl" --duration 5x
errs "two output files" 2 'option path is given twice' json "$dir/n.jsonl" csv "$dir/a" "$dir/b"
for kind in json csv evtx syslog; do
    errs "$kind: a missing file" 1 'No such file or directory' $kind "$dir/no"
done
: >"$dir/empty"
gives "json: an empty file" "" json "$dir/empty"
gives "syslog: an empty file" "" syslog "$dir/empty"
errs "csv: an empty file" 1 'there is no header' csv "$dir/empty"
errs "evtx: an empty file" 1 'not a Windows event log' evtx "$dir/empty"
gives "csv: an empty file with a schema" '{"Count":0}' csv "$dir/empty" --schema 'a:long' -e 'Csv | count'
printf '\357\273\277sep=;\r\nTime;Host;Score\r\n2024-05-01;"db;02";1,5\r\n2024-05-02;x\r\n' >"$dir/excel.csv"
gives "csv: as Excel writes it elsewhere" '{"Host":"db;02","Score":"1,5"}
{"Host":"x","Score":""}' csv "$dir/excel.csv" -e 'Csv | where Time > datetime(2000-01-01) | project Host, Score'
verdict "csv: a short record is told with file and line" "$(grep -c "excel.csv: 1 records had fewer cells .*(first: line 4)" "$dir/err")" = 1
printf 'a,b\r1,2\r' >"$dir/mac.csv"
errs "csv: lines that end in CR" 1 'the lines end in CR alone' csv "$dir/mac.csv"
mkdir "$dir/none" "$dir/logs"
cp "$dir/n.jsonl" "$dir/logs/1.jsonl"
cp "$dir/m.jsonl" "$dir/logs/2.jsonl"
gives "a directory" '{"Count":4}' json "$dir/logs" -e 'Json | count'
gives "a pattern" '{"Count":1}' json "$dir/logs/2*" -e 'Json | count'
errs "an empty directory" 1 "$dir/none" json "$dir/none"
errs "a pattern that fits nothing" 1 "$dir/x*" json "$dir/x*"
printf '{"a":1}\n' >"$dir/secret"
chmod 0 "$dir/secret"
if cat "$dir/secret" >/dev/null 2>&1; then # root reads everything, but not this
    errs "a file that cannot be read" 1 'error' json /proc/self/mem
else
    errs "a file that cannot be read" 1 'Permission denied' json "$dir/secret"
fi
errs "an output that cannot be made" 1 'cannot write' json "$dir/n.jsonl" json "$dir/no/x"
cp "$dir/n.jsonl" "$dir/own.jsonl"
errs "an output that is the input" 2 'the output is a file that is read' json "$dir/own.jsonl" json "$dir/../${dir##*/}/own.jsonl"
verdict "and it is still there" "$(wc -l <"$dir/own.jsonl")" = 3
printf '// nothing yet\n' >"$dir/none.kql"
errs "a query file without a query" 3 'there is no query' json "$dir/n.jsonl" -q "$dir/none.kql"
errs "a feed without a good line" 1 'nothing of the input could be read as: json' json "$dir/one.kql" -e 'Json | count'
errs "a wrong query" 3 'there is no operator' json "$dir/n.jsonl" -e 'Json | wher a == 1'
program json "$dir/n.jsonl" -e 'Json | wher a' -e 'Json | count' -e 'Json | extend x = nosuch(1)'
verdict "all wrong queries are told, none runs" "$status:$(grep -c error "$dir/err"):$(wc -c <"$dir/out")" = 3:2:0
sed -n '/^    let SecurityEvent/,/^$/s/^    //p' docs/event-logs.md >"$dir/view.kql"
gives "the view of docs/event-logs.md" '{"TargetUserName":"Bob","Logons":1}
{"TargetUserName":"lone �!","Logons":1}
{"TargetUserName":"ALICE","Logons":1}' evtx $data/evtx_basic.evtx -q "$dir/view.kql"
errs "a member taken for a column" 3 'a member of a dynamic column is written like EventData.TargetUserName' evtx $data/evtx_basic.evtx \
    -e 'SecurityEvent | where TargetUserName == "bob"'
gives "one feed: any table name is its" '{"Count":3}' json "$dir/n.jsonl" -e 'SecurityEvent | count'

# ---- carets: under the word, whatever stands before it
# caret NAME QUERY COLUMNS-BEFORE WIDTH: the last two lines of the first error
caret()
{
    printf '%s' "$2" >"$dir/c.kql"
    program check "$dir/c.kql"
    line=$(sed -n 4p "$dir/err" | sed 's/^      | //')
    verdict "caret: $1" "$status:$line" = "3:$(printf '%*s' "$3" '')^$(printf '%*s' $(($4 - 1)) '' | tr ' ' '~')"
}
caret "plain" 'T | where nosuch(1)' 10 6
caret "tab" "T${tab}|${tab}where nosuch(1)" 16 6
caret "two bytes a letter" 'T | where a == "äöü" and nosuch(1)' 25 6
caret "wide letters" 'T | where a == "日本" and nosuch(1)' 26 6
caret "combining marks" "$(printf 'T | where a == "e\314\201" and nosuch(1)')" 23 6
caret "control characters" "$(printf 'T | where a == "\033[1m\007" and nosuch(1)')" 27 6
caret "turned text" "$(printf 'T | where a == "\342\200\256x" and nosuch(1)')" 24 6
caret "one letter" 'T | where )' 10 1
caret "the end of the text" 'T | where a ==' 14 1
caret "a line that ends in CR LF" "$(printf 'T | where nosuch(1)\r\n| count')" 10 6
long=$(printf '%*s' 300 '' | tr ' ' a)
program check -e "T | where b == '$long' and nosuch(1) and c == '$long'"
verdict "caret: a long line is cut on both sides" \
    "$(sed -n '3,4s/^ *1* | \(\.\.\.\)*//p' "$dir/err" | awk 'NR == 1 { a = index($0, "nosuch"); n = length($0); e = $0 ~ /\.\.\.$/ } NR == 2 { print a == index($0, "^") - 3, n < 160, e }')" = '1 1 1'
printf '// first\nT\n| count\n\n.create-or-alter function F(a:long) {\n    a * 2\n}\n\n// second: ü\nT\n| where b == F(1)\n|\textend x = nosuch(2),\n   y = nosuch(3)\n' >"$dir/lines.kql"
program check "$dir/lines.kql"
verdict "lines of a query file are those of the file" \
    "$(grep -o '^[0-9]*:[0-9]*: error' "$dir/err" | tr '\n' ,)" = '12:14: error,13:8: error,'
verdict "and shown with their number" "$(grep -c "^   12 | |    extend x = nosuch(2),\$" "$dir/err")" = 1
printf '// first\nT | count\n\n.create-or-alter function F(a:long) {\n    a +\n}\n' >"$dir/fn.kql"
errs "lines of a function, too" 3 '5:8: error: expected an expression' check "$dir/fn.kql"
printf 'T | where a == nosuch(1)' >"$dir/bytes.kql"
program check "$dir/bytes.kql" "$dir/one.kql" -e 'print 1'
verdict "check: counts" "$status:$(tail -n 1 "$dir/err")" = '3:kqlstream: 2 queries compiled, others did not'
errs "check: a column that is not declared" 3 "there is no column or variable named 'b'" check -e 'T | project b' --tables 'T(a:long)'
gives "check: an open table" "" check -e 'T | project b' --tables 'T(a:long, *)'
errs "check: nothing to check" 2 'check needs' check
errs "check: unknown option" 2 'there is no such option: --nosuch' check --nosuch

# ---- outputs that fail, in the middle and at the end
awk 'BEGIN { for (i = 0; i < 100000; i++) print "{\"a\":" i ",\"s\":\"some text to fill pipes with\"}" }' >"$dir/many.jsonl"
if test -c /dev/full; then
    for sink in json table csv; do
        errs "$sink: a full disk" 1 'cannot write /dev/full: No space left on device' json "$dir/n.jsonl" $sink /dev/full
        "$K" json "$dir/n.jsonl" $sink -e 'Json | count' --stats >/dev/full 2>"$dir/err"
        status=$?
        verdict "$sink: a full standard output, at the end" "$status:$(grep -c 'standard output: No space' "$dir/err")" = 1:1
        verdict "$sink: rows not written are counted" "$(grep -c '^sinks    in 1 = out 0 + .* errored 1 ' "$dir/err")" = 1
    done
    "$K" functions >/dev/full 2>"$dir/err"
    status=$?
    verdict "functions: a full disk" $status = 1
    "$K" explain -e 'T | count' >/dev/full 2>"$dir/err"
    status=$?
    verdict "explain: a full disk" $status = 1
else
    echo "skip full disks: no /dev/full"
fi
for sink in json table csv; do
    { "$K" json "$dir/many.jsonl" $sink -e 'Json | project a, s' 2>"$dir/err"; echo $? >"$dir/rc"; } | head -n 1 >"$dir/out"
    verdict "$sink: a closed pipe" "$(cat "$dir/rc"):$(wc -l <"$dir/out"):$(grep -c 'standard output: Broken pipe' "$dir/err")" = 1:1:1
    verdict "$sink: a closed pipe is told once" "$(grep -c 'Broken pipe' "$dir/err")" = 1
done

# ---- Ctrl+C: windows emit, sinks flush, 0
: >"$dir/log"
"$K" syslog "$dir/log" --follow start --stats json "$dir/live" -e 'Syslog | project Message' -e 'Syslog | count' 2>"$dir/err" &
pid=$!
printf 'one x\ntwo x\n' >>"$dir/log"
await 'test "$(cat "$dir/live" 2>/dev/null | wc -l)" = 2'
kill -INT $pid
wait $pid
status=$?
cp "$dir/live" "$dir/out"
verdict "SIGINT on a followed log" "$status:$(tail -n 1 "$dir/live")" = '0:{"Count":2}'
# hup NAME WANT COMMAND...: the terminal is closed while a log is followed
hup()
{
    name=$1 want=$2
    shift 2
    "$@" "$K" syslog "$dir/log" --follow start json "$dir/live3" -e 'Syslog | project Message' -e 'Syslog | count' >/dev/null 2>"$dir/err" &
    pid=$!
    await 'test "$(cat "$dir/live3" 2>/dev/null | wc -l)" = 2'
    kill -HUP $pid
    sleep 0.3
    kill -TERM $pid 2>/dev/null
    wait $pid
    status=$?
    cp "$dir/live3" "$dir/out"
    verdict "$name" "$status:$(tail -n 1 "$dir/live3")" = "$want"
    rm -f "$dir/live3"
}
hup "SIGHUP ends as SIGTERM does" '0:{"Count":2}' env
if mkfifo "$dir/fifo" 2>/dev/null; then
    "$K" json "$dir/fifo" json "$dir/live2" -e 'Json | project a' -e 'Json | summarize s = sum(tolong(a))' 2>"$dir/err" &
    pid=$!
    exec 3>"$dir/fifo"
    printf '{"a":1}\n{"a":2}\n' >&3
    await 'test "$(cat "$dir/live2" 2>/dev/null | wc -l)" = 2'
    kill -TERM $pid
    wait $pid
    status=$?
    exec 3>&-
    cp "$dir/live2" "$dir/out"
    verdict "SIGTERM on a pipe that stays open" "$status:$(tail -n 1 "$dir/live2")" = '0:{"s":3}'
fi
timeout 60 "$K" syslog "$dir/log" --follow start --duration 200ms -e 'Syslog | count' >"$dir/out" 2>"$dir/err"
status=$?
verdict "--duration" "$status:$(out)" = '0:{"Count":2}'

# ---- --stats: what came in is accounted for
# balanced NAME: each line of $dir/err with counts adds up
balanced()
{
    verdict "$1" "$(awk '/ in [0-9]+ = / { n++; split($0, p, "[=;]"); v = p[1]; sub(/.* in /, "", v); c = split(p[2], t, "+"); s = 0
        for (i = 1; i <= c; i++) { sub(/ *[a-z]+ /, "", t[i]); s += t[i] } bad += s != v + 0 } END { print n, bad + 0 }' "$dir/err")" = "3 0"
}
program json $J null --stats -e 'Json | where EventID == 4625' -e 'Json | summarize count() by tostring(EventID)' -e 'Json | take 2'
balanced "--stats adds up"
verdict "--stats: bad lines are errored" "$(grep -c '^sources  in 7 = out 6 + .* errored 1 ' "$dir/err")" = 1
printf 'a,b\n1,2\n3,4\n' | "$K" csv - null --stats 2>"$dir/err"
verdict "--stats: the bytes of the standard input" "$(sed -n 's/^sources .*; //p' "$dir/err")" = "12 bytes"
"$K" json "$dir/missing" 2>"$dir/err"
verdict "a file that is not there is named once" "$(grep -o missing "$dir/err" | wc -l)" = 1
program evtx $data/evtx_basic.evtx null --stats -e 'Evtx | where EventID == 4624'
balanced "--stats adds up with pushdown"
program csv $data/inventory.csv null --stats -e 'Csv | where score > 1 and active'
balanced "--stats adds up for csv"
{ "$K" json "$dir/many.jsonl" --stats 2>"$dir/err"; } | head -n 1 >"$dir/out"
balanced "--stats adds up when the pipe closes"

# ---- explain and the catalogue
program explain json "$dir/n.jsonl" -e 'Json | where a == 2 | summarize n = count() by b'
verdict "explain" "$status:$(grep -c 'rows where a == 2' "$dir/out"):$(grep -c summarize "$dir/out")" = 0:1:1
errs "explain: a wrong query" 3 'there is no operator' explain -e 'T | wher a'
program functions strcat
verdict "functions NAME" "$status:$(grep -c '^strcat ' "$dir/out"):$(wc -l <"$dir/out")" = 0:1:3
errs "functions: no such name" 2 'there is nothing of this name: strkat' functions strkat
program functions
verdict "functions" "$status:$(awk 'END { print (NR > 300) }' "$dir/out"):$(grep -c '^countif ' "$dir/out")" = 0:1:1
program options table
verdict "options KIND" "$status:$(grep -c '^table  width ' "$dir/out")" = 0:1

python3 tests/suite/program.py "$K" "$dir" || failed=1
exit $failed
