/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Grammar of chain files. A statement's first word is a rule of its own
 * (head), never followed by a comma: that is what tells the list `{ a, b }`
 * from the block `{ a b; }` with one token of look-ahead.
 *
 * Ownership: what a function of conf_tree.c is given is its own, also when it
 * fails; so an action that gives up has nothing left to free.
 */
%define api.pure full
%define api.prefix {conf_yy}
%define api.token.prefix {TOK_}
%define api.location.type {struct conf_loc}
%define parse.error custom
%define parse.lac full
%locations
%lex-param { void *scanner }
%parse-param { void *scanner } { struct conf_scan *scan } { struct conf_block *into }

%code top {
/* bison 3.8's own yynerrs, which only the default error reports read. */
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
}

%code requires {
#include "chains/conf_priv.h"
}

%code provides {
#define YYSTYPE CONF_YYSTYPE
#define YYLTYPE CONF_YYLTYPE
}

%union {
	struct conf_word word;
	struct conf_words words;
	struct conf_block *block;
}

%code {
#include <string.h>

#include "conf_lex.h"

#define TRY(call) do { if (call) YYABORT; } while (0)
#define YYLLOC_DEFAULT(cur, rhs, n) \
	((cur) = (n) ? span(&YYRHSLOC(rhs, 1), &YYRHSLOC(rhs, n)) \
		     : YYRHSLOC(rhs, 0))

static struct conf_loc span(const struct conf_loc *a, const struct conf_loc *b)
{
	struct conf_loc loc = *a;

	if (b->line == a->line)
		loc.end_col = b->end_col;
	return loc;
}

static void conf_yyerror(const struct conf_loc *loc, void *scanner,
			 struct conf_scan *scan, struct conf_block *into,
			 const char *message);

/* Adds a statement to b (NULL: a new block). NULL: failed, b is gone too. */
static struct conf_block *statement(struct conf_ctx *c, struct conf_block *b,
				    struct conf_words *words,
				    struct conf_block *sub)
{
	if (!b)
		b = conf_block_new(c);
	if (!b) {
		conf_words_free(words);
		conf_block_free(sub);
		return NULL;
	}
	if (!conf_block_add(c, b, words, sub))
		return b;
	conf_block_free(b);
	return NULL;
}

static struct conf_block *joined(struct conf_ctx *c, struct conf_block *b,
				 struct conf_block *from)
{
	if (!conf_block_join(c, b, from))
		return b;
	conf_block_free(b);
	return NULL;
}

static int comma(struct conf_ctx *c, struct conf_words *to,
		 const struct conf_loc *loc, struct conf_words *from)
{
	struct conf_word w = { strdup(","), false, *loc };

	if (!conf_words_add(c, to, &w))
		return conf_words_join(c, to, from);
	conf_words_free(from);
	return -1;
}

static struct conf_block *included(struct conf_ctx *c, struct conf_word *file)
{
	struct conf_block *b = conf_block_new(c);

	if (b && conf_include(c, b, file)) {
		conf_block_free(b);
		b = NULL;
	}
	conf_word_free(file);
	return b;
}
}

%token <word> WORD "a word" VAR "a variable"
%token DEFINE "'define'" INCLUDE "'include'" EOL "end of line"
%token '{' "'{'" '}' "'}'" ';' "';'" COMMA "','" EQUAL "'='"
%token YYEOF 0 "end of file"

%type <words> head line arg args list items item
%type <block> stmts stmt block braces

%destructor { conf_word_free(&$$); } <word>
%destructor { conf_words_free(&$$); } <words>
%destructor { conf_block_free($$); } <block>

%initial-action {
	@$ = (struct conf_loc){ scan->src->name, 1, 1, 2, scan->src };
}

%%

file:
	%empty
|	stmts				{ TRY(conf_block_join(scan->ctx, into, $1)); }
;

stmts:
	stmt
|	stmts stmt			{ TRY(!($$ = joined(scan->ctx, $1, $2))); }
;

stmt:
	';'				{ TRY(!($$ = conf_block_new(scan->ctx))); }
|	head ';'			{ TRY(!($$ = statement(scan->ctx, NULL, &$1, NULL))); }
|	line ';'			{ TRY(!($$ = statement(scan->ctx, NULL, &$1, NULL))); }
|	head block			{ TRY(!($$ = statement(scan->ctx, NULL, &$1, $2))); }
|	line block			{ TRY(!($$ = statement(scan->ctx, NULL, &$1, $2))); }
|	DEFINE WORD EQUAL args end
	{
		TRY(conf_define(scan->ctx, &$2, &$4));
		TRY(!($$ = conf_block_new(scan->ctx)));
	}
|	INCLUDE WORD end		{ TRY(!($$ = included(scan->ctx, &$2))); }
;

end:
	';'
|	EOL
;

block:
	braces				{ $$ = $1; $$->loc = @1; }
;

braces:
	'{' '}'				{ TRY(!($$ = conf_block_new(scan->ctx))); }
|	'{' stmts '}'			{ $$ = $2; }
|	'{' head '}'			{ TRY(!($$ = statement(scan->ctx, NULL, &$2, NULL))); }
|	'{' line '}'			{ TRY(!($$ = statement(scan->ctx, NULL, &$2, NULL))); }
|	'{' stmts head '}'		{ TRY(!($$ = statement(scan->ctx, $2, &$3, NULL))); }
|	'{' stmts line '}'		{ TRY(!($$ = statement(scan->ctx, $2, &$3, NULL))); }
;

head:
	WORD
	{
		$$ = (struct conf_words){ 0 };
		TRY(conf_words_add(scan->ctx, &$$, &$1));
	}
|	VAR
	{
		$$ = (struct conf_words){ 0 };
		conf_ctx_fail(scan->ctx, &@1, "write the first word out",
			      "a statement can not begin with $%s", $1.text);
		conf_word_free(&$1);
		YYABORT;
	}
;

line:
	head arg			{ $$ = $1; TRY(conf_words_join(scan->ctx, &$$, &$2)); }
|	line arg			{ $$ = $1; TRY(conf_words_join(scan->ctx, &$$, &$2)); }
|	line COMMA arg			{ $$ = $1; TRY(comma(scan->ctx, &$$, &@2, &$3)); }
;

args:
	arg
|	args arg			{ $$ = $1; TRY(conf_words_join(scan->ctx, &$$, &$2)); }
|	args COMMA arg			{ $$ = $1; TRY(comma(scan->ctx, &$$, &@2, &$3)); }
;

arg:
	WORD
	{
		$$ = (struct conf_words){ 0 };
		TRY(conf_words_add(scan->ctx, &$$, &$1));
	}
|	VAR
	{
		$$ = (struct conf_words){ 0 };
		TRY(conf_words_expand(scan->ctx, &$$, &$1, false));
	}
|	list
;

list:
	'{' item COMMA '}'		{ $$ = $2; }
|	'{' items '}'			{ $$ = $2; }
|	'{' items COMMA '}'		{ $$ = $2; }
;

items:
	item COMMA item			{ $$ = $1; TRY(conf_words_join(scan->ctx, &$$, &$3)); }
|	items COMMA item			{ $$ = $1; TRY(conf_words_join(scan->ctx, &$$, &$3)); }
;

item:
	WORD
	{
		$$ = (struct conf_words){ 0 };
		TRY(conf_words_add(scan->ctx, &$$, &$1));
	}
|	VAR
	{
		$$ = (struct conf_words){ 0 };
		TRY(conf_words_expand(scan->ctx, &$$, &$1, true));
	}
;

%%

static void conf_yyerror(const struct conf_loc *loc, void *scanner,
			 struct conf_scan *scan, struct conf_block *into,
			 const char *message)
{
	(void)scanner;
	(void)into;
	conf_ctx_fail(scan->ctx, loc, NULL, "%s", message);
}

/* What can stand here. A variable can where a word can, and define and include
 * where a statement can: they are left out. */
static void expected(char *buf, size_t size, const yypcontext_t *pc)
{
	yysymbol_kind_t kinds[YYNTOKENS];
	int n = yypcontext_expected_tokens(pc, kinds, YYNTOKENS);
	int shown = 0;

	buf[0] = 0;
	for (int i = 0; i < n; i++) {
		size_t len = strlen(buf);

		if (kinds[i] == YYSYMBOL_VAR || kinds[i] == YYSYMBOL_DEFINE ||
		    kinds[i] == YYSYMBOL_INCLUDE)
			continue;
		snprintf(buf + len, size - len, "%s%s",
			 shown++ ? " or " : ", expected ",
			 yysymbol_name(kinds[i]));
	}
}

static const char *syntax_hint(yysymbol_kind_t got, const struct conf_scan *scan)
{
	if (got == YYSYMBOL_YYEOF)
		return "is a ';' missing?";
	if (got == YYSYMBOL_EOL)
		return "define and include end with their line";
	if (got == YYSYMBOL_EQUAL)
		return "'=' stands only in define; a word with '=' in it needs quotes";
	if (scan->eol && scan->ctx->depth > scan->eol_depth && !scan->list)
		return "a list has a comma after its first word: { a, }";
	if (scan->list)
		return "braces with a comma after the first word are a list: { a, b }";
	if (got == YYSYMBOL_COMMA)
		return "a comma stands between words";
	return NULL;
}

static int yyreport_syntax_error(const yypcontext_t *pc, void *scanner,
				 struct conf_scan *scan,
				 struct conf_block *into)
{
	yysymbol_kind_t got = yypcontext_token(pc);
	const struct conf_loc *loc = yypcontext_location(pc);
	char want[256];

	(void)scanner;
	(void)into;
	expected(want, sizeof(want), pc);
	if (got == YYSYMBOL_WORD || got == YYSYMBOL_VAR)
		conf_ctx_fail(scan->ctx, loc, syntax_hint(got, scan),
			      "unexpected '%s'%s", conf_loc_text(loc).s, want);
	else
		conf_ctx_fail(scan->ctx, loc, syntax_hint(got, scan),
			      "unexpected %s%s", yysymbol_name(got), want);
	return 0;
}

int conf_scan_text(struct conf_scan *scan, char *text, size_t size,
		   struct conf_block *into)
{
	yyscan_t scanner;
	int err;

	if (conf_yylex_init_extra(scan, &scanner))
		return conf_ctx_nomem(scan->ctx);
	if (!conf_yy_scan_buffer(text, size, scanner))
		err = conf_ctx_nomem(scan->ctx);
	else
		err = conf_yyparse(scanner, scan, into);
	conf_yylex_destroy(scanner);
	/* 2: the parser's own stack could not grow; nothing is said yet. */
	if (err && !scan->ctx->failed)
		conf_ctx_nomem(scan->ctx);
	return err ? -1 : 0;
}
