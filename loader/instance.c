/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "instance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "instance_priv.h"
#include "load_log.h"
/* Needs the types above. */
#include "bpf/nfold.skel.h"

int instance_fail(struct instance_error *err, int ret, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return ret;
}

void instance_add_note(struct instance *i, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	if (i->note_cnt == INSTANCE_NOTE_MAX)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n >= 0)
		i->notes[i->note_cnt++] = text;
}

/* Of the object's two the one for this chain. */
static struct bpf_program *instance_prog(const struct instance *i)
{
	return i->skel->rodata->config.tunnels.cnt ?
		       i->skel->progs.nfold_xdp_tunnels :
		       i->skel->progs.nfold_xdp;
}

static int instance_load_program(struct instance *i,
				 struct instance_error *err)
{
	struct bpf_program *prog, *ours = instance_prog(i);
	int ret;

	bpf_object__for_each_program(prog, i->skel->obj)
		bpf_program__set_autoload(prog, prog == ours);
	load_log_begin();
	ret = nfold_bpf__load(i->skel);
	load_log_end();
	if (!ret)
		return 0;
	if (ret == -EPERM)
		return instance_fail(
			err, ret,
			"chain %s: not permitted to load BPF programs: run as root, or with CAP_BPF and CAP_NET_ADMIN",
			i->chain);
	if (i->own_cnt && i->verifier_log[0])
		return instance_own_refused(i, ret, err);
	load_log_print(stderr);
	return instance_fail(
		err, ret,
		"chain %s: the kernel refuses the program or its maps: %s%s%s",
		i->chain, strerror(-ret), load_log_first()[0] ? ": " : "",
		load_log_first());
}

static int instance_open_object(struct instance *i,
				struct instance_error *err)
{
	if (i->own_cnt)
		return instance_own_open(i, err);
	load_log_begin();
	i->skel = nfold_bpf__open();
	load_log_end();
	if (!i->skel)
		return instance_fail(err, -errno, "chain %s: BPF object: %s",
				     i->chain, strerror(errno));
	return 0;
}

static int instance_open_program(struct instance *i, const struct chain *c,
				 struct instance_error *err)
{
	struct bpf_program *prog;
	int ret = instance_own_plan(i, c, err);

	if (!ret)
		ret = instance_open_object(i, err);
	if (ret)
		return ret;
	bpf_object__for_each_program(prog, i->skel->obj)
		if (i->frags)
			bpf_program__set_flags(prog,
					       bpf_program__flags(prog) |
						       BPF_F_XDP_HAS_FRAGS);
	return instance_configure(i, c, err);
}

static struct instance *instance_new(const struct chain *c, const char *bpffs)
{
	struct instance *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	memcpy(i->chain, c->name, sizeof(i->chain));
	snprintf(i->bpffs, sizeof(i->bpffs), "%s",
		 bpffs ? bpffs : NFOLD_BPFFS_DEFAULT);
	i->wire = c->wire;
	for (int p = 0; p < NFOLD_PORT_MAX; p++)
		i->link[p] = i->old_link[p] = -1;
	return i;
}

int instance_load(struct instance **out, const struct chain *c,
		  const char *bpffs, struct instance_error *err)
{
	struct instance *i = instance_new(c, bpffs);
	int ret;

	if (!i)
		return instance_fail(err, -ENOMEM, "out of memory");
	ret = i->bpffs[0] ? pins_check_bpffs(i->bpffs, err) : 0;
	if (!ret)
		ret = claims_collect(&i->claims, c, err);
	if (!ret)
		ret = claims_check(&i->claims, err);
	if (!ret)
		ret = instance_probe_ports(i, c, err);
	if (!ret)
		ret = instance_open_program(i, c, err);
	if (!ret)
		ret = instance_load_program(i, err);
	if (!ret)
		ret = instance_map_all(i, err);
	if (!ret)
		ret = instance_fill(i, c, err);
	if (ret) {
		instance_free(i);
		return ret;
	}
	*out = i;
	return 0;
}

void instance_free(struct instance *i)
{
	if (!i)
		return;
	for (int p = 0; p < NFOLD_PORT_MAX; p++) {
		if (i->link[p] >= 0)
			close(i->link[p]);
		if (i->old_link[p] >= 0)
			close(i->old_link[p]);
	}
	instance_unmap_all(i);
	nfold_bpf__destroy(i->skel);
	instance_own_free(i);
	claims_free(&i->claims);
	for (uint32_t n = 0; n < i->note_cnt; n++)
		free(i->notes[n]);
	free(i);
}

const struct instance_maps *instance_maps(const struct instance *i)
{
	return &i->maps;
}

const struct instance_port *instance_ports(const struct instance *i,
					   uint32_t *cnt)
{
	*cnt = i->port_cnt;
	return i->ports;
}

bool instance_frags(const struct instance *i)
{
	return i->frags;
}

int instance_prog_fd(const struct instance *i)
{
	return bpf_program__fd(instance_prog(i));
}

const char *instance_note(const struct instance *i, uint32_t n)
{
	return n < i->note_cnt ? i->notes[n] : NULL;
}
