// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "match.h"

#include "pcre.h"

#define PCRE_COST 100

static bool end_has(const struct ids_rules *set, const struct ids_end *end,
		    int family, const struct nf_addr *addr, uint16_t port)
{
	return port_set_has(&set->ports, end->ports, port) &&
	       addr_set_has(&set->addrs, end->addrs, family, addr);
}

bool ids_match_header(const struct ids_rules *set, const struct ids_rule *r,
		      const struct ids_view *v)
{
	const struct nf_pkt *p = v->pkt;

	if (!(r->protos & v->proto) || !(r->dirs & v->dir))
		return false;
	if (end_has(set, &r->src, p->family, &p->saddr, v->sport) &&
	    end_has(set, &r->dst, p->family, &p->daddr, v->dport))
		return true;
	return r->both_ways &&
	       end_has(set, &r->src, p->family, &p->daddr, v->dport) &&
	       end_has(set, &r->dst, p->family, &p->saddr, v->sport);
}

static bool spend(struct match *m, uint32_t n)
{
	if (m->steps >= n && m->view->steps >= n) {
		m->steps -= n;
		m->view->steps -= n;
		return true;
	}
	m->limit = true;
	return false;
}

uint32_t match_value(const struct match *m, const struct ids_value *v)
{
	return v->var ? m->vars[v->var - 1] : (uint32_t)v->n;
}

static bool match_from(struct match *m, uint16_t i, uint32_t cursor);

/* The rest, with what has matched up to `end`; m->reach is taken back if the
 * rest does not match. */
static bool match_behind(struct match *m, uint16_t i, uint32_t end,
			 uint32_t cursor)
{
	uint32_t reach = m->reach;

	if (end > m->reach)
		m->reach = end;
	if (match_from(m, i, cursor))
		return true;
	m->reach = reach;
	return false;
}

/* Are the other places of option i to be tried if the rest did not match? In a
 * stream they are: a later one may go beyond what is known. */
static bool tries_again(const struct match *m, uint16_t i)
{
	return m->rule->opts[i].again || m->view->fresh;
}

static bool try_content(struct match *m, uint16_t i, uint32_t cursor)
{
	const struct ids_content *c = &m->rule->opts[i].content;
	uint32_t from = 0, end;
	int64_t at;

	do {
		if (!spend(m, 1 + m->view->len / 256))
			return false;
		at = match_content(m, c, cursor, from);
		if (c->negated)
			return at < 0 && match_from(m, i + 1, cursor);
		if (at < 0)
			return false;
		end = at + c->len;
		if (match_behind(m, i + 1, end, c->only_fast ? cursor : end))
			return true;
		from = at + 1;
	} while (tries_again(m, i) && !m->limit);
	return false;
}

static bool try_pcre(struct match *m, uint16_t i, uint32_t cursor)
{
	const struct ids_pcre_opt *p = &m->rule->opts[i].pcre;
	uint32_t base = p->relative ? cursor : 0, from = 0, start, end;
	uint32_t len = m->view->len - base;
	enum ids_pcre_result found;

	do {
		if (!spend(m, PCRE_COST))
			return false;
		found = ids_pcre_match(p->code, m->view->bytes + base, len,
				       from, &start, &end);
		m->limit |= found == IDS_PCRE_LIMIT;
		if (p->negated)
			return found == IDS_PCRE_NO &&
			       match_from(m, i + 1, cursor);
		if (found != IDS_PCRE_YES)
			return false;
		if (match_behind(m, i + 1, base + end, base + end))
			return true;
		from = end > start ? end : end + 1;
	} while (tries_again(m, i) && !m->limit && from <= len);
	return false;
}

/* Options of headers, and numbers: they match in one place. */
static bool match_one(struct match *m, const struct ids_opt *opt,
		      uint32_t *cursor)
{
	const struct ids_view *v = m->view;

	switch (opt->kind) {
	case IDS_OPT_FIELD:
		return match_field(v, &opt->field);
	case IDS_OPT_FLAGS:
		return match_flags(v, &opt->bits);
	case IDS_OPT_FRAGBITS:
		return match_fragbits(v, &opt->bits);
	case IDS_OPT_IPOPTS:
		return match_ipopts(v, opt->ipopt);
	case IDS_OPT_SAMEIP:
		return match_sameip(v);
	case IDS_OPT_FLOW:
		return match_flow(v, opt->flow);
	case IDS_OPT_FLOWBITS:
		return match_flowbits(m->set, v, &opt->flowbits);
	case IDS_OPT_BYTE_TEST:
		return match_byte_test(m, &opt->test, *cursor);
	case IDS_OPT_BYTE_JUMP:
		return match_byte_jump(m, &opt->jump, cursor);
	case IDS_OPT_BYTE_EXTRACT:
		return match_byte_extract(m, &opt->extract, *cursor);
	case IDS_OPT_ISDATAAT:
		return match_isdataat(m, &opt->isdataat, *cursor);
	}
	return false;
}

static bool match_from(struct match *m, uint16_t i, uint32_t cursor)
{
	for (; i < m->rule->opt_cnt; i++) {
		const struct ids_opt *opt = &m->rule->opts[i];

		if (opt->kind == IDS_OPT_CONTENT)
			return try_content(m, i, cursor);
		if (opt->kind == IDS_OPT_PCRE)
			return try_pcre(m, i, cursor);
		if (!spend(m, 1) || !match_one(m, opt, &cursor))
			return false;
	}
	return !m->view->fresh || m->reach > m->view->fresh;
}

enum ids_matched ids_match(const struct ids_rules *set,
			   const struct ids_rule *r, struct ids_view *v)
{
	struct match m = { .set = set, .rule = r, .view = v,
			   .steps = IDS_RULE_STEPS };

	if (match_from(&m, 0, 0))
		return IDS_YES;
	return m.limit ? IDS_LIMIT : IDS_NO;
}
