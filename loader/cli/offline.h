/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A chain run offline: the words that nfold verify, replay and explain share,
 * and what they are set up from. Packets go through userspace/oracle.h in a
 * network namespace of the command's own, where stand-ins have the names of the
 * chain's ports. Nothing outside is touched, no daemon is asked.
 */
#ifndef NFOLD_CLI_OFFLINE_H
#define NFOLD_CLI_OFFLINE_H

#include "../../userspace/oracle.h"
#include "capture.h"
#include "cli.h"

#define OFFLINE_ROUTE_MAX 256

/* Words beside chain, chain-name and route: */
#define OFFLINE_IN 1		/* in PORT=FILE, at least one */
#define OFFLINE_OUT 2		/* out DIR, needed; no-fold */
#define OFFLINE_SPEC 4		/* what begins with `in` is left over; the chain
				 * may be the name of a pinned one */

struct offline {
	/* as typed, borrowed */
	const char *file;	/* chain FILE; NULL: pinned */
	const char *pinned;	/* name of a pinned chain; NULL: file */
	const char *chain_name;	/* which of the file's; NULL */
	const char *out;
	bool no_fold;
	char **rest;		/* SPEC: from `in` on */
	int rest_cnt;
	/* made of them */
	struct capture_input in[CAPTURE_FILE_MAX];
	char *in_port[CAPTURE_FILE_MAX]; /* owned */
	uint32_t in_cnt;
	struct {
		char *prefix, *port;	/* borrowed */
	} route_words[OFFLINE_ROUTE_MAX];
	struct oracle_route route_v[OFFLINE_ROUTE_MAX];
	struct oracle_routes routes;
	struct chain_file *cf;
	const struct chain *chain;
	struct oracle_socket *socket;
};

/* Each: CLI_OK, or the exit code with a message printed. offline_end() frees,
 * whatever failed. */
int offline_parse(struct offline *o, int argc, char **argv, unsigned int words,
		  const char *usage);
/* The chain, its ports and routes; needs no privilege. */
int offline_load(struct offline *o);
/* The namespace with the ports. */
int offline_start(struct offline *o);
int offline_oracle(struct offline *o, bool fold, struct oracle **out);
void offline_end(struct offline *o);

/* Index of a port by name; -1: none, with a message printed. */
int offline_port(const struct offline *o, const char *name);
const char *offline_verdict(const struct oracle_result *r);
/* NULL unless an NF dropped it. */
const char *offline_drop_nf(struct oracle *side, const struct oracle_result *r,
			    char buf[64]);
/* {verdict, reason, out, nf, kernel}; new reference. */
json_t *offline_result_json(const struct offline *o, struct oracle *side,
			    const struct oracle_result *r);
/* engine_explain()'s object, as text. */
void offline_explain_print(FILE *out, const struct offline *o,
			   const json_t *explained);

#endif
