#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# chains/edge.chain carries HTTP: curl at the client, nginx on both servers
# behind the virtual services, IPv4 and IPv6, offloads off and on.
# Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 36
setup
start_nginx s1 8080
start_nginx s2 8080
start_nfoldd
attach "$top/chains/edge.chain"

# gets URL COUNT: lines "STATUS SERVER ADDRESS PORT"
gets() {
	local i
	for i in $(seq "$2"); do
		in_ns cli curl -s -m 5 -w '%{http_code} ' -o "$tmp/body" "$1"
		cat "$tmp/body"
		: > "$tmp/body"
	done
}
# spread FILE: how many servers answered
spread() { awk '{ print $2 }' "$1" | sort -u | wc -l; }

# round NAME OFFLOADS
round() {
	local fast
	offloads "$2"
	account_begin
	fast=$(stat_kind fast)
	for p in "${peers[@]}"; do capture "$p" "$p" tcp; done
	gets http://198.51.100.80/ 40 > "$tmp/v4"
	gets 'http://[2001:db8:f::80]/' 40 > "$tmp/v6"
	in_ns cli curl -s -m 20 -o "$tmp/big" http://198.51.100.80/big
	in_ns cli curl -s -m 20 -o "$tmp/big6" 'http://[2001:db8:f::80]/big'
	for p in "${peers[@]}"; do uncapture "$p"; done

	is "$(grep -c '^200 ' "$tmp/v4")" 40 "$1: 40 of 40 HTTP requests over IPv4 are answered 200"
	is "$(grep -c '^200 ' "$tmp/v6")" 40 "$1: 40 of 40 HTTP requests over IPv6 are answered 200"
	is "$(spread "$tmp/v4")" 2 "$1: both servers answered over IPv4"
	is "$(spread "$tmp/v6")" 2 "$1: both servers answered over IPv6"
	is "$(awk '{ print $3 }' "$tmp/v4" | grep -cvE '^198\.51\.100\.1[01]$')" 0 \
		"$1: servers see only addresses of the NAT pool over IPv4"
	is "$(awk '{ print $3 }' "$tmp/v6" | sort -u)" 2001:db8::2 \
		"$1: servers see the client's own address over IPv6"
	is "$(tr -d 12 < "$tmp/big" | wc -c) $(wc -c < "$tmp/big")" "0 1000000" \
		"$1: a megabyte arrives whole over IPv4"
	is "$(tr -d 12 < "$tmp/big6" | wc -c) $(wc -c < "$tmp/big6")" "0 1000000" \
		"$1: a megabyte arrives whole over IPv6"
	bytes "$1"
	cond "$1: at least half of the packets went the fast path" \
		"2 * ($(stat_kind fast) - fast) > packets" "$packets captured"
	account_end "$1"
}

# bytes NAME: what arrived, byte by byte
bytes() {
	local p
	packets=0
	for p in "${peers[@]}"; do
		packets=$((packets + $(fields "$p" tcp frame.number | wc -l)))
	done
	is "$( (fields s1 ip ip.src ip.dst tcp.dstport ip.ttl
		fields s2 ip ip.src ip.dst tcp.dstport ip.ttl) | sort -u |
		sed 's/198.51.100.1[01]\t/POOL\t/' | sort -u)" \
		"$(printf 'POOL\t10.1.1.2\t8080\t63\nPOOL\t10.1.2.2\t8080\t63')" \
		"$1: at the servers: pool to server, port 8080, TTL one less"
	is "$( (fields s1 ipv6 ipv6.src ipv6.dst tcp.dstport ipv6.hlim
		fields s2 ipv6 ipv6.src ipv6.dst tcp.dstport ipv6.hlim) | sort -u)" \
		"$(printf '2001:db8::2\t2001:db8:1:1::2\t8080\t63\n2001:db8::2\t2001:db8:1:2::2\t8080\t63')" \
		"$1: at the servers: IPv6 client to server, port 8080, hop limit one less"
	is "$(fields cli ip ip.src tcp.srcport ip.dst ip.ttl | sort -u)" \
		"$(printf '198.51.100.80\t80\t10.0.0.2\t63')" \
		"$1: at the client: all comes from the IPv4 virtual service"
	is "$(fields cli ipv6 ipv6.src tcp.srcport ipv6.dst ipv6.hlim | sort -u)" \
		"$(printf '2001:db8:f::80\t80\t2001:db8::2\t63')" \
		"$1: at the client: all comes from the IPv6 virtual service"
	for p in "${peers[@]}"; do
		is "$(bad_checksums "$p")" 0 \
			"$1: every checksum at $p is what scapy computes"
	done
}

round "offloads off" off
round "offloads on" on
