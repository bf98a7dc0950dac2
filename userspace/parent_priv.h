/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parent's body: parent.c (its loop), attach.c (files to chains) and
 * request.c (the control socket). */
#ifndef NFOLD_PARENT_PRIV_H
#define NFOLD_PARENT_PRIV_H

#include <jansson.h>

#include "child.h"
#include "parent.h"

#define PARENT_CLIENTS 32

struct parent {
	const struct parent_conf *conf;
	int listen_fd;
	int signal_fd;
	int addr_fd;			/* instance_addr_watch(); -1 none */
	struct probe *probe;
	struct child *children;
	int clients[PARENT_CLIENTS];	/* -1 free */
	bool stop;
};

struct child *parent_find(struct parent *p, const char *chain);

/* attach.c. All chains of the file, or none. 0, or negative errno with err
 * filled. *out: array for the reply. */
int parent_attach(struct parent *p, const char *file, bool no_fold,
		  json_t **out, struct instance_error *err);
/* -ENOENT: no such chain, attached or pinned. */
int parent_detach(struct parent *p, const char *chain,
		  struct instance_error *err);

/* request.c: the answer to a message, and to the descriptor that came along or
 * -1, borrowed; new reference. */
json_t *parent_request(struct parent *p, const json_t *msg, int fd);

#endif
