/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzz target: the packet parser reads no byte outside the frame, reports only
 * offsets inside it, and fills the whole key of a flow from the frame alone; of
 * a packet in a tunnel's header too.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "maps/parse_tunnel.h"
#include "tests/fuzz/fuzz.h"

static void check_flow(const struct nfold_parse *p, size_t size)
{
	static const uint8_t l4_min[] = {
		[NFOLD_L4_NONE] = 0,	     [NFOLD_L4_TCP] = 20,
		[NFOLD_L4_UDP] = 8,	     [NFOLD_L4_ECHO_REQUEST] = 8,
		[NFOLD_L4_ECHO_REPLY] = 8,
	};

	FUZZ_CHECK(p->family == 4 || p->family == 6);
	FUZZ_CHECK(p->tags <= 2 && p->l3_off >= 14 + 4 * p->tags);
	FUZZ_CHECK(p->l3_off + p->l3_len <= (int)size);
	FUZZ_CHECK(p->l4_off >= p->l3_off + (p->family == 4 ? 20 : 40));
	FUZZ_CHECK(p->l4 <= NFOLD_L4_ECHO_REPLY);
	FUZZ_CHECK(p->l4_off + l4_min[p->l4] <= p->l3_off + p->l3_len);
	FUZZ_CHECK(p->l4 == NFOLD_L4_TCP || !p->tcp_flags);
	if (p->family == 4)
		FUZZ_CHECK(p->key4.l4proto == p->l4proto);
	else
		FUZZ_CHECK(p->key6.l4proto == p->l4proto);
}

static enum nfold_reason parse(const uint8_t *data, size_t size, int fill,
			       struct nfold_parse *p)
{
	/* Of exactly this size, so that the sanitizer sees what is read. */
	uint8_t *frame = malloc(size ? size : 1);
	enum nfold_reason why;

	FUZZ_CHECK(frame);
	if (size)
		memcpy(frame, data, size);
	memset(p, fill, sizeof(*p));
	why = nfold_parse(frame, frame + size, 3, p);
	FUZZ_CHECK(!size || !memcmp(frame, data, size));
	free(frame);
	return why;
}

/* A tunnel of whatever stands there. */
static bool inside(const uint8_t *data, size_t size, int fill,
		   const struct nfold_parse *out, struct nfold_parse *in)
{
	uint8_t *frame = malloc(size);
	struct nfold_tunnel t;
	bool is;

	FUZZ_CHECK(frame);
	memcpy(frame, data, size);
	memset(in, fill, sizeof(*in));
	is = nfold_parse_inner(frame, frame + size, out, 5, &t, in);
	FUZZ_CHECK(!memcmp(frame, data, size));
	free(frame);
	return is;
}

static void try_inside(const uint8_t *data, size_t size,
		       const struct nfold_parse *out)
{
	struct nfold_parse a, b;
	bool is = inside(data, size, 0, out, &a);

	FUZZ_CHECK(inside(data, size, 0xff, out, &b) == is);
	if (!is)
		return;
	check_flow(&a, out->l3_off + out->l3_len);
	FUZZ_CHECK(a.l3_off >= out->l4_off && a.l3_off <= NFOLD_INNER_MAX);
	FUZZ_CHECK(!memcmp(&a, &b, sizeof(a)));
}

static size_t key_size(const struct nfold_parse *p)
{
	return p->family == 4 ? sizeof(p->key4) : sizeof(p->key6);
}

static void try_frame(const uint8_t *data, size_t size)
{
	struct nfold_parse a, b;
	enum nfold_reason why = parse(data, size, 0, &a);

	FUZZ_CHECK(why < NFOLD_REASON_CNT);
	FUZZ_CHECK(parse(data, size, 0xff, &b) == why);
	if (why)
		return;
	check_flow(&a, size);
	FUZZ_CHECK(!memcmp(&a, &b, offsetof(struct nfold_parse, key4)));
	FUZZ_CHECK(!memcmp(&a.key4, &b.key4, key_size(&a)));
	FUZZ_CHECK(a.l3_off == 14 + 4 * a.tags);
	try_inside(data, size, &a);
}

/* Makes an IPv4 header's checksum right (RFC 1071): what lies behind it would
 * hardly ever be reached by chance. False: there is no whole header. */
static bool mend(uint8_t *frame, size_t size)
{
	size_t off = 14;
	uint32_t sum = 0, hlen;

	while (off <= 18 && off + 4 <= size &&
	       (frame[off - 2] == 0x81 || frame[off - 2] == 0x88))
		off += 4;
	if (off + 20 > size || frame[off - 2] != 8 || frame[off - 1])
		return false;
	hlen = (frame[off] & 15) * 4;
	if (hlen < 20 || off + hlen > size)
		return false;
	frame[off + 10] = frame[off + 11] = 0;
	for (uint32_t i = 0; i < hlen; i += 2)
		sum += frame[off + i] << 8 | frame[off + i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	frame[off + 10] = ~sum >> 8;
	frame[off + 11] = ~sum;
	return true;
}

int FUZZ_ENTRY(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (!size || size > 0x4000)	/* no port's frame is as large */
		return 0;
	try_frame(data, size);
	copy = malloc(size);
	FUZZ_CHECK(copy);
	memcpy(copy, data, size);
	if (mend(copy, size))
		try_frame(copy, size);
	free(copy);
	return 0;
}
