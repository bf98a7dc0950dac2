/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sets of ports as rules write them: any, numbers, ranges a:b, lists with
 * negation, variables. Each is a bit a port; equal ones are kept once. When all
 * are known the ports fall into classes: two ports are of one class if no set
 * tells them apart.
 */
#ifndef NFOLD_IDS_PORT_SET_H
#define NFOLD_IDS_PORT_SET_H

#include "rule_var.h"

#define PORT_CNT 65536
#define PORT_ANY 0		/* the set of all */

struct port_bits {
	uint64_t word[PORT_CNT / 64];
};

struct port_sets {
	struct port_bits **sets;
	uint16_t cnt, cap;
	uint16_t *class_of;	/* of each port */
	uint32_t class_cnt;
	uint16_t *class_port;	/* some port of each class */
};

/* 0, or -1: no memory. Makes the set of all. */
int port_sets_init(struct port_sets *sets);
int port_set_read(struct port_sets *sets, const struct ids_vars *vars,
		  struct rule_scan *s, uint16_t *out);
/* All are known. 0, or -1: no memory. */
int port_sets_finish(struct port_sets *sets);
static inline bool port_set_has(const struct port_sets *sets, uint16_t set,
				uint16_t port)
{
	return sets->sets[set]->word[port / 64] >> (port % 64) & 1;
}
void port_sets_free(struct port_sets *sets);

#endif
