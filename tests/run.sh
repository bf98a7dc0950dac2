#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# run.sh WHAT TEST...: run tests that speak TAP, count, and close with one line
# "N passed, N failed, N skipped". A test that dies, or prints no plan, counts
# as one failure. "run.sh all" runs `make check` and `make selftest` and adds up.
set -u
cd "$(dirname "$0")/.." || exit 1
if [ "$1" = all ]; then
	total=(0 0 0) rc=0
	for what in check selftest; do
		out=$(mktemp)
		make --no-print-directory "$what" 2>&1 | tee "$out" || :
		last=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$out" | tail -1)
		rm -f "$out"
		[ -n "$last" ] || last='0 passed, 1 failed, 0 skipped'
		read -r p _ f _ s _ <<< "${last//,/}"
		total=($((total[0] + p)) $((total[1] + f)) $((total[2] + s)))
	done
	echo "${total[0]} passed, ${total[1]} failed, ${total[2]} skipped"
	[ "${total[1]}" = 0 ] && [ "${total[0]}" -gt 0 ]
	exit
fi
shift
passed=0 failed=0 skipped=0
echo "# kernel $(uname -r), $(clang-19 --version 2>/dev/null | head -1), libbpf $(pkg-config --modversion libbpf)"
for t; do
	log=$(mktemp) start=$SECONDS
	CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 "${TEST_TIMEOUT:-900}" "$t" > "$log" 2>&1 < /dev/null
	rc=$?
	p=$(grep -cE '^ok [0-9]+' "$log") s=$(grep -ciE '^ok [0-9]+.*# skip' "$log")
	f=$(grep -cE '^not ok' "$log") plan=$(grep -oE '^1\.\.[0-9]+' "$log" | tail -1)
	p=$((p - s))
	if [ $rc = 124 ] || [ $rc = 137 ]; then echo "# timed out" >> "$log"; fi
	if [ $rc != 0 ] && [ "$f" = 0 ]; then f=1; fi
	if [ -z "$plan" ] || [ "${plan#1..}" != $((p + s + f)) ]; then
		[ "$f" != 0 ] || f=1
		echo "# plan '$plan', seen $p ok, $f not ok, $s skipped, exit code $rc" >> "$log"
	fi
	printf '%-52s %3d ok %3d failed %3d skipped %4ds\n' "${t#build/}" "$p" "$f" "$s" $((SECONDS - start))
	grep -iE '^ok .*# skip' "$log"
	[ "$f" = 0 ] || sed 's/^/    /' "$log" | tail -n "${TEST_LINES:-200}"
	rm -f "$log"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
