/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The answer that ends a TCP connection for the sender of a packet. Pure. */
#ifndef NFOLD_TCP_RESET_H
#define NFOLD_TCP_RESET_H

#include <stdbool.h>
#include <stdint.h>

#include "../maps/parse.h"

/* Turns the frame at *data, as it came in, into a reset to go back where it came
 * from, with addresses, ports and MAC addresses swapped (RFC 9293 section
 * 3.10.7.1, group 1); *len becomes shorter or stays. False, and the frame is
 * unchanged: not TCP, a reset itself, or sent to many. */
bool tcp_reset_make(uint8_t *data, uint32_t *len, const struct nfold_parse *p);

#endif
