#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# H17: an operator flushes the table, and edits a chain's rules, while a flow of
# 1,000 packets a second is folded. Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 9
setup
start_nfoldd

# rules RULE: the chain with them
rules() {
	router_chain rules "" "monitor; firewall { default deny; $1 }" > /dev/null
	attach "$tmp/rules.chain"
}
# arrived: packets of the flow that s1 gets within a second
arrived() {
	capture "$1" s1 'udp port 5202'
	sleep 1
	uncapture "$1"
	fields "$1" '' frame.number | wc -l
}
denied() { echo $(($(stat_word firewall-deny) + $(stat_word drop-folded))); }

rules 'allow "udp dst port 5202";'
bg gen cli "$tools/seqgen" -n 20000 -r 1000 -s 4000 10.1.1.2 5202
sleep 1
fast=$(stat_kind fast)
cond "the flow is folded" "fast > 500" "$(stats)"
slow=$(stat_kind slow)
check "flush" run_nfold flow flush
n=$(arrived flushed)
cond "H17: a flush interrupts nothing" "n > 900" "$n"
slow=$(($(stat_kind slow) - slow))
cond "H17: the flow was folded anew at its next packet" "slow > 0 && slow < 100" "$slow"
check "the chain detaches" run_nfold detach rules
rules 'allow "udp dst port 5203";'
sleep 0.5
is "$(arrived denied)" 0 "H17: a flow that the new rules deny stops"
n=$(denied)
cond "and is counted as denied" "n > 500" "$(stats)"
check "the chain detaches again" run_nfold detach rules
rules 'allow "udp";'
sleep 0.5
n=$(arrived allowed)
cond "H17: a flow that the new rules allow goes on" "n > 900" "$n"
stop gen
