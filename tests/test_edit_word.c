// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Edits that need no record (maps/edit_word.h), and who has which template. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "../maps/edit_word.h"
#include "../userspace/edits.h"
#include "../userspace/tmpl.h"

enum { CNT = 4 };

static struct nfold_edit recs[CNT];
static struct nfold_tmpl tmpls[NFOLD_TMPL_CNT];

static struct edit_plan plan_of(int kind, int outer, int inner, int id)
{
	struct nf_tunnel t = { .kind = kind, .family = outer, .ttl = 64,
			       .vni = id, .remote.a = { htonl(id) } };
	struct edit_plan p = { .layers = 1, .used = true };

	tmpl_make(&p.tmpl[0], &t, inner);
	p.edit.flags = NFOLD_EDIT_FRAME | (inner == 6 ? NFOLD_EDIT_IP6 : 0);
	p.edit.ethertype = htons(outer == 4 ? 0x0800 : 0x86dd);
	p.edit.grow = p.tmpl[0].len;
	if (p.tmpl[0].udp_off)
		p.edit.sport[0] = htons(65535 - id);
	return p;
}

static void a_word_is_its_record(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++)
		for (int fam = 0; fam < 4; fam++)
			for (int i = 0; i < NFOLD_TMPL_CNT; i++) {
		struct edit_plan p = plan_of(kind, fam & 1 ? 4 : 6,
					     fam & 2 ? 4 : 6, i * 37);
		struct nfold_edit back;
		uint32_t word;

		p.edit.tmpl[0] = i + 1;
		word = nfold_edit_word(&p.edit);
		assert_true(word & NFOLD_EDIT_WORD);
		assert_int_equal(NFOLD_EDIT_WORD_TMPL(word), i);
		back = nfold_edit_of_word(word, &p.tmpl[0]);
		assert_memory_equal(&back, &p.edit, sizeof(back));
	}
}

static void what_says_more_is_none(void **state)
{
	struct nfold_edit base = { .flags = NFOLD_EDIT_FRAME, .tmpl = { 1 },
				   .sport = { htons(50000) } }, e[9];

	(void)state;
	assert_int_not_equal(nfold_edit_word(&base), 0);
	for (int i = 0; i < 9; i++)
		e[i] = base;
	e[0].flags |= NFOLD_EDIT_DSCP;
	e[1].flags |= NFOLD_EDIT_SEQ;
	e[2].strip = 1;
	e[3].keep = 1;
	e[4].push = 1;
	e[5].tmpl[0] = 0;
	e[6].tmpl[1] = 2;
	e[7].sport[0] = htons(4789);	/* an NF behind wrote it */
	e[8].flags = NFOLD_EDIT_DSCP;
	for (int i = 0; i < 9; i++)
		assert_int_equal(nfold_edit_word(&e[i]), 0);
}

/* As soon as a grace period gives it back: within 5 s. */
static uint32_t take_soon(struct edits *e, const struct edit_plan *p)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	uint32_t ref = 0;

	for (int i = 0; i < 5000 && !ref; i++) {
		edits_reclaim(e);
		ref = edits_take(e, p);
		if (!ref)
			nanosleep(&ms, NULL);
	}
	return ref;
}

static void templates_come_back_with_their_words(void **state)
{
	struct edit_plan a = plan_of(NF_TUNNEL_VXLAN, 4, 4, 1);
	uint32_t refs[CNT];
	struct edits *e;

	(void)state;
	assert_int_equal(edits_new(&e, recs, CNT, tmpls, 2), 0);
	for (int round = 0; round < 5; round++) {
		struct edit_plan b = plan_of(NF_TUNNEL_GRE, 6, 4, 10 + round);
		struct edit_plan c = plan_of(NF_TUNNEL_GUE, 4, 6, 20 + round);

		for (int i = 0; i < CNT; i++) {
			refs[i] = take_soon(e, i ? &a : &b);
			assert_int_not_equal(refs[i], 0);
		}
		assert_int_equal(edits_take(e, &a), 0);	/* no word left */
		edits_put(e, refs[1]);
		refs[1] = take_soon(e, &a);
		assert_int_not_equal(refs[1], 0);
		edits_put(e, refs[1]);
		assert_int_equal(edits_take(e, &c), 0);	/* no template */
		for (int i = 0; i < CNT; i++)
			if (i != 1)
				edits_put(e, refs[i]);
	}
	edits_free(e);
}

static void records_and_words_share_templates(void **state)
{
	struct edit_plan word = plan_of(NF_TUNNEL_VXLAN, 4, 4, 1), rec = word;
	struct nfold_edit room;
	struct edits *e;
	uint32_t w, r;

	(void)state;
	rec.edit.flags |= NFOLD_EDIT_DSCP;
	rec.edit.dscp = 8;
	assert_int_equal(edits_new(&e, recs, CNT, tmpls, 1), 0);
	w = edits_take(e, &word);
	r = edits_take(e, &rec);
	assert_true(w & NFOLD_EDIT_WORD);
	assert_true(r >= 1 && r <= CNT);
	assert_int_equal(edits_at(e, w, &room)->tmpl[0], 1);
	assert_int_equal(edits_at(e, r, &room)->tmpl[0], 1);
	assert_int_equal(edits_at(e, r, &room)->dscp, 8);
	edits_put(e, w);
	assert_memory_equal(&edits_tmpls(e)[0], &word.tmpl[0],
			    sizeof(word.tmpl[0]));
	word = plan_of(NF_TUNNEL_GRE, 4, 4, 2);
	assert_int_equal(edits_take(e, &word), 0);	/* rec has it still */
	edits_put(e, r);
	assert_int_not_equal(take_soon(e, &word), 0);
	edits_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_is_its_record),
		cmocka_unit_test(what_says_more_is_none),
		cmocka_unit_test(templates_come_back_with_their_words),
		cmocka_unit_test(records_and_words_share_templates),
	};

	return cmocka_run_group_tests_name("edit word", tests, NULL, NULL);
}
