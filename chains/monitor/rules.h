/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Named rules: tcpdump expressions over the flow key (../key_match.h), and what
 * the directions that match each have counted. A direction counts in every rule
 * that matches it. One thread.
 */
#ifndef NFOLD_MONITOR_RULES_H
#define NFOLD_MONITOR_RULES_H

#include <pcap.h>

#include "../conf.h"
#include "../nf.h"

struct monitor_key;

#define RULES_MAX 64		/* a direction has them as bits of a word */
#define RULE_NAME_MAX 63

struct rule {
	char name[RULE_NAME_MAX + 1];
	char *expr;
	struct bpf_program prog;
	uint32_t flows;		/* open directions */
	struct nf_count closed;	/* of what is over */
	struct nf_count open;	/* snapshot, rules_open_add() */
};

struct rules {
	struct rule v[RULES_MAX];
	uint32_t cnt;
};

/* rule NAME "EXPRESSION"; 0, or -1 with err filled. */
int rules_add(struct rules *r, const struct conf_stmt *s,
	      struct conf_error *err);
void rules_free(struct rules *r);

/* Which rules match a direction; it is open in them. */
uint64_t rules_open(struct rules *r, const struct monitor_key *key);
/* A direction of these rules is over and has counted c. */
void rules_close(struct rules *r, uint64_t set, const struct nf_count *c);

/* The snapshot of what is open: forget it; add a direction's to it. */
void rules_open_clear(struct rules *r);
void rules_open_add(struct rules *r, uint64_t set, const struct nf_count *c);
/* In the order of the file, with the snapshot (new reference). */
json_t *rules_show(const struct rules *r);

#endif
