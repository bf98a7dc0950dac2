/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "talkers.h"

#include <stdlib.h>
#include <string.h>

#include "chains/monitor/monitor.own.h"

static int run(void *cell, __u32 key, const struct nfold_view *v)
{
	return talkers_fn(cell, key, v);
}

static uint32_t cells(const struct conf_block *block, uint32_t sessions)
{
	(void)sessions;
	return conf_find(block, "top-talkers") ? 1 : 0;
}

const struct nf_own talkers_own = {
	.object = monitor_object,
	.cell_size = sizeof(struct talkers_cell),
	.run = run,
	.cells = cells,
};

static const struct state_function talkers_sf = {
	.name = "top-talkers",
	.payload = NF_IGNORE,
	.kernel = NFOLD_FN_OWN,
};

int talkers_set(struct talkers *t, const struct conf_stmt *s,
		struct conf_error *err)
{
	static const char *const units[] = { "bytes", "packets", NULL };
	uint64_t cnt = TALKERS_DEFAULT;
	size_t unit = 0;

	if (conf_need_words(s, 1, 3, "top-talkers [bytes | packets [NUMBER]]",
			    err))
		return -1;
	if (s->word_cnt > 1 && conf_choice(&s->words[1], units, &unit, err))
		return -1;
	if (s->word_cnt > 2 &&
	    conf_uint(&s->words[2], 1, TALKERS_MAX, &cnt, err))
		return -1;
	t->packets = unit;
	t->show = cnt;
	if (!nf_random(&t->secret, sizeof(t->secret)))
		return 0;
	return conf_fail(err, &s->loc, NULL, "no random bytes");
}

static bool in_slot(const struct talkers *t, const struct talker *who)
{
	const struct talkers_slot *slot;

	if (!t->cell)
		return false;
	slot = &t->cell->slot[talkers_column(t->cell, 0, who->key)];
	return slot->estimate && slot->key == who->key;
}

static void forget(struct talkers *t, struct talker *who)
{
	HASH_DEL(t->all, who);
	free(who);
}

static struct talker *find(struct talkers *t, const struct nf_pkt *pkt)
{
	struct talker_id id = { .addr = pkt->saddr, .family = pkt->family };
	struct talker *who;

	HASH_FIND(hh, t->all, &id, sizeof(id), who);
	if (who) {
		t->idle -= !who->open;
		who->open++;
		return who;
	}
	who = calloc(1, sizeof(*who));
	if (!who)
		return NULL;
	who->id = id;
	who->key = siphash(&id, sizeof(id), &t->secret);
	who->open = 1;
	HASH_ADD(hh, t->all, id, sizeof(id), who);
	return who;
}

/* An NF before the monitor may have changed its mind about the session. */
static bool is_source(const struct talker *who, const struct nf_pkt *pkt)
{
	return who->id.family == pkt->family &&
	       !memcmp(&who->id.addr, &pkt->saddr, sizeof(pkt->saddr));
}

static uint64_t secret_word(const struct talkers *t, uint32_t n)
{
	return siphash(&n, sizeof(n), &t->secret);
}

static bool find_cell(struct nf *nf, struct talkers *t)
{
	if (t->cell)
		return true;
	t->cell = nf_own_cell_new(nf);
	if (!t->cell)
		return false;
	t->cell->cell.flags = t->packets ? 0 : NFOLD_CELL_BYTES;
	for (uint32_t row = 0; row < TALKERS_ROWS; row++) {
		t->cell->a[row] = secret_word(t, 2 * row);
		t->cell->b[row] = secret_word(t, 2 * row + 1);
	}
	return true;
}

void talkers_packet(struct nf *nf, struct talkers *t, struct talker **mine,
		    const struct nf_pkt *pkt)
{
	nf_fid fid = nf_extract_fid(pkt);

	if (!t->show)
		return;
	if (*mine && !is_source(*mine, pkt)) {
		talkers_end(t, *mine);
		*mine = NULL;
	}
	if (!*mine)
		*mine = find(t, pkt);
	if (!*mine || !find_cell(nf, t)) {
		localmat_keep_slow(nf, fid, NFOLD_REASON_CELLS_FULL);
		return;
	}
	localmat_add_own(nf, fid, &talkers_sf, t->cell, (*mine)->key);
	nf_own_run(nf, pkt, &talkers_sf, t->cell, (*mine)->key);
}

void talkers_end(struct talkers *t, struct talker *mine)
{
	struct talker *who, *tmp;

	if (!mine || --mine->open)
		return;
	if (!in_slot(t, mine)) {
		forget(t, mine);
		return;
	}
	if (++t->idle <= TALKERS_IDLE_MAX)
		return;
	HASH_ITER(hh, t->all, who, tmp) {
		if (who->open || in_slot(t, who))
			continue;
		forget(t, who);
		t->idle--;
	}
}

void talkers_free(struct talkers *t)
{
	struct talker *who, *tmp;

	HASH_ITER(hh, t->all, who, tmp)
		forget(t, who);
}
