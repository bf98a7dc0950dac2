#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A server's MAC changes: the kernel's neighbour entry changes, and with it, by
# one store, where folded flows go; no flow is folded anew. Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 8
setup
start_nfoldd
attach "$(router_chain neigh '' 'monitor;')"
in_ns s1 sysctl -qw net.ipv4.conf.net0.arp_notify=1 net.ipv6.conf.net0.ndisc_notify=1
bg check s1 "$tools/seqcheck" -n 8000 -S 2 5202
wait_for 5 grep -q ready "$tmp/check.log"
account_begin
bg gen4 cli "$tools/seqgen" -n 8000 -r 2000 -s 4000 -i 0 10.1.1.2 5202
bg gen6 cli "$tools/seqgen" -n 8000 -r 2000 -s 4000 -i 1 2001:db8:1:1::2 5202
sleep 2
walks=$(stat_kind slow)
fast=$(stat_kind fast)
in_ns s1 ip link set net0 address 02:00:00:00:00:77
sleep 0.5
capture after s1 'udp port 5202'
sleep 0.5
uncapture after
slow=$(($(stat_kind slow) - walks))
finish gen4
finish gen6
finish check
is "$(fields after ip eth.dst | sort -u)" 02:00:00:00:00:77 \
	"IPv4 frames go to the new MAC within half a second"
is "$(fields after ipv6 eth.dst | sort -u)" 02:00:00:00:00:77 \
	"IPv6 frames go to the new MAC within half a second"
cond "the flows stayed folded: next to nothing walked the chain" "slow < 20" "$slow"
cond "the fast path went on" "$(stat_kind fast) - fast > 7000" "$(stats)"
for i in 0 1; do
	got=$(awk -v i=$i '$1 == "stream" && $2 == i { print $4 }' "$tmp/check.log")
	cond "stream $i lost at most 200 ms of packets" "${got:-0} >= 7600" \
		"$(cat "$tmp/check.log")"
done
account_end "neighbour"
