/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* address NAME ADDRESS ...: what Click's AddressInfo says of a name. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ipfilter_parse.h"

static int set_host(struct ipf_name *n, const struct ipf_addr *a)
{
	if (n->host.family)
		return -1;
	n->host = *a;
	return 0;
}

/* As AddressInfo does: 10.0.0.1/8 is an address and a network, 10.0.0.0/8 only a
 * network. -1: the name has one of the sort already. */
static int set_net(struct ipf_name *n, const struct ipf_addr *net,
		   struct ipf_addr *host)
{
	if (n->net.family)
		return -1;
	n->net = *net;
	if (!memcmp(&host->addr, &net->addr, sizeof(net->addr)))
		return 0;
	memset(&host->mask, 0xff, host->family == 4 ? 4 : 16);
	return set_host(n, host);
}

static int set_mac(struct ipf_name *n, const uint8_t mac[6])
{
	if (n->has_mac)
		return -1;
	n->has_mac = true;
	memcpy(n->mac, mac, 6);
	return 0;
}

static int set_value(struct ipf_name *n, const struct conf_word *w,
		     struct conf_error *err)
{
	struct ipf_addr a, host;
	uint8_t mac[6];
	int twice;

	if (ipf_read_host(w->text, &a))
		twice = set_host(n, &a);
	else if (ipf_read_net(w->text, &a, &host))
		twice = set_net(n, &a, &host);
	else if (ipf_read_mac(w->text, mac))
		twice = set_mac(n, mac);
	else
		return conf_fail(err, &w->loc,
				 "as in 10.0.0.1, 10.0.0.0/8, 2001:db8::/32 or 02:00:00:00:00:01",
				 "'%s' is no address", w->text);
	if (!twice)
		return 0;
	return conf_fail(err, &w->loc, "give it another name",
			 "'%s' has an address of this sort already", n->name);
}

static bool name_ok(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*s) && *s != '_')
		return false;
	while (isalnum((unsigned char)s[n]) || (s[n] && strchr("_-.:@", s[n])))
		n++;
	return !s[n] && n < IPF_WORD_MAX;
}

static int check_name(const struct ipfilter *f, const struct conf_word *w,
		      struct conf_error *err)
{
	uint32_t value;

	if (!name_ok(w->text))
		return conf_fail(err, &w->loc, "a letter, then letters, digits and any of _-.:@",
				 "'%s' can not be a name", w->text);
	if (ipf_lookup(w->text, IPF_K_NONE, IPF_PROTO_UNKNOWN, &value) ||
	    ipf_is_word(w->text))
		return conf_fail(err, &w->loc, "take another name",
				 "'%s' is a word of the rules", w->text);
	for (uint32_t i = 0; i < f->name_cnt; i++)
		if (!strcmp(f->names[i].name, w->text))
			return conf_fail(err, &w->loc, "put all its addresses in one statement",
					 "'%s' has its address already",
					 w->text);
	return 0;
}

int ipf_add_name(struct ipfilter *f, const struct conf_stmt *s,
		 struct conf_error *err)
{
	struct ipf_name *n, *names;

	if (conf_need_words(s, 3, 5, "address NAME ADDRESS ...", err) ||
	    check_name(f, &s->words[1], err))
		return -1;
	names = realloc(f->names, (f->name_cnt + 1) * sizeof(*names));
	if (!names)
		return conf_fail(err, &s->loc, NULL, "no memory for a name");
	f->names = names;
	n = &names[f->name_cnt];
	*n = (struct ipf_name){ .name = strdup(s->words[1].text) };
	if (!n->name)
		return conf_fail(err, &s->loc, NULL, "no memory for a name");
	f->name_cnt++;		/* from here on exit frees it */
	for (size_t i = 2; i < s->word_cnt; i++)
		if (set_value(n, &s->words[i], err))
			return -1;
	return 0;
}
