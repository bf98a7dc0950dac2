/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Variables of rule files: names for addresses (ipvar), ports (portvar), or
 * either (var). The value is kept as text, and has its meaning where it is used.
 */
#ifndef NFOLD_IDS_RULE_VAR_H
#define NFOLD_IDS_RULE_VAR_H

#include "arena.h"
#include "rule_scan.h"

enum ids_var_kind { IDS_VAR_ANY, IDS_VAR_ADDRS, IDS_VAR_PORTS };

struct ids_var {
	struct ids_var *next;
	char *name;
	char *value;
	bool fixed;		/* the chain file's: rule files do not change it */
	uint8_t kind;		/* enum ids_var_kind */
};

struct ids_vars {
	struct ids_var *first;
};

const struct ids_var *ids_var_find(const struct ids_vars *vars,
				   struct rule_word name);
/* The chain file's. -1: no memory. */
int ids_var_fix(struct ids_vars *vars, struct arena *arena, const char *name,
		const char *value);
/* The rest of a line that began with ipvar, portvar or var: NAME VALUE. A later
 * line replaces an earlier one. */
int ids_var_read(struct ids_vars *vars, struct arena *arena, struct rule_scan *s,
		 enum ids_var_kind kind);
/* $NAME at s, which is taken: its value's scan, of the same text for errors
 * (pointing at the name). */
int ids_var_use(const struct ids_vars *vars, struct rule_scan *s,
		enum ids_var_kind kind, const struct ids_var **out,
		struct rule_word *name);

#endif
