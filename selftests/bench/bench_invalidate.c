// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An event from outside on 100,000 flows, as when a backend dies: the walk that
 * invalidates them (nf_invalidate()), and what it costs the engine to fold each
 * anew at its next packet; and the balancer's, when a health check says so. A real engine over the real maps; the packets are
 * handed to it as XDP punts them. Prints one JSON object a figure.
 *
 *	bench_invalidate [ROUNDS [FLOWS]]
 * in a network namespace of its own.
 */
#include <stdbool.h>

#include "rig.h"

#define BOUND_MS 50
#define BATCH 64	/* packets between two times, as the engine's loop */

/* A chain of an NF that picks a server for each session and one that sends the
 * packets there. */
struct pick_session {
	uint32_t server;
};

static struct nf *pick;
static uint64_t walked;
static uint64_t now = 1000 * NF_SEC;

static enum nf_verdict pick_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct pick_session *s = nf_session(nf, pkt);

	s->server = 7;
	walked++;
	return NF_FORWARD;
}

static int pick_init(struct nf *nf, const struct conf_block *block,
		     struct conf_error *err)
{
	(void)block;
	(void)err;
	pick = nf;
	return 0;
}

static const struct nf_ops pick_ops = {
	.name = "pick", .session_size = sizeof(struct pick_session),
	.init = pick_init, .packet = pick_packet,
};

static bool is_server(const void *session, void *arg)
{
	return ((const struct pick_session *)session)->server ==
	       *(uint32_t *)arg;
}

static void frames_make(uint8_t *frames, uint32_t flows)
{
	uint8_t frame[PKT_MAX];

	for (uint32_t i = 0; i < flows; i++) {
		flow_frame(frame, i);
		memcpy(frames + (size_t)i * BENCH_LEN, frame, BENCH_LEN);
	}
}

/* What XDP would have given up goes through the engine: ns a packet. */
static double all_through(struct engine *e, uint8_t *frames, uint32_t flows,
			  enum nfold_reason reason)
{
	struct nfold_punt punt = { .magic = NFOLD_PUNT_MAGIC, .family = 4,
				   .reason = reason };
	double start;

	frames_make(frames, flows);
	start = cpu_ns();
	for (uint32_t i = 0; i < flows; i++) {
		struct engine_pkt p = {
			.data = frames + (size_t)i * BENCH_LEN,
			.len = BENCH_LEN, .punt = &punt,
		};

		if (i % BATCH == 0)
			engine_now(e, now += 1000);
		if (engine_packet(e, &p) != ENGINE_TX)
			die("a packet was not sent");
		engine_left(e, p.flow);
	}
	return (cpu_ns() - start) / flows;
}

/* Time for hand-over, and for what waits for its grace. */
static void settle(struct rig *r)
{
	now += NF_SEC / 10;
	oracle_now(r->o, now);
	oracle_tick(r->o);
}

/* XDP meets the invalidated entry, and then the new one. */
static void check(struct rig *r, uint8_t *frames, uint32_t flows, bool stale)
{
	struct oracle_result res;

	frames_make(frames, flows);
	for (uint32_t i = 0; i < flows; i += flows / 10) {
		if (oracle_packet(r->o, 0, frames + (size_t)i * BENCH_LEN,
				  BENCH_LEN, &res))
			die("BPF_PROG_TEST_RUN");
		oracle_left(r->o);
		if (res.punted != (stale ? NFOLD_REASON_STALE :
					   NFOLD_REASON_NONE))
			die("XDP did not find the entry as it should be");
	}
	settle(r);
}

static double walk_ms(uint32_t flows)
{
	double start = cpu_ns();
	uint32_t cnt = nf_invalidate(pick, is_server, &(uint32_t){ 7 });

	if (cnt != flows)
		die("not all flows were invalidated");
	return (cpu_ns() - start) / 1e6;
}

static void print_figures(int rounds, const double *ms, const double *ns,
			  double first)
{
	double m = median(ms, rounds);

	printf("{\"name\":\"invalidate_100k_ms\",\"value\":%.2f,\"unit\":\"ms\",\"ratio\":%.3f,\"baseline\":%d,\"spread\":%.3f,\"least\":%.2f}\n",
	       m, m / BOUND_MS, BOUND_MS, spread(ms, rounds),
	       least(ms, rounds));
	m = median(ns, rounds);
	printf("{\"name\":\"refold_ns\",\"value\":%.0f,\"unit\":\"ns/flow\",\"ratio\":%.3f,\"baseline\":%.0f,\"spread\":%.3f,\"least\":%.0f}\n",
	       m, m / first, first, spread(ns, rounds), least(ns, rounds));
}

/* --- the same by a backend that dies --- */

#define INTERVAL_MS 1000	/* of the health checks in the chain below */

static uint32_t dead;		/* a target's id; the first one's */

static void first_target(void *ctx, const struct nf_target *t)
{
	bool *any = ctx;

	if (!*any)
		dead = t->id;
	*any = true;
}

static void check_moved(struct rig *r, uint8_t *frames, uint32_t flows)
{
	struct flow_entry entry;

	frames_make(frames, flows);
	for (uint32_t i = 0; i < flows; i += flows / 10)
		if (!oracle_entry(r->o, 0, frames + (size_t)i * BENCH_LEN,
				  BENCH_LEN, &entry) ||
		    entry.set.daddr[0] != htonl(0x0a630002))
			die("a flow has not moved");
}

/* From the news to the last flow moved: the walk, and each flow's next packet,
 * one after the other. */
static double move_ms(struct rig *r, uint8_t *frames, uint32_t flows)
{
	struct engine *e = oracle_engine(r->o);
	bool any = false;
	double start, ms;

	engine_targets(e, 0, first_target, &any);
	if (!any)
		die("no health targets");
	all_through(e, frames, flows, NFOLD_REASON_MISS);
	settle(r);
	start = cpu_ns();
	engine_health(e, 0, dead, false, "bench");
	settle(r);
	ms = (cpu_ns() - start) / 1e6;
	ms += all_through(e, frames, flows, NFOLD_REASON_STALE) * flows / 1e6;
	check_moved(r, frames, flows);
	return ms;
}

static void figure_backend(int rounds, uint8_t *frames, uint32_t flows)
{
	static double ms[ROUNDS_MAX];
	struct rig rig;

	for (int i = 0; i < rounds; i++) {
		rig_new(&rig, "lb { service s { vip 198.51.100.80:80/udp; backend 10.99.0.1:8080; backend 10.99.0.2:8080; health tcp interval 1s; on-remove rehash; } }",
			NULL, 3 * flows);
		ms[i] = move_ms(&rig, frames, flows);
		rig_free(&rig);
	}
	printf("{\"name\":\"backend_100k_ms\",\"value\":%.2f,\"unit\":\"ms\",\"ratio\":%.3f,\"baseline\":%d,\"spread\":%.3f,\"least\":%.2f}\n",
	       median(ms, rounds), median(ms, rounds) / INTERVAL_MS,
	       INTERVAL_MS, spread(ms, rounds), least(ms, rounds));
}

int main(int argc, char **argv)
{
	static double ms[ROUNDS_MAX], ns[ROUNDS_MAX];
	int rounds = argc > 1 ? atoi(argv[1]) : 9;
	uint32_t flows = argc > 2 ? atoi(argv[2]) : 100000;
	uint8_t *frames = malloc((size_t)flows * BENCH_LEN);
	struct engine *e;
	struct rig rig;
	double first;

	if (rounds < 1 || rounds > ROUNDS_MAX || flows < 10 || !frames)
		die("ROUNDS is 1 to 1000, FLOWS at least 10");
	rigs_begin();
	rig_new(&rig, "monitor; lb { service s { vip 198.51.100.80:80/udp; backend 10.99.0.1:8080; } }",
		&pick_ops, 3 * flows);
	e = oracle_engine(rig.o);
	first = all_through(e, frames, flows, NFOLD_REASON_MISS);
	settle(&rig);
	for (int r = 0; r < rounds; r++) {
		all_through(e, frames, flows, NFOLD_REASON_PENDING);
		settle(&rig);
		check(&rig, frames, flows, false);
		ms[r] = walk_ms(flows);
		check(&rig, frames, flows, true);
		walked = 0;
		ns[r] = all_through(e, frames, flows, NFOLD_REASON_STALE);
		if (walked < flows - 10)
			die("not all flows were folded anew");
	}
	print_figures(rounds, ms, ns, first);
	rig_free(&rig);
	figure_backend(rounds < 3 ? rounds : 3, frames, flows);
	rigs_end();
	free(frames);
	return 0;
}
