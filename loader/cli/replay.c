/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold replay: captures through a chain, what leaves as captures. */
#include <string.h>

#include "offline.h"

#define USAGE "nfold replay chain FILE in PORT=FILE.pcap [in ...] out DIR [no-fold] [route PREFIX PORT ...] [chain-name NAME]"

struct replay {
	struct offline off;
	struct oracle *side;
	struct captures *caps;
	struct capture_out *out;
	uint64_t packets, kernel, sent, dropped;
};

/* JSON lines: a document a packet. */
static int tell(struct replay *r, const struct capture_packet *p,
		const struct oracle_result *res)
{
	json_t *o = offline_result_json(&r->off, r->side, res);

	json_object_update_new(
		o, json_pack("{s:I, s:I, s:s, s:s, s:I, s:i}", "index",
			     (json_int_t)r->packets, "time_ns",
			     (json_int_t)p->ns, "in",
			     r->off.chain->ports[p->port].name, "file",
			     p->file, "record", (json_int_t)p->record, "len",
			     res->verdict == ORACLE_DROP ? 0 : (int)res->len));
	return cli_json(o);
}

static int one(struct replay *r, const struct capture_packet *p)
{
	struct oracle_result res;
	int ret;

	oracle_advance(r->side, p->ns);
	ret = oracle_packet(r->side, p->port, p->data, p->len, &res);
	if (ret) {
		cli_error("%s record %llu: BPF_PROG_TEST_RUN: %s", p->file,
			  (unsigned long long)p->record, strerror(-ret));
		return CLI_REFUSED;
	}
	oracle_left(r->side);
	r->packets++;
	r->kernel += !res.punted;
	r->sent += res.verdict == ORACLE_SENT;
	r->dropped += res.verdict == ORACLE_DROP;
	if (res.verdict == ORACLE_SENT)
		capture_out_packet(r->out, res.port, p->ns, res.bytes,
				   res.len);
	return cli_options.json ? tell(r, p, &res) : CLI_OK;
}

static int all(struct replay *r)
{
	struct capture_packet p;
	int ret = CLI_OK;

	while (!ret && captures_next(r->caps, &p))
		ret = one(r, &p);
	return ret;
}

static void summary(const struct replay *r)
{
	captures_tell(r->caps);
	if (!cli_options.json)
		printf("%llu packets, %llu by the kernel alone: %llu forwarded into %s, %llu dropped, %llu for the host\n",
		       (unsigned long long)r->packets,
		       (unsigned long long)r->kernel,
		       (unsigned long long)r->sent, r->off.out,
		       (unsigned long long)r->dropped,
		       (unsigned long long)(r->packets - r->sent - r->dropped));
}

static int out_open(struct replay *r)
{
	const char *names[NFOLD_PORT_MAX];

	for (uint32_t i = 0; i < r->off.chain->port_cnt; i++)
		names[i] = r->off.chain->ports[i].name;
	return capture_out_open(&r->out, r->off.out, names,
				r->off.chain->port_cnt);
}

int cmd_replay(int argc, char **argv)
{
	struct replay r = { 0 };
	int ret = offline_parse(&r.off, argc, argv, OFFLINE_IN | OFFLINE_OUT,
				USAGE), closed;

	if (!ret)
		ret = offline_load(&r.off);
	if (!ret)
		ret = captures_open(&r.caps, r.off.in, r.off.in_cnt);
	if (!ret)
		ret = offline_start(&r.off);
	if (!ret)
		ret = offline_oracle(&r.off, !r.off.no_fold, &r.side);
	if (!ret)
		ret = out_open(&r);
	if (!ret)
		ret = all(&r);
	closed = capture_out_close(r.out);
	if (!ret)
		ret = closed;
	if (!ret)
		summary(&r);
	oracle_free(r.side);
	captures_close(r.caps);
	offline_end(&r.off);
	return ret;
}
