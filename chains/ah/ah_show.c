// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `nfold nf show ah`: the associations, without their keys. What is counted here
 * is what must be equal folded and unfolded.
 */
#include <arpa/inet.h>

#include "ah.h"

static json_t *sa_json(const struct ah_sa *sa)
{
	char local[INET6_ADDRSTRLEN] = "", remote[INET6_ADDRSTRLEN] = "";
	int af = sa->header.family == 4 ? AF_INET : AF_INET6;
	bool tunnel = sa->header.kind == NF_TUNNEL_AH;

	if (tunnel) {
		inet_ntop(af, sa->header.local.a, local, sizeof(local));
		inet_ntop(af, sa->header.remote.a, remote, sizeof(remote));
	}
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "spi",
			 (json_int_t)sa->header.spi, "auth", sa->auth->word,
			 "mode", tunnel ? "tunnel" : "transport", "local", local, "remote", remote, "match",
			 sa->expr ? sa->expr : "", "packets",
			 (json_int_t)sa->packets, "bytes",
			 (json_int_t)sa->bytes);
}

static json_t *out_json(const struct ah_sa *sa)
{
	json_t *o = sa_json(sa);

	json_object_set_new(o, "next", json_integer(sa->next));
	json_object_set_new(o, "overflow", json_integer(sa->drops));
	return o;
}

static json_t *in_json(const struct ah_sa *sa)
{
	json_t *o = sa_json(sa);

	json_object_set_new(o, "replay", json_boolean(sa->replay));
	json_object_set_new(o, "highest", json_integer(sa->highest));
	json_object_set_new(o, "window", json_sprintf("%016llx",
				(unsigned long long)sa->seen));
	json_object_set_new(o, "replays", json_integer(sa->replays));
	json_object_set_new(o, "bad_icv", json_integer(sa->drops));
	json_object_set_new(o, "strays", json_integer(sa->strays));
	return o;
}

json_t *ah_show(struct nf *nf)
{
	const struct ah *ah = nf->priv;
	json_t *out = json_array(), *in = json_array();

	for (size_t i = 0; i < ah->out_cnt; i++)
		json_array_append_new(out, out_json(&ah->out[i]));
	for (size_t i = 0; i < ah->in_cnt; i++)
		json_array_append_new(in, in_json(&ah->in[i]));
	return json_pack("{s:o, s:o, s:I}", "encap", out, "decap", in,
			 "unknown_spi", (json_int_t)ah->unknown);
}
