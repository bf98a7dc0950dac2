/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* seqgen [OPTION]... ADDRESS PORT: sends numbered UDP packets of one flow, or in
 * turn of several with consecutive source ports, at a given rate, evenly
 * spaced. Prints "sent N failed N ms N".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "seq.h"

#define SEC UINT64_C(1000000000)
#define LEN_MAX 8192
#define FLOW_MAX 1000

struct gen {
	int fds[FLOW_MAX];
	uint32_t flows;
	uint64_t count;
	uint64_t rate;		/* packets a second */
	uint32_t stream;
	size_t len;		/* bytes of UDP payload */
	uint16_t sport;
	uint64_t sent;
	uint64_t failed;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

/* Sleeps through long gaps, spins through short ones. */
static void wait_until(uint64_t t)
{
	uint64_t now = now_ns();

	if (t > now + SEC / 2000) {
		struct timespec ts = {
			.tv_sec = (t - SEC / 5000) / SEC,
			.tv_nsec = (t - SEC / 5000) % SEC,
		};

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	}
	while (now_ns() < t)
		;
}

static void run(struct gen *g)
{
	union {
		struct seq_payload head;
		char bytes[LEN_MAX];
	} buf = { .head = { SEQ_MAGIC, g->stream, 0 } };
	uint64_t start = now_ns();

	for (uint64_t i = 0; i < g->count; i++) {
		wait_until(start + i * SEC / g->rate);
		buf.head.seq = i;
		if (send(g->fds[i % g->flows], &buf, g->len, 0) < 0)
			g->failed++;
		else
			g->sent++;
	}
	printf("sent %lu failed %lu ms %lu\n", g->sent, g->failed,
	       (now_ns() - start) / 1000000);
}

static int bind_sport(int fd, int family, uint16_t sport)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in a4 = { .sin_family = AF_INET };
	int one = 1;

	a6.sin6_port = a4.sin_port = htons(sport);
	if (family == AF_INET)
		return bind(fd, (struct sockaddr *)&a4, sizeof(a4));
	/* so that one port serves one generator of each family */
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	return bind(fd, (struct sockaddr *)&a6, sizeof(a6));
}

static int flow_open(struct gen *g, uint32_t i, const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int buf = 4 << 20;

	if (fd < 0)
		return -errno;
	g->fds[i] = fd;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buf, sizeof(buf));
	if (bind_sport(fd, ai->ai_family, g->sport ? g->sport + i : 0) ||
	    connect(fd, ai->ai_addr, ai->ai_addrlen))
		return -errno;
	return 0;
}

static int gen_open(struct gen *g, const char *addr, const char *port)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *ai;
	int err = 0;

	if (getaddrinfo(addr, port, &hints, &ai))
		return -EINVAL;
	for (uint32_t i = 0; i < g->flows && !err; i++)
		err = flow_open(g, i, ai);
	freeaddrinfo(ai);
	return err;
}

static int usage(void)
{
	fputs("usage: seqgen [-n count] [-r packets/s] [-s source-port]\n"
	      "              [-f flows] [-i stream] [-l payload-bytes] ADDRESS PORT\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static struct gen g = {
		.count = 1000, .rate = 1000, .len = 16, .flows = 1,
	};
	int opt, err;

	while ((opt = getopt(argc, argv, "n:r:s:f:i:l:")) != -1) {
		unsigned long v = optarg ? strtoul(optarg, NULL, 10) : 0;

		switch (opt) {
		case 'n': g.count = v; break;
		case 'r': g.rate = v; break;
		case 's': g.sport = v; break;
		case 'f': g.flows = v; break;
		case 'i': g.stream = v; break;
		case 'l': g.len = v; break;
		default: return usage();
		}
	}
	if (argc - optind != 2 || !g.rate || !g.flows || g.flows > FLOW_MAX ||
	    g.len < sizeof(struct seq_payload) || g.len > LEN_MAX)
		return usage();
	err = gen_open(&g, argv[optind], argv[optind + 1]);
	if (err) {
		fprintf(stderr, "seqgen: %s port %s: %s\n", argv[optind],
			argv[optind + 1], strerror(-err));
		return 1;
	}
	run(&g);
	return 0;
}
