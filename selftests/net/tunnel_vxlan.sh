#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# mark and tunnel against Linux's own VXLAN device: pings, TCP and UDP of the
# client reach s1 through the tunnel and come back through it; what is too big
# with its header is answered. What goes in and what comes out is handled by XDP,
# as one session. Offloads off and on. Topology: lib.bash, and
#
#   cli 10.0.0.2 ── box ══ VXLAN 42: 198.51.100.90 to 10.1.1.2 ══ s1 vx0 10.9.0.2
#                                                      2001:db8:9::2
. "$(dirname "$0")/lib.bash"
plan 26
setup
in_ns s1 ip link add vx0 address 02:00:00:00:00:99 type vxlan id 42 \
	local 10.1.1.2 remote 198.51.100.90 dstport 4789 noudpcsum 2> "$tmp/vxlan.log" ||
	skip_all "needs VXLAN in the kernel: $(cat "$tmp/vxlan.log")"
in_ns s1 ip link set vx0 up
add_addr s1 vx0 10.9.0.2/24 2001:db8:9::2/64
in_ns s1 ip neigh add 10.9.0.1 lladdr 02:00:00:00:00:01 dev vx0
in_ns s1 ip neigh add 2001:db8:9::1 lladdr 02:00:00:00:00:01 dev vx0
in_ns s1 ip route add 10.0.0.0/24 via 10.9.0.1
in_ns s1 ip -6 route add 2001:db8::/64 via 2001:db8:9::1
start_nfoldd
attach "$(router_chain tunneltest '' '
	mark { rule "icmp or icmp6" dscp af21; }
	monitor;
	tunnel {
		kind vxlan; local 198.51.100.90; remote 10.1.1.2; vni 42;
		remote-mac 02:00:00:00:00:99;
		match "dst net 10.9.0.0/24 or dst net 2001:db8:9::/64";
	}')"
start_nginx s1 8080

pings() {
	in_ns cli ping -n -q -c 20 -i 0.02 -W 2 "$1" |
		sed -nE 's/.* ([0-9]+) received.*/\1/p'
}

# round NAME OFFLOADS
round() {
	local fast slow pending
	offloads "$2"
	fast=$(stat_kind fast) slow=$(stat_kind slow) pending=$(stat_word pending)
	capture s1 s1 'udp port 4789'
	is "$(pings 10.9.0.2)" 20 "$1: 20 of 20 pings over IPv4"
	is "$(pings 2001:db8:9::2)" 20 "$1: 20 of 20 pings over IPv6"
	is "$(in_ns cli curl -s -m 10 http://10.9.0.2:8080/ | cut -d' ' -f1,2)" \
		"s1 10.0.0.2" "$1: the server in the tunnel sees the client itself"
	is "$(in_ns cli curl -s -m 20 'http://[2001:db8:9::2]:8080/big' | wc -c)" \
		1000000 "$1: a megabyte comes back through the tunnel"
	uncapture s1
	is "$(fields s1 'icmp' ip.src ip.dst ip.ttl ip.dsfield.dscp ip.flags.df |
		sort -u)" "$(printf '198.51.100.90,10.0.0.2\t10.1.1.2,10.9.0.2\t64,63\t18,18\t1,1')" \
		"$1: outer and inner header: addresses, TTL, DSCP, DF"
	is "$(fields s1 udp udp.checksum | grep -v 0x0000 | sort -u | wc -l)" 0 \
		"$1: the outer UDP checksum is 0"
	cond "$1: source ports are dynamic, one a flow" \
		"$(fields s1 udp udp.srcport | sort -u | awk '$1 < 49152 { bad = 1 }
			END { print (!bad && NR >= 4) }')" "$(fields s1 udp udp.srcport | sort | uniq -c)"
	is "$(bad_checksums s1)" 0 "$1: every checksum at s1 is what scapy computes"
	# 80 packets of pings and what a megabyte takes in MTUs, by the tunnel.
	cond "$1: both ways are folded" "$(stat_kind fast) - fast >= 700" "$(stats)"
	# Those that met a hand-over are counted under pending, and as slow.
	cond "$1: few of them are slow" \
		"($(stat_kind slow) - slow) - ($(stat_word pending) - pending) <= 60" "$(stats)"
}

round "offloads off" off
round "offloads on" on
# 1500 less VXLAN's 50; DF
in_ns cli ping -n -c 2 -W 2 -M do -s 1472 10.9.0.2 > "$tmp/big" 2>&1
cond "too big with its header: the client is told the MTU that is left" \
	"$(grep -c 'mtu *= *1450' "$tmp/big")" "$(cat "$tmp/big")"
"$nfold" flow show match "dst host 10.9.0.2 and icmp" > "$tmp/show" 2>&1
check "the flow's edit is shown" grep -q \
	'edit  *dscp 18, in vxlan 198.51.100.90 > 10.1.1.2$' "$tmp/show"
"$nfold" flow show match "src host 10.9.0.2 and icmp" > "$tmp/show" 2>&1
check "the flow back comes in by the tunnel" grep -q \
	', in vxlan 10.1.1.2 > 198.51.100.90 vni 42$' "$tmp/show"
check "its header is taken off by the entry" grep -q \
	'edit  *dscp 18, tunnel header off$' "$tmp/show"
check "it is the answer to what goes in" grep -q \
	'reply direction, other direction in the table$' "$tmp/show"
check "the engine is alive" pgrep -P "${pids[nfoldd]}"
