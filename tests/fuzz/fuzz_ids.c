/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzz target: a rule file of ids, a NUL, a payload. Any text is refused with a
 * place in it and a message, or is rules whose options end on any payload, with
 * the same result twice, and where nothing of the payload is fresh without one.
 */
#include <string.h>

#include "chains/ids/match.h"
#include "maps/parse.h"
#include "tests/fuzz/fuzz.h"
#include "tests/pkt.h"

static void ids_try_rule(const struct ids_rules *set, const struct ids_rule *r,
			 struct ids_view *v)
{
	enum ids_matched first = IDS_NO, second = IDS_NO;
	struct ids_view again = *v;

	ids_match_header(set, r, v);
	first = ids_match(set, r, v);
	second = ids_match(set, r, &again);
	FUZZ_CHECK(first == second && v->steps == again.steps);
	if (first == IDS_YES)
		ids_flowbits_do(set, r, v->bits);
	again.steps = IDS_PACKET_STEPS;
	again.fresh = v->len;
	if (v->len && r->of_payload)
		FUZZ_CHECK(ids_match(set, r, &again) != IDS_YES);
}

static void ids_try_rules(const struct ids_rules *set, const uint8_t *payload,
			  uint32_t len)
{
	struct pkt k = pkt_new(4, IPPROTO_TCP);
	uint64_t bits[IDS_BITS_MAX / 64] = { 0 };
	struct nfold_parse p = { 0 };
	uint8_t frame[PKT_MAX];
	struct nf_pkt pkt;
	uint32_t size;

	k.payload = 0;
	size = pkt_build(&k, frame);
	FUZZ_CHECK(!nfold_parse(frame, frame + size, 0, &p));
	pkt = (struct nf_pkt){ .data = frame, .len = size, .l3_off = p.l3_off,
			       .l4_off = p.l4_off, .family = 4,
			       .l4proto = IPPROTO_TCP };
	for (uint32_t i = 0; i < set->cnt; i++) {
		struct ids_view v = {
			.pkt = &pkt, .bytes = payload, .len = len,
			.proto = IDS_PROTO_TCP, .dir = IDS_TO_SERVER,
			.bits = bits, .steps = IDS_PACKET_STEPS,
		};

		ids_try_rule(set, set->rules[i], &v);
	}
}

int FUZZ_ENTRY(const uint8_t *data, size_t size)
{
	size_t used = strnlen((const char *)data, size);
	size_t left = size > used ? size - used - 1 : 0;
	uint8_t *payload = malloc(left + 1);
	struct ids_rules *set = ids_rules_new();
	struct conf_error err = { .line = 0 };
	struct conf_source *src;

	FUZZ_CHECK(set && payload);
	memcpy(payload, data + size - left, left);
	src = conf_text_copy("fuzz.rules", (const char *)data, used, &err);
	if (src && !ids_rules_read(set, src, &err))
		ids_try_rules(set, payload, left);
	else
		FUZZ_CHECK(*err.message && err.line > 0 &&
			   err.end_col > err.col);
	ids_rules_free(set);
	free(payload);
	return 0;
}
