/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The classical evasions against the streams alone, packet by packet: whatever
 * the host reads was delivered here, or was told of. Frames are built, parsed
 * and checked as an NF would.
 */
#include "tests/ids_streams.h"

#include "maps/parse.h"
#include "tests/ids_evasion.h"

#define PARTS (EVASION_LEN / 2)

/* What an inline NF drops that lets nothing through uninspected. */
#define REFUSED                                                             \
	(IDS_STREAM_DIFFERS | IDS_STREAM_UNCOMPARED | IDS_STREAM_OUTSIDE |  \
	 IDS_STREAM_AFTER_FIN | IDS_STREAM_NO_SYN | IDS_STREAM_BAD_SYN |    \
	 IDS_STREAM_BAD_RST | IDS_STREAM_CLOSED | IDS_STREAM_NO_ACK |       \
	 IDS_STREAM_URGENT)

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* The segment of a frame goes into the stream. A frame with a wrong checksum
 * does not: 0. */
static unsigned int observe(struct box *b, const struct evasion_pkt *p)
{
	static uint8_t buf[PKT_MAX];
	struct nfold_parse parse = { 0 };
	uint32_t len = pkt_build(&p->k, buf), head, size;
	const uint8_t *l4;
	unsigned int got;

	assert_int_equal(nfold_parse(buf, buf + len, 0, &parse),
			 NFOLD_REASON_NONE);
	l4 = buf + parse.l4_off;
	size = parse.l3_off + parse.l3_len - parse.l4_off;
	head = (l4[12] >> 4) * 4;
	if (pkt_sum(l4, size, pkt_pseudo(&p->k, size)) != 0xffff)
		return IDS_STREAM_NOTHING;
	got = box_bytes(b, p->dir, get32(l4 + 4), l4[13], l4 + head,
			size - head);
	if (l4[13] & TH_ACK)
		ids_stream_ack(b->s, p->dir, l4[13], get32(l4 + 8),
			       get16(l4 + 14));
	return got;
}

static struct box *observer(enum ids_stream_policy policy, bool normalise)
{
	struct ids_stream_limits limits = ids_stream_limits_default();

	limits.policy = policy;
	limits.normalise = normalise;
	return box_new(&limits);
}

static bool found(struct box *b)
{
	return memmem(b->out[EVASION_CLIENT].bytes,
		      b->out[EVASION_CLIENT].next, EVASION_SIGNATURE,
		      EVASION_SIG_LEN);
}

/* A host reads what it takes; the urgent byte is not in the text. */
static void host_takes(struct box *host, const struct evasion_pkt *p)
{
	struct evasion_pkt whole = *p;
	uint8_t text[EVASION_LEN];

	if (!p->taken)
		return;
	if (p->k.flags & TH_URG) {
		uint32_t at = p->k.urgent - 1;

		memcpy(text, p->k.data, at);
		memcpy(text + at, p->k.data + at + 1, EVASION_LEN - at);
		whole.k.data = text;
		whole.k.payload = EVASION_LEN;
	}
	observe(host, &whole);
}

typedef void (*case_fn)(struct evasion *e, enum evasion_kind kind,
			enum ids_stream_policy policy);

/* Every case, of both families, with every policy and number of parts. */
static void each(case_fn fn)
{
	static struct evasion e;

	for (int k = 0; k < EVASION_KIND_CNT; k++)
		for (uint32_t parts = 2; parts <= PARTS; parts++) {
			if (k == EVASION_SPLIT_SIGNATURE &&
			    parts > EVASION_SIG_LEN)
				break;
			for (int p = 0; p < IDS_POLICY_CNT; p++) {
				evasion_build(&e, k, parts % 2 ? 4 : 6, parts,
					      parts * UINT32_C(0x9e3779b9));
				fn(&e, k, p);
			}
			if (k == EVASION_NONE || (k > EVASION_WRAPPED &&
						  parts > 3))
				break;
		}
}

static void host_reads(struct evasion *e, enum evasion_kind kind,
		       enum ids_stream_policy policy)
{
	struct box *host = observer(policy, false);

	for (uint32_t i = 0; i < e->cnt; i++)
		host_takes(host, &e->p[i]);
	if (found(host) != evasion_hits(kind, policy))
		fail_msg("%s, %s: %.60s", evasion_name(kind),
			 ids_stream_policy_name(policy), host->out[0].bytes);
	if (evasion_hits(kind, policy) || kind == EVASION_SAME_FIRST)
		assert_int_equal(host->out[0].next, EVASION_LEN);
	box_free(host);
}

/* The cases are what they say: their hosts read the signature. */
static void hosts_read_the_signature(void **state)
{
	(void)state;
	each(host_reads);
}

/* Not found for sure, but told. */
static unsigned int told(enum evasion_kind kind)
{
	switch (kind) {
	case EVASION_LOW_TTL:
	case EVASION_LOW_TTL_HELD:
	case EVASION_KEEPALIVES:
		return IDS_STREAM_DIFFERS;
	case EVASION_RST_LOW_TTL:
		return IDS_STREAM_CLOSED;
	case EVASION_REBORN:
		return IDS_STREAM_BAD_SYN | IDS_STREAM_CLOSED;
	case EVASION_FIN_LOW_TTL:
		return IDS_STREAM_AFTER_FIN;
	case EVASION_URGENT:
		return IDS_STREAM_URGENT;
	default:
		return IDS_STREAM_NOTHING;
	}
}

static void observer_sees(struct evasion *e, enum evasion_kind kind,
			  enum ids_stream_policy policy)
{
	struct box *b = observer(policy, false);
	unsigned int all = 0;

	for (uint32_t i = 0; i < e->cnt; i++)
		all |= observe(b, &e->p[i]);
	if (!told(kind) && found(b) != evasion_hits(kind, policy))
		fail_msg("%s, %s: %.60s", evasion_name(kind),
			 ids_stream_policy_name(policy), b->out[0].bytes);
	assert_int_equal(all & told(kind), told(kind));
	if (kind >= EVASION_SAME_FIRST && kind <= EVASION_INSIDE)
		assert_true(all & IDS_STREAM_DIFFERS);
	box_free(b);
}

static void the_observer_finds_it_or_is_told(void **state)
{
	(void)state;
	each(observer_sees);
}

/* Who knows how far its hosts are is not deceived by a TTL. */
static void observer_knows_ttl(struct evasion *e, enum evasion_kind kind,
			       enum ids_stream_policy policy)
{
	struct box *b = observer(policy, false);

	for (uint32_t i = 0; i < e->cnt; i++)
		if (e->p[i].k.ttl > EVASION_TTL)
			observe(b, &e->p[i]);
	if (kind != EVASION_URGENT)
		assert_int_equal(found(b), evasion_hits(kind, policy));
	box_free(b);
}

static void a_known_ttl_leaves_nothing_to_tell(void **state)
{
	(void)state;
	each(observer_knows_ttl);
}

/* Dropping what is refused does not stop it: none of the text was in there. */
static bool passes(enum evasion_kind kind)
{
	switch (kind) {
	case EVASION_LOW_TTL:		/* the decoy was inspected */
	case EVASION_LOW_TTL_HELD:
	case EVASION_KEEPALIVES:
	case EVASION_RST_LOW_TTL:
	case EVASION_REBORN:
	case EVASION_FIN_LOW_TTL:
	case EVASION_URGENT:
		return false;
	default:
		return kind < EVASION_SAME_FIRST || kind > EVASION_INSIDE;
	}
}

/* Each byte that the host reads is the one that was inspected, whatever policy
 * each has: the observer's is another one's. */
static void inline_passes(struct evasion *e, enum evasion_kind kind,
			  enum ids_stream_policy policy)
{
	struct box *host = observer(policy, false);
	struct box *b = observer((policy + 5) % IDS_POLICY_CNT, true);
	uint64_t len;

	for (uint32_t i = 0; i < e->cnt; i++) {
		unsigned int got = observe(b, &e->p[i]);

		if (!(got & REFUSED))
			host_takes(host, &e->p[i]);
	}
	len = host->out[0].next;
	if (len > b->out[0].next ||
	    memcmp(host->out[0].bytes, b->out[0].bytes, len))
		fail_msg("%s, %s: %.60s", evasion_name(kind),
			 ids_stream_policy_name(policy), host->out[0].bytes);
	if (found(host))
		assert_true(found(b));
	assert_true(!passes(kind) || found(host));
	box_free(b);
	box_free(host);
}

static void inline_the_host_reads_what_was_inspected(void **state)
{
	(void)state;
	each(inline_passes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_read_the_signature),
		cmocka_unit_test(the_observer_finds_it_or_is_told),
		cmocka_unit_test(a_known_ttl_leaves_nothing_to_tell),
		cmocka_unit_test(inline_the_host_reads_what_was_inspected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
