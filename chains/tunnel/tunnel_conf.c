// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The keys of `tunnel { ... }`; what they mean stands in README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "tunnel.h"

#define VXLAN_PORT 4789		/* RFC 7348 section 5 */
#define GUE_PORT 6080		/* IANA */

const char *const tunnel_kinds[] = { "ipip", "gre", "vxlan", "gue", NULL };

typedef int (*set_fn)(struct tunnel *t, const struct conf_word *w,
		      struct conf_error *err);

static int set_kind(struct tunnel *t, const struct conf_word *w,
		    struct conf_error *err)
{
	size_t i;

	if (conf_choice(w, tunnel_kinds, &i, err))
		return -1;
	t->header.kind = i;
	return 0;
}

static int set_addr(struct tunnel *t, struct nf_addr *to,
		    const struct conf_word *w, struct conf_error *err)
{
	int family;

	if (conf_addr(w, &family, to, err))
		return -1;
	if (t->header.family && t->header.family != family)
		return conf_fail(err, &w->loc, NULL,
				 "local and remote are of different families");
	t->header.family = family;
	return 0;
}

static int set_local(struct tunnel *t, const struct conf_word *w,
		     struct conf_error *err)
{
	return set_addr(t, &t->header.local, w, err);
}

static int set_remote(struct tunnel *t, const struct conf_word *w,
		      struct conf_error *err)
{
	return set_addr(t, &t->header.remote, w, err);
}

static int set_port(struct tunnel *t, const struct conf_word *w,
		    struct conf_error *err)
{
	uint64_t n;

	if (conf_uint(w, 1, 65535, &n, err))
		return -1;
	t->header.port = htons(n);
	return 0;
}

static int set_vni(struct tunnel *t, const struct conf_word *w,
		   struct conf_error *err)
{
	uint64_t n;

	if (conf_uint(w, 0, 0xffffff, &n, err))
		return -1;
	t->header.vni = n;
	return 0;
}

static int set_ttl(struct tunnel *t, const struct conf_word *w,
		   struct conf_error *err)
{
	uint64_t n;

	if (conf_uint(w, 1, 255, &n, err))
		return -1;
	t->header.ttl = n;
	return 0;
}

static int set_dscp(struct tunnel *t, const struct conf_word *w,
		    struct conf_error *err)
{
	t->header.copy_dscp = !strcmp(w->text, "copy");
	return t->header.copy_dscp ? 0 :
				     key_match_dscp(w, &t->header.dscp, err);
}

static int mac(uint8_t *to, const struct conf_word *w, struct conf_error *err)
{
	unsigned int b[6];
	char rest;

	if (sscanf(w->text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2],
		   &b[3], &b[4], &b[5], &rest) != 6)
		return conf_fail(err, &w->loc, "six bytes: 02:00:00:00:00:01",
				 "'%s' is no MAC address", w->text);
	for (int i = 0; i < 6; i++)
		to[i] = b[i];
	return 0;
}

static int set_remote_mac(struct tunnel *t, const struct conf_word *w,
			  struct conf_error *err)
{
	return mac(t->header.dmac, w, err);
}

static int set_local_mac(struct tunnel *t, const struct conf_word *w,
			 struct conf_error *err)
{
	return mac(t->header.smac, w, err);
}

static int set_match(struct tunnel *t, const struct conf_word *w,
		     struct conf_error *err)
{
	if (key_match_compile(&t->match, w, err))
		return -1;
	t->expr = strdup(w->text);
	if (t->expr)
		return 0;
	pcap_freecode(&t->match);
	return conf_fail(err, &w->loc, NULL, "no memory");
}

#define UDP (1 << NF_TUNNEL_VXLAN | 1 << NF_TUNNEL_GUE)
#define ANY 0xff

static const struct {
	const char *key, *usage;
	set_fn set;
	int kinds;		/* bits by enum nf_tunnel_kind */
} keys[] = {
	{ "kind", "kind ipip|gre|vxlan|gue", set_kind, ANY },
	{ "local", "local ADDRESS", set_local, ANY },
	{ "remote", "remote ADDRESS", set_remote, ANY },
	{ "match", "match \"EXPRESSION\"", set_match, ANY },
	{ "ttl", "ttl NUMBER", set_ttl, ANY },
	{ "dscp", "dscp copy|DSCP", set_dscp, ANY },
	{ "port", "port NUMBER", set_port, UDP },
	{ "vni", "vni NUMBER", set_vni, 1 << NF_TUNNEL_VXLAN },
	{ "remote-mac", "remote-mac MAC", set_remote_mac,
	  1 << NF_TUNNEL_VXLAN },
	{ "local-mac", "local-mac MAC", set_local_mac, 1 << NF_TUNNEL_VXLAN },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int set_stmt(struct tunnel *t, const struct conf_block *block,
		    const struct conf_stmt *s, struct conf_error *err)
{
	const char *known[KEYS + 1] = { NULL };

	for (size_t i = 0; i < KEYS; i++) {
		known[i] = keys[i].key;
		if (strcmp(s->words[0].text, keys[i].key))
			continue;
		if (conf_find(block, keys[i].key) != s)
			return conf_fail(err, &s->loc, "remove one of them",
					 "%s is given twice", keys[i].key);
		if (conf_need_words(s, 2, 2, keys[i].usage, err))
			return -1;
		return keys[i].set(t, &s->words[1], err);
	}
	return conf_unknown(s, known, err);
}

/* Given what is not this kind's, or not given what is needed. */
static int check_keys(const struct tunnel *t, const struct conf_block *block,
		      struct conf_error *err)
{
	static const char *const needed[] = { "kind", "local", "remote" };
	bool vxlan = t->header.kind == NF_TUNNEL_VXLAN;

	for (size_t i = 0; i < 3; i++)
		if (!conf_find(block, needed[i]))
			return conf_fail(err, &block->loc, NULL,
					 "a tunnel needs %s", needed[i]);
	for (size_t i = 0; i < KEYS; i++) {
		const struct conf_stmt *s = conf_find(block, keys[i].key);

		if (s && !(keys[i].kinds & 1 << t->header.kind))
			return conf_fail(err, &s->loc, NULL,
					 "%s has no %s",
					 tunnel_kinds[t->header.kind],
					 keys[i].key);
	}
	if (vxlan && !conf_find(block, "vni"))
		return conf_fail(err, &block->loc, "vni 0 to 16777215",
				 "vxlan needs vni");
	if (vxlan && !conf_find(block, "remote-mac"))
		return conf_fail(err, &block->loc,
				 "the MAC address of the other end's VXLAN device",
				 "vxlan needs remote-mac");
	return 0;
}

int tunnel_configure(struct tunnel *t, const struct conf_block *block,
		     struct conf_error *err)
{
	t->header.ttl = NF_TUNNEL_TTL;
	t->header.copy_dscp = true;
	for (size_t i = 0; i < block->cnt; i++)
		if (set_stmt(t, block, &block->stmts[i], err))
			return -1;
	if (check_keys(t, block, err))
		return -1;
	if (!t->header.port)
		t->header.port = t->header.kind == NF_TUNNEL_VXLAN ?
					 htons(VXLAN_PORT) :
				 t->header.kind == NF_TUNNEL_GUE ?
					 htons(GUE_PORT) : 0;
	/* Locally administered, by the local end's last bytes. */
	if (!conf_find(block, "local-mac")) {
		t->header.smac[0] = 2;
		memcpy(t->header.smac + 2,
		       &t->header.local.a[t->header.family == 4 ? 0 : 3], 4);
	}
	return 0;
}
