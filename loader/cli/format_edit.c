// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Edit records (maps/edit.h) as text and as JSON. A record that is given away
 * meanwhile shows what its next owner does: for people, not for programs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../../maps/bytes.h"
#include "../../maps/edit_word.h"
#include "format.h"

/* *word is room for what is no record. NULL: no edit. */
static const struct nfold_edit *edit_of(const struct view_flow *f,
					struct nfold_edit *word)
{
	const struct instance_maps *m = &f->view->maps;
	uint32_t ref = f->e.act.edit;

	if (f->e.act.verdict != NFOLD_VERDICT_FORWARD || !ref)
		return NULL;
	if (ref & NFOLD_EDIT_WORD) {
		if (!m->tmpls)
			return NULL;
		*word = nfold_edit_of_word(
			ref, &m->tmpls[NFOLD_EDIT_WORD_TMPL(ref)]);
		return word;
	}
	if (!m->edits || ref > m->edit_cnt)
		return NULL;
	return &m->edits[ref - 1];
}

static const struct nfold_tmpl *tmpl_of(const struct view_flow *f,
					const struct nfold_edit *e, int i)
{
	uint16_t ref = e->tmpl[i];

	if (!ref || ref > NFOLD_TMPL_CNT || !f->view->maps.tmpls)
		return NULL;
	return &f->view->maps.tmpls[ref - 1];
}

static uint16_t half(uint32_t word, int i)
{
	return ntohs(load16((const uint8_t *)&word + 2 * i));
}

/* IPIP by its number: what else is in UDP is told by the port. */
static const char *kind_of(const struct nfold_tmpl *t)
{
	switch (t->bytes[t->family == 4 ? 9 : 6]) {
	case IPPROTO_GRE:
		return "gre";
	case IPPROTO_AH:
		return "ah";
	case IPPROTO_UDP:
		return t->len - t->udp_off == 30 ? "vxlan" : "gue";
	}
	return "ipip";
}

static void ends(const struct nfold_tmpl *t, char local[INET6_ADDRSTRLEN],
		 char remote[INET6_ADDRSTRLEN])
{
	int af = t->family == 4 ? AF_INET : AF_INET6;

	inet_ntop(af, t->bytes + (t->family == 4 ? 12 : 8), local,
		  INET6_ADDRSTRLEN);
	inet_ntop(af, t->bytes + (t->family == 4 ? 16 : 24), remote,
		  INET6_ADDRSTRLEN);
}

/* A part of the text, with a comma in front unless it is the first. */
__attribute__((format(printf, 3, 4)))
static void add(char *buf, size_t size, const char *fmt, ...)
{
	size_t n = strlen(buf);
	va_list ap;

	if (n && n + 2 < size)
		n += snprintf(buf + n, size - n, ", ");
	va_start(ap, fmt);
	vsnprintf(buf + n, size - n, fmt, ap);
	va_end(ap);
}

void format_edit(char *buf, size_t size, const struct view_flow *f)
{
	struct nfold_edit word;
	const struct nfold_edit *e = edit_of(f, &word);

	*buf = '\0';
	if (!e)
		return;
	if (e->flags & NFOLD_EDIT_DSCP)
		add(buf, size, "dscp %d", e->dscp >> 2);
	if (e->flags & NFOLD_EDIT_SEQ)
		add(buf, size, "seq %+d ack %+d", (int)e->seq_add,
		    (int)e->ack_add);
	if (e->strip)
		add(buf, size, "%d tag%s off", e->strip,
		    e->strip > 1 ? "s" : "");
	if (e->flags & NFOLD_EDIT_UNWRAP)
		add(buf, size, "tunnel header off");
	for (int i = 0; i < NFOLD_LAYER_MAX; i++) {
		const struct nfold_tmpl *t = tmpl_of(f, e, i);
		char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];

		if (!t)
			continue;
		ends(t, local, remote);
		add(buf, size, "in %s %s > %s", kind_of(t), local, remote);
	}
	for (int i = e->push; i--;)
		add(buf, size, "tag 0x%04x vlan %d on", half(e->tag[i], 0),
		    half(e->tag[i], 1) & 0xfff);
}

static json_t *tunnels_json(const struct view_flow *f,
			    const struct nfold_edit *e)
{
	json_t *list = json_array();

	for (int i = 0; i < NFOLD_LAYER_MAX; i++) {
		const struct nfold_tmpl *t = tmpl_of(f, e, i);
		char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];

		if (!t)
			continue;
		ends(t, local, remote);
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:i, s:i}", "kind",
					kind_of(t), "local", local, "remote",
					remote, "bytes", t->len, "sport",
					ntohs(e->sport[i])));
	}
	return list;
}

json_t *format_edit_json(const struct view_flow *f)
{
	struct nfold_edit word;
	const struct nfold_edit *e = edit_of(f, &word);
	json_t *tags;

	if (!e)
		return json_null();
	tags = json_array();
	for (int i = 0; i < e->push && i < NFOLD_TAG_MAX; i++)
		json_array_append_new(
			tags, json_pack("{s:i, s:i}", "tpid",
					half(e->tag[i], 0), "tci",
					half(e->tag[i], 1)));
	return json_pack("{s:o, s:I, s:I, s:i, s:b, s:o, s:o}", "dscp",
			 e->flags & NFOLD_EDIT_DSCP ?
				 json_integer(e->dscp >> 2) :
				 json_null(),
			 "seq_add", (json_int_t)e->seq_add, "ack_add",
			 (json_int_t)e->ack_add, "tags_off", e->strip,
			 "tunnel_off", !!(e->flags & NFOLD_EDIT_UNWRAP),
			 "tags_on", tags, "tunnels", tunnels_json(f, e));
}
