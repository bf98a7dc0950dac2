# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Captures for ids.sh, made by scapy: connections and datagrams of clients
(FILE.cli) and what their servers answer (FILE.srv), some with what the rules of
ids.sh look for. Prints how many frames both have.

ids_pcap.py SEED FILE
"""
import random
import sys

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import wrpcap

T0 = 1700000000
WORDS = [b"GET /index", b"GET /evil", b"login", b"secret", b"hello there",
         b"kill me", b"reject me", b"good kill me", b"\x00\x10AAAA",
         b"\x90" * 40, b"n=17;", b"n=99;", b"", b"x" * 1200]


def ends(rng, v6):
    a = "2001:db8:5::%x" if v6 else "10.5.0.%d"
    return a % rng.randrange(2, 20), a % rng.randrange(100, 110)


def ip(v6, src, dst, ttl):
    return IPv6(src=src, dst=dst, hlim=ttl) if v6 else IP(src=src, dst=dst, ttl=ttl)


def connection(rng, out):
    v6 = rng.random() < 0.3
    src, dst = ends(rng, v6)
    sport, dport = rng.randrange(1024, 60000), rng.choice([80, 8080, 22])
    seq, t = [rng.randrange(1 << 32), rng.randrange(1 << 32)], rng.random() * 20
    words = [(0, "S", b""), (1, "SA", b""), (0, "A", b"")]
    words += [(rng.randrange(2), "PA", rng.choice(WORDS))
              for _ in range(rng.randrange(8))]
    words += [(0, "FA", b""), (1, "FA", b"")]
    for side, flags, data in words:
        a, b = (src, dst) if side == 0 else (dst, src)
        p, q = (sport, dport) if side == 0 else (dport, sport)
        l4 = TCP(sport=p, dport=q, flags=flags, seq=seq[side],
                 ack=seq[1 - side] if flags != "S" else 0)
        out[side].append((t, ip(v6, a, b, 64) / l4 / Raw(data)))
        seq[side] = (seq[side] + len(data) + ("S" in flags or "F" in flags)) % (1 << 32)
        t += 0.001 + rng.random() * 0.2


def datagrams(rng, out):
    v6 = rng.random() < 0.3
    src, dst = ends(rng, v6)
    sport, dport = rng.randrange(1024, 60000), rng.choice([53, 80, 9999])
    t = rng.random() * 20
    for _ in range(rng.randrange(1, 8)):
        side = int(rng.random() < 0.3)
        a, b = (src, dst) if side == 0 else (dst, src)
        p, q = (sport, dport) if side == 0 else (dport, sport)
        out[side].append((t, ip(v6, a, b, rng.choice([64, 1])) /
                          UDP(sport=p, dport=q) / Raw(rng.choice(WORDS))))
        t += 0.001 + rng.random()


def echoes(rng, out):
    src, dst = ends(rng, False)
    ident, t = rng.randrange(1 << 16), rng.random() * 20
    for n in range(rng.randrange(1, 6)):
        data = Raw(rng.choice(WORDS))
        out[0].append((t, ip(False, src, dst, 64) / ICMP(id=ident, seq=n) / data))
        out[1].append((t + 0.01, ip(False, dst, src, 64) /
                       ICMP(type=0, id=ident, seq=n) / data))
        t += 0.1


def main():
    seed, name = int(sys.argv[1]), sys.argv[2]
    rng = random.Random(seed)
    out = [[], []]
    for _ in range(300):
        rng.choice([connection, connection, datagrams, echoes])(rng, out)
    for side, end in enumerate(("cli", "srv")):
        frames = []
        for t, p in sorted(out[side], key=lambda x: x[0]):
            f = Ether(src="02:00:00:00:01:%02x" % side,
                      dst="02:00:00:00:01:%02x" % (1 - side)) / p
            f.time = T0 + t
            frames.append(f)
        wrpcap("%s.%s" % (name, end), frames)
    print(len(out[0]) + len(out[1]))


main()
