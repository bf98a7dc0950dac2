#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The life of nfoldd and its engines, on a wire between two namespaces:
#
#	client c0 ---- eth0  box: nfoldd  eth1 ---- s0 server
set -u
cd "$(dirname "$0")/../.." || exit 1
B=$(realpath "${B:-build}")
C=nfd$$c X=nfd$$b S=nfd$$s
tmp=$(mktemp -d)
n=0 daemon='' mounted=''

cleanup()
{
	local ns
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null
	[ -z "$daemon" ] || wait "$daemon" 2>/dev/null
	rm -rf "$tmp"/bpf/pins 2>/dev/null
	for ns in "$C" "$X" "$S"; do
		ip netns del "$ns" 2>/dev/null
	done
	[ -z "$mounted" ] || umount "$tmp"/bpf
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

ok()		# CONDITION TEXT
{
	n=$((n + 1))
	if eval "$1" > "$tmp"/ok 2>&1; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		echo "# wanted: $1"
		sed 's/^/# /' "$tmp"/ok "$tmp"/log
	fi
}

in_ns() { local ns=$1; shift; nsenter --net=/run/netns/"$ns" "$@"; }

nfold() { in_ns "$X" "$B"/nfold -S "$tmp"/sock -b "$tmp"/bpf/pins "$@"; }

nfoldd_start()
{
	nsenter --net=/run/netns/"$X" "$B"/nfoldd -S "$tmp"/sock \
		-b "$tmp"/bpf/pins "$@" >> "$tmp"/log 2>&1 &
	daemon=$!
	for _ in $(seq 100); do
		nfold version 2>/dev/null | grep -q '^nfoldd [0-9]' && return
		sleep 0.05
	done
}

engine() { pgrep -P "$daemon"; }
alive() { nfold -j chain list | grep -q '"engine_alive":true'; }
ping_ok() { in_ns "$C" ping -c 3 -i 0.2 -W 1 10.78.0.2 > /dev/null; }

stream()	# 8,000-byte datagrams: intact and in order?
{
	in_ns "$S" "$B"/selftests/net/udp_seq recv 7000 4000 2 > "$tmp"/recv &
	local recv=$!
	sleep 0.3
	in_ns "$C" "$B"/selftests/net/udp_seq send 10.78.0.2 7000 4000 4000 \
		8000 4 > /dev/null
	wait "$recv"
	[ "$(tr '\n' ' ' < "$tmp"/recv)" = 'ready got=4000 reordered=0 bad=0 ' ]
}

chain()		# FILE ATTACH-MODE
{
	echo "chain wire { on eth0 inside, eth1 outside; mode wire;" \
		"attach $2; monitor { } }" > "$1"
}

echo 1..14
: > "$tmp"/log
mkdir "$tmp"/bpf && mount -t bpf bpf "$tmp"/bpf && mounted=1
for ns in "$C" "$X" "$S"; do
	ip netns add "$ns" || exit 1
done
ip -n "$X" link add eth0 mtu 9000 type veth peer name c0 netns "$C" mtu 9000
ip -n "$X" link add eth1 mtu 9000 type veth peer name s0 netns "$S" mtu 9000
for d in "$X eth0" "$X eth1" "$C c0" "$S s0"; do
	ip -n "${d% *}" link set "${d#* }" up
	in_ns "${d% *}" ethtool -K "${d#* }" tx off tso off gso off gro on \
		> /dev/null 2>&1
done
ip -n "$C" addr add 10.78.0.1/24 dev c0
ip -n "$S" addr add 10.78.0.2/24 dev s0
chain "$tmp"/a.chain auto
chain "$tmp"/g.chain generic
{
	cat "$tmp"/a.chain
	echo 'chain other { on none0 inside, none1 outside; mode wire; monitor { } }'
} > "$tmp"/half.chain

nfoldd_start
ok '! nfold attach "$tmp"/half.chain && [ -z "$(nfold chain list)" ] && [ -z "$(engine)" ]' \
	'a file with a port that does not exist attaches none of its chains'
ok 'nfold attach "$tmp"/a.chain && alive && ping_ok' \
	'a chain is attached and carries traffic'
ok '! nfold attach "$tmp"/a.chain' 'a chain is not attached twice'
ok '[ "$(cat /proc/$(engine)/task/*/status | grep -c "^CapEff:.0000000000000000$")" = "$(ls /proc/$(engine)/task | wc -l)" ]' \
	'no thread of the engine has a capability'
ok 'ls -l /proc/$(engine)/root | grep -q "(deleted)"' \
	'the root of the engine is a directory that is gone'
ok 'grep -q "^Seccomp:.2" /proc/$(engine)/status' \
	'the engine runs under a system call filter'
ok '! in_ns "$X" timeout 10 "$B"/nfoldd -S "$tmp"/sock -b "$tmp"/bpf/pins && alive' \
	'a second daemon on the same socket does not start'
ok stream 'packets of 8,000 bytes cross a native chain'
kill -9 "$(engine)"
sleep 0.3
ok '! alive && grep -q "died of signal 9" "$tmp"/log' \
	'the death of an engine is logged with its signal'
ok 'nfold attach "$tmp"/a.chain && alive && ping_ok' \
	'its chain can be attached again'
kill -9 "$daemon"
wait "$daemon" 2>/dev/null
sleep 0.3
ok '! alive && [ -n "$(nfold chain list)" ]' \
	'the death of the daemon ends the engine and leaves the chain'
nfoldd_start "$tmp"/a.chain
ok 'alive && ping_ok' 'a new daemon takes the chain over'
kill "$daemon"
wait "$daemon"
daemon=''
ok '[ -n "$(nfold chain list)" ] && nfold detach wire && [ -z "$(nfold chain list)" ]' \
	'a stopped daemon leaves the chain; detach works without one'
nfoldd_start -D -n "$tmp"/g.chain
ok stream 'packets of 8,000 bytes cross a generic chain in user space'
