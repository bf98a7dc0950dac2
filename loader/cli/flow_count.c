/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold flow count. */
#include <string.h>

#include "cli.h"
#include "flow_pick.h"
#include "format.h"

struct counts {
	json_int_t total, ipv4, ipv6, sessions;
	json_int_t fast, pending, stale, payload, slow, drop, host;
	uint32_t last_session;
};

static int count_flow(const struct view_flow *f, void *ctx)
{
	struct counts *c = ctx;
	char state[64];

	c->sessions += !c->total || c->last_session != f->e.session;
	c->last_session = f->e.session;
	c->total++;
	if (f->family == 4)
		c->ipv4++;
	else
		c->ipv6++;
	format_state(state, sizeof(state), f);
	c->fast += !strcmp(state, "fast");
	c->pending += !strcmp(state, "pending");
	c->stale += !strcmp(state, "stale");
	c->host += !strcmp(state, "host");
	c->payload += !strncmp(state, "payload:", 8);
	c->slow += !strncmp(state, "slow:", 5);
	c->drop += !strncmp(state, "drop:", 5);
	return CLI_OK;
}

struct count_ctx {
	const struct flow_pick *pick;
	json_t *out;
};

static void print_counts(const char *chain, const struct counts *c)
{
	printf("%s: %lld flow directions of %lld sessions (IPv4 %lld, IPv6 %lld): fast %lld, pending %lld, stale %lld, payload %lld, slow %lld, drop %lld, host %lld\n",
	       chain, (long long)c->total, (long long)c->sessions,
	       (long long)c->ipv4, (long long)c->ipv6, (long long)c->fast,
	       (long long)c->pending, (long long)c->stale, (long long)c->payload,
	       (long long)c->slow, (long long)c->drop, (long long)c->host);
}

static int count_view(struct view *v, void *ctx)
{
	struct count_ctx *cc = ctx;
	struct counts c = { 0 };
	int ret = flow_pick_view(v, cc->pick->match, count_flow, &c);

	if (ret)
		return ret;
	if (!cli_options.json) {
		print_counts(v->maps.meta->chain, &c);
		return CLI_OK;
	}
	json_array_append_new(
		cc->out,
		json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			  "chain", v->maps.meta->chain, "flows", c.total,
			  "sessions", c.sessions, "ipv4", c.ipv4, "ipv6",
			  c.ipv6, "fast", c.fast, "pending", c.pending, "stale",
			  c.stale, "payload", c.payload, "slow", c.slow, "drop", c.drop, "host",
			  c.host));
	return CLI_OK;
}

int cmd_flow_count(int argc, char **argv)
{
	struct count_ctx cc = { 0 };
	struct flow_pick pick;
	int ret = flow_pick_parse(&pick, argc, argv);

	if (ret)
		return ret;
	cc.pick = &pick;
	cc.out = json_array();
	ret = view_each(pick.chain, count_view, &cc);
	flow_pick_free(&pick);
	if (ret || !cli_options.json) {
		json_decref(cc.out);
		return ret;
	}
	return cli_json(cc.out);
}
