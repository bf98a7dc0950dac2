#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# chains/edge.chain carries UDP and ICMP echo to a server by its own address:
# IPv4 through the NAT, IPv6 as it is; offloads off and on. Topology: lib.bash.
. "$(dirname "$0")/lib.bash"
plan 30
setup
start_nfoldd
attach "$top/chains/edge.chain"
bg echo s1 "$py" "$top/selftests/net/udpecho.py" serve 5201
wait_for 10 grep -q ready "$tmp/echo.log" || bail "no UDP echo server"

# pings ADDRESS: answers of 20
pings() {
	in_ns cli ping -n -q -c 20 -i 0.02 -W 2 "$1" |
		sed -nE 's/.* ([0-9]+) received.*/\1/p'
}
udp() { in_ns cli "$py" "$top/selftests/net/udpecho.py" ask 40 5 "$@"; }

# round NAME OFFLOADS SPORT
round() {
	local fast p
	offloads "$2"
	account_begin
	fast=$(stat_kind fast)
	: > "$tmp/echo.log"
	capture s1 s1 'udp or icmp or (icmp6 and ip6[40] >= 128 and ip6[40] <= 129)'
	capture cli cli 'udp or icmp or (icmp6 and ip6[40] >= 128 and ip6[40] <= 129)'
	is "$(udp "$3" 10.1.1.2 5201)" 40 "$1: 40 of 40 UDP echoes over IPv4"
	is "$(udp "$3" 2001:db8:1:1::2 5201)" 40 "$1: 40 of 40 UDP echoes over IPv6"
	is "$(pings 10.1.1.2)" 20 "$1: 20 of 20 pings over IPv4"
	is "$(pings 2001:db8:1:1::2)" 20 "$1: 20 of 20 pings over IPv6"
	uncapture s1
	uncapture cli
	is "$(fields s1 'ip && udp' ip.src udp.srcport ip.dst udp.dstport ip.ttl |
		sort -u | sed -E 's/^198.51.100.1[01]\t[0-9]+/POOL/')" \
		"$(printf 'POOL\t10.1.1.2\t5201\t63')" \
		"$1: the server sees one pool address and port, TTL one less"
	is "$(fields s1 'ipv6 && udp' ipv6.src udp.srcport ipv6.dst udp.dstport ipv6.hlim | sort -u)" \
		"$(printf '2001:db8::2\t%s\t2001:db8:1:1::2\t5201\t63' "$3")" \
		"$1: the server sees the IPv6 client's own tuple, hop limit one less"
	is "$(fields s1 icmp ip.src icmp.ident | cut -f1 | sort -u |
		sed -E 's/^198.51.100.1[01]$/POOL/')" POOL \
		"$1: the server sees pings from the pool"
	is "$(fields s1 icmp icmp.ident | sort -u | wc -l)" 1 \
		"$1: one echo identifier stands for the one client"
	is "$(fields s1 icmpv6 ipv6.src ipv6.hlim | sort -u)" \
		"$(printf '2001:db8::2\t63')" \
		"$1: the server sees IPv6 pings from the client itself"
	is "$(fields cli 'ip' ip.src ip.dst ip.ttl | sort -u)" \
		"$(printf '10.1.1.2\t10.0.0.2\t63')" \
		"$1: the client gets answers from the server it asked"
	is "$(bad_checksums s1)" 0 "$1: every checksum at s1 is what scapy computes"
	is "$(bad_checksums cli)" 0 "$1: every checksum at cli is what scapy computes"
	cond "$1: after its first packets each flow went the fast path" \
		"$(stat_kind fast) - fast >= 200" "$(stats)"
	account_end "$1"
}

round "offloads off" off 4001
round "offloads on" on 4002
