// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* In-kernel packet generator and counter, for load that user space can not make:
 *
 *	livegen send DEV DMAC SADDR DADDR DPORT FLOWS SECONDS
 *	livegen sink DEV		counts until SIGTERM; a line a SIGUSR1
 *
 * send wants an XDP-capable device (veth); each prints "packets N".
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <netinet/ether.h>

#include "../../maps/csum.h"
#include "livegen.h"
#include "selftests/net/livegen.skel.h"

/* Frames a system call: each call patches kernel text and waits for the other
 * CPUs, some ms. */
#define BURST 500000U

static void die(const char *what)
{
	fprintf(stderr, "livegen: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void own_mac(const char *dev, uint8_t *mac)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strncpy(ifr.ifr_name, dev, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &ifr))
		die(dev);
	memcpy(mac, ifr.ifr_hwaddr.sa_data, 6);
	close(fd);
}

static uint64_t halves(uint32_t word)
{
	return (word & 0xffff) + (word >> 16);
}

/* The constant parts of both checksums. */
static void conf_sums(struct livegen_conf *c)
{
	uint16_t len = LIVEGEN_LEN - 14, udp = len - 20;
	uint64_t addrs = halves(c->saddr) + halves(c->daddr);

	c->ip_check = ~csum_fold(addrs + htons(0x4500) + htons(len) +
				 htons(64 << 8 | IPPROTO_UDP));
	c->udp_sum = csum_fold(addrs + htons(IPPROTO_UDP) + 2 * htons(udp) +
			       c->dport);
}

static void conf_fill(struct livegen_conf *c, char **argv)
{
	struct ether_addr *dmac = ether_aton(argv[3]);

	errno = EINVAL;
	if (!dmac || inet_pton(AF_INET, argv[4], &c->saddr) != 1 ||
	    inet_pton(AF_INET, argv[5], &c->daddr) != 1)
		die("addresses");
	memcpy(c->dmac, dmac, 6);
	own_mac(argv[2], c->smac);
	c->dport = htons(atoi(argv[6]));
	c->flows = atoi(argv[7]);
	if (!c->flows || (c->flows & (c->flows - 1)))
		die("FLOWS must be a power of two");
	conf_sums(c);
}

static int send_packets(char **argv)
{
	struct livegen_bpf *skel = livegen_bpf__open_and_load();
	uint8_t frame[LIVEGEN_LEN] = { 0 };
	struct xdp_md ctx = { .data_end = sizeof(frame),
			      .ingress_ifindex = if_nametoindex(argv[2]) };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = sizeof(frame), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = BURST,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	uint64_t end;

	if (!skel)
		die("load");
	conf_fill(&skel->bss->conf, argv);
	end = now_ns() + atoi(argv[8]) * 1000000000ULL;
	do {
		if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.send),
					   &opts))
			die("BPF_PROG_TEST_RUN");
	} while (now_ns() < end);
	printf("packets %llu\n", (unsigned long long)skel->bss->sent);
	livegen_bpf__destroy(skel);
	return 0;
}

static int sink_packets(const char *dev)
{
	struct livegen_bpf *skel = livegen_bpf__open_and_load();
	struct bpf_link *link;
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (!skel)
		die("load");
	link = bpf_program__attach_xdp(skel->progs.sink, if_nametoindex(dev));
	if (!link)
		die(dev);
	puts("ready");
	do {
		fflush(stdout);
		sigwait(&set, &sig);
		printf("packets %llu at %llu\n",
		       (unsigned long long)skel->bss->received,
		       (unsigned long long)now_ns());
	} while (sig == SIGUSR1);
	bpf_link__destroy(link);
	livegen_bpf__destroy(skel);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 9 && !strcmp(argv[1], "send"))
		return send_packets(argv);
	if (argc == 3 && !strcmp(argv[1], "sink"))
		return sink_packets(argv[2]);
	fprintf(stderr,
		"usage: livegen send DEV DMAC SADDR DADDR DPORT FLOWS SECONDS | livegen sink DEV\n");
	return 2;
}
