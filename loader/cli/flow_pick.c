/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "flow_pick.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "match.h"

int flow_pick_parse(struct flow_pick *p, int argc, char **argv)
{
	memset(p, 0, sizeof(*p));
	while (argc) {
		if (argc >= 2 && cmd_is(argv[0], "chain") && !p->chain) {
			p->chain = argv[1];
			argc -= 2;
			argv += 2;
		} else if (argc >= 2 && cmd_is(argv[0], "match")) {
			p->match = flow_match_new(argc - 1, argv + 1);
			return p->match ? CLI_OK : CLI_USAGE;
		} else {
			return cli_usage("unexpected \"%s\": [chain NAME] [match EXPR]",
					 argv[0]);
		}
	}
	return CLI_OK;
}

void flow_pick_free(struct flow_pick *p)
{
	flow_match_free(p->match);
	p->match = NULL;
}

/* Where a flow stands; its content is read again when its turn comes. */
struct place {
	uint32_t session;
	uint32_t slot;
	uint8_t family;
	uint8_t reply;
};

struct places {
	struct place *v;
	size_t cnt, cap;
};

static int place_add(struct places *l, const struct view_flow *f)
{
	struct place *v;

	if (l->cnt == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 256;
		v = realloc(l->v, l->cap * sizeof(*v));
		if (!v)
			return -1;
		l->v = v;
	}
	l->v[l->cnt++] = (struct place){ f->e.session, f->slot, f->family,
					 f->e.reply };
	return 0;
}

static int by_session(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->session != y->session)
		return x->session < y->session ? -1 : 1;
	if (x->reply != y->reply)
		return x->reply - y->reply;
	return x->slot < y->slot ? -1 : x->slot > y->slot;
}

static int places_find(struct places *l, struct view *v,
		       const struct flow_match *match)
{
	struct view_flow f;

	for (int family = 4; family <= 6; family += 2) {
		uint32_t cnt = flow_table_slots(v->table[family == 6]);

		for (uint32_t slot = 0; slot < cnt; slot++) {
			if (!view_flow_read(v, family, slot, &f) ||
			    !flow_match(match, &f))
				continue;
			if (place_add(l, &f))
				return -1;
		}
	}
	return 0;
}

int flow_pick_view(struct view *v, const struct flow_match *match,
		   flow_pick_fn fn, void *ctx)
{
	struct places l = { 0 };
	struct view_flow f;
	int ret = CLI_OK;

	if (places_find(&l, v, match)) {
		cli_error("out of memory");
		ret = CLI_REFUSED;
	}
	if (l.cnt)
		qsort(l.v, l.cnt, sizeof(*l.v), by_session);
	for (size_t n = 0; !ret && n < l.cnt; n++)
		if (view_flow_read(v, l.v[n].family, l.v[n].slot, &f))
			ret = fn(&f, ctx);
	free(l.v);
	return ret;
}

struct each {
	const struct flow_pick *pick;
	flow_pick_fn fn;
	void *ctx;
};

static int each_view(struct view *v, void *ctx)
{
	const struct each *e = ctx;

	return flow_pick_view(v, e->pick->match, e->fn, e->ctx);
}

int flow_pick_each(const struct flow_pick *p, flow_pick_fn fn, void *ctx)
{
	struct each e = { p, fn, ctx };

	return view_each(p->chain, each_view, &e);
}
