/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules: an action, then an expression of terms.
 *
 *	expr   := or [ "?" expr ":" expr ]
 *	or     := and { ("or" | "||") and }
 *	and    := factor { [ "and" | "&&" ] factor }	side by side is `and`
 *	factor := ("not" | "!") factor | "(" expr ")" | term
 */
#include <stdlib.h>
#include <string.h>

#include "ipfilter_parse.h"

static int parse_expr(struct ipf_parser *p, uint16_t *node);

uint16_t ipf_node(struct ipf_parser *p, enum ipf_node_kind kind, uint16_t a,
		  uint16_t b, uint16_t c)
{
	struct ipf_tree *tree = p->tree;

	tree->nodes[tree->cnt] = (struct ipf_node){
		.kind = kind, .a = a, .b = b, .c = c,
	};
	return tree->cnt++;
}

static bool take(struct ipf_parser *p, const char *word, const char *sign)
{
	if (!ipf_at(p, p->pos, word) && !ipf_at(p, p->pos, sign))
		return false;
	p->pos++;
	return true;
}

/* What was expected is not there. */
static int fail_missing(struct ipf_parser *p)
{
	char buf[IPF_WORD_MAX];

	if (p->pos == p->cnt)
		return ipf_fail(p, p->pos, p->pos, NULL,
				"the rule ends where a test is expected");
	return ipf_fail(p, p->pos, p->pos + 1, NULL,
			"expected a test, not '%s'", ipf_word(p, p->pos, buf));
}

static int parse_group(struct ipf_parser *p, uint16_t *node)
{
	uint32_t open = p->pos++;

	if (parse_expr(p, node))
		return -1;
	if (!take(p, ")", ")"))
		return ipf_fail(p, open, open + 1, NULL,
				"this '(' is not closed");
	return 1;
}

/* 1, 0: none stands here, or -1. */
static int parse_factor(struct ipf_parser *p, uint16_t *node)
{
	bool not = false, some = false;
	int got;

	while (take(p, "not", "!")) {
		not = !not;
		some = true;
	}
	got = ipf_at(p, p->pos, "(") ? parse_group(p, node) :
				       ipf_term(p, node);
	if (!got && some)
		return fail_missing(p);
	if (got == 1 && not)
		*node = ipf_node(p, IPF_NOT, *node, 0, 0);
	return got;
}

static int parse_and(struct ipf_parser *p, uint16_t *node)
{
	uint16_t right;
	bool must;
	int got = parse_factor(p, node);

	if (!got)
		return fail_missing(p);
	while (got == 1) {
		must = take(p, "and", "&&");
		got = parse_factor(p, &right);
		if (!got && must)
			return fail_missing(p);
		if (got == 1)
			*node = ipf_node(p, IPF_AND, *node, right, 0);
	}
	return got;
}

static int parse_or(struct ipf_parser *p, uint16_t *node)
{
	uint16_t right;

	if (parse_and(p, node))
		return -1;
	while (take(p, "or", "||")) {
		if (parse_and(p, &right))
			return -1;
		*node = ipf_node(p, IPF_OR, *node, right, 0);
	}
	return 0;
}

static int parse_choice(struct ipf_parser *p, uint16_t *node)
{
	uint32_t at = p->pos++;
	uint16_t yes, no;

	if (parse_expr(p, &yes))
		return -1;
	if (!take(p, ":", ":"))
		return ipf_fail(p, at, at + 1, "white space around the colon",
				"'?' without ':'");
	if (parse_expr(p, &no))
		return -1;
	*node = ipf_node(p, IPF_IF, *node, yes, no);
	return 0;
}

static int parse_expr(struct ipf_parser *p, uint16_t *node)
{
	int err;

	if (++p->depth > IPF_DEPTH_MAX)
		return ipf_fail(p, p->pos, p->pos, NULL,
				"nested deeper than %d", IPF_DEPTH_MAX);
	err = parse_or(p, node);
	if (!err && ipf_at(p, p->pos, "?"))
		err = parse_choice(p, node);
	p->depth--;
	return err;
}

/* allow, deny, drop, or the number of an output, of which there is one. */
static int parse_action(struct ipf_parser *p, bool *allow)
{
	char buf[IPF_WORD_MAX];
	const char *w = ipf_word(p, 0, buf);
	uint32_t output;

	p->pos = 1;
	if (!p->cnt)
		return ipf_fail(p, 0, 0, "as in allow tcp", "empty rule");
	*allow = !strcmp(w, "allow");
	if (*allow || !strcmp(w, "deny") || !strcmp(w, "drop"))
		return 0;
	*allow = true;
	if (!ipf_read_uint(w, &output))
		return ipf_fail(p, 0, 1, "allow, deny, drop or 0",
				"a rule begins with its action, not '%s'", w);
	if (output)
		return ipf_fail(p, 0, 1, "0 is allow; what goes nowhere is deny",
				"output %u: packets leave by one way only",
				output);
	return 0;
}

static bool is_any(const struct ipf_parser *p)
{
	return p->cnt == 1 ||
	       (p->cnt == 2 && (ipf_at(p, 1, "-") || ipf_at(p, 1, "any") ||
				ipf_at(p, 1, "all")));
}

static int parse_rule(struct ipf_parser *p, bool *allow)
{
	struct ipf_tree *tree = p->tree;
	char buf[IPF_WORD_MAX];

	if (ipf_split(p) || parse_action(p, allow))
		return -1;
	/* A word makes a test and a NOT at most, and may be joined once. */
	tree->nodes = calloc(3 * p->cnt, sizeof(*tree->nodes));
	if (!tree->nodes)
		return ipf_fail(p, 0, 0, NULL, "no memory for a rule");
	if (is_any(p)) {
		tree->root = ipf_node(p, IPF_TEST, 0, 0, 0);
		tree->nodes[0].test.proto = IPF_PROTO_UNKNOWN;
		return 0;
	}
	if (parse_expr(p, &tree->root))
		return -1;
	if (p->pos < p->cnt)
		return ipf_fail(p, p->pos, p->pos + 1, NULL,
				"unexpected '%s'", ipf_word(p, p->pos, buf));
	return 0;
}

int ipfilter_parse(const struct ipfilter *f, const char *text, bool *allow,
		   struct ipf_tree *tree, struct ipf_error *err)
{
	struct ipf_parser p = {
		.f = f, .text = text, .tree = tree, .err = err,
		.prev = { .proto = IPF_PROTO_UNKNOWN },
	};
	struct ipf_node *fit;
	int failed;

	*tree = (struct ipf_tree){ 0 };
	failed = parse_rule(&p, allow);
	free(p.words);
	if (failed) {
		free(tree->nodes);
		*tree = (struct ipf_tree){ 0 };
		return -1;
	}
	fit = realloc(tree->nodes, tree->cnt * sizeof(*fit));
	if (fit)
		tree->nodes = fit;
	return 0;
}
