/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The prober's body: prober.c (targets, messages, the loop) and prober_check.c
 * (one check). */
#ifndef NFOLD_PROBER_PRIV_H
#define NFOLD_PROBER_PRIV_H

#include <curl/curl.h>

#include "../chains/nf.h"
#include "damp.h"

#define PROBED_MAX (2 * NF_TARGET_MAX)	/* of all NFs of the chain */
#define WHY_MAX 100

struct probed {
	struct probed *next;
	uint32_t nf;		/* index in the chain */
	struct nf_target target;
	struct damp damp;
	uint64_t due_ns;	/* next check's begin */
	bool kept;		/* named by the message in hand */
	bool news;		/* the parent is to be told */
	char why[WHY_MAX];	/* of its state */
	/* the check under way; NULL: none */
	CURL *easy;
	struct curl_slist *headers;
	uint32_t body;		/* bytes that came */
	char error[CURL_ERROR_SIZE];
};

/* Begins a check. False: it could not; then it counts as failed. */
bool check_begin(CURLM *multi, struct probed *p);
/* It has ended with this code: was it good? p->why says what was seen. */
bool check_end(CURLM *multi, struct probed *p, CURLcode code);
/* Without a result. */
void check_abort(CURLM *multi, struct probed *p);

#endif
