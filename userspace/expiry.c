// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ageing: a bounded piece of the session table each call, the whole of it about
 * every two seconds. Time is the engine's; what only the kernel handles is seen
 * through the entries' last_seen.
 *
 * TCP, by the flags that both directions have shown (RFC 5382 REQ-5, 7857
 * section 2): established once both have sent ACK; half closed (one FIN) stays
 * established; both FIN, or a RST, leave the transitory time for what is still
 * under way - a RST alone never ends a session at once, for it may be forged.
 * A session whose answers do not come back this way (direct return) is judged by
 * what its sender shows: established after SYN and ACK, closed by its FIN.
 */
#include <netinet/in.h>

#include "engine_priv.h"

#define SCAN_NS (NF_SEC / 1000)
#define SCAN_ROUND 2000		/* calls for the whole table */
#define SCAN_MIN 64		/* sessions a call */

static uint64_t tcp_timeout(struct engine *e, struct session *s)
{
	const struct chain_timeouts *t = &e->chain->timeouts;
	uint32_t seen[2] = { 0 };

	for (int i = 0; i < 2; i++)
		if (s->dir[i])
			seen[i] = flow_tcp_seen(e, s->dir[i]);
	if (s->one_way && (seen[0] & NFOLD_TCP_SYN))
		seen[1] = seen[0];
	if ((seen[0] | seen[1]) & NFOLD_TCP_RST)
		return t->tcp_transitory;
	if (seen[0] & seen[1] & NFOLD_TCP_FIN)
		return t->tcp_transitory;
	if (seen[0] & seen[1] & NFOLD_TCP_ACK)
		return t->tcp_established;
	return t->tcp_transitory;
}

static uint64_t timeout_of(struct engine *e, struct session *s)
{
	const struct chain_timeouts *t = &e->chain->timeouts;

	switch (s->dir[0]->key.l4proto) {
	case IPPROTO_TCP:
		return tcp_timeout(e, s);
	case IPPROTO_UDP:
		return t->udp;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return t->icmp;
	}
	return t->other;
}

static void expire_if_idle(struct engine *e, struct session *s)
{
	uint64_t last = session_last_seen(e, s);

	if (e->now <= last || e->now - last < timeout_of(e, s))
		return;
	s->idle = true;
	session_end(e, s);
}

void expiry_scan(struct engine *e)
{
	uint32_t n = e->session_ids.cnt / SCAN_ROUND + SCAN_MIN;

	if (e->now - e->scan_ns < SCAN_NS || !e->session_ids.cnt)
		return;
	e->scan_ns = e->now;
	if (n > e->session_ids.cnt)
		n = e->session_ids.cnt;
	while (n--) {
		struct session *s;

		if (e->scan >= e->session_ids.cnt)
			e->scan = 0;
		s = session_by_id(e, ++e->scan);
		if (s)
			expire_if_idle(e, s);
	}
}
