/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Template, included once per family by lookup.bpf.h with these set:
 *	F(name)		name with the family's digit behind it
 *	KEY_WORDS	32-bit words of the key
 */

/* Does the slot hold the key? NONE (*version filled), BUSY or MISS. */
static __always_inline enum nfold_reason
F(slot_match)(struct F(nfold_slot) *slot, __u32 hash1,
	      const struct F(nfold_key) *key, __u32 *version)
{
	const nfold_word *a = (const nfold_word *)key;
	const nfold_word *b = (const nfold_word *)&slot->key;
	__u32 differ = 0;

	*version = READ_ONCE(slot->head.version);
	if (!*version)
		return NFOLD_REASON_MISS;
	/* Another key's with the same tag must not delay this one. */
	if (*version & 1)
		return READ_ONCE(slot->head.hash) == hash1 ?
			       NFOLD_REASON_BUSY :
			       NFOLD_REASON_MISS;
	load_barrier();
#pragma GCC unroll 16
	for (int i = 0; i < KEY_WORDS; i++)
		differ |= a[i] ^ b[i];
	return differ ? NFOLD_REASON_MISS : NFOLD_REASON_NONE;
}

/* The slot at *index: NONE, *slot and *version filled; BUSY; or MISS. */
static __always_inline enum nfold_reason
F(slot_try)(const struct F(nfold_key) *key, __u32 hash1, __u32 *index,
	    struct F(nfold_slot) **slot, __u32 *version)
{
	*slot = bpf_map_lookup_elem(&F(flows), index);
	if (!*slot)
		return NFOLD_REASON_MISS;
	return F(slot_match)(*slot, hash1, key, version);
}

static __always_inline __u64 F(bucket_match)(__u32 bucket, __u32 hash1)
{
	__u64 *tags = bpf_map_lookup_elem(&F(tags), &bucket);

	return tags ? nfold_tags_match(READ_ONCE(*tags), nfold_tag(hash1)) : 0;
}

/* The bucket's places whose tags match. */
static __always_inline enum nfold_reason
F(bucket_seek)(const struct F(nfold_key) *key, __u32 hash1, __u32 bucket,
	       __u32 *index, struct F(nfold_slot) **slot, __u32 *version)
{
	__u64 match = F(bucket_match)(bucket, hash1);
	enum nfold_reason why;

#pragma clang loop unroll(disable)
	for (int i = 0; i < NFOLD_BUCKET_SLOTS && match; i++) {
		/* Where it is the first, the CPU's guess is quicker than the
		 * arithmetic (1 flow: 47 -> 42 ns). */
		*index = bucket * NFOLD_BUCKET_SLOTS;
		if (!(match & 0x80))
			*index += nfold_tags_first(match);
		why = F(slot_try)(key, hash1, index, slot, version);
		if (why != NFOLD_REASON_MISS)
			return why;
		match &= match - 1;
	}
	return NFOLD_REASON_MISS;
}

/* Bucket 2, then the overflow map. */
static __always_inline enum nfold_reason
F(slot_seek)(const struct F(nfold_key) *key, __u32 hash1, __u32 *index,
	     struct F(nfold_slot) **slot, __u32 *version)
{
	__u32 bucket = nfold_bucket(nfold_hash2(key, KEY_WORDS, config.seed),
				    F(config.nbuckets));
	enum nfold_reason why;
	__u32 *found;

	why = F(bucket_seek)(key, hash1, bucket, index, slot, version);
	if (why != NFOLD_REASON_MISS || !ctl.overflow_cnt)
		return why;
	found = F(overflow_lookup)(key);
	if (!found)
		return NFOLD_REASON_MISS;
	*index = *found;
	return F(slot_try)(key, hash1, index, slot, version);
}

/* NONE, *slot and *version filled; BUSY; or MISS. *index: of the slot met. */
static __always_inline enum nfold_reason
F(slot_find)(const struct F(nfold_key) *key, struct F(nfold_slot) **slot,
	     __u32 *index, __u32 *version)
{
	__u32 hash1 = nfold_hash1(key, KEY_WORDS, config.seed);
	__u32 bucket = nfold_bucket(hash1, F(config.nbuckets));
	enum nfold_reason why;

	why = F(bucket_seek)(key, hash1, bucket, index, slot, version);
	if (why != NFOLD_REASON_MISS)
		return why;
	return F(slot_seek)(key, hash1, index, slot, version);
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
