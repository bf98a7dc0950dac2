/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold stat: packets by reason, grouped by kind; tables; engine. */
#include <string.h>

#include "cli.h"
#include "format.h"
#include "view.h"

/* Drops are counted on both sides; the side is told by the row. */
enum side { SIDE_XDP, SIDE_ENGINE };

static const struct {
	const char *word;
	const char *title;
	enum nfold_reason_kind kind;
	enum side side;
} groups[] = {
	{ "fast", "forwarded in XDP", NFOLD_KIND_FAST, SIDE_XDP },
	{ "host", "given to the host", NFOLD_KIND_HOST, SIDE_XDP },
	{ "drop_xdp", "dropped in XDP", NFOLD_KIND_DROP, SIDE_XDP },
	{ "punt", "punted to user space", NFOLD_KIND_PUNT, SIDE_XDP },
	{ "slow", "forwarded in user space", NFOLD_KIND_SLOW, SIDE_ENGINE },
	{ "drop_user", "dropped in user space", NFOLD_KIND_DROP, SIDE_ENGINE },
	{ "note", "notes", NFOLD_KIND_NOTE, SIDE_ENGINE },
};
#define GROUP_CNT (sizeof(groups) / sizeof(groups[0]))

struct sums {
	uint64_t by[2][NFOLD_REASON_MAX];	/* side, reason */
};

static void sum_rows(const struct view *v, struct sums *s)
{
	memset(s, 0, sizeof(*s));
	for (uint32_t row = 0; row < v->maps.stats_rows; row++) {
		const volatile __u64 *p = v->maps.stats[row].packets;
		enum side side = row + 1 == v->maps.stats_rows ? SIDE_ENGINE :
								 SIDE_XDP;

		for (int r = 0; r < NFOLD_REASON_MAX; r++)
			s->by[side][r] += p[r];
	}
}

/* A reason of any kind but drop belongs to one side by its meaning, so both
 * sides' counters are its count. */
static uint64_t group_count(const struct sums *s, size_t g, int reason)
{
	if (reason >= NFOLD_REASON_CNT || reason_kind(reason) != groups[g].kind)
		return 0;
	if (groups[g].kind != NFOLD_KIND_DROP)
		return s->by[SIDE_XDP][reason] + s->by[SIDE_ENGINE][reason];
	return s->by[groups[g].side][reason];
}

static uint64_t group_total(const struct sums *s, size_t g)
{
	uint64_t total = 0;

	for (int r = 0; r < NFOLD_REASON_CNT; r++)
		total += group_count(s, g, r);
	return total;
}

static uint64_t received(const struct sums *s)
{
	uint64_t total = 0;

	for (size_t g = 0; g < GROUP_CNT; g++)
		if (groups[g].side == SIDE_XDP)
			total += group_total(s, g);
	return total;
}

struct fill {
	uint32_t live, slots, overflow;
};

static struct fill table_fill(const struct view *v, int family)
{
	const struct nfold_config *c = &v->maps.meta->config;
	const struct flow_table *t = v->table[family == 6];
	uint32_t first_over = (family == 4 ? c->nbuckets4 : c->nbuckets6) *
			      NFOLD_BUCKET_SLOTS;
	struct fill f = { .slots = flow_table_slots(t) };
	struct flow_entry e;

	for (uint32_t slot = 0; slot < f.slots; slot++) {
		if (!flow_table_read(t, slot, &e, NULL))
			continue;
		f.live++;
		f.overflow += slot >= first_over;
	}
	return f;
}

/* --- text --- */

static void print_group(const struct sums *s, size_t g)
{
	uint64_t total = group_total(s, g);

	if (groups[g].kind == NFOLD_KIND_NOTE) {
		if (!total)
			return;
		printf("  %-28s\n", groups[g].title);
	} else {
		printf("  %-28s %15llu\n", groups[g].title,
		       (unsigned long long)total);
	}
	for (int r = 0; r < NFOLD_REASON_CNT; r++) {
		uint64_t n = group_count(s, g, r);

		if (n)
			printf("    %-26s %15llu  %s\n", format_reason(r),
			       (unsigned long long)n, format_reason_text(r));
	}
}

static void print_fill(const struct view *v, int family)
{
	struct fill f = table_fill(v, family);

	printf("  IPv%d table: %u of %u slots (%.1f %%), %u in overflow\n",
	       family, f.live, f.slots, 100.0 * f.live / f.slots, f.overflow);
}

static void print_view(const struct view *v)
{
	const struct nfold_meta *meta = v->maps.meta;
	struct sums s;

	sum_rows(v, &s);
	printf("chain %s\n", meta->chain);
	if (v->alive)
		printf("  engine: process %u, %llu loops\n", meta->engine_pid,
		       (unsigned long long)v->maps.ctl->heartbeat);
	else
		printf("  engine: none. Established flows run on; new ones get on-miss %s\n",
		       meta->config.onmiss_pass ? "pass" : "drop");
	print_fill(v, 4);
	print_fill(v, 6);
	printf("  %-28s %15llu\n", "received by XDP",
	       (unsigned long long)received(&s));
	for (size_t g = 0; g < GROUP_CNT; g++)
		print_group(&s, g);
}

/* --- JSON --- */

static json_t *group_json(const struct sums *s, size_t g)
{
	json_t *reasons = json_object();

	for (int r = 0; r < NFOLD_REASON_CNT; r++)
		if (group_count(s, g, r))
			json_object_set_new(reasons, format_reason(r),
					    json_integer(group_count(s, g, r)));
	return json_pack("{s:I, s:o}", "total", (json_int_t)group_total(s, g),
			 "reasons", reasons);
}

static json_t *fill_json(const struct view *v, int family)
{
	struct fill f = table_fill(v, family);

	return json_pack("{s:I, s:I, s:I}", "live", (json_int_t)f.live, "slots",
			 (json_int_t)f.slots, "overflow",
			 (json_int_t)f.overflow);
}

static json_t *view_json(const struct view *v)
{
	const struct nfold_meta *meta = v->maps.meta;
	json_t *packets = json_object();
	struct sums s;

	sum_rows(v, &s);
	for (size_t g = 0; g < GROUP_CNT; g++)
		json_object_set_new(packets, groups[g].word,
				    group_json(&s, g));
	return json_pack("{s:s, s:{s:b, s:I, s:I, s:I}, s:{s:o, s:o}, s:I, s:o}",
			 "chain", meta->chain, "engine", "alive", v->alive,
			 "pid", (json_int_t)(v->alive ? meta->engine_pid : 0),
			 "heartbeat", (json_int_t)v->maps.ctl->heartbeat,
			 "generation", (json_int_t)v->maps.ctl->generation,
			 "tables", "ipv4", fill_json(v, 4), "ipv6",
			 fill_json(v, 6), "received", (json_int_t)received(&s),
			 "packets", packets);
}

static int stat_view(struct view *v, void *ctx)
{
	if (cli_options.json)
		json_array_append_new(ctx, view_json(v));
	else
		print_view(v);
	return CLI_OK;
}

int cmd_stat(int argc, char **argv)
{
	json_t *out;
	int ret;

	if (argc > 1)
		return cli_usage("usage: nfold stat [CHAIN]");
	out = json_array();
	ret = view_each(argc ? argv[0] : NULL, stat_view, out);
	if (!ret && cli_options.json)
		return cli_json(out);
	json_decref(out);
	return ret;
}
