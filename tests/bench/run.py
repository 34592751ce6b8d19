#!/usr/bin/env python3
"""The table of make bench. Usage: run.py BUILD [--only WORD] [--quick]

Each line is measured against something in the same run: ours and the peer take turns, the ratio is the median of the ratios of the
turns, and only processor time of one thread counts, so that other work on the machine changes little.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import data
import paths_query

try:
    import duckdb
except ImportError:
    duckdb = None


class Table:
    """Lines of the result, printed as they come."""

    FORMAT = "%-34s %12s  %-20s %12s %8s %8s  %s"

    def __init__(self, options):
        self.options, self.lines = options, []

    def wanted(self, path):
        return not self.options.only or self.options.only in path

    def head(self):
        print(self.FORMAT % ("path", "ours", "against", "its figure", "ratio", "goal", ""), flush=True)

    def add(self, path, unit, ours, peer_name="", peer=None, ratio=None, goal=None, goal_is_most=False):
        """goal: the least ratio, or (goal_is_most) the most that `ours` may be."""
        met = None
        if goal is not None and goal_is_most:
            met = ours <= goal
        elif goal is not None and ratio is not None:
            met = ratio >= goal
        text = "" if goal is None else "<= %g" % goal if goal_is_most else ">= %g" % goal
        verdict = {None: "no peer here" if goal is not None else "", True: "met", False: "MISSED"}[met]
        print(self.FORMAT % (path, self.figure(ours, unit), peer_name, self.figure(peer, unit), self.figure(ratio, "x"), text, verdict),
              flush=True)
        self.lines.append({"path": path, "unit": unit, "ours": ours, "against": peer_name, "peer": peer, "ratio": ratio, "goal": goal,
                           "goal_is_most": goal_is_most, "met": met})

    def note(self, path, text):
        print("%-34s %s" % (path, text), flush=True)
        self.lines.append({"path": path, "note": text})

    @staticmethod
    def figure(value, unit):
        if value is None:
            return "-"
        return "%.2f%s" % (value, "x") if unit == "x" else "%.4g %s" % (value, unit)

    def times(self, path, unit, scale, ours, peer_name, peer, goal=None):
        """ours, peer: seconds by turn; scale / seconds is the figure for rates, seconds * scale for the others."""
        ratio = statistics.median(p / o for o, p in zip(ours, peer)) if peer else None
        def show(x):
            return None if not x else (scale / statistics.median(x) if unit.endswith("/s") else scale * statistics.median(x))
        self.add(path, unit, show(ours), peer_name, show(peer), ratio, goal)


class Worker:
    """A bench program that answers each line with numbers."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer or answer[0] == "failed":
            sys.exit("run.py: no answer to: " + line)
        return [float(x) for x in answer]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def spent(command, output):
    """Processor time of a program, and its largest resident size in KiB."""
    pid = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL).pid
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit("run.py: failed: " + " ".join(command))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def bench_queries(t, o):
    worker = Worker(o.build + "/bench/bench_query", str(o.millions))
    peer = paths_query.Peer(duckdb, o.millions) if duckdb else None
    for name, kql, sql in paths_query.QUERIES:
        if not t.wanted("typed " + name):
            continue
        ours, theirs = [], []
        for turn in range(o.turns + 1):
            seconds, rows, total = worker.ask(kql)
            if peer:
                other, their_rows, their_total = peer.run(sql)
                if abs(total - their_total) > 1e-9 * abs(total) or rows != their_rows:
                    sys.exit("run.py: results differ: %s: %g rows %.17g, %g rows %.17g" % (name, rows, total, their_rows, their_total))
            if turn:  # the first one warms up
                ours.append(seconds)
                theirs += [other] if peer else []
        t.times("typed " + name, "ns/row", 1e3 / o.millions, ours, "DuckDB" if peer else "", theirs, 0.5)
    worker.close()


def bench_evtx(t, o, folder):
    path = folder + "/bench.evtx"
    where = data.make_evtx(path, o.evtx_mb, o.build)
    size = os.path.getsize(path)
    query = "Evtx | where EventID == 4624 | project TimeCreated, EventData.TargetUserName, EventData.IpAddress"
    worker = Worker(o.build + "/bench/bench_feed", "evtx", path)
    worker.ask("read")
    ours, plain, peak = [], [], 0
    for _ in range(o.turns):
        plain.append(worker.ask("read")[0])
        seconds, rows, peak = worker.ask(query)
        ours.append(seconds)
    _, total, _ = worker.ask("Evtx | count | project-away Count | where false")
    worker.close()
    t.times("evtx filter, 3 fields", "GB/s", size / 1e9, ours, "read() and sum", plain, 0.4)
    t.add("evtx filter, resident", "MiB", peak / 1024, goal=30, goal_is_most=True)
    t.note("", "%d MiB of %s, %d rows match" % (size >> 20, where, rows))


def bench_evtx_json(t, o, folder):
    path = folder + "/bench-json.evtx"
    data.make_evtx(path, o.evtx_json_mb, o.build)
    size = os.path.getsize(path)
    dump = shutil.which("evtx_dump") or shutil.which(os.path.expanduser("~/.cargo/bin/evtx_dump"))
    ours, theirs = [], []
    with open(os.devnull, "w") as null:
        for _ in range(2 * o.turns + 1):
            ours.append(spent([o.build + "/kqlstream", "evtx", path], null)[0])
            if dump:
                theirs.append(spent([dump, "-t", "1", "-o", "jsonl", path], null)[0])
    t.times("evtx to JSON, all columns", "GB/s", size / 1e9, ours, "evtx_dump -t 1" if dump else "", theirs, 2)
    os.unlink(path)


def bench_json(t, o, folder):
    path = folder + "/bench.jsonl"
    data.make_json(path, o.json_mb)
    size = os.path.getsize(path)
    worker = Worker(o.build + "/bench/bench_feed", "json", path)
    worker.ask("read")
    for name, kql, sql in paths_query.json_queries(path):
        ours, theirs, plain = [], [], []
        for turn in range(o.turns):
            plain.append(worker.ask("read")[0])
            seconds, rows, peak = worker.ask(kql)
            ours.append(seconds)
            if duckdb:
                theirs.append(paths_query.timed(duckdb, sql, rows))
        goal = None if name == paths_query.JSON_ALL else 2
        t.times("json " + name, "GB/s", size / 1e9, ours, "DuckDB" if duckdb else "", theirs, goal)
        if name == paths_query.JSON_MAIN:
            t.times("json, same", "GB/s", size / 1e9, ours, "read() and sum", plain)
    t.add("json, resident", "MiB", peak / 1024, goal=30, goal_is_most=True)
    worker.close()
    os.unlink(path)


def bench_csv(t, o, folder):
    path = folder + "/bench.csv"
    data.make_csv(path, o.json_mb)
    size = os.path.getsize(path)
    worker = Worker(o.build + "/bench/bench_feed", "csv", path)
    for name, kql, sql in paths_query.csv_queries(path):
        ours, theirs = [], []
        for _ in range(o.turns):
            seconds, rows, _ = worker.ask(kql)
            ours.append(seconds)
            if duckdb:
                theirs.append(paths_query.timed(duckdb, sql, rows))
        t.times("csv " + name, "GB/s", size / 1e9, ours, "DuckDB" if duckdb else "", theirs)
    worker.close()
    os.unlink(path)


def bench_rules(t, o, folder):
    """Many filter queries in one run, against one of them."""
    for kind, make, table in (("evtx", lambda p: data.make_evtx(p, o.evtx_json_mb // 4, o.build), "Evtx"),
                              ("json", lambda p: data.make_json(p, o.json_mb // 4), "Json")):
        path = folder + "/rules." + kind
        make(path)
        worker = Worker(o.build + "/bench/bench_rules", kind, path, table)
        one, many = [], []
        for _ in range(o.turns):
            one.append(worker.ask("1")[0])
            many.append(worker.ask("1000")[0])
        worker.close()
        t.add("1000 rules, " + kind, "s", statistics.median(many), "one rule", statistics.median(one),
              statistics.median(a / b for a, b in zip(one, many)))
        os.unlink(path)


def bench_push(t, o):
    worker = Worker(o.build + "/bench/bench_push")
    answers = {what: [] for what in ("columns", "rows", "struct", "call", "thread", "eventfd")}
    for _ in range(o.turns):
        for what, got in answers.items():
            got.append(worker.ask(what))
    worker.close()
    middle = {what: [statistics.median(column) for column in zip(*got)] for what, got in answers.items()}
    by_hand = middle["struct"][0]
    t.add("push, batches of 1,000", "ns/row", middle["columns"][0], "C loop", by_hand, by_hand / middle["columns"][0], 50, True)
    t.add("push, row by row", "ns/row", middle["rows"][0], "C loop", by_hand, by_hand / middle["rows"][0], 150, True)
    t.add("push to callback, p50", "us", middle["call"][0], goal=100, goal_is_most=True)
    t.add("push to callback, p99", "us", middle["call"][1], goal=100, goal_is_most=True)
    for i, name in enumerate(("p50", "p99")):
        ours, bare = middle["thread"][i], middle["eventfd"][i]
        t.add("to another thread, " + name, "us", ours, "bare eventfd", bare, bare / ours)


def bench_memory(t, o):
    worker = Worker(o.build + "/bench/bench_push")
    one, more, all_of_it = worker.ask("idle")
    worker.close()
    t.add("idle filter query, private", "MiB", one / 1024, goal=10, goal_is_most=True)
    t.add("each further query", "KiB", more, goal=20, goal_is_most=True)
    t.add("101 queries, resident", "MiB", all_of_it / 1024)


def compile_times(o, folder, queries, tables=None):
    with open(folder + "/queries", "wb") as f:
        for text in queries:
            f.write(text.encode() + b"\0")
    command = [o.build + "/bench/bench_compile", folder + "/queries"] + ([tables] if tables else [])
    return [float(x) for x in subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()]


def bench_compile(t, o, folder):
    typed = [kql for _, kql, _ in paths_query.QUERIES]
    if duckdb:
        peer = paths_query.Peer(duckdb, 0.001)
        ours, theirs = [], []
        for _ in range(o.turns):
            ours.append(sum(abs(x) for x in compile_times(o, folder, typed, paths_query.TABLES)) / len(typed) * 1e-6)
            theirs.append(peer.planning() / len(typed))
        t.times("compile, the typed queries", "us", 1e6, ours, "DuckDB, EXPLAIN", theirs)
    real = data.real_queries()
    if not real:
        t.note("compile, real queries", "there are none here")
        return
    times = compile_times(o, folder, real)
    good = [x for x in times if x > 0]
    t.add("compile, real queries, median", "us", statistics.median(good), goal=1000, goal_is_most=True)
    t.add("compile, real queries, worst", "us", max(good), goal=20000, goal_is_most=True)
    t.note("", "%d queries, %d refused" % (len(times), len(times) - len(good)))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--only", default="", help="only paths that contain this word")
    p.add_argument("--quick", action="store_true", help="smaller inputs, three turns")
    o = p.parse_args()
    o.turns, o.millions, o.evtx_mb, o.evtx_json_mb, o.json_mb = (3, 1, 128, 48, 64) if o.quick else (5, 4, 1024, 192, 256)
    t, start = Table(o), time.time()
    folder = tempfile.mkdtemp(prefix="kqlstream-bench-")
    try:
        if shutil.disk_usage(folder).free < (o.evtx_mb + o.json_mb + 512) << 20:
            sys.exit("run.py: not enough room in " + folder)
        t.head()
        bench_queries(t, o) if t.wanted("typed") or o.only.startswith("typed") else None
        for word, run in (("evtx filter", bench_evtx), ("evtx to JSON", bench_evtx_json), ("json", bench_json),
                          ("csv", bench_csv), ("rules", bench_rules), ("compile", bench_compile)):
            if t.wanted(word):
                run(t, o, folder)
        for word, run in (("push", bench_push), ("memory", bench_memory)):
            if t.wanted(word):
                run(t, o)
    finally:
        shutil.rmtree(folder)
    out = o.build + "/bench/results.json"
    with open(out, "w") as f:
        json.dump({"duckdb": getattr(duckdb, "__version__", None), "turns": o.turns, "lines": t.lines}, f, indent=1)
    missed = [line["path"] for line in t.lines if line.get("met") is False]
    print("%d lines, %d goals missed%s; %.0f s, %s" % (len(t.lines), len(missed), ": " + ", ".join(missed) if missed else "",
                                                      time.time() - start, out))


if __name__ == "__main__":
    main()
