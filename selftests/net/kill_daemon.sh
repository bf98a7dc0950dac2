#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# kill -9 of the daemon and the engine while traffic runs: established flows lose
# nothing, also if routes have changed since they were folded, commands that read
# work from the pins, new flows get what on-miss says. Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 12
setup
meet 10.0.0.2 10.1.1.2 2001:db8::2 2001:db8:1:1::2
start_nfoldd
attach "$(router_chain kill 'on-miss drop;' '
	nat { source 10.0.0.0/24; pool 198.51.100.10-198.51.100.11; }
	monitor;
	firewall { default deny; allow "udp or tcp or icmp"; }')"
start_iperf s1

bg check s1 "$tools/seqcheck" -n 24000 -S 2 5202
wait_for 5 grep -q ready "$tmp/check.log"
bg gen4 cli "$tools/seqgen" -n 24000 -r 3000 -s 4000 -i 0 10.1.1.2 5202
bg gen6 cli "$tools/seqgen" -n 24000 -r 3000 -s 4000 -i 1 2001:db8:1:1::2 5202
bg tcp cli timeout 60 iperf3 -J -c 10.1.1.2 -p 5201 -t 7 -b 20M
sleep 3
# iperf3's control connection is silent now: the last that is done for it.
in_ns box ip route add 203.0.113.0/24 dev srv1
sleep 0.3
victims=$(pgrep -P "${pids[nfoldd]}")
check "the engine is a process of its own" test -n "$victims"
# shellcheck disable=SC2086
kill -9 $victims "${pids[nfoldd]}"
wait "${pids[nfoldd]}" 2> /dev/null
unset 'pids[nfoldd]'
sleep 0.5
# shellcheck disable=SC2086
check "daemon and engine are gone" gone $victims
check "nfold flow list works without a daemon" run_nfold flow list
grep -q 5202 "$tmp/out"
is $? 0 "nfold flow list shows the flows that run"
grep -q "5201 .* stale" "$tmp/out"
is $? 0 "and one that was folded by other routes"
fast=$(stat_kind fast)
check "nfold stat works without a daemon" run_nfold stat
is "$(in_ns cli ping -q -c 5 -i 0.1 -W 1 10.1.2.2 | grep -o '[0-9]* received')" \
	"0 received" "a new flow is dropped, as on-miss says"
cond "its packets are counted under no-engine" "$(stat_word no-engine) >= 5" "$(stats)"
run_nfold nf show monitor > "$tmp/out" 2>&1
is $? 4 "a command that needs the daemon says so by its exit code"
finish gen4
finish gen6
finish tcp
is $? 0 "a TCP connection goes on to its end"
finish check
cond "established flows are still carried by the fast path" \
	"$(stat_kind fast) - fast > 10000" "$(stats)"
is "$(grep stream "$tmp/check.log" | cut -d' ' -f1-10)" \
	"stream 0 received 24000 lost 0 doubled 0 reordered 0
stream 1 received 24000 lost 0 doubled 0 reordered 0" \
	"two UDP flows lose, double and reorder nothing" || note "$(cat "$tmp/check.log" "$tmp"/gen?.log)"
