/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ipfilter, inside the folder: rules as trees of tests, and what of a packet
 * they see. The language is that of Click's IPFilter (IPFilter(n),
 * IPClassifier(n)); README.md has it. One thread.
 */
#ifndef NFOLD_IPFILTER_H
#define NFOLD_IPFILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "../conf.h"
#include "../nf.h"

#define IPF_RULE_MAX 4096
#define IPF_TEXT_MAX 4096	/* bytes of a rule */
#define IPF_DEPTH_MAX 64	/* parentheses and ?: within one another */
#define IPF_WORD_MAX 64		/* bytes of a word, with its NUL */

/* --- tests --- */

enum ipf_what {
	IPF_TRUE,
	IPF_HOST,
	IPF_ETHER,
	IPF_PROTO,
	IPF_FRAG,
	IPF_PORT,
	IPF_FIELD,
};

enum ipf_side { IPF_SIDE_NONE, IPF_SRC, IPF_DST, IPF_BOTH, IPF_EITHER };
enum ipf_op { IPF_EQ, IPF_GT, IPF_LT }; /* LT: not in tests */

/* Protocols a test asks for: IPPROTO_*, or one of these. */
#define IPF_PROTO_UNKNOWN (-1)	/* none said */
#define IPF_PROTO_TCPUDP 256
#define IPF_PROTO_TRANSP 258	/* any: transp[...] */

enum ipf_field {
	IPF_F_IP,		/* ip[off:len], IPv4 only */
	IPF_F_TRANSP,		/* transp[off:len] */
	IPF_F_VERS,
	IPF_F_HL,		/* IPv4 only */
	IPF_F_ID,		/* IPv4 only */
	IPF_F_TOS,		/* or traffic class */
	IPF_F_DSCP,
	IPF_F_TTL,		/* or hop limit */
	IPF_F_LEN,		/* bytes, from the IP header on */
};

struct ipf_addr {
	uint8_t family;		/* 4, 6 */
	struct nf_addr addr, mask;	/* addr: no bit outside mask */
};

struct ipf_mac {
	uint8_t addr[6], mask[6];
};

/* A test is false where what it looks at is not there, also if it is negated
 * (!=, <=, >=); `not` turns that around. */
struct ipf_test {
	uint8_t what;		/* enum ipf_what */
	uint8_t side;		/* HOST, PORT, ETHER: enum ipf_side, not NONE */
	uint8_t op;
	bool negated;
	int16_t proto;		/* must be this too */
	uint8_t field;		/* FIELD: enum ipf_field */
	uint8_t len;		/* F_IP, F_TRANSP: bytes, 1 to 4 */
	uint16_t off;		/* F_IP, F_TRANSP: bytes */
	uint32_t value, mask;	/* host order */
	union {
		struct ipf_addr host;
		struct ipf_mac mac;
	};
};

/* --- trees --- */

enum ipf_node_kind { IPF_TEST, IPF_NOT, IPF_AND, IPF_OR, IPF_IF };

struct ipf_node {
	uint8_t kind;
	uint16_t a, b, c;	/* nodes; IF: a ? b : c */
	struct ipf_test test;
};

struct ipf_tree {
	struct ipf_node *nodes;
	uint32_t cnt;
	uint16_t root;
};

/* What a tree says of a packet, and whether it says the same of every packet of
 * its flow. */
struct ipf_value {
	bool is;
	bool known;
};

/* --- the NF --- */

struct ipf_rule {
	char *text;
	bool allow;
	struct ipf_tree tree;
	uint64_t flows;		/* whose first packet it decided */
};

/* address NAME ...: what Click's AddressInfo says of a name. */
struct ipf_name {
	char *name;
	struct ipf_addr host, net;	/* family 0: none */
	bool has_mac;
	uint8_t mac[6];
};

struct ipfilter {
	struct ipf_rule *rules;
	uint32_t rule_cnt;
	struct ipf_name *names;
	uint32_t name_cnt;
	uint64_t unmatched_flows;
	uint64_t slow_flows;	/* that had to be kept slow */
};

/* The blob of a session. */
struct ipf_session {
	uint8_t counted[2];	/* the direction is in the counters: reply */
};

/* --- parsing --- */

/* What is wrong with a rule: bytes [at, end) of its text. */
struct ipf_error {
	uint32_t at, end;
	char message[192];
	char hint[128];		/* "" none */
};

/* ipfilter_conf.c: 0, or -1 with err filled. */
int ipfilter_configure(struct ipfilter *f, const struct conf_block *block,
		       struct conf_error *err);
void ipfilter_rule_free(struct ipf_rule *rule);

/* ipfilter_parse.c: `ACTION [PATTERN]`. 0 with *allow and *tree filled (free
 * tree->nodes), or -1 with err. f: for its names. */
int ipfilter_parse(const struct ipfilter *f, const char *text, bool *allow,
		   struct ipf_tree *tree, struct ipf_error *err);

/* ipfilter_addr.c: all of them take the whole of s. */
bool ipf_read_uint(const char *s, uint32_t *out);
bool ipf_read_mac(const char *s, uint8_t out[6]);
/* An address: mask is all ones. */
bool ipf_read_host(const char *s, struct ipf_addr *out);
/* ADDRESS/BITS or ADDRESS/MASK; *host gets all bits that were written, may be
 * NULL. */
bool ipf_read_net(const char *s, struct ipf_addr *out, struct ipf_addr *host);
void ipf_addr_clip(struct ipf_addr *a);

/* --- running --- */

/* ipfilter_eval.c */
struct ipf_value ipf_eval(const struct ipf_tree *tree,
			  const struct nf_pkt *pkt);

/* A value read from a packet. */
struct ipf_read {
	uint32_t v;
	uint32_t key;		/* bits that all packets of the flow share */
	bool there;
	bool there_known;	/* `there` is the same for all of them */
};

/* ipfilter_field.c */
struct ipf_read ipf_read_field(const struct ipf_test *t,
			       const struct nf_pkt *pkt);
struct ipf_read ipf_read_transp(const struct nf_pkt *pkt, uint32_t off,
				uint32_t len);

/* ipfilter_show.c */
json_t *ipfilter_show(struct nf *nf);

#endif
