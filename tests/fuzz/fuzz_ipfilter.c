/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzz target: a rule of ipfilter, a NUL, a frame. Any text is refused with a
 * place in it and a message, or is a tree that reads nothing outside a frame and
 * of which `deny` instead of `allow` changes nothing. What it says is known of a
 * frame is so of the same frame with another TTL and other TCP flags.
 */
#include <string.h>

#include "chains/ipfilter/ipfilter.h"
#include "maps/parse.h"
#include "tests/fuzz/fuzz.h"

static void ipfilter_try_frame(const struct ipf_tree *tree, uint8_t *frame,
			       size_t len)
{
	struct nfold_parse p = { 0 };
	struct nf_pkt pkt = { .data = frame, .len = len };
	struct ipf_value before, after;

	if (nfold_parse(frame, frame + len, 0, &p))
		return;
	pkt.l3_off = p.l3_off;
	pkt.l4_off = p.l4_off;
	pkt.family = p.family;
	pkt.l4proto = p.l4proto;
	if (p.family == 4) {
		pkt.saddr.a[0] = p.key4.saddr;
		pkt.daddr.a[0] = p.key4.daddr;
		pkt.sport = p.key4.sport;
		pkt.dport = p.key4.dport;
	} else {
		memcpy(&pkt.saddr, p.key6.saddr, sizeof(pkt.saddr));
		memcpy(&pkt.daddr, p.key6.daddr, sizeof(pkt.daddr));
		pkt.sport = p.key6.sport;
		pkt.dport = p.key6.dport;
	}
	before = ipf_eval(tree, &pkt);
	frame[p.l3_off + (p.family == 4 ? 8 : 7)] ^= 0x55;
	if (p.l4proto == IPPROTO_TCP)
		frame[p.l4_off + 13] ^= 0x13;
	after = ipf_eval(tree, &pkt);
	FUZZ_CHECK(before.known == after.known);
	FUZZ_CHECK(!before.known || before.is == after.is);
}

static void ipfilter_try_text(const char *text, uint8_t *frame, size_t len)
{
	static const struct ipfilter no_names;
	struct ipf_error err = { .end = 0 };
	struct ipf_tree tree;
	bool allow;

	if (ipfilter_parse(&no_names, text, &allow, &tree, &err)) {
		FUZZ_CHECK(*err.message && err.at < err.end);
		FUZZ_CHECK(err.end <= strlen(text) + 1);
		FUZZ_CHECK(!tree.nodes);
		return;
	}
	FUZZ_CHECK(tree.root < tree.cnt);
	ipfilter_try_frame(&tree, frame, len);
	free(tree.nodes);
}

int FUZZ_ENTRY(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	size_t used = strlen(text), left = size > used ? size - used - 1 : 0;
	uint8_t *frame = malloc(left + 1);

	FUZZ_CHECK(text && frame);
	if (used > IPF_TEXT_MAX)
		text[IPF_TEXT_MAX] = 0;
	memcpy(frame, data + size - left, left);
	ipfilter_try_text(text, frame, left);
	free(frame);
	free(text);
	return 0;
}
