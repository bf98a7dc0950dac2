/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Template, included once per family by lookup.bpf.h with these set:
 *	F(name)		name with the family's digit behind it
 *	KEY_WORDS	32-bit words of the key
 */

/* Does the slot hold the key? NONE (*version filled), BUSY or MISS. */
static __always_inline enum nfold_reason
F(slot_match)(struct F(nfold_slot) *slot, __u32 tag,
	      const struct F(nfold_key) *key, __u32 *version)
{
	const nfold_word *a = (const nfold_word *)key;
	const nfold_word *b = (const nfold_word *)&slot->key;
	__u32 differ = 0;

	/* Only a filter, so it need not be ordered with the rest. */
	if (READ_ONCE(slot->head.tag) != tag)
		return NFOLD_REASON_MISS;
	*version = READ_ONCE(slot->head.version);
	if (!*version)
		return NFOLD_REASON_MISS;
	if (*version & 1)
		return NFOLD_REASON_BUSY;
	load_barrier();
#pragma GCC unroll 16
	for (int i = 0; i < KEY_WORDS; i++)
		differ |= a[i] ^ b[i];
	return differ ? NFOLD_REASON_MISS : NFOLD_REASON_NONE;
}

/* The slot at *index: NONE, *slot and *version filled; BUSY; or MISS. */
static __always_inline enum nfold_reason
F(slot_try)(const struct F(nfold_key) *key, __u32 tag, __u32 *index,
	    struct F(nfold_slot) **slot, __u32 *version)
{
	*slot = bpf_map_lookup_elem(&F(flows), index);
	if (!*slot)
		return NFOLD_REASON_MISS;
	return F(slot_match)(*slot, tag, key, version);
}

/* The places after the first, in both buckets, then the overflow map. */
static __always_inline enum nfold_reason
F(slot_seek)(const struct F(nfold_key) *key, __u32 tag, __u32 bucket,
	     __u32 *index, struct F(nfold_slot) **slot, __u32 *version)
{
	enum nfold_reason why;
	__u32 *found;

#pragma clang loop unroll(disable)
	for (int i = 1; i < 2 * NFOLD_BUCKET_SLOTS; i++) {
		if (i == NFOLD_BUCKET_SLOTS)
			bucket = nfold_bucket(nfold_hash2(key, KEY_WORDS,
							  config.seed),
					      F(config.nbuckets));
		*index = nfold_bucket_slot(bucket, tag, i);
		why = F(slot_try)(key, tag, index, slot, version);
		if (why != NFOLD_REASON_MISS)
			return why;
	}
	if (!ctl.overflow_cnt)
		return NFOLD_REASON_MISS;

	found = F(overflow_lookup)(key);
	if (!found)
		return NFOLD_REASON_MISS;
	*index = *found;
	return F(slot_try)(key, tag, index, slot, version);
}

/* NONE, *slot and *version filled; BUSY; or MISS. *index: of the slot met. The
 * first place is tried outside the loop: most keys are there. */
static __always_inline enum nfold_reason
F(slot_find)(const struct F(nfold_key) *key, struct F(nfold_slot) **slot,
	     __u32 *index, __u32 *version)
{
	__u32 tag = nfold_hash1(key, KEY_WORDS, config.seed);
	__u32 bucket = nfold_bucket(tag, F(config.nbuckets));
	enum nfold_reason why;

	*index = nfold_bucket_slot(bucket, tag, 0);
	why = F(slot_try)(key, tag, index, slot, version);
	if (why != NFOLD_REASON_MISS)
		return why;
	return F(slot_seek)(key, tag, bucket, index, slot, version);
}

/* NONE with *set and *hit filled; BUSY with hit->slot; or MISS. */
static __always_inline enum nfold_reason
F(lookup)(const struct F(nfold_key) *key, struct F(nfold_set) *set,
	  struct hit *hit)
{
	struct F(nfold_slot) *slot;
	enum nfold_reason why;
	__u32 index, version;

	why = F(slot_find)(key, &slot, &index, &version);
	if (why == NFOLD_REASON_MISS)
		return why;
	hit->slot = index + 1;
	if (why)
		return why;
	*set = slot->set;
	hit->act = slot->act;
	hit->cells = &slot->cells;
	load_barrier();
	if (READ_ONCE(slot->head.version) != version)
		return NFOLD_REASON_BUSY;
	return NFOLD_REASON_NONE;
}
