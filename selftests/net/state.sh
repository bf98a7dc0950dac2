#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# State functions of the kernel tier on a live box: the policer keeps its rate
# from 1 kpps to 1 Mpps within 2 %, also when the daemon is dead; dos drops the
# flow that floods, at the right packet, and `nfold event` tells. Topology: see
# lib.bash.
. "$(dirname "$0")/lib.bash"
plan 16
setup
start_nfoldd
mac_of() { in_ns "$1" ip -br link show dev "$2" | awk '{ print $3 }'; }
# The sink answers no ARP.
in_ns box ip neigh replace 10.1.1.2 dev srv0 nud permanent lladdr "$(mac_of s1 net0)"
box_mac=$(mac_of box cli0)

received() { # "PACKETS NS" so far, by the sink's own clock
	kill -USR1 "${pids[sink]}"
	sleep 0.2
	tail -n 1 "$tmp/sink.log" | awk '{ printf "%d %.0f\n", $2, $4 }'
}
# measured SECONDS: packets a second, under a load that does not pause
measured() {
	local a b
	bg gen cli "$tools/livegen" send net0 "$box_mac" 10.0.0.2 10.1.1.2 9 1 $(($1 + 3))
	sleep 1.5
	a=$(received)
	sleep "$1"
	b=$(received)
	stop gen
	awk -v a="$a" -v b="$b" 'BEGIN { split(a, x); split(b, y)
		printf "%.0f", (y[1] - x[1]) * 1e9 / (y[2] - x[2]) }'
}
# within RATE GOT: 2 %
within() { awk -v r="$1" -v g="$2" 'BEGIN { exit !(g > r * 0.98 && g < r * 1.02) }'; }
policer() { router_chain pol "" "policer { rate $1; burst 250ms; per host; }"; }

# --- the policer's rate ---

bg sink s1 "$tools/livegen" sink net0
wait_for 5 grep -q ready "$tmp/sink.log"
for kpps in 1 10 100 1000; do
	attach "$(policer "${kpps}kpps")"
	got=$(measured 4)
	note "$kpps kpps: $got packets a second"
	check "policer: $kpps kpps are kept within 2 %" within "${kpps}000" "$got"
	cond "policer: what is above is dropped under its reason" \
		"$(stat_word policed) > 10000" "$(stats)"
	run_nfold detach pol > /dev/null
done
stop sink

# --- dos: the 101st SYN ---

attach "$(router_chain dos "" 'monitor; dos { syn-threshold 100; } monitor;')"
capture syn s1 'tcp port 7000'
cat > "$tmp/syn.py" <<-'END'
	import sys
	from scapy.all import Ether, IP, TCP, sendp
	syn = Ether(dst=sys.argv[1]) / IP(src='10.0.0.2', dst='10.1.1.2') / TCP(
	    sport=4000, dport=7000, flags='S')
	sendp([syn] * 150, iface='net0', inter=0.002, verbose=0)
END
# An answer would close the flow.
in_ns s1 nft add table ip quiet
in_ns s1 nft 'add chain ip quiet out { type filter hook output priority 0; }'
in_ns s1 nft 'add rule ip quiet out tcp flags rst drop'
in_ns cli "$py" "$tmp/syn.py" "$box_mac"
uncapture syn
is "$(fields syn 'tcp.flags.syn==1 && tcp.flags.ack==0' frame.number | wc -l)" 100 \
	"dos: 100 of 150 SYNs of a flow arrive"
is "$(stat_word syn-flood)" 50 "dos: the others are dropped under their reason"
run_nfold -j nf show monitor > "$tmp/nf.json"
run_nfold event list dos > "$tmp/events"
check "nfold event list names the event and its flow" \
	grep -q 'dos\[1\] syn-threshold: drop, 1 flow' "$tmp/events"
check "nfold event show tells that it began" run_nfold event show dos
is "$(grep -c 'syn-flood' "$tmp/out")" 1 "once"
run_nfold -j event show dos > "$tmp/ev.json"
check "and with -j" "$py" -c 'import json, sys
e = json.load(open(sys.argv[1]))["dos"]["events"]
assert len(e) == 1 and e[0]["reason"] == "syn-flood" and e[0]["fires"] == 50, e' "$tmp/ev.json"
run_nfold detach dos > /dev/null

# --- without a daemon ---

bg sink s1 "$tools/livegen" sink net0
wait_for 5 grep -q ready "$tmp/sink.log"
attach "$(policer 100kpps)"
bg first cli "$tools/livegen" send net0 "$box_mac" 10.0.0.2 10.1.1.2 9 1 1
finish first
victims=$(pgrep -P "${pids[nfoldd]}")
# shellcheck disable=SC2086
kill -9 $victims "${pids[nfoldd]}"
wait "${pids[nfoldd]}" 2> /dev/null
unset 'pids[nfoldd]'
got=$(measured 3)
note "without a daemon: $got packets a second"
check "the policer keeps its rate when the daemon is dead" within 100000 "$got"
check "and is cleaned up without it" run_nfold detach pol
