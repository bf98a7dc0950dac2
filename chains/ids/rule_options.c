// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The options of a rule, split at their semicolons, and those that only say what
 * is told about it.
 */
#include "rule_read.h"

#include <stdio.h>
#include <string.h>

#define ID_MAX UINT32_MAX

int rule_nomem(const struct rule_read *r)
{
	return rule_fail(r->s, r->s->at, 1, NULL, "no memory");
}

struct ids_opt *rule_opt_new(struct rule_read *r, enum ids_opt_kind kind,
			     struct rule_word name)
{
	struct ids_opt *opt = &r->opts[r->rule->opt_cnt];

	if (r->rule->opt_cnt == IDS_OPTS_MAX) {
		rule_fail_word(r->s, name, "split the rule",
			       "more than %d options to be matched",
			       IDS_OPTS_MAX);
		return NULL;
	}
	r->rule->opt_cnt++;
	memset(opt, 0, sizeof(*opt));
	opt->kind = kind;
	return opt;
}

int rule_string(struct rule_scan *v, struct rule_word *out)
{
	rule_skip(v);
	*out = rule_trim((struct rule_word){ v->at, v->end - v->at });
	if (out->len < 2 || *out->at != '"' || out->at[out->len - 1] != '"')
		return rule_fail(v, v->at, v->end - v->at, "put it in quotes",
				 "expected a \"string\"");
	out->at++;
	out->len -= 2;
	v->at = v->end;
	return 0;
}

struct rule_word rule_argument(struct rule_word *item)
{
	struct rule_word arg = *item;
	size_t n = 0;

	while (n < item->len && !rule_blank(item->at[n]))
		n++;
	item->len = n;
	arg.at += n;
	arg.len -= n;
	return rule_trim(arg);
}

int rule_value(struct rule_read *r, const struct rule_scan *v,
	       struct rule_word w, int64_t min, int64_t max, const char *what,
	       struct ids_value *out)
{
	int64_t n;

	*out = (struct ids_value){ 0 };
	if (!w.len || rule_is_number(w)) {
		if (rule_number(v, w, min, max, what, &n))
			return -1;
		out->n = n;
		return 0;
	}
	for (uint8_t i = 0; i < r->var_cnt; i++)
		if (r->vars[i].len == w.len &&
		    !memcmp(r->vars[i].at, w.at, w.len)) {
			out->var = i + 1;
			return 0;
		}
	return rule_fail_word(v, w, "a number, or a name from a byte_extract before",
			      "'%.*s' is not known here", (int)w.len, w.at);
}

/* Text of a string; only what must be escaped is. */
static int read_text(struct rule_read *r, struct rule_scan *v, const char **out)
{
	struct rule_word w;
	size_t n = 0;
	char *to;

	if (rule_string(v, &w))
		return -1;
	to = arena_alloc(&r->set->arena, w.len + 1);
	if (!to)
		return rule_nomem(r);
	for (size_t i = 0; i < w.len; i++) {
		if (w.at[i] == '\\' &&
		    (++i == w.len || !strchr("\\\";:", w.at[i])))
			return rule_fail(v, w.at + i - 1, 2,
					 "only \\\\ \\\" \\; \\: are escapes",
					 "unknown escape in a string");
		to[n++] = w.at[i];
	}
	*out = to;
	return 0;
}

static int read_msg(struct rule_read *r, struct rule_scan *v,
		    struct rule_word name)
{
	(void)name;
	return read_text(r, v, &r->rule->msg);
}

static int read_id(struct rule_read *r, struct rule_scan *v,
		   struct rule_word name)
{
	struct rule_word w = rule_take_word(v, "");
	int64_t n;

	if (rule_number(v, w, !rule_is(name, "rev"), ID_MAX, "it", &n))
		return -1;
	if (rule_is(name, "sid"))
		r->rule->sid = n;
	else if (rule_is(name, "gid"))
		r->rule->gid = n;
	else if (rule_is(name, "rev"))
		r->rule->rev = n;
	else
		r->rule->priority = n;
	return 0;
}

/* reference: SYSTEM,ID; metadata: KEY VALUE, ...: told to people, not matched. */
static int read_note(struct rule_read *r, struct rule_scan *v,
		     struct rule_word name)
{
	struct rule_word all = rule_trim((struct rule_word){ v->at,
							     v->end - v->at });

	(void)r;
	v->at = v->end;
	if (!all.len)
		return rule_fail_word(v, name, NULL, "expected a value");
	if (rule_is(name, "reference") && !memchr(all.at, ',', all.len))
		return rule_fail_word(v, all, "as in reference:url,example.com/1",
				      "expected a system, a comma and an id");
	return 0;
}

enum option_how {
	NO_VALUE = 1,
	ONCE = 2,
	MAYBE_VALUE = 4,
};

static const struct option {
	const char *name;
	rule_option_fn read;
	unsigned int how;	/* enum option_how, bits */
} table[] = {
	{ "msg", read_msg, ONCE },
	{ "sid", read_id, ONCE },
	{ "gid", read_id, ONCE },
	{ "rev", read_id, ONCE },
	{ "priority", read_id, ONCE },
	{ "classtype", rule_classtype, ONCE },
	{ "reference", read_note, 0 },
	{ "metadata", read_note, 0 },
	{ "content", rule_content, 0 },
	{ "nocase", rule_modifier, NO_VALUE },
	{ "rawbytes", rule_modifier, NO_VALUE },
	{ "offset", rule_modifier, 0 },
	{ "depth", rule_modifier, 0 },
	{ "distance", rule_modifier, 0 },
	{ "within", rule_modifier, 0 },
	{ "fast_pattern", rule_fast_pattern, MAYBE_VALUE },
	{ "pcre", rule_pcre, 0 },
	{ "byte_test", rule_byte_test, 0 },
	{ "byte_jump", rule_byte_jump, 0 },
	{ "byte_extract", rule_byte_extract, 0 },
	{ "isdataat", rule_isdataat, 0 },
	{ "dsize", rule_field, ONCE },
	{ "ttl", rule_field, ONCE },
	{ "tos", rule_field, ONCE },
	{ "id", rule_field, ONCE },
	{ "ip_proto", rule_field, 0 },
	{ "fragoffset", rule_field, ONCE },
	{ "seq", rule_field, ONCE },
	{ "ack", rule_field, ONCE },
	{ "window", rule_field, ONCE },
	{ "itype", rule_field, ONCE },
	{ "icode", rule_field, ONCE },
	{ "icmp_id", rule_field, ONCE },
	{ "icmp_seq", rule_field, ONCE },
	{ "flags", rule_flags, ONCE },
	{ "fragbits", rule_fragbits, ONCE },
	{ "ipopts", rule_ipopts, ONCE },
	{ "sameip", rule_sameip, NO_VALUE | ONCE },
	{ "flow", rule_flow, ONCE },
	{ "flowbits", rule_flowbits, 0 },
	{ "threshold", rule_rate, ONCE },
	{ "detection_filter", rule_rate, ONCE },
};
#define TABLE_CNT (sizeof(table) / sizeof(table[0]))

_Static_assert(TABLE_CNT <= 64, "one bit of seen each");

/* What Snort knows and this does not: said so, instead of a nearest name. */
static const struct {
	const char *name, *why;
} foreign[] = {
	{ "uricontent", "no HTTP is decoded: match the bytes with content" },
	{ "http_", "no HTTP is decoded: match the bytes with content" },
	{ "file_data", "no HTTP is decoded: match the bytes with content" },
	{ "pkt_data", "leave it out: there is one buffer, the payload" },
	{ "base64_", "base64 is not decoded" },
	{ "urilen", "no HTTP is decoded" },
	{ "ssl_", "no TLS is decoded" },
	{ "sip_", "no SIP is decoded" },
	{ "dce_", "no DCE/RPC is decoded" },
	{ "asn1", "no ASN.1 is decoded" },
	{ "rpc", "match the bytes with content and byte_test" },
	{ "cvs", "no CVS is decoded" },
	{ "tag", "packets are not recorded here" },
	{ "session", "packets are not recorded here" },
	{ "logto", "alerts go to one place" },
	{ "react", "use the action reject" },
	{ "resp", "use the action reject" },
	{ "activate", "use flowbits" },
	{ "count", "use flowbits" },
	{ "replace", "packets are not rewritten" },
	{ "stream_", "use flow and dsize" },
	{ "ftpbounce", "no FTP is decoded" },
	{ "protected_content", "hashed contents are not matched" },
};

static int unknown(struct rule_read *r, struct rule_word name)
{
	const char *names[TABLE_CNT + 1] = { NULL };
	char hint[100];
	const char *near;

	for (size_t i = 0; i < TABLE_CNT; i++)
		names[i] = table[i].name;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (name.len >= strlen(foreign[i].name) &&
		    !memcmp(name.at, foreign[i].name, strlen(foreign[i].name)))
			return rule_fail_word(r->s, name, foreign[i].why,
					      "option '%.*s' is not supported",
					      (int)name.len, name.at);
	near = rule_near(name, names);
	snprintf(hint, sizeof(hint), *near ? "did you mean %s?" :
		 "chains/ids/README.md has the options", near);
	return rule_fail_word(r->s, name, hint, "unknown option '%.*s'",
			      (int)name.len, name.at);
}

/* One option; v: its value, if colon. */
static int read_option(struct rule_read *r, struct rule_word name, bool colon,
		       struct rule_scan *v)
{
	size_t i = 0;

	while (i < TABLE_CNT && !rule_is(name, table[i].name))
		i++;
	if (i == TABLE_CNT)
		return unknown(r, name);
	if ((table[i].how & ONCE) && (r->seen & UINT64_C(1) << i))
		return rule_fail_word(r->s, name, "one of them is enough",
				      "'%s' stands here twice", table[i].name);
	r->seen |= UINT64_C(1) << i;
	if ((table[i].how & NO_VALUE) && colon)
		return rule_fail_word(r->s, name, NULL, "'%s' takes no value",
				      table[i].name);
	if (!(table[i].how & (NO_VALUE | MAYBE_VALUE)) && (!colon || rule_done(v)))
		return rule_fail_word(r->s, name, NULL, "'%s' needs a value",
				      table[i].name);
	if (table[i].read(r, v, name))
		return -1;
	return rule_end(v);
}

/* Where the option ends: at a semicolon that is neither escaped nor in quotes.
 * NULL with the error. */
static const char *option_end(struct rule_read *r, struct rule_word name)
{
	const char *quote = NULL;

	for (const char *c = r->s->at; c < r->s->end; c++) {
		if (*c == '\\' && c + 1 < r->s->end) {
			c++;
		} else if (*c == '"') {
			quote = quote ? NULL : c;
		} else if (quote && *c == RULE_JOINED) {
			rule_fail(r->s, quote, 1, "end it on its line",
				  "a string goes over the end of its line");
			return NULL;
		} else if (!quote && *c == ';') {
			return c;
		}
	}
	if (quote)
		rule_fail(r->s, quote, 1, "close it with \"",
			  "this string is not closed");
	else
		rule_fail_word(r->s, name, "end each option with ;",
			       "option '%.*s' is not ended", (int)name.len,
			       name.at);
	return NULL;
}

int rule_read_options(struct rule_read *r)
{
	while (!rule_take(r->s, ')')) {
		struct rule_word name = rule_take_word(r->s, ":;)\"");
		struct rule_scan v = *r->s;
		bool colon;
		const char *end;

		if (!name.len)
			return rule_fail(r->s, r->s->at, 1,
					 "end the rule with )",
					 "expected an option");
		colon = rule_take(r->s, ':');
		end = option_end(r, name);
		if (!end)
			return -1;
		v.at = r->s->at;
		v.end = end;
		if (read_option(r, name, colon, &v))
			return -1;
		r->s->at = end + 1;
	}
	return rule_end(r->s);
}
