/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The shipped chain files and the manual's example, with the product's NFs:
 * they load, say what they say, and print as what they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chains/chain.h"

static struct chain_file *load(const char *file, const char *text)
{
	struct chain_file *f = NULL;
	struct conf_error err;

	if (chain_load(&f, file, text, &err)) {
		conf_error_print(stdout, &err);
		fail();
	}
	assert_int_equal(f->cnt, 1);
	return f;
}

static void has_nfs(const struct chain *c, const char *const *want)
{
	for (uint32_t i = 0; i < c->nf_cnt; i++) {
		assert_non_null(want[i]);
		assert_string_equal(c->nfs[i].ops->name, want[i]);
	}
	assert_null(want[c->nf_cnt]);
}

static void round_trip(const struct chain_file *f)
{
	char *one = chain_print(f->chains), *two;
	struct chain_file *g = load("printed", one);

	two = chain_print(g->chains);
	assert_string_equal(one, two);
	free(one);
	free(two);
	chain_file_free(g);
}

static void edge(void **state)
{
	static const char *const nfs[] = {
		"nat", "lb", "monitor", "firewall", NULL,
	};
	struct chain_file *f = load("chains/edge.chain", NULL);
	const struct chain *c = f->chains;

	(void)state;
	assert_string_equal(c->name, "edge");
	assert_int_equal(c->port_cnt, 3);
	assert_false(c->ports[0].outside);
	assert_true(c->ports[1].outside && c->ports[2].outside);
	assert_false(c->wire);
	has_nfs(c, nfs);
	round_trip(f);
	chain_file_free(f);
}

static void lb(void **state)
{
	static const char *const nfs[] = { "lb", NULL };
	struct chain_file *f = load("chains/lb.chain", NULL);

	(void)state;
	assert_int_equal(f->chains->port_cnt, 1);
	assert_false(f->chains->wire);
	has_nfs(f->chains, nfs);
	round_trip(f);
	chain_file_free(f);
}

static void click_rules(void **state)
{
	static const char *const nfs[] = { "ipfilter", NULL };
	struct chain_file *f = load("chains/ipfilter.chain", NULL);

	(void)state;
	assert_int_equal(f->chains->port_cnt, 2);
	has_nfs(f->chains, nfs);
	round_trip(f);
	chain_file_free(f);
}

static void wire_monitor(void **state)
{
	static const char *const nfs[] = { "monitor", NULL };
	struct chain_file *f = load("chains/wire-monitor.chain", NULL);

	(void)state;
	assert_int_equal(f->chains->port_cnt, 2);
	assert_true(f->chains->wire);
	has_nfs(f->chains, nfs);
	round_trip(f);
	chain_file_free(f);
}

static void branch(void **state)
{
	static const char *const nfs[] = { "mark", "tunnel", "monitor", NULL };
	struct chain_file *f = load("chains/branch.chain", NULL);

	(void)state;
	has_nfs(f->chains, nfs);
	round_trip(f);
	chain_file_free(f);
}

static uint32_t strings_of(const struct chain *c, const char *nf)
{
	char *text = chain_print(c), *at = strstr(text, nf);
	uint32_t quotes = 0;

	assert_non_null(at);
	for (; *at; at++)
		quotes += *at == '"';
	free(text);
	return quotes / 2;
}

static struct nf **nfs_of(const struct chain *c)
{
	struct conf_error err;
	struct nf **nfs = chain_nfs_new(c, &err);

	if (!nfs) {
		conf_error_print(stdout, &err);
		fail();
	}
	return nfs;
}

/* Slots of the first service's table, by what the balancer shows. */
static json_int_t slots_of(struct nf *lb)
{
	json_t *shown = lb->ops->show(lb), *b;
	json_int_t slots = 0;
	size_t i;

	json_array_foreach(json_object_get(json_array_get(json_object_get(
				shown, "services"), 0), "backends"), i, b)
		slots += json_integer_value(json_object_get(b, "slots"));
	json_decref(shown);
	return slots;
}

static void speedybox_1(void **state)
{
	static const char *const names[] = {
		"nat", "lb", "monitor", "ipfilter", NULL,
	};
	struct chain_file *f = load("chains/speedybox-1.chain", NULL);
	struct nf **nfs = nfs_of(f->chains);

	(void)state;
	has_nfs(f->chains, names);
	assert_int_equal(strings_of(f->chains, "ipfilter"), 200);
	assert_int_equal(slots_of(nfs[1]), 7);
	chain_nfs_free(nfs);
	round_trip(f);
	chain_file_free(f);
}

/* Lines of the rule file that are rules. */
static uint32_t snort_rules(const char *file)
{
	FILE *in = fopen(file, "r");
	uint32_t cnt = 0;
	char *line = NULL;
	size_t size = 0;

	assert_non_null(in);
	while (getline(&line, &size, in) > 0)
		cnt += strstr(line, " sid:") != NULL;
	free(line);
	fclose(in);
	return cnt;
}

static void speedybox_2(void **state)
{
	static const char *const nfs[] = { "ipfilter", "monitor", "ids", NULL };
	struct chain_file *f = load("chains/speedybox-2.chain", NULL);

	(void)state;
	has_nfs(f->chains, nfs);
	assert_int_equal(strings_of(f->chains, "ipfilter"), 350 + 1);
	assert_int_equal(snort_rules("chains/speedybox.rules"), 18);
	chain_nfs_free(nfs_of(f->chains));	/* reads the rules */
	chain_file_free(f);
}

/* The text between .Bd and .Ed after the man page's EXAMPLES. */
static char *manual_example(void)
{
	FILE *in = fopen("docs/nfold.chain.5", "r");
	char *text = NULL, *from, *to, *example;
	size_t size = 0;

	assert_non_null(in);
	assert_true(getdelim(&text, &size, '\0', in) > 0);
	fclose(in);
	from = strstr(text, ".Sh EXAMPLES");
	assert_non_null(from);
	from = strstr(from, ".Bd -literal\n");
	assert_non_null(from);
	from += strlen(".Bd -literal\n");
	to = strstr(from, ".Ed");
	assert_non_null(to);
	example = strndup(from, to - from);
	free(text);
	return example;
}

static void manual(void **state)
{
	char *text = manual_example();
	struct chain_file *f = load("nfold.chain.5", text);

	(void)state;
	assert_int_equal(f->chains->nf_cnt, 4);
	round_trip(f);
	chain_file_free(f);
	free(text);
}

/* The language's side of an NF's refusal: place, line and remedy are there. */
static void nf_error(void **state)
{
	struct chain_file *f = NULL;
	struct conf_error err;

	(void)state;
	assert_int_equal(chain_load(&f, "text",
				    "chain a {\n\ton p;\n"
				    "\tnat { source 10.0.0.1/24;\n"
				    "\t\tpool 192.0.2.1; }\n}\n", &err), -1);
	assert_null(f);
	assert_int_equal(err.line, 3);
	assert_int_equal(err.col, 15);
	assert_string_equal(err.source, "\tnat { source 10.0.0.1/24;");
	assert_string_equal(err.hint, "did you mean 10.0.0.0/24?");
}

/* Rules keep their strings and their commas, and defines of them are taken. */
static void ipfilter(void **state)
{
	struct chain_file *f = load("text",
		"define web = \"allow dst port 80\", \"allow dst port 443\"\n"
		"chain a {\n\ton p;\n\tipfilter {\n"
		"\t\taddress IN 10.0.0.0/8;\n"
		"\t\trule \"deny dst IN\"\n\t\t\t\"&& syn\", $web,\n"
		"\t\t     \"deny all\";\n\t}\n}\n");
	char *text = chain_print(f->chains);

	(void)state;
	assert_non_null(strstr(text, "\t\trule \"deny dst IN\" \"&& syn\", "
			       "\"allow dst port 80\", \"allow dst port 443\", "
			       "\"deny all\";\n"));
	free(text);
	round_trip(f);
	chain_file_free(f);
}

/* A rule's error has its place in the file: in the string that has it, behind
 * escapes; of a define, where it is used. */
static void ipfilter_error(void **state)
{
	struct chain_file *f = NULL;
	struct conf_error err;

	(void)state;
	assert_int_equal(chain_load(&f, "text",
				    "chain a {\n\ton p;\n"
				    "\tipfilter { rule \"allow tcp\",\n"
				    "\t\t\"allow udp\" \"dst prot 80\"; }\n}\n",
				    &err), -1);
	assert_int_equal(err.line, 4);
	assert_int_equal(err.col, 20);
	assert_int_equal(err.end_col, 24);
	assert_string_equal(err.hint, "did you mean 'port'?");
	assert_int_equal(chain_load(&f, "text",
				    "chain a {\n\ton p;\n"
				    "\tipfilter { rule \"allow \\\"tcp\"; }\n}\n",
				    &err), -1);
	assert_int_equal(err.line, 3);
	assert_int_equal(err.col, 25);
	assert_int_equal(err.end_col, 27);
	assert_int_equal(chain_load(&f, "text",
				    "define bad = \"allow dst prot 80\"\n"
				    "chain a {\n\ton p;\n"
				    "\tipfilter { rule $bad; }\n}\n", &err), -1);
	assert_int_equal(err.line, 4);
	assert_int_equal(err.col, 18);
	assert_int_equal(err.end_col, 22);
}

static void nf_names(void **state)
{
	(void)state;
	for (size_t i = 0; nf_table[i]; i++) {
		assert_ptr_equal(nf_find(nf_table[i]->name), nf_table[i]);
		assert_true(nf_table[i]->summary && *nf_table[i]->summary);
		if (i)
			assert_true(strcmp(nf_table[i - 1]->name,
					   nf_table[i]->name) < 0);
	}
	assert_null(nf_find("nonesuch"));
	assert_null(nf_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "edge.chain is NAT, load balancer, monitor and firewall", edge, NULL, NULL, NULL },
		{ "lb.chain is a load balancer on one port", lb, NULL, NULL, NULL },
		{ "ipfilter.chain is Click's rules", click_rules, NULL, NULL, NULL },
		{ "wire-monitor.chain is a wire that counts", wire_monitor, NULL, NULL, NULL },
		{ "branch.chain marks, tunnels and counts", branch, NULL, NULL, NULL },
		{ "speedybox-1.chain is the paper's first chain", speedybox_1, NULL, NULL, NULL },
		{ "speedybox-2.chain is the paper's second chain", speedybox_2, NULL, NULL, NULL },
		{ "the manual's example loads", manual, NULL, NULL, NULL },
		{ "what an NF refuses is shown with place and remedy", nf_error, NULL, NULL, NULL },
		{ "ipfilter's rules print as what they are", ipfilter, NULL, NULL, NULL },
		{ "an error in a rule has its place in the file", ipfilter_error, NULL, NULL, NULL },
		{ "NFs are found by their names, which are in order", nf_names, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests_name("chain files", tests, NULL, NULL);
}
