/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The monitor's tables, as nf_ops.views and nf_ops.view. */
#ifndef NFOLD_MONITOR_VIEWS_H
#define NFOLD_MONITOR_VIEWS_H

#include "../nf.h"

extern const char *const monitor_views[];
json_t *monitor_view(struct nf *nf, size_t view, uint64_t from);

#endif
