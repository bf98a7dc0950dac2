#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Wire mode: the box is a cable between two ports. ARP and ND cross it, frames
# come out as they went in, every byte.
#
#   cli 10.5.0.1 ─── cli0 (box) srv0 ─── 10.5.0.2 s1      2001:db8:5::1, ::2
. "$(dirname "$0")/lib.bash"
plan 19
setup_wire
start_nfoldd
attach "$(wire_chain wiretest '' 'monitor;')"
bg echo s1 "$py" "$top/selftests/net/udpecho.py" serve 5201
wait_for 10 grep -q ready "$tmp/echo.log" || bail "no UDP echo server"
start_iperf s1

# neigh_mac ADDRESS: what the client learned
neigh_mac() {
	in_ns cli ip neigh show "$1" | grep -oE 'lladdr [0-9a-f:]+' | cut -d' ' -f2
}

# round NAME OFFLOADS SPORT
round() {
	local fast
	offloads "$2"
	account_begin
	fast=$(stat_kind fast)
	bg cap-sent cli tcpdump -i net0 -Q out -U -s 0 --immediate-mode \
		-w "$tmp/sent.pcap" 'udp or icmp or icmp6'
	wait_for 5 grep -q listening "$tmp/cap-sent.log"
	capture got s1 'udp or icmp or icmp6'
	is "$(in_ns cli "$py" "$top/selftests/net/udpecho.py" ask 40 5 "$3" 10.5.0.2 5201)" \
		40 "$1: 40 of 40 UDP echoes over IPv4"
	is "$(in_ns cli "$py" "$top/selftests/net/udpecho.py" ask 40 5 "$3" 2001:db8:5::2 5201)" \
		40 "$1: 40 of 40 UDP echoes over IPv6"
	check "$1: ping crosses" in_ns cli ping -q -c 10 -i 0.02 -W 2 10.5.0.2
	uncapture got
	uncapture sent
	is "$(bad_checksums got)" 0 "$1: every checksum at s1 is what scapy computes"
	if [ "$2" = off ]; then
		is "$("$py" "$top/selftests/net/framediff.py" "$tmp/sent.pcap" "$tmp/got.pcap" |
			sed 's/same [0-9]*/same/')" same \
			"$1: what s1 gets is what cli sent, byte for byte and in order"
	fi
	check "$1: a TCP stream crosses" in_ns cli timeout 20 \
		iperf3 -c 10.5.0.2 -t 1 -b 50M
	cond "$1: most packets went the fast path" \
		"$(stat_kind fast) - fast > 1000" "$(stats)"
	account_end "$1"
}

round "offloads off" off 4001
mac=$(in_ns s1 ip -br link show net0 | awk '{ print $3 }')
is "$(neigh_mac 10.5.0.2)" "$mac" "ARP crossed the wire: the client knows the server's own MAC"
is "$(neigh_mac 2001:db8:5::2)" "$mac" "ND crossed the wire: the client knows the server's own MAC"
round "offloads on" on 4002
