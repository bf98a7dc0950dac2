/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A chain's ports: on DEVICE [inside|outside] { "," DEVICE [inside|outside] } */
#include <ctype.h>
#include <string.h>

#include "chain_priv.h"

/* What the kernel allows as a device's name (dev_valid_name()), without what
 * could not be shown. */
static bool port_name_ok(const char *s)
{
	if (!*s || strlen(s) >= sizeof(((struct chain_port *)0)->name) ||
	    !strcmp(s, ".") || !strcmp(s, ".."))
		return false;
	for (; *s; s++)
		if (!isgraph((unsigned char)*s) || *s == '/' || *s == ':')
			return false;
	return true;
}

static int port_add(struct chain *c, const struct conf_word *name,
		    struct conf_error *err)
{
	struct chain_port *p = &c->ports[c->port_cnt];

	if (c->port_cnt == NFOLD_PORT_MAX)
		return conf_fail(err, &name->loc, NULL,
				 "a chain has at most %d ports", NFOLD_PORT_MAX);
	if (!port_name_ok(name->text))
		return conf_fail(err, &name->loc,
				 "1 to 15 characters, no '/', ':' or white space",
				 "'%s' can not be a device", name->text);
	for (uint32_t i = 0; i < c->port_cnt; i++)
		if (!strcmp(c->ports[i].name, name->text))
			return conf_fail(err, &name->loc, NULL,
					 "port '%s' is given twice, first on line %d",
					 name->text, c->ports[i].loc.line);
	*p = (struct chain_port){ .loc = name->loc };
	strcpy(p->name, name->text);
	c->port_cnt++;
	return 0;
}

static int port_role(struct chain_port *p, const struct conf_word *role,
		     struct conf_error *err)
{
	static const char *const roles[] = { "inside", "outside", NULL };
	size_t i;

	if (conf_choice(role, roles, &i, err))
		return -1;
	p->outside = i;
	return 0;
}

/* A word that begins a line where no word fits: most often the line before it
 * was not ended. */
static bool begins_line(const struct conf_stmt *s, size_t i)
{
	return s->words[i].loc.line != s->words[i - 1].loc.line;
}

static int port_odd_word(const struct conf_stmt *s, size_t i, const char *usage,
			 struct conf_error *err)
{
	const struct conf_word *w = &s->words[i];
	char hint[sizeof(err->hint)];

	snprintf(hint, sizeof(hint), "is a ';' missing before '%s'?", w->text);
	return conf_fail(err, &w->loc, begins_line(s, i) ? hint : usage,
			 "expected ',' before '%s'", w->text);
}

/* The statement says NAME and no role, and is not the only one: which way a
 * flow walks the chain must not be guessed. */
static int port_no_role(const struct conf_word *name, struct conf_error *err)
{
	return conf_fail(err, &name->loc, "inside or outside",
			 "port '%s' needs a role, being one of several",
			 name->text);
}

int chain_ports(struct chain *c, const struct conf_stmt *s,
		struct conf_error *err)
{
	static const char usage[] = "on DEVICE inside|outside, ...";
	size_t i = 1;

	if (conf_need_words(s, 2, SIZE_MAX, usage, err))
		return -1;
	while (i < s->word_cnt) {
		const struct conf_word *name = &s->words[i++];

		if (port_add(c, name, err))
			return -1;
		if (i < s->word_cnt && !chain_is_comma(&s->words[i])) {
			if (port_role(&c->ports[c->port_cnt - 1], &s->words[i],
				      err))
				return begins_line(s, i) ?
				       port_odd_word(s, i, usage, err) : -1;
			i++;
		} else if (s->word_cnt > 2) {
			return port_no_role(name, err);
		}
		if (i < s->word_cnt && !chain_is_comma(&s->words[i]))
			return port_odd_word(s, i, usage, err);
		i++;
	}
	return 0;
}
