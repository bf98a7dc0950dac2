#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The command as users call it, without root and without a daemon: grammar,
# prefixes, help at each level, exit codes, chain check on good and bad files.
set -u
cd "$(dirname "$0")/.." || exit 1
nfold=${B:-build}/nfold
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
# Neither a daemon nor pins of this host are to be met.
export NFOLD_SOCKET=$tmp/none.sock NFOLD_BPFFS=$tmp/bpffs
n=0 failed=0

# run CODE TEXT WORD...: exit code; output is left in $tmp/out and $tmp/err.
run() {
	local want=$1 text=$2 got
	shift 2
	"$nfold" "$@" > "$tmp/out" 2> "$tmp/err" < /dev/null
	got=$?
	result "$([ $got = "$want" ] && echo yes)" "$text" \
		"nfold $*: exit code $got, not $want"
}

# result yes|"" TEXT WHY
result() {
	n=$((n + 1))
	if [ "$1" = yes ]; then
		echo "ok $n - $2"
	else
		failed=1
		echo "not ok $n - $2"
		echo "# ${3:-}"
		sed 's/^/#   /' "$tmp/out" "$tmp/err"
	fi
}

out() { result "$(grep -qE -- "$1" "$tmp/out" && echo yes)" "$2" "no /$1/ on stdout"; }
err() { result "$(grep -qE -- "$1" "$tmp/err" && echo yes)" "$2" "no /$1/ on stderr"; }
silent() { result "$([ ! -s "$tmp/out" ] && echo yes)" "$1" 'stdout is not empty'; }
# A document, and one only.
json() {
	result "$(python3 -c 'import json,sys; json.load(sys.stdin)' < "$tmp/out" 2> /dev/null && echo yes)" "$1" 'stdout is not JSON'
}

# --- grammar and help ---
run 2 'no word at all is a usage error'
silent 'usage errors leave stdout empty'
err 'Usage: nfold' 'usage goes to stderr'
run 0 'help is no error' help
out '^  flow COMMAND' 'help names the objects'
run 0 '-h is help' -h
run 0 'help at the second level' flow help
out '^  list \[chain NAME\] \[match EXPR\]' 'it names the commands and their words'
run 0 'help of a command' help stat
out '^Usage: nfold stat \[CHAIN\]' 'it shows the grammar'
for object in chain nf flow; do
	run 0 "nfold $object help" $object help
done
run 2 'an unknown object is a usage error' nonsense
err 'unknown word "nonsense"' 'it is named'
run 2 'an unknown command is a usage error' chain nonsense
run 2 'an unknown option is a usage error' -x
run 2 'an option without its value is a usage error' -S
run 2 'an ambiguous prefix is a usage error' f
err 'ambiguous: flow, feature' 'the candidates are named'
run 2 'a prefix does not excuse too many words' chain s x y
run 0 'unique prefixes are enough' c l
run 0 'also of options in long form' --js vers
json 'and -j gives JSON'
run 2 'too many words are a usage error' chain list extra
run 2 'a command that needs a word says so' detach
run 2 'flow words are checked' flow list nonsense
run 2 'a match that does not compile is a usage error' flow list match tcp port and
err 'pcap-filter' 'the message says whose language it is'

# --- no chains, no daemon ---
run 0 'no chains is no error' chain list
silent 'and prints nothing'
run 0 'JSON of no chains' -j chain list
out '^\[\]$' 'is an empty array'
run 0 'JSON of no flows' -j flow list
json 'is a document'
for what in 'chain show' 'flow list chain' 'flow count chain' 'stat' 'detach'; do
	# shellcheck disable=SC2086
	run 3 "an unknown chain is not found: $what" $what nowhere
done
run 3 'a chain name is not a path' chain show ../../etc
run 3 'an NF of an unknown chain is not found' nf show nowhere nat
run 3 'an NF that no chain has is not found' nf show nat
run 2 'statements need an NF' nf set edge 'a;'
run 2 'what follows the statements are files' nf set edge lb 'a;' nonsense
run 2 'a file needs a name' nf set edge lb 'a;' file
run 3 'a file that is not there' nf set edge lb 'a;' file "$tmp/none"
err 'none: No such file' 'is named'
run 4 'statements need the daemon' nf set edge lb 'a;'
run 0 'the NFs of this build are listed' nf list
out '^nat ' 'nat is there'
run 0 'as JSON too' -p nf list
json 'with -p'
run 3 'attaching a file that is not there' attach "$tmp/none.chain"
echo 'chain x { }' > "$tmp/x.chain"
run 4 'attaching without a daemon' attach "$tmp/x.chain"
err 'nfoldd does not answer at .*none.sock' 'the message names the socket'
run 4 'option -S is used' -S "$tmp/other.sock" attach "$tmp/x.chain"
err 'other.sock' 'and named'
run 0 'version needs no daemon' version
out '^nfold [0-9]' 'and prints it'
run 0 '-V too' -V
run 0 'feature never fails for what is missing' -j feature
json 'and is JSON'

# --- chain check ---
for file in chains/*.chain; do
	run 0 "$file is good" chain check "$file"
	out "^$file: 1 chain: " 'its chain is named'
done
run 3 'checking a file that is not there' chain check "$tmp/none.chain"
printf 'chain x {\n\ton eth0 inside, eth1 outside;\n\tmoed wire;\n}\n' > "$tmp/bad.chain"
run 1 'a bad file is refused' chain check "$tmp/bad.chain"
silent 'nothing on stdout'
err 'bad.chain:3:' 'the place is named'
err '^ *\^|\^~|	\^' 'with a caret'
run 1 'also as JSON' -j chain check "$tmp/bad.chain"
json 'which is a document'
out '"line": ?3' 'with the line'
printf 'chain x {\n' > "$tmp/open.chain"
run 1 'an open block is refused' chain check "$tmp/open.chain"
: > "$tmp/empty.chain"
run 1 'an empty file is refused' chain check "$tmp/empty.chain"
head -c 4096 /dev/urandom > "$tmp/noise.chain"
run 1 'noise is refused' chain check "$tmp/noise.chain"
run 1 'a directory is refused' chain check "$tmp"

# --- verify, replay, explain: the words; what they do needs root ---
cat > "$tmp/two.chain" << 'END'
chain a { on p0 inside, p1 outside; monitor; }
chain b { on q0 inside, q1 outside; mode wire; monitor; }
END
echo 'chain a { on p0 inside, p1 outside; monitor; }' > "$tmp/one.chain"
# A capture without packets: byte order, version 2.4, Ethernet.
printf '\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0' > "$tmp/none.pcap"
for what in verify replay explain; do
	run 2 "nfold $what without words is a usage error" $what
	err "[Uu]sage: nfold $what chain FILE" 'and shows the grammar'
	run 0 "nfold $what help" $what help
done
run 2 'verify needs a capture' verify chain "$tmp/one.chain"
run 2 'in wants PORT=FILE' verify chain "$tmp/one.chain" in p0
err 'expected PORT=FILE' 'and says so'
run 3 'verify: a chain file that is not there' verify chain "$tmp/no.chain" in "p0=$tmp/none.pcap"
run 3 'verify: a capture that is not there' verify chain "$tmp/one.chain" in "p0=$tmp/no.pcap"
err 'no.pcap: No such file' 'it is named'
run 1 'verify: a chain that is wrong' verify chain "$tmp/bad.chain" in "p0=$tmp/none.pcap"
run 2 'verify: a port that the chain has not' verify chain "$tmp/one.chain" in "p9=$tmp/none.pcap"
err 'chain a has no port p9' 'it is named'
run 2 'verify: one of several chains must be named' verify chain "$tmp/two.chain" in "p0=$tmp/none.pcap"
err 'chain-name NAME' 'the remedy is named'
run 3 'verify: a chain that the file has not' verify chain "$tmp/two.chain" chain-name c in "p0=$tmp/none.pcap"
run 2 'verify: a wire asks no route' verify chain "$tmp/two.chain" chain-name b in "q0=$tmp/none.pcap" route ::/0 q1
run 2 'verify: three ports need routes' verify chain chains/edge.chain in "cli0=$tmp/none.pcap"
err 'route PREFIX PORT' 'the remedy is named'
run 2 'verify: a route by no port' verify chain "$tmp/one.chain" in "p0=$tmp/none.pcap" route ::/0 p9
run 2 'verify: a route to no prefix' verify chain "$tmp/one.chain" in "p0=$tmp/none.pcap" route 10.0.0.1/8 p0
err 'did you mean 10.0.0.0/8' 'with a hint'
run 2 'verify: an odd word' verify chain "$tmp/one.chain" in "p0=$tmp/none.pcap" out x
run 2 'replay needs a directory' replay chain "$tmp/one.chain" in "p0=$tmp/none.pcap"
run 3 'explain: a chain that is not pinned' explain nowhere 'in p0 tcp 1.2.3.4:5 > 6.7.8.9:10'
run 2 'explain needs a flow' explain chain "$tmp/one.chain"
# bad FLOW TEXT PATTERN: refused, with what is wrong
bad() {
	run 2 "explain: $2" explain chain "$tmp/one.chain" "$1"
	err "$3" 'and says so'
}
bad 'in p9 tcp 1.2.3.4:5 > 6.7.8.9:10' 'no such port' 'has no port p9'
bad 'in p0' 'a flow that ends' 'not a protocol'
bad 'in p0 sctp 1.2.3.4:5 > 6.7.8.9:10' 'a protocol that is not made' 'sctp: not a protocol'
bad 'in p0 tcp 1.2.3.4 > 6.7.8.9:10' 'tcp needs ports' '1.2.3.4'
bad 'in p0 tcp 1.2.3.4:5 6.7.8.9:10' 'the arrow' 'is missing between the ends'
bad 'in p0 tcp 1.2.3.4:5 >' 'one end' 'an address is missing'
bad 'in p0 tcp 1.2.3.4:5 > [2001:db8::1]:6' 'one family' 'two address families'
bad 'in p0 tcp 1.2.3.4:70000 > 6.7.8.9:1' 'a port out of range' '70000'
bad 'in p0 tcp 1.2.3.4:5/udp > 6.7.8.9:1' 'two protocols' 'the protocol stands before'
bad 'in p0 icmp 2001:db8::1 > 2001:db8::2' 'icmp is of IPv4' 'icmp6 of IPv6'
bad 'in p0 icmp 1.2.3.4 > 6.7.8.9 id 65536' 'an identifier out of range' 'id: '
bad 'in p0 vlan 1 vlan 2 vlan 3 tcp 1.2.3.4:5 > 6.7.8.9:1' 'three tags' 'at most two tags'
bad 'in p0 vlan 4095 tcp 1.2.3.4:5 > 6.7.8.9:1' 'a VLAN out of range' 'vlan: '
bad 'in p0 tcp 1.2.3.4:5 > 6.7.8.9:10 now' 'a word too many' 'now: one word too many'
bad "in p0 tcp $(printf '%0600d' 1):5 > 6.7.8.9:10" 'a flow without end' '511 letters'

# --- the world around ---
if [ -e /dev/full ]; then
	"$nfold" -j version > /dev/full 2> "$tmp/err"
	result "$([ $? = 1 ] && echo yes)" 'a full disk is reported' 'exit code is not 1'
fi
NO_COLOR=1 "$nfold" help > "$tmp/out" 2> "$tmp/err"
result "$(grep -q $'\033' "$tmp/out" || echo yes)" 'there is no colour' 'escape sequences'
echo "1..$n"
exit $failed
