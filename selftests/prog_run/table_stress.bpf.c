/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reader of the table's stress test: the product's own look-up, then a check of
 * what it copied. Run by BPF_PROG_TEST_RUN with a large repeat count.
 */
#include "bpf/lookup.bpf.h"
#include "selftests/prog_run/table_stress.h"

struct stress_count count;
const volatile __u32 stress_hold = 1; /* loops between copy and mark */

static __always_inline void stress_add(__u64 *word)
{
	__sync_fetch_and_add(word, 1);
}

static __always_inline __u32 stress_differ(const void *set, __u32 set_words,
					   const struct nfold_act *act, __u32 n)
{
	const __u32 *s = set, *a = (const __u32 *)act;
	__u32 counter = a[0], differ = 0;

	for (__u32 i = 1; i < sizeof(*act) / 4; i++) {
		/* An invalidated entry has generation 0. */
		if (&a[i] == &act->generation && !a[i])
			continue;
		differ |= a[i] ^ stress_act_word(n, counter, i);
	}
	for (__u32 i = 0; i < set_words; i++)
		differ |= s[i] ^ stress_word(n, counter, 16 + i);
	return differ;
}

/* Holds the slot for a while, as a packet's processing does, marks it with the
 * key's number, and looks whether it is still the key's. */
static __always_inline void stress_use(struct nfold_cells *cells, __u32 n)
{
	for (__u32 i = 0; i < stress_hold && i < 4096; i++)
		READ_ONCE(cells->peer);
	__sync_fetch_and_add(&cells->packets, 1);
	*(volatile __u64 *)&cells->last_seen_ns = n + 1;
	if (READ_ONCE(cells->session) != n)
		stress_add(&count.reused);
}

static __always_inline void stress_check(enum nfold_reason why, struct hit *hit,
					 const void *set, __u32 set_words,
					 __u32 n)
{
	if (why == NFOLD_REASON_MISS)
		return stress_add(&count.miss);
	if (why != NFOLD_REASON_NONE)
		return stress_add(&count.busy);
	stress_add(&count.hit);
	if (hit->slot > STRESS_BUCKETS * NFOLD_BUCKET_SLOTS)
		stress_add(&count.overflow);
	if (stress_differ(set, set_words, &hit->act, n))
		stress_add(&count.torn);
	stress_use(hit->cells, n);
}

SEC("xdp")
int stress4(struct xdp_md *ctx __attribute__((unused)))
{
	__u32 n = stress_pick(bpf_get_prandom_u32());
	struct nfold_key4 key = stress_key4(n);
	struct nfold_set4 set = {0};
	struct hit hit = {0};
	enum nfold_reason why = lookup4(&key, &set, &hit);

	stress_check(why, &hit, &set, sizeof(set) / 4, n);
	return XDP_PASS;
}

SEC("xdp")
int stress6(struct xdp_md *ctx __attribute__((unused)))
{
	__u32 n = stress_pick(bpf_get_prandom_u32());
	struct nfold_key6 key = stress_key6(n);
	struct nfold_set6 set = {0};
	struct hit hit = {0};
	enum nfold_reason why = lookup6(&key, &set, &hit);

	stress_check(why, &hit, &set, sizeof(set) / 4, n);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
