# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""badpkt.py DEV DMAC known|random|options [SEED]: sends frames that nobody should
send, by a packet socket. known: prints for each reason word how many frames
must be counted under it. random: 600 mutilated frames. options: well-formed
packets with IP options and IPv6 extension headers; prints how many."""
import random
import socket
import sys
from collections import Counter

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP, IPOption_Router_Alert
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                                IPv6ExtHdrHopByHop, IPv6ExtHdrRouting)
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

DEV, DMAC, WHAT = sys.argv[1:4]
SRC4, DST4 = "10.0.0.2", "10.1.1.2"
SRC6, DST6 = "2001:db8::2", "2001:db8:1:1::2"


def eth(**fields):
    return Ether(src="02:00:00:00:00:01", **{"dst": DMAC, **fields})


def ip4(**fields):
    return eth() / IP(**{"src": SRC4, "dst": DST4, **fields})


def ip6(**fields):
    return eth() / IPv6(**{"src": SRC6, "dst": DST6, **fields})


def pad(pkt, size=128):
    """As bytes, with payload up to `size` and all lengths right."""
    return bytes(pkt / Raw(b"x" * (size - len(bytes(pkt)))))


def truncated():
    whole = [ip4() / UDP(sport=7, dport=5201), ip6() / UDP(sport=7, dport=5201),
             ip4() / TCP(sport=7, dport=5201, flags="S"),
             ip6() / TCP(sport=7, dport=5201, flags="S"),
             ip4() / ICMP(id=7), eth() / Dot1Q(vlan=5) /
             IP(src=SRC4, dst=DST4) / UDP(sport=7, dport=5201)]
    for pkt in whole:
        frame = pad(pkt)
        for size in range(14, 128):
            yield "truncated", frame[:size]


def broken_headers():
    udp = UDP(sport=8, dport=5201)
    yield "bad-ip-checksum", pad(ip4(chksum=0x1234) / udp)
    yield "bad-ip-checksum", pad(ip4(chksum=0xbeef) / ICMP(id=3))
    yield "bad-header", pad(ip4(version=5) / udp)
    yield "bad-header", pad(ip4(ihl=4) / udp)
    yield "bad-header", pad(ip4(len=19) / udp)
    yield "bad-header", pad(ip6(version=4) / udp)
    yield "bad-l4-checksum", pad(ip4() / UDP(sport=9, dport=5201, chksum=0x1234))
    yield "bad-l4-checksum", pad(ip6() / UDP(sport=9, dport=5201, chksum=0x1234))
    yield "bad-l4-checksum", pad(ip4() / TCP(sport=9, dport=5201, flags="S", chksum=0x1234))
    yield "bad-l4-checksum", pad(ip6() / TCP(sport=9, dport=5201, flags="S", chksum=0x1234))
    yield "bad-l4-checksum", pad(ip4() / ICMP(id=9, chksum=0x1234))


def not_handled():
    udp = UDP(sport=10, dport=5201)
    for kind in (0x88b5, 0x8847, 0x0600, 0x22f3, 0x88cc):
        yield "ethertype", pad(eth(type=kind))
    yield "ethertype", pad(eth(type=46))            # an 802.3 length
    yield "vlan-depth", pad(eth() / Dot1Q(vlan=1) / Dot1Q(vlan=2) / Dot1Q(vlan=3)
                            / IP(src=SRC4, dst=DST4) / udp)
    yield "fragment", pad(ip4(flags="MF") / udp)
    yield "fragment", pad(ip4(frag=100))
    yield "fragment", pad(ip6() / IPv6ExtHdrFragment(m=1, id=5) / udp)
    yield "fragment", pad(ip6() / IPv6ExtHdrFragment(offset=9, nh=17, id=5))
    many = ip6()
    for _ in range(12):
        many /= IPv6ExtHdrDestOpt()
    yield "ipv6-ext", pad(many / udp, 300)
    yield "icmp-other", pad(ip4() / ICMP(type=13))
    yield "icmp-other", pad(ip4() / ICMP(type=5, code=1))


def never_valid():
    udp = UDP(sport=11, dport=5201)
    for src in ("127.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0"):
        yield "martian", pad(ip4(src=src) / udp)
    for src in ("::1", "ff02::1"):
        yield "martian", pad(ip6(src=src) / udp)
    yield "martian", pad(ip4(dst="127.0.0.1") / udp)
    yield "martian", pad(ip6(dst="::1") / udp)
    yield "wrong-mac", pad(eth(dst="02:00:00:00:00:99") / IP(src=SRC4, dst=DST4) / udp)


def denied():
    """Well-formed and unknown: only the firewall's default stops them."""
    for proto in (47, 50, 132, 200, 255):
        yield "firewall-deny", pad(ip4(proto=proto))
        yield "firewall-deny", pad(ip6(nh=proto)) if proto != 50 else pad(ip4(proto=51))
    for _, frame in options():
        yield "firewall-deny", frame


def options():
    for i, opts in enumerate(([IPOption_NOP()] * 4, [IPOption_Router_Alert()],
                              [IPOption_NOP()] * 40)):
        yield "", pad(ip4(options=opts) / UDP(sport=30 + i, dport=5201))
    for i, ext in enumerate((IPv6ExtHdrDestOpt(), IPv6ExtHdrHopByHop(),
                             IPv6ExtHdrDestOpt() / IPv6ExtHdrDestOpt())):
        yield "", pad(ip6() / ext / UDP(sport=40 + i, dport=5201))


def mutilated(rng):
    good = [pad(p) for p in (
        ip4() / UDP(sport=7, dport=5201), ip6() / TCP(sport=7, dport=5201),
        ip6() / IPv6ExtHdrRouting() / UDP(sport=7, dport=5201),
        eth() / Dot1Q(vlan=9) / IP(src=SRC4, dst=DST4) / ICMP(id=1))]
    for _ in range(600):
        frame = bytearray(rng.choice(good))
        for _ in range(rng.randint(1, 8)):
            frame[rng.randrange(12, 80)] = rng.randrange(256)
        yield "", bytes(frame[:rng.randint(14, 128)])


def main():
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((DEV, 0))
    expect = Counter()
    if WHAT == "known":
        groups = (truncated(), broken_headers(), not_handled(), never_valid(),
                  denied())
    elif WHAT == "random":
        groups = (mutilated(random.Random(int(sys.argv[4]))),)
    else:
        groups = (options(),)
    for group in groups:
        for reason, frame in group:
            sock.send(frame)
            expect[reason] += 1
    for reason, count in sorted(expect.items()):
        print(reason, count)


if __name__ == "__main__":
    main()
