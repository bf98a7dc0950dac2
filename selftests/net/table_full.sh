#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A full flow table: by policy new flows stay slow, or are dropped; established
# ones are untouched. Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 14
setup
start_nfoldd
n=8000

# round POLICY: got is how many packets of the new flows arrived
round() {
	attach "$(router_chain "full" "table-size 512; on-full $1;" 'monitor;')"
	slots=$("$nfold" -j stat | json sum tables.ipv4.slots)
	flows=$((slots + 60))	# fewer than the engine has sessions
	account_begin
	bg check s1 "$tools/seqcheck" -n $n 5202
	bg many s2 "$tools/seqcheck" -n $((4 * flows)) -t 30 5203
	wait_for 5 grep -q ready "$tmp/check.log"
	wait_for 5 grep -q ready "$tmp/many.log"
	bg gen cli "$tools/seqgen" -n $n -r 1000 -s 4000 10.1.1.2 5202
	sleep 1
	in_ns cli "$tools/seqgen" -f $flows -n $((4 * flows)) -r 2000 -s 10000 10.1.2.2 5203 > "$tmp/many-gen.log"
	finish gen
	finish check
	stop many
	got=$(awk '$1 == "stream" { print $4 }' "$tmp/many.log")
	is "$(grep stream "$tmp/check.log" | cut -d' ' -f3-10)" \
		"received $n lost 0 doubled 0 reordered 0" \
		"H14: on-full $1: the established flow is untouched" ||
		note "$(cat "$tmp/check.log" "$tmp/gen.log")"
	cond "on-full $1: the table is full" "$(flow_count) > slots * 3 / 4 && $(flow_count) <= slots" \
		"$(flow_count)"
	account_end "on-full $1"
}

round slow
is "$got" $((4 * flows)) "H14: on-full slow: every packet of $flows new flows arrives"
cond "on-full slow: flows without a slot are counted under table-full" \
	"$(stat_word table-full) > flows - slots" "$(stats)"
check "the chain detaches" run_nfold detach full
round drop
cond "on-full drop: some new flows got through, not all" "got > 4 * slots * 3 / 4 && got < 4 * flows" $got
is $((got + $(stat_word table-full-drop))) $((4 * flows)) \
	"H14: on-full drop: the others are counted under table-full-drop"
check "the daemon is alive" alive nfoldd
