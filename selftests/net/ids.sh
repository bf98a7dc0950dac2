#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# ids between two monitors, on captures by scapy with alerts, drops and passes in
# both directions: folded and unfolded are equal, packets, state and counts; what
# each rule must find in them is counted by hand. Nothing of the host is used but
# root.
. "$(dirname "$0")/lib.bash"
plan 15
seed=${SEED:-$RANDOM}
note "seed $seed (SEED=$seed repeats it)"
setup_wire

cat > "$tmp/ids.rules" << 'END'
ipvar CLIENTS [10.5.0.0/27,2001:db8:5::/123]
portvar WEB [80,8080]
alert tcp $CLIENTS any -> any $WEB (msg:"evil"; flow:to_server,established; content:"GET /"; depth:5; content:"evil"; distance:0; sid:1;)
alert ip any any -> any any (msg:"nop sled"; content:"|90 90 90 90|"; sid:2; threshold:type limit,track by_src,count 2,seconds 5;)
alert tcp any any -> any any (content:"login"; flowbits:set,in; flowbits:noalert; sid:3;)
alert tcp any any -> any any (msg:"secret"; content:"secret"; flowbits:isset,in; sid:4;)
drop ip any any -> any any (msg:"kill"; content:"kill"; sid:5;)
reject tcp any any -> any any (msg:"reject"; content:"reject me"; sid:6;)
pass ip any any -> any any (content:"good"; sid:7;)
alert ip any any -> any any (msg:"number"; pcre:"/n=[5-9]\d/"; sid:8;)
alert ip any any -> any any (msg:"jump"; byte_test:2,=,16,0; content:"AAAA"; offset:2; sid:9;)
drop udp any any -> any 9999 (msg:"port"; sid:10;)
alert icmp any any -> any any (msg:"ping"; itype:8; sid:11;)
alert ip any any -> any any (msg:"last hop"; ttl:1; detection_filter:track by_dst,count 2,seconds 20; sid:12;)
END
chain() {
	cat > "$tmp/$1.chain" << END
chain ids {
	on cli0 inside, srv0 outside;
	mode wire;
	monitor;
	ids { rules "ids.rules"; $2 }
	monitor;
}
END
}
chain all ''
chain some 'inspect first 64 bytes;'
frames=$("$py" "$top/selftests/net/ids_pcap.py" "$seed" "$tmp/t")
value() {
	"$py" -c 'import functools,json,sys
print(json.dumps(functools.reduce(lambda o, k: o[k], sys.argv[2].split("."), json.load(open(sys.argv[1])))))' \
		"$tmp/run.out" "$1"
}
for kind in all some; do
	check "$kind: verify" bash -c '"$0" -j verify chain "$1" in "cli0=$2.cli" in "srv0=$2.srv" > "$3"' \
		"$nfold" "$tmp/$kind.chain" "$tmp/t" "$tmp/run.out"
	is "$(value differences) $(value first) $(value state)" '0 null null' \
		"$kind: no packet differs, nor does any NF's state"
	is "$(value packets)" "$frames" "$kind: all packets were compared"
	cond "$kind: some were dropped" "$(value drops.ids-drop) > 10"
done
cond 'some: the kernel handled what was settled' "$(value kernel) > 20"

# The drops that the rules ask for, from the capture itself: what has "kill", but
# not "good"; of TCP all that follows; all to UDP port 9999.
code=$("$nfold" -j replay chain "$tmp/all.chain" in "cli0=$tmp/t.cli" \
	in "srv0=$tmp/t.srv" out "$tmp/frames" > "$tmp/rows"; echo $?)
is "$code" 0 'replay'
is "$("$py" - "$tmp" << 'END'
import collections, json, sys
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.utils import rdpcap
frames = sorted([(f.time, n, f) for n, s in enumerate(("cli", "srv"))
                 for f in rdpcap(sys.argv[1] + "/t." + s)], key=lambda x: x[:2])
blocked, want = set(), []
for _, side, f in frames:
    ip = f[IP] if IP in f else f[IPv6]
    l4 = ip[TCP] if TCP in ip else ip[UDP] if UDP in ip else None
    key = TCP in ip and frozenset([(ip.src, l4.sport), (ip.dst, l4.dport)])
    data = bytes(ip)
    bad = b"kill" in data or (TCP in ip and b"reject me" in data)
    drop = b"good" not in data and (bad or (UDP in ip and l4.dport == 9999))
    if key in blocked:
        drop = True
    elif drop and key:
        blocked.add(key)
    want.append(drop)
got = [json.loads(r)["reason"] in ("ids-drop", "ids-reject") for r in open(sys.argv[1] + "/rows")]
print("same" if got == want else [i for i, (a, b) in enumerate(zip(got, want)) if a != b][:9],
      sum(want) > 20)
END
)" 'same True' 'dropped is what the rules say, packet by packet'

# --- bad rules are refused, with their place -------------------------------------

printf 'alert tcp any any -> any any (sid:1; content:"a";\\\n\tdepht:3;)\n' > "$tmp/ids.rules"
"$nfold" chain check "$tmp/all.chain" > "$tmp/run.out" 2>&1
is $? 1 'an unknown option is refused'
check 'with its line and column' grep -q "ids.rules:2:2: error: unknown option 'depht'" "$tmp/run.out"
check 'and the nearest one' grep -q 'did you mean depth' "$tmp/run.out"
rm "$tmp/ids.rules"
"$nfold" chain check "$tmp/all.chain" > "$tmp/run.out" 2>&1
check 'a file that is not there is named' grep -q "can not read $tmp/ids.rules" "$tmp/run.out"
