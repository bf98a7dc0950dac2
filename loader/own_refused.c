/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The verifier checks global functions one by one, each behind a line
 * "Validating NAME() func#N...", prints a line of the source before the
 * instructions that it became, "; SOURCE @ FILE:LINE", and what it can not take
 * as the last line but for its statistics.
 */
#include "own_refused.h"

#include <stdio.h>
#include <string.h>

#include "instance_priv.h"

#define VALIDATING "Validating nfold_own_"
#define OWN_NAME "nfold_own_"

static const char *next_line(const char *p)
{
	p += strcspn(p, "\n");
	return *p ? p + 1 : p;
}

static void copy_line(char *to, size_t size, const char *line)
{
	size_t n = strcspn(line, "\n");

	if (n >= size)
		n = size - 1;
	memcpy(to, line, n);
	to[n] = '\0';
}

static bool starts(const char *line, const char *with)
{
	return !strncmp(line, with, strlen(with));
}

static bool is_statistics(const char *line)
{
	return starts(line, "processed ") || starts(line, "verification time") ||
	       starts(line, "stack depth") || starts(line, "max_states");
}

static int number_at(const char *digit)
{
	return *digit >= '0' && *digit < '0' + NFOLD_OWN_MAX ? *digit - '0' :
							       -1;
}

/* "; SOURCE @ FILE:LINE" */
static void read_source(const char *line, struct own_refused *r)
{
	char *at;

	copy_line(r->source, sizeof(r->source), line + 2);
	r->where[0] = '\0';
	at = strrchr(r->source, '@');
	if (!at || at < r->source + 1 || at[-1] != ' ' || !strrchr(at, ':'))
		return;
	at[-1] = '\0';
	copy_line(r->where, sizeof(r->where), at + 1 + (at[1] == ' '));
}

void own_refused_read(const char *log, struct own_refused *r)
{
	const char *name;

	memset(r, 0, sizeof(*r));
	r->number = -1;
	for (const char *p = log; *p; p = next_line(p)) {
		if (starts(p, "Validating ")) {
			r->source[0] = r->where[0] = '\0';
			r->number = starts(p, VALIDATING) ?
				number_at(p + strlen(VALIDATING)) : -1;
		} else if (starts(p, "; ")) {
			read_source(p, r);
		} else if (*p != '\n' && !is_statistics(p)) {
			copy_line(r->reason, sizeof(r->reason), p);
		}
	}
	name = strstr(r->reason, OWN_NAME);
	if (r->number < 0 && name)
		r->number = number_at(name + strlen(OWN_NAME));
}

/* Of what no single function can be blamed for: those that there are. */
static int refused_together(const struct instance *i, int ret,
			    const struct own_refused *r,
			    struct instance_error *err)
{
	char names[256] = "";

	for (uint32_t n = 0; n < i->own_cnt; n++) {
		size_t at = strlen(names);

		snprintf(names + at, sizeof(names) - at, "%s%s",
			 n ? ", " : "", i->maps.own[n].nf);
	}
	return instance_fail(
		err, ret,
		"chain %s: the kernel refuses the program with the own functions of %s: %s%s%s%s; nothing is attached",
		i->chain, names, r->reason, r->where[0] ? " at " : "", r->where,
		strstr(r->reason, "stack") ?
			". An own function has 64 bytes of stack: keep less there" :
			"");
}

int instance_own_refused(const struct instance *i, int ret,
			 struct instance_error *err)
{
	struct own_refused r;

	own_refused_read(i->verifier_log, &r);
	if (r.number < 0 || (uint32_t)r.number >= i->own_cnt)
		return refused_together(i, ret, &r, err);
	return instance_fail(
		err, ret,
		"chain %s: NF %s: the kernel refuses its own function%s%s: %s%s%s%s. Change it so that the verifier can see it is safe (docs/NF-AUTHORS.md); nothing is attached",
		i->chain, i->maps.own[r.number].nf, r.where[0] ? " at " : "",
		r.where, r.reason, r.source[0] ? ": \"" : "", r.source,
		r.source[0] ? "\"" : "");
}
