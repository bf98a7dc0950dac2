#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# When flows end: idle ones after their timeout, busy ones never; TCP half-closed
# is kept as established; a reset or both FINs leave the transitory timeout.
# Topology: see lib.bash.
. "$(dirname "$0")/lib.bash"
plan 17
setup
start_nfoldd
attach "$(router_chain expiry '
	timeout udp 2s; timeout icmp 1s;
	timeout tcp-established 20s; timeout tcp-transitory 3s;' '
	nat { source 10.0.0.0/24; pool 198.51.100.10; }
	monitor;')"
bg echo s1 "$py" "$top/selftests/net/udpecho.py" serve 5201
bg tcp s1 "$py" "$top/selftests/net/tcphelper.py" serve 5203
wait_for 10 grep -q ready "$tmp/echo.log" || bail "no UDP echo server"
wait_for 10 grep -q ready "$tmp/tcp.log" || bail "no TCP server"
account_begin

# connect NAME HOW SECONDS SPORT
connect() {
	bg "$1" cli "$py" "$top/selftests/net/tcphelper.py" "$2" 10.1.1.2 5203 "$3" "$4"
}
said() { tr '\n' ' ' < "$tmp/$1.log"; }

connect late late 6 4101	# half-closed for 6 s
connect hold hold 9 4102	# silent for 9 s
connect reset reset 0 4103
connect close close 0 4104
bg busy cli "$py" "$top/selftests/net/udpecho.py" ask 20 500 4105 10.1.1.2 5201
in_ns cli "$py" "$top/selftests/net/udpecho.py" ask 5 1 4106 10.1.1.2 5201 > "$tmp/idle"
in_ns cli ping -q -c 2 -i 0.1 -W 1 10.1.1.2 > "$tmp/ping"
is "$(cat "$tmp/idle")" 5 "a UDP flow is answered"
cond "it has an entry" "$(flow_count 'udp port 4106') >= 1"
is "$(flow_count icmp)" 2 "a ping has an entry for each direction"
cond "a closed connection lingers" "$(flow_count 'tcp port 4104') >= 1"
sleep 1.2
cond "H3: a reset connection lingers" "$(flow_count 'tcp port 4103') >= 1"
finish reset
finish close
sleep 3.5
is "$(flow_count 'udp port 4106')" 0 "an idle UDP flow expires"
is "$(flow_count icmp)" 0 "an idle ping expires"
cond "a UDP flow with traffic stays" "$(flow_count 'udp port 4105') >= 1"
cond "H2: a half-closed connection is kept past the transitory timeout" \
	"$(flow_count 'tcp port 4101') >= 1"
cond "an established connection is kept past the transitory timeout" \
	"$(flow_count 'tcp port 4102') >= 1"
is "$(flow_count 'tcp port 4103')" 0 "a reset connection is gone after the transitory timeout"
is "$(flow_count 'tcp port 4104')" 0 "a closed connection is gone after the transitory timeout"
finish late
is "$(said late)" "hello late " "H2: what comes late to the half-closed client arrives"
finish hold
is "$(said hold)" "hello end " "a silent connection works when it speaks again"
finish busy
is "$(said busy)" "20 " "the busy UDP flow lost nothing while it was kept"
account_end "expiry"
