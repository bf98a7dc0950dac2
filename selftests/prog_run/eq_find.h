/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Findings: a case that fails is made smaller and kept as a directory with a
 * chain file and a capture for each port, which nfold verify takes as well.
 */
#ifndef NFOLD_EQ_FIND_H
#define NFOLD_EQ_FIND_H

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>

#include "eq_run.h"
#include "loader/cli/capture.h"

#define SHRINK_RUNS 200
#define SHRINK_SECONDS 60

static const char *const box_ports[] = { "p0", "p1", "p2" };

/* --- smaller --- */

/* Without frames from..to-1. Borrows the bytes. */
static struct eq_case case_without(const struct eq_case *c, uint32_t from,
				   uint32_t to)
{
	struct eq_case less = { .cnt = c->cnt - (to - from) };

	memcpy(less.text, c->text, sizeof(less.text));
	less.frames = malloc((less.cnt + 1) * sizeof(*less.frames));
	memcpy(less.frames, c->frames, from * sizeof(*less.frames));
	memcpy(less.frames + from, c->frames + to,
	       (c->cnt - to) * sizeof(*less.frames));
	return less;
}

/* Ends at the frame that fails. */
static void case_cut(struct eq_case *c, uint32_t failed_at)
{
	while (c->cnt > failed_at + 1)
		free(c->frames[--c->cnt].bytes);
}

/* True, and they are gone, if it fails without them too. */
static bool case_drop(struct eq_case *c, uint32_t from, uint32_t to)
{
	struct eq_case less = case_without(c, from, to);
	uint32_t failed_at = case_run(&less, false);

	if (failed_at == UINT32_MAX) {
		free(less.frames);
		return false;
	}
	for (uint32_t i = from; i < to; i++)
		free(c->frames[i].bytes);
	free(c->frames);
	c->frames = less.frames;
	c->cnt = c->room = less.cnt;
	case_cut(c, failed_at);
	return true;
}

/* Takes frames out from the front on, first half of them, then a quarter and so
 * on, while the rest still fails. Bounded: what is left is small, not least. */
static inline void case_shrink(struct eq_case *c)
{
	time_t until = time(NULL) + SHRINK_SECONDS;
	int runs = 0;

	for (uint32_t n = c->cnt / 2; n; n /= 2)
		for (uint32_t at = 0; at + n < c->cnt;) {
			if (runs++ == SHRINK_RUNS || time(NULL) > until)
				return;
			if (!case_drop(c, at, at + n))
				at += n;
		}
}

/* --- files --- */

static void dir_empty(const char *dir)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)))
		if (*e->d_name != '.' &&
		    snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) > 0)
			unlink(path);
	if (d)
		closedir(d);
}

/* DIR/chain and DIR/p0.pcap and so on. False: it could not be written. */
static inline bool case_write(const struct eq_case *c, const char *dir)
{
	struct capture_out *out;
	char path[PATH_MAX];
	FILE *chain;
	int failed;

	dir_empty(dir);
	if (capture_out_open(&out, dir, box_ports, BOX_PORTS))
		return false;
	for (uint32_t i = 0; i < c->cnt; i++)
		capture_out_packet(out, c->frames[i].port, c->frames[i].ns,
				   c->frames[i].bytes, c->frames[i].len);
	snprintf(path, sizeof(path), "%s/chain", dir);
	chain = fopen(path, "w");
	if (!chain)
		return false;
	fputs(c->text, chain);
	failed = fclose(chain);
	return !capture_out_close(out) && !failed;
}

static bool read_chain(struct eq_case *c, const char *dir)
{
	char path[PATH_MAX];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/chain", dir);
	f = fopen(path, "r");
	if (f) {
		n = fread(c->text, 1, sizeof(c->text) - 1, f);
		fclose(f);
	}
	return n;
}

/* The captures of the ports that there are. */
static inline bool case_read(struct eq_case *c, const char *dir)
{
	static char path[BOX_PORTS][PATH_MAX];
	struct capture_input in[BOX_PORTS];
	struct capture_packet p;
	struct captures *caps;
	uint32_t cnt = 0;

	memset(c, 0, sizeof(*c));
	for (uint32_t i = 0; i < BOX_PORTS; i++) {
		snprintf(path[i], PATH_MAX, "%s/%s.pcap", dir, box_ports[i]);
		if (!access(path[i], R_OK))
			in[cnt++] = (struct capture_input){ path[i], i };
	}
	if (!cnt || !read_chain(c, dir) || captures_open(&caps, in, cnt))
		return false;
	while (captures_next(caps, &p))
		case_add(c, p.ns, p.port, p.data, p.len);
	captures_close(caps);
	return true;
}

/* As a user repeats it, if the chain has no NF of the test's own and nothing
 * was edited. */
static inline void tell_verify(const struct eq_case *c, const char *dir)
{
	bool wire = strstr(c->text, "mode wire"), p2 = strstr(c->text, "p2 ");

	printf("# NFOLD_REPLAY=%s build/selftests/prog_run/test_equivalence\n",
	       dir);
	printf("# nfold verify chain %s/chain in p0=%s/p0.pcap in p1=%s/p1.pcap",
	       dir, dir, dir);
	if (p2)
		printf(" in p2=%s/p2.pcap", dir);
	for (int i = 0; i < (p2 ? 3 : 2) && !wire; i++)
		printf(" route 10.%d.%d.0/24 p%d route 2001:db8:%d::/48 p%d",
		       i > 0, i, i, i, i);
	printf("\n");
}

#endif
