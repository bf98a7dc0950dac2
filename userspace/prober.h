/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The prober: a process per instance whose NFs have targets of health checks.
 * It makes real TCP connections and HTTP requests (libcurl), all of them at a
 * time, from the network namespace it was started in, and tells the parent when
 * a target has gone down or come up (damp.h). It holds no right and no file: what
 * answers it are strangers too.
 *
 * parent -> prober: {"cmd":"targets","nf":INDEX,"first":BOOL,"last":BOOL,
 *	"targets":[target_json.h]}: all of an NF's, in one or more messages; who is
 *	known keeps its state.
 * prober -> parent: {"event":"health","nf":INDEX,"id":N,"up":BOOL,"why":TEXT}
 */
#ifndef NFOLD_PROBER_H
#define NFOLD_PROBER_H

/* Only ever called in a child. Until the parent closes its end of fd; returns the
 * exit code. */
int prober_run(int fd);

#endif
