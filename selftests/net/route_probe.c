/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* route_probe DEV... : drives userspace/route.c against the kernel of this
 * network namespace. Ports are the devices, in order. Commands on stdin:
 *	lookup ADDR	one look-up: prints the result
 *	resolve ADDR	looks up until it is no longer waiting, 5 s at most
 *	word ADDR	the next hop's word: port and MAC, or "none"
 *	run MS		lets notifications and time in
 *	changed		how often changed() was called since last asked
 *	sh COMMAND	runs a shell command
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../userspace/route.h"

static struct nfold_port ports[NFOLD_PORT_MAX];
static union nfold_nexthop nexthops[NFOLD_NEXTHOP_MAX];
static struct mnl_socket *use_sock;
static unsigned int changes;
static unsigned int resolved_ok, resolved_failed;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NF_SEC + ts.tv_nsec;
}

/* What nfoldd's parent does: the kernel is asked to use the neighbour. */
static void on_probe(void *ctx, uint32_t ifindex, int family,
		     const struct nf_addr *addr)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm;

	(void)ctx;
	nlh->nlmsg_type = RTM_NEWNEIGH;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
	ndm->ndm_family = family == 4 ? AF_INET : AF_INET6;
	ndm->ndm_ifindex = ifindex;
	ndm->ndm_flags = NTF_USE;
	mnl_attr_put(nlh, NDA_DST, family == 4 ? 4 : 16, addr);
	if (mnl_socket_sendto(use_sock, nlh, nlh->nlmsg_len) < 0)
		perror("NTF_USE");
}

static void on_changed(void *ctx)
{
	(void)ctx;
	changes++;
}

static void on_resolved(void *ctx, uint16_t nexthop, bool ok)
{
	(void)ctx;
	(void)nexthop;
	if (ok)
		resolved_ok++;
	else
		resolved_failed++;
}

static void run(struct route *r, unsigned int ms)
{
	struct pollfd p = { .fd = route_fd(r), .events = POLLIN };
	uint64_t end = now_ns() + ms * UINT64_C(1000000);
	uint64_t ticked = 0;

	while (now_ns() < end) {
		if (poll(&p, 1, 10) > 0)
			route_read(r);
		if (now_ns() - ticked < NF_SEC / 10)
			continue;
		ticked = now_ns();
		route_tick(r, ticked);
	}
}

static void print_word(const union nfold_nexthop *n)
{
	if (!n->word) {
		printf("none\n");
		return;
	}
	printf("%s %02x:%02x:%02x:%02x:%02x:%02x\n", ports[n->port - 1].name,
	       n->dmac[0], n->dmac[1], n->dmac[2], n->dmac[3], n->dmac[4],
	       n->dmac[5]);
}

static enum route_result look(struct route *r, const char *text,
			      uint16_t *nexthop)
{
	int family = strchr(text, ':') ? 6 : 4;
	struct nf_addr a = { 0 };

	if (inet_pton(family == 6 ? AF_INET6 : AF_INET, text, &a) != 1) {
		fprintf(stderr, "%s: not an address\n", text);
		exit(2);
	}
	return route_lookup(r, family, &a, nexthop);
}

static void do_lookup(struct route *r, const char *addr, bool wait)
{
	static const char *const names[] = {
		[ROUTE_OK] = "ok", [ROUTE_WAIT] = "wait",
		[ROUTE_HOST] = "host", [ROUTE_NONE] = "none",
		[ROUTE_NOT_A_PORT] = "not-a-port", [ROUTE_FAILED] = "failed",
	};
	uint64_t end = now_ns() + 5 * NF_SEC;
	enum route_result res;
	uint16_t nexthop = 0;

	resolved_ok = resolved_failed = 0;
	res = look(r, addr, &nexthop);
	while (wait && res == ROUTE_WAIT && now_ns() < end) {
		run(r, 50);
		if (resolved_ok || resolved_failed)
			res = resolved_ok ? ROUTE_OK : ROUTE_FAILED;
	}
	printf("%s ", names[res]);
	print_word(&nexthops[nexthop]);
}

static void command(struct route *r, char *line)
{
	char *arg = strchr(line, ' ');
	uint16_t nexthop = 0;

	if (arg)
		*arg++ = '\0';
	if (!strcmp(line, "lookup")) {
		do_lookup(r, arg, false);
	} else if (!strcmp(line, "resolve")) {
		do_lookup(r, arg, true);
	} else if (!strcmp(line, "word")) {
		look(r, arg, &nexthop);
		print_word(&nexthops[nexthop]);
	} else if (!strcmp(line, "run")) {
		run(r, atoi(arg));
	} else if (!strcmp(line, "changed")) {
		printf("%u\n", changes);
		changes = 0;
	} else if (!strcmp(line, "sh")) {
		if (system(arg))
			printf("%s: failed\n", arg);
	} else {
		fprintf(stderr, "%s: no such command\n", line);
		exit(2);
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct route_conf conf = {
		.ports = ports, .port_cnt = argc - 1, .nexthops = nexthops,
		.probe = on_probe, .changed = on_changed,
		.resolved = on_resolved,
	};
	struct route *r;
	char line[512];

	for (int i = 1; i < argc; i++) {
		snprintf(ports[i - 1].name, sizeof(ports[0].name), "%s",
			 argv[i]);
		ports[i - 1].ifindex = if_nametoindex(argv[i]);
	}
	use_sock = mnl_socket_open(NETLINK_ROUTE);
	if (!use_sock || mnl_socket_bind(use_sock, 0, MNL_SOCKET_AUTOPID) ||
	    route_new(&r, &conf)) {
		perror("netlink");
		return 1;
	}
	route_tick(r, now_ns());
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0])
			command(r, line);
	}
	route_free(r);
	mnl_socket_close(use_sock);
	return 0;
}
