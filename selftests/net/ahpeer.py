# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The other end of an ah, in user space, for kernels without AH: scapy's IPsec over
python3-cryptography behind a TUN device.

    ahpeer.py SA...     runs it; SA is LOCAL,REMOTE,ALG,SPI-IN,KEY-IN,SPI-OUT,KEY-OUT,WHAT:
                        4 or 6, a tunnel for all packets of that family, or
                        transport; prints READY, then what it refuses
    ahpeer.py check FILE.pcap SA...
                        judges every AH packet of a capture, both ways: prints how
                        many are right and how many are not, and the sequence
                        numbers of each SPI that do not go up
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

if sys.argv[1] != "again":
    logging.getLogger("scapy").setLevel(logging.ERROR)
    from scapy.all import IP, IPv6
    from scapy.layers.ipsec import AH, SecurityAssociation

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 1, 0x1000
SO_RCVBUFFORCE = 33


class Peer:
    def __init__(self, text):
        w = text.split(",")
        self.local, self.remote, self.alg = w[:3]
        self.spi_in, self.spi_out = int(w[3], 0), int(w[5], 0)
        self.what = w[7]
        outer = IPv6 if ":" in self.local else IP
        to_us = outer(src=self.remote, dst=self.local)
        from_us = outer(src=self.local, dst=self.remote)
        if outer is IP:
            from_us.flags = "DF"
        if self.what == "transport":
            to_us = from_us = None
        self.sa_in = SecurityAssociation(
            AH, spi=self.spi_in, auth_algo=self.alg, auth_key=bytes.fromhex(w[4]),
            tunnel_header=to_us)
        self.sa_out = SecurityAssociation(
            AH, spi=self.spi_out, auth_algo=self.alg, auth_key=bytes.fromhex(w[6]), seq_num=1,
            tunnel_header=from_us)

    def carries(self, pkt):
        if self.what == "transport":
            return pkt.src == self.local
        return pkt.version == int(self.what)


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
    """Is it AH for us?"""
    pkt = parse(frame)
    if AH not in pkt:
        return False
    sa = next((p.sa_in for p in peers if p.spi_in == pkt[AH].spi), None)
    if not sa:
        return False
    try:
        os.write(tun, bytes(sa.decrypt(pkt)))
    except Exception as e:      # whatever it is, it is to be seen
        print("REFUSED", repr(e), flush=True)
    return True


def send(peers, packets, gateway, data):
    pkt = parse(data)
    p = next((p for p in peers if p.carries(pkt)), None)
    if not p or not gateway:
        return
    out = p.sa_out.encrypt(pkt)
    packets.sendto(bytes(out), ("net0", 0x0800 if out.version == 4 else 0x86dd, 0, 0, gateway))


def run(peers):
    tun = open_tun()
    # All that comes in; what goes out comes back here, and is not for us.
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    packets.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    gateway = None      # who sends us AH
    print("READY", flush=True)
    while True:
        ready, _, _ = select.select([tun, packets], [], [])
        if tun in ready:
            send(peers, packets, gateway, os.read(tun, 65536))
        if packets in ready:
            data, addr = packets.recvfrom(65536)
            if addr[2] != 4 and addr[1] in (0x0800, 0x86dd) and addr[0] == "net0":
                gateway = receive(peers, tun, data) and addr[4] or gateway


def frames(path):
    """Of a capture that tcpdump has written here: bytes from Ethernet on."""
    with open(path, "rb") as f:
        data, at = f.read(), 24
    while at + 16 <= len(data):
        size = struct.unpack_from("=I", data, at + 8)[0]
        yield data[at + 16:at + 16 + size]
        at += 16 + size


def check(path, peers):
    good, bad, last, wrong = 0, 0, {}, []
    for frame in frames(path):
        pkt = parse(frame[14:])
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
        if spi in last and seq <= last[spi]:
            wrong.append("%#x:%d" % (spi, seq))
        last[spi] = seq
    print(good, bad, " ".join(wrong))


def ah_at(frame):
    return 14 + (20 if frame[14] >> 4 == 4 else 40)


def again(dev, path, spi, how):
    data = bytearray([f for f in frames(path)
                      if struct.unpack_from("!I", f, ah_at(f) + 4)[0] == spi][-1])
    at = ah_at(data)
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
