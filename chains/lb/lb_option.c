/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a service block holds beside vips and backends. */
#include <arpa/inet.h>
#include <string.h>

#include "lb.h"

#define GUE_PORT 6080		/* IANA */
#define DSR_USAGE "dsr ipip|gue [v4|v6] from ADDRESS [port N]"

const char *const lb_on_remove_words[] = { "drain", "rehash", "reset", NULL };

static int set_on_remove(struct lb_service *svc, const struct conf_stmt *s,
			 struct conf_error *err)
{
	size_t i;

	if (conf_need_words(s, 2, 2, "on-remove drain|rehash|reset", err) ||
	    conf_choice(&s->words[1], lb_on_remove_words, &i, err))
		return -1;
	svc->on_remove = i;
	return 0;
}

static int set_tuple(struct lb_service *svc, const struct conf_stmt *s,
		     struct conf_error *err)
{
	static const char *const words[] = { "5", "3", NULL };
	size_t i;

	if (conf_need_words(s, 2, 2, "tuple 5|3", err) ||
	    conf_choice(&s->words[1], words, &i, err))
		return -1;
	svc->tuple = i ? 3 : 5;
	return 0;
}

static int set_from(struct lb_service *svc, const struct conf_word *w,
		    struct conf_error *err)
{
	int family;

	if (conf_addr(w, &family, &svc->tunnel.local, err))
		return -1;
	if (svc->backend_family && svc->backend_family != family)
		return conf_fail(err, &w->loc, NULL, "%s is not IPv%d",
				 w->text, svc->backend_family);
	svc->backend_family = family;
	svc->tunnel.family = family;
	return 0;
}

static int set_port(struct lb_service *svc, const struct conf_word *w,
		    struct conf_error *err)
{
	uint64_t n;

	if (svc->tunnel.kind != NF_TUNNEL_GUE)
		return conf_fail(err, &w->loc, "leave it out",
				 "ipip has no port");
	if (conf_uint(w, 1, 65535, &n, err))
		return -1;
	svc->tunnel.port = htons(n);
	return 0;
}

/* Words in pairs, behind kind and family. */
static int set_dsr_rest(struct lb_service *svc, const struct conf_stmt *s,
			size_t i, struct conf_error *err)
{
	static const char *const keys[] = { "from", "port", NULL };
	size_t key;

	for (; i < s->word_cnt; i += 2) {
		if (conf_choice(&s->words[i], keys, &key, err))
			return -1;
		if (i + 1 == s->word_cnt)
			return conf_fail(err, &s->words[i].loc, DSR_USAGE,
					 "%s needs a value", keys[key]);
		if (key ? set_port(svc, &s->words[i + 1], err) :
			  set_from(svc, &s->words[i + 1], err))
			return -1;
	}
	if (!svc->tunnel.family)
		return conf_fail(err, &s->loc, DSR_USAGE,
				 "dsr needs the address that tunnels begin at");
	return 0;
}

static int set_dsr(struct lb_service *svc, const struct conf_stmt *s,
		   struct conf_error *err)
{
	static const char *const kinds[] = { "ipip", "gue", NULL };
	size_t kind, next = 2;

	if (conf_need_words(s, 2, 7, DSR_USAGE, err) ||
	    conf_choice(&s->words[1], kinds, &kind, err))
		return -1;
	svc->dsr = true;
	svc->tunnel = (struct nf_tunnel){
		.kind = kind ? NF_TUNNEL_GUE : NF_TUNNEL_IPIP,
		.ttl = NF_TUNNEL_TTL,
		.copy_dscp = true,
		.port = kind ? htons(GUE_PORT) : 0,
	};
	if (s->word_cnt > 2 && (!strcmp(s->words[2].text, "v4") ||
				!strcmp(s->words[2].text, "v6"))) {
		svc->backend_family = s->words[2].text[1] - '0';
		next++;
	}
	return set_dsr_rest(svc, s, next, err);
}

static const struct {
	const char *key;
	int (*set)(struct lb_service *svc, const struct conf_stmt *s,
		   struct conf_error *err);
} options[] = {
	{ "on-remove", set_on_remove },
	{ "tuple", set_tuple },
	{ "dsr", set_dsr },
	{ "health", lb_set_health },
};

int lb_set_option(struct lb_service *svc, const struct conf_stmt *s,
		  struct conf_error *err)
{
	static const char *const known[] = { "vip", "backend", "on-remove",
					     "tuple", "dsr", "health", NULL };

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (!strcmp(s->words[0].text, options[i].key))
			return options[i].set(svc, s, err);
	return conf_unknown(s, known, err);
}
