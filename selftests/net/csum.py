# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""csum.py FILE.pcap: recompute every checksum from scratch with scapy; print
the wrong ones' number, and the wrong packets on stderr."""
import sys

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import NoPayload
from scapy.utils import PcapReader

CSUM_FIELDS = ("chksum", "cksum")


def recomputed(pkt):
    """The packet with all checksums emptied, built again."""
    copy = pkt.copy()
    layer = copy
    while not isinstance(layer, NoPayload):
        for name in CSUM_FIELDS:
            if name not in layer.fields:
                continue
            if isinstance(layer, UDP) and layer.fields[name] == 0 and IP in copy:
                continue                        # RFC 768: none
            layer.delfieldval(name)
        layer = layer.payload
    return copy.__class__(bytes(copy))


def main():
    bad = 0
    with PcapReader(sys.argv[1]) as packets:
        for pkt in packets:
            if IP not in pkt and IPv6 not in pkt:
                continue
            want = recomputed(pkt)
            if bytes(want) != bytes(pkt):
                bad += 1
                print(pkt.summary(), file=sys.stderr)
    print(bad)


if __name__ == "__main__":
    main()
