/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* monitor's top talkers in XDP: the same packets through the real program and
 * through an engine that folds nothing leave the same sketch, byte for byte; no
 * packet is lost to two CPUs that count at once.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>

#include "sides.h"
/* Needs what is above. */
#include "chains/monitor/talkers.h"
#include "userspace/engine.h"

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % below;
}

static struct pkt draw_packet(void)
{
	uint32_t source = draw(1 + draw(60));
	struct pkt k = { .family = draw(4) ? 4 : 6,
			 .proto = draw(2) ? IPPROTO_TCP : IPPROTO_UDP,
			 .ttl = 64, .sport = 4000 + draw(2), .dport = 80,
			 .flags = NFOLD_TCP_ACK, .csum = PKT_CSUM_FULL,
			 .payload = draw(1200) };

	if (k.family == 4) {
		memcpy(k.src, (uint8_t[]){ 10, 0, 0, source }, 4);
		memcpy(k.dst, (uint8_t[]){ 10, 0, 1, 2 }, 4);
	} else {
		memcpy(k.src, (uint8_t[]){ 0x20, 1, 0xd, 0xb8 }, 4);
		memcpy(k.dst, (uint8_t[]){ 0x20, 1, 0xd, 0xb8 }, 4);
		k.src[15] = source;
		k.dst[4] = 1;
	}
	return k;
}

static struct talkers_cell *cell_of(struct sides *s, int side)
{
	const struct instance_maps *m = oracle_maps(s->o[side]);

	assert_ptr_equal(m->own[0].own, &talkers_own);
	return m->own[0].cells;
}

static json_t *top_of(struct sides *s)
{
	json_t *all = engine_nf_show(oracle_engine(s->o[0]), NULL);
	json_t *top = json_incref(json_object_get(
		json_object_get(all, "monitor"), "top-talkers"));

	json_decref(all);
	return top;
}

static void both_sides_leave_the_same_sketch(void **state)
{
	uint64_t packets = 0, bytes = 0, kernel = 0;
	struct sides s;
	json_t *top;

	(void)state;
	sides_new(&s, WIRE, "monitor { top-talkers bytes 5; }", NULL);
	for (int i = 0; i < 4000; i++) {
		struct pkt k = draw_packet();
		struct oracle_result res = sides_send(&s, 0, &k);

		assert_int_equal(res.verdict, ORACLE_SENT);
		packets++;
		bytes += res.len;
		kernel += !res.punted;
	}
	assert_true(kernel > packets / 2);
	assert_memory_equal(cell_of(&s, 0), cell_of(&s, 1),
			    sizeof(struct talkers_cell));
	top = top_of(&s);
	assert_int_equal(json_integer_value(json_object_get(top, "total")),
			 bytes);
	assert_int_equal(json_array_size(json_object_get(top, "top")), 5);
	json_decref(top);
	sides_states_equal(&s);
	sides_free(&s);
}

/* Of the packets that reach it, by the address that they have there. */
static void it_counts_at_its_place(void **state)
{
	struct pkt k = draw_packet();
	struct sides s;
	json_t *top;

	(void)state;
	k.family = 4;
	memcpy(k.src, (uint8_t[]){ 10, 0, 0, 9 }, 4);
	memcpy(k.dst, (uint8_t[]){ 10, 0, 1, 2 }, 4);
	k.proto = IPPROTO_TCP;
	sides_new(&s, ROUTER,
		  "nat { source 10.0.0.0/24; pool 198.51.100.10; } monitor { top-talkers packets; } dos { source-rate 3; window 1h; }",
		  NULL);
	for (int i = 0; i < 10; i++) {
		memcpy(k.dmac, oracle_maps(s.o[0])->ports[0].mac, 6);
		assert_int_equal(sides_send(&s, 0, &k).verdict,
				 i < 3 ? ORACLE_SENT : ORACLE_DROP);
	}
	top = top_of(&s);
	assert_int_equal(json_integer_value(json_object_get(top, "total")), 10);
	assert_string_equal(
		json_string_value(json_object_get(
			json_array_get(json_object_get(top, "top"), 0),
			"source")), "198.51.100.10");
	json_decref(top);
	sides_states_equal(&s);
	sides_free(&s);
}

static void two_monitors_have_a_sketch_each(void **state)
{
	struct pkt k = draw_packet();
	struct sides s;
	uint64_t sum[2] = { 0, 0 };

	(void)state;
	sides_new(&s, WIRE,
		  "monitor { top-talkers packets; } dos { source-rate 4; window 1h; } monitor { top-talkers packets; } monitor;",
		  NULL);
	for (int i = 0; i < 10; i++)
		sides_send(&s, 0, &k);
	for (int n = 0; n < 2; n++)
		for (int i = 0; i < TALKERS_COLS; i++)
			sum[n] += cell_of(&s, 0)[n].count[3][i];
	assert_int_equal(sum[0], 10);
	assert_int_equal(sum[1], 4);
	sides_states_equal(&s);
	sides_free(&s);
}

/* --- several CPUs --- */

#define EACH 50000

struct racer {
	int prog, cpu;
	uint32_t ifindex, len;
	uint8_t frame[PKT_MAX];
};

static void *race(void *arg)
{
	struct racer *r = arg;
	struct xdp_md ctx = { .data_end = r->len,
			      .ingress_ifindex = r->ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = r->frame,
		    .data_size_in = r->len, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = EACH);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(r->cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	return (void *)(long)bpf_prog_test_run_opts(r->prog, &opts);
}

static void two_cpus_lose_nothing(void **state)
{
	const struct talkers_cell *c;
	struct pkt k = draw_packet();
	struct racer racer[2];
	pthread_t t[2];
	struct sides s;

	(void)state;
	k.ttl = 64;
	sides_new(&s, WIRE, "monitor { top-talkers packets; }", NULL);
	for (int i = 0; i < 3; i++)
		sides_send(&s, 0, &k);
	c = cell_of(&s, 0);
	for (int i = 0; i < 2; i++) {
		const struct instance_maps *m = oracle_maps(s.o[0]);

		racer[i] = (struct racer){
			.prog = instance_prog_fd(oracle_instance(s.o[0])),
			.cpu = i, .ifindex = m->ports[0].ifindex };
		racer[i].len = pkt_build(&k, racer[i].frame);
		pthread_create(&t[i], NULL, race, &racer[i]);
	}
	for (int i = 0; i < 2; i++) {
		void *err;

		pthread_join(t[i], &err);
		assert_null(err);
	}
	for (int row = 0; row < TALKERS_ROWS; row++) {
		uint64_t sum = 0;

		for (int i = 0; i < TALKERS_COLS; i++)
			sum += c->count[row][i];
		assert_int_equal(sum, 3 + 2 * EACH);
	}
	sides_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIDES_TEST(both_sides_leave_the_same_sketch),
		SIDES_TEST(it_counts_at_its_place),
		SIDES_TEST(two_monitors_have_a_sketch_each),
		SIDES_TEST(two_cpus_lose_nothing),
	};
	const char *env = getenv("NFOLD_SEED");

	seed = env ? strtoull(env, NULL, 0) : (uint64_t)time(NULL);
	printf("# NFOLD_SEED=%llu\n", (unsigned long long)seed);
	nf_random_fixed();
	return cmocka_run_group_tests(tests, sides_net, NULL);
}
