#!/bin/sh
# The examples do what they say, on data of our own.
set -u
examples=$BUILD/examples
data=tests/data
dir=$(mktemp -d) || exit 1
agent=
trap 'test -n "$agent" && kill $agent 2>/dev/null; rm -rf "$dir"' EXIT
failed=0
: >"$dir/out"
: >"$dir/err"
test -x "$examples/minimal" || { echo "skip examples: they are not built in this variant"; exit 0; }

. tests/lib/verdict.sh
# await COMMAND: until it succeeds, at most half a minute
await()
{
    n=0
    while ! eval "$1" && test $n -lt 300; do
        sleep 0.1
        n=$((n + 1))
    done
}

# ---- minimal: the same rows as the program
verdict "minimal.c has at most 60 lines" "$(wc -l <examples/minimal.c)" -le 60
"$examples/minimal" $data/evtx_basic.evtx >"$dir/out" 2>"$dir/err"
status=$?
"$BUILD/kqlstream" evtx $data/evtx_basic.evtx csv --header false -e 'Evtx | where EventId == 4688
    | project s = strcat((TimeCreated - datetime(1970-01-01)) / 1s, " ", tostring(EventData.NewProcessName))' \
    2>/dev/null | tr -d '\r"' | sed 's/^\([0-9]*\)\.[0-9]*/\1/' >"$dir/want"
verdict "minimal" "$status:$(cat "$dir/out")" = "0:$(cat "$dir/want")"
verdict "minimal: there are such rows" "$(wc -l <"$dir/out"):$(cat "$dir/err")" = "$(wc -l <"$dir/want"):$(wc -l <"$dir/want") rows"
"$examples/minimal" "$dir/no" >"$dir/out" 2>"$dir/err"
status=$?
verdict "minimal: no file" "$status:$(grep -c 'No such file' "$dir/err")" = 1:1

# ---- push: two threads, 50 batches of 1000 rows each; of the pids 0..976 one in each batch is 42, and one in those from 977 on
N=50 timeout 60 "$examples/push" >"$dir/out" 2>"$dir/err"
status=$?
verdict "push" "$status:$(sed 's/, [0-9.]* M rows.*//' "$dir/err")" = '0:rc 1, 100 rows, sum 4200'

# ---- adapter: with pushdown the same as without
printf 'root:x:0:0:root:/root:/bin/bash\nbroken line\nsync:x:4:65534:sync:/bin:/bin/sync\nann:x:1000:1000:Ann:/srv/ann:/bin/zsh\nbob:x:1001:100:Bob:/srv/bob:/bin/bash\n' >"$dir/passwd"
"$examples/adapter" "$dir/passwd" 'Account | where Uid >= 1000 and Shell endswith "bash" | project User, Uid' >"$dir/out" 2>"$dir/err"
status=$?
verdict "adapter" "$status:$(cat "$dir/out")" = '0:{"User":"bob","Uid":1001}'
verdict "adapter: numbers are tested there, three columns decoded" "$(cat "$dir/err")" = 'adapter: 2 rows rejected here, 6 cells decoded'
"$examples/adapter" "$dir/passwd" 'Account | where toint(strcat("", Uid)) >= 1000 | count' >"$dir/out" 2>"$dir/err"
verdict "adapter: what it does not take over" "$(cat "$dir/out"):$(cat "$dir/err")" = '{"Count":2}:adapter: 0 rows rejected here, 4 cells decoded'
"$examples/adapter" "$dir/passwd" 'Account | where Nope == 1' >"$dir/out" 2>"$dir/err"
status=$?
verdict "adapter: a wrong query" "$status:$(grep -c "'Nope'" "$dir/err")" = 1:1

# ---- agent: rules change while it runs
mkdir "$dir/rules"
: >"$dir/sys.log"
: >"$dir/feed.jsonl"
printf '// failed logins\nAuthLog\n| where Message has "Failed"\n| project Message\n' >"$dir/rules/a.kql"
"$examples/agent" "$dir/rules" "$dir/sys.log" "$dir/feed.jsonl" "$dir/dead.jsonl" >"$dir/out" 2>"$dir/err" &
agent=$!
line() # line TEXT: into the log
{
    printf '<38>May  1 10:00:01 gw sshd[811]: %s\n' "$1" >>"$dir/sys.log"
}
rule() # rule FILE, text on standard input: replaced at once
{
    cat >"$dir/new"
    mv "$dir/new" "$dir/rules/$1"
}
# When a rule is taken over nothing tells but its alerts: lines are written until one comes.
lines_until() # lines_until TEXT
{
    n=0
    while ! grep -q "$1" "$dir/out" && test $n -lt 300; do
        line "$1 $n"
        sleep 0.1
        n=$((n + 1))
    done
}
line 'Accepted key for ann'
line 'Failed password for bob'
await 'grep -q bob "$dir/out"'
verdict "agent: an alert" "$(cat "$dir/out")" = '{"rule":"failed logins","row":{"Message":"Failed password for bob"}}'
printf '// keys\nAuthLog\n| where Message has "Accepted"\n| project M = Message\n' | rule a.kql
lines_until 'Accepted new'
line 'Failed again'
line 'Accepted end'
await 'grep -q "Accepted end" "$dir/out"'
verdict "agent: a changed rule acts, the old one does not" \
    "$(grep -c 'Accepted new' "$dir/out" | sed 's/[1-9].*/some/'):$(grep -c 'Failed again' "$dir/out"):$(grep -c '"M":' "$dir/out" | sed 's/[1-9].*/some/')" = some:0:some
printf 'AuthLog | wher Message' | rule a.kql
await 'grep -q "there is no operator" "$dir/err"'
line 'Accepted still'
await 'grep -q "Accepted still" "$dir/out"'
verdict "agent: a wrong rule is told and leaves the old one alone" "$(grep -c 'Accepted still' "$dir/out")" = 1
printf '// other feed\nEvents | where Score > 1 | project Name, Known = reputation(Hash)\n\n// counted\nAuthLog | where Message has "second" | project Message\n' | rule b.kql
lines_until second
printf '{"Score":2,"Name":"x","Hash":"%064d"}\n{"Score":0,"Name":"y"}\n{"Score":3,"Name":"z"}\n' 0 >>"$dir/feed.jsonl"
await 'grep -q "\"z\"" "$dir/out"'
verdict "agent: a rule on another feed, with the host function" "$(grep '"rule":"other feed"' "$dir/out")" = '{"rule":"other feed","row":{"Name":"x","Known":48}}
{"rule":"other feed","row":{"Name":"z","Known":null}}'
rm "$dir/rules/a.kql"
printf '// counted\nAuthLog | where Message has "third" | project Message\n' | rule b.kql
lines_until third
line 'Accepted too late'
line 'third end'
await 'grep -q "third end" "$dir/out"'
verdict "agent: a rule whose file went" "$(grep -c 'too late' "$dir/out")" = 0
kill -TERM $agent
wait $agent
status=$?
agent=
verdict "agent: ends with its counts" "$status:$(sed -n 's/^in \([0-9]*\) = out \([0-9]*\) + filtered \([0-9]*\) + errored 0 + dropped 0 + pending 0$/\1 \2 \3/p' "$dir/err" |
    awk '{ print ($1 == $2 + $3 && $1 > 10) }')" = 0:1
exit $failed
