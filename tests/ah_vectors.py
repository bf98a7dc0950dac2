#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Writes tests/ah_vectors.h: packets with AH that scapy (scapy.layers.ipsec, over
python3-cryptography) has sealed, for tests/test_ah.c.

    tests/ah_vectors.py > tests/ah_vectors.h
"""
import logging
logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import (IP, IPv6, UDP, Raw, IPOption, IPOption_RR,
                       IPOption_Router_Alert, IPOption_NOP, IPv6ExtHdrHopByHop,
                       IPv6ExtHdrDestOpt, HBHOptUnknown, PadN, RouterAlert)
from scapy.layers.ipsec import AH, SecurityAssociation

KEY = bytes(range(1, 33))
ALGS = {"hmac-sha256-128": ("SHA2-256-128", KEY),
        "hmac-sha1-96": ("HMAC-SHA1-96", KEY[:20])}

inner4 = IP(src="10.0.0.2", dst="10.9.0.2", ttl=63, tos=0x29, id=0x1234) / \
    UDP(sport=4000, dport=80) / Raw(bytes(range(33)))
inner6 = IPv6(src="2001:db8::2", dst="2001:db8:9::2", hlim=63, tc=0x29, fl=0x12345) / \
    UDP(sport=4000, dport=80) / Raw(bytes(range(40)))


def outer(family, **kw):
    if family == 4:
        return IP(src="192.0.2.1", dst="192.0.2.2", id=0, flags="DF", ttl=64,
                  tos=0x29, **kw)
    return IPv6(src="2001:db8:a::1", dst="2001:db8:a::2", hlim=64, tc=0x29)


def seal(head, inner, auth, seq, spi=0x1234):
    alg, key = ALGS[auth]
    sa = SecurityAssociation(AH, spi=spi, auth_algo=alg, auth_key=key, seq_num=seq,
                             tunnel_header=head)
    return bytes(sa.encrypt(inner.__class__(bytes(inner))))


def seal_ext(ext, inner, auth, seq, spi=0x1234):
    """Tunnel mode behind extension headers: scapy's transport mode around them,
    with the inner packet as payload."""
    alg, key = ALGS[auth]
    sa = SecurityAssociation(AH, spi=spi, auth_algo=alg, auth_key=key, seq_num=seq)
    nh = 4 if isinstance(inner, IP) else 41
    head = outer(6)
    last = ext[-1]
    pkt = head
    for e in ext:
        pkt = pkt / e
    last = pkt.lastlayer()
    last.nh = nh
    pkt = pkt / inner
    return bytes(sa.encrypt(IPv6(bytes(pkt))))


def seal_transport(pkt, auth, seq, spi=0x1234):
    alg, key = ALGS[auth]
    sa = SecurityAssociation(AH, spi=spi, auth_algo=alg, auth_key=key, seq_num=seq)
    return bytes(sa.encrypt(pkt.__class__(bytes(pkt))))


def emit(name, data):
    rows = [", ".join("0x%02x" % b for b in data[i:i + 12]) for i in range(0, len(data), 12)]
    print("static const uint8_t %s[] = {\n\t%s,\n};\n" % (name, ",\n\t".join(rows)))


def main():
    rows = []
    print("/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */\n"
          "/* Written by tests/ah_vectors.py: sealed by scapy, not by us. */\n"
          "#ifndef NFOLD_TESTS_AH_VECTORS_H\n#define NFOLD_TESTS_AH_VECTORS_H\n\n"
          "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n")
    emit("ah_inner4", bytes(inner4))
    emit("ah_inner6", bytes(inner6))
    n = 0
    for auth in ALGS:
        for of in (4, 6):
            for inf in (4, 6):
                n += 1
                emit("ah_vec%d" % n, seal(outer(of), inner4 if inf == 4 else inner6, auth, n))
                rows.append((n, of, inf, auth, n, "true"))
    options = [
        [IPOption_RR(routers=["0.0.0.0", "0.0.0.0"], pointer=4), IPOption_NOP()],
        [IPOption_Router_Alert(), IPOption_RR(routers=["10.1.1.1"], pointer=8), IPOption_NOP()],
        [IPOption(b"\x44\x0c\x05\x00" + bytes(range(8)))],      # timestamp
        [IPOption(b"\x82\x0b" + bytes(range(9))), IPOption_NOP()],   # security
    ]
    for o in options:
        n += 1
        emit("ah_vec%d" % n, seal(outer(4, options=o), inner4, "hmac-sha256-128", n))
        rows.append((n, 4, 4, "hmac-sha256-128", n, "false"))
    exts = [
        [IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN(optdata=b"")])],
        # 0x3e: may change on the way; 0x1e: may not
        [IPv6ExtHdrHopByHop(options=[HBHOptUnknown(otype=0x3e, optdata=b"abcd")])],
        [IPv6ExtHdrHopByHop(options=[HBHOptUnknown(otype=0x1e, optdata=b"abcd")]),
         IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x3e, optdata=b"efgh")])],
    ]
    for e in exts:
        n += 1
        emit("ah_vec%d" % n, seal_ext(e, inner4, "hmac-sha256-128", n))
        rows.append((n, 6, 4, "hmac-sha256-128", n, "false"))
    rr = [IPOption_RR(routers=["10.1.1.1"], pointer=8), IPOption_NOP()]
    label = IPv6(src="2001:db8::2", dst="2001:db8:9::2", hlim=63, tc=0x29, fl=0x12345)
    udp = UDP(sport=4000, dport=80) / Raw(bytes(range(40)))
    hop = IPv6ExtHdrHopByHop(options=[HBHOptUnknown(otype=0x3e, optdata=b"abcd")])
    dest = IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x1e, optdata=b"efgh")])
    plain = [
        (inner4, "hmac-sha256-128"), (inner4, "hmac-sha1-96"),
        (inner6, "hmac-sha256-128"), (inner6, "hmac-sha1-96"),
        (IP(src="10.0.0.2", dst="10.9.0.2", ttl=63, options=rr) / udp, "hmac-sha256-128"),
        (label / hop / udp, "hmac-sha256-128"), (label / dest / udp, "hmac-sha256-128"),
        (label / hop / dest / udp, "hmac-sha1-96"),
    ]
    for i, (p, auth) in enumerate(plain, 1):
        emit("ah_plain%d" % i, bytes(p))
        emit("ah_transport%d" % i, seal_transport(p, auth, i))
    print("static const struct {\n\tconst uint8_t *plain;\n\tsize_t plain_len;\n"
          "\tconst uint8_t *bytes;\n\tsize_t len;\n\tconst char *auth;\n"
          "\tuint32_t seq;\n} ah_transports[] = {")
    for i, (p, auth) in enumerate(plain, 1):
        print("\t{ ah_plain%d, sizeof(ah_plain%d), ah_transport%d,\n"
              "\t  sizeof(ah_transport%d), \"%s\", %d }," % (i, i, i, i, auth, i))
    print("};\n#define AH_TRANSPORTS ((int)(sizeof(ah_transports) / "
          "sizeof(ah_transports[0])))\n")
    print("static const struct {\n\tconst uint8_t *bytes;\n\tsize_t len;\n"
          "\tuint8_t outer, inner;\n\tconst char *auth;\n\tuint32_t seq;\n"
          "\tbool ours;\t\t/* as we write the outer header */\n} ah_vectors[] = {")
    for r in rows:
        print("\t{ ah_vec%d, sizeof(ah_vec%d), %d, %d, \"%s\", %d, %s }," %
              (r[0], r[0], r[1], r[2], r[3], r[4], r[5]))
    print("};\n#define AH_VECTORS ((int)(sizeof(ah_vectors) / sizeof(ah_vectors[0])))\n\n#endif")


main()
