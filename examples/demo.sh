#!/bin/sh
# make demo: KQL on a recorded Windows event log and on a log that is being written right now, on this machine.
set -eu
cd "$(dirname "$0")/.."
program=${1:-build}/kqlstream
work=$(mktemp -d)
writer=
trap 'test -z "$writer" || kill "$writer" 2>/dev/null || :; rm -rf "$work"' EXIT INT TERM

title() { printf '\n== %s\n' "$1"; }
show() # show TITLE QUERY ARGUMENTS...: prints the command and runs it
{
    title "$1"
    query=$2
    shift 2
    printf '$ kqlstream %s -e "\n%s"\n\n' "$*" "$query"
    "$program" "$@" -e "$query" --quiet --stats
}

show "1. A recorded feed: who logged on, how? (a small file of our own)" \
'Evtx
| where EventID == 4624
| extend Account = tostring(EventData.TargetUserName)
| summarize Logons = count(), First = min(TimeCreated), Last = max(TimeCreated) by Account, Type = tolong(EventData.LogonType)
| sort by Account asc' evtx tests/data/evtx_basic.evtx table

real=../shared/data/evtx
if [ -d "$real" ]; then
    show "2. The same on real logs: 34 files, most frequent events" \
'Evtx
| summarize Events = count(), Computers = dcount(Computer) by Provider, EventID
| top 10 by Events' evtx "$real" table
else
    title "2. The same on real logs: skipped, ../shared/data/evtx is not here"
fi

title "3. A live feed: a log that another process writes while it is followed; the table grows as each window closes"
( # eight seconds of a busy ssh server
    i=0
    while [ $i -lt 160 ]; do
        i=$((i + 1))
        now=$(date -u '+%b %e %H:%M:%S')
        echo "<86>$now web$((i % 2)) sshd[$((4000 + i))]: Failed password for root from 203.0.113.$((i % 5)) port 22 ssh2"
        test $((i % 4)) -ne 0 || echo "<86>$now web$((i % 2)) sshd[$((4000 + i))]: Accepted publickey for alice from 198.51.100.7 port 22 ssh2"
        sleep 0.05
    done
) >"$work/auth.log" &
writer=$!
query='Syslog
| where Message has "Failed password"
| extend Ip = extract(@"from ([0-9.]+)", 1, Message)
| summarize Failures = count(), Ips = dcount(Ip) by Second = bin(DeviceTimestamp, 1s), HostName'
printf '$ kqlstream syslog auth.log --follow start table -e "\n%s"\n\n' "$query"
"$program" syslog "$work/auth.log" --follow start table --duration 9s -e "$query" --quiet --stats
title "Done. Next: build/kqlstream --help, docs/, and examples/minimal.c for the library."
