/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An instance whose chain has NFs with state functions of their own: its object
 * is joined instead of taken as it is, and it has their cells.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "instance_priv.h"
#include "load_log.h"
#include "map_mmap.h"
#include "own_join.h"
/* Needs the types above. */
#include "bpf/nfold.skel.h"

#define LOG_SIZE (4 * 1024 * 1024)	/* of the verifier */

int instance_own_plan(struct instance *i, const struct chain *c,
		      struct instance_error *err)
{
	int cnt = own_plan(c, i->maps.own);

	if (cnt < 0)
		return instance_fail(
			err, cnt,
			"chain %s: more than %d kinds of NF with a state function of their own. Split the chain",
			c->name, NFOLD_OWN_MAX);
	i->own_cnt = cnt;
	return 0;
}

/* As nfold_bpf__open(), with the joined object in place of the embedded one; its
 * maps and its program have the same names. */
static int open_joined(struct instance *i)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	int ret;

	i->skel = calloc(1, sizeof(*i->skel));
	if (!i->skel)
		return -ENOMEM;
	ret = nfold_bpf__create_skeleton(i->skel);
	if (ret)
		return ret;
	i->skel->skeleton->data = i->joined;
	i->skel->skeleton->data_sz = i->joined_size;
	return bpf_object__open_skeleton(i->skel->skeleton, &opts);
}

int instance_own_open(struct instance *i, struct instance_error *err)
{
	int ret = own_join(&i->joined, &i->joined_size, i->maps.own,
			   i->own_cnt, err);
	struct bpf_program *prog;

	if (ret)
		return ret;
	load_log_begin();
	ret = open_joined(i);
	load_log_end();
	if (ret)
		return instance_fail(err, ret, "chain %s: joined object: %s: %s",
				     i->chain, strerror(-ret),
				     load_log_first());
	i->verifier_log = malloc(LOG_SIZE);
	if (!i->verifier_log)
		return instance_fail(err, -ENOMEM, "out of memory");
	i->verifier_log[0] = '\0';
	bpf_object__for_each_program(prog, i->skel->obj)
		if (!ret)
			ret = bpf_program__set_log_buf(prog, i->verifier_log,
						       LOG_SIZE);
	return ret;
}

struct bpf_map *instance_own_map(const struct instance *i, uint32_t n)
{
	char name[] = OWN_CELLS;

	name[sizeof(name) - 2] = '0' + n;
	return bpf_object__find_map_by_name(i->skel->obj, name);
}

int instance_own_size(struct instance *i)
{
	int ret = 0;

	for (uint32_t n = 0; n < i->own_cnt && !ret; n++) {
		struct bpf_map *m = instance_own_map(i, n);

		ret = m ? bpf_map__set_map_extra(m, 0) : -ENOENT;
		if (!ret)
			ret = bpf_map__set_max_entries(m, i->maps.own[n].cnt);
	}
	return ret;
}

int instance_own_mmap(struct instance *i, struct instance_error *err)
{
	for (uint32_t n = 0; n < i->own_cnt; n++) {
		const struct bpf_map *m = instance_own_map(i, n);
		int ret = map_mmap(&i->maps.own[n].cells, bpf_map__fd(m), true);

		if (ret < 0)
			return instance_fail(err, ret, "mapping map %s: %s",
					     bpf_map__name(m), strerror(-ret));
	}
	return 0;
}

void instance_own_free(struct instance *i)
{
	free(i->joined);
	free(i->verifier_log);
}
