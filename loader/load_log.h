/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What libbpf says while a program is loaded: kept back, so that success is
 * silent and failure can show the verifier's log. One at a time, one thread.
 */
#ifndef NFOLD_LOAD_LOG_H
#define NFOLD_LOAD_LOG_H

#include <stdio.h>

void load_log_begin(void);
void load_log_end(void);
void load_log_print(FILE *out);
/* First line that libbpf said, without its newline; "" none. */
const char *load_log_first(void);

#endif
