/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which flows a command is about: "[chain NAME] [match EXPR]", and the walk over
 * them, by session, original direction first.
 */
#ifndef NFOLD_CLI_FLOW_PICK_H
#define NFOLD_CLI_FLOW_PICK_H

#include "view.h"

struct flow_match;

struct flow_pick {
	const char *chain;		/* NULL: all */
	struct flow_match *match;	/* NULL: all; owned */
};

/* Ends the walk unless it returns CLI_OK. */
typedef int (*flow_pick_fn)(const struct view_flow *f, void *ctx);

/* CLI_OK, or the exit code with a message printed. EXPR takes all the words
 * that follow. */
int flow_pick_parse(struct flow_pick *p, int argc, char **argv);
void flow_pick_free(struct flow_pick *p);
int flow_pick_each(const struct flow_pick *p, flow_pick_fn fn, void *ctx);
/* One chain's. */
int flow_pick_view(struct view *v, const struct flow_match *match,
		   flow_pick_fn fn, void *ctx);

int cmd_flow_count(int argc, char **argv);

#endif
