#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Hand-over: a UDP flow of 100,000 packets a second crosses its own installation.
# Nothing is lost, doubled or reordered. Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 13
setup
start_nfoldd
attach "$(router_chain handover '' '
	nat { source 10.0.0.0/24; pool 198.51.100.10-198.51.100.11; }
	monitor;
	firewall { default deny; allow "udp"; }')"
# the next hop is known, so that no packet waits for it
in_ns box ip neigh replace 10.1.1.2 dev srv0 nud permanent \
	lladdr "$(in_ns s1 ip -br link show net0 | awk '{ print $3 }')"
in_ns box ip neigh replace 2001:db8:1:1::2 dev srv0 nud permanent \
	lladdr "$(in_ns s1 ip -br link show net0 | awk '{ print $3 }')"
in_ns cli ping -q -c 1 -W 1 10.0.0.1 > /dev/null
in_ns cli ping -q -c 1 -W 1 2001:db8::1 > /dev/null
account_begin
forced=$(stat_word handover-forced)
n=100000
for i in 1 2 3 4 5; do
	addr=10.1.1.2
	[ $i -lt 4 ] || addr=2001:db8:1:1::2
	slow=$(stat_kind slow)
	bg check s1 "$tools/seqcheck" -n $n 5202
	wait_for 5 grep -q ready "$tmp/check.log"
	in_ns cli "$tools/seqgen" -n $n -r 100000 -s $((4000 + i)) $addr 5202 > "$tmp/gen.log"
	finish check
	is "$(grep stream "$tmp/check.log" | cut -d' ' -f3-10)" \
		"received $n lost 0 doubled 0 reordered 0" \
		"H15: flow $i ($addr): 100,000 packets, none lost, doubled or reordered" ||
		note "$(cat "$tmp/check.log" "$tmp/gen.log"; stats)"
	slow=$(($(stat_kind slow) - slow))
	cond "flow $i: it was folded while it ran" "slow > 0 && slow < n" "slow $slow"
	note "flow $i: $slow packets in user space; $(cat "$tmp/gen.log")"
done
forced=$(($(stat_word handover-forced) - forced))
note "forced hand-overs: $forced of 5"
cond "forced hand-overs are counted, at most one a flow" "forced >= 0 && forced <= 5" $forced
account_end "handover"
