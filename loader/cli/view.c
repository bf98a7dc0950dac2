/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static int view_table(struct view *v, int family)
{
	const struct nfold_meta *meta = v->maps.meta;
	const struct flow_table_conf conf = {
		.family = family,
		.slots = family == 4 ? v->maps.slots4 : v->maps.slots6,
		.slot_cnt = family == 4 ? meta->slots4 : meta->slots6,
		.nbuckets = family == 4 ? meta->config.nbuckets4 :
					  meta->config.nbuckets6,
		.seed = meta->config.seed,
		.overflow_fd = -1,
		.ctl = v->maps.ctl,
		.reader = true,
	};

	return flow_table_new(&v->table[family == 6], &conf);
}

int view_open(struct view *v, const char *chain)
{
	struct instance_error err;
	struct timespec ts;
	int ret;

	memset(v, 0, sizeof(*v));
	ret = pins_open(&v->maps, cli_options.bpffs, chain, &err);
	if (ret) {
		cli_error("%s%s", err.text,
			  ret == -EPERM || ret == -EACCES ? ": run as root" :
							    "");
		return ret == -ENOENT ? CLI_NOT_FOUND : CLI_REFUSED;
	}
	ret = view_table(v, 4);
	if (!ret)
		ret = view_table(v, 6);
	if (ret) {
		cli_error("chain %s: reading its tables: %s", chain,
			  strerror(-ret));
		view_close(v);
		return CLI_REFUSED;
	}
	clock_gettime(CLOCK_MONOTONIC, &ts);
	v->now_ns = (uint64_t)ts.tv_sec * NF_SEC + ts.tv_nsec;
	v->alive = instance_engine_alive(v->maps.meta);
	return CLI_OK;
}

void view_close(struct view *v)
{
	flow_table_free(v->table[0]);
	flow_table_free(v->table[1]);
	pins_close(&v->maps);
}

static int view_one(const char *chain, int (*fn)(struct view *v, void *ctx),
		    void *ctx)
{
	struct view v;
	int ret = view_open(&v, chain);

	if (ret)
		return ret;
	ret = fn(&v, ctx);
	view_close(&v);
	return ret;
}

int view_each(const char *chain, int (*fn)(struct view *v, void *ctx),
	      void *ctx)
{
	char **names;
	int ret = CLI_OK;

	if (chain)
		return view_one(chain, fn, ctx);
	/* Often mounted for root alone: not the same as no chains. */
	if (access(cli_options.bpffs, R_OK | X_OK) && errno == EACCES) {
		cli_error("%s: %s: run as root", cli_options.bpffs,
			  strerror(EACCES));
		return CLI_REFUSED;
	}
	names = pins_list(cli_options.bpffs);
	for (size_t n = 0; names && names[n]; n++) {
		if (ret == CLI_OK)
			ret = view_one(names[n], fn, ctx);
		free(names[n]);
	}
	free(names);
	return ret;
}

const char *view_nf(const struct view *v, uint8_t index1)
{
	const struct nfold_meta *meta = v->maps.meta;

	if (!index1 || index1 > meta->nf_cnt || index1 > NFOLD_NF_MAX)
		return NULL;
	return meta->nf[index1 - 1];
}

/* The peer's slot may have been freed and taken by another session since. */
static void view_flow_pair(struct view_flow *f)
{
	const struct flow_table *t = f->view->table[f->family == 6];
	struct flow_entry peer;

	if (!f->e.peer || f->e.peer > flow_table_slots(t) ||
	    !flow_table_read(t, f->e.peer - 1, &peer, NULL) ||
	    peer.session != f->e.session)
		return;
	f->paired = true;
	f->peer_tcp_seen = peer.tcp_seen;
}

bool view_flow_read(const struct view *v, int family, uint32_t slot,
		    struct view_flow *f)
{
	memset(f, 0, sizeof(*f));
	f->view = v;
	f->family = family;
	f->slot = slot;
	if (!flow_table_read(v->table[family == 6], slot, &f->e, &f->cells))
		return false;
	view_flow_pair(f);
	return true;
}
