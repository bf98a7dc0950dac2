/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold explain: what a chain does with the first packet of a flow, and what it
 * folds to. Nothing is sent.
 */
#include <string.h>

#include "flow_spec.h"
#include "format.h"
#include "made_packet.h"
#include "offline.h"

#define USAGE "nfold explain chain FILE|CHAIN [chain-name NAME] [route PREFIX PORT ...] 'in PORT tcp A:p > B:q'"

struct explain {
	struct offline off;
	struct flow_spec spec;
	struct made_packet packet;
	struct oracle *side;
	struct oracle_result result;
};

static int run(struct explain *x)
{
	static const uint8_t sender[6] = { 2, 0, 0, 0, 2, 1 };
	uint32_t port = x->spec.port;
	int ret;

	made_packet(&x->packet, x->spec.family, &x->spec.key,
		    x->spec.tcp_flags);
	memcpy(x->packet.data, oracle_maps(x->side)->ports[port].mac, 6);
	memcpy(x->packet.data + 6, sender, 6);
	oracle_advance(x->side, NF_SEC);
	ret = oracle_packet(x->side, port, x->packet.data, x->packet.len,
			    &x->result);
	if (!ret)
		return CLI_OK;
	cli_error("BPF_PROG_TEST_RUN: %s", strerror(-ret));
	return CLI_REFUSED;
}

static void print_result(struct explain *x)
{
	const struct oracle_result *r = &x->result;
	const char *nf;
	char buf[64];

	printf("%s\n", x->spec.text);
	printf("first packet: %s", offline_verdict(r));
	if (r->verdict == ORACLE_SENT && r->port < x->off.chain->port_cnt)
		printf(" by %s", x->off.chain->ports[r->port].name);
	nf = offline_drop_nf(x->side, r, buf);
	if (nf)
		printf(" by %s", nf);
	printf(", %s (%s)%s\n", format_reason(r->reason),
	       format_reason_text(r->reason),
	       r->punted ? "" : ", by XDP alone");
}

static int print(struct explain *x)
{
	json_t *flow = engine_explain(oracle_engine(x->side), x->packet.data,
				      x->packet.len, x->spec.port);

	if (cli_options.json)
		return cli_json(json_pack(
			"{s:s, s:o, s:o}", "flow", x->spec.text, "result",
			offline_result_json(&x->off, x->side, &x->result),
			"explained", flow ? flow : json_null()));
	print_result(x);
	if (flow)
		offline_explain_print(stdout, &x->off, flow);
	else
		puts("no flow comes of it: nothing is recorded or folded");
	json_decref(flow);
	return CLI_OK;
}

int cmd_explain(int argc, char **argv)
{
	struct explain x = { 0 };
	int ret = offline_parse(&x.off, argc, argv, OFFLINE_SPEC, USAGE);

	if (!ret)
		ret = offline_load(&x.off);
	if (!ret)
		ret = flow_spec_parse(&x.spec, &x.off, x.off.rest_cnt,
				      x.off.rest);
	if (!ret)
		ret = offline_start(&x.off);
	if (!ret)
		ret = offline_oracle(&x.off, true, &x.side);
	if (!ret)
		ret = run(&x);
	if (!ret)
		ret = print(&x);
	oracle_free(x.side);
	offline_end(&x.off);
	return ret;
}
