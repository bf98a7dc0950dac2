// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "rule_var.h"

#include <ctype.h>
#include <string.h>

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

const struct ids_var *ids_var_find(const struct ids_vars *vars,
				   struct rule_word name)
{
	for (const struct ids_var *v = vars->first; v; v = v->next)
		if (strlen(v->name) == name.len &&
		    !memcmp(v->name, name.at, name.len))
			return v;
	return NULL;
}

static int var_set(struct ids_vars *vars, struct arena *arena,
		   struct rule_word name, struct rule_word value,
		   enum ids_var_kind kind, bool fixed)
{
	struct ids_var *v = (struct ids_var *)ids_var_find(vars, name);

	if (v && v->fixed)
		return 0;
	if (!v) {
		v = arena_alloc(arena, sizeof(*v));
		if (!v)
			return -1;
		v->name = arena_copy(arena, name.at, name.len);
		v->next = vars->first;
		vars->first = v;
	}
	v->value = arena_copy(arena, value.at, value.len);
	v->kind = kind;
	v->fixed = fixed;
	return v->name && v->value ? 0 : -1;
}

int ids_var_fix(struct ids_vars *vars, struct arena *arena, const char *name,
		const char *value)
{
	struct rule_word n = { name, strlen(name) };
	struct rule_word v = { value, strlen(value) };

	return var_set(vars, arena, n, v, IDS_VAR_ANY, true);
}

int ids_var_read(struct ids_vars *vars, struct arena *arena, struct rule_scan *s,
		 enum ids_var_kind kind)
{
	struct rule_word name = rule_take_word(s, ""), value;

	for (size_t i = 0; i < name.len; i++)
		if (!name_char(name.at[i]))
			return rule_fail_word(s, name,
					      "letters, digits and _ make a name",
					      "'%.*s' is not a name",
					      (int)name.len, name.at);
	rule_skip(s);
	value = rule_trim((struct rule_word){ s->at, s->end - s->at });
	s->at = s->end;
	if (!name.len || !value.len)
		return rule_fail_word(s, name, "as in ipvar HOME_NET 10.0.0.0/8",
				      "expected a name and a value");
	if (var_set(vars, arena, name, value, kind, false))
		return rule_fail_word(s, name, NULL, "no memory");
	return 0;
}

int ids_var_use(const struct ids_vars *vars, struct rule_scan *s,
		enum ids_var_kind kind, const struct ids_var **out,
		struct rule_word *name)
{
	static const char *const what[] = { "", "addresses", "ports" };
	const char *start = s->at++;
	struct rule_word n = { s->at, 0 };

	while (s->at < s->end && name_char(*s->at))
		s->at++;
	n.len = s->at - n.at;
	*out = ids_var_find(vars, n);
	name->at = start;
	name->len = s->at - start;
	if (!*out)
		return rule_fail_word(s, *name,
				      kind == IDS_VAR_PORTS ?
				      "set it before: portvar NAME VALUE, or var in the chain file" :
				      "set it before: ipvar NAME VALUE, or var in the chain file",
				      "there is no variable '%.*s'",
				      (int)n.len, n.at);
	if ((*out)->kind != IDS_VAR_ANY && (*out)->kind != kind)
		return rule_fail_word(s, *name, NULL, "'%.*s' stands for %s",
				      (int)n.len, n.at, what[(*out)->kind]);
	return 0;
}
