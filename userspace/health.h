/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parent's end of health checks, of one instance: keeps the targets that the
 * engine has named, starts the prober once there are any, hands on what it says,
 * and starts another one a second after it has died; what was down or up stays
 * so until then. Neither end is trusted.
 */
#ifndef NFOLD_HEALTH_H
#define NFOLD_HEALTH_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct health {
	const char *chain;	/* borrowed */
	json_t *lists;		/* NF index as text -> the messages of its
				 * targets */
	pid_t pid;		/* prober; 0 none */
	int fd;			/* to it; -1 */
	bool starting;		/* to be started at start_ms */
	int64_t start_ms;
};

/* 0 or -ENOMEM. health_free() in any case. */
int health_init(struct health *h, const char *chain);
/* Ends the prober. */
void health_free(struct health *h);
/* The engine's message {"event":"targets"}. */
void health_targets(struct health *h, json_t *msg);
/* The prober has something to say: NULL, or a request for the engine (new
 * reference), and then whether the engine took it: if not, another prober will
 * find it again. */
json_t *health_heard(struct health *h);
void health_told(struct health *h, const json_t *msg, bool taken);
/* Has its process ended? To be asked at SIGCHLD. */
void health_reap(struct health *h);
/* Starts it if it is time. Returns ms until it wants to be called; -1: never. */
int health_tick(struct health *h);

#endif
