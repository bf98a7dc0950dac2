#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The router (userspace/route.c) follows the kernel's routes and neighbours.
#
#   box: cli0 ─── cli   srv0 ─── s1   srv1 ─── s2   other0 ─── (not a port)
. "$(dirname "$0")/lib.bash"
plan 28
setup
in_ns box ip link add other0 type veth peer name other1
in_ns box ip link set other0 up
in_ns box ip link set other1 up
in_ns box ip addr add 10.9.9.1/24 dev other0
probe=$tools/route_probe
# ask: one driver, its commands from stdin
ask() { in_ns box "$probe" cli0 srv0 srv1; }
# Not from /sys: it shows the namespace that mounted it.
mac() { in_ns "$1" ip -br link show net0 | awk '{ print $3 }'; }
in_box="nsenter --net=/run/netns/$ns-box --"
in_s1="nsenter --net=/run/netns/$ns-s1 --"

is "$(ask <<< 'resolve 10.1.1.2')" "ok srv0 $(mac s1)" \
	"an address on the link resolves to its own MAC"
is "$(ask <<< 'resolve 2001:db8:1:2::2')" "ok srv1 $(mac s2)" \
	"an IPv6 address on the link resolves to its own MAC"
is "$(ask <<< 'lookup 203.0.113.1')" "none none" "no route is none"
is "$(ask <<< 'lookup 2001:db8:ffff::1')" "none none" "no IPv6 route is none"

in_ns box ip route add 203.0.113.0/24 via 10.1.1.2
in_ns box ip -6 route add 2001:db8:ffff::/48 via 2001:db8:1:1::2
is "$(ask <<< 'resolve 203.0.113.9')" "ok srv0 $(mac s1)" \
	"a route by a gateway resolves to the gateway's MAC"
is "$(ask <<< 'resolve 2001:db8:ffff::9')" "ok srv0 $(mac s1)" \
	"an IPv6 route by a gateway resolves to the gateway's MAC"
in_ns box ip route add 192.0.2.0/24 via inet6 2001:db8:1:2::2 dev srv1
is "$(ask <<< 'resolve 192.0.2.9')" "ok srv1 $(mac s2)" \
	"an IPv4 route by an IPv6 gateway resolves to its MAC (RFC 8950)"

in_ns box ip route add blackhole 198.18.0.0/24
in_ns box ip route add prohibit 198.18.1.0/24
in_ns box ip route add unreachable 198.18.2.0/24
in_ns box ip -6 route add blackhole 2001:db8:b::/48
is "$(ask <<< $'lookup 198.18.0.1\nlookup 198.18.1.1\nlookup 198.18.2.1\nlookup 2001:db8:b::1')" \
	$'none none\nnone none\nnone none\nnone none' \
	"blackhole, prohibit and unreachable are none"
is "$(ask <<< $'lookup 10.1.1.1\nlookup 127.0.0.1\nlookup 2001:db8::1\nlookup ::1')" \
	$'host none\nhost none\nhost none\nhost none' \
	"the box's own addresses are the host's"
is "$(ask <<< 'lookup 10.1.1.255')" "host none" \
	"a link's broadcast address is the host's"
is "$(ask <<< 'lookup 224.0.0.1')" "none none" "multicast is not routed"
is "$(ask <<< 'lookup 10.9.9.2')" "not-a-port none" \
	"a route by another device is not-a-port"

start=$(date +%s%N)
got=$(ask <<< 'resolve 10.1.1.77')
took=$((($(date +%s%N) - start) / 1000000))
is "$got" "failed none" "a neighbour that does not answer fails"
cond "it fails after 3 s, not before" "took > 2500 && took < 4500" "$took ms"

new=02:00:00:00:00:55
got=$(ask <<< "resolve 10.1.1.2
changed
sh $in_s1 ip link set net0 down
sh $in_s1 ip link set net0 address $new
sh $in_s1 ip link set net0 up
sh $in_box ip neigh flush dev srv0
run 300
changed
sh $in_box ip neigh replace 10.1.1.2 lladdr $new dev srv0 nud reachable
run 300
word 10.1.1.2")
is "$(tail -1 <<< "$got")" "srv0 $new" \
	"a link that went down and came up with another MAC is followed"

got=$(ask <<< "resolve 10.1.1.2
run 200
changed
sh $in_box ip neigh replace 10.1.1.2 lladdr 02:00:00:00:00:66 dev srv0 nud reachable
run 200
word 10.1.1.2
changed")
is "$(tail -2 <<< "$got")" $'srv0 02:00:00:00:00:66\n0' \
	"another MAC of a neighbour changes the word and nothing else"
got=$(ask <<< "resolve 10.1.1.2
sh $in_box ip neigh del 10.1.1.2 dev srv0
run 200
word 10.1.1.2
resolve 10.1.1.2")
is "$(tail -2 <<< "$got")" $'none\nok srv0 '$new \
	"a neighbour that is deleted is unusable until it is asked for again"

got=$(ask <<< "lookup 203.0.113.9
run 200
changed
sh $in_box ip route replace 203.0.113.0/24 via 10.1.2.2
run 200
changed
resolve 203.0.113.9")
is "$(tail -1 <<< "$got")" "ok srv1 $(mac s2)" "a replaced route is followed"
is "$(tail -2 <<< "$got" | head -1)" 1 "a replaced route calls changed() once"

got=$(ask <<< "run 200
changed
sh for i in 1 2 3 4 5 6 7 8 9; do $in_box ip route add 198.19.\$i.0/24 via 10.1.2.2; done
run 300
changed")
cond "nine new routes at once call changed() at most three times" \
	"$(tail -1 <<< "$got") >= 1 && $(tail -1 <<< "$got") <= 3" "$got"

in_ns box ip nexthop add id 7 via 10.1.2.2 dev srv1
in_ns box ip route add 198.18.7.0/24 nhid 7
is "$(ask <<< "resolve 198.18.7.1
sh $in_box ip nexthop replace id 7 via 10.1.1.2 dev srv0
run 200
resolve 198.18.7.1")" "ok srv1 $(mac s2)
ok srv0 $new" "a next-hop object, and its replacement, are followed"

in_ns box ip route add 198.18.8.0/24 nexthop via 10.1.1.2 nexthop via 10.1.2.2
got=$(for i in $(seq 20); do echo "resolve 198.18.8.$i"; done | ask | sort -u)
is "$got" "$(printf 'ok srv0 %s\nok srv1 %s' "$new" "$(mac s2)" | sort -u)" \
	"a multipath route: each destination as the kernel picks, both used"

got=$(ask <<< "resolve 10.1.2.2
sh $in_box ip neigh replace 10.1.2.2 lladdr $(mac s2) dev srv1 nud failed
run 200
word 10.1.2.2")
is "$(tail -1 <<< "$got")" none "a neighbour that the kernel gave up is unusable"
in_ns box ip neigh replace 10.1.2.2 lladdr "$(mac s2)" dev srv1 nud stale
is "$(ask <<< $'resolve 10.1.2.2\nrun 300')" "ok srv1 $(mac s2)" \
	"a stale neighbour is used"
is "$(in_ns box ip neigh show 10.1.2.2 dev srv1 | grep -cE 'DELAY|PROBE|REACHABLE')" 1 \
	"a stale neighbour in use is probed"

# More notifications than the socket holds, and a MAC that changes among them.
for i in $(seq 40000); do
	echo "route add 100.$((64 + i / 65536)).$((i / 256 % 256)).$((i % 256))/32 via 10.1.2.2"
done > "$tmp/routes"
got=$(ask <<< "resolve 10.1.2.2
sh $in_box ip -batch $tmp/routes
sh awk '\$9 > 0 { n++ } END { print n ? \"lost\" : \"none lost\" }' /proc/net/netlink
sh $in_box ip neigh replace 10.1.2.2 lladdr 02:00:00:00:00:88 dev srv1 nud permanent
run 300
word 10.1.2.2")
is "$(tail -2 <<< "$got")" $'lost\nsrv1 02:00:00:00:00:88' \
	"after notifications were lost everything is asked for again"
for i in $(seq 6000); do
	echo "lookup 100.64.$((i / 256)).$((i % 256))"
done > "$tmp/lookups"
is "$(ask < "$tmp/lookups" | sort | uniq -c | tr -s ' ')" \
	" 6000 ok srv1 02:00:00:00:00:88" \
	"more destinations than the cache holds are all answered"
in_ns box ip route add 10.64.0.0/16 dev srv0
for i in $(seq 4100); do
	echo "lookup 10.64.$((i / 256)).$((i % 256))"
done > "$tmp/lookups"
is "$(ask < "$tmp/lookups" 2> "$tmp/log" | sort | uniq -c | tr -s ' ') $(grep -c 'next hops are taken' "$tmp/log")" \
	$' 5 none none\n 4095 wait none 1' \
	"when all next hops are taken further ones are refused, and said so once"
