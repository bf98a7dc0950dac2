#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# An NF's own state function on a live box, monitor's top talkers: its program is
# joined at attach, its cells are pinned, counted in the kernel and shown; a chain
# without it has none of that. Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 13
setup
start_nfoldd

attach "$(router_chain plain "" "monitor;")"
check "without top-talkers there are no own cells" \
	test ! -e "$NFOLD_BPFFS/plain/own_0"
run_nfold detach plain > /dev/null

attach "$(router_chain top "" "monitor { top-talkers packets 3; }")"
check "with them they are pinned" test -e "$NFOLD_BPFFS/top/own_0"
in_ns cli ping -c 30 -i 0.01 -q 10.1.1.2 > "$tmp/ping1" 2>&1
in_ns cli ping -c 20 -i 0.01 -q 10.1.2.2 > "$tmp/ping2" 2>&1
in_ns cli ping -6 -c 10 -i 0.01 -q 2001:db8:1:1::2 > "$tmp/ping3" 2>&1
run_nfold -j nf show monitor > "$tmp/nf.json"
note "$(tr -d '\n' < "$tmp/nf.json" | tr -s ' ')"
check "who sends most is told, exactly with so few" "$py" -c '
import json, sys
t = json.load(open(sys.argv[1]))["top"]["monitor"]["top-talkers"]
got = [(r["source"], r["packets"]) for r in t["top"]]
want = [("10.0.0.2", 50), ("10.1.1.2", 30), ("10.1.2.2", 20)]
assert got == want, got
assert t["unit"] == "packets" and t["total"] == 120, t
assert t["error"] == 1 and 0.018 < t["delta"] < 0.0184, t
' "$tmp/nf.json"
check "nfold nf show prints it" run_nfold nf show monitor
is "$(grep -c '10.0.0.2' "$tmp/out")" 1 "with the source's address"
note "$(cat "$tmp/out")"
cond "much of it was counted by the kernel" "$(stat_word fast) > 30" "$(stats)"

# The pinned map, read by somebody else.
sum() {
	bpftool -j map dump pinned "$NFOLD_BPFFS/top/own_0" | "$py" -c '
import json, sys
v = bytes(int(b, 16) for b in json.load(sys.stdin)[0]["value"])
print(sum(int.from_bytes(v[128 + 8 * i:136 + 8 * i], "little") for i in range(4096)))'
}
before=$(sum)
in_ns cli ping -c 2 -i 0.01 -q 10.1.1.2 > /dev/null 2>&1
is "$(($(sum) - before))" 4 "the pinned cells hold the sketch"
check "the chain is detached" run_nfold detach top
check "with its own cells" test ! -e "$NFOLD_BPFFS/top"

# --- offline ---

cat > "$tmp/t.chain" <<-'END'
	chain t {
		on p0 inside, p1 outside;
		mode wire;
		monitor { top-talkers; }
		dos { source-rate 5; window 1h; }
		monitor { top-talkers packets; }
	}
END
"$py" - "$tmp/t.pcap" << 'END'
import sys
from scapy.all import Ether, IP, UDP, wrpcap
packets = [Ether() / IP(src='10.0.0.%d' % (2 + n % 3), dst='10.1.1.2') /
           UDP(sport=4000, dport=9) / ('x' * n) for n in range(60)]
for n, p in enumerate(packets):
    p.time = 1000 + n * 1e-4
wrpcap(sys.argv[1], packets)
END
check "nfold verify finds no difference" \
	"$nfold" verify chain "$tmp/t.chain" in "p0=$tmp/t.pcap"
check "nfold replay runs it" "$nfold" -j replay chain "$tmp/t.chain" \
	in "p0=$tmp/t.pcap" out "$tmp/out.d"
check "nfold explain tells of it" "$nfold" explain chain "$tmp/t.chain" \
	'in p0 udp 10.0.0.2:4000 > 10.1.1.2:9'
is "$(grep -c 'top-talkers' "$tmp/out")" 2 "of both"
note "$(cat "$tmp/out")"
