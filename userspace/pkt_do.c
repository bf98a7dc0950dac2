/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A recorded header action, done to a packet by the calls that NFs make. */
#include "../chains/nf.h"

void nf_pkt_set(struct nf_pkt *pkt, const struct header_action *ha)
{
	switch (ha->field) {
	case NFOLD_FIELD_SADDR:
		nf_pkt_set_saddr(pkt, &ha->addr);
		break;
	case NFOLD_FIELD_DADDR:
		nf_pkt_set_daddr(pkt, &ha->addr);
		break;
	case NFOLD_FIELD_SPORT:
		nf_pkt_set_sport(pkt, ha->port);
		break;
	case NFOLD_FIELD_DPORT:
		nf_pkt_set_dport(pkt, ha->port);
		break;
	default:
		break;
	}
}

bool nf_pkt_do(struct nf_pkt *pkt, const struct header_action *ha)
{
	switch (ha->kind) {
	case HA_FORWARD:
	case HA_DROP:
		return true;
	case HA_MODIFY:
		nf_pkt_set(pkt, ha);
		return true;
	case HA_ENCAP:
		return nf_pkt_encap(pkt, ha->tunnel);
	case HA_DECAP:
		return nf_pkt_decap(pkt, ha->tunnel);
	case HA_VLAN_PUSH:
		return nf_pkt_push_vlan(pkt, ha->tpid, ha->tci);
	case HA_VLAN_POP:
		return nf_pkt_pop_vlan(pkt);
	case HA_TTL:
		return nf_pkt_ttl_dec(pkt, ha->value);
	case HA_DSCP:
		nf_pkt_set_dscp(pkt, ha->value);
		return true;
	case HA_SEQ:
		nf_pkt_shift_seq(pkt, ha->seq_add, ha->ack_add);
		return true;
	case HA_HOP:
		return nf_pkt_hop(pkt);
	}
	return false;
}
