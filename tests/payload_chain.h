/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A box with a chain of mix_nf.h, from letters; packets with and without the
 * pattern that its functions look for.
 */
#ifndef NFOLD_TESTS_PAYLOAD_CHAIN_H
#define NFOLD_TESTS_PAYLOAD_CHAIN_H

#include "tests/engine_box.h"
#include "tests/mix_nf.h"

static struct mix mixes[BOX_NFS];

/* --- a chain from letters, see mix_nf.h; a space begins the next NF --- */

static inline void add_op(struct mix *m, char what)
{
	m->ops[m->cnt++] = (struct mix_op){
		.what = what, .pattern = 0xee, .settle = what == 's' ? 3 : 0,
		.addr_xor = 0x0100, .port_xor = 0x0400, .drop_of = 1,
		.limit = 3,
	};
}

static inline void parse_chain(const char *letters)
{
	int n = 0;

	memset(&box, 0, sizeof(box));
	memset(mixes, 0, sizeof(mixes));
	for (const char *c = letters; *c; c++)
		if (*c == ' ')
			n++;
		else
			add_op(&mixes[n], *c);
	for (int i = 0; i <= n; i++) {
		box.nf[i].ops = &mix_ops;
		box.nf[i].priv = &mixes[i];
		box.nfs[i] = &box.nf[i];
	}
}

static inline void start(const char *letters, bool fold)
{
	parse_chain(letters);
	box_start_nfs(fold, 64, 1);
}

/* Ends all sessions: what the functions saw is in the totals then. */
static inline const struct mix_total *total_of(int nf, int op)
{
	engine_flush(box.e, NULL, 0);
	return &mixes[nf].totals[op];
}

static inline struct pkt good(uint16_t sport)
{
	struct pkt f = request(IPPROTO_UDP, sport);

	f.fill = 1;
	return f;
}

/* Its payload holds the pattern. */
static inline struct pkt bad(uint16_t sport)
{
	struct pkt f = good(sport);

	f.fill = 0xe0;
	return f;
}

/* Forwarded; by the entry, or by a walk? */
static inline void passes(const struct pkt *f, enum nfold_reason outcome)
{
	assert_int_equal(pass(f, 0), ENGINE_TX);
	assert_int_equal(box.pkt.outcome, outcome);
}

#define WALK NFOLD_REASON_SLOW_WALK
#define ENTRY NFOLD_REASON_SLOW_ENTRY

static inline int clean(void **state)
{
	return box.e ? teardown(state) : 0;
}

#define CASE(name, f) { name, f, NULL, clean, NULL }

#endif
