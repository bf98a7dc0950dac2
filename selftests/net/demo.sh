#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# nfold demo: its claims hold, it fails when they do not, and it leaves nothing
# behind, whatever ends it. The topology is its own.
. "$(dirname "$0")/lib.bash"
plan 14
setup_base cli
# a tree of our own, so that the chain can be broken
mkdir -p "$tmp/tree/build" "$tmp/tree/chains"
cp "$nfold" "$nfoldd" "$tmp/tree/build"
cp "$top/chains/edge.chain" "$tmp/tree/chains"
demo=$tmp/tree/build/nfold

# left PID: names of what that demo has left
left() {
	ip netns list | grep "^nfold-demo-$1-"
	ls -d "/run/nfold-demo-$1" 2> /dev/null
	grep -o "/run/nfold-demo-$1/bpf" /proc/mounts
	pgrep -af "/run/nfold-demo-$1/"
}
# begin: a demo in the background
begin() {
	"$demo" demo > "$tmp/demo.log" 2>&1 &
	pids[demo]=$!
	pid=$!
}

begin
finish demo
is $? 0 "the demo runs through" || note "$(cat "$tmp/demo.log")"
is "$(grep -c '^  ok ' "$tmp/demo.log") $(grep -c '^  FAILED' "$tmp/demo.log")" "11 0" \
	"all of its eleven claims hold"
for what in "saddr,sport by nat, daddr,dport by lb" "firewall-deny" \
		"IPv6: server 1" "  folded  "; do
	check "it shows \"$what\"" grep -qF -- "$what" "$tmp/demo.log"
done
is "$(left $pid)" "" "it leaves nothing behind"

for sig in INT TERM; do
	begin
	wait_for 20 grep -q '^  TCP' "$tmp/demo.log"
	stop demo $sig
	check "SIG$sig in the middle ends it, as it says" \
		grep -q '^Interrupted' "$tmp/demo.log"
	is "$(left $pid)" "" "after SIG$sig nothing is left behind"
done

begin
wait_for 20 grep -q '^  TCP' "$tmp/demo.log"
stop demo KILL
sed -i '/allow "icmp and/d' "$tmp/tree/chains/edge.chain"
killed=$pid
begin
finish demo
is $? 1 "with a chain that forbids pings the demo fails"
check "and says which claim does not hold" \
	grep -q '^  FAILED every ping over IPv4 was answered' "$tmp/demo.log"
is "$(left $killed)$(left $pid)" "" \
	"what a killed demo left is removed by the next, which leaves nothing"
