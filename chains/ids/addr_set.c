// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "addr_set.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define NEST_MAX 8		/* lists in lists, variables in variables */
#define SETS_MAX 65535

/* One of a list: a prefix, or a list. */
struct addr_item {
	struct addr_item *next;
	struct addr_list *list;	/* NULL: a prefix */
	struct nf_addr addr;
	uint8_t family;
	uint8_t len;
	bool negated;
};

/* No items: any. */
struct addr_list {
	struct addr_item *first;
};

struct reader {
	struct arena *arena;
	const struct ids_vars *vars;
	int nest;
};

static int read_item(struct reader *r, struct rule_scan *s,
		     struct addr_item **out);

static int read_prefix(struct rule_scan *s, struct rule_word w,
		       struct addr_item *item)
{
	char buf[64];
	struct conf_word word = { .text = buf };
	unsigned int len;
	int family;

	word.loc = rule_place(s->text, w.at, w.len);
	if (w.len >= sizeof(buf) || !w.len)
		return rule_fail_word(s, w, "as in 192.0.2.0/24, $HOME_NET, [a, !b] or any",
				      "expected an address");
	memcpy(buf, w.at, w.len);
	buf[w.len] = 0;
	if (conf_prefix(&word, &family, &item->addr, &len, s->err))
		return -1;
	item->family = family;
	item->len = len;
	return 0;
}

/* What the bracket was opened for; s stands behind it. */
static int read_list(struct reader *r, struct rule_scan *s, const char *open,
		     struct addr_list *list)
{
	struct addr_item **tail = &list->first;

	do {
		if (read_item(r, s, tail))
			return -1;
		tail = &(*tail)->next;
	} while (rule_take(s, ','));
	if (!rule_take(s, ']'))
		return rule_fail(s, open, 1, "close the list with ]",
				 "this list is not closed");
	return 0;
}

/* The value of a variable; what is wrong in it is shown where it is used. */
static int read_var(struct reader *r, struct rule_scan *s,
		    struct addr_item **out)
{
	const struct ids_var *v;
	struct rule_word name;
	struct conf_loc loc;
	struct rule_text text = { .fixed = &loc };
	struct rule_scan in = { .text = &text, .err = s->err };

	if (ids_var_use(r->vars, s, IDS_VAR_ADDRS, &v, &name))
		return -1;
	loc = rule_place(s->text, name.at, name.len);
	text.bytes = v->value;
	text.len = strlen(v->value);
	in.at = v->value;
	in.end = v->value + text.len;
	if (read_item(r, &in, out))
		return -1;
	return rule_end(&in);
}

static int read_list_item(struct reader *r, struct rule_scan *s,
			  struct addr_item *item)
{
	const char *open = s->at++;

	item->list = arena_alloc(r->arena, sizeof(*item->list));
	if (!item->list)
		return rule_fail(s, open, 1, NULL, "no memory");
	return read_list(r, s, open, item->list);
}

static int read_plain(struct reader *r, struct rule_scan *s,
		      struct addr_item *item)
{
	struct rule_word w;

	if (s->at < s->end && *s->at == '[')
		return read_list_item(r, s, item);
	w = rule_take_word(s, ",]();");
	if (!rule_is(w, "any"))
		return read_prefix(s, w, item);
	if (item->negated)
		return rule_fail_word(s, w, NULL, "!any is no address");
	item->list = arena_alloc(r->arena, sizeof(*item->list));
	return item->list ? 0 : rule_fail_word(s, w, NULL, "no memory");
}

static int read_item(struct reader *r, struct rule_scan *s,
		     struct addr_item **out)
{
	bool negated = false;
	int err;

	while (rule_take(s, '!'))
		negated = !negated;
	if (++r->nest > NEST_MAX)
		return rule_fail(s, s->at, 1, NULL,
				 "lists and variables are nested too deep");
	if (s->at < s->end && *s->at == '$') {
		err = read_var(r, s, out);
	} else {
		*out = arena_alloc(r->arena, sizeof(**out));
		if (!*out)
			return rule_fail(s, s->at, 1, NULL, "no memory");
		(*out)->negated = negated;
		negated = false;
		err = read_plain(r, s, *out);
	}
	if (!err)
		(*out)->negated ^= negated;
	if (!err && (*out)->negated && (*out)->list && !(*out)->list->first)
		err = rule_fail(s, s->at, 1, NULL, "!any is no address");
	r->nest--;
	return err;
}

static bool list_same(const struct addr_list *a, const struct addr_list *b)
{
	const struct addr_item *x = a->first, *y = b->first;

	for (; x && y; x = x->next, y = y->next) {
		if (x->negated != y->negated || !x->list != !y->list)
			return false;
		if (x->list ? !list_same(x->list, y->list) :
			      x->family != y->family || x->len != y->len ||
			      memcmp(&x->addr, &y->addr, sizeof(x->addr)))
			return false;
	}
	return !x && !y;
}

static int keep(struct addr_sets *sets, struct addr_list *list, uint16_t *out)
{
	for (*out = 0; *out < sets->cnt; ++*out)
		if (list_same(sets->sets[*out], list))
			return 0;
	if (sets->cnt == sets->cap) {
		uint16_t cap = sets->cap ? (sets->cap < SETS_MAX / 2 ?
					    sets->cap * 2 : SETS_MAX) : 16;
		struct addr_list **more;

		if (sets->cap == SETS_MAX)
			return -1;
		more = realloc(sets->sets, cap * sizeof(*more));
		if (!more)
			return -1;
		sets->sets = more;
		sets->cap = cap;
	}
	sets->sets[sets->cnt++] = list;
	return 0;
}

int addr_set_read(struct addr_sets *sets, struct arena *arena,
		  const struct ids_vars *vars, struct rule_scan *s,
		  uint16_t *out)
{
	struct reader r = { .arena = arena, .vars = vars };
	struct addr_list *list = arena_alloc(arena, sizeof(*list));

	rule_skip(s);
	if (!list)
		return rule_fail(s, s->at, 1, NULL, "no memory");
	if (read_item(&r, s, &list->first))
		return -1;
	while (list->first && !list->first->negated && list->first->list &&
	       !list->first->next)
		list = list->first->list;
	if (keep(sets, list, out))
		return rule_fail(s, s->at, 1, NULL,
				 "no memory, or more than %d different lists of addresses",
				 SETS_MAX);
	return 0;
}

static bool prefix_has(const struct addr_item *item, int family,
		       const struct nf_addr *addr)
{
	if (item->family != family)
		return false;
	for (unsigned int i = 0; i * 32 < item->len; i++) {
		unsigned int bits = item->len - i * 32;
		__be32 mask = bits >= 32 ? ~0U : htonl(~0U << (32 - bits));

		if ((addr->a[i] ^ item->addr.a[i]) & mask)
			return false;
	}
	return true;
}

static bool list_has(const struct addr_list *list, int family,
		     const struct nf_addr *addr)
{
	bool plain = false, found = false;

	for (const struct addr_item *i = list->first; i; i = i->next) {
		bool in = i->list ? list_has(i->list, family, addr) :
				    prefix_has(i, family, addr);

		if (i->negated && in)
			return false;
		plain |= !i->negated;
		found |= in && !i->negated;
	}
	return found || !plain;
}

bool addr_set_has(const struct addr_sets *sets, uint16_t set, int family,
		  const struct nf_addr *addr)
{
	return list_has(sets->sets[set], family, addr);
}

void addr_sets_free(struct addr_sets *sets)
{
	free(sets->sets);
	*sets = (struct addr_sets){ 0 };
}
