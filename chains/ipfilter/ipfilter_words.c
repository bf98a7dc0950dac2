/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A rule's text as words. Written by hand, not with flex and bison as the chain
 * language: what a word is hangs on the words before it (`echo` is a port or an
 * ICMP type, `80` a port, a protocol or a TTL), and juxtaposition is `and`, so
 * that a grammar would leave the work to its actions.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipfilter_parse.h"

int ipf_fail(struct ipf_parser *p, uint32_t first, uint32_t end,
	     const char *hint, const char *fmt, ...)
{
	struct ipf_error *err = p->err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	snprintf(err->hint, sizeof(err->hint), "%s", hint ? hint : "");
	err->at = first < p->cnt ? p->words[first].at : strlen(p->text);
	err->end = err->at + 1;
	if (end > p->cnt)
		end = p->cnt;
	if (end > first)
		err->end = p->words[end - 1].at + p->words[end - 1].len;
	return -1;
}

bool ipf_at(const struct ipf_parser *p, uint32_t i, const char *word)
{
	return i < p->cnt && p->words[i].len == strlen(word) &&
	       !memcmp(p->text + p->words[i].at, word, p->words[i].len);
}

const char *ipf_word(const struct ipf_parser *p, uint32_t i,
		     char buf[IPF_WORD_MAX])
{
	buf[0] = 0;
	if (i < p->cnt)
		snprintf(buf, IPF_WORD_MAX, "%.*s", p->words[i].len,
			 p->text + p->words[i].at);
	return buf;
}

/* White space and Click's comments; NULL: a comment that does not end. */
static const char *skip_blank(const char *s)
{
	for (;;) {
		s += strspn(s, " \t\r\n");
		if (s[0] != '/' || (s[1] != '/' && s[1] != '*'))
			return s;
		if (s[1] == '/') {
			s += strcspn(s, "\n");
			continue;
		}
		s = strstr(s + 2, "*/");
		if (!s)
			return NULL;
		s += 2;
	}
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-./@_:", c));
}

/* Bytes of the word at s; 0: none begins so. */
static size_t word_len(const char *s)
{
	size_t n = 0;

	while (in_word(s[n]))
		n++;
	if (n)
		return n;
	if (strchr("&|=", *s) && s[1] == *s)
		return 2;
	if (strchr("<>!", *s) && s[1] == '=')
		return 2;
	return strchr("&|<>!=()[],?", *s) ? 1 : 0;
}

static int add_word(struct ipf_parser *p, const char *s, size_t len)
{
	p->words[p->cnt++] = (struct ipf_word){
		.at = s - p->text, .len = len ? len : 1,
	};
	if (!len)
		return ipf_fail(p, p->cnt - 1, p->cnt, NULL,
				"this character means nothing in a rule");
	if (len >= IPF_WORD_MAX)
		return ipf_fail(p, p->cnt - 1, p->cnt, NULL,
				"word longer than %d bytes", IPF_WORD_MAX - 1);
	return 0;
}

int ipf_split(struct ipf_parser *p)
{
	const char *s = p->text, *from;

	p->words = calloc(strlen(s) + 1, sizeof(*p->words));
	if (!p->words)
		return ipf_fail(p, 0, 0, NULL, "no memory for a rule");
	for (;;) {
		size_t len;

		from = s;
		s = skip_blank(s);
		if (!s) {
			add_word(p, from + strspn(from, " \t\r\n"), 2);
			return ipf_fail(p, p->cnt - 1, p->cnt, "end it with */",
					"comment without an end");
		}
		if (!*s)
			return 0;
		len = word_len(s);
		if (add_word(p, s, len))
			return -1;
		s += len;
	}
}
