/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The verifier takes the object with every combination of constants that
 * changes its code, with and without xdp.frags; and barriers for weakly ordered
 * machines do not change what it does.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "fixture.h"

static void specialise(struct nfold_config *c, int bits)
{
	c->router = bits & 1;
	c->onmiss_pass = !!(bits & 2);
	c->unhandled_pass = !!(bits & 4);
	c->weak_memory = !!(bits & 8);
	c->generic = !!(bits & 16);
	c->linear = !(bits & 64);
	c->edits = !!(bits & 128);
	if (bits & 256) {
		c->edits = 1;
		c->tunnels.cnt = bits & 32 ? NFOLD_TUNNEL_MAX : 1;
		c->tunnels.ports = 2;
	}
	c->port_cnt = bits & 32 ? NFOLD_PORT_MAX : 2;
}

static uint32_t verified(const struct fixture *fx)
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);

	bpf_obj_get_info_by_fd(fx->prog, &info, &len);
	return info.verified_insns;
}

static void combinations(void **state)
{
	uint32_t most = 0;

	(void)state;
	for (int bits = 0; bits < 512; bits++) {
		struct fixture fx;

		/* Of those with tunnels what their code depends on. */
		if ((bits & 256) && (bits & (2 | 4 | 128)))
			continue;

		fx_open(&fx);
		specialise((struct nfold_config *)&fx.skel->rodata->config,
			   bits);
		if (bits & 64) {
			bpf_program__set_flags(fx.skel->progs.nfold_xdp,
					       BPF_F_XDP_HAS_FRAGS);
			bpf_program__set_flags(fx.skel->progs.nfold_xdp_tunnels,
					       BPF_F_XDP_HAS_FRAGS);
		}
		assert_int_equal(fx_load(&fx), 0);
		if (verified(&fx) > most)
			most = verified(&fx);
		fx_close(&fx);
	}
	print_message("# %u instructions verified at most\n", most);
	assert_true(most < 1000000);
}

static void weak_memory(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_UDP), out = in;
	uint8_t frame[PKT_MAX], want[PKT_MAX];
	static struct fx_result r;
	struct fx_entry e;
	struct fixture fx;
	uint32_t len;

	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		in = out = pkt_new(family, IPPROTO_UDP);
		out.ttl--;
		out.dport = 99;
		out.src[2] ^= 1;
		memcpy(out.dmac, (uint8_t[]){ 2, 1, 1, 1, 1, 2 }, 6);
		memcpy(out.smac, (uint8_t[]){ 2, 0, 0, 0, 0, 2 }, 6);
		fx_open(&fx);
		((struct nfold_config *)&fx.skel->rodata->config)->weak_memory = 1;
		assert_int_equal(fx_load(&fx), 0);
		e = fx_fold(&in, &out, 0, 2);
		fx_install(&fx, &e);
		len = pkt_build(&in, frame);
		pkt_build(&out, want);
		assert_int_equal(fx_run(&fx, 0, frame, len, &r), 0);
		assert_int_equal(r.why, NFOLD_REASON_FAST);
		assert_memory_equal(r.data, want, len);
		fx_close(&fx);
	}
}

/* A packet of several buffers: length, byte count and full checksum over all
 * of it; headers beyond the first buffer can not happen here (it holds a
 * page). */
static void frags(void **state)
{
	static uint8_t frame[16384], want[16384], got[16384];
	struct nfold_cells *cells;
	struct fixture fx;

	(void)state;
	fx_open(&fx);
	bpf_program__set_flags(fx.skel->progs.nfold_xdp, BPF_F_XDP_HAS_FRAGS);
	((struct nfold_config *)&fx.skel->rodata->config)->linear = 0;
	assert_int_equal(fx_load(&fx), 0);
	fx.ports[1].mtu = 9000;
	for (int i = 0; i < 8; i++) {
		struct pkt in = pkt_new(i & 1 ? 6 : 4, i & 2 ? 6 : 17), out;
		struct xdp_md ctx = { .ingress_ifindex = fx.ifindex[0] };
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
			    .data_out = got, .data_size_out = sizeof(got),
			    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx),
			    .repeat = 1);
		struct fx_entry e;

		in.payload = 8000 + i;
		in.csum = i & 4 ? PKT_CSUM_PARTIAL : PKT_CSUM_FULL;
		out = in;
		out.csum = PKT_CSUM_FULL;
		out.sport = 7;
		memcpy(out.dmac, (uint8_t[]){ 2, 1, 1, 1, 1, 2 }, 6);
		memcpy(out.smac, (uint8_t[]){ 2, 0, 0, 0, 0, 2 }, 6);
		e = fx_fold(&in, &out, 0, 2);
		e.act.flags = NFOLD_ACT_CSUM_PARTIAL;
		fx_clear(&fx);
		cells = fx_install(&fx, &e);
		opts.data_size_in = pkt_build(&in, frame);
		pkt_build(&out, want);
		/* The context's end is that of the linear part. */
		ctx.data_end = 3000;
		assert_int_equal(bpf_prog_test_run_opts(fx.prog, &opts), 0);
		assert_int_equal(opts.retval, XDP_REDIRECT);
		assert_int_equal(opts.data_size_out, opts.data_size_in);
		assert_memory_equal(got, want, opts.data_size_in);
		assert_int_equal(cells->bytes, opts.data_size_in);
	}
	fx_close(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "288 combinations of constants load", combinations, NULL,
		  NULL, NULL },
		{ "with barriers for weakly ordered machines it does the same",
		  weak_memory, NULL, NULL, NULL },
		{ "packets in fragments are rewritten, completed and counted whole",
		  frags, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
