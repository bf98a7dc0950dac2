# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Captures for the oracle's test, made by scapy.

make edge|lb|wire SEED FILE      what clients send: handshakes, data, closing,
                                 UDP, echo, VLANs, unknown protocols
hostile SEED FILE                the same as edge, with broken packets between
answers OUT.pcap FILE            what the other side answers to what came out
many N FILE                      N flows of two packets each
gap SECONDS FILE                 one UDP flow, silent for a time in the middle
bad KIND FILE                    captures that are wrong themselves
ng FILE.pcap FILE.pcapng         the same in the other format
"""
import random
import struct
import sys

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw
from scapy.utils import PcapNgWriter, PcapReader, PcapWriter, rdpcap

PORT_MAC = "02:00:00:00:00:00"
CLIENT_MAC = "02:00:00:00:00:99"
T0 = 1700000000
MICRO = 1000

TARGETS = {
    "edge": [("198.51.100.80", 80, "tcp"), ("198.51.100.80", 5201, "udp"),
             ("198.51.100.80", 5201, "tcp"), ("10.1.1.2", 8080, "tcp"),
             ("10.1.1.2", 22, "tcp"), ("10.1.2.2", 0, "icmp"),
             ("2001:db8:f::80", 80, "tcp"), ("2001:db8:1:1::2", 0, "icmp"),
             ("2001:db8:1:1::2", 9, "udp"), ("192.0.2.1", 8080, "tcp")],
    "lb": [("198.51.100.80", 80, "tcp"), ("198.51.100.53", 53, "udp"),
           ("198.51.100.53", 53, "tcp"), ("2001:db8:f::80", 80, "tcp"),
           ("198.51.100.80", 81, "tcp"), ("203.0.113.9", 80, "tcp")],
    "wire": [("10.5.0.2", 80, "tcp"), ("10.5.0.2", 53, "udp"),
             ("2001:db8:5::2", 80, "tcp"), ("2001:db8:5::2", 0, "icmp"),
             ("10.5.0.2", 0, "icmp"), ("10.5.0.2", 0, "gre")],
}


def l4(proto, sport, dport, v6, n, last):
    if proto == "tcp":
        flags = "S" if n == 0 else "FA" if n == last else "PA" if n % 2 else "A"
        return TCP(sport=sport, dport=dport, flags=flags, seq=1000 + n)
    if proto == "udp":
        return UDP(sport=sport, dport=dport)
    if proto == "icmp":
        return ICMPv6EchoRequest(id=sport, seq=n) if v6 else ICMP(id=sport, seq=n)
    return Raw(b"\0\0\x08\0")


def flow(rng, kind):
    """The packets of one flow, with their times in microseconds."""
    dst, dport, proto = rng.choice(TARGETS[kind])
    v6 = ":" in dst
    host, sport = rng.randrange(2, 40), rng.randrange(1024, 60000)
    src = "2001:db8::%x" % host if v6 else "10.0.0.%d" % host
    cnt, t = rng.randrange(1, 25), rng.randrange(3_000_000)
    tags = [Dot1Q(vlan=10 + host % 3)] if rng.random() < 0.15 else []
    out = []
    for n in range(cnt):
        ip = IPv6(src=src, dst=dst, hlim=64) if v6 else \
            IP(src=src, dst=dst, ttl=64, id=n, proto=47 if proto == "gre" else 6)
        if not v6 and proto != "gre":
            ip = IP(src=src, dst=dst, ttl=64, id=n)
        pkt = Ether(src=CLIENT_MAC, dst=PORT_MAC)
        for tag in tags:
            pkt = pkt / tag.copy()
        pkt = pkt / ip / l4(proto, sport, dport, v6, n, cnt - 1)
        if proto != "gre":
            pkt = pkt / Raw(bytes(rng.randrange(256) for _ in range(rng.randrange(60))))
        out.append((t, bytes(pkt)))
        # Some closer than a hand-over takes, some with an idle time between.
        t += rng.choice([20, 200, 1500, 30_000, 400_000])
    return out


def packets(kind, rng):
    out = []
    for _ in range(150):
        out += flow(rng, kind)
    if kind == "wire":
        arp = Ether(src=CLIENT_MAC, dst="ff:ff:ff:ff:ff:ff") / ARP(pdst="10.5.0.2")
        out += [(rng.randrange(3_000_000), bytes(arp)) for _ in range(10)]
    return sorted(out)


def damage(rng, frame):
    frame = bytearray(frame)
    how = rng.randrange(5)
    if how == 0:
        return bytes(frame[:rng.randrange(14, len(frame) + 1)])
    if how == 1:
        return bytes(frame[:14]) + rng.randbytes(rng.randrange(100))
    if how == 2:
        frame[22] = rng.randrange(2)            # TTL of untagged IPv4
    for _ in range(rng.randrange(1, 4)):
        frame[rng.randrange(12, len(frame))] = rng.randrange(256)
    return bytes(frame)


def write(name, rows, nano=False):
    """rows: (microseconds since T0, frame)."""
    with PcapWriter(name, linktype=1, nano=nano, sync=False) as w:
        w.write_header(None)
        for t, frame in rows:
            w.write_packet(frame, sec=T0 + t // 1_000_000,
                           usec=t % 1_000_000 * (MICRO if nano else 1),
                           caplen=len(frame), wirelen=len(frame))


def answer(pkt):
    """The other end's packet, or None."""
    eth = Ether(bytes(pkt))
    eth.src, eth.dst = eth.dst, eth.src
    ip = eth.getlayer(IP) or eth.getlayer(IPv6)
    if ip is None:
        return None
    ip.src, ip.dst = ip.dst, ip.src
    for layer in (TCP, UDP):
        if layer in ip:
            ip[layer].sport, ip[layer].dport = ip[layer].dport, ip[layer].sport
            del ip[layer].chksum
    if TCP in ip:
        flags = str(ip[TCP].flags)
        ip[TCP].flags = "SA" if flags == "S" else "FA" if "F" in flags else "A"
    elif ICMP in ip:
        ip[ICMP].type = 0
        del ip[ICMP].chksum
    elif ICMPv6EchoRequest in ip:
        old = ip[ICMPv6EchoRequest]
        ip.payload = ICMPv6EchoReply(id=old.id, seq=old.seq, data=old.data)
    elif UDP not in ip:
        return None
    if IP in eth:
        del ip.chksum
        ip.ttl = 64
    else:
        ip.hlim = 64
    return bytes(eth)


def answers(src, dst):
    rows = []
    with PcapReader(src) as reader:
        for pkt in reader:
            frame = answer(pkt)
            if frame:
                t = int((pkt.time - T0) * 1_000_000) + 700
                rows.append((t, frame))
    write(dst, sorted(rows), nano=True)


def many(cnt, name):
    rows = []
    for n in range(cnt):
        pkt = Ether(src=CLIENT_MAC, dst=PORT_MAC) / \
            IP(src="10.0.%d.%d" % (n // 200, 2 + n % 200), dst="192.0.2.1") / \
            UDP(sport=4000, dport=53)
        rows += [(n * 5000, bytes(pkt)), (n * 5000 + 2500, bytes(pkt))]
    write(name, rows)


def gap(seconds, name):
    pkt = bytes(Ether(src=CLIENT_MAC, dst=PORT_MAC) /
                IP(src="10.0.0.2", dst="192.0.2.1") / UDP(sport=4000, dport=53))
    times = [0, 1, 2, 2 + seconds, 3 + seconds]
    write(name, [(t * 1_000_000, pkt) for t in times])


def bad(kind, name):
    good = bytes(Ether(src=CLIENT_MAC, dst=PORT_MAC) / IP(src="10.0.0.2", dst="10.1.1.2") /
                 UDP(sport=1, dport=2) / Raw(b"x" * 40))
    header = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144,
                         113 if kind == "cooked" else 1)

    def record(sec, frame, caplen=None, wirelen=None):
        caplen = len(frame) if caplen is None else caplen
        return struct.pack("<IIII", sec, 0, caplen, wirelen or len(frame)) + frame[:caplen]

    one = record(T0, good)
    body = {
        "empty": b"",
        "garbage": random.Random(1).randbytes(5000),
        "header": header,
        "cooked": header + one,
        "truncated": header + one + record(T0 + 1, good)[:40],
        "garbage-record": header + one + b"\xfe" * 400,
        "cut": header + one + record(T0 + 1, good, 30, len(good)),
        "long": header + one + record(T0 + 1, good[:14] + b"\0" * 9000),
        "short": header + one + record(T0 + 1, good[:10]),
        "late": header + record(T0 + 9, good) + one + record(T0 + 10, good),
    }[kind]
    with open(name, "wb") as out:
        out.write(body)


def to_pcapng(src, dst):
    with PcapNgWriter(dst) as w:
        for pkt in rdpcap(src):
            w.write(pkt)


def main():
    what, args = sys.argv[1], sys.argv[2:]
    if what in ("make", "hostile"):
        kind = args.pop(0) if what == "make" else "edge"
        rng = random.Random(int(args[0]))
        rows = packets(kind, rng)
        if what == "hostile":
            rows = [(t, damage(rng, f) if rng.random() < 0.3 else f) for t, f in rows]
        write(args[1], rows)
        print(len(rows))
    elif what == "answers":
        answers(*args)
    elif what == "many":
        many(int(args[0]), args[1])
    elif what == "gap":
        gap(int(args[0]), args[1])
    elif what == "bad":
        bad(*args)
    elif what == "ng":
        to_pcapng(*args)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
