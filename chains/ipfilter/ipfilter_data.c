/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What follows the qualifiers of a term: [POS:LEN], & MASK, the value. */
#include <stdio.h>
#include <string.h>

#include "ipfilter_parse.h"

/* Between the brackets: POS, POS:LEN or POS,LAST. */
static bool read_range(const char *s, uint32_t *off, uint32_t *len)
{
	size_t n = strcspn(s, ":,");
	char first[IPF_WORD_MAX];

	snprintf(first, sizeof(first), "%.*s", (int)n, s);
	*len = 1;
	if (!ipf_read_uint(first, off))
		return false;
	if (!s[n])
		return true;
	if (!ipf_read_uint(s + n + 1, len))
		return false;
	if (s[n] == ',')
		*len = *len >= *off ? *len - *off + 1 : 0;
	return true;
}

int ipf_take_brackets(struct ipf_parser *p, struct ipf_term *t)
{
	uint32_t first = p->pos, off, len;
	char text[IPF_WORD_MAX] = "", word[IPF_WORD_MAX];
	size_t n = 0;

	for (p->pos++; p->pos < p->cnt && !ipf_at(p, p->pos, "]"); p->pos++)
		if (n < sizeof(text))
			n += snprintf(text + n, sizeof(text) - n, "%s",
				      ipf_word(p, p->pos, word));
	if (p->pos == p->cnt)
		return ipf_fail(p, first, p->cnt, NULL, "']' is missing");
	p->pos++;
	if (n >= sizeof(text) || !read_range(text, &off, &len))
		return ipf_fail(p, first, p->pos, NULL,
				"expected [POS] or [POS:LEN], in bytes");
	if (len < 1 || len > 4)
		return ipf_fail(p, first, p->pos, NULL,
				"a field has 1 to 4 bytes");
	if (off > UINT16_MAX)
		return ipf_fail(p, first, p->pos, NULL,
				"no packet is that long");
	t->type = IPF_K_RAW;
	t->off = off;
	t->len = len;
	return 0;
}

int ipf_take_mask(struct ipf_parser *p, struct ipf_term *t)
{
	char buf[IPF_WORD_MAX];
	const char *w = ipf_word(p, p->pos + 1, buf);

	if (ipf_read_uint(w, &t->mask))
		t->mask_data = IPF_K_INT;
	else if (t->header != 'e' && ipf_read_host(w, &t->amask))
		t->mask_data = IPF_K_HOST;
	else if (t->header != 'i' && ipf_read_mac(w, t->mac_mask))
		t->mask_data = IPF_K_ETHER;
	else
		return ipf_fail(p, p->pos, p->pos + 2,
				"a number or an address, as in & 0x0f",
				"no mask after '&'");
	if (t->mask_data == IPF_K_INT && !t->mask)
		return ipf_fail(p, p->pos, p->pos + 2, NULL,
				"a mask of zero compares nothing");
	p->pos += 2;
	return 0;
}

static const struct ipf_name *find_name(const struct ipfilter *f,
					const char *word)
{
	for (uint32_t i = 0; i < f->name_cnt; i++)
		if (!strcmp(f->names[i].name, word))
			return &f->names[i];
	return NULL;
}

static bool read_host(const struct ipf_name *n, const char *w,
		      struct ipf_addr *out)
{
	if (n && n->host.family)
		*out = n->host;
	return (n && n->host.family) || ipf_read_host(w, out);
}

static bool read_net(const struct ipf_name *n, const char *w,
		     struct ipf_addr *out)
{
	if (n && n->net.family)
		*out = n->net;
	return (n && n->net.family) || ipf_read_net(w, out, NULL);
}

static bool read_mac(const struct ipf_name *n, const char *w, uint8_t out[6])
{
	if (n && n->has_mac)
		memcpy(out, n->mac, 6);
	return (n && n->has_mac) || ipf_read_mac(w, out);
}

/* ADDRESS mask MASK */
static int take_address_mask(struct ipf_parser *p, struct ipf_term *t)
{
	char buf[IPF_WORD_MAX];
	struct ipf_addr m;

	if (!ipf_read_host(ipf_word(p, p->pos + 1, buf), &m) ||
	    m.family != t->addr.family)
		return ipf_fail(p, p->pos, p->pos + 2,
				"as in 10.0.0.0 mask 255.0.0.0",
				"no mask of the address's family after 'mask'");
	p->pos += 2;
	t->addr.mask = m.addr;
	t->data = IPF_K_NET;
	return 0;
}

/* 1: it was one. */
static int take_address(struct ipf_parser *p, struct ipf_term *t,
			const char *w)
{
	const struct ipf_name *name = find_name(p->f, w);

	if (t->header != 'e' && read_host(name, w, &t->addr)) {
		t->data = IPF_K_HOST;
		p->pos++;
		if (ipf_at(p, p->pos, "mask"))
			return take_address_mask(p, t) ? -1 : 1;
		if (t->type == IPF_K_NET && read_net(name, w, &t->addr))
			t->data = IPF_K_NET;
		return 1;
	}
	if (t->header != 'e' && read_net(name, w, &t->addr))
		t->data = IPF_K_NET;
	else if (t->header != 'i' && read_mac(name, w, t->mac))
		t->data = IPF_K_ETHER;
	else
		return 0;
	p->pos++;
	return 1;
}

static int fail_name(struct ipf_parser *p, const struct ipf_term *t,
		     const char *w)
{
	char meanings[96], hint[128];

	ipf_meanings(w, meanings, sizeof(meanings));
	snprintf(hint, sizeof(hint), "it may be: %s", meanings);
	return ipf_fail(p, t->first, p->pos + 1, hint,
			t->type || t->proto != IPF_PROTO_UNKNOWN ?
			"'%s' means nothing here" : "'%s' has two meanings", w);
}

int ipf_take_data(struct ipf_parser *p, struct ipf_term *t, bool has_op)
{
	char buf[IPF_WORD_MAX];
	const char *w = ipf_word(p, p->pos, buf);
	uint32_t value;
	int got;

	t->data = ipf_type_word(w) ? IPF_K_NONE :
		  ipf_lookup(w, t->type, t->proto, &value);
	if (t->data == IPF_K_BAD)
		return fail_name(p, t, w);
	if (t->data == IPF_K_NONE && ipf_read_uint(w, &value))
		t->data = IPF_K_INT;
	if (t->data != IPF_K_NONE) {
		t->value = value;
		p->pos++;
		return 0;
	}
	got = take_address(p, t, w);
	if (!got && has_op)
		return ipf_fail(p, t->first, p->pos + 1, NULL,
				"no value after the operator");
	return got < 0 ? -1 : 0;
}
