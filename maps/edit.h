/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Edit records: what few flows need beside addresses, ports and TTL, one record
 * a flow direction, in the mmap-able array "edits"; and the templates of outer
 * headers that records share, in "tmpls". The engine writes a record before
 * the entry that refers to it (nfold_act.edit) is published, changes neither
 * while a reader may hold it, and gives them away after a grace period
 * (userspace/edits.c). How they are applied: edit_act.h.
 *
 * In the order of application: ECN from a tunnel header that came from the wire,
 * DSCP and sequence numbers of the packet as it came (of two, the inner one),
 * then tags and that header off, templates around IP, tags on.
 */
#ifndef NFOLD_EDIT_H
#define NFOLD_EDIT_H

#include <linux/types.h>

#define NFOLD_TMPL_MAX 72	/* bytes: IPv6, UDP, VXLAN and Ethernet: 70 */
#define NFOLD_TMPL_CNT 256	/* templates of an instance */
#define NFOLD_LAYER_MAX 2	/* headers around one another */
#define NFOLD_TAG_MAX 2		/* VLAN tags of a packet */

/* Outer headers but for what differs between packets: lengths, the IPv4
 * checksum and the traffic class are 0, and so is the UDP source port. The
 * IPv4 checksum is right for these zeroes. The UDP checksum is 0 and stays so,
 * over IPv6 too, where tunnels may (RFC 6935, RFC 6936).
 */
#define NFOLD_TMPL_COPY_DSCP 0x01	/* the inner header's, else dscp */

struct nfold_tmpl {
	__u8 len;		/* bytes pushed, even */
	__u8 udp_off;		/* of the UDP header in bytes; 0 none */
	__u8 family;		/* 4 or 6: outer */
	__u8 dscp;		/* DSCP << 2 */
	__u8 flags;		/* NFOLD_TMPL_* */
	__u8 pad[3];
	__u8 bytes[NFOLD_TMPL_MAX];
};

#define NFOLD_EDIT_DSCP 0x01	/* set dscp, ECN stays */
#define NFOLD_EDIT_SEQ 0x02	/* TCP: add seq_add, ack_add */
#define NFOLD_EDIT_FRAME 0x04	/* tags or templates: the frame's length
				 * changes */
#define NFOLD_EDIT_IP6 0x08	/* the packet is IPv6: of two, the inner one */
#define NFOLD_EDIT_UNWRAP 0x10	/* take off the tunnel header that it came in:
				 * all that is in front of the inner packet, as
				 * many bytes as this one has (not more than
				 * NFOLD_COVER_MAX), once ECN is combined */
#define NFOLD_EDIT_OUTER6 0x20	/* UNWRAP: the outer header is IPv6 */

#define NFOLD_COVER_MAX 255

struct nfold_edit {
	__u32 seq_add;		/* host order, modulo 2^32 */
	__u32 ack_add;		/* of packets that have ACK; SACK blocks too */
	__u32 tag[NFOLD_TAG_MAX]; /* put on, outermost first: TPID and TCI as
				   * they stand in memory */
	__be16 sport[NFOLD_LAYER_MAX]; /* of the templates' UDP */
	__u16 tmpl[NFOLD_LAYER_MAX]; /* index + 1, innermost first; 0 none */
	__be16 ethertype;	/* of what leaves, behind the tags */
	__u8 flags;		/* NFOLD_EDIT_* */
	__u8 dscp;		/* DSCP << 2 */
	__u8 strip;		/* tags taken off, outermost first */
	__u8 keep;		/* tags of the packet that stay, behind them */
	__u8 push;		/* tags put on */
	__u8 grow;		/* bytes of all templates */
};

/* Most flows with an edit get one tunnel header and nothing else. They need no
 * record: act.edit itself tells which (edit_word.h), in its bits
 *	31	set
 *	30	the packet as it came is IPv6
 *	8-21	of the UDP source port, which is from NFOLD_SPORT_MIN on
 *	0-7	index of the template
 */
#define NFOLD_EDIT_WORD 0x80000000U
#define NFOLD_EDIT_WORD_IP6 0x40000000U
#define NFOLD_EDIT_WORD_TMPL(word) ((word) & 0xff)
#define NFOLD_EDIT_WORD_SPORT(word) (NFOLD_SPORT_MIN + ((word) >> 8 & 0x3fff))
#define NFOLD_SPORT_MIN 49152	/* RFC 7348 section 5 */

_Static_assert(NFOLD_TMPL_CNT == 256, "a word holds a template's index");
_Static_assert(sizeof(struct nfold_tmpl) == 80, "tmpl is map ABI");
_Static_assert(sizeof(struct nfold_edit) == 32, "edit is map ABI");

#endif
