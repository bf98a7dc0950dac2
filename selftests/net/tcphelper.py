# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TCP connections that end in odd ways.
tcphelper.py serve PORT: "late N": waits for the client's FIN, sends a line N
seconds later, closes. Anything else: waits for the end, closes.
tcphelper.py late|hold|reset|close ADDRESS PORT SECONDS SPORT: half-closes and
waits for the line; stays open without a word, then asks again; resets after a
second; closes both ways."""
import socket
import struct
import sys
import threading
import time


def answer(conn):
    with conn:
        words = conn.makefile().readline().split()
        conn.sendall(b"hello\n")
        while conn.recv(4096):
            pass
        if words[:1] == ["late"]:
            time.sleep(float(words[1]))
            conn.sendall(b"late\n")


def serve(port):
    sock = socket.create_server(("::", port), family=socket.AF_INET6,
                                dualstack_ipv6=True)
    print("ready", flush=True)
    while True:
        conn, _ = sock.accept()
        threading.Thread(target=answer, args=(conn,), daemon=True).start()


def client(how, addr, port, seconds, sport):
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.bind(("", sport))
    sock.settimeout(seconds + 10)
    sock.connect((addr, port))
    sock.sendall(f"{how} {seconds}\n".encode())
    lines = sock.makefile()
    print(lines.readline().strip(), flush=True)
    if how == "late":
        sock.shutdown(socket.SHUT_WR)
        print(lines.readline().strip(), flush=True)
    elif how == "hold":
        time.sleep(seconds)
        sock.sendall(b"x")
        sock.shutdown(socket.SHUT_WR)
        print("end" if not lines.read() else "?", flush=True)
    elif how == "reset":
        time.sleep(1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        lines.close()
    sock.close()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        client(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]),
               int(sys.argv[5]))
