#!/usr/bin/env python3
"""The queries of bench_query.c in DuckDB, one thread, data in memory: ns a row, best of three."""
import sys
import time

try:
    import duckdb
except ImportError:
    sys.exit("the module duckdb is missing")

QUERIES = {
    "filter int": "select count(*) from T where v < 5000",
    "filter 3": "select count(*) from T where v between 100 and 60000 and k10 <> 3 and k1k > 500",
    "arithmetic": "select sum(v * 3 + k1k), sum(r * 2.0::double - 1.0::double) from T",
    "sum filter": "select sum(v), max(r) from T where v > 50000",
    "string ==": "select count(*) from T where s = 'user-77.example.com/path'",
    "string contains": "select count(*) from T where contains(s, '-77')",
    "string startswith": "select count(*) from T where starts_with(s, 'user-7')",
    "group by 10": "select k10, count(*), sum(v) from T group by k10",
    "group by 1k": "select k1k, count(*), sum(v) from T group by k1k",
    "group by 1M": "select count(*) from (select k1m, count(*), sum(v) from T group by k1m)",
    "group by string": "select s, count(*) from T group by s",
    "distinct count": "select count(distinct k1k) from T",
    "distinct by group": "select k10, count(distinct v) from T group by k10",
    "dcount": "select approx_count_distinct(v) from T",
    "distinct": "select count(*) from (select distinct k1m from T)",
    "top 10": "select * from T order by v desc, id asc limit 10",
    "sort": "select count(*) from (select id from T order by r asc, id asc offset 1)",
    "join": "select sum(y) from T join (select x, x * 2 as y from range(100000) r(x)) u on T.k1m = u.x",
}


def main():
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 4
    rows = int(millions * 1e6)
    db = duckdb.connect()
    db.execute("set threads = 1")
    db.execute(f"""create table T as select i as id, (h % 10)::bigint as k10, (h % 1000)::bigint as k1k, (h % 1000000)::bigint as k1m,
        ((h >> 20) % 100000)::bigint as v, ((h >> 30) % 1000000)::double * 0.5 as r, 'user-' || (h % 1000) || '.example.com/path' as s
        from (select i, hash(i) as h from range({rows}) r(i))""")
    for name, sql in QUERIES.items():
        best = min(timed(db, sql) for _ in range(3))
        print(f"{name:18} {best * 1e9 / rows:8.2f} ns/row", flush=True)


def timed(db, sql):
    start = time.process_time()
    db.execute(sql).fetchall()
    return time.process_time() - start


if __name__ == "__main__":
    main()
