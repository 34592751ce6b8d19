# pushdown.py PROGRAM DIRECTORY - random predicates on random JSON: what `where` keeps (lines and fields rejected by their bytes) is what the
# same predicate says as a column. Texts and names are written with escapes that hide them, numbers in all spellings, names repeat.
import json
import os
import random
import subprocess
import sys

program, folder = sys.argv[1:3]
ROUNDS, LINES, PREDICATES = 12, 150, 40
names = ["EventID", "id", "User", "Name", "a.b", "x y", "é", "k/k", "B", 'q"q', "tab\tk", "ſ", "\u212a", "K"]
texts = ["4624", "4625", "alice", "ALICE", "bob", "C:\\Windows\\cmd.exe", "a/b", "é", "É", "ſ", "\u212a", "K", "nan", "NaN", "Infinity",
         "true", "null", "", "EventID", '"EventID":4624', '{"EventID":4624}', "2024-05-01T10:00:00Z", "0x1210", "4.624e3", " 4624 ", "1",
         "-0", "straße", "İ", "x\ny", "x\u2028y", "😀", "cmd /c \"alice\" \\ bob"]
numbers = ["4624", "4625", "4.624e3", "4624.0", "46240e-1", "4624E0", "-0", "0", "1", "1.5", "9223372036854775807", "9223372036854775808",
           "18446744073709551615", "123456789012345678901234567890", "1e999", "-1e999", "0.1", "1E2", "-5", "4624.0000000000001", "1e-400"]
rnd = random.Random(4624)
pick = rnd.choice


def quoted(s):
    out = ""
    for c in s:
        if c in '"\\':
            out += "\\" + c
        elif ord(c) < 32 or (rnd.random() < 0.05 and ord(c) < 0x10000):
            out += (r"\u%04x" if rnd.random() < 0.5 else r"\u%04X") % ord(c)
        else:
            out += "\\/" if c == "/" and rnd.random() < 0.5 else c
    return '"' + out + '"'


def value(depth):
    kind = rnd.random()
    if kind < 0.3 or depth > 3:
        return pick(numbers)
    if kind < 0.62:
        return quoted(pick(texts))
    if kind < 0.7:
        return pick(["true", "false", "null"])
    if kind < 0.86:
        return "{" + members(depth + 1) + "}"
    return "[" + ",".join(value(depth + 1) for _ in range(rnd.randrange(4))) + "]"


def members(depth):
    return pick([",", " , ", ",\t"]).join(quoted(pick(names[:8] if rnd.random() < 0.8 else names)) + pick([":", " : ", ": "])
                                          + value(depth) for _ in range(rnd.randrange(5)))


def literal(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def path():
    out = ""
    for _ in range(pick((1, 1, 1, 2, 2, 3))):
        name = pick(names[:8] if rnd.random() < 0.8 else names)
        out += ("." if out else "") + name if name.isidentifier() and name.isascii() else "[" + literal(name) + "]"
        out += "[%d]" % pick((0, 1, -1)) if rnd.random() < 0.12 else ""
    return out


def predicate(depth):
    if depth < 2 and rnd.random() < 0.3:
        return "(" + predicate(depth + 1) + pick((" and ", " or ")) + predicate(depth + 1) + ")"
    if rnd.random() < 0.08:
        return "not(" + predicate(depth + 1) + ")"
    field = path()
    number = pick(("4624", "4625", "0", "1", "-5", "9223372036854775807", "4624.0", "1.5", "0.1", "1e2", "real(+inf)"))
    kind = rnd.random()
    if kind < 0.3:
        return f"{pick((field, field, f'tolong({field})', f'todouble({field})'))} {pick(('==', '!=', '<', '>', '<=', '>='))} {number}"
    field = pick((field, field, field, f"tostring({field})", f"tolower(tostring({field}))"))
    if kind < 0.45:
        return f"{field} {pick(('==', '!=', '=~', '!~'))} {literal(pick(texts))}"
    if kind < 0.55:
        return f"{field} {pick(('in', '!in', 'in~'))} ({literal(pick(texts))}, {literal(pick(texts))})"
    if kind < 0.65:
        return f"{pick(('isnull', 'isnotnull', 'isempty', 'isnotempty'))}({field})"
    if kind < 0.7:
        return f"tolong({field}) between ({pick(('0 .. 5000', '4624 .. 4625'))})"
    if kind < 0.75:
        return f"{field} {pick(('has_any', 'has_all'))} ({literal(pick(texts))}, {literal(pick(texts))})"
    return field + " " + pick(("has", "contains", "startswith", "endswith", "has_cs", "contains_cs", "startswith_cs", "endswith_cs", "!has",
                               "!contains", "!startswith", "hasprefix", "hassuffix")) + " " + literal(pick(texts))


def rows(lines, *arguments):
    with open(os.path.join(folder, "lines.jsonl"), "w", encoding="utf-8") as f:
        f.write("\n".join(lines))
    done = subprocess.run([program, "json", f.name, "--quiet", *arguments], capture_output=True, timeout=120, check=False)
    if done.returncode:
        sys.exit("not ok pushdown: " + done.stderr.decode()[:2000])
    return [json.loads(x) for x in done.stdout.decode().split("\n") if x]


bad = kept = 0
for _ in range(ROUNDS):
    lines = []
    for i in range(LINES):
        inside = members(0)
        number = '"n_":%d' % i
        lines.append("{" + pick((number + "," + inside, inside + "," + number) if inside else (number,)) + "}")
    tests = [predicate(0) for _ in range(PREDICATES)]
    columns = rows(lines, "-e", "J | project n_, " + ", ".join(f"p{k} = ({t})" for k, t in enumerate(tests)))
    want = [[r["n_"] for r in columns if r[f"p{k}"] is True] for k in range(PREDICATES)]
    kept += sum(map(len, want))
    together = {}
    for r in rows(lines, "json", "--query_name", *[x for t in tests for x in ("-e", f"J | where {t} | project n_")]):
        together.setdefault(r["_query"], []).append(r["n_"])
    for k, t in enumerate(tests):
        got = [together.get(f"q{k + 1}", [])]
        if k % 4 == 0: # alone, lines are rejected; together, what one of them wants is read
            got.append([r["n_"] for r in rows(lines, "-e", f"J | where {t} | project n_")])
        for g in got:
            if g != want[k]:
                bad += 1
                line = min(set(g) ^ set(want[k]))
                print("   ", t, "should keep" if line in want[k] else "should not keep", lines[line])
print(("ok" if bad == 0 and kept > 1000 else "not ok") + f" pushdown keeps what the predicate says ({kept} rows)")
sys.exit(bad > 0)
