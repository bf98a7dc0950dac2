#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Payload state functions on worker threads under ThreadSanitizer: test_batch*
# and what they are made of, built anew for it. A program with a race in it comes
# first, so that a sanitizer that sees nothing does not pass for a clean run.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${B:-build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cc=(${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 -g -I. "-I$build"
	-fsanitize=thread -fno-omit-frame-pointer
	-ffunction-sections -Wl,--gc-sections) # what batches do not call: not linked
src=(userspace/batch.c userspace/workers.c userspace/lmat.c userspace/pkt.c
	userspace/pkt_payload.c userspace/pkt_do.c userspace/pkt_edit.c
	userspace/pkt_ah.c userspace/pkt_transport.c
	userspace/pkt_encap.c userspace/tmpl.c chains/nf_tunnel.c)
# A mapping that the sanitizer can not place is no finding.
run() { TSAN_OPTIONS=halt_on_error=0:exitcode=66 setarch -R "$@"; }
n=0 failed=0

# result yes|"" TEXT LOG
result() {
	n=$((n + 1))
	if [ "$1" = yes ]; then
		echo "ok $n - $2"
	else
		failed=1
		echo "not ok $n - $2"
		tail -40 "$3" | sed 's/^/#   /'
	fi
}

echo 1..2
cat > "$tmp/race.c" <<'C'
#include <pthread.h>
static int shared;
static void *inc(void *arg) { shared++; return arg; }
int main(void)
{
	pthread_t t;

	pthread_create(&t, 0, inc, 0);
	shared++;
	pthread_join(t, 0);
	return 0;
}
C
"${cc[@]}" -o "$tmp/race" "$tmp/race.c" -lpthread > "$tmp/log" 2>&1 &&
	run "$tmp/race" >> "$tmp/log" 2>&1
result "$([ $? = 66 ] && grep -q 'data race' "$tmp/log" && echo yes)" \
	'control: a race is seen' "$tmp/log"
: > "$tmp/log"
for t in test_batch test_batch_view test_batch_random; do
	"${cc[@]}" -o "$tmp/$t" "tests/$t.c" "${src[@]}" -lcmocka -lpthread \
		>> "$tmp/log" 2>&1 &&
		NFOLD_CHAINS=${NFOLD_CHAINS:-100} run "$tmp/$t" \
			>> "$tmp/log" 2>&1 || echo WARNING >> "$tmp/log"
done
result "$(! grep -q WARNING "$tmp/log" && echo yes)" \
	'S17 N39 batches on workers are free of races' "$tmp/log"
exit $failed
