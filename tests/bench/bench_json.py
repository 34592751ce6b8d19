#!/usr/bin/env python3
"""The queries of bench_json.c in DuckDB, one thread, from the same file: GB/s, best of three."""
import os
import sys
import time

try:
    import duckdb
except ImportError:
    sys.exit("the module duckdb is missing")

PATH = sys.argv[1]
EVENT = "'STRUCT(\"User\" STRUCT(\"Name\" VARCHAR), Network STRUCT(SourceIp VARCHAR), Process STRUCT(Image VARCHAR, CommandLine VARCHAR))'"
TABLE = f"read_ndjson('{PATH}', columns={{EventID: 'BIGINT', Event: {EVENT}}})"
FIELDS = "Event.\"User\".\"Name\" a, Event.Network.SourceIp b, Event.Process.Image c"
QUERIES = {
    "number at 15 %, 3 fields": f"select count(a), count(b), count(c) from (select {FIELDS} from {TABLE} where EventID = 4625)",
    "text at 0.1 %, 3 fields": f"select count(a), count(b), count(c) from (select {FIELDS} from {TABLE} where contains(Event.Process.CommandLine, 'Schedule777'))",
    "3 fields of all": f"select count(a), count(b), count(c) from (select {FIELDS} from {TABLE})",
    "count by field": f"select Event.\"User\".\"Name\", count(*) from {TABLE} group by 1",
    "count": f"select count(*) from {TABLE}",
}

con = duckdb.connect()
con.execute("set threads = 1")
size = os.path.getsize(PATH) / 1e9
print("%-28s %9s" % ("DuckDB " + duckdb.__version__, "GB/s"))
for name, text in QUERIES.items():
    best = 1e9
    for _ in range(3):
        start = time.process_time()
        con.execute(text).fetchall()
        best = min(best, time.process_time() - start)
    print("%-28s %9.2f" % (name, size / best))
