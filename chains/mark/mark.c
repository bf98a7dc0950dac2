// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* mark: DSCP by rule; ECN is left alone. Rules are functions of the flow key,
 * so that the mark is one of the flow direction and folds. No state but counts
 * of sessions.
 */
#include <stdlib.h>
#include <string.h>

#include "../key_match.h"

#define MARK_RULE_MAX 4096
#define MARK_KEEP 0xff		/* DSCP stays as it is */

struct mark_rule {
	char *expr;
	struct bpf_program prog;
	uint8_t dscp;
	uint64_t sessions;	/* whose first packet it marked */
};

struct mark {
	struct mark_rule *rules;
	uint32_t rule_cnt;
	uint8_t default_dscp;	/* or MARK_KEEP */
	uint64_t default_sessions;
};

static enum nf_verdict mark_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct mark *m = nf->priv;
	uint64_t *sessions = &m->default_sessions;
	uint8_t dscp = m->default_dscp;
	struct header_action ha;

	for (uint32_t i = 0; i < m->rule_cnt; i++) {
		if (!key_match(&m->rules[i].prog, pkt))
			continue;
		dscp = m->rules[i].dscp;
		sessions = &m->rules[i].sessions;
		break;
	}
	*sessions += pkt->opening;
	if (dscp == MARK_KEEP)
		return NF_FORWARD;
	nf_pkt_set_dscp(pkt, dscp);
	ha = ha_dscp(dscp);
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	return NF_FORWARD;
}

static int add_rule(struct mark *m, const struct conf_stmt *s,
		    struct conf_error *err)
{
	static const char *const dscp[] = { "dscp", NULL };
	struct mark_rule *r = &m->rules[m->rule_cnt];
	size_t i;

	if (conf_need_words(s, 4, 4, "rule \"EXPRESSION\" dscp DSCP", err) ||
	    conf_choice(&s->words[2], dscp, &i, err) ||
	    key_match_dscp(&s->words[3], &r->dscp, err) ||
	    key_match_compile(&r->prog, &s->words[1], err))
		return -1;
	m->rule_cnt++;		/* from here on exit frees it */
	r->expr = strdup(s->words[1].text);
	return r->expr ? 0 : conf_fail(err, &s->loc, NULL, "no memory");
}

static int set_default(struct mark *m, const struct conf_stmt *s,
		       const struct conf_block *block, struct conf_error *err)
{
	static const char *const dscp[] = { "dscp", NULL };
	size_t i;

	if (conf_find(block, "default") != s)
		return conf_fail(err, &s->loc, "remove one of them",
				 "default is given twice");
	if (conf_need_words(s, 3, 3, "default dscp DSCP", err) ||
	    conf_choice(&s->words[1], dscp, &i, err))
		return -1;
	return key_match_dscp(&s->words[2], &m->default_dscp, err);
}

static void mark_exit(struct nf *nf)
{
	struct mark *m = nf->priv;

	for (uint32_t i = 0; i < m->rule_cnt; i++) {
		pcap_freecode(&m->rules[i].prog);
		free(m->rules[i].expr);
	}
	free(m->rules);
	free(m);
	nf->priv = NULL;
}

static int configure(struct mark *m, const struct conf_block *block,
		     struct conf_error *err)
{
	static const char *const known[] = { "rule", "default", NULL };

	if (block->cnt > MARK_RULE_MAX)
		return conf_fail(err, &block->loc, NULL, "more than %d rules",
				 MARK_RULE_MAX);
	for (size_t i = 0; i < block->cnt; i++) {
		const struct conf_stmt *s = &block->stmts[i];
		int failed;

		if (!strcmp(s->words[0].text, "rule"))
			failed = add_rule(m, s, err);
		else if (!strcmp(s->words[0].text, "default"))
			failed = set_default(m, s, block, err);
		else
			failed = conf_unknown(s, known, err);
		if (failed)
			return -1;
	}
	return 0;
}

static int mark_init(struct nf *nf, const struct conf_block *block,
		     struct conf_error *err)
{
	struct mark *m = calloc(1, sizeof(*m));

	if (!m)
		return conf_fail(err, &block->loc, NULL, "no memory for mark");
	nf->priv = m;
	m->default_dscp = MARK_KEEP;
	m->rules = calloc(block->cnt + 1, sizeof(*m->rules));
	if (!m->rules)
		conf_fail(err, &block->loc, NULL, "no memory for mark");
	else if (!configure(m, block, err))
		return 0;
	mark_exit(nf);
	return -1;
}

static json_t *mark_show(struct nf *nf)
{
	const struct mark *m = nf->priv;
	json_t *list = json_array();

	for (uint32_t i = 0; i < m->rule_cnt; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:i, s:I}", "match",
					m->rules[i].expr, "dscp",
					m->rules[i].dscp, "sessions",
					(json_int_t)m->rules[i].sessions));
	return json_pack("{s:o, s:o, s:I}", "rules", list, "default",
			 m->default_dscp == MARK_KEEP ?
				 json_null() :
				 json_integer(m->default_dscp),
			 "default_sessions", (json_int_t)m->default_sessions);
}

const struct nf_ops mark_ops = {
	.name = "mark",
	.summary = "DSCP by rules over the flow key",
	.edits = true,
	.init = mark_init,
	.exit = mark_exit,
	.packet = mark_packet,
	.show = mark_show,
};
