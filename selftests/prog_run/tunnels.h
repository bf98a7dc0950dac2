/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Two sides with tunnels in their chain, and packets that come in by them. */
#ifndef NFOLD_SELFTESTS_TUNNELS_H
#define NFOLD_SELFTESTS_TUNNELS_H

#include "sides.h"
#include "tests/pkt_tunnel.h"

/* As pkt_tunnel_new()'s other end. */
#define VXLAN(vni)                                                          \
	"tunnel { kind vxlan; local 192.0.2.1; remote 192.0.2.2; vni " #vni \
	"; remote-mac 2:0:0:0:0:9; }"
#define IPIP "tunnel { kind ipip; local 192.0.2.1; remote 192.0.2.2; }"
#define GRE6 "tunnel { kind gre; local 2001:db8:77::1; remote 2001:db8:77::2; }"

/* Router mode: for the port by which it comes in. */
static inline void tunnels_to_port(struct sides *s, struct pkt *k, uint32_t port)
{
	memcpy(k->dmac, oracle_maps(s->o[0])->ports[port].mac, 6);
}

static inline uint32_t tunnels_build(const struct pkt *k,
				     const struct pkt_tunnel *t, uint8_t *frame)
{
	uint32_t len = pkt_build(k, frame);

	return t ? pkt_wrap(t, frame, len, 14 + 4 * k->tags) : len;
}

/* In by port, in the tunnel's header; t NULL: in none. */
static inline struct oracle_result tunnels_send(struct sides *s, uint32_t port,
						struct pkt k,
						const struct pkt_tunnel *t)
{
	uint8_t frame[PKT_MAX];

	tunnels_to_port(s, &k, port);
	return sides_frame(s, port, frame, tunnels_build(&k, t, frame));
}

static inline bool tunnels_entry(struct sides *s, uint32_t port, struct pkt k,
				 const struct pkt_tunnel *t,
				 struct flow_entry *e)
{
	uint8_t frame[PKT_MAX];

	tunnels_to_port(s, &k, port);
	return oracle_entry(s->o[0], port, frame, tunnels_build(&k, t, frame),
			    e);
}

/* It left by port as k is, but for MAC addresses; t NULL: in no header. */
static inline void tunnels_left(const struct oracle_result *res, uint32_t port,
				const struct pkt *k, const struct pkt_tunnel *t)
{
	uint8_t want[PKT_MAX];
	uint32_t len = tunnels_build(k, t, want);

	assert_int_equal(res->verdict, ORACLE_SENT);
	assert_int_equal(res->port, port);
	assert_int_equal(res->len, len);
	assert_memory_equal(res->bytes + 12, want + 12, len - 12);
}

#endif
