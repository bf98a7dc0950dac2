#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Packets per second through the box over veth: edge.chain folded, the same
# chain unfolded, and nftables doing the same work (DNAT to two servers, SNAT
# from a pool, default-deny filter, counter) in the same topology. Small UDP
# packets of 64 flows from the in-kernel generator; what counts is what reaches
# the servers. The three take turns; medians of ROUNDS.
. "$(dirname "$0")/../net/lib.bash"
flows=64 seconds=${SECONDS_A_RUN:-3} rounds=${ROUNDS:-3}
vip=198.51.100.80 port=5201

# received: "PACKETS NS" so far at both servers, by the sinks' own clock
received() {
	local s
	for s in s1 s2; do kill -USR1 "${pids[sink-$s]}"; done
	sleep 0.1
	tail -qn 1 "$tmp/sink-s1.log" "$tmp/sink-s2.log" |
		awk '{ n += $2; ns = $4 } END { printf "%d %.0f\n", n, ns }'
}
generate() { # SECONDS
	in_ns cli "$tools/livegen" send net0 "$box_mac" 10.0.0.2 $vip $port $flows "$1" > "$tmp/gen.log"
}
rate() { # delivered packets a second, after a second's start-up
	local before after
	generate 1
	before=$(received)
	generate "$seconds"
	after=$(received)
	awk -v b="$before" -v a="$after" 'BEGIN { split(b, x); split(a, y)
		printf "%.0f", (y[1] - x[1]) * 1e9 / (y[2] - x[2]) }'
}
use_nfold() { # WORD...
	attach "$top/chains/edge.chain" "$@"
}
mac_of() { in_ns "$1" ip -br link show dev "$2" | awk '{ print $3 }'; }
# the servers' addresses are fixed: their XDP programs answer no ARP
fix_neighbours() {
	local s
	for s in "s1 srv0 10.1.1.2" "s2 srv1 10.1.2.2"; do
		# shellcheck disable=SC2086
		set -- $s
		in_ns box ip neigh replace "$3" dev "$2" nud permanent lladdr \
			"$(mac_of "$1" net0)"
	done
}
use_nftables() {
	in_ns box sysctl -qw net.ipv4.ip_forward=1
	in_ns box ethtool -K cli0 gro on
	in_ns box nft -f - <<-END
	table ip edge {
		set inside { type ipv4_addr; flags interval; elements = { 10.0.0.0/24 }; }
		set services { type inet_service; elements = { $port }; }
		counter monitored { }
		chain pre {
			type nat hook prerouting priority dstnat;
			ip daddr $vip udp dport $port dnat to numgen inc mod 2 map { 0 : 10.1.1.2, 1 : 10.1.2.2 }
		}
		chain post {
			type nat hook postrouting priority srcnat;
			ip saddr @inside snat to 198.51.100.10-198.51.100.11
		}
		chain forward {
			type filter hook forward priority filter; policy drop;
			counter name monitored
			ct state established,related accept
			udp dport @services accept
		}
	}
	END
}
drop_nftables() {
	in_ns box nft delete table ip edge
	in_ns box ethtool -K cli0 gro off
	in_ns box sysctl -qw net.ipv4.ip_forward=0
}
figure() { # NAME "VALUES" "BASELINES"
	"$py" - "$@" <<-'END'
	import json, statistics, sys
	ours, base = ([float(v) for v in a.split()] for a in sys.argv[2:4])
	ratios = [o / b for o, b in zip(ours, base)]
	ratio = statistics.median(ratios)
	print(json.dumps({"name": sys.argv[1], "value": statistics.median(ours),
	    "unit": "packets/s", "ratio": round(ratio, 3),
	    "baseline": statistics.median(base),
	    "spread": round((max(ratios) - min(ratios)) / ratio, 3)}))
	END
}

planned=0
setup
fix_neighbours
box_mac=$(mac_of box cli0)
for s in s1 s2; do
	bg sink-$s $s "$tools/livegen" sink net0
	wait_for 5 grep -q ready "$tmp/sink-$s.log"
done
start_nfoldd
folded='' unfolded='' nft=''
for _ in $(seq "$rounds"); do
	use_nfold
	folded+=" $(rate)"
	run_nfold detach edge > /dev/null
	use_nfold no-fold
	unfolded+=" $(rate)"
	run_nfold detach edge > /dev/null
	use_nftables
	nft+=" $(rate)"
	drop_nftables
done
echo "# folded$folded, unfolded$unfolded, nftables$nft packets/s" >&2
figure folded_vs_unfolded "$folded" "$unfolded"
figure vs_nftables_set "$folded" "$nft"
