#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Hostile and broken packets: each is counted under its reason, none passes a
# firewall that denies, the daemon lives on. A packet socket can not send less
# than an Ethernet header: shorter ones are in selftests/prog_run.
# Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 22
setup
offloads off
start_nfoldd
attach "$(router_chain bad '' 'monitor; firewall { default deny; }')"
mac=$(in_ns box ip -br link show cli0 | awk '{ print $3 }')
bad() { in_ns cli "$py" "$top/selftests/net/badpkt.py" net0 "$mac" "$@"; }
seed=${SEED:-$RANDOM}
note "seed $seed (SEED=$seed repeats it)"

account_begin
capture s1 s1 'ip or vlan or (ip6 and not icmp6)'
capture s2 s2 'ip or vlan or (ip6 and not icmp6)'
stats > "$tmp/before"
bad known > "$tmp/expect"
settle
stats > "$tmp/after"
# delta REASON
delta() {
	awk -v w="$1" '$2 == w { n = FILENAME ~ /after/ ? n + $3 : n - $3 }
		END { print n + 0 }' "$tmp/before" "$tmp/after"
}
for word in bad-header bad-ip-checksum bad-l4-checksum ethertype fragment \
		icmp-other ipv6-ext martian truncated vlan-depth wrong-mac; do
	is "$(delta $word)" "$(awk -v w=$word '$1 == w { print $2 }' "$tmp/expect")" \
		"as many frames as were sent are counted under $word"
done
is $(($(delta firewall-deny) + $(delta drop-folded))) \
	"$(awk '$1 == "firewall-deny" { print $2 }' "$tmp/expect")" \
	"unknown protocols and IP options are denied by the firewall"
account_end "known"

account_begin
check "600 mutilated frames are sent" bad random "$seed"
account_end "mutilated"
uncapture s1
uncapture s2
is "$(fields s1 '' frame.number | wc -l) $(fields s2 '' frame.number | wc -l)" "0 0" \
	"nothing of all that passed the firewall"
check "the daemon is alive" alive nfoldd
check "the engine is alive" pgrep -P "${pids[nfoldd]}"

check "the chain detaches" run_nfold detach bad
attach "$(router_chain good '' 'monitor; firewall { default deny; allow "udp"; }')"
in_ns box ping -q -c 1 -W 1 10.1.1.2 > /dev/null
in_ns box ping -q -c 1 -W 1 2001:db8:1:1::2 > /dev/null
capture opts s1 'udp or ip6'
n=$(bad options | awk '{ print $1 }')
bad options > /dev/null
uncapture opts
is "$(fields opts udp frame.number | wc -l) $(bad_checksums opts)" "$((2 * n)) 0" \
	"with a firewall that allows them, packets with IP options pass whole"
