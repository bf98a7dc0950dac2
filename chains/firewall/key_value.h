/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Abstract values for key_only.c: what is known of a 32-bit word of the BPF
 * machine, for all packets of a flow. Each bit is one of
 *	known:	v has it, the same for all flows of this family and protocol,
 *	key:	unknown here, but a function of the flow key,
 *	taint:	may differ between packets of one flow.
 * v is 0 where key or taint is set; key and taint are disjoint.
 */
#ifndef NFOLD_FW_KEY_VALUE_H
#define NFOLD_FW_KEY_VALUE_H

#include <stdbool.h>
#include <stdint.h>

struct fw_val {
	uint32_t v;
	uint32_t key;
	uint32_t taint;
	bool l4;		/* IPv4 header length + l4_off: all bits taint */
	uint32_t l4_off;
	const char *what;	/* where taint came from */
};

/* What a comparison may give. */
enum fw_truth {
	FW_FALSE = 1,
	FW_TRUE = 2,
	FW_EITHER = 3,		/* depends on the key */
	FW_TAINTED = 4,		/* depends on the packet */
};

static inline struct fw_val fw_const(uint32_t v)
{
	return (struct fw_val){ .v = v };
}

static inline bool fw_is_const(const struct fw_val *a)
{
	return !a->key && !a->taint;
}

static inline struct fw_val fw_tainted(const char *what)
{
	return (struct fw_val){ .taint = UINT32_MAX, .what = what };
}

/* op: BPF_OP() of an ALU instruction. Division by a tainted value can end the
 * program: the caller refuses that before. */
struct fw_val fw_alu(uint32_t op, const struct fw_val *a,
		     const struct fw_val *b);
/* op: BPF_OP() of a jump, not BPF_JA. */
enum fw_truth fw_test(uint32_t op, const struct fw_val *a,
		      const struct fw_val *b);
/* Either of two, where the key decides which. */
struct fw_val fw_join(const struct fw_val *a, const struct fw_val *b);

/* key_bytes.c: what stands in a packet. off: from the Ethernet header on, or,
 * if l4, from the start of TCP, UDP, ICMP. false: the load itself tells
 * packets apart; then out->what names it. */
bool fw_load(int family, uint8_t l4proto, bool l4, uint32_t off,
	     uint32_t size, struct fw_val *out);

#endif
