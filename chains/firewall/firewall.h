/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Firewall, inside the folder: rules, and what of a packet they see.
 * firewall.c is the NF; one thread.
 */
#ifndef NFOLD_FIREWALL_H
#define NFOLD_FIREWALL_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap.h>

#include "../conf.h"
#include "../nf.h"

#define FW_RULE_MAX 4096
#define FW_EXPR_MAX 4096	/* bytes of an expression */
#define FW_KEY_LEN (14 + 40 + 20) /* Ethernet, IPv6, as much of L4 */

/* Is the rule's result a function of the flow key, for flows of one family and
 * protocol? Found out when the first such flow comes. */
enum fw_scope { FW_UNKNOWN, FW_KEY_ONLY, FW_PER_PACKET };

struct fw_rule {
	char *expr;
	bool allow;
	bool per_packet;	/* for a protocol that has ports in the key */
	struct bpf_program prog;
	uint64_t sessions;	/* whose first packet it decided */
	uint8_t scope[2][256];	/* enum fw_scope; IPv6, l4proto */
};

struct firewall {
	struct fw_rule *rules;
	uint32_t rule_cnt;
	bool default_allow;
	bool slow;		/* per-packet slow */
	uint64_t default_sessions;
	uint64_t slow_sessions;	/* that were kept slow, ever */
	uint64_t fingerprint;	/* of all rules: equal rules, equal verdicts */
	uint8_t *scratch;	/* FW_SCRATCH bytes: packets without tags */
};

#define FW_SCRATCH (14 + 65575)	/* Ethernet and the largest IP packet */

enum fw_state {
	FW_NEW,			/* no verdict yet */
	FW_ALLOWED,
	FW_DENIED,
	FW_SLOW,		/* each packet gets its own */
};

/* The blob of a session: itself portable, but for byte order. */
struct fw_session {
	uint64_t fingerprint;	/* firewall.fingerprint of the verdict */
	uint32_t rule;		/* that decided first; rule_cnt: the default */
	uint8_t state;		/* enum fw_state */
	uint8_t passed;		/* 1: a packet of the original direction was
				 * allowed, so replies are */
	uint8_t pad[2];
};

/* firewall_conf.c: 0, or -1 with err filled. */
int firewall_configure(struct firewall *fw, const struct conf_block *block,
		       struct conf_error *err);
/* tcpdump expression to program, without looking up any name. 0, or -1 with
 * why in message. */
int firewall_compile(const char *expr, struct bpf_program *prog, char *message,
		     size_t size);

/* firewall_words.c: 0; or -1 with a message, if the expression holds a word
 * that libpcap would look up, or that makes no sense here. */
int firewall_check_words(const char *expr, char *message, size_t size);

/* firewall_view.c */
/* The packet that stands for all packets of a flow: returns its length. */
uint32_t firewall_key_view(const struct nf_pkt *pkt, uint8_t out[FW_KEY_LEN]);
/* This packet without VLAN tags and IPv6 extension headers: in place if it has
 * none, else a copy in scratch. */
const uint8_t *firewall_packet_view(const struct nf_pkt *pkt, uint8_t *scratch,
				    uint32_t *len);

/* key_only.c: is the program's result the same for all packets of a flow of
 * this family (4, 6) and protocol? If not, *what (may be NULL) names what it
 * looks at. */
bool firewall_key_only(const struct bpf_program *prog, int family,
		       uint8_t l4proto, const char **what);
/* The same for every protocol that has ports in the key, in both families. */
bool firewall_key_only_all(const struct bpf_program *prog, const char **what);

/* firewall_show.c */
json_t *firewall_show(struct nf *nf);

#endif
