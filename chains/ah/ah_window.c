// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The anti-replay window: the highest number that was right, and which of the 64
 * up to it were (RFC 4302 section 3.4.3, appendix B2 without extended numbers).
 */
#include "ah.h"

/* No sender uses 0: its first number is 1 (section 3.3.2). */
bool ah_window_has(const struct ah_sa *sa, uint32_t seq)
{
	if (!sa->replay || seq > sa->highest)
		return true;
	if (!seq || sa->highest - seq >= AH_WINDOW)
		return false;
	return !(sa->seen >> (sa->highest - seq) & 1);
}

void ah_window_set(struct ah_sa *sa, uint32_t seq)
{
	uint32_t by;

	if (seq <= sa->highest) {
		by = sa->highest - seq;
		sa->seen |= by < AH_WINDOW ? UINT64_C(1) << by : 0;
		return;
	}
	by = seq - sa->highest;
	sa->seen = by < AH_WINDOW ? sa->seen << by : 0;
	sa->seen |= 1;
	sa->highest = seq;
}
