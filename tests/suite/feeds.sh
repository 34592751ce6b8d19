#!/bin/sh
# JSON, CSV and syslog through the program: results, counts, standard input, a file that grows.
set -u
data=tests/data
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
# expect NAME TEXT ARGUMENT...
expect()
{
    name=$1 want=$2
    shift 2
    got=$("$BUILD/kqlstream" "$@" 2>"$dir/err" | tr -d '\r')
    if test "$got" = "$want"; then
        echo "ok $name"
    else
        echo "not ok $name: $got"
        cat "$dir/err"
        failed=1
    fi
}
expect "json filter" 'Name,Port
bob,50002
bob,50003
administrator,
dave,123456789012345680000.0' json $data/signins.jsonl csv -e 'Json | where EventID == 4625 | project Name = User.Name, Port = Source.Port'
expect "json text" '{"Count":1}' json $data/signins.jsonl json -e 'Json | where User.Name has "administrator" | count'
expect "json by time" '{"Time":"2024-05-01T10:00:00.0000000Z","n":4}
{"Time":"2024-05-01T10:01:00.0000000Z","n":1}
{"Time":"2024-05-01T10:02:00.0000000Z","n":1}' json $data/signins.jsonl --time_column Time json -e 'Json | summarize n = count() by bin(Time, 1m)'
"$BUILD/kqlstream" json $data/signins.jsonl null --stats 2>"$dir/err" >/dev/null
if grep -q 'line 5: the text ends within a value' "$dir/err"; then
    echo "ok a bad line is reported with its number"
else
    echo "not ok a bad line is reported with its number"
    cat "$dir/err"
    failed=1
fi
expect "csv types" '{"host":"web-01","score":1.5,"added":"2024-01-02T03:04:05.0000000Z","note":"front end, public"}
{"host":"db-02","score":10.0,"added":null,"note":"two\nlines"}' csv $data/inventory.csv json -e 'Csv | where active | project host, score, added, note'
expect "csv schema" '{"host":"db-01","score":"2"}' csv $data/inventory.csv --schema 'score:string,host:string' json -e 'Csv | where host == "db-01" | project host, score'
expect "syslog" 'HostName,AppName,ProcId,Port
gw,sshd,811,50022
gw,sshd,811,50023' syslog $data/auth.log csv -e 'Syslog | where AppName == "sshd" | project HostName, AppName, ProcId, Port = ExtractedData.Port'
expect "syslog kinds" 'k,n
Rfc3164,3
Rfc5424,1
KeyValuePairs,1
PlainText,1' syslog $data/auth.log csv -e 'Syslog | summarize n = count() by k = strcat(LogFileLineage.PayloadType)'
got=$("$BUILD/kqlstream" json - json -e 'Json | where a > 1' <<END 2>/dev/null
{"a":1}{"a":2}
[{"a":3},{"a":0}]
END
)
test "$got" = '{"a":2}
{"a":3}' && echo "ok standard input" || { echo "not ok standard input: $got"; failed=1; }

# A log is followed while it is written, rotated and written again.
: >"$dir/log"
"$BUILD/kqlstream" syslog "$dir/log" --follow start json "$dir/out" -e 'Syslog | where Message has "x" | project Message' 2>/dev/null &
pid=$!
echo "first x" >>"$dir/log"
sleep 1
mv "$dir/log" "$dir/log.1"
echo "no" >"$dir/log"
echo "second x" >>"$dir/log"
sleep 1
kill -INT $pid
wait $pid
status=$?
got=$(cat "$dir/out")
if test $status = 0 && test "$got" = '{"Message":"first x"}
{"Message":"second x"}'; then
    echo "ok a followed and rotated log"
else
    echo "not ok a followed and rotated log: status $status, $got"
    failed=1
fi
exit $failed
