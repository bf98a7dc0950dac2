#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Attach, pins, detach, and what is refused; no traffic. Topology: lib.bash.
. "$(dirname "$0")/lib.bash"
plan 60

# --- helpers -------------------------------------------------------------------

# refused CODE TEXT-ON-STDERR SENTENCE WORD...: exit code and message
refused() {
	local code=$1 text=$2 what=$3 got
	shift 3
	run_nfold "$@" > "$tmp/out" 2> "$tmp/err"
	got=$?
	if [ $got = "$code" ] && grep -qE -- "$text" "$tmp/err"; then
		ok "$what"
		return
	fi
	not_ok "$what"
	note "nfold $*: exit code $got, wanted $code and /$text/"
	note "$(cat "$tmp/out" "$tmp/err")"
}
xdp_ids() {
	local p
	for p in "${ports[@]}"; do
		in_ns box ip -j link show dev "$p" |
			"$py" -c 'import json,sys; print(json.load(sys.stdin)[0].get("xdp",{}).get("prog",{}).get("id",0))'
	done | tr '\n' ' '
}
no_xdp() { [ "$(xdp_ids)" = "$(printf '0 %.0s' "${ports[@]}")" ]; }
mode_of() { "$nfold" -j chain show "$1" | "$py" -c 'import json,sys; print(*[p["mode"] for p in json.load(sys.stdin)["ports"]])'; }
has_frags() { "$nfold" -j chain show "$1" | "$py" -c 'import json,sys; print(json.load(sys.stdin)["frags"])'; }
pins() { (cd "$tmp/bpf" && find . -type f ! -name '*.debug' | sort | tr '\n' ' '); }
# Addresses that nfold adds for the chain below.
ours() { in_ns box ip addr show | grep -cE ' (198.51.100.(10|80)/32|2001:db8:f::80/128) '; }
engine_pid() { "$nfold" -j chain show "$1" | "$py" -c 'import json,sys; print(json.load(sys.stdin)["engine_pid"])'; }
engine_gone() { [ "$(engine_pid "$1")" = 0 ]; }
foreign() {
	echo '__attribute__((section("xdp"), used)) int foreign(void *c) { return 2; }' |
		clang-19 -O2 -target bpf -g -c -x c - -o "$tmp/foreign.o"
}

# After a kill the socket's file is there before the daemon is.
daemon_up() { "$nfold" -j version | grep -q '"daemon":"'; }
restart_nfoldd() {
	start_nfoldd
	wait_for 10 daemon_up || bail 'nfoldd did not start again'
}

monitor='monitor { }'
setup
start_nfoldd
good=$(router_chain edge "" 'nat { source 10.0.0.0/24; pool 198.51.100.10; } lb { service web { vip 198.51.100.80:80/tcp [2001:db8:f::80]:80/tcp; backend 10.1.1.2:8080; } }')
"$nfold" chain check "$good" > /dev/null 2>&1 ||
	good=$(router_chain edge "" 'nat { source 10.0.0.0/24; pool 198.51.100.10; } lb { service web { vip 198.51.100.80:80/tcp; backend 10.1.1.2:8080; } service web6 { vip [2001:db8:f::80]:80/tcp; backend [2001:db8:1:1::2]:8080; } }')

# --- refusals: nothing may be changed --------------------------------------------

unchanged() {
	if no_xdp && [ -z "$(pins)" ] && [ "$(ours)" = 0 ]; then
		ok "$1"
	else
		not_ok "$1"
		note "xdp $(xdp_ids); pins $(pins); $(ours) addresses"
	fi
}

refused 1 'port nosuch0: no such network device' \
	'a port that does not exist is refused' \
	attach "$(test_chain gone "chain gone { on cli0 inside, nosuch0 outside; mode wire; $monitor }")"
unchanged 'and nothing is changed, though its other port exists'

foreign
in_ns box ip link set dev srv1 xdpdrv obj "$tmp/foreign.o" sec xdp
refused 1 'port srv1: XDP program "foreign" \(id [0-9]+, native mode\)' \
	"somebody else's program is not replaced, and named" attach "$good"
refused 1 'ip link set dev srv1 xdp off' 'with the remedy' attach "$good"
is "$(xdp_ids | awk '{ print ($1 == 0 && $2 == 0 && $3 != 0) }')" 1 \
	'it is still there, and no other port was touched'
in_ns box ip link set dev srv1 xdp off
in_ns box ip link set dev srv1 xdpgeneric obj "$tmp/foreign.o" sec xdp
refused 1 'generic mode' 'also one in generic mode' attach "$good"
in_ns box ip link set dev srv1 xdpgeneric off

in_ns box ip addr add 198.51.100.10/32 dev cli0
refused 1 "198.51.100.10 is the host's own \(on cli0\)" \
	"a NAT pool address of the host's own is refused" attach "$good"
in_ns box ip addr del 198.51.100.10/32 dev cli0

in_ns box ip link set lo down
refused 1 'lo is down.*ip link set lo up' 'lo must be up for addresses' attach "$good"
in_ns box ip link set lo up

# A device without an Ethernet header: whichever this kernel can make.
for kind in "tuntap add tun1 mode tun" "link add tun1 type gre local 10.0.0.1 remote 10.0.0.9" \
		"link add tun1 type sit local 10.0.0.1 remote 10.0.0.9"; do
	# shellcheck disable=SC2086
	in_ns box ip $kind 2> /dev/null && break
done
if in_ns box ip link show tun1 > /dev/null 2>&1; then
	refused 1 'port tun1: not an Ethernet device' 'a device without Ethernet headers is refused' \
		attach "$(test_chain tun "chain tun { on cli0 inside, tun1 outside; mode wire; $monitor }")"
	in_ns box ip link del tun1
else
	skip 'a device without Ethernet headers is refused' 'this kernel has none'
fi

refused 1 'port lo: driver loopback refuses native XDP.*attach generic;' \
	'attach native names the driver and the remedy' \
	attach "$(test_chain nat "chain nat { on cli0 inside, lo outside; mode wire; attach native; $monitor }")"
unchanged 'and nothing is changed'
attach "$(test_chain auto "chain auto { on cli0 inside, lo outside; mode wire; $monitor }")"
is "$(mode_of auto)" 'native generic' 'attach auto takes what each port has'
check 'and says so' grep -q 'driver loopback has no native XDP: generic mode' "$tmp/attach.log"
check 'such a chain is detached' run_nfold detach auto

NFOLD_BPFFS=$tmp/nobpf NFOLD_SOCKET=$tmp/other.sock bg other box "$nfoldd"
wait_for 10 test -S "$tmp/other.sock"
refused 1 'not on a BPF file system.*mount -t bpf' 'pins need a BPF file system' \
	-S "$tmp/other.sock" attach "$good"
unchanged 'nothing is changed without one'
stop other

bad=$(test_chain bad 'chain bad { on cli0 inside, srv0 outside; mdoe wire; }')
refused 1 'bad.chain:1:' 'a malformed file is refused with its place' attach "$bad"
unchanged 'nothing is changed by it'

# --- attach ----------------------------------------------------------------------

attach "$good"
is "$(mode_of edge)" 'native native native' 'attached in native mode'
check 'it says so' grep -q 'chain edge attached: cli0 (native), srv0 (native), srv1 (native)' "$tmp/attach.log"
check "and says that a veth's peer needs NAPI" grep -q 'ethtool -K PEER gro on' "$tmp/attach.log"
for pin in prog link_cli0 link_srv0 link_srv1 flows4 flows6 overflow4 overflow6 nexthops ports stats ctl meta hosts tmpls; do
	[ -e "$NFOLD_BPFFS/edge/$pin" ] || missing="${missing:-} $pin"
done
is "${missing:-none}" none 'everything is pinned'
check 'lo answers for the pool' sh -c "nsenter --net=/run/netns/$ns-box ip -4 addr show dev lo | grep -q 198.51.100.10/32"
check 'and for the virtual service' sh -c "nsenter --net=/run/netns/$ns-box ip -4 addr show dev lo | grep -q 198.51.100.80/32"
check 'the ports answer for the IPv6 one' sh -c "nsenter --net=/run/netns/$ns-box ip -6 addr show dev cli0 | grep -q 2001:db8:f::80/128"

is "$(ours)" 5 'two were added on lo, one on each port'
# resolves NS FAMILY ADDRESS: asked on the link itself, by ARP or ND
resolves() {
	in_ns "$1" ip "-$2" route replace "$3" dev net0
	in_ns "$1" ping "-$2" -c 1 -W 1 "$3" > /dev/null 2>&1
	in_ns "$1" ip "-$2" neigh show "$3" | grep -q lladdr
}
check 'ARP for the virtual service is answered on the inner side' resolves cli 4 198.51.100.80
check 'and its ping' in_ns cli ping -4 -c 1 -W 2 198.51.100.80
check 'ARP for the pool is answered on the outer side' resolves s1 4 198.51.100.10
check 'ND for the virtual service is answered on the inner side' resolves cli 6 2001:db8:f::80
check 'and on the outer one' resolves s2 6 2001:db8:f::80
check "the host's own address answers" in_ns cli ping -4 -c 1 -W 2 10.0.0.1

check 'the canonical text loads again' sh -c "$nfold chain show edge > $tmp/again.chain && $nfold chain check $tmp/again.chain"
"$nfold" chain show edge > "$tmp/text" 2>&1
sed 's/^chain edge/chain second/' "$tmp/text" > "$tmp/second.chain"
refused 1 'port cli0 belongs to chain edge.*nfold detach edge' \
	'a port of another chain is refused, and the chain named' attach "$tmp/second.chain"
refused 1 'chain edge' 'a chain is not attached twice' attach "$good"
refused 3 'no chain nosuch' 'detaching an unknown chain is not found' detach nosuch

# The map of the host's addresses follows them.
in_ns box ip addr add 10.0.0.77/24 dev cli0
check 'a new address of the host answers' wait_for 5 in_ns cli ping -4 -c 1 -W 1 10.0.0.77

# --- the daemon dies; another takes over ---------------------------------------------

before=$(xdp_ids)
pid=$(engine_pid edge)
cond 'the engine is known by its process' 'pid > 0' "pid $pid"
stop nfoldd KILL
check 'its death is seen without a daemon' wait_for 5 engine_gone edge
is "$(xdp_ids)" "$before" 'the programs stay when the daemon is killed'
check 'the pins are read without a daemon' "$nfold" flow count chain edge
refused 4 'does not answer' 'what needs the daemon says so' nf show edge nat

restart_nfoldd
attach "$good"
check 'a new daemon takes the links over' sh -c "[ '$(xdp_ids)' != '$before' ]"
is "$(mode_of edge)" 'native native native' 'in the mode that they had'
is "$("$nfold" -j chain list | "$py" -c 'import json,sys; print(len(json.load(sys.stdin)))')" 1 \
	'and nothing of the old chain is left'
stop nfoldd KILL
wait_for 5 engine_gone edge
restart_nfoldd
generic=$(test_chain generic "$(sed 's/^chain edge {/& attach generic;/' "$tmp/text")")
refused 1 'left there in native mode.*nfold detach edge' \
	'the mode of a left-over link is not changed in flight' attach "$generic"
is "$(mode_of edge)" 'native native native' 'and it stays as it is'
stop nfoldd TERM

# --- detach --------------------------------------------------------------------------

check 'detach works on the pins when no daemon runs' run_nfold detach edge
unchanged 'it leaves no program, no pin and no address'
is "$(find "$NFOLD_BPFFS" -mindepth 1 | wc -l)" 0 'and no directory'
refused 3 'no chain edge' 'a second detach is not found' detach edge

restart_nfoldd
in_ns box ip addr add 198.51.100.80/32 dev lo
attach "$generic"
is "$(mode_of edge)" 'generic generic generic' 'attach generic is generic on every port'
check 'detach through the daemon' run_nfold detach edge
check "an address that the host had before stays" \
	sh -c "nsenter --net=/run/netns/$ns-box ip addr show dev lo | grep -q 198.51.100.80/32"
in_ns box ip addr del 198.51.100.80/32 dev lo
unchanged 'it leaves nothing either'

# --- large MTU ------------------------------------------------------------------------

for p in "${ports[@]}"; do in_ns box ip link set "$p" mtu 9000; done
for p in "${peers[@]}"; do in_ns "$p" ip link set net0 mtu 9000; done
attach "$good"
is "$(mode_of edge)" 'native native native' 'MTU 9000 is attached in native mode'
is "$(has_frags edge)" True 'by a program for packets in several buffers'
stop nfoldd KILL
wait_for 5 engine_gone edge
restart_nfoldd
attach "$good"
is "$(has_frags edge)" True 'which a new daemon keeps'
check 'detached' run_nfold detach edge
unchanged 'nothing is left at the end'
