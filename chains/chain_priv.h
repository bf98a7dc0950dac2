/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared by what reads chains and what prints them; nobody else includes it. */
#ifndef NFOLD_CHAIN_PRIV_H
#define NFOLD_CHAIN_PRIV_H

#include <string.h>

#include "chain.h"

#define CHAIN_TABLE_SIZE_DEFAULT 65536
#define CHAIN_TABLE_SIZE_MIN 64
#define CHAIN_TABLE_SIZE_MAX (1 << 24)
#define CHAIN_TIMEOUT_MIN UINT64_C(1000000)		/* 1 ms */
#define CHAIN_TIMEOUT_MAX (UINT64_C(86400) * 365 * NF_SEC) /* a year */

/* Words of chain files for the values of enums and flags; NULL at the end. */
extern const char *const chain_mode_words[];	/* false: router, true: wire */
extern const char *const chain_attach_words[];	/* enum chain_attach_mode */
extern const char *const chain_onmiss_words[];	/* false: drop, true: pass */
extern const char *const chain_onfull_words[];	/* false: slow, true: drop */

struct chain_timeout {
	const char *name;
	size_t off;		/* into struct chain_timeouts */
	uint64_t def;		/* ns */
};

#define CHAIN_TIMEOUT_CNT 5
extern const struct chain_timeout chain_timeout_table[CHAIN_TIMEOUT_CNT];

static inline uint64_t *chain_timeout_at(struct chain_timeouts *t, size_t i)
{
	return (uint64_t *)((char *)t + chain_timeout_table[i].off);
}

/* The comma between words, not a "," in quotes. */
static inline bool chain_is_comma(const struct conf_word *w)
{
	return !w->quoted && !strcmp(w->text, ",");
}

/* chain_port.c: reads `on`. */
int chain_ports(struct chain *c, const struct conf_stmt *s,
		struct conf_error *err);

/* chain_opt.c: what stands in a chain block beside NFs. */
#define CHAIN_OPT_CNT 8

/* First statement of each option: none may be given twice. */
struct chain_seen {
	const struct conf_stmt *opt[CHAIN_OPT_CNT];
	const struct conf_stmt *timeout[CHAIN_TIMEOUT_CNT];
};

void chain_defaults(struct chain *c);
/* 1: s is not an option. */
int chain_opt(struct chain *c, const struct conf_stmt *s,
	      struct chain_seen *seen, struct conf_error *err);
/* Names of all options, then of all NFs: NULL at the end, malloc-ed. */
const char **chain_known(void);

/* chain_nfs.c: runs init and exit of each NF. */
int chain_nfs_check(const struct chain *c, struct conf_error *err);

#endif
