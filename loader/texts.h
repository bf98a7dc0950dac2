/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Texts that are too long for a control message: one after the other in a
 * sealed memfd, their names and lengths in the message's "texts". nfold makes
 * it, the parent checks it, an engine maps it: neither opens a file for it.
 */
#ifndef NFOLD_TEXTS_H
#define NFOLD_TEXTS_H

#include <jansson.h>

#include "../chains/conf.h"

#define TEXTS_MAX 64	/* files in a request */

struct texts {
	struct conf_file *files;	/* names: the message's, borrowed */
	size_t cnt;
	void *map;
	size_t size;
};

/* A descriptor, or negative errno. */
int texts_new(const struct conf_file *files, size_t cnt);
/* "texts" of a message: array of {"name","len"}. New reference. */
json_t *texts_json(const struct conf_file *files, size_t cnt);
/* NULL, or why the message and what came along are not as texts_new() and
 * texts_json() make them: safe to be read afterwards, as nobody can change or
 * cut it. */
const char *texts_check(const json_t *msg, int fd);
/* Of a checked message. Closes fd. 0 or negative errno; texts_free() in any
 * case. The message must outlive it. */
int texts_open(struct texts *t, const json_t *msg, int fd);
void texts_free(struct texts *t);

#endif
