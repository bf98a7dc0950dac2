# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""framediff.py SENT.pcap RECEIVED.pcap: compare the frames of two captures byte
by byte, in order. Prints "same N" or what differs."""
import itertools
import sys

from scapy.layers.l2 import Ether
from scapy.utils import RawPcapReader


def frames(path):
    return [data for data, _ in RawPcapReader(path)]


def main():
    sent, received = frames(sys.argv[1]), frames(sys.argv[2])
    if sent == received:
        print("same", len(sent))
        return
    print("sent", len(sent), "received", len(received))
    for i, (a, b) in enumerate(itertools.zip_longest(sent, received)):
        if a != b:
            print(i, Ether(a or b"").summary(), "|", Ether(b or b"").summary())
            print(i, (a or b"").hex(), "|", (b or b"").hex())
            break


if __name__ == "__main__":
    main()
