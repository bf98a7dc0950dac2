/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sandbox_filter.h"

#include <errno.h>
#include <linux/bpf.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Of both kinds, without comparison of arguments. A call that this machine's
 * architecture does not have has a negative number, which libseccomp skips. */
static const int allowed[] = {
	/* the loop: waits for sockets; glibc uses one or the other */
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	/* control socket; libmnl */
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(getsockname),
	/* AF_XDP statistics */
	SCMP_SYS(getsockopt),
	/* buffer of the control socket, for a large answer */
	SCMP_SYS(setsockopt),
	/* log lines; nothing else can be written to */
	SCMP_SYS(write),
	/* the end: what is open is closed */
	SCMP_SYS(close),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* malloc */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	/* time, where the vDSO can not answer */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	/* the end of a signal handler, and of an interrupted wait */
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	/* grace periods: a thread that waits, and its locks */
	SCMP_SYS(membarrier),
	SCMP_SYS(futex),
	SCMP_SYS(sched_yield),
	/* abort(): a failed assertion is to be seen as SIGABRT */
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(tgkill),
	/* random numbers of glibc (malloc) and of NFs */
	SCMP_SYS(getrandom),
};

/* A prober's, beside them: connections out and what libcurl makes of them. */
static const int prober_allowed[] = {
	SCMP_SYS(connect),
	SCMP_SYS(getpeername),
	SCMP_SYS(shutdown),
	SCMP_SYS(fcntl),
	/* the pipe that wakes its poll() */
	SCMP_SYS(read),
};

/* A sanitizer's own: its report asks who it is and how large the stack is, and
 * switches its signal stack. Files it wants are refused, not fatal. */
static const int sanitizer_allowed[] = {
	SCMP_SYS(sigaltstack), SCMP_SYS(getrlimit),  SCMP_SYS(prlimit64),
	SCMP_SYS(getuid),      SCMP_SYS(getppid),    SCMP_SYS(sched_getaffinity),
	SCMP_SYS(nanosleep),   SCMP_SYS(clock_nanosleep),
	SCMP_SYS(getrusage),   SCMP_SYS(mincore),
};
static const int sanitizer_refused[] = {
	SCMP_SYS(open),	    SCMP_SYS(openat), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(stat),   SCMP_SYS(newfstatat),
	SCMP_SYS(prctl),    SCMP_SYS(clone),  SCMP_SYS(clone3),
	SCMP_SYS(ioctl),    SCMP_SYS(pipe),   SCMP_SYS(pipe2),
};

static int filter_calls(scmp_filter_ctx f, uint32_t action, const int *calls,
			size_t cnt)
{
	size_t i;
	int err;

	for (i = 0; i < cnt; i++) {
		err = seccomp_rule_add(f, action, calls[i], 0);
		if (err)
			return err;
	}
	return 0;
}

/* Memory, but never such that can be executed. */
static int filter_memory(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp no_exec = {
		.arg = 2, .op = SCMP_CMP_MASKED_EQ,
		.datum_a = PROT_EXEC, .datum_b = 0,
	};
	int err;

	err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_exec);
	if (err)
		return err;
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				no_exec);
}

/* Kicks of transmit and fill rings, the control socket, netlink requests, NFs'
 * datagrams: only to where the socket leads. A datagram socket, though connected,
 * would take another address. */
static int filter_send(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp no_address = {
		.arg = 4, .op = SCMP_CMP_EQ, .datum_a = 0,
	};

	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1,
				no_address);
}

/* The overflow maps of the flow tables, by their descriptors: nothing can be
 * created, loaded, opened or attached. */
static int filter_bpf(scmp_filter_ctx f)
{
	static const enum bpf_cmd cmds[] = {
		BPF_MAP_LOOKUP_ELEM,
		BPF_MAP_UPDATE_ELEM,
		BPF_MAP_DELETE_ELEM,
	};
	size_t i;
	int err;

	for (i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		struct scmp_arg_cmp cmd = { .arg = 0, .op = SCMP_CMP_EQ,
					    .datum_a = cmds[i] };

		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1, cmd);
		if (err)
			return err;
	}
	return 0;
}

static int filter_prober(scmp_filter_ctx f)
{
	static const int families[] = { AF_INET, AF_INET6 };
	size_t i;
	int err;

	for (i = 0; i < 2; i++) {
		struct scmp_arg_cmp family = { .arg = 0, .op = SCMP_CMP_EQ,
					       .datum_a = families[i] };

		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				       family);
		if (err)
			return err;
	}
	return filter_calls(f, SCMP_ACT_ALLOW, prober_allowed,
			    sizeof(prober_allowed) / sizeof(int));
}

static int filter_sanitizer(scmp_filter_ctx f)
{
	int err;

	err = filter_calls(f, SCMP_ACT_ALLOW, sanitizer_allowed,
			   sizeof(sanitizer_allowed) / sizeof(int));
	if (err)
		return err;
	return filter_calls(f, SCMP_ACT_ERRNO(EPERM), sanitizer_refused,
			    sizeof(sanitizer_refused) / sizeof(int));
}

int sandbox_filter(enum sandbox_kind kind)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err;

	if (!f)
		return -ENOMEM;
	/* threads that run already */
	err = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!err)
		err = filter_calls(f, SCMP_ACT_ALLOW, allowed,
				   sizeof(allowed) / sizeof(allowed[0]));
	if (!err)
		err = filter_send(f);
	if (!err)
		err = filter_memory(f);
	if (!err)
		err = kind == SANDBOX_PROBER ? filter_prober(f) : filter_bpf(f);
	if (!err && SANITIZED)
		err = filter_sanitizer(f);
	if (!err)
		err = seccomp_load(f);
	seccomp_release(f);
	return err;
}
