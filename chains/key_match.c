// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "key_match.h"

#include <ctype.h>
#include <string.h>

#include "firewall/firewall.h"

int key_match_compile(struct bpf_program *prog, const struct conf_word *w,
		      struct conf_error *err)
{
	char message[256];
	const char *what;

	if (strlen(w->text) > FW_EXPR_MAX)
		return conf_fail(err, &w->loc, "make several rules of it",
				 "expression longer than %d bytes",
				 FW_EXPR_MAX);
	if (firewall_compile(w->text, prog, message, sizeof(message)))
		return conf_fail(err, &w->loc, "see pcap-filter(7)",
				 "can not use \"%.100s\": %s", w->text,
				 message);
	if (firewall_key_only_all(prog, &what))
		return 0;
	pcap_freecode(prog);
	return conf_fail(err, &w->loc,
			 "match on addresses, ports and protocol",
			 "the expression looks at %s, which differs between packets of a flow",
			 what);
}

bool key_match(const struct bpf_program *prog, const struct nf_pkt *pkt)
{
	uint8_t key[FW_KEY_LEN];
	uint32_t len = firewall_key_view(pkt, key);

	return bpf_filter(prog->bf_insns, key, len, len);
}

static const struct {
	const char *name;
	uint8_t dscp;
} names[] = {
	{ "cs0", 0 },	{ "cs1", 8 },	{ "cs2", 16 },	{ "cs3", 24 },
	{ "cs4", 32 },	{ "cs5", 40 },	{ "cs6", 48 },	{ "cs7", 56 },
	{ "af11", 10 }, { "af12", 12 }, { "af13", 14 }, { "af21", 18 },
	{ "af22", 20 }, { "af23", 22 }, { "af31", 26 }, { "af32", 28 },
	{ "af33", 30 }, { "af41", 34 }, { "af42", 36 }, { "af43", 38 },
	{ "ef", 46 },	{ "va", 44 },	{ "le", 1 },
};

int key_match_dscp(const struct conf_word *w, uint8_t *dscp,
		   struct conf_error *err)
{
	uint64_t n;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(w->text, names[i].name)) {
			*dscp = names[i].dscp;
			return 0;
		}
	if (!isdigit((unsigned char)w->text[0]))
		return conf_fail(err, &w->loc,
				 "0 to 63, cs0 to cs7, af11 to af43, ef, va or le",
				 "'%s' is no DSCP", w->text);
	if (conf_uint(w, 0, 63, &n, err))
		return -1;
	*dscp = n;
	return 0;
}
