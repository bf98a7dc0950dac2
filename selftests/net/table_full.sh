#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A full flow table: by policy new flows stay slow, or are dropped; established
# ones are untouched. Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 14
setup
start_nfoldd
n=8000
flows=900	# more than the table's 704 slots, fewer than the engine's sessions

# round POLICY: got is how many packets of the new flows arrived
round() {
	attach "$(router_chain "full" "table-size 512; on-full $1;" 'monitor;')"
	account_begin
	bg check s1 "$tools/seqcheck" -n $n 5202
	bg many s2 "$tools/seqcheck" -t 30 5203
	wait_for 5 grep -q ready "$tmp/check.log"
	wait_for 5 grep -q ready "$tmp/many.log"
	bg gen cli "$tools/seqgen" -n $n -r 1000 -s 4000 10.1.1.2 5202
	sleep 1
	capture many s2 'udp port 5203'
	in_ns cli "$tools/seqgen" -f $flows -n $((4 * flows)) -r 2000 -s 10000 10.1.2.2 5203 > "$tmp/many-gen.log"
	uncapture many
	finish gen
	finish check
	stop many
	got=$(fields many '' udp.srcport | wc -l)
	is "$(grep stream "$tmp/check.log" | cut -d' ' -f3-10)" \
		"received $n lost 0 doubled 0 reordered 0" \
		"on-full $1: the established flow is untouched" ||
		note "$(cat "$tmp/check.log" "$tmp/gen.log")"
	cond "on-full $1: the table is full" "$(flow_count) > 600 && $(flow_count) <= 704" \
		"$(flow_count)"
	account_end "on-full $1"
}

round slow
is "$got" $((4 * flows)) "on-full slow: every packet of $flows new flows arrives"
cond "on-full slow: flows without a slot are counted under table-full" \
	"$(stat_word table-full) >= flows - 704" "$(stats)"
check "the chain detaches" run_nfold detach full
round drop
cond "on-full drop: some new flows got through, not all" "got > 4 * 600 && got < 4 * flows" $got
is $((got + $(stat_word table-full-drop))) $((4 * flows)) \
	"on-full drop: the others are counted under table-full-drop"
check "the daemon is alive" alive nfoldd
