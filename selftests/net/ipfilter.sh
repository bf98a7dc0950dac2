#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Click's rules on live traffic: flows that the rules decide by the key alone are
# folded, forward as well as drop; one that hangs on the TTL stays slow and each
# of its packets is judged. Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 9
setup
start_nfoldd
chain=$(router_chain clickrules "" '
	ipfilter { rule "deny udp dst port 6001 && ip ttl < 60",
			"allow dst udp port 5201 or 6001", "deny all"; }')

# stream PORT: 500 packets to the first server; what arrived is in $got
stream() {
	bg check s1 "$tools/seqcheck" -n 500 "$1"
	wait_for 5 grep -q ready "$tmp/check.log"
	in_ns cli "$tools/seqgen" -n 500 -r 2000 -s 4000 -l 100 10.1.1.2 "$1" > /dev/null
	settle
	finish check
	got=$(grep stream "$tmp/check.log" | cut -d' ' -f3-8)
}

attach "$chain"
account_begin
slow=$(stat_word slow-flow)
stream 5201
is "$got" "received 500 lost 0 doubled 0" "what a rule allows arrives"
is $(($(stat_word slow-flow) - slow)) 0 "it is folded"
stream 6001
is "$got" "received 500 lost 0 doubled 0" "so does what a rule allows by its TTL"
cond "it stays slow, packet by packet" \
	"$(stat_word slow-flow) - $slow > 450" "$(stats)"
capture deny s1 'udp port 6000'
in_ns cli "$tools/seqgen" -n 500 -r 2000 -s 4000 -l 100 10.1.1.2 6000 > /dev/null
uncapture deny
settle
is "$(fields deny '' frame.number | wc -l)" 0 "what no rule allows does not arrive"
cond "nearly all of it was dropped by the entry" \
	"$(stat_word drop-folded) > 450" "$(stats)"
run_nfold -j nf show ipfilter > "$tmp/nf.json"
is "$(json sum 'rules.1.flows' < "$tmp/nf.json")" 2 "both flows are the second rule's"
account_end live
