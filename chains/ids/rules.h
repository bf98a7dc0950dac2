/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A rule set: rules, what they share, and what finds the few of them that a
 * packet can match. Made whole from text or not at all; not changed after that
 * but for groups, which are made when the first flow needs them, and the
 * scratch memory of scans: one thread at a time. An NF replaces it by another.
 */
#ifndef NFOLD_IDS_RULES_H
#define NFOLD_IDS_RULES_H

#include <stddef.h>

#include "../conf.h"
#include "../nf.h"
#include "addr_set.h"
#include "arena.h"
#include "group.h"
#include "pattern.h"
#include "port_set.h"
#include "rule.h"
#include "rule_var.h"

#define IDS_FILE_MAX (64 << 20)	/* bytes of a rule file */
#define IDS_RULES_MAX 65535
#define IDS_FILES_MAX 64	/* rule files of a set */

struct ids_rules {
	struct arena arena;	/* all that rules point to */
	struct ids_rule **rules; /* in the order of evaluation */
	uint32_t cnt, cap;
	struct ids_vars vars;
	struct addr_sets addrs;
	struct port_sets ports;
	struct ids_groups groups;
	struct ids_patterns patterns;
	const char *bits[IDS_BITS_MAX]; /* names */
	uint16_t bit_cnt;
	const char *groups_of_bits[IDS_GROUPS_MAX];
	uint8_t group_cnt;
	uint64_t group_bits[IDS_GROUPS_MAX][IDS_BITS_MAX / 64];
	struct ids_classtype *classtypes; /* config classification */
	bool drops;		/* some rule may drop a packet */
	struct conf_source *sources[IDS_FILES_MAX]; /* until it is finished */
	uint8_t source_cnt;
};

/* Empty; vars may be set, then files read, then it is finished. NULL: no
 * memory. */
struct ids_rules *ids_rules_new(void);
/* Reads a text, which is the set's from then on, also if it is refused. 0, or -1
 * with err filled; the set is then good for ids_rules_free() only. */
int ids_rules_read(struct ids_rules *set, struct conf_source *src,
		   struct conf_error *err);
/* All has been read: orders, compiles. Same errors; loc: for what has no place
 * in a rule. */
int ids_rules_finish(struct ids_rules *set, const struct conf_loc *loc,
		     struct conf_error *err);
void ids_rules_free(struct ids_rules *set);

/* Index of a name, made if it is new; -1: no room for it or no memory. */
int ids_rules_bit(struct ids_rules *set, const char *name, size_t len);
int ids_rules_bit_group(struct ids_rules *set, const char *name, size_t len);

#endif
