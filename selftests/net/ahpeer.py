# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The other end of an ah, in user space, for kernels without AH: scapy's IPsec over
python3-cryptography behind a TUN device.

    ahpeer.py SA...     runs it; SA is LOCAL,REMOTE,ALG,SPI-IN,KEY-IN,SPI-OUT,KEY-OUT,FAMILY
                        of what it carries; prints READY, then what it refuses
    ahpeer.py check FILE.pcap SA...
                        judges every AH packet of a capture, both ways: prints how
                        many are right and how many are not, and the sequence
                        numbers of each SPI that do not go up by one
    ahpeer.py again DEV FILE.pcap SPI same|icv|spi|sequence
                        sends the last packet of that SPI once more as it was or
                        with a byte changed
"""
import fcntl
import logging
import os
import select
import socket
import struct
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import IP, IPv6, rdpcap  # noqa: E402
from scapy.layers.ipsec import AH, SecurityAssociation  # noqa: E402

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 1, 0x1000
SO_RCVBUFFORCE = 33


class Peer:
    def __init__(self, text):
        w = text.split(",")
        self.local, self.remote, self.alg = w[:3]
        self.spi_in, self.spi_out = int(w[3], 0), int(w[5], 0)
        self.family = int(w[7])
        outer = IPv6 if ":" in self.local else IP
        self.sa_in = SecurityAssociation(
            AH, spi=self.spi_in, auth_algo=self.alg, auth_key=bytes.fromhex(w[4]),
            tunnel_header=outer(src=self.remote, dst=self.local))
        head = dict(flags="DF", id=0x4242) if outer is IP else {}
        self.sa_out = SecurityAssociation(
            AH, spi=self.spi_out, auth_algo=self.alg, auth_key=bytes.fromhex(w[6]), seq_num=1,
            tunnel_header=outer(src=self.local, dst=self.remote, **head))


def parse(data):
    return (IP if data[0] >> 4 == 4 else IPv6)(data)


def sa_of(peers, pkt):
    for p in peers:
        if pkt[AH].spi == p.spi_in:
            return p.sa_in
        if pkt[AH].spi == p.spi_out:
            return p.sa_out
    return None


def open_tun():
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", b"ah0", IFF_TUN | IFF_NO_PI))
    return fd


def receive(peers, tun, frame):
    pkt = parse(frame)
    if AH not in pkt:
        return
    sa = next((p.sa_in for p in peers if p.spi_in == pkt[AH].spi), None)
    if not sa:
        return
    try:
        os.write(tun, bytes(sa.decrypt(pkt)))
    except Exception as e:      # whatever it is, it is to be seen
        print("REFUSED", repr(e), flush=True)


def send(peers, raw, data):
    p = next((p for p in peers if p.family == data[0] >> 4), None)
    if not p:
        return
    out = p.sa_out.encrypt(parse(data))
    family = socket.AF_INET6 if ":" in p.local else socket.AF_INET
    raw[family].sendto(bytes(out), (p.remote, 0))


def run(peers):
    tun = open_tun()
    # All that comes in; what goes out comes back here, and is not for us.
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    packets.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    raw = {f: socket.socket(f, socket.SOCK_RAW, socket.IPPROTO_RAW)
           for f in (socket.AF_INET, socket.AF_INET6)}
    print("READY", flush=True)
    while True:
        ready, _, _ = select.select([tun, packets], [], [])
        if tun in ready:
            send(peers, raw, os.read(tun, 65536))
        if packets in ready:
            data, addr = packets.recvfrom(65536)
            if addr[2] != 4 and addr[1] in (0x0800, 0x86dd) and addr[0] == "net0":
                receive(peers, tun, data)


def check(path, peers):
    good, bad, last, gaps = 0, 0, {}, []
    for frame in rdpcap(path):
        pkt = parse(bytes(frame.payload))
        if AH not in pkt:
            continue
        sa = sa_of(peers, pkt)
        spi, seq = pkt[AH].spi, pkt[AH].seq
        try:
            sa.decrypt(pkt)
            good += 1
        except Exception as e:
            bad += 1
            print("spi %#x number %d: %r" % (spi, seq, e), file=sys.stderr)
        if spi in last and seq != last[spi] + 1:
            gaps.append("%#x:%d" % (spi, seq))
        last[spi] = seq
    print(good, bad, " ".join(gaps))


def again(dev, path, spi, how):
    frame = [f for f in rdpcap(path)
             if AH in parse(bytes(f.payload)) and parse(bytes(f.payload))[AH].spi == spi][-1]
    data = bytearray(bytes(frame))
    at = 14 + (20 if data[14] >> 4 == 4 else 40)
    if how == "icv":
        data[at + 8] ^= 0x40    # a new number, so that it is not the number's fault
        data[at + 14] ^= 1
    elif how == "spi":
        data[at + 7] ^= 0x80
    elif how == "sequence":
        data[at + 8] ^= 0x40
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((dev, 0))
    s.send(bytes(data))


if sys.argv[1] == "check":
    check(sys.argv[2], [Peer(a) for a in sys.argv[3:]])
elif sys.argv[1] == "again":
    again(sys.argv[2], sys.argv[3], int(sys.argv[4], 0), sys.argv[5])
else:
    run([Peer(a) for a in sys.argv[1:]])
