/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* xio_echo [-g] [-f] [-n FRAMES] PORT[:QUEUES] PORT[:QUEUES]: carries every
 * packet from one port to the other through xio, until SIGTERM; then prints
 * what it saw as key=value lines. -g generic mode, -f frags. Exit code 0 if
 * every frame was accounted for.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "maps/port.h"
#include "maps/punt.h"
#include "selftests/net/xio_echo.skel.h"
#include "userspace/xio.h"

struct echo {
	struct xio_port_conf ports[2];
	struct xio_conf conf;
	struct xio_echo_bpf *bpf;
	struct xio *xio;
	int prog_fd;
	__u32 xdp_flags;
	unsigned long long rx, tx, tx_full, no_meta, left, long_pkts;
};

static volatile sig_atomic_t stop;

static void on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

static void echo_left(void *ctx, uint32_t flow)
{
	(void)flow;
	((struct echo *)ctx)->left++;
}

static void echo_packet(struct echo *e, struct xio_pkt *p)
{
	const struct nfold_punt *m = (const void *)(p->data - sizeof(*m));

	e->rx++;
	e->long_pkts += p->len > 4096;
	if (m->magic != NFOLD_PUNT_MAGIC || m->port != p->port ||
	    m->queue != p->queue) {
		e->no_meta++;
		xio_drop(e->xio, p);
		return;
	}
	p->port = !p->port;
	p->flow = 1 + p->port;
	if (xio_tx(e->xio, p)) {
		e->tx++;
		return;
	}
	e->tx_full++;
	xio_drop(e->xio, p);
}

static void echo_once(struct echo *e, bool rx)
{
	struct xio_pkt pkts[XIO_BATCH];
	uint32_t i, n;

	while (rx && (n = xio_rx(e->xio, pkts, XIO_BATCH))) {
		for (i = 0; i < n; i++)
			echo_packet(e, &pkts[i]);
		xio_flush(e->xio, echo_left, e);
	}
	xio_flush(e->xio, echo_left, e);
}

static int echo_report(struct echo *e)
{
	struct xio_frames f;
	struct xio_stats s;
	int64_t check = xio_check(e->xio);

	xio_stats(e->xio, &s);
	xio_frames(e->xio, &f);
	printf("rx=%llu\ntx=%llu\ntx_full=%llu\nno_meta=%llu\nleft=%llu\n",
	       e->rx, e->tx, e->tx_full, e->no_meta, e->left);
	printf("long=%llu\nring_full=%lu\nfill_empty=%lu\ndropped=%lu\n",
	       e->long_pkts, s.rx_ring_full, s.rx_fill_empty, s.rx_dropped);
	printf("too_big=%lu\ntx_invalid=%lu\n", s.rx_too_big, s.tx_invalid);
	printf("frames=%u\nfree=%u\nin_rx=%u\nheld=%u\nin_tx=%u\njumbo=%u\n",
	       f.total, f.free, f.rx, f.held, f.tx, f.jumbo_held);
	printf("check=%ld\n", check);
	return check || f.held || f.tx || f.jumbo_held;
}

static int echo_attach(struct echo *e)
{
	int i, err;

	for (i = 0; i < 2; i++) {
		err = bpf_xdp_attach(e->ports[i].ifindex, e->prog_fd,
				     e->xdp_flags, NULL);
		if (err) {
			fprintf(stderr, "%s: attach: %s\n", e->ports[i].name,
				strerror(-err));
			return err;
		}
	}
	return 0;
}

static int echo_open(struct echo *e)
{
	static char text[256];
	int i, err;

	e->bpf = xio_echo_bpf__open();
	if (!e->bpf)
		return -errno;
	for (i = 0; i < 2; i++)
		((__u32 *)e->bpf->rodata->ifindex)[i] = e->ports[i].ifindex;
	err = xio_echo_bpf__load(e->bpf);
	if (err)
		return err;
	e->prog_fd = bpf_program__fd(e->conf.frags ? e->bpf->progs.echo_frags :
						     e->bpf->progs.echo);
	e->conf.xskmap_fd = bpf_map__fd(e->bpf->maps.xsks);
	e->conf.err = text;
	e->conf.err_size = sizeof(text);
	err = xio_new(&e->xio, &e->conf);
	if (err) {
		fprintf(stderr, "xio_new: %s: %s\n", strerror(-err), text);
		return err;
	}
	return echo_attach(e);
}

static void echo_run(struct echo *e)
{
	int i;

	puts("ready");
	fflush(stdout);
	while (!stop) {
		xio_wait(e->xio, NULL, 0, 100);
		echo_once(e, true);
	}
	for (i = 0; i < 2; i++)
		bpf_xdp_detach(e->ports[i].ifindex, e->xdp_flags, NULL);
	for (i = 0; i < 500 && (i < 5 || xio_tx_outstanding(e->xio)); i++) {
		echo_once(e, true);
		usleep(2000);
	}
}

static int echo_port(struct xio_port_conf *p, const char *arg, bool generic)
{
	const char *colon = strchr(arg, ':');

	p->queues = colon ? atoi(colon + 1) : 1;
	p->generic = generic;
	snprintf(p->name, sizeof(p->name), "%.*s",
		 (int)(colon ? colon - arg : (long)strlen(arg)), arg);
	p->ifindex = if_nametoindex(p->name);
	return p->ifindex ? 0 : -ENODEV;
}

int main(int argc, char **argv)
{
	struct echo e = { .xdp_flags = XDP_FLAGS_DRV_MODE };
	struct sigaction sa = { .sa_handler = on_stop };
	int opt, ret;

	e.conf = (struct xio_conf){ .ports = e.ports, .port_cnt = 2 };
	while ((opt = getopt(argc, argv, "gfn:")) != -1) {
		if (opt == 'g')
			e.xdp_flags = XDP_FLAGS_SKB_MODE;
		else if (opt == 'f')
			e.conf.frags = true;
		else if (opt == 'n')
			e.conf.frame_cnt = atoi(optarg);
		else
			return 2;
	}
	if (argc - optind != 2)
		return 2;
	for (int i = 0; i < 2; i++)
		if (echo_port(&e.ports[i], argv[optind + i],
			      e.xdp_flags == XDP_FLAGS_SKB_MODE))
			return 2;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	ret = echo_open(&e) ? 1 : 0;
	if (!ret) {
		echo_run(&e);
		ret = echo_report(&e);
	}
	xio_free(e.xio);
	xio_echo_bpf__destroy(e.bpf);
	return ret;
}
