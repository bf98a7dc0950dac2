#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The load balancer under load: nginx backends are killed, hang and come back, are
# drained, weighed, removed and added, while connections are held, UDP flows go on
# and curl opens new connections. Only the flows that must move do.
# Topology: lib.bash; three backends:
#	a 10.1.1.2:8080 (s1)	b 10.1.2.2:8080 (s2)	c 10.1.1.2:8081 (s1)
# Each has nginx, which is what is checked, and a UDP server beside it, so that a
# flow that has not moved is still answered by its old server.
. "$(dirname "$0")/lib.bash"
plan 52
setup
flows=$top/selftests/net/lbflows.py
vip=198.51.100.80

declare -A where=([a]=s1 [b]=s2 [c]=s1) port=([a]=8080 [b]=8080 [c]=8081) \
	addr=([a]=10.1.1.2:8080 [b]=10.1.2.2:8080 [c]=10.1.1.2:8081)
# web NAME: its nginx; answers with its name
web() {
	local dir=$tmp/web-$1
	mkdir -p "$dir/logs"
	cat > "$dir/conf" <<-END
	daemon off;
	master_process off;
	user root;
	pid $dir/pid;
	error_log $dir/logs/error.log;
	events { worker_connections 512; }
	http {
		access_log off;
		keepalive_requests 100000;
		client_body_temp_path $dir/body;
		proxy_temp_path $dir/proxy;
		fastcgi_temp_path $dir/fastcgi;
		uwsgi_temp_path $dir/uwsgi;
		scgi_temp_path $dir/scgi;
		server {
			listen ${port[$1]};
			location / { return 200 "$1 \$remote_port\n"; }
		}
	}
	END
	bg "web-$1" "${where[$1]}" nginx -p "$dir" -c "$dir/conf" -e "$dir/logs/start.log"
	wait_for 10 in_ns "${where[$1]}" curl -s -o /dev/null "http://127.0.0.1:${port[$1]}/" ||
		bail "nginx $1 did not start: $(cat "$dir/logs/start.log")"
}
freeze() { kill -STOP "${pids[web-$1]}"; }
thaw() { kill -CONT "${pids[web-$1]}"; }

# state SERVICE NAME: of a backend
state() {
	run_nfold -j nf show edge lb | "$py" -c '
import json, sys
for s in json.load(sys.stdin)["edge"]["lb"]["services"]:
    for b in s["backends"]:
        if [s["service"], b["backend"]] == sys.argv[1:]:
            print(b["state"])' "$1" "${addr[$2]}"
}
is_state() { [ "$(state web "$1")$(state udp "$1")" = "$2$2" ]; }
# becomes NAME STATE SENTENCE
becomes() {
	local from=${EPOCHREALTIME/./}
	check "$3" wait_for 8 is_state "$1" "$2"
	took=$(((${EPOCHREALTIME/./} - from) / 1000))
}
# round NAME: one packet of each UDP flow
round() { in_ns cli "$py" "$flows" udp 60 20000 $vip 5353 > "$tmp/$1.flows"; }
# moved ROUND ROUND SERVER: flows of SERVER that are elsewhere, and of others
moved() {
	join "$tmp/$1.flows" "$tmp/$2.flows" | awk -v s="$3" '
		$2 != $3 && $2 == s { own++ }
		$2 != $3 && $2 != s { other++ }
		$2 == s { all++ }
		$3 == "-" { lost++ }
		END { print own + 0 "/" all + 0, other + 0, lost + 0 }'
}
# only ROUND ROUND SERVER SENTENCE: all flows of the server moved, no others, and
# all are answered
only() {
	local own other lost
	read -r own other lost < <(moved "$1" "$2" "$3")
	is "${own%/*} $other $lost" "${own#*/} 0 0" "$4 ($own of them)"
}
stay() { is "$(diff "$tmp/$1.flows" "$tmp/$2.flows" | wc -l)" 0 "$3"; }
# news COUNT: new connections; lines "NAME PORT", or "000" if there was no answer
news() {
	local i
	for i in $(seq "$1"); do
		in_ns cli curl -s -m 2 "http://$vip/" || echo 000
	done
}
snapshot() { cp "$tmp/held" "$tmp/$1.held"; }
# broken BEFORE AFTER FIELD SERVER: held connections of the server, and others, in
# which FIELD has grown
broken() {
	join "$tmp/$1.held" "$tmp/$2.held" | awk -v f="$3" -v s="$4" '
		$2 == s { all++; own += $(f + 4) > $f }
		$2 != s { other += $(f + 4) > $f }
		END { print own + 0, all + 0, other + 0 }'
}
events() { run_nfold event show edge; }

for n in a b c; do web $n; done
bg udp1 s1 "$py" "$flows" serve a 8080
bg udp3 s1 "$py" "$flows" serve c 8081
bg udp2 s2 "$py" "$flows" serve b 8080
start_nfoldd
check='interval 200ms timeout 150ms rise 2 fall 2 hold 400ms;'
chain=$(router_chain edge '' "lb {
	service web {
		vip $vip:80/tcp;
		backend ${addr[a]}; backend ${addr[b]}; backend ${addr[c]};
		health http / $check
	}
	service udp {
		vip $vip:5353/udp;
		backend ${addr[a]}; backend ${addr[b]}; backend ${addr[c]};
		health http / status 200 $check
		on-remove rehash;
	}
	service api {
		vip $vip:81/tcp;
		backend ${addr[a]}; backend ${addr[b]}; backend ${addr[c]};
		on-remove reset;
	}
} monitor;")
attach "$chain"
wait_for 5 sh -c "$nfold event list edge | grep -q '6 targets, 0 down'"
is "$(run_nfold event list edge)" \
	'edge lb[0] health: invalidate, 6 targets, 0 down' \
	'event list shows the targets'
prober() { ps -eo pid=,comm= | awk '$2 == "nfoldp/edge" { print $1 }' |
	while read -r p; do
		[ "$(readlink "/proc/$p/ns/net")" = "$(in_ns box readlink /proc/self/ns/net)" ] && echo "$p"
	done; }
is "$(awk '/^Cap(Eff|Prm)|^Uid/ { print $2 }' "/proc/$(prober)/status" | xargs)" \
	'65534 0000000000000000 0000000000000000' \
	'the prober has no capability and is nobody'

# --- as it begins ---
bg hold cli "$py" "$flows" hold 30 $vip 80 "$tmp/held"
wait_for 10 sh -c "[ \"\$(awk '\$4 > 3' $tmp/held | wc -l)\" = 30 ]"
round r0
is "$(awk '{ print $2 }' "$tmp/r0.flows" | sort -u | xargs)" 'a b c' \
	'all three servers have UDP flows, and all are answered'
is "$(news 30 | awk '{ print $1 }' | sort -u | xargs)" 'a b c' \
	'all three have new connections'
round r1
stay r0 r1 'flows stay where they are'

# --- one is killed under load ---
snapshot before
stop web-a KILL
becomes a down 'a killed backend is down'
note "killed to down: $took ms, of which 2 checks 200 ms apart"
round r2
only r1 r2 a 'only the flows of the killed one moved, at their next packet'
is "$(news 20 | awk '{ print $1 }' | sort -u | xargs)" 'b c' \
	'new connections go to the others only, and none fails'
sleep 1
snapshot after
read -r own all other < <(broken before after 3 a)
is "$own $other" "$all 0" "held connections: those of the killed one broke, no other ($own)"
is "$(awk '{ print $2 }' "$tmp/after.held" | sort -u | xargs)" 'b c' \
	'all are held by the others now'
is "$(broken before after 4 b | cut -d' ' -f1,2 | tr ' ' '\n' | sort -u | wc -l)" 1 \
	'and those of the others went on being answered'
round r3
stay r2 r3 'moved flows stay where they are now'
snapshot before
web a
becomes a up 'it is up again when it answers'
round r4
stay r3 r4 'nobody moves back'
is "$(news 30 | awk '{ print $1 }' | sort -u | xargs)" 'a b c' \
	'but it has new connections'
sleep 0.5
snapshot after
is "$(broken before after 3 none)" '0 0 0' 'and no held connection broke'

# --- one hangs: connections are accepted, and not answered ---
in_ns cli "$py" "$flows" udp 60 20000 $vip 5353 > /dev/null
run_nfold flow flush > /dev/null	# UDP flows spread over all three again
round h0
freeze b
becomes b down 'a backend that accepts and does not answer is down'
round h1
only h0 h1 b 'only the flows of the one that hangs moved'
events > "$tmp/events"
check 'and what was seen is told' \
	grep -qE "lb\[0\] health web ${addr[b]} is down: .*timed out.*, sessions [0-9]+" "$tmp/events"
thaw b
becomes b up 'it is up when it goes on'

# --- one is cut off: packets to it are dropped ---
round c0
in_ns s2 nft add table t
in_ns s2 nft add chain t in '{ type filter hook input priority 0; }'
in_ns s2 nft add rule t in tcp dport 8080 drop
becomes b down 'a backend whose packets are dropped is down'
is "$(state web a) $(state web c)" 'up up' 'and delays no check of the others'
in_ns s2 nft delete table t
becomes b up 'it is up when they pass again'

# --- all down ---
round d0
snapshot before
for n in a b c; do freeze $n; done
for n in a b c; do wait_for 8 is_state $n down; done
is "$(state web a) $(state web b) $(state web c)" 'down down down' 'all are down'
round d1
stay d0 d1 'existing flows stay with the backends they have'
refused=$(stat_word lb-all-down)
is "$(news 3 | sort -u)" 000 'new connections are dropped'
cond 'under a reason of their own' "$(stat_word lb-all-down) > refused" "$refused"
thaw a
becomes a up 'one comes back'
round d2
is "$(awk '{ print $2 }' "$tmp/d2.flows" | sort -u | xargs)" a 'and has all flows now'
for n in b c; do thaw $n; done
for n in b c; do wait_for 15 is_state $n up; done
round d3
stay d2 d3 'which stay when the others are back'

# --- the operator ---
run_nfold flow flush > /dev/null
round o0
check 'drain' run_nfold nf set edge lb "drain web ${addr[a]}; drain udp ${addr[a]};"
round o1
stay o0 o1 'a drained backend keeps its flows'
is "$(news 20 | awk '{ print $1 }' | sort -u | xargs)" 'b c' 'and gets no new ones'
check 'undrain, weight' run_nfold nf set edge lb \
	"undrain web ${addr[a]}; undrain udp ${addr[a]}; weight web ${addr[a]} 100;"
n=$(news 30 | grep -c '^a ')
cond 'weights count for new connections at once' "n >= 25" "$n of 30"
round o2
stay o1 o2 'and for no others'
check 'removed, to rehash' run_nfold nf set edge lb "remove udp ${addr[c]};"
round o3
only o2 o3 c 'the flows of the removed one moved, and no others'
printf 'include "%s";' "$tmp/more" > "$tmp/statements"
printf 'drain udp %s;\nundrain udp %s;\nweight udp %s 1;\n' \
	"${addr[a]}" "${addr[a]}" "${addr[a]}" > "$tmp/more"
in_ns box "$nfold" nf set edge lb - file "$tmp/more" < "$tmp/statements" > "$tmp/out" 2>&1
is "$? $(cat "$tmp/out")" '0 ' 'statements come from standard input, and from a file that they name'
in_ns box "$nfold" nf set edge lb - < "$tmp/statements" > "$tmp/out" 2>&1
is "$? $(grep -c 'hint: send it with the statements' "$tmp/out")" '1 1' \
	'a file that is not sent along is not looked for'
check 'added again' run_nfold nf set edge lb "add udp ${addr[c]};"
round o4
stay o3 o4 'nobody moves for it'

stop hold KILL
rm "$tmp/held"
bg hold cli "$py" "$flows" hold 30 $vip 81 "$tmp/held"
wait_for 10 sh -c "[ \"\$(awk '\$4 > 3' $tmp/held | wc -l)\" = 30 ]"
snapshot before
check 'removed, to reset' run_nfold nf set edge lb "remove api ${addr[b]};"
sleep 1
snapshot after
read -r own all other < <(broken before after 5 b)
is "$own $other" "$all 0" "its TCP clients are reset, and no others ($own)"
cond 'and the reset packets counted' "$(stat_word lb-reset) >= own" "$(stat_word lb-reset)"
is "$(awk '{ print $2 }' "$tmp/after.held" | sort -u | xargs)" 'a c' \
	'they go on with the others'

# --- what is refused changes nothing ---
run_nfold nf set edge lb "drain web ${addr[a]}; drane web ${addr[b]};" > "$tmp/out" 2>&1
is "$? $(grep -c "hint: did you mean 'drain'" "$tmp/out")" '1 1' \
	'an error tells place and remedy'
is "$(state web a)" up 'and nothing was changed'

# --- the prober dies ---
old=$(prober)
freeze c
wait_for 8 is_state c down
kill -KILL "$old"
sleep 0.5
is "$(state web a) $(state web c)" 'up down' 'without a prober all stay as last known'
check 'its end is logged' grep -q "prober $old ended (signal 9)" "$tmp/nfoldd.log"
check 'another one is started' wait_for 5 sh -c "ps -eo pid=,comm= | grep -q nfoldp/edge"
thaw c
becomes c up 'and goes on checking'
