#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Wire mode with no, one and two VLAN tags: frames arrive as they were sent, and
# the same addresses in different VLANs are different flows. Frames are made by
# hand, so that the kernel needs no VLAN devices.
#
#   cli 10.5.0.1 ─── cli0 (box) srv0 ─── 10.5.0.2 s1      2001:db8:5::1, ::2
. "$(dirname "$0")/lib.bash"
plan 12
setup_wire
offloads off
start_nfoldd
attach "$(wire_chain vlantest '' 'monitor;')"
mac() { in_ns "$1" ip -br link show net0 | awk '{ print $3 }'; }

# round NAME FROM TO SOURCE DESTINATION
round() {
	local fast slow
	account_begin
	fast=$(stat_word fast)
	slow=$(stat_kind slow)
	capture got "$3" "udp port 7001 or icmp or (icmp6 and ip6[40] = 128) or vlan"
	check "$1: 240 frames in six VLANs are sent" in_ns "$2" "$py" \
		"$top/selftests/net/vlanpkt.py" net0 "$(mac "$2")" "$(mac "$3")" \
		"$4" "$5" "$tmp/sent.pcap"
	uncapture got
	settle
	is "$("$py" "$top/selftests/net/framediff.py" "$tmp/sent.pcap" "$tmp/got.pcap")" \
		"same 240" "$1: they arrive byte for byte and in order"
	cond "$1: each VLAN's flows are walked and folded by themselves" \
		"$(stat_kind slow) - slow >= 12 && $(stat_word fast) - fast >= 180" "$(stats)"
	account_end "$1"
}
# the sockets that nobody listens on answer: their ICMP errors are the peers'
in_ns s1 sysctl -qw net.ipv4.icmp_echo_ignore_all=1 net.ipv6.icmp.echo_ignore_all=1
bg sink s1 "$tools/seqcheck" 7001
round "IPv4" cli s1 10.5.0.1 10.5.0.2
round "IPv6" cli s1 2001:db8:5::1 2001:db8:5::2
is "$("$nfold" flow list | grep -c ':7001 ')" 12 "twelve UDP flows are in the tables"
check "the engine is alive" pgrep -P "${pids[nfoldd]}"
