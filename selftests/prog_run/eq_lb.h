/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What becomes of a load balancer's backends in mid-stream: they fail and come
 * back, are drained, weighed, removed and added, on both sides alike.
 */
#ifndef NFOLD_EQ_LB_H
#define NFOLD_EQ_LB_H

#include <stdio.h>
#include <string.h>

#include "chains/conf.h"
#include "userspace/oracle.h"

#define LB_CHANGES 14	/* for draw_edit() */

static const char *const lb_backends[] = {	/* of eq_chain.h's services */
	"a 10.1.1.2:8080", "a 10.1.2.2:8080", "a 10.1.1.3:8080",
	"b [2001:db8:1::2]:8080",
};

struct lb_named {
	const char *name;
	uint32_t id;
};

static void lb_name(void *ctx, const struct nf_target *t)
{
	struct lb_named *n = ctx;

	if (!strcmp(t->name, n->name))
		n->id = t->id;
}

static void lb_health_turns(struct engine *e, uint32_t nf, const char *name,
			    bool up)
{
	struct lb_named n = { .name = name };

	engine_targets(e, nf, lb_name, &n);
	if (n.id)
		engine_health(e, nf, n.id, up, "drawn");
}

/* What is refused is so on both sides: the last backend is not removed. */
static void lb_says(struct engine *e, const char *label, const char *verb,
		    const char *name, const char *rest)
{
	char text[128];
	struct conf_file file = { "drawn", text, 0 };
	struct conf_error err;
	struct conf_block *b;

	file.len = snprintf(text, sizeof(text), "%s %s%s;", verb, name, rest);
	if (conf_parse_given(&b, &file, 1, &err))
		return;
	engine_nf_set(e, label, b, &err);
	conf_free(b);
}

static void lb_change(struct engine *e, uint32_t nf, const char *label,
		      const char *name, uint32_t what)
{
	static const char *const verbs[][2] = {	/* more good than bad */
		{ "undrain", "" }, { "undrain", "" }, { "drain", "" },
		{ "weight", " 3" }, { "weight", " 1" }, { "weight", " 0" },
		{ "add", " weight 2" }, { "add", "" }, { "remove", "" },
	};

	if (what < 5)
		lb_health_turns(e, nf, name, what < 3);
	else
		lb_says(e, label, verbs[what - 5][0], name,
			verbs[what - 5][1]);
}

static inline void lb_turn(struct oracle *o, uint32_t nf_cnt, uint32_t which,
			   uint32_t what)
{
	struct engine *e = oracle_engine(o);
	char label[64];

	for (uint32_t i = 0; i < nf_cnt; i++) {
		engine_nf_label(e, i, label, sizeof(label));
		if (!strncmp(label, "lb", 2))
			lb_change(e, i, label,
				  lb_backends[which % 4], what % LB_CHANGES);
	}
}

#endif
