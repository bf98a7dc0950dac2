/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chain files, second half: what a chain is, its NFs' lives, and the chain
 * files that are shipped, cut at every byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "tests/chain_stub.h"

static struct chain_file *load(const char *text)
{
	struct chain_file *f = NULL;
	struct conf_error err;

	if (chain_load(&f, "text", text, &err)) {
		conf_error_print(stdout, &err);
		fail();
	}
	return f;
}

static char *slurp(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	assert_non_null(in);
	assert_true(getdelim(&text, &size, '\0', in) > 0);
	fclose(in);
	return text;
}

static void defaults(void **state)
{
	struct chain_file *f = load("chain a { on eth0; }");
	const struct chain *c = f->chains;

	(void)state;
	assert_int_equal(f->cnt, 1);
	assert_string_equal(c->name, "a");
	assert_int_equal(c->port_cnt, 1);
	assert_string_equal(c->ports[0].name, "eth0");
	assert_false(c->ports[0].outside);
	assert_false(c->wire || c->onmiss_pass || c->onfull_drop ||
		     c->unhandled_pass);
	assert_int_equal(c->mode, CHAIN_AUTO);
	assert_int_equal(c->table_size, 65536);
	assert_true(c->timeouts.udp == 300 * NF_SEC);
	assert_true(c->timeouts.icmp == 60 * NF_SEC);
	assert_true(c->timeouts.other == 600 * NF_SEC);
	assert_true(c->timeouts.tcp_established == 7440 * NF_SEC);
	assert_true(c->timeouts.tcp_transitory == 240 * NF_SEC);
	assert_int_equal(c->nf_cnt, 0);
	chain_file_free(f);
}

static void options(void **state)
{
	struct chain_file *f = load(
		"chain w { on b outside, a inside; mode wire; attach native;"
		"on-miss pass; on-full drop; unhandled pass; table-size 1M;"
		"timeout udp 1s; timeout icmp 2s; timeout other 3s;"
		"timeout tcp-established 4s; timeout tcp-transitory 5s; }");
	const struct chain *c = f->chains;

	(void)state;
	assert_int_equal(c->port_cnt, 2);
	assert_string_equal(c->ports[0].name, "b");
	assert_true(c->ports[0].outside);
	assert_string_equal(c->ports[1].name, "a");
	assert_false(c->ports[1].outside);
	assert_true(c->wire && c->onmiss_pass && c->onfull_drop &&
		    c->unhandled_pass);
	assert_int_equal(c->mode, CHAIN_NATIVE);
	assert_int_equal(c->table_size, 1 << 20);
	assert_true(c->timeouts.udp == 1 * NF_SEC);
	assert_true(c->timeouts.icmp == 2 * NF_SEC);
	assert_true(c->timeouts.other == 3 * NF_SEC);
	assert_true(c->timeouts.tcp_established == 4 * NF_SEC);
	assert_true(c->timeouts.tcp_transitory == 5 * NF_SEC);
	chain_file_free(f);
}

static void nf_order(void **state)
{
	static const char *const want[] = { "nat", "lb", "nat", "monitor" };
	struct chain_file *f = load("chain a { nat { x 1; } lb; on p;"
				    "nat { x 2; } monitor }");
	const struct chain *c = f->chains;

	(void)state;
	assert_int_equal(c->nf_cnt, 4);
	for (int i = 0; i < 4; i++) {
		assert_string_equal(c->nfs[i].ops->name, want[i]);
		assert_non_null(c->nfs[i].block);
	}
	assert_string_equal(conf_find(c->nfs[2].block, "x")->words[1].text, "2");
	assert_int_equal(c->nfs[1].block->cnt, 0);
	assert_int_equal(c->nfs[1].block->loc.line, 1);
	chain_file_free(f);
}

static void nf_lives(void **state)
{
	struct chain_file *f = load("chain a { on p; nat; monitor; }");
	struct conf_error err;
	struct nf **nfs;

	(void)state;
	assert_int_equal(stub_instances, 0);
	nfs = chain_nfs_new(f->chains, &err);
	assert_non_null(nfs);
	assert_int_equal(stub_instances, 2);
	assert_string_equal(nfs[0]->ops->name, "nat");
	assert_int_equal(nfs[0]->index, 0);
	assert_int_equal(nfs[1]->index, 1);
	assert_null(nfs[2]);
	chain_nfs_free(nfs);
	chain_nfs_free(NULL);
	assert_int_equal(stub_instances, 0);
	chain_file_free(f);
	chain_file_free(NULL);
}

static void nf_refusal(void **state)
{
	struct chain_file *f = NULL;
	struct conf_error err;

	(void)state;
	assert_int_equal(chain_load(&f, "text",
				    "chain a { on p; nat; lb;\n"
				    "monitor { refuse; } nat; }", &err), -1);
	assert_null(f);
	assert_string_equal(err.message, "the stub refuses");
	assert_int_equal(err.line, 2);
	assert_int_equal(err.col, 11);
	assert_int_equal(stub_instances, 0);
}

/* Nothing is changed by a refusal: the chain that was there stays as it was. */
static void refusal_keeps(void **state)
{
	struct chain_file *f = load("chain a { on p; }"), *old = f;
	struct conf_error err;

	(void)state;
	assert_int_equal(chain_load(&f, "text", "chain b { on p", &err), -1);
	assert_ptr_equal(f, old);
	assert_string_equal(f->chains[0].name, "a");
	chain_file_free(f);
}

/* Loads, prints, loads what was printed, prints the same. */
static void shipped(void **state)
{
	struct chain_file *f = NULL, *g;
	struct conf_error err;
	char *one, *two;

	if (chain_load(&f, *state, NULL, &err)) {
		conf_error_print(stdout, &err);
		fail();
	}
	assert_int_equal(f->cnt, 1);
	one = chain_print(f->chains);
	assert_non_null(one);
	g = load(one);
	two = chain_print(g->chains);
	assert_string_equal(one, two);
	assert_int_equal(g->chains->nf_cnt, f->chains->nf_cnt);
	assert_int_equal(g->chains->port_cnt, f->chains->port_cnt);
	free(one);
	free(two);
	chain_file_free(f);
	chain_file_free(g);
}

/* A cut file is refused with a place in it; only cuts behind the chain's last
 * brace, and none before it, still load. */
static void truncated(void **state)
{
	char *text = slurp(*state), *cut;
	size_t len = strlen(text), end = strrchr(text, '}') + 1 - text;
	struct chain_file *f;
	struct conf_error err;

	for (size_t n = 0; n <= len; n++) {
		cut = strndup(text, n);
		f = NULL;
		if (n >= end) {
			assert_int_equal(chain_load(&f, "cut", cut, &err), 0);
			chain_file_free(f);
		} else {
			assert_int_equal(chain_load(&f, "cut", cut, &err), -1);
			assert_null(f);
			assert_string_equal(err.file, "cut");
			assert_true(*err.message);
		}
		free(cut);
	}
	free(text);
	assert_int_equal(stub_instances, 0);
}

/* One byte changed in every way: refused or loaded, and what loads prints and
 * loads again. */
static void one_byte_off(void **state)
{
	char *text = slurp(*state);
	struct conf_error err;
	int loaded = 0;

	for (size_t i = 0; text[i]; i++) {
		char old = text[i];

		text[i] = "{};,=#\"\\$ \n\x80 1a"[i % 15];
		if (text[i]) {
			struct chain_file *f = NULL;

			if (!chain_load(&f, "changed", text, &err)) {
				char *one = chain_print(f->chains);

				chain_file_free(f);
				chain_file_free(load(one));
				free(one);
				loaded++;
			}
		}
		text[i] = old;
	}
	assert_true(loaded > 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "what is not said has its default", defaults, NULL, NULL, NULL },
		{ "each option reaches the chain", options, NULL, NULL, NULL },
		{ "NFs keep their order and their blocks", nf_order, NULL, NULL, NULL },
		{ "each NF is initialised and left once", nf_lives, NULL, NULL, NULL },
		{ "an NF that refuses ends the ones before it", nf_refusal, NULL, NULL, NULL },
		{ "a refused file leaves the caller's chain alone", refusal_keeps, NULL, NULL, NULL },
		{ "edge.chain prints as what it is", shipped, NULL, NULL, "chains/edge.chain" },
		{ "lb.chain prints as what it is", shipped, NULL, NULL, "chains/lb.chain" },
		{ "wire-monitor.chain prints as what it is", shipped, NULL, NULL, "chains/wire-monitor.chain" },
		{ "edge.chain cut at any byte is refused, not misread", truncated, NULL, NULL, "chains/edge.chain" },
		{ "lb.chain cut at any byte is refused, not misread", truncated, NULL, NULL, "chains/lb.chain" },
		{ "edge.chain with any byte changed is refused or round-trips", one_byte_off, NULL, NULL, "chains/edge.chain" },
	};

	return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
