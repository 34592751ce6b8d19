#!/usr/bin/env python3
"""Compares what evtx-rows prints with recorded results of an independent reader.

usage: evtx_expected.py EVTX-ROWS DIRECTORY
DIRECTORY has *.evtx and expected/NAME.jsonl: per record System fields, event_data [[name or null, text]], user_data [[path, text]].
Also checks the number of records of every file, see COUNTS. Prints a line per file: "ok NAME" or "not ok NAME: why".
"""
import json
import os
import subprocess
import sys

# delivered, errored; of evtx_dump 0.15.1, except where it gives up on the rest of a damaged chunk and this decoder goes on
COUNTS = {
    "application_no_crc32": (17, 0), "appx_bad_chunk_magic": (301, 1), "bruteforce_4625": (16, 0), "capi2_binxml_pi": (340, 0),
    "defender_1116": (6, 0), "firewall_no_template": (6, 0), "grouppolicy_irregular_bool": (3028, 0), "hello_incomplete_sid": (6, 0),
    "kqltools_sample": (27, 0), "langpack_incomplete_template": (17, 0), "log_cleared_104_1102": (91, 0), "msexchange_no_template": (1, 0),
    "new_user_security": (4, 0), "ntlm_sam_the_admin": (40, 0), "openssh_4625_mixed": (20, 0), "pr_4688_tchopper": (735, 0),
    "printservice_userdata": (14, 0), "ps_4103_4104_800": (56, 0), "ps_openssh_4103": (30, 0), "rdp_1149_no_template": (11, 0),
    "rdpcorets_bad_crc": (1949, 28), "security": (2261, 0), "security_short": (7, 0), "security_size_t": (636, 0),
    "smb_5145_wmiexec": (1023, 0), "sql_18456": (6, 0), "sysmon": (358, 0), "sysmon_12_13": (27, 0), "sysmon_7_3_10": (5, 0),
    "sysmon_psexec": (15, 0), "system": (1881, 0), "system_chunks_past_zeros": (1160, 0), "system_zero_data_size": (449, 1),
    "tx_http_server": (2041, 0),
}
SYSTEM = [("record_id", "EventRecordID"), ("event_id", "EventID"), ("qualifiers", "Qualifiers"), ("provider", "Provider"),
          ("provider_guid", "ProviderGuid"), ("event_source_name", "EventSourceName"), ("version", "Version"), ("level", "Level"),
          ("task", "Task"), ("opcode", "Opcode"), ("keywords", "Keywords"), ("time_created", "TimeCreated"), ("process_id", "ProcessID"),
          ("thread_id", "ThreadID"), ("activity_id", "ActivityID"), ("channel", "Channel"), ("computer", "Computer"), ("user_id", "UserID")]


def norm(x):
    """One form for what readers print differently: padding of hex, braces and case of GUIDs, digits of times."""
    if x is None:
        return ""
    if isinstance(x, bool):
        return "true" if x else "false"
    s = x.replace("\r\n", "\n") if isinstance(x, str) else repr(x)  # XML readers do that to line ends
    s = "".join(c for c in s if c >= " " or c in "\t\n")  # not allowed in XML
    if s.startswith("1601-01-01T00:00:00"):
        return ""  # FILETIME 0 is no time
    low = s.lower()
    if low.startswith("0x"):
        try:
            return str(int(low, 16))
        except ValueError:
            return s
    if len(s) == 38 and s[0] == "{" and s[-1] == "}":
        return low[1:-1]
    if len(s) == 36 and s.count("-") == 4:
        return low
    if len(s) in (28, 30) and s[10:11] == "T" and s.endswith("Z"):
        return s[:27]
    return s


def flat(v):
    return v if isinstance(v, list) else [v]


def event_data(row):
    out = {}
    for k, v in (row["EventData"] or {}).items():
        if k != "@Name":  # of EventData itself: not recorded by the other reader
            out.setdefault(k, []).extend(norm(x) for x in flat(v))
    return out


def expected_event_data(rec):
    out = {}
    for name, text in rec.get("event_data") or []:
        key = "Data" if name is None else "Binary" if name == "<Binary>" else name
        out.setdefault(key, []).append(norm(text))
    return out


def user_data(row):
    out = {}

    def walk(path, v):
        for x in flat(v):
            if not isinstance(x, dict):
                out.setdefault(path, []).append(norm(x))
                continue
            for k, y in x.items():
                if k == "#text":
                    walk(path, y)
                elif k.startswith("@"):
                    walk(path + k, y)
                else:
                    walk(path + "/" + k if path else k, y)
    walk("", row["UserData"] or {})
    return out


def expected_user_data(rec):
    out = {}
    for path, text in rec.get("user_data") or []:
        out.setdefault(path, []).append(norm(text))
    return out


def differs(ours, theirs):
    """Keys whose values differ; what is empty may also be missing."""
    return [(k, ours.get(k), theirs.get(k)) for k in sorted(set(ours) | set(theirs))
            if [x for x in ours.get(k, [])] != theirs.get(k, []) and "".join(ours.get(k, [])) + "".join(theirs.get(k, [])) != ""]


def compare(row, rec):
    wrong = []
    for key, col in SYSTEM:
        a, b = row[col], rec.get(key)
        if col == "Keywords" and a is not None:
            a &= (1 << 64) - 1
        if norm(a) != norm(b):
            wrong.append((col, a, b))
    return wrong + differs(event_data(row), expected_event_data(rec)) + differs(user_data(row), expected_user_data(rec))


def main():
    rows, folder = sys.argv[1:3]
    failed = False
    cols = [c for _, c in SYSTEM] + ["EventData", "UserData"]
    for name, (delivered, errored) in sorted(COUNTS.items()):
        path = os.path.join(folder, name + ".evtx")
        run = subprocess.run([rows, path, "--"] + cols, capture_output=True)
        ours = [json.loads(line) for line in run.stdout.decode().splitlines()]
        stats = run.stderr.decode().split("\n")[-2].split() if run.stderr else []
        why = ""
        if run.returncode != 0 or len(ours) != delivered or stats[7] != str(errored):
            why = "status %d, %d rows (not %d), %s" % (run.returncode, len(ours), delivered, " ".join(stats))
        oracle = os.path.join(folder, "expected", name + ".jsonl")
        if not why and os.path.exists(oracle):
            theirs = [json.loads(line) for line in open(oracle, encoding="utf-8")]
            bad = 0 if len(theirs) == len(ours) else 1
            for row, rec in zip(ours, theirs):
                wrong = compare(row, rec)
                bad += bool(wrong)
                if wrong and not why:
                    why = "record %s: %s (ours, theirs)" % (row["EventRecordID"], wrong[:3])
            why = "%d of %d differ, %s" % (bad, len(theirs), why) if bad else ""
        print("not ok %s: %s" % (name, why) if why else "ok " + name)
        failed |= bool(why)
    return failed


sys.exit(main())
