# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Library of the live selftests: TAP, namespaces, the topology, nfold, counting.
# To be sourced. Everything it makes carries the name nfoldt-PID and goes away
# with the shell, also after a failure or an interrupt; what killed runs left
# behind is removed by the next one.
#
#                        ┌────────── box ──────────┐
#  ┌─── cli ───┐         │                         │          ┌─── s1 ───┐
#  │ 10.0.0.2  ├─────────┤ cli0           srv0     ├──────────┤ 10.1.1.2 │
#  │           │net0     │ 10.0.0.1       10.1.1.1 │      net0│          │
#  └───────────┘         │                         │          └──────────┘
#                        │                         │          ┌─── s2 ───┐
#                        │                srv1     ├──────────┤ 10.1.2.2 │
#                        │                10.1.2.1 │      net0│          │
#                        └─────────────────────────┘          └──────────┘
#  IPv6: 2001:db8::/64, 2001:db8:1:1::/64, 2001:db8:1:2::/64; ::1 is the box,
#  ::2 the peer. The peers' default routes lead to the box. Nobody owns
#    198.51.100.80, 2001:db8:f::80    virtual services
#    198.51.100.10, 198.51.100.11     NAT pool
#  The box's kernel does not forward: what arrives came through nfold.

set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
B=${B:-build}
[ "${B#/}" != "$B" ] || B=$top/$B	# tests may change their directory
nfold=$B/nfold
nfoldd=$B/nfoldd
tools=$B/selftests/net
py=/usr/bin/python3
ns=nfoldt-$$
tmp=/tmp/$ns
peers=(cli s1 s2)		# namespaces beside the box
ports=(cli0 srv0 srv1)		# the box's devices
declare -A pids=()		# background processes by name

export NFOLD_BPFFS=$tmp/bpf/nfold NFOLD_SOCKET=$tmp/nfoldd.sock
export ASAN_OPTIONS=${ASAN_OPTIONS:-} PYTHONDONTWRITEBYTECODE=1

# --- TAP ---------------------------------------------------------------------

test_no=0
failed=0

plan() { echo "1..$1"; planned=$1; }
ok() { echo "ok $((++test_no)) - $1"; }
not_ok() { echo "not ok $((++test_no)) - $1"; failed=1; }
skip() { echo "ok $((++test_no)) - $1 # SKIP $2"; }
note() { sed 's/^/# /' <<< "$*"; }
# check SENTENCE COMMAND...
check() {
	local what=$1
	shift
	if "$@" > "$tmp/out" 2>&1; then
		ok "$what"
		return 0
	fi
	not_ok "$what"
	note "$* failed:"
	tail -n 40 "$tmp/out" | sed 's/^/# /'
	return 1
}
# is GOT WANTED SENTENCE
is() {
	if [ "$1" = "$2" ]; then ok "$3"; return 0; fi
	not_ok "$3"
	note "got    $1"
	note "wanted $2"
	return 1
}
# cond SENTENCE 'ARITHMETIC' TEXT-ON-FAILURE
cond() {
	if (($2)); then ok "$1"; return 0; fi
	not_ok "$1"
	note "$2: ${3-}"
	return 1
}
# The rest of the plan can not run.
bail() {
	while [ "$test_no" -lt "$planned" ]; do not_ok "not run: $1"; done
	logs
	exit 1
}
skip_all() {
	plan 1
	skip "$(basename "$0" .sh) runs" "$1"
	exit 0
}
logs() {
	local f
	for f in "$tmp"/*.log; do
		[ -s "$f" ] || continue
		note "--- $(basename "$f")"
		tail -n 30 "$f" | sed 's/^/# /'
	done
}

# --- processes and namespaces --------------------------------------------------

# in_ns NS COMMAND...: keeps this mount namespace, so that pins are visible.
in_ns() {
	local where=$1
	shift
	nsenter --net="/run/netns/$ns-$where" -- "$@"
}
# bg NAME NS COMMAND...: log in $tmp/NAME.log
bg() {
	local name=$1 where=$2
	shift 2
	nsenter --net="/run/netns/$ns-$where" -- "$@" > "$tmp/$name.log" 2>&1 &
	pids[$name]=$!
}
alive() { kill -0 "${pids[$1]:-0}" 2> /dev/null; }
# gone PID...: ended, though perhaps nobody has waited for it
gone() {
	local p
	for p; do
		[ ! -e "/proc/$p/stat" ] || grep -q ') Z ' "/proc/$p/stat" || return 1
	done
}
# stop NAME [SIGNAL]: and wait for its end
stop() {
	local pid=${pids[$1]:-}
	[ -n "$pid" ] || return 0
	kill -"${2:-TERM}" "$pid" 2> /dev/null
	wait "$pid" 2> /dev/null
	unset "pids[$1]"
}
# finish NAME: waits for its own end; its exit code
finish() {
	local pid=${pids[$1]}
	unset "pids[$1]"
	wait "$pid"
}
# wait_for SECONDS COMMAND...
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# remove PREFIX: namespaces, what runs in them, mounts, files
remove() {
	local n p
	for n in $(ip netns list | awk -v p="$1-" 'index($1, p) == 1 { print $1 }'); do
		for p in $(ip netns pids "$n" 2> /dev/null); do
			kill -KILL "$p" 2> /dev/null
		done
		ip netns del "$n"
	done
	mountpoint -q "/tmp/$1/bpf" && umount -l "/tmp/$1/bpf"
	rm -rf "/tmp/$1"
}
remove_leftovers() {
	local pid
	for pid in $( (ip netns list; ls /tmp) | grep -oE '^nfoldt-[0-9]+' |
			sort -u | cut -d- -f2); do
		kill -0 "$pid" 2> /dev/null || remove "nfoldt-$pid"
	done
}
cleanup() {
	local name rc=$?
	trap - EXIT
	for name in "${!pids[@]}"; do kill "${pids[$name]}" 2> /dev/null; done
	sleep 0.1
	for name in "${!pids[@]}"; do kill -KILL "${pids[$name]}" 2> /dev/null; done
	wait 2> /dev/null
	if [ -n "${KEEP:-}" ]; then cp -r "$tmp" "$KEEP"; fi
	remove "$ns"
	if [ $rc = 0 ] && [ $failed = 1 ]; then rc=1; fi
	exit $rc
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

add_ns() {
	ip netns add "$ns-$1" || exit 1
	in_ns "$1" sysctl -qw net.ipv4.ip_forward=0 \
		net.ipv6.conf.all.forwarding=0 net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.default.accept_ra=0 \
		net.ipv6.conf.default.router_solicitations=0 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	in_ns "$1" ip link set lo up
}
# add_link NS PORT: veth of that namespace's net0 and the box's PORT. A redirect
# into a veth needs NAPI on its peer: GRO on there, but merging nothing, so that
# captures show the frames as they came; merged frames must not reach the box:
# GRO off here, TSO and GSO off there. The pfifo counts what the box's own stack
# sends.
add_link() {
	ip link add "$2" netns "$ns-box" type veth peer name net0 netns "$ns-$1"
	in_ns "$1" ethtool -K net0 gro on tso off gso off 2> /dev/null
	in_ns box ethtool -K "$2" gro off tso off gso off 2> /dev/null
	in_ns box tc qdisc replace dev "$2" root pfifo limit 1000
	in_ns "$1" ip link set net0 gro_max_size 1 up
	in_ns box ip link set "$2" up
}
# add_addr NS DEV ADDRESS...
add_addr() {
	local where=$1 dev=$2 a
	shift 2
	for a; do
		case $a in
		*:*) in_ns "$where" ip -6 addr add "$a" dev "$dev" nodad ;;
		*) in_ns "$where" ip addr add "$a" dev "$dev" ;;
		esac
	done
}
# Namespaces, a directory and a bpffs of our own.
setup_base() {
	local n
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	[ -x "$nfold" ] && [ -x "$nfoldd" ] || skip_all "needs make all"
	remove_leftovers
	mkdir -m 755 "$tmp" "$tmp/bpf" && mount -t bpf bpf "$tmp/bpf" || exit 1
	for n; do add_ns "$n"; done
}
# The topology above.
setup() {
	setup_base box "${peers[@]}"
	add_link cli cli0
	add_link s1 srv0
	add_link s2 srv1
	add_addr box cli0 10.0.0.1/24 2001:db8::1/64
	add_addr box srv0 10.1.1.1/24 2001:db8:1:1::1/64
	add_addr box srv1 10.1.2.1/24 2001:db8:1:2::1/64
	add_addr cli net0 10.0.0.2/24 2001:db8::2/64
	add_addr s1 net0 10.1.1.2/24 2001:db8:1:1::2/64
	add_addr s2 net0 10.1.2.2/24 2001:db8:1:2::2/64
	for n in "cli 10.0.0.1 2001:db8::1" "s1 10.1.1.1 2001:db8:1:1::1" \
			"s2 10.1.2.1 2001:db8:1:2::1"; do
		# shellcheck disable=SC2086
		set -- $n
		in_ns "$1" ip route add default via "$2"
		in_ns "$1" ip -6 route add default via "$3"
	done
}
# meet ADDRESS...: the box knows these peers' link addresses, so that no packet of
# a test waits for one, or for want of room does not.
meet() {
	local a
	for a; do
		wait_for 10 in_ns box ping -c 1 -W 1 "$a" || bail "no answer of $a"
	done
}
# cli and s1 on one link, the box a wire between them.
setup_wire() {
	peers=(cli s1) ports=(cli0 srv0)
	setup_base box "${peers[@]}"
	add_link cli cli0
	add_link s1 srv0
	in_ns cli ethtool -K net0 txvlan off tx-vlan-stag-hw-insert off
	in_ns s1 ethtool -K net0 txvlan off tx-vlan-stag-hw-insert off
	add_addr cli net0 10.5.0.1/24 2001:db8:5::1/64
	add_addr s1 net0 10.5.0.2/24 2001:db8:5::2/64
}
# offloads on|off: transmit checksums left to the device, or not
offloads() {
	local p
	for p in "${peers[@]}"; do
		in_ns "$p" ethtool -K net0 tx "$1" > /dev/null 2>&1
		in_ns "$p" ethtool -K net0 tso off gso off gro on > /dev/null 2>&1
	done
}

# --- nfold -------------------------------------------------------------------

start_nfoldd() {
	bg nfoldd box "$nfoldd"
	wait_for 10 test -S "$NFOLD_SOCKET" || bail "nfoldd did not start"
}
run_nfold() { in_ns box "$nfold" "$@"; }
# attach FILE [WORD...]: and what it prints
attach() {
	run_nfold attach "$@" > "$tmp/attach.log" 2>&1 ||
		bail "nfold attach $*: $(cat "$tmp/attach.log")"
}
# test_chain NAME TEXT...: a chain file of the test's own; its path
test_chain() {
	local name=$1
	shift
	printf '%s\n' "$*" > "$tmp/$name.chain"
	echo "$tmp/$name.chain"
}

# router_chain NAME OPTIONS NFS: a chain file over the topology's ports; its path
router_chain() {
	test_chain "$1" "chain $1 {
	on cli0 inside, srv0 outside, srv1 outside;
	mode router;
	$2
	$3
}"
}
# wire_chain NAME OPTIONS NFS: cli0 and srv0 as the two ends of a wire
wire_chain() {
	test_chain "$1" "chain $1 {
	on cli0 inside, srv0 outside;
	mode wire;
	$2
	$3
}"
}

# --- servers -----------------------------------------------------------------

# start_nginx NS PORT: answers with the server's name and the client's tuple
start_nginx() {
	local d=$tmp/nginx-$1
	mkdir -p "$d/logs"
	head -c 1000000 /dev/zero | tr '\0' "${1: -1}" > "$d/big"
	cat > "$d/nginx.conf" <<-END
	daemon off;
	worker_processes 1;
	user root;
	pid $d/nginx.pid;
	error_log $d/logs/error.log;
	events { worker_connections 512; }
	http {
		access_log $d/logs/access.log;
		client_body_temp_path $d/body;
		proxy_temp_path $d/proxy;
		fastcgi_temp_path $d/fastcgi;
		uwsgi_temp_path $d/uwsgi;
		scgi_temp_path $d/scgi;
		server {
			listen $2;
			listen [::]:$2;
			location = /big { root $d; }
			location / { return 200 "$1 \$remote_addr \$remote_port\n"; }
		}
	}
	END
	bg "nginx-$1" "$1" nginx -p "$d" -c "$d/nginx.conf" -e "$d/logs/start.log"
	wait_for 10 in_ns "$1" curl -s -o /dev/null "http://127.0.0.1:$2/" ||
		bail "nginx did not start: $(cat "$d/logs/start.log")"
}
# start_iperf NS
start_iperf() {
	bg "iperf-$1" "$1" iperf3 -s -p 5201
	wait_for 10 sh -c "nsenter --net=/run/netns/$ns-$1 ss -Hltn | grep -q :5201" ||
		bail "iperf3 did not start"
}

# --- counting ----------------------------------------------------------------

# json ARGUMENT...: see query.py
json() { "$py" "$top/selftests/net/query.py" "$@"; }
# stats: lines "KIND WORD PACKETS" of all chains
stats() { "$nfold" -j stat 2> /dev/null | json stats 2> /dev/null; }
# flow_count [EXPRESSION]: entries, each one direction of a flow
flow_count() {
	"$nfold" -j flow list ${1:+match "$1"} | json count
}
# stat_kind KIND, stat_word WORD: packets now
stat_kind() { stats | awk -v k="$1" '$1 == k { n += $3 } END { print n + 0 }'; }
stat_word() { stats | awk -v w="$1" '$2 == w { n += $3 } END { print n + 0 }'; }

# dev_packets NS DEV rx|tx
dev_packets() {
	in_ns "$1" ip -j -s link show dev "$2" |
		"$py" -c "import json,sys; print(json.load(sys.stdin)[0]['stats64']['$3']['packets'])"
}
peers_packets() {
	local p sum=0
	for p in "${peers[@]}"; do
		sum=$((sum + $(dev_packets "$p" net0 "$1")))
	done
	echo $sum
}
# What the box's own stack has sent by the ports.
box_packets() {
	local p sum=0 n
	for p in "${ports[@]}"; do
		n=$(in_ns box tc -s qdisc show dev "$p" |
			sed -nE 's/^ Sent [0-9]+ bytes ([0-9]+) pkt.*/\1/p' | head -1)
		sum=$((sum + ${n:-0}))
	done
	echo $sum
}
# Balance of every packet: account_begin, traffic, account_end SENTENCE (2 tests).
account_now() {
	echo "$(peers_packets tx) $(peers_packets rx) $(box_packets)" \
		"$(stat_kind fast) $(stat_kind slow) $(stat_kind host) $(stat_kind drop)"
}
account_begin() { settle; acc0=$settled; }
# Until two readings are the same, 10 s at most: then no packet came between the
# counters of a reading.
settle() {
	local last='' end=$((SECONDS + 10))
	settled=$(account_now)
	while [ "$settled" != "$last" ] && [ $SECONDS -lt $end ]; do
		sleep 0.3
		last=$settled
		settled=$(account_now)
	done
}
account_end() {
	local a b d=() i
	settle
	read -r -a a <<< "$acc0"
	read -r -a b <<< "$settled"
	for i in "${!a[@]}"; do d[i]=$((b[i] - a[i])); done
	is "$((d[3] + d[4] + d[5] + d[6]))" "${d[0]}" \
		"$1: packets sent = fast + slow + host + dropped by reason" ||
		note "fast ${d[3]} slow ${d[4]} host ${d[5]} drop ${d[6]}"
	is "${d[1]}" "$((d[3] + d[4] + d[2]))" \
		"$1: packets delivered = fast + slow + the box's own" ||
		note "fast ${d[3]} slow ${d[4]} box ${d[2]}"
}

# --- captures ----------------------------------------------------------------

# capture NAME NS FILTER: what arrives there; ended by uncapture NAME
capture() {
	bg "cap-$1" "$2" tcpdump -i net0 -Q in -U -s 0 -B 32768 --immediate-mode \
		-w "$tmp/$1.pcap" "$3"
	wait_for 5 grep -q listening "$tmp/cap-$1.log"
}
uncapture() { sleep 0.3; stop "cap-$1" INT; }
# fields NAME FILTER FIELD...: by tshark, tab separated
fields() {
	local name=$1 filter=$2 f args=()
	shift 2
	for f; do args+=(-e "$f"); done
	tshark -n -r "$tmp/$name.pcap" -Y "$filter" -T fields "${args[@]}" \
		-o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
		-o udp.check_checksum:TRUE 2> /dev/null
}
# bad_checksums NAME: packets whose IP, TCP, UDP, ICMP or ICMPv6 checksum is not
# what is computed from scratch (scapy)
bad_checksums() { "$py" "$top/selftests/net/csum.py" "$tmp/$1.pcap"; }
