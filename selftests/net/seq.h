/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Payload of a numbered packet: seqgen sends them, seqcheck counts them. Host
 * order: both run on one machine.
 */
#ifndef SELFTESTS_SEQ_H
#define SELFTESTS_SEQ_H

#include <stdint.h>

#define SEQ_MAGIC 0x6e663173U

struct seq_payload {
	uint32_t magic;
	uint32_t stream;	/* the sender's choice */
	uint64_t seq;		/* from 0 */
};

_Static_assert(sizeof(struct seq_payload) == 16, "no padding");

#endif
