// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* export ipfix ADDR:PORT [active 60s] [idle 15s] [template-refresh 10m]
 *	[template-messages 1000] [domain N];
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ipfix_export.h"

static const char usage[] =
	"export ipfix ADDRESS:PORT [active D] [idle D] [template-refresh D] [template-messages N] [domain N]";

static int set_time(const struct conf_word *w, uint64_t *ns,
		    struct conf_error *err)
{
	if (conf_duration(w, ns, err))
		return -1;
	if (*ns < NF_SEC)
		return conf_fail(err, &w->loc, "1s or more",
				 "%s is too short", w->text);
	return 0;
}

static int set_option(struct ipfix_export *x, const struct conf_word *w,
		      struct conf_error *err)
{
	static const char *const options[] = {
		"active", "idle", "template-refresh", "template-messages",
		"domain", NULL,
	};
	uint64_t *const times[] = { &x->active_ns, &x->idle_ns, &x->refresh_ns };
	uint64_t n;
	size_t i;

	if (conf_choice(w, options, &i, err))
		return -1;
	if (i < 3)
		return set_time(w + 1, times[i], err);
	if (conf_uint(w + 1, 1, UINT32_MAX, &n, err))
		return -1;
	*(i == 3 ? &x->refresh_msgs : &x->domain) = n;
	return 0;
}

static int set_collector(struct nf_collector *c, const struct conf_word *w,
			 struct conf_error *err)
{
	uint8_t l4proto;
	int family;

	if (conf_endpoint(w, &family, &c->addr, &c->port, &l4proto, err))
		return -1;
	if (l4proto == IPPROTO_TCP)
		return conf_fail(err, &w->loc, "leave /tcp away",
				 "IPFIX is exported over UDP");
	c->family = family;
	return 0;
}

int ipfix_export_conf(struct nf *nf, const struct conf_stmt *s,
		      struct conf_error *err)
{
	static const char *const protocols[] = { "ipfix", NULL };
	struct monitor *m = nf->priv;
	struct ipfix_export *x = calloc(1, sizeof(*x));
	size_t i;

	m->export = x;		/* monitor_exit() frees it */
	if (!x)
		return conf_fail(err, &s->loc, NULL, "no memory for export");
	*x = (struct ipfix_export){
		.active_ns = 60 * NF_SEC, .idle_ns = 15 * NF_SEC,
		.refresh_ns = 600 * NF_SEC, .refresh_msgs = 1000,
		.domain = nf->index + 1,
	};
	ipfix_begin(&x->msg);
	if (conf_need_words(s, 3, 13, usage, err) ||
	    conf_choice(&s->words[1], protocols, &i, err) ||
	    set_collector(&nf->collector, &s->words[2], err))
		return -1;
	if (!(s->word_cnt & 1))
		return conf_fail(err, &s->words[s->word_cnt - 1].loc, usage,
				 "'%s' needs a value",
				 s->words[s->word_cnt - 1].text);
	for (i = 3; i < s->word_cnt; i += 2)
		if (set_option(x, &s->words[i], err))
			return -1;
	return 0;
}
