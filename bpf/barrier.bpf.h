/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ordering of loads, for the reader's side of the slot protocol (docs/MAPS.md).
 */
#ifndef NFOLD_BARRIER_BPF_H
#define NFOLD_BARRIER_BPF_H

#include "bpf/maps.bpf.h"

#define READ_ONCE(x) (*(volatile typeof(x) *)&(x))

/* Loads before it are done before loads after it.
 *
 * x86-64 keeps loads in order: a compiler barrier is all. arm64 does not, and
 * BPF has no fence, and no load-acquire before Linux 6.15. What the verifier
 * takes from 5.12 on is an atomic read-modify-write that returns the old value
 * (BPF_FETCH), which the kernel's memory model defines as fully ordered
 * (Documentation/memory-barriers.txt); arm64's JIT makes it LDADDAL, or an
 * exclusive loop and DMB ISH. Its operand is a word of our own stack: the order
 * comes from the instruction, not from the address. Assembly, because clang 19
 * turns an unused __sync_fetch_and_add() into the form without fetch, which
 * orders nothing.
 */
static __always_inline void load_barrier(void)
{
	if (config.weak_memory) {
		__u64 word = 0, add = 0;

		asm volatile("%[add] = atomic_fetch_add((u64 *)(%[word] + 0), %[add])"
			     : [add] "+r"(add)
			     : [word] "r"(&word)
			     : "memory");
	} else {
		asm volatile("" ::: "memory");
	}
}

#endif
