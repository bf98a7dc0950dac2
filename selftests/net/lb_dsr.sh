#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Direct server return: the client's packets reach a backend in IPIP, or in GUE,
# untouched inside; the backend has the virtual address on a device of its own and
# answers past the box. Topology: lib.bash, and
#
#	cli 10.7.1.1 ───── ret1 ───── 10.7.1.2 s1	for the answers
#	cli 10.7.2.1 ───── ret2 ───── 10.7.2.2 s2
#
# The device is Linux's ipip where the kernel has it, else (and for GUE) a tun that
# lbflows.py unpacks into.
. "$(dirname "$0")/lib.bash"
plan 25
setup
flows=$top/selftests/net/lbflows.py
vip=198.51.100.80
for i in 1 2; do
	ip link add ret$i netns "$ns-cli" type veth peer name ret$i netns "$ns-s$i"
	add_addr cli ret$i 10.7.$i.1/24
	add_addr s$i ret$i 10.7.$i.2/24
	in_ns cli ip link set ret$i up
	in_ns s$i ip link set ret$i up
	in_ns s$i ip route add 10.0.0.2/32 via 10.7.$i.1
	start_nginx s$i 80
done
start_nfoldd

# unpack KIND: in both backends, what comes in it
unpack() {
	local i
	for i in 1 2; do
		if [ "$1" = ipip ] && in_ns s$i ip link add vip0 type ipip \
				local 10.1.$i.2 2> /dev/null; then
			add_addr s$i vip0 $vip/32
			in_ns s$i sysctl -qw net.ipv4.conf.vip0.rp_filter=0
			in_ns s$i ip link set vip0 up
			[ $i = 1 ] && note "the kernel's own ipip"
		else
			bg tun$i s$i "$py" "$flows" tun vip0 $vip/32
			wait_for 5 grep -q ready "$tmp/tun$i.log"
		fi
	done
}
repack() {
	local i
	for i in 1 2; do
		stop tun$i KILL
		in_ns s$i ip link del vip0 2> /dev/null
	done
	true
}
gets() {
	local i
	for i in $(seq "$1"); do
		in_ns cli curl -s -m 3 "http://$vip/" || echo 000
	done
}
# round KIND DSR FILTER LENGTH-OF-OUTER-HEADERS
round() {
	local fast before
	unpack "$1"
	attach "$(router_chain "dsr$1" '' "lb { service web {
		vip $vip:80/tcp;
		dsr $2;
		backend 10.1.1.2:80; backend 10.1.2.2:80;
		health http / interval 200ms timeout 150ms rise 2 fall 2 hold 400ms;
	} }")"
	fast=$(stat_kind fast)
	before=$(stat_kind slow)
	capture s1 s1 "$3"
	capture back cli 'tcp and src host 198.51.100.80'
	gets 30 > "$tmp/got"
	is "$(awk '{ print $1 }' "$tmp/got" | sort -u | xargs)" 's1 s2' \
		"$1: both backends answer, and none fails"
	is "$(awk '{ print $2 }' "$tmp/got" | sort -u)" 10.0.0.2 \
		"$1: they see the client's address"
	head -c 300000 /dev/zero > "$tmp/up"
	is "$(in_ns cli curl -s -m 10 -o /dev/null -w '%{http_code} %{size_upload}' \
		--data-binary "@$tmp/up" "http://$vip/")" '200 300000' \
		"$1: what is too big with the tunnel's header arrives too"
	uncapture s1
	uncapture back
	is "$(fields back tcp frame.number | wc -l)" 0 \
		"$1: no answer comes back through the box"
	# the outer headers cut out
	editcap -F pcap -C "14:$4" "$tmp/s1.pcap" "$tmp/inner.pcap"
	cond "$1: packets arrive in the tunnel" \
		"$(fields inner 'tcp.dstport == 80' frame.number | wc -l) > 20"
	is "$(fields inner frame ip.src ip.dst tcp.dstport ip.ttl | sort -u | xargs)" \
		"10.0.0.2 $vip 80 63" "$1: inside, the client's packets are as they were sent"
	is "$(bad_checksums s1) $(bad_checksums inner)" '0 0' \
		"$1: all checksums are right, outside and inside"
	is "$(flow_count "src host $vip")" 0 \
		"$1: only one direction of each flow is known"
	cond "$1: the kernel handled most packets" \
		"$(stat_kind fast) - fast > 2 * ($(stat_kind slow) - before)" \
		"$(stat_kind fast) - $fast, $(stat_kind slow) - $before"
	stop nginx-s1 KILL
	for p in $(ip netns pids "$ns-s1"); do
		[ "$(cat "/proc/$p/comm")" = nginx ] && kill -KILL "$p"
	done
	check "$1: a dead backend is found" wait_for 5 sh -c \
		"$nfold nf show dsr$1 lb | grep -q 'backends.0..state: down'"
	is "$(gets 10 | awk '{ print $1 }' | sort -u)" s2 "$1: and left alone"
	start_nginx s1 80
	check "$1: and comes back" wait_for 8 sh -c \
		"$nfold nf show dsr$1 lb | grep -q 'backends.0..state: up'"
	run_nfold detach "dsr$1" > /dev/null
	repack
}

round ipip 'ipip from 10.1.1.1' 'ip proto 4' 20
round gue 'gue v4 from 10.1.1.1' 'udp port 6080' 32
run_nfold detach nothing > /dev/null 2>&1
is "$?" 3 'nothing is left attached'
