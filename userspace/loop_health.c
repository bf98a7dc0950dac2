/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Health checks, at the engine: names its NFs' targets to the parent, piece by
 * piece as the control socket takes them, and hears what becomes of them.
 */
#include <errno.h>

#include "../loader/control.h"
#include "log.h"
#include "loop_priv.h"
#include "target_json.h"

/* Some of an NF's targets: from the first-th on. */
struct piece {
	json_t *list;
	uint32_t first;
	uint32_t seen;
};

static void piece_add(void *ctx, const struct nf_target *t)
{
	struct piece *p = ctx;

	if (p->seen++ >= p->first && p->seen <= p->first + TARGETS_A_MESSAGE)
		json_array_append_new(p->list, target_to_json(t));
}

/* 1: there is more of this NF; 0: that was all, or it has none; or -errno. */
static int piece_send(struct loop *l)
{
	struct piece p = { .list = json_array(), .first = l->target_next };
	uint32_t end = p.first + TARGETS_A_MESSAGE;
	json_t *msg;
	int err = 0;

	if (!engine_targets(l->engine, l->target_nf, piece_add, &p)) {
		json_decref(p.list);
		return 0;
	}
	msg = json_pack("{s:s, s:I, s:b, s:b, s:o}", "event", "targets", "nf",
			(json_int_t)l->target_nf, "first", !p.first, "last",
			p.seen <= end, "targets", p.list);
	err = msg ? control_send(l->conf->control_fd, msg) : -ENOMEM;
	json_decref(msg);
	if (!err)
		l->target_next = end;
	return err ? err : p.seen > end;
}

void loop_targets_begin(struct loop *l)
{
	l->target_nf = 0;
	l->target_next = 0;
}

void loop_targets(struct loop *l)
{
	int more;

	while (l->target_nf < l->conf->chain->nf_cnt) {
		more = piece_send(l);
		if (more == -EAGAIN)
			return;		/* at the next round */
		if (more < 0)
			log_err("targets of health checks are not checked: the parent does not take them (error %d)",
				-more);
		if (more > 0)
			continue;
		l->target_nf++;
		l->target_next = 0;
	}
}

void loop_health(struct loop *l, const json_t *msg)
{
	const char *why = json_string_value(json_object_get(msg, "why"));

	engine_health(l->engine,
		      json_integer_value(json_object_get(msg, "nf")),
		      json_integer_value(json_object_get(msg, "id")),
		      json_is_true(json_object_get(msg, "up")),
		      why ? why : "");
}
