"""Queries of run.py in KQL and SQL, and DuckDB on one thread with the table of bench_query.c."""
import time

TABLES = "T(id:long, k10:long, k1k:long, k1m:long, v:long, r:real, s:string, s10:string, s1m:string)"

# The needles are such that DuckDB's contains() finds the same rows as has.
QUERIES = [
    ("filter", "T | where v < 5000 | summarize count()", "select count(*) from T where v < 5000"),
    ("filter, 3 terms", "T | where v between (100 .. 60000) and k10 != 3 and k1k > 500 | summarize count()",
     "select count(*) from T where v between 100 and 60000 and k10 <> 3 and k1k > 500"),
    ("filter and sum", "T | where v > 50000 | summarize sum(v), max(r)", "select sum(v), max(r) from T where v > 50000"),
    ("arithmetic", "T | extend x = v * 3 + k1k, y = r * 2.0 - 1.0 | summarize sum(x), sum(y)",
     "select sum(v * 3 + k1k), sum(r * 2.0::double - 1.0::double) from T"),
    ("string ==", "T | where s == 'user-77.example.com/path' | summarize count()",
     "select count(*) from T where s = 'user-77.example.com/path'"),
    ("string contains", "T | where s contains_cs '-77' | summarize count()", "select count(*) from T where contains(s, '-77')"),
    ("string contains, no case", "T | where s contains 'USER-77' | summarize count()", "select count(*) from T where s ilike '%USER-77%'"),
    ("string has", "T | where s has_cs 'user-77' | summarize count()", "select count(*) from T where contains(s, 'user-77.')"),
    ("string startswith", "T | where s startswith_cs 'user-7' | summarize count()", "select count(*) from T where starts_with(s, 'user-7')"),
    ("group by 10", "T | summarize n = count(), x = sum(v) by k10", "select k10, count(*), sum(v) from T group by k10"),
    ("group by 1k", "T | summarize n = count(), x = sum(v) by k1k", "select k1k, count(*), sum(v) from T group by k1k"),
    ("group by 1M", "T | summarize n = count(), x = sum(v) by k1m | summarize count(), max(x)",
     "select count(*), max(x) from (select k1m, count(*), sum(v) as x from T group by k1m)"),
    ("group by 10 strings", "T | summarize n = count(), x = sum(v) by s10 | project n, x", "select count(*), sum(v) from T group by s10"),
    ("group by 1k strings", "T | summarize n = count(), x = sum(v) by s | project n, x", "select count(*), sum(v) from T group by s"),
    ("group by 1M strings", "T | summarize n = count(), x = sum(v) by s1m | summarize count(), max(x)",
     "select count(*), max(x) from (select s1m, count(*), sum(v) as x from T group by s1m)"),
    ("distinct count", "T | summarize count_distinct(k1k)", "select count(distinct k1k) from T"),
    ("distinct count, 1M", "T | summarize count_distinct(k1m)", "select count(distinct k1m) from T"),
    ("distinct count by group", "T | summarize n = count_distinct(v) by k10", "select k10, count(distinct v) from T group by k10"),
    ("dcount", "T | summarize dcount(v) | where dcount_v < 0", "select x from (select approx_count_distinct(v) as x from T) where x < 0"),
    ("distinct", "T | distinct k1m | count", "select count(*) from (select distinct k1m from T)"),
    ("top 10", "T | top 10 by r desc | project r", "select r from T order by r desc limit 10"),
    ("sort", "T | sort by r asc, id asc | where row_number() == 1000 | project id",
     "select id from (select id, r from T order by r asc, id asc limit {rows} offset 999) limit 1"),
    ("join", "T | join kind=inner (range x from 0 to 99999 step 1 | extend y = x * 2) on $left.k1m == $right.x | summarize sum(y)",
     "select sum(y) from T join (select x, x * 2 as y from range(100000) r(x)) u on T.k1m = u.x"),
]

JSON_MAIN, JSON_ALL = "number at 15 %, 3 fields", "3 fields of all"


def json_queries(path):
    """(name, KQL, SQL); the SQL returns a count of rows that must be ours."""
    event = ("'STRUCT(\"User\" STRUCT(\"Name\" VARCHAR), Network STRUCT(SourceIp VARCHAR), "
             "Process STRUCT(Image VARCHAR, CommandLine VARCHAR))'")
    table = f"read_ndjson('{path}', columns={{EventID: 'BIGINT', Event: {event}}})"
    counts = "select count(*), count(a), count(b), count(c) from (select Event.\"User\".\"Name\" a, Event.Network.SourceIp b, Event.Process.Image c"
    fields = "project Event.User.Name, Event.Network.SourceIp, Event.Process.Image"
    return [
        (JSON_MAIN, f"Json | where EventID == 4625 | {fields}", f"{counts} from {table} where EventID = 4625)"),
        ("text at 0.1 %, 3 fields", f"Json | where Event.Process.CommandLine has 'Schedule777' | {fields}",
         f"{counts} from {table} where contains(Event.Process.CommandLine, 'Schedule777'))"),
        (JSON_ALL, f"Json | {fields}", f"{counts} from {table})"),
    ]


def csv_queries(path):
    """As json_queries()."""
    table = (f"read_csv('{path}', header = true, columns = {{seq: 'BIGINT', time: 'TIMESTAMP', host: 'VARCHAR', code: 'BIGINT', "
             "size: 'DOUBLE', note: 'VARCHAR'})")
    return [
        ("number at 10 %, 3 fields", "Csv | where code < 100 | project seq, host, size",
         f"select count(*), count(seq), count(host), count(size) from {table} where code < 100"),
        ("3 fields of all", "Csv | project seq, host, size", f"select count(*), count(seq), count(host), count(size) from {table}"),
    ]


def timed(duckdb, sql, rows):
    with duckdb.connect() as db:
        db.execute("set threads = 1")
        start = time.process_time()
        got = db.execute(sql).fetchall()
        spent = time.process_time() - start
    if got[0][0] != rows:
        raise SystemExit("run.py: %d rows, DuckDB has %d" % (rows, got[0][0]))
    return spent


class Peer:
    def __init__(self, duckdb, millions):
        self.rows = int(millions * 1e6)
        self.db = duckdb.connect()
        self.db.execute("set threads = 1")
        self.db.execute(f"""create table T as select i as id, h % 10 as k10, h // 10 % 1000 as k1k, g % 1000000 as k1m, h // 7 % 100000 as v,
            (g // 3 % 1000000)::double * 0.5 as r, 'user-' || (h // 10 % 1000) || '.example.com/path' as s, 'host-' || (h % 10) as s10,
            'process-' || (g % 1000000) || '.exe' as s1m
            from (select i, g, (g * g + i) % 998244353 as h from (select i, i * 6364136223 % 1000000007 as g from range({self.rows}) r(i)))""")

    def run(self, sql):
        start = time.process_time()
        got = self.db.execute(sql.format(rows=self.rows)).fetchall()
        spent = time.process_time() - start
        return spent, len(got), float(sum(x for row in got for x in row if x is not None))

    def planning(self):
        """Seconds to plan all queries once, the least of five."""
        best = []
        for _, _, sql in QUERIES:
            least = 1e9
            for _ in range(5):
                start = time.process_time()
                self.db.execute("explain " + sql.format(rows=self.rows))
                least = min(least, time.process_time() - start)
            best.append(least)
        return sum(best)
