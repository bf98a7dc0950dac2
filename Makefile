# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# nfold. `make help` lists the targets; V=1 shows commands; SAN=1 builds the C
# side with ASan and UBSan; CC=clang-19 works as well as gcc.

PREFIX  ?= /usr/local
DESTDIR ?=
B       := build$(if $(SAN),-san)
export B
CLANG   ?= clang-19
CFLAGS  ?= -O2 -g
VERSION := 0.1.0

Q       := $(if $(V),,@)
say      = $(if $(V),,@printf '  %-8s %s\n' $(1) $(2))

LIBS    := libbpf libxdp libmnl jansson libpcap libseccomp libcap libcrypto libcurl \
	   libhs libpcre2-8
DEPS    := clang-19 llvm-19 bpftool gcc make pkg-config flex bison libbpf-dev \
	   libxdp-dev libelf-dev zlib1g-dev libpcap-dev libmnl-dev \
	   libjansson-dev libseccomp-dev libcap-dev libssl-dev \
	   libcurl4-openssl-dev libvectorscan-dev libpcre2-dev uthash-dev \
	   libbsd-dev libcmocka-dev iproute2 ethtool nftables curl nginx-light \
	   iperf3 tshark tcpdump python3 python3-scapy python3-cryptography \
	   iputils-ping netsniff-ng libclang-rt-19-dev procps util-linux nfdump \
	   gnuplot-nox

COMMON  := -std=gnu11 -Wall -Wextra -Werror -MMD -MP -I. -I$B -D_GNU_SOURCE \
	   -DNFOLD_VERSION='"$(VERSION)"'
ifdef SAN
SANFLAGS := -fsanitize=address,undefined -fno-omit-frame-pointer \
	   -fno-sanitize-recover=undefined
LDSAN   := $(SANFLAGS)
else
SANFLAGS := -fstack-protector-strong -fPIE \
	   $(if $(findstring -O0,$(CFLAGS)),,-D_FORTIFY_SOURCE=2)
LDSAN   := -pie -Wl,-z,relro,-z,now
endif
BPFFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror -I. -I$B -MMD -MP \
	   -I/usr/include/$(shell uname -m)-linux-gnu
CF      := $(COMMON) $(CFLAGS) $(SANFLAGS) $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
LL      := $(shell pkg-config --libs $(LIBS) 2>/dev/null) -lpthread -lm

# Every .c of these rooms goes into one archive, but for the programs' mains;
# a binary takes from it what it uses.
MAINS   := loader/cli/main.c userspace/nfoldd.c
LIB_SRC := $(filter-out $(MAINS) %.bpf.c,$(wildcard maps/*.c chains/*.c chains/*/*.c \
	   userspace/*.c loader/*.c loader/cli/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$B/%.o) $B/chains/conf_lex.o $B/chains/conf_parse.o
BPF     := $(wildcard bpf/*.bpf.c chains/*/*.bpf.c selftests/*/*.bpf.c)
SKEL    := $(BPF:%.bpf.c=$B/%.skel.h)
# NFs' own state functions: the object's bytes, for who knows no libbpf.
OWN     := $(patsubst %.bpf.c,$B/%.own.h,$(wildcard chains/*/*.bpf.c \
	   selftests/prog_run/*.bpf.c))
CHECKS  := $(patsubst %.c,$B/%,$(wildcard tests/test_*.c))
SELFT   := $(patsubst %.c,$B/%,$(wildcard selftests/prog_run/test_*.c))
TOOLS   := $(patsubst %.c,$B/%,$(filter-out %.bpf.c,$(wildcard selftests/net/*.c)))
BENCHES := $(patsubst %.c,$B/%,$(wildcard selftests/bench/bench_*.c))

all: tools $B/nfold $B/nfoldd

# What is missing is named, with Debian's package.
tools:
	$Q for t in $(CLANG):clang-19 bpftool:bpftool flex:flex bison:bison \
		pkg-config:pkg-config; do command -v $${t%:*} > /dev/null || { \
		echo "make: $${t%:*} is missing: apt install $${t#*:}, or make deps" >&2; exit 1; }; done
	$Q pkg-config --exists $(LIBS) || { pkg-config --print-errors --exists $(LIBS); \
		echo "make: libraries are missing: make deps" >&2; exit 1; }

help:
	@echo 'all deps install check selftest test soak bench plots fuzz golden integration demo format clean'

# --- programs ---------------------------------------------------------------

$B/nfold: $B/loader/cli/main.o $B/libnfold.a
	$(call say,LD,$@)
	$Q$(CC) $(LDSAN) -o $@ $^ $(LL)

$B/nfoldd: $B/userspace/nfoldd.o $B/libnfold.a
	$(call say,LD,$@)
	$Q$(CC) $(LDSAN) -o $@ $^ $(LL)

$B/libnfold.a: $(LIB_OBJ)
	$(call say,AR,$@)
	$Q rm -f $@ && $(AR) rcs $@ $^

$B/%.o: %.c | $(SKEL) $(OWN) $B/chains/conf_parse.h $B/chains/conf_lex.h
	$(call say,CC,$<)
	$Q mkdir -p $(@D) && $(CC) $(CF) -c -o $@ $<

# --- generated: grammar and skeletons -----------------------------------------

$B/chains/conf_parse.c $B/chains/conf_parse.h &: chains/conf_parse.y
	$(call say,BISON,$<)
	$Q mkdir -p $(@D) && bison -Werror --defines=$B/chains/conf_parse.h \
		-o $B/chains/conf_parse.c $<

$B/chains/conf_lex.c $B/chains/conf_lex.h &: chains/conf_lex.l
	$(call say,FLEX,$<)
	$Q mkdir -p $(@D) && flex --header-file=$B/chains/conf_lex.h \
		-o $B/chains/conf_lex.c $<

$B/chains/conf_%.o: $B/chains/conf_%.c $B/chains/conf_lex.h $B/chains/conf_parse.h
	$(call say,CC,$<)
	$Q $(CC) $(CF) -Ichains -Wno-unused-function -Wno-sign-compare -c -o $@ $<

$B/%.bpf.o: %.bpf.c $(wildcard maps/*.h bpf/*.h bpf/nfold.bpf.c)
	$(call say,BPF,$<)
	$Q mkdir -p $(@D) && $(CLANG) $(BPFFLAGS) -c -o $@ $<

$B/%.skel.h: $B/%.bpf.o
	$(call say,SKEL,$@)
	$Q bpftool gen skeleton $< name $(notdir $*)_bpf > $@

$B/%.own.h: $B/%.bpf.o
	$(call say,OWN,$@)
	$Q { printf '#include <stddef.h>\nstatic const void *$(notdir $*)_object(size_t *size)\n{\n'; \
		printf '\tstatic const unsigned char bytes[] __attribute__((aligned(8))) = {\n'; \
		od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g'; \
		printf '\t};\n\n\t*size = sizeof(bytes);\n\treturn bytes;\n}\n'; } > $@

# --- tests ----------------------------------------------------------------------

$(CHECKS) $(SELFT) $(BENCHES) $(TOOLS): $B/%: $B/%.o $B/libnfold.a
	$(call say,LD,$@)
	$Q$(CC) $(LDSAN) -o $@ $^ -lcmocka $(LL)

check: all $(CHECKS)
	$Q tests/run.sh check $(CHECKS) $(wildcard tests/test_*.sh)

selftest: all $(SELFT) $(TOOLS)
	$Q tests/run.sh selftest $(SELFT) $(sort $(wildcard selftests/net/*.sh))

test: deps
	$Q $(MAKE) all
	$Q tests/run.sh all

soak: all $(SELFT)
	NFOLD_CHAINS=1000 NFOLD_PACKETS=10000 $B/selftests/prog_run/test_equivalence
	NFOLD_STRESS_SECONDS=600 $B/selftests/prog_run/test_table_stress
	NFOLD_CHAINS=20000 tests/test_tsan.sh

bench: all $(BENCHES) $(TOOLS)
	$Q selftests/bench/run.py

# From what `make bench` left in build/.
plots:
	$Q selftests/bench/plot.py

demo: deps
	$Q $(MAKE) all
	$B/nfold demo

golden: $B/tests/test_golden
	NFOLD_GOLDEN_UPDATE=1 $<

integration:
	$Q tests/integration.py --update

fuzz:
	$Q tests/fuzz/run.sh

# --- the rest ---------------------------------------------------------------------

deps:
	$Q tests/deps.sh $(DEPS)

install: all
	install -D -m 755 $B/nfold $(DESTDIR)$(PREFIX)/sbin/nfold
	install -D -m 755 $B/nfoldd $(DESTDIR)$(PREFIX)/sbin/nfoldd
	for c in chains/*.chain chains/*.rules; do install -D -m 644 $$c \
		$(DESTDIR)$(PREFIX)/share/nfold/$$(basename $$c) || exit; done
	for m in docs/*.[1-8]; do install -D -m 644 $$m \
		$(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$$(basename $$m) || exit; done

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build build-san

.PHONY: all tools help check selftest test soak bench plots demo fuzz golden integration deps install format clean
.DELETE_ON_ERROR:
.SECONDARY:

-include $(shell find $B -name '*.d' 2>/dev/null)
