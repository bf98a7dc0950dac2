/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Two oracles, one that folds and one that does not, given the same packets,
 * and an NF whose action is a flow's own. p0 is inside, p1 outside; wire mode, or
 * router mode, in which the way out is the other port.
 * The sides must agree on every packet; what they say is the folded one's.
 * One thread; ends the process if the kernel refuses something.
 */
#ifndef NFOLD_SELFTESTS_SIDES_H
#define NFOLD_SELFTESTS_SIDES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/private_net.h"
#include "maps/flow_key.h"
#include "tests/pkt.h"
#include "userspace/oracle.h"

#define MS (NF_SEC / 1000)
#define WIRE "mode wire; table-size 1k;"
#define ROUTER "mode router; table-size 1k;"

struct sides {
	struct chain_file *file;
	struct oracle *o[2];	/* folded, unfolded */
	struct oracle_routes routes;
	uint64_t now;
	struct oracle_told told;	/* of the last packet */
};

static struct oracle_socket *sides_socket;

extern const struct nf_ops monitor_ops;

/* settings: with the mode. ops: for the NFs of the text, NULL at the end; NULL:
 * as the text says. */
static inline void sides_new(struct sides *s, const char *settings,
			     const char *nfs, const struct nf_ops *const *ops)
{
	struct instance_error ierr;
	struct conf_error err;
	char text[1024];

	snprintf(text, sizeof(text),
		 "chain t { on p0 inside, p1 outside; %s %s }",
		 settings, nfs);
	if (chain_load(&s->file, "test.chain", text, &err))
		fail_msg("%s", err.message);
	for (uint32_t i = 0; ops && ops[i]; i++)
		s->file->chains[0].nfs[i].ops = ops[i];
	s->routes = (struct oracle_routes){ .port_cnt = 2 };
	s->now = 1000 * NF_SEC;
	for (int i = 0; i < 2; i++) {
		struct oracle_conf conf = { .chain = s->file->chains,
					    .fold = !i,
					    .routes = &s->routes,
					    .socket = sides_socket };

		if (oracle_new(&s->o[i], &conf, &ierr))
			fail_msg("%s", ierr.text);
		oracle_now(s->o[i], s->now);
	}
}

static inline void sides_free(struct sides *s)
{
	for (int i = 0; i < 2; i++)
		oracle_free(s->o[i]);
	chain_file_free(s->file);
}

/* Both sides' time goes on, with their ticks. */
static inline void sides_wait(struct sides *s, uint64_t ns)
{
	s->now += ns;
	for (int i = 0; i < 2; i++)
		oracle_advance(s->o[i], s->now);
}

static inline struct oracle_result
sides_frame(struct sides *s, uint32_t port, const uint8_t *frame, uint32_t len)
{
	struct oracle_result res[2];
	const char *what;
	uint32_t at;

	s->now += 1000;
	for (int i = 0; i < 2; i++) {
		oracle_now(s->o[i], s->now);
		assert_int_equal(oracle_packet(s->o[i], port, frame, len,
					       &res[i]), 0);
		oracle_left(s->o[i]);
		oracle_tick(s->o[i]);
	}
	what = oracle_differ(&res[0], &res[1], &at);
	if (!what)
		what = oracle_told_differ(s->o[0], s->o[1], &s->told);
	if (what)
		fail_msg("folded and unfolded differ: %s at %u", what, at);
	return res[0];
}

static inline struct oracle_result sides_send(struct sides *s, uint32_t port,
					      const struct pkt *k)
{
	uint8_t frame[PKT_MAX];

	return sides_frame(s, port, frame, pkt_build(k, frame));
}

static inline void sides_states_equal(struct sides *s)
{
	json_t *diff = oracle_states_differ(s->o[0], s->o[1]);

	if (diff)
		fail_msg("states: %s", json_dumps(diff, JSON_COMPACT));
}

static inline uint32_t sides_sessions(const struct sides *s)
{
	uint32_t n = engine_sessions(oracle_engine(s->o[0]));

	assert_int_equal(n, engine_sessions(oracle_engine(s->o[1])));
	return n;
}

/* Packets of a monitor, of both directions. */
static inline json_int_t sides_counted(struct sides *s, const char *nf)
{
	json_t *all = engine_nf_show(oracle_engine(s->o[0]), NULL);
	json_t *total = json_object_get(json_object_get(all, nf), "total");
	const char *dir;
	json_int_t n = 0;
	json_t *v;

	json_object_foreach(total, dir, v)
		n += json_integer_value(json_object_get(v, "packets"));
	json_decref(all);
	return n;
}

static inline bool sides_entry(struct sides *s, uint32_t port,
			       const struct pkt *k, struct flow_entry *e)
{
	uint8_t frame[PKT_MAX];

	return oracle_entry(s->o[0], port, frame, pkt_build(k, frame), e);
}

/* --- own: the destination port follows from the source, the way back undoes
 * it; counts the sessions that it opened and that ended, of both sides --- */

struct own_session {
	__be16 dport;
};

static struct {
	int opened, expired;
	uint16_t add;		/* an operator's knob: moves the port */
	struct nf *nf[2];	/* of both sides */
} own;

static inline uint16_t own_port(const struct pkt *k)
{
	uint32_t last = k->family == 4 ? 3 : 15;

	return 1024 + (k->sport * 7 + k->src[last] * 257 +
		       k->src[last - 1] + own.add) % 50000;
}

static inline enum nf_verdict own_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct own_session *s = nf_session(nf, pkt);
	struct pkt from = { .family = pkt->family, .sport = ntohs(pkt->sport) };
	struct header_action ha;

	if (pkt->opening) {
		own.nf[own.nf[0] && own.nf[0] != nf] = nf;
		s->dport = pkt->dport;
		own.opened++;
	}
	memcpy(from.src, pkt->saddr.a, 16);
	if (pkt->reply) {
		ha = ha_modify_port(NFOLD_FIELD_SPORT, s->dport);
		nf_pkt_set_sport(pkt, s->dport);
	} else {
		ha = ha_modify_port(NFOLD_FIELD_DPORT, htons(own_port(&from)));
		nf_pkt_set_dport(pkt, ha.port);
	}
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static inline void own_expire(struct nf *nf, void *session, uint64_t when)
{
	(void)nf;
	(void)session;
	(void)when;
	own.expired++;
}

static const struct nf_ops own_ops = {
	.name = "own", .session_size = sizeof(struct own_session),
	.packet = own_packet, .expire = own_expire,
};

/* The packet that answers to k once own has changed it. */
static inline struct pkt own_answer(const struct pkt *k)
{
	struct pkt back = *k;

	memcpy(back.src, k->dst, 16);
	memcpy(back.dst, k->src, 16);
	back.sport = own_port(k);
	back.dport = k->sport;
	return back;
}

static inline uint16_t sent_dport(const struct oracle_result *res)
{
	return get16(res->bytes + 14 + (res->bytes[14] >> 4 == 4 ? 20 : 40) +
		     2);
}

/* Namespace, ports and socket; cmocka's group set-up. */
static inline int sides_net(void **state)
{
	static const struct private_port ports[] = {
		{ .name = "p0" }, { .name = "p1" },
	};
	struct instance_error err = { 0 };

	(void)state;
	if (!private_net_enter(ports, 2, &err) &&
	    !oracle_socket_new(&sides_socket, "p0"))
		return 0;
	print_message("# %s\n", err.text);
	return -1;
}

static inline int sides_begin(void **state)
{
	(void)state;
	memset(&own, 0, sizeof(own));
	return 0;
}

#define SIDES_TEST(f) cmocka_unit_test_setup(f, sides_begin)

#endif
