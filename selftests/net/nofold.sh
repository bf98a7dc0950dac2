#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The same traffic folded and with no-fold: same answers, same drops, same state
# of the NFs. Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 14
setup
# the second run uses the ports of the first: nothing must wait for old segments
for p in "${peers[@]}"; do in_ns "$p" sysctl -qw net.ipv4.tcp_max_tw_buckets=0; done
start_nginx s1 8080
start_nginx s2 8080
bg echo s1 "$py" "$top/selftests/net/udpecho.py" serve 5201
wait_for 10 grep -q ready "$tmp/echo.log" || bail "no UDP echo server"
start_nfoldd
chain=$(router_chain both "" '
	nat { source 10.0.0.0/24; pool 198.51.100.10-198.51.100.11; seed 7; }
	lb {
		seed 7;
		service web { vip 198.51.100.80:80/tcp; backend 10.1.1.2:8080; backend 10.1.2.2:8080; }
		service web6 { vip [2001:db8:f::80]:80/tcp; backend [2001:db8:1:1::2]:8080; backend [2001:db8:1:2::2]:8080; }
	}
	monitor;
	firewall { default deny; allow "tcp port 8080"; allow "udp port 5201"; allow "icmp or icmp6"; }')

# traffic: what came of it, as text. Source ports are given, so that both runs
# are the same flows.
traffic() {
	local i
	for i in $(seq 20); do
		in_ns cli curl -s -m 5 -H Connection:close --local-port $((20000 + i)) -w '%{http_code} ' http://198.51.100.80/
		in_ns cli curl -s -m 5 -H Connection:close --local-port $((21000 + i)) -w '%{http_code} ' 'http://[2001:db8:f::80]/'
	done
	in_ns cli "$py" "$top/selftests/net/udpecho.py" ask 30 3 4001 10.1.1.2 5201
	in_ns cli "$py" "$top/selftests/net/udpecho.py" ask 30 3 4001 2001:db8:1:1::2 5201
	in_ns cli ping -q -c 10 -i 0.02 -W 2 10.1.2.2 | grep -o '[0-9]* received'
	in_ns cli "$tools/seqgen" -n 100 -r 1000 -s 4002 10.1.1.2 6000 | grep -o 'sent [0-9]*'
}
deny() { echo $(($(stat_word firewall-deny) + $(stat_word drop-folded))); }

# round NAME WORD...
round() {
	local name=$1
	shift
	attach "$chain" "$@"
	account_begin
	capture denied s1 'udp port 6000'
	traffic > "$tmp/$name.out"
	uncapture denied
	settle
	is "$(fields denied '' frame.number | wc -l)" 0 "$name: nothing denied arrives"
	is "$(deny)" 100 "$name: what is denied is counted"
	account_end "$name"
	fast[$#]=$(stat_kind fast)
	check "$name: the chain detaches" run_nfold detach both
}

fast=()
round folded
round unfolded no-fold
is "$(grep -c '^200 ' "$tmp/folded.out")" 40 "folded: 40 of 40 HTTP requests are answered 200"
is "$(cat "$tmp/unfolded.out")" "$(cat "$tmp/folded.out")" \
	"the same answers, from the same servers, under the same addresses"
cond "folded: most packets went the fast path" "${fast[0]} > 200"
is "${fast[1]}" 0 "unfolded: no packet went the fast path"
