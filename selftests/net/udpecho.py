# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""udpecho.py serve PORT: answers each UDP packet with itself, printing the
sender. udpecho.py ask COUNT GAP_MS SPORT ADDRESS PORT: sends and waits for each
answer; prints how many came back unchanged."""
import os
import socket
import sys
import time


def serve(port):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind(("::", port))
    print("ready", flush=True)
    while True:
        data, peer = sock.recvfrom(65536)
        print(peer[0].removeprefix("::ffff:"), peer[1], flush=True)
        sock.sendto(data, peer)


def ask(count, gap_ms, sport, addr, port):
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind(("", sport))
    sock.connect((addr, port))
    sock.settimeout(1)
    good = 0
    for i in range(count):
        data = i.to_bytes(4, "big") + os.urandom(i * 37 % 1200)
        try:
            sock.send(data)
            good += sock.recv(65536) == data
        except OSError:
            pass
        time.sleep(gap_ms / 1000)
    print(good)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        ask(*(int(a) for a in sys.argv[2:5]), sys.argv[5], int(sys.argv[6]))
