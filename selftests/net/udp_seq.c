/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A numbered UDP stream, to see what a box did to it.
 *	udp_seq send ADDR PORT COUNT PPS SIZE FLOWS
 *	udp_seq recv PORT COUNT SECONDS
 * Flow i is sent from its own socket; each datagram carries flow, number and a
 * pattern made from both. recv ends after COUNT datagrams, or after SECONDS
 * without one, and prints what it saw as key=value lines.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FLOWS_MAX 64U
#define SIZE_MAX_BYTES 65000U

struct seq_hdr {
	uint32_t flow;
	uint32_t number;	/* from 1, within its flow */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

static void pattern(uint8_t *buf, uint32_t size, const struct seq_hdr *h)
{
	uint32_t i, x = h->flow * 2654435761U + h->number;

	memcpy(buf, h, sizeof(*h));
	for (i = sizeof(*h); i < size; i++) {
		x = x * 1664525U + 1013904223U;
		buf[i] = x >> 24;
	}
}

static int open_flow(const struct sockaddr_in6 *to)
{
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), big = 1 << 23;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big));
	return connect(fd, (const void *)to, sizeof(*to)) ? -1 : fd;
}

/* Waits for its turn. A sender that lost the CPU shifts its schedule: catching
 * up in one burst would overrun the receiver's device, not test the box. */
static void pace(uint64_t *start, uint64_t offset)
{
	uint64_t now = now_ns(), due = *start + offset;

	if (due > now + 100000)
		usleep((due - now) / 1000);
	else if (now > due + 500000)
		*start = now - offset;
}

static int run_send(const struct sockaddr_in6 *to, uint32_t count, uint32_t pps,
		    uint32_t size, uint32_t flows)
{
	static uint8_t buf[SIZE_MAX_BYTES];
	uint64_t start = now_ns(), failed = 0;
	struct seq_hdr h;
	int fd[FLOWS_MAX];
	uint32_t i;

	for (i = 0; i < flows; i++)
		if ((fd[i] = open_flow(to)) < 0)
			return perror("connect"), 1;
	for (i = 0; i < count; i++) {
		pace(&start, (uint64_t)i * UINT64_C(1000000000) / pps);
		h = (struct seq_hdr){ i % flows, i / flows + 1 };
		pattern(buf, size, &h);
		failed += send(fd[h.flow], buf, size, 0) != (ssize_t)size;
	}
	printf("sent=%u\nfailed=%lu\n", count, failed);
	return 0;
}

struct seen {
	uint32_t last[FLOWS_MAX];
	uint64_t got, reordered, bad;
};

static void see(struct seen *s, const uint8_t *buf, ssize_t len)
{
	static uint8_t want[SIZE_MAX_BYTES];
	struct seq_hdr h;

	memcpy(&h, buf, sizeof(h));
	s->got++;
	if (len < (ssize_t)sizeof(h) || h.flow >= FLOWS_MAX) {
		s->bad++;
		return;
	}
	pattern(want, len, &h);
	s->bad += memcmp(want, buf, len) != 0;
	s->reordered += h.number <= s->last[h.flow];
	if (h.number > s->last[h.flow])
		s->last[h.flow] = h.number;
}

static int run_recv(uint16_t port, uint32_t count, uint32_t seconds)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6,
				   .sin6_port = htons(port) };
	struct timeval tv = { .tv_sec = seconds };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), big = 1 << 26;
	static uint8_t buf[SIZE_MAX_BYTES + 1];
	struct seen s = { 0 };
	ssize_t len;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (bind(fd, (void *)&at, sizeof(at)))
		return perror("bind"), 1;
	puts("ready");
	fflush(stdout);
	while (s.got < count && (len = recv(fd, buf, sizeof(buf), 0)) >= 0)
		see(&s, buf, len);
	printf("got=%lu\nreordered=%lu\nbad=%lu\n", s.got, s.reordered, s.bad);
	return 0;
}

/* IPv4 addresses as v4-mapped: one socket family for both. */
static int address(struct sockaddr_in6 *to, const char *text, uint16_t port)
{
	char mapped[64];

	*to = (struct sockaddr_in6){ .sin6_family = AF_INET6,
				     .sin6_port = htons(port) };
	snprintf(mapped, sizeof(mapped), "%s%s",
		 strchr(text, ':') ? "" : "::ffff:", text);
	return inet_pton(AF_INET6, mapped, &to->sin6_addr) == 1 ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 to;
	uint32_t pps, size, flows;

	if (argc == 5 && !strcmp(argv[1], "recv"))
		return run_recv(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	if (argc != 8 || strcmp(argv[1], "send") ||
	    address(&to, argv[2], atoi(argv[3])))
		return 2;
	pps = atoi(argv[5]);
	size = atoi(argv[6]);
	flows = atoi(argv[7]);
	if (!pps || size < sizeof(struct seq_hdr) || size > SIZE_MAX_BYTES ||
	    !flows || flows > FLOWS_MAX)
		return 2;
	return run_send(&to, atoi(argv[4]), pps, size, flows);
}
