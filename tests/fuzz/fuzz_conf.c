/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzz target: any text is refused with a place and a message, or loads to
 * chains that print as a text which loads and prints the same. Each word goes
 * through every reader of words.
 */
#include <stdio.h>

#include "tests/chain_stub.h"
#include "tests/fuzz/fuzz.h"

static void try_word(const struct conf_word *w)
{
	static const char *const known[] = { "alpha", "beta", NULL };
	struct conf_error err;
	struct nf_addr a, b;
	uint8_t proto;
	uint16_t p, q;
	unsigned int len;
	uint64_t n;
	size_t i;
	int family;

	conf_uint(w, 0, UINT64_MAX, &n, &err);
	conf_duration(w, &n, &err);
	conf_addr(w, &family, &a, &err);
	if (!conf_prefix(w, &family, &a, &len, &err))
		FUZZ_CHECK(len <= (family == 4 ? 32 : 128));
	if (!conf_range(w, &family, &a, &b, &err))
		FUZZ_CHECK(memcmp(&a, &b, sizeof(a)) <= 0);
	if (!conf_endpoint(w, &family, &a, &p, &proto, &err))
		FUZZ_CHECK(p);
	if (!conf_port_range(w, &p, &q, &err))
		FUZZ_CHECK(p && p <= q);
	conf_choice(w, known, &i, &err);
}

static void try_block(const struct conf_block *b)
{
	for (size_t i = 0; i < b->cnt; i++) {
		const struct conf_stmt *s = &b->stmts[i];

		FUZZ_CHECK(s->word_cnt);
		for (size_t j = 0; j < s->word_cnt; j++) {
			FUZZ_CHECK(s->words[j].loc.line > 0);
			FUZZ_CHECK(s->words[j].loc.col <
				   s->words[j].loc.end_col);
			try_word(&s->words[j]);
		}
		if (s->block)
			try_block(s->block);
	}
}

static void try_error(const struct conf_error *err)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	FUZZ_CHECK(*err->message);
	FUZZ_CHECK(!err->line || (err->col > 0 && err->end_col > err->col));
	conf_error_print(out, err);
	fclose(out);
	FUZZ_CHECK(len);
	free(text);
}

static void try_chain(const struct chain *c)
{
	struct chain_file *f = NULL;
	char *one = chain_print(c), *two;
	struct conf_error err;

	FUZZ_CHECK(one);
	FUZZ_CHECK(!chain_load(&f, "printed", one, &err));
	FUZZ_CHECK(f->cnt == 1);
	two = chain_print(f->chains);
	FUZZ_CHECK(two && !strcmp(one, two));
	free(one);
	free(two);
	chain_file_free(f);
}

int FUZZ_ENTRY(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct chain_file *f = NULL;
	struct conf_block *b = NULL;
	struct conf_error err;

	FUZZ_CHECK(text);
	if (!conf_parse(&b, "fuzz", text, &err)) {
		try_block(b);
		conf_free(b);
	}
	if (chain_load(&f, "fuzz", text, &err)) {
		FUZZ_CHECK(!f);
		try_error(&err);
	} else {
		for (uint32_t i = 0; i < f->cnt; i++)
			try_chain(&f->chains[i]);
		chain_file_free(f);
	}
	FUZZ_CHECK(!stub_instances);
	free(text);
	return 0;
}
