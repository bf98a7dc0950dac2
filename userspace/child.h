/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A chain as the parent holds it: its instance, and the process of its engine.
 * What an engine says is not trusted: it has read packets from strangers.
 */
#ifndef NFOLD_CHILD_H
#define NFOLD_CHILD_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "../chains/chain.h"
#include "../loader/instance.h"
#include "health.h"
#include "probe.h"

struct child {
	struct child *next;
	char chain[CHAIN_NAME_MAX + 1];
	struct instance *instance;	/* owned */
	struct probe *probe;		/* borrowed */
	pid_t pid;
	int fd;				/* control socket; -1 when dead */
	bool alive;
	bool fold;
	int64_t seq;			/* of the last request */
	struct health health;
};

/* Loads the instance and starts its engine, up to "ready" (10 s). Nothing is
 * attached. 0, or negative errno with err filled. */
int child_new(struct child **out, const struct chain *c, const char *bpffs,
	      struct probe *probe, bool fold, struct instance_error *err);
/* Stops the engine if it lives and frees; what is attached stays so. */
void child_free(struct child *c);
/* Asks the engine to end, and ends it if it does not (1 s). */
void child_stop(struct child *c);
/* The engine has something to say: probes, targets of health checks. */
void child_event(struct child *c);
/* The prober has: what becomes of a target, for the engine. */
void child_health(struct child *c);
/* Its process has ended with this status of wait(2). */
void child_ended(struct child *c, int status);
/* One request and its answer (5 s). *reply: new reference. 0 or -errno. */
int child_ask(struct child *c, const json_t *msg, json_t **reply);
/* The same, with a descriptor along, for what may take long (50 s): its packets
 * wait as long. */
int child_ask_fd(struct child *c, const json_t *msg, int fd, json_t **reply);

#endif
