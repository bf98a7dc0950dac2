# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""vlanpkt.py DEV SMAC DMAC SOURCE DESTINATION FILE.pcap: sends 20 UDP and 20
ICMP echo packets of one flow in each of several VLANs, the same addresses in
all, by a packet socket; writes what it sent to FILE."""
import socket
import sys
import time

from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Raw
from scapy.utils import PcapWriter

DEV, SMAC, DMAC, SRC, DST, FILE = sys.argv[1:7]
VLANS = ((), (Dot1Q(vlan=100),), (Dot1Q(vlan=101, prio=5),), (Dot1Q(vlan=0),),
         (Dot1AD(vlan=200), Dot1Q(vlan=30)), (Dot1Q(vlan=200), Dot1Q(vlan=31)))


def packets(tags, i):
    frame = Ether(src=SMAC, dst=DMAC)
    for tag in tags:
        frame /= tag
    load = Raw(bytes([i]) * (40 + i))
    if ":" in SRC:
        ip = frame / IPv6(src=SRC, dst=DST)
        yield ip / ICMPv6EchoRequest(id=77, seq=i) / load
    else:
        ip = frame / IP(src=SRC, dst=DST)
        yield ip / ICMP(id=77, seq=i) / load
    yield ip / UDP(sport=7000, dport=7001) / load


def main():
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((DEV, 0))
    with PcapWriter(FILE, linktype=1) as out:
        for i in range(20):
            for tags in VLANS:
                for pkt in packets(tags, i):
                    data = bytes(pkt)
                    sock.send(data)
                    out.write(Ether(data))
            time.sleep(0.02)


if __name__ == "__main__":
    main()
