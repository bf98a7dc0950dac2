#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the firewall denies stays denied, folded and unfolded, and the monitor
# ahead of it counts the same. Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 19
setup
meet 10.0.0.2 10.1.1.2 2001:db8::2 2001:db8:1:1::2
start_nfoldd
chain=$(router_chain deny "" '
	monitor;
	firewall { default deny; allow "udp dst port 5201"; }')

# total packets|bytes: of the monitor, both directions
total() {
	run_nfold -j nf show monitor > "$tmp/nf.json"
	json sum "total.*.$1" < "$tmp/nf.json"
}
dropped() { echo $(($(stat_word firewall-deny) + $(stat_word drop-folded))); }

# round NAME WORD...: no-fold or nothing
round() {
	local name=$1 drops
	shift
	attach "$chain" "$@"
	account_begin
	drops=$(dropped)
	capture deny s1 'udp port 6000'
	in_ns cli "$tools/seqgen" -n 500 -r 2000 -s 4000 -l 100 10.1.1.2 6000 > /dev/null
	in_ns cli "$tools/seqgen" -n 500 -r 2000 -s 4000 -l 100 2001:db8:1:1::2 6000 > /dev/null
	uncapture deny
	settle
	is "$(fields deny '' frame.number | wc -l)" 0 "$name: nothing denied arrives"
	is $(($(dropped) - drops)) 1000 "$name: all denied packets are counted as such"
	is "$(total packets)" 1000 "$name: the monitor ahead of the firewall counted them all"
	is "$(total bytes)" $((500 * 142 + 500 * 162)) "$name: and their bytes"
	bg check s1 "$tools/seqcheck" -n 500 5201
	wait_for 5 grep -q ready "$tmp/check.log"
	in_ns cli "$tools/seqgen" -n 500 -r 2000 -s 4000 -l 100 10.1.1.2 5201 > /dev/null
	finish check
	is "$(grep stream "$tmp/check.log" | cut -d' ' -f3-8)" \
		"received 500 lost 0 doubled 0" "$name: what is allowed arrives"
	is "$(total packets)" 1500 "$name: the monitor counts it too"
	account_end "$name"
}

round folded
folded_drops=$(stat_word drop-folded)
cond "folded: nearly all denied packets were dropped by the entry" \
	"folded_drops > 950" "$(stats)"
check "the chain detaches" run_nfold detach deny
round unfolded no-fold
is "$(stat_word drop-folded)" 0 "unfolded: no packet met an entry"
