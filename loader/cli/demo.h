/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold demo: a client, a box and two servers in network namespaces, real
 * traffic through chains/edge.chain, and what became of it. Everything it makes
 * carries the name nfold-demo-PID and is removed at the end, also after a
 * failure or SIGINT, SIGTERM, SIGHUP.
 */
#ifndef NFOLD_CLI_DEMO_H
#define NFOLD_CLI_DEMO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DEMO_PROC_MAX 8
#define DEMO_OUT_MAX 65536	/* bytes kept of a command's output */
#define DEMO_HTTP 100		/* requests per address family */

/* A process that runs beside the demo. */
struct demo_proc {
	char name[24];
	pid_t pid;
};

/* Seen by the client. */
struct demo_http {
	unsigned int ok;	/* answered 200 */
	unsigned int server[2];	/* by which server */
};

struct demo_iperf {
	bool ok;
	double mbit_s;
	double lost_percent;	/* UDP */
};

/* A span of time as the kernel and the engine account for it. */
struct demo_cost {
	uint64_t xdp_ns;	/* run time of the XDP program */
	uint64_t xdp_runs;
	uint64_t engine_ns;	/* CPU time of the engine's process; in a
				 * difference: less what it uses when idle */
	uint64_t fast;		/* packets */
	uint64_t slow;
};

struct demo {
	char name[32];		/* nfold-demo-PID: of all namespaces */
	char dir[64];		/* private files */
	char bpffs[96];
	char socket[96];
	char exe[PATH_MAX];	/* this nfold */
	char nfoldd[PATH_MAX];
	char chain[PATH_MAX];	/* edge.chain */
	struct demo_proc procs[DEMO_PROC_MAX];
	unsigned int proc_cnt;
	bool mounted;
	char out[DEMO_OUT_MAX];	/* of the last command, terminated */

	struct demo_http http[2];	/* IPv4, IPv6 */
	struct demo_iperf tcp, udp;
	unsigned int pings[2];
	bool denied;		/* what the firewall forbids did not work */
	struct demo_cost folded, unfolded;
};

/* demo_proc.c. Commands are split at blanks; no shell, no quoting. All return
 * 0 or negative errno: -EINTR after a signal, -EPROTO for a command that failed
 * (its output is in d->out). */
int demo_run(struct demo *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same in namespace `ns`: "cli", "box", "s1", "s2". */
int demo_run_in(struct demo *d, const char *ns, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Runs on; its output goes to dir/NAME.log. Dies with the demo. */
int demo_start_in(struct demo *d, const char *ns, const char *name,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void demo_stop_all(struct demo *d);
/* Prints the end of dir/NAME.log to stderr. */
void demo_show_log(const struct demo *d, const char *name);
/* on: a signal ends what runs; off: signals are ignored, for the clean-up. */
void demo_signals(bool on);
/* One of them came since. */
bool demo_interrupted(void);
/* false after a signal. */
bool demo_sleep_ms(unsigned int ms);

/* demo_net.c */
int demo_net_up(struct demo *d);
void demo_net_down(struct demo *d);
/* Removes what killed demos left. */
void demo_net_sweep(struct demo *d);

/* demo_serve.c: nginx, iperf3, nfoldd */
int demo_serve(struct demo *d);
int demo_attach(struct demo *d, bool fold);
int demo_detach(struct demo *d);

/* demo_traffic.c */
int demo_traffic(struct demo *d);
int demo_measure(struct demo *d, struct demo_cost *cost);

/* demo_report.c: prints; the number of claims that do not hold. */
int demo_report(struct demo *d);
void demo_report_cost(const struct demo *d);
/* Progress, to stdout. */
void demo_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
