#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The NF sample on a live box: every fifth packet is told, with its five-tuple,
# whether the kernel or the engine handled it; nfold monitor prints them as they
# come. Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 7
setup
start_nfoldd
attach "$(router_chain smp "" 'sample { one-in 5; }')"
bg events box "$nfold" -j monitor smp
bg alerts box "$nfold" -j monitor alert
sleep 0.5

# member KEY: of each line that the monitor printed, those that differ
member() {
	"$py" -c 'import json,sys
print(*sorted({str(json.loads(l)[sys.argv[2]]) for l in open(sys.argv[1])}))' \
		"$tmp/events.log" "$1"
}
sampled() { [ "$(wc -l < "$tmp/events.log")" -ge "$1" ]; }

check 'pings pass' in_ns cli ping -q -c 50 -i 0.02 -W 2 10.1.1.2
check 'twenty of a hundred are told' wait_for 5 sampled 20
is "$(wc -l < "$tmp/events.log")" 20 'no more than that'
is "$(member nf) $(member action) $(member proto) $(member len)" \
	'sample tell icmp 98' 'each is one event, which says what packet it was'
is "$(member src)" '10.0.0.2 10.1.1.2' 'of both directions'
cond 'most were told by the kernel' "$(stat_word fast) > 90" "$(stats)"
check 'the monitor of alerts lives, and has nothing to say' \
	eval 'alive alerts && [ ! -s "$tmp/alerts.log" ]'
