/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An event of the Event Table, for people. */
#ifndef NFOLD_CLI_EVENT_H
#define NFOLD_CLI_EVENT_H

#include <jansson.h>

/* One line. ev: as engine_event_show() has it. */
void event_print(const char *chain, const json_t *ev);
/* Its five-tuple, or an alert's, within a line. */
void event_print_tuple(const json_t *o);

#endif
