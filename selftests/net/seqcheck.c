/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* seqcheck [OPTION]... PORT: receives numbered UDP packets (IPv4 and IPv6) and
 * says what became of them. Prints "ready" when bound, and at the end one line
 * a stream:
 *	stream I received N lost N doubled N reordered N gap_ms N
 * and "overflow N": packets that this socket had no room for. Ends when all
 * `count` of each of `streams` have come, after `idle` seconds of silence that
 * follow a first packet, or by SIGTERM.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "seq.h"

#define SEC UINT64_C(1000000000)
#define BATCH 64
#define STREAM_MAX 64
#define MSG_BYTES 64		/* of each payload; the rest is cut off */

struct stream {
	uint8_t *seen;		/* a bit for each number */
	uint64_t received;	/* different ones */
	uint64_t doubled;
	uint64_t reordered;	/* came after a higher one */
	uint64_t next;		/* highest + 1 */
	uint64_t last_ns;
	uint64_t gap_ns;	/* longest silence between two */
};

struct checker {
	int fd;
	uint64_t count;		/* numbers 0..count-1 are sent */
	uint32_t streams;
	uint32_t idle;		/* seconds */
	uint32_t overflow;
	struct stream s[STREAM_MAX];
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static void stream_add(struct stream *s, uint64_t seq, uint64_t now)
{
	uint8_t bit = 1 << (seq & 7);

	if (s->last_ns && now - s->last_ns > s->gap_ns)
		s->gap_ns = now - s->last_ns;
	s->last_ns = now;
	if (s->seen[seq >> 3] & bit) {
		s->doubled++;
		return;
	}
	s->seen[seq >> 3] |= bit;
	s->received++;
	if (seq < s->next)
		s->reordered++;
	else
		s->next = seq + 1;
}

static void checker_add(struct checker *c, const void *data, size_t len,
			uint64_t now)
{
	struct seq_payload p;

	if (len < sizeof(p))
		return;
	memcpy(&p, data, sizeof(p));
	if (p.magic == SEQ_MAGIC && p.stream < c->streams && p.seq < c->count)
		stream_add(&c->s[p.stream], p.seq, now);
}

static void overflow_read(struct checker *c, struct msghdr *m)
{
	struct cmsghdr *cm = CMSG_FIRSTHDR(m);

	for (; cm; cm = CMSG_NXTHDR(m, cm))
		if (cm->cmsg_level == SOL_SOCKET &&
		    cm->cmsg_type == SO_RXQ_OVFL)
			memcpy(&c->overflow, CMSG_DATA(cm), 4);
}

/* Number of packets read; 0: none there. */
static int checker_read(struct checker *c)
{
	static char data[BATCH][MSG_BYTES];
	static char control[BATCH][64];
	struct mmsghdr msgs[BATCH] = { 0 };
	struct iovec iov[BATCH];
	uint64_t now;
	int n;

	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ data[i], MSG_BYTES };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_hdr.msg_control = control[i];
		msgs[i].msg_hdr.msg_controllen = sizeof(control[i]);
	}
	n = recvmmsg(c->fd, msgs, BATCH, MSG_DONTWAIT, NULL);
	now = now_ns();
	for (int i = 0; i < n; i++) {
		checker_add(c, data[i], msgs[i].msg_len, now);
		overflow_read(c, &msgs[i].msg_hdr);
	}
	return n > 0 ? n : 0;
}

static bool checker_done(const struct checker *c)
{
	for (uint32_t i = 0; i < c->streams; i++)
		if (c->s[i].received < c->count)
			return false;
	return true;
}

static void checker_run(struct checker *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	uint64_t last = 0, wait;

	while (!stopped) {
		if (checker_read(c)) {
			last = now_ns();
			continue;
		}
		/* wait a little for doubles of the last ones */
		wait = checker_done(c) ? SEC / 5 : c->idle * SEC;
		if (last && now_ns() - last > wait)
			break;
		poll(&p, 1, 20);
	}
}

static void checker_print(const struct checker *c)
{
	for (uint32_t i = 0; i < c->streams; i++)
		printf("stream %u received %lu lost %lu doubled %lu reordered %lu gap_ms %lu\n",
		       i, c->s[i].received, c->count - c->s[i].received,
		       c->s[i].doubled, c->s[i].reordered,
		       c->s[i].gap_ns / 1000000);
	printf("overflow %u\n", c->overflow);
}

static int checker_open(struct checker *c, uint16_t port)
{
	struct sockaddr_in6 a = {
		.sin6_family = AF_INET6, .sin6_port = htons(port),
	};
	int buf = 256 << 20, one = 1;

	c->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -errno;
	setsockopt(c->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buf, sizeof(buf));
	setsockopt(c->fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
	if (bind(c->fd, (struct sockaddr *)&a, sizeof(a)))
		return -errno;
	for (uint32_t i = 0; i < c->streams; i++) {
		c->s[i].seen = calloc(1, c->count / 8 + 1);
		if (!c->s[i].seen)
			return -ENOMEM;
	}
	return 0;
}

static int usage(void)
{
	fputs("usage: seqcheck [-n count] [-S streams] [-t idle-seconds] PORT\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static struct checker c = { .count = 1000, .streams = 1, .idle = 2 };
	struct sigaction sa = { .sa_handler = on_signal };
	int opt, err;

	while ((opt = getopt(argc, argv, "n:S:t:")) != -1) {
		unsigned long v = optarg ? strtoul(optarg, NULL, 10) : 0;

		switch (opt) {
		case 'n': c.count = v; break;
		case 'S': c.streams = v; break;
		case 't': c.idle = v; break;
		default: return usage();
		}
	}
	if (argc - optind != 1 || !c.streams || c.streams > STREAM_MAX)
		return usage();
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	err = checker_open(&c, strtoul(argv[optind], NULL, 10));
	if (err) {
		fprintf(stderr, "seqcheck: port %s: %s\n", argv[optind],
			strerror(-err));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	checker_run(&c);
	checker_print(&c);
	return 0;
}
