/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Overlap policies: the six orders that Novak and Sturges ("Target-Based TCP
 * Stream Reassembly", 2007) found, and the systems that have them.
 *
 * "Begins" is where a segment began when it came, without what was delivered
 * before. With bsd it is where the held one begins now: 4.4BSD's tcp_reass()
 * cuts the front of what it holds and keeps no other number.
 */
#include <string.h>

#include "stream_priv.h"

enum order {
	ORDER_HELD,		/* the held one */
	ORDER_NEW,
	ORDER_BEGIN_NOW,	/* the new one if it begins before */
	ORDER_BEGIN,		/* that, or begins the same and ends after */
	ORDER_BEGIN_SAME,	/* that, or is the same */
	ORDER_END,		/* the new one if it ends after, or ends the same
				 * and does not begin after */
};

static const struct {
	const char *name;
	enum order order;
} policies[IDS_POLICY_CNT] = {
	[IDS_POLICY_FIRST] = { "first", ORDER_HELD },
	[IDS_POLICY_LAST] = { "last", ORDER_NEW },
	[IDS_POLICY_BSD] = { "bsd", ORDER_BEGIN_NOW },
	[IDS_POLICY_LINUX] = { "linux", ORDER_BEGIN },
	[IDS_POLICY_WINDOWS] = { "windows", ORDER_BEGIN_NOW },
	[IDS_POLICY_OLD_LINUX] = { "old-linux", ORDER_BEGIN_SAME },
	[IDS_POLICY_SOLARIS] = { "solaris", ORDER_END },
	[IDS_POLICY_VISTA] = { "vista", ORDER_HELD },
	[IDS_POLICY_MACOS] = { "macos", ORDER_BEGIN_NOW },
	[IDS_POLICY_HPUX10] = { "hpux10", ORDER_BEGIN },
	[IDS_POLICY_HPUX11] = { "hpux11", ORDER_END },
	[IDS_POLICY_IRIX] = { "irix", ORDER_BEGIN },
};

const char *ids_stream_policy_name(enum ids_stream_policy policy)
{
	return policy < IDS_POLICY_CNT ? policies[policy].name : NULL;
}

enum ids_stream_policy ids_stream_policy_parse(const char *name)
{
	enum ids_stream_policy p = 0;

	while (p < IDS_POLICY_CNT && strcmp(policies[p].name, name))
		p++;
	return p;
}

bool ids_policy_first(enum ids_stream_policy policy)
{
	return policies[policy].order == ORDER_HELD;
}

bool ids_policy_wins(enum ids_stream_policy policy, const struct ids_new *n,
		     const struct ids_piece *e)
{
	bool before = seq_before(n->begin, e->begin);
	bool same = n->begin == e->begin;

	switch (policies[policy].order) {
	case ORDER_HELD:
		return false;
	case ORDER_NEW:
		return true;
	case ORDER_BEGIN_NOW:
		return seq_before(n->begin, e->seq);
	case ORDER_BEGIN:
		return before || (same && seq_before(e->stop, n->stop));
	case ORDER_BEGIN_SAME:
		return before || (same && !seq_before(n->stop, e->stop));
	case ORDER_END:
		return seq_before(e->stop, n->stop) ||
		       (e->stop == n->stop && (before || same));
	}
	return false;
}
