#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# ah against another IPsec: the kernel's own, where it has AH, else scapy's behind
# a TUN device (ahpeer.py). Pings and TCP of the client reach s1 through AH and
# come back through it; what is sent again, changed or sent without is dropped.
# Offloads off and on. Topology: lib.bash, and
#
#   cli 10.0.0.2 ── box ══ AH over IPv4: 198.51.100.90 to 10.1.1.2 ══ s1 10.9.0.2
#                   box ══ AH over IPv6: 2001:db8:f::90 to 2001:db8:1:1::2 ══ s1 2001:db8:9::2
#                   box ══ transport mode: 10.0.0.2 to 10.8.0.2 ══ s1 10.8.0.2
. "$(dirname "$0")/lib.bash"
plan 42
k1=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
k2=f0f102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
k3=a0a102030405060708090a0b0c0d0e0f10111213
k4=b0b102030405060708090a0b0c0d0e0f10111213
here4=198.51.100.90 here6=2001:db8:f::90 there4=10.1.1.2 there6=2001:db8:1:1::2
sa4=$there4,$here4,SHA2-256-128,0x1001,$k1,0x2001,$k2,4
k5=c0c102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
k6=d0d102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
sa5=10.8.0.2,10.0.0.2,SHA2-256-128,0x1003,$k5,0x2003,$k6,transport
sa6=$there6,$here6,HMAC-SHA1-96,0x1002,$k3,0x2002,$k4,6
ahpeer() { "$py" "$top/selftests/net/ahpeer.py" "$@"; }

# state SRC DST SPI ALG KEY BITS
state() {
	# shellcheck disable=SC2086
	in_ns s1 ip xfrm state add src "$1" dst "$2" proto ah spi "$3" mode $mode \
		replay-window 64 $flag auth-trunc "$4" "0x$5" "$6"
}
# policy DIR SRC DST LOCAL REMOTE
policy() {
	in_ns s1 ip xfrm policy add dir "$1" src "$2" dst "$3" \
		tmpl src "$4" dst "$5" proto ah mode $mode
}
kernel_peer() {
	local flag='flag align4' mode=tunnel
	state $here4 $there4 0x1001 'hmac(sha256)' $k1 128 || return
	flag=''
	state $here6 $there6 0x1002 'hmac(sha1)' $k3 96 || return
	flag='flag align4'
	state $there4 $here4 0x2001 'hmac(sha256)' $k2 128
	flag=''
	state $there6 $here6 0x2002 'hmac(sha1)' $k4 96
	policy in 10.0.0.0/24 10.9.0.2/32 $here4 $there4
	policy out 10.9.0.2/32 10.0.0.0/24 $there4 $here4
	policy in 2001:db8::/64 2001:db8:9::2/128 $here6 $there6
	policy out 2001:db8:9::2/128 2001:db8::/64 $there6 $here6
	flag='flag align4' mode=transport
	state 10.0.0.2 10.8.0.2 0x1003 'hmac(sha256)' $k5 128
	state 10.8.0.2 10.0.0.2 0x2003 'hmac(sha256)' $k6 128
	policy in 10.0.0.2/32 10.8.0.2/32 10.0.0.2 10.8.0.2
	policy out 10.8.0.2/32 10.0.0.2/32 10.8.0.2 10.0.0.2
	in_ns s1 ip link add ah0 type dummy
	in_ns s1 ip link set ah0 up
	add_addr s1 ah0 10.9.0.2/32 10.8.0.2/32 2001:db8:9::2/128
	in_ns s1 ip route add 10.0.0.0/24 via 10.1.1.1 src 10.9.0.2 mtu 1400
	in_ns s1 ip -6 route add 2001:db8::/64 via 2001:db8:1:1::1 \
		src 2001:db8:9::2 mtu 1400
}
# The kernel does not know AH: it is not to answer that.
scapy_peer() {
	in_ns s1 nft -f - <<-END
	table inet ahpeer {
		chain in {
			type filter hook input priority -10;
			ip protocol ah drop
			ip6 nexthdr ah drop
		}
	}
	END
	bg ahpeer s1 "$py" "$top/selftests/net/ahpeer.py" \
		$sa5 $sa4 $sa6
	wait_for 20 grep -q READY "$tmp/ahpeer.log" || bail "ahpeer.py did not start"
	in_ns s1 ip link set ah0 mtu 1400 up
	add_addr s1 ah0 10.9.0.2/24 10.8.0.2/32 2001:db8:9::2/64
	in_ns s1 ip route add 10.0.0.0/24 dev ah0
	in_ns s1 ip -6 route add 2001:db8::/64 dev ah0
}

setup
in_ns box ip route add 10.8.0.0/24 via 10.1.1.2
if kernel_peer 2> "$tmp/xfrm.log"; then
	peer=kernel
else
	in_ns s1 ip xfrm state flush
	scapy_peer
	peer=scapy
fi
note "the other end is $peer"
start_nfoldd
attach "$(router_chain ahtest '' "
	mark { rule \"icmp or icmp6\" dscp af21; }
	ah {
		encap {
			spi 0x1001; key $k1; tunnel $here4 $there4;
			match \"dst net 10.9.0.0/24\";
		}
		encap {
			spi 0x1002; auth hmac-sha1-96; key $k3;
			tunnel $here6 $there6;
			match \"dst net 2001:db8:9::/64\";
		}
		encap {
			spi 0x1003; key $k5; transport;
			match \"dst net 10.8.0.0/24\";
		}
		decap {
			spi 0x2003; key $k6; transport;
			match \"src net 10.8.0.0/24\";
		}
		decap {
			spi 0x2001; key $k2; tunnel $here4 $there4;
			match \"src net 10.9.0.0/24\";
		}
		decap {
			spi 0x2002; auth hmac-sha1-96; key $k4;
			tunnel $here6 $there6;
			match \"src net 2001:db8:9::/64\";
		}
	}
	monitor;")"
start_nginx s1 8080

pings() {
	in_ns cli ping -n -q -c 20 -i 0.05 -W 2 "$1" |
		sed -nE 's/.* ([0-9]+) received.*/\1/p'
}
# of_ah FIELD...: of each association, encap first
of_ah() {
	"$nfold" -j nf show ah | "$py" -c "
import json, sys
d = json.load(sys.stdin)
def find(o):
    if isinstance(o, dict):
        if 'encap' in o and 'decap' in o:
            return o
        o = list(o.values())
    for x in o if isinstance(o, list) else []:
        r = find(x)
        if r:
            return r
d = find(d)
print(*(sum(s.get(f, 0) for s in d['encap'] + d['decap']) for f in sys.argv[1:]))" "$@"
}
both_ways() {
	capture in s1 'ip proto 51 or ip6 proto 51'
	bg cap-out s1 tcpdump -i net0 -Q out -U -s 0 -B 32768 --immediate-mode \
		-w "$tmp/out.pcap" 'ip proto 51 or ip6 proto 51'
	wait_for 5 grep -q listening "$tmp/cap-out.log"
}
both_ways_end() { uncapture in; stop cap-out INT; }

# round NAME OFFLOADS
round() {
	local good bad wrong
	offloads "$2"
	both_ways
	is "$(pings 10.9.0.2)" 20 "$1: 20 of 20 pings over IPv4"
	is "$(pings 2001:db8:9::2)" 20 "$1: 20 of 20 pings over IPv6"
	is "$(in_ns cli curl -s -m 20 http://10.9.0.2:8080/ | cut -d' ' -f1,2)" \
		"s1 10.0.0.2" "$1: the server behind AH sees the client itself"
	is "$(in_ns cli curl -s -m 60 'http://[2001:db8:9::2]:8080/big' | wc -c)" \
		1000000 "$1: a megabyte comes back through AH over IPv6"
	is "$(in_ns cli curl -s -m 60 --data-binary "@$tmp/nginx-s1/big" \
		-o /dev/null -w '%{size_upload}' http://10.9.0.2:8080/)" \
		1000000 "$1: a megabyte goes out through AH over IPv4"
	is "$(pings 10.8.0.2)" 20 "$1: 20 of 20 pings in transport mode"
	is "$(in_ns cli curl -s -m 20 http://10.8.0.2:8080/ | cut -d' ' -f1,2)" \
		"s1 10.0.0.2" "$1: the server in transport mode sees the client"
	both_ways_end
	read -r good bad wrong <<< "$(ahpeer check "$tmp/in.pcap" $sa4 $sa5 $sa6 2> "$tmp/check.log")"
	is "$bad" 0 "$1: every packet that we sealed is right, scapy says"
	cond "$1: and there are some" 'good > 700' "$good"
	is "$wrong" "" "$1: sequence numbers go up, and none comes twice"
	is "$(fields in 'icmp and ip.dst == 10.9.0.2' ip.src ip.dst ip.ttl \
		ip.dsfield.dscp ip.flags.df | sort -u)" \
		"$(printf '198.51.100.90,10.0.0.2\t10.1.1.2,10.9.0.2\t64,63\t18,18\t1,1')" \
		"$1: outer and inner header: addresses, TTL, DSCP, DF"
	is "$(of_ah overflow bad_icv replays strays)" "0 0 0 0" \
		"$1: nothing was refused"
}
round "offloads off" off
round "offloads on" on
cond "what came back was checked" "$(of_ah packets) > 3000" "$(of_ah packets)"
"$nfold" flow list > "$tmp/flows" 2>&1
check "out: class payload" grep -q 'payload:state-function' "$tmp/flows"
check "in: slow, for its reason" grep -q 'slow:encap' "$tmp/flows"

# --- what must not come in

# refused SENTENCE WORD HOW SPI
refused() {
	local was
	was=$(stat_word "$2")
	in_ns s1 "$py" "$top/selftests/net/ahpeer.py" again net0 "$tmp/out.pcap" \
		"$4" "$3"
	wait_for 5 eval "[ \$(stat_word $2) -gt $was ]"
	is "$(($(stat_word "$2") - was))" 1 "$1"
}
refused "sent again over IPv4: ah-replay" ah-replay same 0x2001
refused "sent again over IPv6: ah-replay" ah-replay same 0x2002
refused "sent again in transport mode: ah-replay" ah-replay same 0x2003
refused "a byte of the value changed: ah-icv" ah-icv icv 0x2001
refused "the number changed: ah-icv" ah-icv sequence 0x2002
refused "another SPI over IPv4: ah-spi" ah-spi spi 0x2001
refused "another SPI over IPv6: ah-spi" ah-spi spi 0x2002
is "$(of_ah bad_icv replays)" "2 3" "the associations have counted them"
was=$(stat_word ah-policy)
in_ns s1 ip addr add 10.9.0.77/32 dev lo
in_ns s1 ip route add 10.0.0.2/32 via 10.1.1.1 dev net0
in_ns s1 ping -n -q -c 3 -i 0.05 -W 1 -I 10.9.0.77 10.0.0.2 > "$tmp/plain" 2>&1
in_ns s1 ip route del 10.0.0.2/32 via 10.1.1.1 dev net0
# Folded at the first: the next ones are dropped in XDP.
cond "without AH: ah-policy" "$(stat_word ah-policy) - was >= 1" "$(stats)"
check "and nothing came through" grep -q ' 0 received' "$tmp/plain"
# 1500 less 20 of IPv4, 28 of AH; DF
in_ns cli ping -n -c 2 -W 2 -M do -s 1472 10.9.0.2 > "$tmp/big" 2>&1
cond "too big with its header: the client is told the MTU that is left" \
	"$(grep -c 'mtu *= *1452' "$tmp/big")" "$(cat "$tmp/big")"
is "$(pings 10.9.0.2)" 20 "behind all that it works"
[ $peer = scapy ] && refusals=$(grep -c REFUSED "$tmp/ahpeer.log")
[ $peer = kernel ] && refusals=$(in_ns s1 ip -s xfrm state |
	awk '/failed/ { n++ } /replay-window [0-9]+ replay [1-9]|failed [1-9]/ { bad++ } END { print bad + 0 }')
is "$refusals" 0 "the other end has refused nothing"
"$nfold" -j nf show ah > "$tmp/show" 2>&1
cond "no key is shown" "$(grep -c "$k1" "$tmp/show") == 0" "$(cat "$tmp/show")"
check "the engine is alive" pgrep -P "${pids[nfoldd]}"
