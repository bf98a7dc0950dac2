#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# ids on a live box, before nginx: what curl asks for is told or dropped, also if
# it comes in two segments; answers are inspected up to a limit and then go
# through the kernel. Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 23
setup
start_nginx s1 80
cat > "$tmp/http.rules" << 'END'
portvar WEB [80,8080]
alert tcp $NET any -> !$NET $WEB (msg:"evil"; flow:to_server,established; content:"GET /"; depth:5; content:"evil"; within:20; sid:1;)
drop tcp any any -> any $WEB (msg:"kill"; flow:to_server; content:"/kill"; sid:2;)
alert tcp any $WEB -> any any (msg:"server"; flow:to_client; content:"nginx"; nocase; threshold:type limit,track by_dst,count 1,seconds 600; sid:3;)
drop icmp any any -> any any (msg:"tunnel"; itype:8; dsize:>500; sid:4;)
END
start_nfoldd
attach "$(router_chain http "" 'ids { rules "http.rules"; var NET 10.0.0.0/24; inspect first 16k bytes; }')"
bg alerts box "$nfold" -j monitor alert
sleep 0.5

get() { in_ns cli curl -s -o /dev/null -m "${2:-5}" -w '%{http_code}' "http://10.1.1.2$1"; }
# told SID: how often it was
told() {
	"$py" -c 'import json,sys
print(sum(json.loads(l)["alert"].get("sid") == int(sys.argv[2]) for l in open(sys.argv[1])))' \
		"$tmp/alerts.log" "$1"
}
was_told() { [ "$(told "$1")" = "$2" ]; }
# halves FIRST SECOND: a request in two segments; the answer's first line
halves() {
	in_ns cli "$py" -c 'import socket,sys,time
s = socket.create_connection(("10.1.1.2", 80), 5)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
s.sendall(sys.argv[1].encode()); time.sleep(0.3)
s.sendall((sys.argv[2] + " HTTP/1.0\r\n\r\n").encode())
s.settimeout(3)
try:
    print(s.recv(100).decode().split("\r")[0])
except TimeoutError:
    print("nothing")' "$1" "$2"
}

for how in off on; do
	offloads $how
	n=$([ $how = on ] && echo 2 || echo 1)
	is "$(get /)" 200 "offloads $how: a good request is answered"
	is "$(get /evil)" 200 "offloads $how: an evil one too"
	check "offloads $how: and told" wait_for 5 was_told 1 $((2 * n - 1))
	is "$(halves 'GET /ev' il)" 'HTTP/1.1 200 OK' "offloads $how: in two segments as well"
	check "offloads $how: and told once" wait_for 5 was_told 1 $((2 * n))
	is "$(get /kill 2)" 000 "offloads $how: what is dropped is not answered"
done
check 'answers were told once in ten minutes' was_told 3 1
fast=$(stat_word fast)
is "$(get /big)" 200 'a megabyte comes'
cond 'most of it through the kernel' "$(stat_word fast) - fast > 100" "$(stats)"
check 'a large ping is dropped' eval '! in_ns cli ping -q -c 2 -W 1 -s 600 10.1.1.2'
run_nfold -j nf show ids > "$tmp/show.json"
of() { json sum "matched.$1" < "$tmp/show.json"; }
is "$(of 0.matches) $(of 1.alerts) $(of 2.alerts) $(of 3.alerts)" '2 2 4 1' \
	'nf show counts what the rules matched: kill, tunnel, evil, server'

# --- other rules, while it runs ---------------------------------------------------

echo 'alert tcp $NET any -> any $WEB (content:"/evil"; sid:9;)' > "$tmp/bad.rules"
printf '%s\n' 'portvar WEB 80' 'reject tcp $NET any -> any $WEB (msg:"no"; content:"/evil"; sid:7;)' \
	> "$tmp/new.rules"
for i in $(seq 400); do
	echo "alert tcp any any -> any any (content:\"none $i\"; pcre:\"/none $i[a-z]/\"; sid:$((1000 + i));)"
done >> "$tmp/new.rules"
cd "$tmp" || exit
run_nfold nf set http ids 'rules "bad.rules";' file bad.rules > "$tmp/set.out" 2>&1
is $? 1 'bad rules are refused'
check 'with their place' grep -q "bad.rules:1:27: error: there is no variable 'WEB'" "$tmp/set.out"
is "$(get /evil)" 200 'and the old ones stay'
check 'good rules are taken' run_nfold nf set http ids 'rules "new.rules";' file new.rules
is "$(get /evil 5)" 000 'they reject'
check 'and tell' wait_for 5 was_told 7 1
