#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# nfold verify, replay and explain: captures by scapy through the chains that
# nfold ships, both directions; what comes out is right by checksums computed
# from scratch; a real difference is found; bad captures are told, never a crash.
# Nothing of the host is used but root: no port of a chain exists here.
. "$(dirname "$0")/lib.bash"
plan 83
setup_wire
seed=${SEED:-$RANDOM}
note "seed $seed (SEED=$seed repeats it)"
gen() { "$py" "$top/selftests/net/oracle_pcap.py" "$@"; }
edge_routes=(route 10.0.0.0/24 cli0 route 10.1.1.0/24 srv0
	route 10.1.2.0/24 srv1 route 2001:db8::/64 cli0
	route 2001:db8:1:1::/64 srv0 route 2001:db8:1:2::/64 srv1)
lb_routes=(route 0.0.0.0/0 eth0 route ::/0 eth0)
host_links=$(ip -br link)

# value KEY[.KEY]: of the JSON document that the last command printed
value() {
	"$py" -c 'import functools,json,sys
print(json.dumps(functools.reduce(lambda o, k: o[k], sys.argv[2].split("."), json.load(open(sys.argv[1])))))' \
		"$tmp/run.out" "$1"
}
# code WANTED SENTENCE WORD...: nfold's exit code; output in $tmp/run.out and .err
code() {
	local want=$1 what=$2 got
	shift 2
	"$nfold" "$@" > "$tmp/run.out" 2> "$tmp/run.err"
	got=$?
	is $got "$want" "$what" || note "$(head -c 2000 "$tmp/run.out" "$tmp/run.err")"
}
# says PATTERN SENTENCE: in what the last command printed
says() { check "$2" grep -qE -- "$1" "$tmp/run.out" "$tmp/run.err"; }

# --- verify: the shipped chains, both directions ------------------------------

# round KIND CHAIN IN-PORT OUT-PORTS WORD...
round() {
	local kind=$1 chain=$top/chains/$2.chain in=$3 outs=$4 out ins=() words cnt
	shift 4
	words=("$@")
	cnt=$(gen make "$kind" "$seed" "$tmp/$kind.pcap")
	code 0 "$kind: replay" replay chain "$chain" in "$in=$tmp/$kind.pcap" \
		out "$tmp/$kind.fold" "${words[@]}"
	code 0 "$kind: replay no-fold" replay chain "$chain" \
		in "$in=$tmp/$kind.pcap" out "$tmp/$kind.slow" no-fold "${words[@]}"
	check "$kind: the same files come out, folded or not" \
		diff -r "$tmp/$kind.fold" "$tmp/$kind.slow"
	ins=(in "$in=$tmp/$kind.pcap")
	for out in $outs; do
		is "$("$py" "$top/selftests/net/csum.py" "$tmp/$kind.fold/$out.pcap")" \
			0 "$kind: what leaves by $out has right checksums"
		gen answers "$tmp/$kind.fold/$out.pcap" "$tmp/$kind.$out.ans.pcap"
		ins+=(in "$out=$tmp/$kind.$out.ans.pcap")
	done
	code 0 "$kind: verify, requests and answers" -j verify chain "$chain" \
		"${ins[@]}" "${words[@]}"
	is "$(value differences) $(value first) $(value state)" "0 null null" \
		"$kind: no packet differs, nor does any NF's state"
	check "$kind: answers were among them" [ "$(value packets)" -gt "$cnt" ]
	check "$kind: the kernel handled half of them or more by itself" \
		[ $((2 * $(value kernel))) -ge "$(value packets)" ]
	check "$kind: some walked the chain" [ "$(value walked)" -gt 0 ]
}
round edge edge cli0 'srv0 srv1' "${edge_routes[@]}"
round lb lb eth0 eth0 "${lb_routes[@]}"
round wire wire-monitor eth0 eth1

gen hostile "$seed" "$tmp/hostile.pcap" > /dev/null
code 0 'broken packets: no difference' -j verify chain "$top/chains/edge.chain" \
	in "cli0=$tmp/hostile.pcap" "${edge_routes[@]}"
check 'broken packets: they were dropped by reason' \
	[ "$(value drops.truncated)" -gt 0 ]

# Six SYNs: the flow's threshold is passed once, its bucket is emptied once.
cat > "$tmp/events.chain" << 'END'
chain events {
	on p0 inside, p1 outside;
	mode wire;
	policer { rate 1kpps; burst 5ms; per flow; }
	dos { syn-threshold 3; }
}
END
"$py" - "$tmp/syn.pcap" << 'END'
import sys
from scapy.all import Ether, IP, TCP, wrpcap
syn = Ether() / IP(src='10.0.0.2', dst='10.1.1.2') / TCP(sport=4000, flags='S')
packets = [syn.copy() for n in range(6)]
for n, p in enumerate(packets):
    p.time = 1000 + n * 1e-5
wrpcap(sys.argv[1], packets)
END
code 0 'events: verify' -j verify chain "$tmp/events.chain" in "p0=$tmp/syn.pcap"
is "$(value events) $(value alerts) $(value dropped)" "2 0 3" \
	'events: each that began was compared, told in service or not'

cat > "$tmp/nat.chain" << 'END'
chain nat {
	on p0 inside, p1 outside;
	nat { source 10.0.0.0/24; pool 198.51.100.10; }
	monitor;
}
END
# UDP is remembered for 300 s, of the capture's time.
gen gap 299 "$tmp/gap.pcap"
code 0 'a silence of 299 s' -j verify chain "$tmp/nat.chain" in "p0=$tmp/gap.pcap"
is "$(value walked)" 1 'the session lives: one packet walked'
gen gap 302 "$tmp/gap.pcap"
code 0 'a silence of 302 s' -j verify chain "$tmp/nat.chain" in "p0=$tmp/gap.pcap"
is "$(value walked)" 2 'the session has expired: the flow was opened anew'

# --- verify can fail: a table that is too small is a difference -----------------

cat > "$tmp/small.chain" << 'END'
chain small {
	on p0 inside, p1 outside;
	table-size 64;
	on-full drop;
	monitor;
}
END
gen many 600 "$tmp/many.pcap"
code 1 'control: flows that the folded table refuses are differences' \
	verify chain "$tmp/small.chain" in "p0=$tmp/many.pcap"
says '^differences: [1-9]' 'control: they are counted'
says '^first difference: packet [0-9]+ \(.*many.pcap record [0-9]+, in by p0\): verdict' \
	'control: the first is named'
says 'folded    drop, table-full-drop, in user space' 'control: what the folded side did'
says 'unfolded  forward by p1, slow-walk' 'control: what the unfolded side did'
code 1 'control: as JSON' -j verify chain "$tmp/small.chain" in "p0=$tmp/many.pcap"
is "$(value first.folded.reason) $(value first.unfolded.verdict)" \
	'"table-full-drop" "forward"' 'control: JSON explains the first too'

# --- replay ---------------------------------------------------------------------

cat > "$tmp/t.chain" << 'END'
chain t {
	on p0 inside, p1 outside;
	nat { source 10.0.0.0/24; pool 198.51.100.10; seed 7; }
	nat { source 198.51.100.0/24; pool 203.0.113.1; seed 8; }
	monitor;
	firewall { default allow; deny "tcp dst port 22"; allow "ip[8] > 250"; per-packet slow; }
}
END
code 0 'replay as JSON lines' -j replay chain "$tmp/t.chain" \
	in "p0=$tmp/edge.pcap" out "$tmp/t.out"
is "$("$py" - "$tmp/run.out" "$tmp/t.out/p1.pcap" << 'END'
import collections, json, struct, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
raw, at, times = open(sys.argv[2], "rb").read(), 24, []
assert struct.unpack("<I", raw[:4])[0] == 0xa1b23c4d, "not a nanosecond pcap"
while at < len(raw):
    sec, nsec, caplen, length = struct.unpack("<IIII", raw[at:at + 16])
    times.append((sec * 10**9 + nsec, length))
    at += 16 + caplen
sent = [(r["time_ns"], r["len"]) for r in rows if r["verdict"] == "forward"]
assert sent == times, "times or lengths of the output"
assert [r["index"] for r in rows] == list(range(1, len(rows) + 1)), "index"
denied = [r for r in rows if r["reason"] == "firewall-deny"]
assert denied and all(r["nf"] == "firewall" and r["out"] is None for r in denied)
assert any(r["kernel"] for r in rows) and not all(r["kernel"] for r in rows)
print("good", len(rows) == sum(collections.Counter(r["verdict"] for r in rows).values()))
END
)" 'good True' 'one document a packet; times, lengths and who decided are right'
is "$(tshark -r "$tmp/t.out/p1.pcap" -T fields -e ip.src ip 2> /dev/null | cut -d, -f1 | sort -u)" \
	203.0.113.1 'what leaves has the second NAT'"'"'s address'
code 1 'a directory that is not empty is refused' replay chain "$tmp/t.chain" \
	in "p0=$tmp/edge.pcap" out "$tmp/t.out"
says 'not empty' 'and the message says so'
mkdir "$tmp/new"
code 0 'an empty one is taken' replay chain "$tmp/t.chain" \
	in "p0=$tmp/edge.pcap" out "$tmp/new"
gen ng "$tmp/edge.pcap" "$tmp/edge.pcapng"
code 0 'pcapng is read' replay chain "$tmp/t.chain" in "p0=$tmp/edge.pcapng" \
	out "$tmp/ng"
check 'and gives the same' cmp "$tmp/ng/p1.pcap" "$tmp/new/p1.pcap"

# --- explain --------------------------------------------------------------------

# golden SENTENCE FLOW: the text on stdin is what explain prints
golden() {
	cat > "$tmp/want"
	"$nfold" explain chain "$tmp/t.chain" "$2" > "$tmp/got" 2>&1
	check "$1" diff -u "$tmp/want" "$tmp/got"
}
golden 'explain: a slow flow, and writes that are overwritten' \
	'in p0 udp 10.0.0.2:1234 > 192.0.2.9:53' << 'END'
in p0 udp 10.0.0.2:1234 > 192.0.2.9:53
first packet: forward by p1, slow-walk (walked the chain in user space)
original direction, recorded:
  nat          set saddr 198.51.100.10, set sport 1234
  nat#2        set saddr 203.0.113.1, set sport 1234
  monitor      function count
  firewall     nothing recorded: forward
folded: no, slow: per-packet-match (a rule looks beyond the flow key), says firewall
  saddr        10.0.0.2 -> 203.0.113.1, written by nat#2, overwrites 198.51.100.10 by nat
  sport        1234 -> 1234, written by nat#2, overwrites 1234 by nat
END
golden 'explain: a drop cancels what was written' \
	'in p0 tcp 10.0.0.2:1234 > 192.0.2.9:22' << 'END'
in p0 tcp 10.0.0.2:1234 > 192.0.2.9:22
first packet: drop by firewall, firewall-deny (firewall rule or default)
original direction, recorded:
  nat          set saddr 198.51.100.10, set sport 1234
  nat#2        set saddr 203.0.113.1, set sport 1234
  monitor      function count
  firewall     drop (firewall-deny)
folded: drop, firewall-deny, by firewall
  saddr        10.0.0.2 -> 203.0.113.1, written by nat#2, overwrites 198.51.100.10 by nat, cancelled by the drop
  sport        1234 -> 1234, written by nat#2, overwrites 1234 by nat, cancelled by the drop
END
golden 'explain: what XDP refuses never becomes a flow' \
	'in p0 tcp 127.0.0.1:1 > 192.0.2.9:2' << 'END'
in p0 tcp 127.0.0.1:1 > 192.0.2.9:2
first packet: drop, martian (source or destination never valid here), by XDP alone
no flow comes of it: nothing is recorded or folded
END
code 0 'explain: the edge chain, by its routes' explain chain \
	"$top/chains/edge.chain" "${edge_routes[@]}" \
	'in cli0 vlan 12 tcp [2001:db8::2]:7 > [2001:db8:f::80]:80'
says '^  lb           set daddr 2001:db8:1:[12]::2, set dport 8080$' 'explain: IPv6 and VLAN'
says '^folded: forward by srv[01] \(next hop [23], 02:00:00:00:01:0[12]\), TTL -1$' \
	'explain: next hop and TTL'
code 0 'explain: echo, JSON' -j explain chain "$tmp/t.chain" \
	'in p0 icmp 10.0.0.2 > 192.0.2.9 id 77'
is "$(value explained.direction) $(value result.out)" '"original" "p1"' \
	'explain: the document has the flow and the result'

start_nfoldd
attach "$(wire_chain live '' 'monitor;')"
code 0 'explain: a pinned chain by its name' explain live \
	'in cli0 tcp 10.5.0.1:1 > 10.5.0.2:2'
says '^folded: forward by srv0, link addresses kept$' 'explain: as a wire'
code 3 'explain: no such chain' explain nochain 'in cli0 tcp 10.5.0.1:1 > 10.5.0.2:2'

# --- bad captures -----------------------------------------------------------------

# bad KIND CODE PATTERN SENTENCE
bad() {
	gen bad "$1" "$tmp/bad.pcap"
	code "$2" "$4" verify chain "$tmp/small.chain" in "p0=$tmp/bad.pcap"
	says "$3" "$1: the message says so"
}
bad empty 1 'bad.pcap: truncated dump file' 'an empty file is refused'
bad garbage 1 'bad.pcap: unknown file format' 'garbage is refused'
bad cooked 1 'link type LINUX_SLL, and only Ethernet' 'no Ethernet, no run'
bad header 0 'nothing is verified' 'a capture without packets'
bad truncated 0 '1 captures end within a record' 'a truncated record ends the file'
bad garbage-record 0 '1 captures end within a record' 'a garbage record ends the file'
bad cut 0 '1 records skipped: cut short' 'cut packets are skipped'
bad long 0 '1 records skipped: longer than a frame buffer' 'long packets are skipped'
bad short 0 '1 records skipped: shorter than an Ethernet header' 'short ones too'
bad late 0 '1 timestamps went back' 'time does not go back'

is "$(ip -br link)" "$host_links" "the host's devices are as they were"
