#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the monitor exports as IPFIX, read by a real collector (nfcapd, nfdump),
# dissected by tshark, held against the monitor's own tables; and a collector that
# dies, is cut off and comes back. Topology: lib.bash, and beside it
#
#	box mon0 10.9.0.1, 2001:db8:9::1 ---- net0 10.9.0.2, 2001:db8:9::2 col
. "$(dirname "$0")/lib.bash"
command -v nfcapd > /dev/null || skip_all "needs nfdump: make deps"
plan 38
setup
add_ns col
add_link col mon0
add_addr box mon0 10.9.0.1/24
add_addr col net0 10.9.0.2/24
add_addr col net0 2001:db8:9::2/64
at=10.9.0.2 collector=10.9.0.2:4739	# of nfcapd, and in the chain

state() { run_nfold -j nf show monitor > "$tmp/nf.json"; }
# exported WORD: of the export's counters
exported() {
	state
	"$py" -c 'import json, sys
print(list(json.load(sys.stdin).values())[0]["monitor"]["export"][sys.argv[1]])' \
		"$1" < "$tmp/nf.json"
}
total() { state; json sum "total.*.$1" < "$tmp/nf.json"; }
# flows_table: what the monitor says, now
flows_table() { run_nfold -j nf show monitor view flows > "$tmp/flows.json"; }

start_nfcapd() {
	rm -rf "$tmp/flows"
	mkdir "$tmp/flows"
	bg nfcapd col nfcapd -b "$at" -p 4739 -w "$tmp/flows" -t 3600
	wait_for 10 grep -q Startup "$tmp/nfcapd.log" || bail "nfcapd did not start"
}
# read_flows: ends nfcapd; what it has got, in $tmp/nfdump.json
read_flows() {
	stop nfcapd
	nfdump -R "$tmp/flows" -o json > "$tmp/nfdump.json" 2> "$tmp/nfdump.log"
}
collected() { "$py" -c "import json; print(len(json.load(open('$tmp/nfdump.json'))))"; }
compare() { "$py" "$top/selftests/net/ipfix.py" "$@"; }

# traffic N: both families, N datagrams each
traffic() {
	in_ns cli ping -q -c 5 -i 0.2 10.1.1.2
	in_ns cli ping -6 -q -c 5 -i 0.2 2001:db8:1:1::2
	in_ns cli iperf3 -c 10.1.1.2 -p 5201 -t 3
	in_ns cli iperf3 -6 -c 2001:db8:1:1::2 -p 5201 -n 2M
	in_ns cli "$tools/seqgen" -n "$1" -r 4000 -s 4000 -l 100 10.1.1.2 6000
	in_ns cli "$tools/seqgen" -n "$1" -r 4000 -s 4000 -l 100 2001:db8:1:1::2 6000
} > "$tmp/traffic.log" 2>&1

monitor() {
	router_chain ipfix "" "monitor { export ipfix $collector active 2s idle 2s
		template-refresh 2s;
		hosts; rule iperf \"tcp port 5201\"; rule \"a, \\\"b\\\"\" \"udp\"; }"
}
# quiet: until everything that was counted has been exported
quiet() { sleep 3; settle; }

start_nfoldd
start_iperf s1
chain=$(router_chain nowhere "" 'monitor { export ipfix 203.0.113.9:4739; }')
run_nfold attach "$chain" > "$tmp/refusal" 2>&1
is "$?" 1 "a collector without a route is refused"
check "the refusal says why, and what to do" \
	grep -q 'collector 203.0.113.9 port 4739: Network is unreachable: the host needs a route' "$tmp/refusal"

# round NAME idle|end WORD...: directions that fall idle, or that end
round() {
	local name=$1 how=$2 flows
	shift 2
	start_nfcapd
	capture col col 'udp port 4739'
	attach "$(monitor)" "$@"
	traffic 1000
	[ "$how" = end ] || quiet
	flows_table
	if [ "$how" = idle ]; then
		is "$(exported lost_records)" 0 "$name: no record is lost"
		records=$(exported records)
	else
		check "$name: the chain detaches" run_nfold detach ipfix
	fi
	sleep 0.5
	uncapture col
	read_flows
	flows=$(compare compare "$tmp/nfdump.json" "$tmp/flows.json")
	cond "$name: the collector has the monitor's flows, packets and bytes" \
		"$(grep -c '^equal' <<< "$flows") && ${flows//[^0-9]/} >= 10" "$flows"
	is "$(grep -c 'Sequence Errors: 0, Bad Packets: 0' "$tmp/nfcapd.log")" 1 \
		"$name: no sequence error, no bad packet" ||
		note "$(grep Sequence "$tmp/nfcapd.log")"
	is "$(ipfix_fields '_ws.malformed or _ws.expert.severity >= 0x600000' frame.number)" "" \
		"$name: tshark finds nothing malformed and nothing to warn of"
	is "$(ipfix_fields 'frame.number == 1' cflow.version cflow.flowset_id | cut -d, -f1)" \
		"10	2" "$name: the first message begins with templates"
}
ipfix_fields() {
	local filter=$1 f args=()
	shift
	for f; do args+=(-e "$f"); done
	tshark -n -r "$tmp/col.pcap" -d udp.port==4739,cflow -Y "$filter" \
		-T fields "${args[@]}" 2> /dev/null
}

round folded idle
is "$(collected)" "$records" "folded: the collector has every record"
cond "folded: nearly everything was counted in the kernel" \
	"$(stat_kind fast) > 20 * $(stat_kind slow)" "$(stats)"
active=$(ipfix_fields 'cflow.flow_end_reason == 2' frame.number | wc -l)
cond "folded: the long connection was reported while it was active" "active > 0"
is "$("$py" -c "import json
print([(r['in_packets'], r['in_bytes']) for r in json.load(open('$tmp/nfdump.json'))
	if r['proto'] == 17 and 'src6_addr' in r])")" "[(1000, 148000)]" \
	"folded: 1000 datagrams of 148 bytes are one record"

# --- tables -----------------------------------------------------------------

for view in flows hosts rules; do
	run_nfold nf show ipfix monitor view $view csv > "$tmp/$view.csv"
	run_nfold -j nf show monitor view $view > "$tmp/$view.json"
	is "$(compare csv "$tmp/$view.csv" "$tmp/$view.json" | cut -d' ' -f1)" equal \
		"$view: CSV and JSON say the same"
done
for port in 6001 6002 6003; do
	in_ns cli "$tools/seqgen" -n 1000 -f 1000 -r 4000 -s 10000 10.1.1.2 $port > /dev/null
done
settle
is "$(run_nfold nf show monitor view flows csv |
	grep -E '^ipfix,monitor,17,10.0.0.2,1[01]...,10.1.1.2,600[123],1,' | sort -u | wc -l)" \
	3000 "flows: 3000 more are listed, in pieces"
for view in flows hosts rules; do
	run_nfold -j nf show ipfix monitor view $view > "$tmp/$view.json"
done
sum() { "$py" -c "import json
print(sum(r['$2'] for r in json.load(open('$tmp/$1.json'))))"; }
is "$(sum hosts sent_packets)" "$(total packets)" "hosts have sent what was counted"
is "$(sum hosts received_bytes)" "$(total bytes)" "hosts have received what was counted"
is "$(run_nfold nf show monitor view rules | awk '$1 == "a," { print $(NF - 1) }')" \
	5000 "a rule has the datagrams of both families"
run_nfold nf show monitor view hots > "$tmp/refusal" 2>&1
is "$?" 3 "a view that does not exist is refused"
check "what there is is named" grep -q 'flows, hosts, rules' "$tmp/refusal"

# --- a collector that is dead, cut off, and back ------------------------------

# stream NAME: not a packet of it is lost or late while the collector is away
stream() {
	bg check s1 "$tools/seqcheck" -n 2000 7000
	wait_for 5 grep -q ready "$tmp/check.log"
	in_ns cli "$tools/seqgen" -n 2000 -r 1000 -s 4100 -l 100 10.1.1.2 7000 > /dev/null
	finish check
	is "$(grep stream "$tmp/check.log" | cut -d' ' -f3-8)" \
		"received 2000 lost 0 doubled 0" "$1: the chain loses nothing"
}
stream "a dead collector" 		# nfcapd was ended above
quiet
traffic 100
quiet
cond "a dead collector: its host's refusals are counted" "$(exported refused) > 0"
in_ns box ip link set mon0 down
stream "a collector cut off"
quiet
lost=$(exported lost_records)
cond "a collector cut off: lost records are counted" "lost > 0"
in_ns box ip link set mon0 up
start_nfcapd
traffic 100
quiet
is "$(exported lost_records)" "$lost" "the collector is back: no more are lost"
cond "the collector is back: templates come again and again" "$(exported templates) > 5"
read_flows
cond "the collector is back: it has new records" "$(collected) >= 10"
check "the chain detaches" run_nfold detach ipfix

round unfolded end no-fold
add_addr box mon0 2001:db8:9::1/64	# a link that goes down loses them
at=2001:db8:9::2 collector=[2001:db8:9::2]:4739
round "folded, over IPv6, ended by detach" end
