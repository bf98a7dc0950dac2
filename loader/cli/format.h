/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How flows, names and times are written, as text and as JSON: here and nowhere
 * else. Texts go to buffers of the caller.
 */
#ifndef NFOLD_CLI_FORMAT_H
#define NFOLD_CLI_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "view.h"

#define FORMAT_TUPLE_MAX 160	/* two IPv6 endpoints and what stands between */

/* "10.0.0.2:4000 > 192.0.2.1:80", "[2001:db8::1]:80", ICMP echo
 * "10.0.0.2 > 192.0.2.1 echo-request 77". */
void format_key(char *buf, size_t size, int family,
		const struct nfold_key6 *key);
/* What the flow's packets leave as. */
void format_set(char *buf, size_t size, const struct view_flow *f);
/* "saddr,sport by nat, daddr,dport by lb"; "" when nothing is written. */
void format_writers(char *buf, size_t size, const struct view_flow *f);
/* Who handles its packets: "kernel"; "payload", user space by the folded action
 * and state functions; "slow", user space by a walk. */
const char *format_class(const struct view_flow *f);
/* "fast", "pending", "stale", "payload:state-function", "slow:table-full",
 * "drop:firewall-deny", "host". */
void format_state(char *buf, size_t size, const struct view_flow *f);
/* "0.3s", "12m05s", "3h10m". */
void format_duration(char *buf, size_t size, uint64_t ns);
/* "port eth0", "port eth0 vlan 10.20". */
void format_zone(char *buf, size_t size, const struct view *v, uint32_t zone);
/* "tcp", "udp", "icmp", "icmp6", or the number. */
const char *format_proto(uint8_t l4proto, char buf[8]);
/* Of both directions; NULL if not TCP. */
const char *format_tcp(const struct view_flow *f);
const char *format_reason(uint8_t reason);
const char *format_reason_text(uint8_t reason);

/* format_edit.c: "dscp 18, 1 tag off, in vxlan 192.0.2.1 > 192.0.2.2", in the
 * order of application; "" and null for none. */
void format_edit(char *buf, size_t size, const struct view_flow *f);
json_t *format_edit_json(const struct view_flow *f);

/* format_tunnel.c: "vxlan 192.0.2.2 > 192.0.2.1 vni 7", the header that its
 * packets come in; "" and null for none. */
void format_tunnel(char *buf, size_t size, const struct view_flow *f);
json_t *format_tunnel_json(const struct view_flow *f);

/* Everything about a flow; new reference. */
json_t *format_flow_json(const struct view_flow *f);

#endif
