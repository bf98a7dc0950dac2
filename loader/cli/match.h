/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcpdump expressions over flows: libpcap's compiler and interpreter, run on a
 * packet made up from the flow's key (before any NF). What is not in the key
 * (TTL, length, payload) has made-up values: such an expression says nothing.
 */
#ifndef NFOLD_CLI_MATCH_H
#define NFOLD_CLI_MATCH_H

#include <stdbool.h>

struct flow_match;
struct view_flow;

/* Words are joined by blanks. NULL with libpcap's complaint printed. */
struct flow_match *flow_match_new(int argc, char **argv);
void flow_match_free(struct flow_match *m);
/* m NULL matches everything. */
bool flow_match(const struct flow_match *m, const struct view_flow *f);

#endif
