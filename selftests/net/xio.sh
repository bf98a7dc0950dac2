#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Packet I/O alone: xio between two veth pairs, no chain.
#
#   client ns            box ns                server ns
#   10.77.0.1  c0 ---- b0  xio_echo  b1 ---- s0  10.77.0.2
#
# Every datagram is numbered and its bytes are checked at the server.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=$(realpath "${B:-build}")
echo_bin=$B/selftests/net/xio_echo seq_bin=$B/selftests/net/udp_seq
C=nfx$$c X=nfx$$b S=nfx$$s
tmp=$(mktemp -d)
n=0
box=''

cleanup()
{
	local ns
	[ -z "$box" ] || kill "$box" 2>/dev/null
	for ns in "$C" "$X" "$S"; do
		ip netns del "$ns" 2>/dev/null
	done
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

in_ns()		# NS COMMAND...: without ip netns' new mount namespace
{
	local ns=$1
	shift
	nsenter --net=/run/netns/"$ns" "$@"
}

ok()		# CONDITION TEXT
{
	n=$((n + 1))
	if eval "$1"; then
		echo "ok $n - $2"
		return
	fi
	echo "not ok $n - $2"
	echo "# wanted: $1"
	sed 's/^/# /' "$tmp"/box "$tmp"/recv "$tmp"/send 2>/dev/null | tr '\n' ' '
	echo
}

topology()	# MTU QUEUES
{
	local ns
	for ns in "$C" "$X" "$S"; do
		ip netns del "$ns" 2>/dev/null
		ip netns add "$ns" || exit 1
	done
	ip -n "$X" link add b0 mtu "$1" numrxqueues "$2" numtxqueues "$2" \
		type veth peer name c0 netns "$C" mtu "$1" \
		numrxqueues "$2" numtxqueues "$2" || exit 1
	ip -n "$X" link add b1 mtu "$1" numrxqueues "$2" numtxqueues "$2" \
		type veth peer name s0 netns "$S" mtu "$1" \
		numrxqueues "$2" numtxqueues "$2" || exit 1
	ip -n "$X" link set b0 up
	ip -n "$X" link set b1 up
	ip -n "$C" link set c0 address 02:00:00:00:77:01 up
	ip -n "$S" link set s0 address 02:00:00:00:77:02 up
	ip -n "$C" addr add 10.77.0.1/24 dev c0
	ip -n "$S" addr add 10.77.0.2/24 dev s0
	ip -n "$C" neigh replace 10.77.0.2 lladdr 02:00:00:00:77:02 dev c0
	ip -n "$S" neigh replace 10.77.0.1 lladdr 02:00:00:00:77:01 dev s0
	in_ns "$C" ethtool -K c0 tx off tso off gso off > /dev/null 2>&1
	in_ns "$S" ethtool -K s0 tx off tso off gso off > /dev/null 2>&1
	in_ns "$X" ethtool -K b0 gro off > /dev/null 2>&1
	in_ns "$X" ethtool -K b1 gro off > /dev/null 2>&1
}

wait_ready()	# FILE
{
	local i
	for i in $(seq 100); do
		grep -q ready "$1" 2>/dev/null && return
		sleep 0.05
	done
	echo "# not ready: $(cat "$1")"
	return 1
}

box_start()	# ARGUMENTS of xio_echo
{
	nsenter --net=/run/netns/"$X" "$echo_bin" "$@" > "$tmp"/box 2>&1 &
	box=$!
	wait_ready "$tmp"/box
}

box_stop()	# its figures become variables x_KEY
{
	kill -TERM "$box" 2>/dev/null
	wait "$box"
	x_rc=$?
	box=''
	eval "$(grep -E '^[a-z_]+=-?[0-9]+$' "$tmp"/box | sed 's/^/x_/')"
}

stream()	# COUNT PPS SIZE FLOWS: figures in r_KEY
{
	in_ns "$S" "$seq_bin" recv 7000 "$1" 2 > "$tmp"/recv 2>&1 &
	local recv=$!
	wait_ready "$tmp"/recv
	in_ns "$C" "$seq_bin" send 10.77.0.2 7000 "$@" > "$tmp"/send 2>&1
	wait "$recv"
	eval "$(grep '=' "$tmp"/recv | sed 's/^/r_/')"
}

fresh()		# forget the last run's figures
{
	x_rc=1 x_rx=0 x_tx=0 x_check=-1 x_no_meta=-1 x_left=-1 x_tx_full=-1
	x_long=0 x_held=-1 x_in_tx=-1 x_ring_full=-1 x_dropped=-1
	x_free=0 x_in_rx=0 x_frames=-1
	r_got=0 r_reordered=-1 r_bad=-1
	rm -f "$tmp"/recv "$tmp"/send
}

conserved='[ $x_rc = 0 ] && [ $x_check = 0 ] && [ $((x_free + x_in_rx)) = $x_frames ]'
complete='[ $r_got = $want ] && [ $r_reordered = 0 ] && [ $r_bad = 0 ]'

plain()		# TEXT COUNT PPS SIZE FLOWS, xio_echo's arguments
{
	local text=$1 want=$2 a=("${@:2:4}")
	fresh
	box_start "${@:6}" || :
	stream "${a[@]}"
	box_stop
	ok "$complete" "$text: $want datagrams arrive intact and in order"
	ok '[ $x_no_meta = 0 ] && [ $x_left = $x_tx ] && [ $x_rx -ge $want ]' \
		"$text: metadata on each packet, and each one sent completes"
	ok "$conserved" "$text: no frame is lost"
}

echo 1..22
topology 1500 1
plain 'native mode' 100000 50000 200 1 b0 b1
plain 'generic mode' 100000 50000 200 1 -g b0 b1

topology 1500 2
plain 'two queues' 100000 50000 200 16 b0:2 b1:2

topology 9000 1
plain 'MTU 9000 with frags' 20000 10000 8000 4 -f b0 b1
ok '[ $x_long -ge 20000 ]' 'packets of 8,000 bytes came in several frames'
plain 'MTU 9000 with frags, generic mode' 20000 10000 8000 4 -f -g b0 b1

topology 1500 1
fresh
box_start -n 512 b0 b1
in_ns "$X" ip link set b1 down
stream 5000 20000 200 1
sleep 0.2
in_ns "$X" ip link set b1 up
sleep 0.3
box_stop
ok '[ $x_tx_full -gt 0 ] && [ $x_tx -gt 0 ]' \
	'a port that is down fills its transmit ring, and the rest is refused'
ok "$conserved"' && [ $x_left = $x_tx ]' \
	'all frames come back when the port is up again'

fresh
box_start b0 b1
in_ns "$S" ip link set s0 down
stream 5000 20000 200 1
in_ns "$S" ip link set s0 up
box_stop
ok '[ $x_tx -gt 0 ] && [ $r_got = 0 ] && [ $x_left = $x_tx ]' \
	'packets to a peer that is down complete'
ok "$conserved" 'no frame is lost to a peer that is down'

fresh
box_start -n 64 b0 b1
stream 50000 2000000 60 1
box_stop
ok '[ $((x_ring_full + x_dropped)) -gt 0 ]' \
	'64 frames are too few for a burst: the kernel counts what it drops'
ok "$conserved"' && [ $r_bad = 0 ] && [ $r_reordered = 0 ] && [ $r_got -gt 0 ]' \
	'what got through is intact and in order, and no frame is lost'
