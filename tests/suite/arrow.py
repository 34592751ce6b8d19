# arrow.py LIBRARY - results as Arrow data in PyArrow, and PyArrow's data as rows, through the C data interface and the public API.
import ctypes
import datetime
import decimal
import json
import random
import sys
import uuid

import pyarrow as pa

lib = ctypes.CDLL(sys.argv[1])
P = ctypes.c_void_p
NTS = ctypes.c_size_t(-1).value
UTC = datetime.timezone.utc
failed = False


class Str(ctypes.Structure):
    _fields_ = [("ptr", P), ("len", ctypes.c_size_t)]


class Option(ctypes.Structure):
    _fields_ = [("key", ctypes.c_char_p), ("value", ctypes.c_char_p)]


class Info(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("query_id", ctypes.c_uint64), ("sequence", ctypes.c_uint64), ("query", ctypes.c_char_p),
                ("n_rows", ctypes.c_size_t), ("n_columns", ctypes.c_size_t), ("row_kinds", P), ("from_ticks", ctypes.c_int64),
                ("to_ticks", ctypes.c_int64), ("result", ctypes.c_uint32), ("schema_generation", ctypes.c_uint32)]


class QueryOptions(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("sources", P), ("n_sources", ctypes.c_size_t), ("rest", ctypes.c_char * 64)]


class CArray(ctypes.Structure):
    _fields_ = [("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64), ("n_buffers", ctypes.c_int64),
                ("n_children", ctypes.c_int64), ("buffers", P), ("children", P), ("dictionary", P), ("release", P), ("private_data", P)]


class CSchema(ctypes.Structure):
    _fields_ = [("format", P), ("name", P), ("metadata", P), ("flags", ctypes.c_int64), ("n_children", ctypes.c_int64), ("children", P),
                ("dictionary", P), ("release", P), ("private_data", P)]


class CStream(ctypes.Structure):
    _fields_ = [("call", P * 4), ("private_data", P)]


lib.rtq_blob_get.restype = Str


def verdict(name, good, seen=""):
    global failed
    print(("ok " if good else "not ok ") + name)
    if not good:
        print("   ", ascii(seen)[:900])
        failed = True


def done(code):
    if code < 0:
        raise RuntimeError(code)
    return code


class Rig:
    """One push source or none, one query, one queue."""

    def __init__(self, kql, schema=None):
        self.env, self.source, self.query, self.queue, self.run, self.appender = P(), P(), P(), P(), P(), P()
        done(lib.rtq_env_new(ctypes.byref(self.env), None))
        if schema:
            options = (Option * 2)(Option(b"table", b"T"), Option(b"schema", schema.encode()))
            done(lib.rtq_source_open(ctypes.byref(self.source), self.env, b"push", options, ctypes.c_size_t(2), None))
            done(lib.rtq_appender_new(ctypes.byref(self.appender), self.source, None))
        self.kql = kql

    def start(self):
        sources = (P * 1)(self.source)
        options = QueryOptions(24, ctypes.addressof(sources), 1 if self.source else 0)  # size: an older, shorter struct
        done(lib.rtq_query_compile(ctypes.byref(self.query), self.env, self.kql.encode(), ctypes.c_size_t(NTS), ctypes.byref(options), None))
        done(lib.rtq_sink_queue(ctypes.byref(self.queue), self.env, ctypes.c_size_t(10000)))
        done(lib.rtq_run_new(ctypes.byref(self.run), self.env, None))
        if self.source:
            done(lib.rtq_run_add_source(None, self.run, self.source, None))
        done(lib.rtq_run_add_query(None, self.run, self.query, self.queue, None, None))

    def append(self, batch):
        """The code, and whether the array was moved in."""
        a, s = CArray(), CSchema()
        batch._export_to_c(ctypes.addressof(a), ctypes.addressof(s))
        code = lib.rtq_appender_arrow(self.appender, ctypes.byref(s), ctypes.byref(a))
        moved = a.release is None
        for x in (a, s):
            if x.release:
                ctypes.CFUNCTYPE(None, P)(x.release)(ctypes.addressof(x))
        return code, moved

    def end(self):
        if self.appender:
            done(lib.rtq_appender_flush(self.appender))
            lib.rtq_appender_free(self.appender)
            lib.rtq_source_free(self.source)
            self.appender, self.source = P(), P()

    def batches(self):
        """Of each batch: its rows as JSON, and as a record batch of PyArrow."""
        all_rows, all_batches = [], []
        done(lib.rtq_run_all(self.run, None))
        batch, blob = P(), P()
        while lib.rtq_sink_take(ctypes.byref(batch), self.queue) == 0:
            info = Info(size=ctypes.sizeof(Info))
            done(lib.rtq_batch_info_get(ctypes.byref(info), batch))
            for r in range(info.n_rows):
                done(lib.rtq_batch_json(ctypes.byref(blob), batch, ctypes.c_size_t(r)))
                text = lib.rtq_blob_get(blob)
                all_rows.append(json.loads(ctypes.string_at(text.ptr, text.len)))
            a, s = CArray(), CSchema()
            done(lib.rtq_batch_arrow(ctypes.byref(s), ctypes.byref(a), batch))
            lib.rtq_batch_free(batch)  # the array lives on by itself
            all_batches.append(pa.RecordBatch._import_from_c(ctypes.addressof(a), ctypes.addressof(s)))
        lib.rtq_blob_free(blob)
        return all_rows, all_batches

    def close(self):
        lib.rtq_appender_free(self.appender)
        lib.rtq_run_free(self.run), lib.rtq_sink_free(self.queue), lib.rtq_query_free(self.query)
        lib.rtq_source_free(self.source), lib.rtq_env_free(self.env)


def result_of(kql):
    rig = Rig(kql)
    rig.start()
    rows, batches = rig.batches()
    rig.close()
    return rows, batches


# ---- results to PyArrow
KINDS = "b:bool, i:int, l:long, r:real, d:decimal, s:string, t:datetime, w:timespan, g:guid, y:dynamic"
GUID = uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")
rows, batches = result_of(f"""datatable({KINDS})[
    true, int(-5), long(-9223372036854775808), 0.5, decimal(1.25), 'a ü 😀', datetime(2024-02-29T12:34:56.1234567Z), time(-1.02:03:04.0000005),
        guid({GUID}), dynamic({{"a":[1,2.5,null]}}),
    bool(null), int(null), long(null), real(null), decimal(null), '', datetime(null), time(null), guid(null), dynamic(null),
    false, int(2147483647), 9223372036854775807, real(nan), decimal(-123456789012345678901234567890.5), 'longer than twelve bytes by far',
        datetime(1969-12-31T23:59:59.9999999Z), 0s, guid(00000000-0000-0000-0000-000000000000), dynamic("text")]""")
types = {"b": pa.bool_(), "i": pa.int32(), "l": pa.int64(), "r": pa.float64(), "d": pa.string(), "s": pa.string(),
         "t": pa.timestamp("ns", "UTC"), "w": pa.duration("ns"), "g": pa.binary(16), "y": pa.string()}
table = pa.Table.from_batches(batches)
table.validate(full=True)
verdict("export: types", {f.name: f.type for f in table.schema} == types, table.schema)
verdict("export: what the types stand for", {f.name: (f.metadata or {}).get(b"kqlstream.type") for f in table.schema} ==
        dict.fromkeys("bilrstw") | {"d": b"decimal", "g": b"guid", "y": b"dynamic"}, [f.metadata for f in table.schema])
got = {c: table[c].to_pylist() for c in "bilsdgy"}
verdict("export: values", got == {
    "b": [True, None, False], "i": [-5, None, 2147483647], "l": [-2**63, None, 2**63 - 1], "s": ["a ü 😀", "", "longer than twelve bytes by far"],
    "d": ["1.25", None, "-123456789012345678901234567890.5"], "g": [GUID.bytes, None, bytes(16)],
    "y": ['{"a":[1,2.5,null]}', None, '"text"']}, got)
got = [table["r"].to_pylist(), table["t"].cast(pa.int64()).to_pylist(), table["w"].cast(pa.int64()).to_pylist()]
verdict("export: reals, times, spans", got[0][:2] == [0.5, None] and got[0][2] != got[0][2] and
        got[1] == [1709210096123456700, None, -100] and got[2] == [-93784000000500, None, 0], got)
rows, batches = result_of("print t = datetime(0001-01-01), u = datetime(9999-12-31), v = time(1000000.00:00:00)")
batches[0].validate(full=True)
verdict("export: times beyond nanoseconds are null", batches[0].to_pylist() == [{"t": None, "u": None, "v": None}], batches[0])
rows, batches = result_of("range x from 1 to 5000 step 1 | extend s = iff(x % 3 == 0, '', strcat('s', x)), n = iff(x % 7 == 0, long(null), x)")
table = pa.Table.from_batches(batches)
table.validate(full=True)
verdict("export: many batches", table.to_pylist() == rows and len(rows) == 5000, table.num_rows)
part = pa.Table.from_batches([b.slice(3, 11) for b in batches])
part.validate(full=True)
verdict("export: slices", part.to_pylist()[:11] == rows[3:14])
rig = Rig("range x from 1 to 3000 step 1 | where x % 2 == 0")
rig.start()
stream = CStream()
done(lib.rtq_sink_arrow_stream(ctypes.byref(stream), rig.queue, rig.run))
whole = pa.RecordBatchReader._import_from_c(ctypes.addressof(stream)).read_all()
whole.validate(full=True)
verdict("export: a stream", whole["x"].to_pylist() == list(range(2, 3001, 2)))
del whole
rig.close()


# ---- PyArrow's data as rows
def import_one(name, schema, arrays, want, code=0):
    """Appends record batches one after another, and compares what comes out of a query as JSON."""
    rig = Rig("T", schema)
    codes = []
    for batch in arrays:
        rc, moved = rig.append(batch)
        codes.append(rc if moved == (rc == 0) else "an array that was not moved as told")
    rig.start()
    rig.end()
    rows, batches = rig.batches()
    for batch in batches:
        batch.validate(full=True)
    rig.close()
    verdict("import: " + name, set(codes) == {code} and rows == want, (codes, rows[:5], want[:5]))


def column(values, kind):
    return pa.record_batch([pa.array(values, kind)], ["c"])


for kind, low, high in (("int8", -128, 127), ("uint8", 0, 255), ("int16", -2**15, 2**15 - 1), ("uint16", 0, 2**16 - 1), ("int32", -2**31, 2**31 - 1),
                        ("uint32", 0, 2**32 - 1), ("int64", -2**63, 2**63 - 1), ("uint64", 0, 2**63 - 1)):
    import_one(kind, "c:long", [column([low, None, high, 1], getattr(pa, kind)())], [{"c": x} for x in (low, None, high, 1)])
import_one("uint64 beyond long is null", "c:long", [column([2**63, 5], pa.uint64())], [{"c": None}, {"c": 5}])
import_one("float", "c:real", [column([0.5, None, -1.25], pa.float32())], [{"c": x} for x in (0.5, None, -1.25)])
import_one("double", "c:real", [column([0.1, None, 1e300], pa.float64())], [{"c": x} for x in (0.1, None, 1e300)])
import_one("bool", "c:bool", [column([True, None, False] * 5, pa.bool_()).slice(2, 9)], [{"c": x} for x in ([True, None, False] * 5)[2:11]])
words = ["", "ü", None, "x" * 100, "longer than twelve bytes"]
shown = [{"c": x or ""} for x in words]
import_one("string", "c:string", [column(words, pa.string())], shown)
import_one("large_string", "c:string", [column(words, pa.large_string())], shown)
import_one("null", "c:dynamic", [column([None, None], pa.null())], [{"c": None}, {"c": None}])
import_one("dictionary of strings", "c:string", [pa.record_batch([pa.array(words).dictionary_encode()], ["c"])], shown)
indices = pa.array([2, None, 0, 1], pa.int8())
import_one("dictionary of numbers", "c:long", [pa.record_batch([pa.DictionaryArray.from_arrays(indices, pa.array([7, None, 9]))], ["c"])],
           [{"c": x} for x in (9, None, 7, None)])
at = datetime.datetime(2024, 2, 29, 12, 34, 56, 123456, tzinfo=UTC)
for unit, text in (("s", "56.0000000"), ("ms", "56.1230000"), ("us", "56.1234560"), ("ns", "56.1234560")):
    moment = at.replace(microsecond={"s": 0, "ms": 123000}.get(unit, 123456))
    for zone in (None, "UTC", "Europe/Vienna", "+05:30"):
        import_one(f"timestamp[{unit}, {zone}]", "c:datetime", [column([moment if zone else moment.replace(tzinfo=None), None], pa.timestamp(unit, zone))],
                   [{"c": f"2024-02-29T12:34:{text}Z"}, {"c": None}])
    import_one(f"duration[{unit}]", "c:timespan", [column([datetime.timedelta(days=-1, seconds=86399), None], pa.duration(unit))],
               [{"c": "-00:00:01"}, {"c": None}])
for kind in (pa.date32(), pa.date64()):
    import_one(str(kind), "c:datetime", [column([datetime.date(1969, 12, 31), None], kind)], [{"c": "1969-12-31T00:00:00.0000000Z"}, {"c": None}])
for kind in (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")):
    import_one(str(kind), "c:timespan", [column([datetime.time(1, 2, 3), None], kind)], [{"c": "01:02:03"}, {"c": None}])
import_one("decimal128", "c:decimal", [column([decimal.Decimal("-12.345"), None, decimal.Decimal("12345678901234567890.125")], pa.decimal128(38, 3))],
           [{"c": "-12.345"}, {"c": None}, {"c": "12345678901234567890.125"}])
import_one("fixed_size_binary(16)", "c:guid", [column([GUID.bytes, None], pa.binary(16))], [{"c": str(GUID)}, {"c": None}])
noted = pa.schema([pa.field("c", pa.string(), metadata={"other": "x", "kqlstream.type": "dynamic"})])
import_one("JSON text", "c:dynamic", [pa.record_batch([pa.array(['{"a":[1]}', None, "3"])], schema=noted)], [{"c": {"a": [1]}}, {"c": None}, {"c": 3}])
import_one("columns by name, some missing", "a:long, b:string, c:long", [pa.record_batch([pa.array([3]), pa.array([1])], ["c", "a"])],
           [{"a": 1, "b": "", "c": 3}])
import_one("an empty batch", "c:long", [column([], pa.int64()), column([1], pa.int64())], [{"c": 1}])
import_one("an empty batch of text", "c:string", [column([], pa.string()), column([], pa.large_string())], [])
for name, kind in (("list", pa.list_(pa.int64())), ("struct", pa.struct([("x", pa.int64())])), ("binary", pa.binary()), ("float16", pa.float16()),
                   ("decimal256", pa.decimal256(50, 2)), ("string_view", pa.string_view()), ("fixed_size_binary(8)", pa.binary(8)),
                   ("month_day_nano", pa.month_day_nano_interval())):
    import_one(name + " is refused", "c:dynamic", [pa.record_batch([pa.nulls(2, kind)], ["c"])], [], code=-9)
import_one("a kind that does not fit is refused", "c:long", [column(["x"], pa.string())], [], code=-2)
import_one("an unknown column is refused", "d:long", [column([1], pa.int64())], [], code=-2)

rnd = random.Random(16)
n = 3000
data = {"a": [rnd.choice((None, rnd.randrange(-2**40, 2**40))) for _ in range(n)], "s": [rnd.choice((None, "", "é" * rnd.randrange(30))) for _ in range(n)],
        "b": [rnd.choice((None, True, False)) for _ in range(n)], "k": [rnd.choice("xyz") for _ in range(n)]}
big = pa.record_batch({"a": pa.array(data["a"], pa.int64()), "s": pa.array(data["s"], pa.large_string()), "b": pa.array(data["b"]),
                       "k": pa.array(data["k"]).dictionary_encode()})
cuts = sorted({0, n, *(rnd.randrange(n) for _ in range(17))})
want = [{"a": a, "s": s or "", "b": b, "k": k} for a, s, b, k in zip(*data.values())]
import_one("slices", "a:long, s:string, b:bool, k:string", [big.slice(x, y - x) for x, y in zip(cuts, cuts[1:])], want)
outer = big.to_struct_array()
import_one("a slice of a struct array", "a:long, s:string, b:bool, k:string", [outer.slice(1501, 1333)], want[1501:2834])
with_nulls = pa.StructArray.from_arrays([pa.array([1, 2, 3])], ["c"], mask=pa.array([False, True, False]))
import_one("rows of a struct array that are null", "c:long", [with_nulls], [{"c": 1}, {"c": None}, {"c": 3}])

# ---- there and back
rows, batches = result_of(f"datatable({KINDS})[true, int(1), 2, 0.5, decimal(1.5), 'x', datetime(2024-01-01), 1m, guid({GUID}), dynamic([1]),"
                          " bool(null), int(null), long(null), real(null), decimal(null), '', datetime(null), time(null), guid(null), dynamic(null)]")
import_one("results come back as they were", KINDS, batches, rows)
sys.exit(failed)
