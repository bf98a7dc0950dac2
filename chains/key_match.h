/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules over the flow key alone, for NFs whose rules must be (chains/firewall
 * has the analysis): tcpdump expressions whose result is the same for all
 * packets of a flow, evaluated on a packet made of the key.
 */
#ifndef NFOLD_KEY_MATCH_H
#define NFOLD_KEY_MATCH_H

#include <pcap.h>

#include "conf.h"
#include "nf.h"

/* 0 (free with pcap_freecode), or -1 with err filled: no expression, or one
 * that looks beyond the key of TCP, UDP and ICMP echo. */
int key_match_compile(struct bpf_program *prog, const struct conf_word *w,
		      struct conf_error *err);
/* The packet as it stands. Ports of other protocols are 0. */
bool key_match(const struct bpf_program *prog, const struct nf_pkt *pkt);
/* "0" to "63", "af21", "ef" and so on (RFC 2474, 2597, 3246, 5865, 8622). */
int key_match_dscp(const struct conf_word *w, uint8_t *dscp,
		   struct conf_error *err);

#endif
