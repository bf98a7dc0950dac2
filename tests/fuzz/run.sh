#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# run.sh [TARGET...]: fuzz each target for FUZZ_SECONDS (60) with libFuzzer, ASan
# and UBSan. Starts from tests/fuzz/corpus/TARGET; what it learns goes to
# build/fuzz/corpus/TARGET, and with FUZZ_KEEP=1 what reaches new code is kept
# in tests/fuzz/corpus. An input that breaks something is left in
# tests/fuzz/regress/TARGET, which `make check` replays from then on.
set -u
cd "$(dirname "$0")/../.." || exit 1
CLANG=${CLANG:-clang-19} B=build/fuzz
# The library with what the fuzzer asks for: its own build folder.
make -s -j"$(nproc)" B=$B SAN=1 CC="$CLANG" \
	CFLAGS="-O1 -g -fsanitize=fuzzer-no-link" $B/libnfold.a > /dev/null || exit 1

flags=(-std=gnu11 -O1 -g -D_GNU_SOURCE -I. -I$B -Ichains -fno-omit-frame-pointer
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined)
libs=$(pkg-config --libs libbpf libxdp libmnl jansson libpcap libseccomp libcap \
	libhs libpcre2-8)

build() { # TARGET
	# shellcheck disable=SC2086
	"$CLANG" "${flags[@]}" -o "$B/fuzz_$1" "tests/fuzz/fuzz_$1.c" \
		$B/libnfold.a $libs -lpthread -lm
}

fuzz() { # TARGET
	local t=$1 old=tests/fuzz/corpus/$1 new=$B/corpus/$1 opts=() seeds=()
	mkdir -p "$old" "$new" "tests/fuzz/regress/$t"
	[ ! -e "tests/fuzz/$t.dict" ] || opts=("-dict=tests/fuzz/$t.dict")
	[ "$t" != conf ] || seeds=(tests/golden)
	"$B/fuzz_$t" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 \
		-max_len=4096 -print_final_stats=1 -verbosity=0 "${opts[@]}" \
		-artifact_prefix="tests/fuzz/regress/$t/" \
		"$new" "$old" "${seeds[@]}" || return 1
	[ -z "${FUZZ_KEEP:-}" ] || "$B/fuzz_$t" -set_cover_merge=1 -verbosity=0 \
		-max_len=4096 "$old" "$new"
}

rc=0
[ $# != 0 ] || set -- block capture conf flow fold ids ipfilter parse stream
for t; do
	echo "# $t: ${FUZZ_SECONDS:-60} s"
	if build "$t" && fuzz "$t"; then
		echo "ok - $t: $(find "tests/fuzz/corpus/$t" -type f | wc -l) inputs kept"
	else
		echo "not ok - $t: see tests/fuzz/regress/$t"
		rc=1
	fi
done
exit $rc
