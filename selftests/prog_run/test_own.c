/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* State functions of NFs' own, joined with the real program: in XDP and in user
 * space on the same cells, in chain order, with events; what is wrong with an
 * object is told, and nothing is loaded.
 */
#include <errno.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "tunnels.h"
/* Needs what is above. */
#include "own_nfs.h"
#include "bpf/nfold.skel.h"
#include "selftests/prog_run/deep.own.h"
#include "selftests/prog_run/globals.own.h"
#include "selftests/prog_run/other_abi.own.h"
#include "selftests/prog_run/too_deep.own.h"
#include "userspace/engine.h"

static struct pkt packet(uint16_t sport, uint16_t payload, uint8_t flags)
{
	struct pkt k = { .family = 4, .proto = IPPROTO_TCP, .ttl = 64,
			 .sport = sport, .dport = 80, .flags = flags,
			 .csum = PKT_CSUM_FULL, .payload = payload };

	memcpy(k.src, (uint8_t[]){ 10, 0, 0, 2 }, 4);
	memcpy(k.dst, (uint8_t[]){ 10, 0, 1, 2 }, 4);
	return k;
}

static struct pkt answer(const struct pkt *k)
{
	struct pkt back = *k;

	memcpy(back.src, k->dst, 16);
	memcpy(back.dst, k->src, 16);
	back.sport = k->dport;
	back.dport = k->sport;
	return back;
}

/* Cells of a kind of NF in the folded side's memory, as XDP writes them. */
static const void *cells_of(struct sides *s, const struct nf_own *own)
{
	const struct instance_maps *m = oracle_maps(s->o[0]);
	int n = own_find(m->own, own);

	assert_true(n >= 0);
	return m->own[n].cells;
}

static void the_packet_that_meets_it_is_dropped_in_xdp(void **state)
{
	static const struct nf_ops *const ops[] = { &monitor_ops, &tally_ops,
						    &monitor_ops, NULL };
	struct pkt k = packet(4000, 20, NFOLD_TCP_ACK);
	const struct tally_cell *c;
	struct sides s;

	(void)state;
	tally_limit = 30;
	sides_new(&s, WIRE, "monitor; monitor; monitor;", ops);
	for (int i = 1; i <= 50; i++) {
		struct oracle_result res = sides_send(&s, 0, &k);

		assert_int_equal(res.verdict,
				 i <= 30 ? ORACLE_SENT : ORACLE_DROP);
		if (i > 2)
			assert_int_equal(res.punted, NFOLD_REASON_NONE);
		if (i > 30)
			assert_int_equal(res.reason,
					 NFOLD_REASON_RATE_EXCEEDED);
	}
	c = cells_of(&s, &tally_own);
	assert_int_equal(c->cnt[0], 50);
	assert_int_equal(c->bytes, 50 * (14 + 40 + 20));
	assert_int_equal(c->cell.fires, 20);
	/* In chain order: the monitor before has counted, the one behind not. */
	assert_int_equal(sides_counted(&s, "monitor"), 50);
	assert_int_equal(sides_counted(&s, "monitor#2"), 30);
	sides_states_equal(&s);
	sides_free(&s);
}

static void the_key_and_the_length_reach_it(void **state)
{
	static const struct nf_ops *const ops[] = { &tally_ops, NULL };
	struct pkt k = packet(4000, 200, NFOLD_TCP_ACK), back = answer(&k);
	const struct tally_cell *c;
	struct sides s;

	(void)state;
	tally_limit = 1000;
	sides_new(&s, WIRE, "monitor;", ops);
	for (int i = 0; i < 20; i++) {
		sides_send(&s, 0, &k);
		sides_send(&s, 1, &back);
	}
	c = cells_of(&s, &tally_own);
	assert_int_equal(c->cnt[(254 >> 7)], 20);
	assert_int_equal(c->cnt[(254 + 512) >> 7], 20);
	sides_states_equal(&s);
	sides_free(&s);
}

/* Three NFs, two functions; two instances of one, whose cells are apart. */
static void two_functions_and_two_of_a_kind(void **state)
{
	static const struct nf_ops *const ops[] = {
		&tally_ops, &pace_ops, &monitor_ops, &tally_ops, NULL };
	struct pkt k = packet(4000, 20, NFOLD_TCP_ACK);
	struct pkt rst = packet(4001, 20, NFOLD_TCP_RST);
	const struct tally_cell *c;
	const struct pace_cell *p;
	struct sides s;

	(void)state;
	tally_limit = 1000;
	sides_new(&s, WIRE, "monitor; monitor; monitor; monitor;", ops);
	for (int i = 0; i < 10; i++)
		sides_send(&s, 0, &k);
	c = cells_of(&s, &tally_own);
	p = cells_of(&s, &pace_own);
	assert_int_equal(c[0].cnt[0], 10);
	assert_int_equal(c[1].cnt[0], 10);
	/* A packet each microsecond: all but the first are too early. */
	assert_int_equal(p[0].cell.fires, 9);
	assert_int_equal(p[0].keys, 10);
	assert_int_equal(p[0].rst, 0);
	sides_wait(&s, 2 * MS);
	sides_send(&s, 0, &k);
	assert_int_equal(p[0].cell.fires, 9);
	for (int i = 0; i < 5; i++)
		sides_send(&s, 0, &rst);
	assert_int_equal(p[1].rst, 5);
	assert_int_equal(p[1].cell.fires, 0);
	sides_states_equal(&s);
	sides_free(&s);
}

static void an_event_that_is_no_drop_is_folded_anew(void **state)
{
	static const struct nf_ops *const ops[] = { &monitor_ops, &sway_ops,
						    &tally_ops, NULL };
	struct pkt k = packet(4000, 20, NFOLD_TCP_ACK);
	const struct tally_cell *c;
	struct sides s;

	(void)state;
	tally_limit = 1000;
	sides_new(&s, WIRE, "monitor; monitor; monitor;", ops);
	for (int i = 1; i <= 10; i++) {
		struct oracle_result res = sides_send(&s, 0, &k);

		assert_int_equal(res.verdict, ORACLE_SENT);
		assert_int_equal(res.bytes[15] >> 2, i <= 3 ? 0 : 46);
		if (i == 4)
			assert_int_equal(res.punted, NFOLD_REASON_EVENT_FIRED);
	}
	/* Each ran once for each packet, whoever ran it. */
	c = cells_of(&s, &tally_own);
	assert_int_equal(c[0].cnt[0], 10);
	assert_int_equal(c[1].cnt[0], 10);
	sides_states_equal(&s);
	sides_free(&s);
}

/* Behind the decap it sees the inner packet, before it the outer one; the length
 * is that of the frame as it came. */
static void it_runs_on_packets_from_tunnels(void **state)
{
	extern const struct nf_ops tunnel_ops;
	static const struct nf_ops *const ops[] = { &tally_ops, &pace_ops,
						    &tunnel_ops, &pace_ops,
						    NULL };
	struct pkt_tunnel t = pkt_tunnel_new(PKT_IPIP, 4);
	struct pkt k = packet(4000, 20, NFOLD_TCP_ACK | NFOLD_TCP_RST), left;
	const struct tally_cell *c;
	const struct pace_cell *p;
	struct sides s;

	(void)state;
	k = answer(&k);
	tally_limit = 30;
	sides_new(&s, ROUTER, "monitor; monitor; " IPIP " monitor;", ops);
	for (int i = 1; i <= 50; i++) {
		struct oracle_result res = tunnels_send(&s, 1, k, &t);

		if (i > 2)
			assert_int_equal(res.punted, NFOLD_REASON_NONE);
		left = k;
		left.ttl--;
		if (i <= 30)
			tunnels_left(&res, 0, &left, NULL);
		else
			assert_int_equal(res.reason,
					 NFOLD_REASON_RATE_EXCEEDED);
	}
	c = cells_of(&s, &tally_own);
	p = cells_of(&s, &pace_own);
	assert_int_equal(c->bytes, 50 * (14 + 20 + 40 + 20));
	assert_int_equal(p[0].keys, 50);
	assert_int_equal(p[0].rst, 0);
	assert_int_equal(p[1].keys, 50);
	assert_int_equal(p[1].rst, 50);
	sides_states_equal(&s);
	sides_free(&s);
}

static json_int_t began(struct engine *e)
{
	json_t *shown = engine_event_show(e, 0);
	json_int_t n = json_integer_value(json_object_get(shown, "began"));

	json_decref(shown);
	return n;
}

static void it_is_told_when_it_begins(void **state)
{
	static const struct nf_ops *const ops[] = { &tally_ops, &pace_ops,
						    NULL };
	struct pkt k = packet(4000, 20, NFOLD_TCP_ACK);
	struct nfold_event ev = { .own = 9 };
	struct engine *e;
	json_t *list;
	struct sides s;

	(void)state;
	tally_limit = 20;
	sides_new(&s, WIRE, "monitor; monitor;", ops);
	e = oracle_engine(s.o[0]);
	for (int i = 0; i < 30; i++) {
		struct oracle_result res;

		sides_wait(&s, 2 * MS);
		assert_int_equal(began(e), i > 20);
		res = sides_send(&s, 0, &k);
		/* XDP meets it, and the ring tells. */
		assert_int_equal(res.punted, i > 1 ? 0 : res.punted);
	}
	assert_int_equal(began(e), 1);
	list = engine_event_list(e);
	assert_int_equal(json_array_size(list), 2);
	json_decref(list);
	/* Of cells that are not there nothing comes. */
	engine_event(e, &ev);
	ev.own = 3;
	engine_event(e, &ev);
	ev = (struct nfold_event){ .own = 1, .cell = UINT32_MAX };
	engine_event(e, &ev);
	assert_int_equal(began(e), 1);
	sides_free(&s);
}

/* A chain without such an NF has the program as it is without all this. */
static void others_have_no_part_of_it(void **state)
{
	static const struct nf_ops *const ops[] = { &tally_ops, NULL };
	struct sides plain, with;

	(void)state;
	sides_new(&plain, WIRE, "monitor;", NULL);
	sides_new(&with, WIRE, "monitor;", ops);
	assert_null(oracle_maps(plain.o[0])->own[0].own);
	assert_null(oracle_maps(plain.o[0])->steps);
	assert_non_null(oracle_maps(with.o[0])->own[0].cells);
	assert_null(oracle_maps(with.o[0])->own[1].own);
	sides_free(&plain);
	sides_free(&with);
}

/* --- what is wrong with an object --- */

/* The error of loading a chain of an NF with this own function. */
static const char *refusal(const struct nf_own *own)
{
	const struct nf_ops ops = { .name = "wry", .own = own };
	static struct instance_error ierr;
	struct chain_file *file;
	struct instance *inst;
	struct conf_error err;

	if (chain_load(&file, "test.chain",
		       "chain t { on p0 inside, p1 outside; mode wire; monitor; }",
		       &err))
		fail_msg("%s", err.message);
	file->chains[0].nfs[0].ops = &ops;
	assert_true(instance_load(&inst, file->chains, "", &ierr) < 0);
	chain_file_free(file);
	return ierr.text;
}

static void a_refused_function_is_told(void **state)
{
	const char *text = refusal(&outside_own);

	(void)state;
	if (strstr(text, " at "))	/* since Linux 6.9 the log says where */
		assert_string_equal(
			text,
			"chain t: NF wry: the kernel refuses its own function at outside_fn.h:17: R3 unbounded memory access, make sure to bounds check any such access: \"c->cnt[v->len + key] = 1;\". Change it so that the verifier can see it is safe (docs/NF-AUTHORS.md); nothing is attached");
	else
		assert_string_equal(
			text,
			"chain t: NF wry: the kernel refuses its own function: R3 unbounded memory access, make sure to bounds check any such access: \"c->cnt[v->len + key] = 1;\". Change it so that the verifier can see it is safe (docs/NF-AUTHORS.md); nothing is attached");
}

/* tally's object, to be spoilt. */
static struct {
	char bytes[64 * 1024];
	size_t size;
} spoilt;

static const void *spoilt_bytes(size_t *size)
{
	*size = spoilt.size;
	return spoilt.size ? spoilt.bytes : NULL;
}

static struct nf_own spoil_begin(void)
{
	struct nf_own own = tally_own;
	const void *bytes = tally_object(&spoilt.size);

	assert_true(spoilt.size <= sizeof(spoilt.bytes));
	memcpy(spoilt.bytes, bytes, spoilt.size);
	own.object = spoilt_bytes;
	return own;
}

/* Each of a name's places, of the same length. */
static void rename_all(const char *from, const char *to)
{
	char *p = spoilt.bytes, *end = p + spoilt.size;

	while ((p = memmem(p, end - p, from, strlen(from) + 1)))
		memcpy(p, to, strlen(to));
}

static void objects_that_can_not_be_joined_are_told(void **state)
{
	struct nf_own own = spoil_begin();

	(void)state;
	spoilt.size = 0;
	assert_string_equal(refusal(&own), "NF wry: the object of its own function is missing in this build. Build nfold anew: make");
	own.object = NULL;
	assert_string_equal(refusal(&own), "NF wry: the object of its own function is missing in this build. Build nfold anew: make");
	own = spoil_begin();
	spoilt.bytes[0] = 'X';
	assert_string_equal(refusal(&own), "NF wry: the object of its own function is no BPF object. Build it with clang -target bpf");
	own = spoil_begin();
	spoilt.bytes[5] ^= 3;
	assert_non_null(strstr(refusal(&own), "NF wry: the object of its own function is for machines of the other byte order; this kernel is "));
	own = spoil_begin();
	memset(spoilt.bytes + 64, 0, spoilt.size - 64);
	assert_non_null(strstr(refusal(&own), "NF wry: the object of its own function can not be read: "));
	own = spoil_begin();
	rename_all("nfold_own_X", "mfold_own_X");
	assert_string_equal(refusal(&own), "NF wry: its object has no own function (with BTF). Build its .bpf.c with NFOLD_OWN() in it, and clang -g");
	own = spoil_begin();
	own.cell_size += 8;
	assert_non_null(strstr(refusal(&own), "NF wry: a cell has 136 bytes in its object, and 144 in user space: "));
}

static const struct nf_own other_abi_own = {
	.object = other_abi_object, .cell_size = 64,
	.run = tally_run, .cells = tally_cells,
}, globals_own = {
	.object = globals_object, .cell_size = sizeof(struct tally_cell),
	.run = tally_run, .cells = tally_cells,
}, program_own = {
	.object = nfold_bpf__elf_bytes, .cell_size = sizeof(struct tally_cell),
	.run = tally_run, .cells = tally_cells,
};

static void objects_that_are_not_allowed_are_told(void **state)
{
	(void)state;
	assert_string_equal(refusal(&other_abi_own), "NF wry: its object was built for map layout 1, this nfold has 5. Build it anew with this nfold's headers");
	assert_string_equal(refusal(&globals_own), "NF wry: map 'own.bss' of its object is not allowed: what an own function keeps is in its cells, which user space sees too. Put it there");
	assert_string_equal(refusal(&program_own), "NF wry: its object holds a program, 'nfold_xdp' in section xdp: only its own function can be joined. Take it out");
}

/* In the programs with the deepest frames: router mode, with edits, and with
 * tunnels. */
static void it_has_64_bytes_of_stack(void **state)
{
	static const struct nf_own deep_own = {
		.object = deep_object, .run = tally_run,
		.cell_size = sizeof(struct tally_cell), .cells = tally_cells,
	}, too_deep_own = {
		.object = too_deep_object, .run = tally_run,
		.cell_size = sizeof(struct tally_cell), .cells = tally_cells,
	};
	struct nf_ops deep_ops = { .name = "deep", .packet = outside_packet,
				   .own = &deep_own, .edits = true };
	const struct nf_ops *const ops[] = { &deep_ops, NULL };
	struct sides s;

	(void)state;
	sides_new(&s, ROUTER, "monitor;", ops);
	sides_free(&s);
	sides_new(&s, ROUTER, "monitor; " VXLAN(7) GRE6, ops);
	sides_free(&s);
	assert_non_null(strstr(refusal(&too_deep_own), "chain t: the kernel refuses the program with the own functions of wry: combined stack size of "));
	assert_non_null(strstr(refusal(&too_deep_own), ". An own function has 64 bytes of stack: keep less there; nothing is attached"));
}

static void nine_kinds_are_too_many(void **state)
{
	struct nf_own own[NFOLD_OWN_MAX + 1];
	struct nf_ops ops[NFOLD_OWN_MAX + 1];
	struct own_cells plan[NFOLD_OWN_MAX];
	struct chain c = { .table_size = 64 };
	uint32_t wanted = 2 * chain_session_max(&c) + 2;

	(void)state;
	for (int i = 0; i <= NFOLD_OWN_MAX; i++) {
		own[i] = tally_own;
		ops[i] = (struct nf_ops){ .name = "n", .own = &own[i] };
		c.nfs[i].ops = &ops[i];
	}
	c.nf_cnt = NFOLD_OWN_MAX;
	assert_int_equal(own_plan(&c, plan), NFOLD_OWN_MAX);
	for (int i = 0; i < NFOLD_OWN_MAX; i++) {
		assert_ptr_equal(plan[i].own, &own[i]);
		assert_int_equal(plan[i].cnt, wanted + wanted / 8);
	}
	c.nf_cnt++;
	assert_int_equal(own_plan(&c, plan), -E2BIG);
	/* And memory is bounded. */
	c.nf_cnt = 1;
	c.table_size = 1 << 24;
	assert_int_equal(own_plan(&c, plan), 1);
	assert_int_equal(plan[0].cnt,
			 OWN_CELL_MEMORY / sizeof(struct tally_cell));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIDES_TEST(the_packet_that_meets_it_is_dropped_in_xdp),
		SIDES_TEST(the_key_and_the_length_reach_it),
		SIDES_TEST(two_functions_and_two_of_a_kind),
		SIDES_TEST(an_event_that_is_no_drop_is_folded_anew),
		SIDES_TEST(it_runs_on_packets_from_tunnels),
		SIDES_TEST(it_is_told_when_it_begins),
		SIDES_TEST(others_have_no_part_of_it),
		SIDES_TEST(a_refused_function_is_told),
		SIDES_TEST(objects_that_can_not_be_joined_are_told),
		SIDES_TEST(objects_that_are_not_allowed_are_told),
		SIDES_TEST(it_has_64_bytes_of_stack),
		SIDES_TEST(nine_kinds_are_too_many),
	};

	return cmocka_run_group_tests(tests, sides_net, NULL);
}
