# program.py PROGRAM DIRECTORY - what tests/suite/program.sh cannot see by itself: text on terminals, values in JSON.
import datetime
import fcntl
import json
import math
import os
import pty
import random
import struct
import subprocess
import sys
import termios
import unicodedata

program, folder = sys.argv[1:3]
failed = False


def verdict(name, good, seen=""):
    global failed
    print(("ok " if good else "not ok ") + name)
    if not good:
        print("   ", ascii(seen)[:600])
        failed = True


def run(*arguments, data=b"", env=None):
    done = subprocess.run([program, *arguments], input=data, capture_output=True, timeout=60, env=env)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def on_terminal(columns, *arguments, env=None):
    """Standard output is a terminal of that many columns."""
    primary, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=secondary,
                             stderr=subprocess.DEVNULL, env=env)
    os.close(secondary)
    text = b""
    while True:
        try:
            piece = os.read(primary, 65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.close(primary)
    child.wait(60)
    return text.decode().replace("\r\n", "\n")


def tame(text):
    """No character that a terminal obeys or that goes on for ever."""
    marks = 0
    for c in text:
        category = unicodedata.category(c)
        if c != "\n" and category in ("Cc", "Cs", "Zl", "Zp") or category == "Cf" and c not in "\u200c\u200d":
            return False
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > 4:
            return False
    return True


def width(line):
    return sum(0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else 2 if unicodedata.east_asian_width(c) in "WF"
               else 1 for c in line)


def file(name, rows):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as f:
        for row in rows:
            f.write(json.dumps(row) + "\n")
    return path


# ---- hostile text in tables, on terminals and elsewhere
hostile = ["\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "a\x08\x7f\x00b", "c1 \x9b31m \x90q\x9c", "\u202eevil\u2066x\u2069\u202c",
           "\u200e\u200f\u061c", "e" + "\u0301" * 500, "\u0301first", "\u0489" * 20, "日本語のログ", "\ufdfd", "\ufeffbom",
           "tag\U000e0041\U000e007f", "soft\xadhyphen", "nl\n cr\r tab\t", "\ufffe\uffff", "\u2028\u2029", "\ufff9x\ufffb",
           "w" * 20000, "語" * 5000, "👩\u200d👩\u200d👧", "a\u0300e\u0301"]
path = file("hostile.jsonl", [{"n": i, "text": t, "bag": {t: t}, t + "|": 1} for i, t in enumerate(hostile)])
query = "Json | project n, text = tostring(text), bag, a\u0300 = 1, z = strcat(tostring(text), '!')".replace("a\u0300", "['a\u202eb\x1b[1m']")
rc, out, err = run("json", path, "table", "-e", query)
verdict("table: nothing of hostile text is obeyed", rc == 0 and tame(out), (rc, err, [x for x in out if not tame(x)][:9]))
verdict("table: the escapes can be read", all(x in out for x in (r"\x1b[31mred\x1b[0m", r"\u202eevil", r"\x9b31m", r"nl\n cr\r tab\t",
                                                                 r"\u0301first", r"\U000e0041", r"a\u202eb\x1b[1m")), out[:400])
verdict("table: joined and accented letters stay", "👩\u200d👩\u200d👧" in out and "a\u0300e\u0301" in out)
verdict("table: no cell goes on for ever", max(len(x) for x in out.split("\n")) < 5 * 4096 + 200)
rc, out, err = run("json", path, "table", "-e", "Json | where n == 9 or n == 0 | project text = tostring(text), n")
lines = [x for x in out.split("\n") if x]
verdict("table: columns stand below each other", len({width(x) for x in lines}) == 1, lines)
rc, out, err = run("json", path, "-q", "/dev/stdin", data=b"Json | where ['\x1b[31m\xe2\x80\xae'] == nosuch('\xc2\x9b') // \x1b]0;x\x07")
verdict("messages: nothing of a hostile query is obeyed", rc == 3 and tame(err), err)
odd = file("\x1b[31modd.jsonl", [{"a": 1}])
with open(odd, "a") as f:
    f.write("no json\n")
rc, out, err = run("json", odd)
verdict("messages: nothing of a hostile file name is obeyed", rc == 0 and tame(err.split("\n", 1)[1]) and "line 2" in err, err)


def terminal_tests():
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    shown = on_terminal(60, "json", path, "table", "-e", query, env=env)
    verdict("terminal: the header is emphasised", shown.startswith("\x1b[1m") and shown.count("\x1b[") == 2, shown[:200])
    plain = shown.replace("\x1b[1m", "").replace("\x1b[0m", "")
    verdict("terminal: tame", tame(plain))
    verdict("terminal: as wide as the window", max(width(x) for x in plain.split("\n")) <= 60, [width(x) for x in plain.split("\n")])
    verdict("terminal: what is cut says so", "…" in plain)
    shown = on_terminal(60, "json", path, env=env)
    verdict("terminal: json is tame", tame(shown.replace("\u0301", "").replace("\u0489", "")), ascii(shown)[:400])
    verdict("terminal: json is the same json", [json.loads(x) for x in shown.split("\n") if x] ==
            [json.loads(x) for x in run("json", path)[1].split("\n") if x])
    shown = on_terminal(60, "json", path, "csv", "-e", "Json | where n < 5 or n == 14 | project n, text = replace_string(tostring(text), '\t', '')", env=env)
    verdict("terminal: csv is tame", tame(shown.replace("\r\n", "\n")) and r"\x1b[31mred" in shown and r"cr\r" in shown, ascii(shown))
    verdict("no terminal: csv is as it is", "\x1b[31mred" in run("json", path, "csv", "-e", "Json | where n == 0 | project text = tostring(text)")[1])
    verdict("terminal: NO_COLOR", "\x1b" not in on_terminal(60, "json", path, "table", env=dict(env, NO_COLOR="1")))
    verdict("terminal: an empty NO_COLOR is none", "\x1b[1m" in on_terminal(60, "json", path, "table", env=dict(env, NO_COLOR="")))
    verdict("terminal: colour as wanted", "\x1b" not in on_terminal(60, "json", path, "table", "--colour", "never", env=env)
            and "\x1b[1m" in on_terminal(60, "json", path, "table", "--colour", "always", env=dict(env, NO_COLOR="1")))
    verdict("no terminal: no colour unless asked for", "\x1b" not in run("json", path, "table")[1]
            and run("json", path, "table", "--colour", "always")[1].startswith("\x1b[1m"))


try:
    for end in pty.openpty():
        os.close(end)
except OSError as why:
    print("skip terminal:", why)
else:
    terminal_tests()

# ---- JSON: every type comes back
rc, out, err = run("-e", """print b = true, i = int(-5), l = long(-9223372036854775808), r = 0.1, nan = real(nan), inf = real(-inf), e = 1e300,
    d = decimal(1.25), s = 'q"\\\\ \\u0001 ü 😀', t = datetime(2024-02-29T12:34:56.1234567Z), old = datetime(0001-01-01), w = timespan(-1.02:03:04.0000005),
    g = guid(6F9619FF-8B86-D011-B42D-00C04FC964FF), y = dynamic({"a":[1,2.5,null,"x"],"b":{"c":true}}), nb = bool(null), nl = long(null),
    nt = datetime(null), ng = guid(null), ny = dynamic(null), es = ''""")
row = json.loads(out or "{}")
verdict("json: the types", row == {
    "b": True, "i": -5, "l": -2**63, "r": 0.1, "nan": "NaN", "inf": "-Infinity", "e": 1e300, "d": "1.25", "s": 'q"\\ \x01 ü 😀',
    "t": "2024-02-29T12:34:56.1234567Z", "old": "0001-01-01T00:00:00.0000000Z", "w": "-1.02:03:04.0000005",
    "g": "6f9619ff-8b86-d011-b42d-00c04fc964ff", "y": {"a": [1, 2.5, None, "x"], "b": {"c": True}},
    "nb": None, "nl": None, "nt": None, "ng": None, "ny": None, "es": ""}, out + err)
verdict("json: a real stays a real, a long a long", isinstance(json.loads(run("-e", "print x = 5.0")[1])["x"], float)
        and isinstance(json.loads(run("-e", "print x = 5")[1])["x"], int))

rnd = random.Random(4624)


def text():
    return "".join(chr(rnd.choice((rnd.randrange(0x20), rnd.randrange(0x80), rnd.randrange(0x80, 0x800), rnd.randrange(0xe000, 0x10000),
                                   rnd.randrange(0x10000, 0x110000), 0x22, 0x5c, 0x2f))) for _ in range(rnd.randrange(12)))


def number():
    return rnd.choice((rnd.randrange(-2**63, 2**63), rnd.randrange(-100, 100), rnd.uniform(-1, 1),
                       struct.unpack("d", struct.pack("Q", rnd.randrange(0x7fe0000000000000)))[0], 1e22, 5e-324, 0.1, -0.5))


def value(depth):
    kind = rnd.randrange(7 if depth else 5)
    if kind < 5:
        return (text(), number(), True, False, None)[kind]
    if kind == 5:
        return [value(depth - 1) for _ in range(rnd.randrange(4))]
    return {text(): value(depth - 1) for _ in range(rnd.randrange(4))}


def same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return isinstance(a, (int, float)) and not isinstance(b, bool) and isinstance(b, (int, float)) and float(a) == float(b)
    if type(a) != type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return a == b


rows = [{"s": text(), "l": rnd.randrange(-2**63, 2**63), "r": abs(number()) + 0.5, "y": value(4)} for _ in range(3000)]
path = file("random.jsonl", rows)


def lines_of(*arguments):
    rc, out, err = run("json", path, *arguments)
    return [json.loads(x) for x in out.split("\n") if x]


def compare(name, got, want):
    bad = [(a, b) for a, b in zip(want, got) if not same(a, b)]
    verdict(name, len(got) == len(want) and not bad, (len(got), bad[:2]))


compare("json: random rows, as they are", lines_of(), rows)
compare("json: random rows, as dynamic", lines_of("-e", "Json | project s, l, r, y"), rows)
compare("json: random rows, typed", lines_of("-e", "Json | project s = tostring(s), l = tolong(l), r = todouble(r), y = todynamic(y)"), rows)
compare("json: random rows, typed by a schema", lines_of("--schema", "s:string, l:long, r:real, y:dynamic", "-e", "Json | project s, l, r, y"), rows)
compare("json: random rows, through state", lines_of("-e", "Json | extend k = tolong(l) | sort by k asc | project s, l, r, y"),
        sorted(rows, key=lambda x: x["l"]))
sys.exit(failed)
