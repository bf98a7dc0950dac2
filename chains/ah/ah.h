/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ah, inside the folder. ah.c is the NF; an association is used by one packet at
 * a time, on the engine's thread or on a worker's.
 */
#ifndef NFOLD_AH_H
#define NFOLD_AH_H

#include <openssl/types.h>

#include "../key_match.h"

#define AH_ICV_MAX 16		/* bytes */
#define AH_KEY_MAX 32
#define AH_SPI_MIN 256		/* below: reserved (RFC 4302 section 2.4) */
#define AH_WINDOW 64		/* sequence numbers (section 3.4.3) */

struct ah_auth {
	const char *word;	/* in chain files */
	const char *digest;	/* OpenSSL's name */
	uint8_t key_len;	/* bytes; no other is allowed */
	uint8_t icv_len;
};

/* By enum: conf_choice()'s index. */
extern const struct ah_auth ah_auths[];

/* A security association (RFC 4301 section 4.1): one way. */
struct ah_sa {
	struct nf_tunnel header;	/* as it is put on or taken off */
	const struct ah_auth *auth;
	EVP_MAC_CTX *mac;	/* holds the key */
	char *expr;		/* NULL: everything */
	struct bpf_program match;
	uint64_t next;		/* encap: number of the next packet; 2^32:
				 * none is left */
	bool replay;		/* decap: each number once */
	uint32_t highest;	/* decap: number that was right */
	uint64_t seen;		/* decap: bit n: highest - n was */
	uint64_t packets;	/* put on, or taken off */
	uint64_t bytes;		/* whole frames, as they came in */
	uint64_t drops;		/* encap: no number left; decap: wrong value */
	uint64_t replays;
	uint64_t strays;	/* outside match */
};

struct ah {
	struct ah_sa *out, *in;	/* encap, decap; in the file's order */
	size_t out_cnt, in_cnt;
	uint64_t unknown;	/* packets of no association */
};

/* ah_conf.c: 0, or -1 with err filled. */
int ah_configure(struct ah *ah, const struct conf_block *block,
		 struct conf_error *err);
void ah_sas_free(struct ah_sa *sas, size_t cnt);

/* ah_mac.c: a keyed MAC, ready to be used without a descriptor or a file; NULL:
 * no memory, or the library does not have it. Free with EVP_MAC_CTX_free(). */
EVP_MAC_CTX *ah_mac_new(const struct ah_auth *auth, const uint8_t *key);
/* Anew, with the same key; some bytes; auth->icv_len bytes of the result. False:
 * the library could not. */
bool ah_mac_begin(const struct ah_sa *sa);
bool ah_mac_add(const struct ah_sa *sa, const void *bytes, size_t len);
bool ah_mac_end(const struct ah_sa *sa, uint8_t icv[AH_ICV_MAX]);

/* ah_icv.c: the integrity value of the packet, whose AH header is len bytes at
 * off (nf_pkt_ah()), with sequence number seq (host order). NONE, or why it has
 * none. */
enum nfold_reason ah_icv(const struct ah_sa *sa, const struct nf_pkt *pkt,
			 uint32_t off, uint32_t len, uint32_t seq,
			 uint8_t icv[AH_ICV_MAX]);

/* ah_window.c (RFC 4302 section 3.4.3): may the number be a new packet's? */
bool ah_window_has(const struct ah_sa *sa, uint32_t seq);
/* It was, and its integrity value is right. */
void ah_window_set(struct ah_sa *sa, uint32_t seq);

/* ah_show.c */
json_t *ah_show(struct nf *nf);

#endif
