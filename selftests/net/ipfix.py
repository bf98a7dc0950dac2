#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a collector has, held against the monitor's own table.

ipfix.py compare NFDUMP.json FLOWS.json   "equal N flows", or what differs
ipfix.py csv FLOWS.csv FLOWS.json         "equal N rows", or what differs

FLOWS is `nfold nf show NAME view flows`, each session two directions; NFDUMP is
`nfdump -o json`, where a direction may have several records. The monitor's bytes
are those of frames, nfdump's those of IP packets.
"""
import csv
import json
import sys
from collections import defaultdict

ETHERNET = 14
ICMP = (1, 58)


def collector(path):
    with open(path, encoding="utf-8") as f:
        records = json.load(f)
    sums = defaultdict(lambda: [0, 0])
    for r in records:
        src = r.get("src4_addr") or r["src6_addr"]
        dst = r.get("dst4_addr") or r["dst6_addr"]
        ports = (r["icmp_type"],) if r["proto"] in ICMP else \
            (r["src_port"], r["dst_port"])
        at = sums[(r["proto"], src, dst) + ports]
        at[0] += r["in_packets"]
        at[1] += r["in_bytes"]
    return sums


def echo(proto, reply):
    return (129 if reply else 128) if proto == 58 else (0 if reply else 8)


def monitor(path):
    with open(path, encoding="utf-8") as f:
        rows = json.load(f)
    sums = defaultdict(lambda: [0, 0])
    for r in rows:
        a, b, proto = r["source"], r["destination"], r["protocol"]
        ports = (r["source_port"], r["destination_port"])
        for reply, packets, size in ((False, r["packets"], r["bytes"]),
                                     (True, r["reply_packets"], r["reply_bytes"])):
            if not packets:
                continue
            key = (proto,) + ((b, a) if reply else (a, b))
            key += (echo(proto, reply),) if proto in ICMP else \
                (ports[::-1] if reply else ports)
            sums[key][0] += packets
            sums[key][1] += size - ETHERNET * packets
    return sums


def differ(a, b, what):
    wrong = [k for k in sorted(set(a) | set(b), key=str) if a.get(k) != b.get(k)]
    for k in wrong[:20]:
        print(k, a.get(k), b.get(k))
    if not wrong:
        print("equal", len(a), what)


def table_csv(path):
    with open(path, encoding="utf-8", newline="") as f:
        text = f.read()
    if text.replace("\r\n", "").count("\n"):
        print("a line does not end with CR LF")
    return list(csv.DictReader(text.splitlines()))


def main():
    what, one, two = sys.argv[1:]
    if what == "compare":
        differ(collector(one), monitor(two), "flows")
        return
    with open(two, encoding="utf-8") as f:
        rows = [{k: str(v) for k, v in r.items()} for r in json.load(f)]
    differ(dict(enumerate(table_csv(one))), dict(enumerate(rows)), "rows")


main()
