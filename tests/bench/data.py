"""Inputs of run.py: event logs from the chunks of real ones, JSON lines, queries."""
import glob
import json
import os
import struct
import subprocess
import tempfile
import zlib

SHARED = os.environ.get("RTQ_SHARED", "../shared")
LOGS = ("security.evtx", "pr_4688_tchopper.evtx", "smb_5145_wmiexec.evtx")  # about 15 % of the records are 4624
HEADER, CHUNK = 4096, 65536


def chunks_of(paths):
    chunks = []
    for path in paths:
        with open(path, "rb") as f:
            f.seek(HEADER)
            while len(chunk := f.read(CHUNK)) == CHUNK:
                if chunk.startswith(b"ElfChnk\0"):
                    chunks.append(chunk)
    return chunks


def make_evtx(path, mb, build):
    """Writes a log of mb MiB; returns what it is made of."""
    real = [f"{SHARED}/data/evtx/{name}" for name in LOGS]
    if all(os.path.exists(p) for p in real):
        chunks, what = chunks_of(real), "chunks of real logs"
    else:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([build + "/tests/evtx-gen", folder], check=True)
            chunks, what = chunks_of(sorted(glob.glob(folder + "/*.evtx"))), "chunks of generated logs"
    n = (mb << 20) // CHUNK
    head = b"ElfFile\0" + struct.pack("<QQQIHHHH", 0, n - 1, 1, 128, 1, 3, HEADER, n & 0xffff) + bytes(76)
    head += struct.pack("<II", 0, zlib.crc32(head[:120]))
    with open(path, "wb") as f:
        f.write(head.ljust(HEADER, b"\0"))
        for i in range(n):
            f.write(chunks[i % len(chunks)])
    return what


def json_line(i):
    users = ("alice", "bob", "svc-backup", "administrator", "j.m\u00fcller")
    event_id = 4625 if i % 20 < 3 else 4600 + i % 24
    image = f"C:\\\\Windows\\\\System32\\\\svc{i % 40}.exe"
    return (f'{{"@timestamp":"2024-05-{1 + i % 28:02}T{i % 24:02}:{i % 60:02}:{i // 7 % 60:02}.{i % 1000:03}Z","EventID":{event_id},'
            f'"Channel":"Security","Computer":"host-{i % 5000:04}.corp.example.com","Provider":"Microsoft-Windows-Security-Auditing",'
            f'"Event":{{"User":{{"Name":"{users[i % 5]}","Domain":"CORP","Sid":"S-1-5-21-{i * 7 % 99999}-{i * 13 % 99999}-{i * 31 % 99999}"}},'
            f'"Network":{{"SourceIp":"10.{i % 256}.{i // 256 % 256}.{i * 3 % 256}","SourcePort":{1024 + i % 60000},"Protocol":"tcp"}},'
            f'"Process":{{"Image":"{image}","CommandLine":"\\"{image}\\" -k netsvcs -p -s Schedule{i % 1000}","Pid":{i % 32768}}},'
            f'"Status":"0xc000006d"}},"tags":["auth","windows","{i % 100}"],"seq":{i}}}\n')


def make_json(path, mb):
    left, i = mb << 20, 0
    with open(path, "wb") as f:
        while left > 0:
            block = "".join(json_line(k) for k in range(i, i + 4096)).encode()
            f.write(block)
            left -= len(block)
            i += 4096


def make_csv(path, mb):
    left, i = mb << 20, 0
    with open(path, "wb") as f:
        f.write(b"seq,time,host,code,size,note\n")
        while left > 0:
            block = "".join(f'{k},2024-05-{1 + k % 28:02}T{k % 24:02}:{k % 60:02}:00Z,host-{k % 5000:04}.corp.example.com,{k * 7 % 1000},'
                            f'{k % 977 / 8},"text, number {k % 313}"\n' for k in range(i, i + 4096)).encode()
            f.write(block)
            left -= len(block)
            i += 4096


def real_queries():
    path = f"{SHARED}/conformance/real-queries-dev.jsonl"
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [json.loads(line)["query"] for line in f]
