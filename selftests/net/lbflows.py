# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Clients and servers of lb_health.sh and lb_dsr.sh.

lbflows.py serve NAME PORT...      answers each UDP packet with NAME
lbflows.py udp COUNT SPORT ADDRESS PORT
    one packet of each of COUNT flows, from ports SPORT on: the same flows at the
    next call. Prints lines "SPORT NAME", NAME "-" if no answer came in 1 s.
lbflows.py hold COUNT ADDRESS PORT FILE
    holds COUNT TCP connections and asks GET / over each every 100 ms, opening
    anew what breaks; FILE: lines "INDEX NAME BREAKS ANSWERS RESETS".
lbflows.py tun DEVICE ADDRESS      a device with that address, into which comes
    what arrives in IPIP, or in GUE on UDP port 6080
"""
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time


def serve(name, ports):
    socks = []
    for port in ports:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("0.0.0.0", port))
        socks.append(sock)
    print("ready", flush=True)
    while True:
        for sock in select.select(socks, [], [])[0]:
            _, peer = sock.recvfrom(2048)
            sock.sendto(name.encode(), peer)


def udp(count, sport, addr, port):
    socks = {}
    for i in range(count):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("0.0.0.0", sport + i))
        sock.connect((addr, port))
        sock.send(b"?")
        socks[sock] = sport + i
    names = dict.fromkeys(socks.values(), "-")
    end = time.monotonic() + 1
    while socks and time.monotonic() < end:
        for sock in select.select(list(socks), [], [], 0.1)[0]:
            try:
                names[socks[sock]] = sock.recv(100).decode()
            except OSError:
                pass
            del socks[sock]
    for p, name in names.items():
        print(p, name)


class Held(threading.Thread):
    """One connection, opened again when it breaks."""

    def __init__(self, where):
        super().__init__(daemon=True)
        self.where, self.name = where, "-"
        self.breaks = self.answers = self.resets = 0

    def ask(self, sock):
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        data = b""
        while b"\r\n\r\n" not in data or not data.endswith(b"\n"):
            more = sock.recv(4096)
            if not more:
                raise ConnectionError("closed")
            data += more
        self.name = data.split(b"\r\n\r\n", 1)[1].split()[0].decode()
        self.answers += 1

    def run(self):
        while True:
            try:
                with socket.create_connection(self.where, timeout=3) as sock:
                    while True:
                        self.ask(sock)
                        time.sleep(0.1)
            except OSError as err:
                self.breaks += 1
                self.resets += isinstance(err, ConnectionResetError)
                time.sleep(0.05)


def hold(count, addr, port, path):
    held = [Held((addr, port)) for _ in range(count)]
    for h in held:
        h.start()
    while True:
        with open(path + ".new", "w") as f:
            for i, h in enumerate(held):
                print(i, h.name, h.breaks, h.answers, h.resets, file=f)
        os.rename(path + ".new", path)
        time.sleep(0.1)


def tun(device, address):
    fd = os.open("/dev/net/tun", os.O_RDWR)
    # TUNSETIFF, IFF_TUN | IFF_NO_PI
    fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", device.encode(), 0x1001))
    for cmd in (["addr", "add", address, "dev", device],
                ["link", "set", device, "up"]):
        subprocess.run(["ip"] + cmd, check=True)
    ipip = socket.socket(socket.AF_INET, socket.SOCK_RAW, 4)
    gue = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    gue.bind(("0.0.0.0", 6080))
    print("ready", flush=True)
    while True:
        ready = select.select([ipip, gue, fd], [], [])[0]
        if ipip in ready:
            data = ipip.recv(65536)
            os.write(fd, data[(data[0] & 15) * 4:])
        if gue in ready:
            os.write(fd, gue.recv(65536)[4:])
        if fd in ready:
            os.read(fd, 65536)


if __name__ == "__main__":
    what, args = sys.argv[1], sys.argv[2:]
    if what == "serve":
        serve(args[0], [int(a) for a in args[1:]])
    elif what == "udp":
        udp(int(args[0]), int(args[1]), args[2], int(args[3]))
    elif what == "hold":
        hold(int(args[0]), args[1], int(args[2]), args[3])
    else:
        tun(args[0], args[1])
