/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Targets of health checks in messages from an engine by the parent to a
 * prober: loader/control.h.
 */
#ifndef NFOLD_TARGET_JSON_H
#define NFOLD_TARGET_JSON_H

#include <jansson.h>

#include "../chains/nf.h"

#define TARGETS_A_MESSAGE 64

/* New reference; NULL: no memory. */
json_t *target_to_json(const struct nf_target *t);
/* False: it is not as target_to_json() makes it, or its values are out of
 * bounds. */
bool target_from_json(struct nf_target *t, const json_t *o);

#endif
