/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Port groups: the rules that a flow's direction can match by its protocol, its
 * direction and its ports. One for each pair of port classes (port_set.h) that a
 * flow has had; when there are many, one for all ports of a protocol.
 */
#ifndef NFOLD_IDS_GROUP_H
#define NFOLD_IDS_GROUP_H

#include <stdbool.h>
#include <stdint.h>

struct ids_rules;
struct ids_rule;

#define IDS_GROUP_BUCKETS 1024
#define IDS_GROUP_MAX 4096	/* beyond: groups for all ports */

/* What its rules would want of a direction: bits. */
enum ids_want {
	IDS_WANT_PACKETS = 1,	/* see each packet */
	IDS_WANT_DROP = 2,	/* and may drop it */
	IDS_WANT_PASS = 4,	/* and may pass it, whatever others say */
	IDS_WANT_KEY = 8,	/* decide by the flow key */
};

/* Rules of a group with the same addresses. */
struct ids_pair {
	uint16_t src, dst;	/* address sets */
	bool both_ways;
	uint8_t want;		/* enum ids_want, bits */
};

struct ids_group {
	struct ids_group *next;
	uint64_t key;
	struct ids_pair *pairs;
	uint32_t *plain;	/* rules by index: must be tried on each
				 * packet, no pattern finds them */
	uint32_t *keyed;	/* rules that look at the flow key only */
	uint32_t pair_cnt, plain_cnt, keyed_cnt;
};

struct ids_groups {
	struct ids_group **buckets;
	uint32_t cnt;
};

/* 0, or -1: no memory. */
int ids_groups_init(struct ids_groups *groups, const struct ids_rules *set);
void ids_groups_free(struct ids_groups *groups);
/* Made if it is new. proto, dir: one bit; ports in host order. NULL: no
 * memory. */
const struct ids_group *ids_group_get(struct ids_rules *set, uint8_t proto,
				      uint8_t dir, uint16_t sport,
				      uint16_t dport);

#endif
