// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The keys of `ah { encap { ... } decap { ... } }`; what they mean stands in
 * README.md.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ah.h"

#define AUTHS 2
#define ENCAP 1
#define DECAP 2
#define BOTH (ENCAP | DECAP)
#define NEEDED 4

static int set_spi(struct ah_sa *sa, const struct conf_stmt *s,
		   struct conf_error *err)
{
	static const char hint[] = "a number from 256 to 0xffffffff";
	const struct conf_word *w = &s->words[1];
	unsigned long long n;
	char *end;

	n = strtoull(w->text, &end, 0);
	if (!isdigit((unsigned char)*w->text) || *end)
		return conf_fail(err, &w->loc, hint, "'%s' is no SPI", w->text);
	if (n < AH_SPI_MIN)
		return conf_fail(err, &w->loc, hint,
				 "SPI %s: 0 to 255 are reserved", w->text);
	if (n > UINT32_MAX)
		return conf_fail(err, &w->loc, hint, "SPI %s has more than 32 bits",
				 w->text);
	sa->header.spi = n;
	return 0;
}

static int set_auth(struct ah_sa *sa, const struct conf_stmt *s,
		    struct conf_error *err)
{
	const char *words[AUTHS + 1] = { NULL };
	size_t i;

	for (i = 0; i < AUTHS; i++)
		words[i] = ah_auths[i].word;
	if (conf_choice(&s->words[1], words, &i, err))
		return -1;
	sa->auth = &ah_auths[i];
	return 0;
}

static int set_tunnel(struct ah_sa *sa, const struct conf_stmt *s,
		      struct conf_error *err)
{
	int local, remote;

	if (conf_addr(&s->words[1], &local, &sa->header.local, err) ||
	    conf_addr(&s->words[2], &remote, &sa->header.remote, err))
		return -1;
	if (local != remote)
		return conf_fail(err, &s->words[2].loc, NULL,
				 "the tunnel's ends are of different families");
	sa->header.family = local;
	return 0;
}

static int set_transport(struct ah_sa *sa, const struct conf_stmt *s,
			 struct conf_error *err)
{
	(void)s;
	(void)err;
	sa->header.kind = NF_TUNNEL_AH_TRANSPORT;
	return 0;
}

static int set_match(struct ah_sa *sa, const struct conf_stmt *s,
		     struct conf_error *err)
{
	const struct conf_word *w = &s->words[1];

	if (key_match_compile(&sa->match, w, err))
		return -1;
	sa->expr = strdup(w->text);
	if (sa->expr)
		return 0;
	pcap_freecode(&sa->match);
	return conf_fail(err, &w->loc, NULL, "no memory");
}

static int set_ttl(struct ah_sa *sa, const struct conf_stmt *s,
		   struct conf_error *err)
{
	uint64_t n;

	if (conf_uint(&s->words[1], 1, 255, &n, err))
		return -1;
	sa->header.ttl = n;
	return 0;
}

static int set_dscp(struct ah_sa *sa, const struct conf_stmt *s,
		    struct conf_error *err)
{
	const struct conf_word *w = &s->words[1];

	sa->header.copy_dscp = !strcmp(w->text, "copy");
	return sa->header.copy_dscp ? 0 :
				      key_match_dscp(w, &sa->header.dscp, err);
}

static int set_sequence(struct ah_sa *sa, const struct conf_stmt *s,
			struct conf_error *err)
{
	return conf_uint(&s->words[1], 1, UINT32_MAX, &sa->next, err);
}

static int set_replay(struct ah_sa *sa, const struct conf_stmt *s,
		      struct conf_error *err)
{
	static const char *const words[] = { "off", "on", NULL };
	size_t i;

	if (conf_choice(&s->words[1], words, &i, err))
		return -1;
	sa->replay = i;
	return 0;
}

static const struct {
	const char *key, *usage;
	int (*set)(struct ah_sa *sa, const struct conf_stmt *s,
		   struct conf_error *err);	/* NULL: set_mac() reads it */
	uint8_t words;
	uint8_t flags;		/* ENCAP, DECAP, NEEDED */
} keys[] = {
	{ "spi", "spi NUMBER", set_spi, 2, BOTH | NEEDED },
	{ "auth", "auth hmac-sha256-128|hmac-sha1-96", set_auth, 2, BOTH },
	{ "key", "key HEX", NULL, 2, BOTH | NEEDED },
	{ "tunnel", "tunnel LOCAL REMOTE", set_tunnel, 3, BOTH },
	{ "transport", "transport", set_transport, 1, BOTH },
	{ "match", "match \"EXPRESSION\"", set_match, 2, BOTH },
	{ "ttl", "ttl NUMBER", set_ttl, 2, ENCAP },
	{ "dscp", "dscp copy|DSCP", set_dscp, 2, ENCAP },
	{ "sequence", "sequence NUMBER", set_sequence, 2, ENCAP },
	{ "replay", "replay on|off", set_replay, 2, DECAP },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int set_stmt(struct ah_sa *sa, const struct conf_block *block,
		    const struct conf_stmt *s, int where,
		    struct conf_error *err)
{
	const char *known[KEYS + 1];
	size_t cnt = 0;

	for (size_t i = 0; i < KEYS; i++) {
		if (!(keys[i].flags & where))
			continue;
		known[cnt++] = keys[i].key;
		if (strcmp(s->words[0].text, keys[i].key))
			continue;
		if (conf_single(block, s, err) ||
		    conf_need_words(s, keys[i].words, keys[i].words,
				    keys[i].usage, err))
			return -1;
		return keys[i].set ? keys[i].set(sa, s, err) : 0;
	}
	known[cnt] = NULL;
	return conf_unknown(s, known, err);
}

static int nibble(char c)
{
	const char *digits = "0123456789abcdef", *at;

	at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
	return at ? at - digits : -1;
}

/* Hex digits, with or without 0x, as many as the algorithm's key has. */
static int read_key(uint8_t key[AH_KEY_MAX], const struct ah_auth *auth,
		    const struct conf_word *w, struct conf_error *err)
{
	const char *s = w->text + 2 * !strncmp(w->text, "0x", 2);
	size_t digits = strlen(s);
	char hint[80];

	snprintf(hint, sizeof(hint), "%s needs %d hex digits: openssl rand -hex %d",
		 auth->word, 2 * auth->key_len, auth->key_len);
	for (size_t i = 0; i < digits; i++)
		if (nibble(s[i]) < 0)
			return conf_fail(err, &w->loc, hint,
					 "the key is not a hexadecimal number");
	if (digits != 2U * auth->key_len)
		return conf_fail(err, &w->loc, hint,
				 "the key has %zu hex digits", digits);
	for (int i = 0; i < auth->key_len; i++)
		key[i] = nibble(s[2 * i]) << 4 | nibble(s[2 * i + 1]);
	return 0;
}

static int set_mac(struct ah_sa *sa, const struct conf_block *block,
		   struct conf_error *err)
{
	const struct conf_stmt *s = conf_find(block, "key");
	uint8_t key[AH_KEY_MAX];
	int failed = read_key(key, sa->auth, &s->words[1], err);

	if (!failed) {
		sa->mac = ah_mac_new(sa->auth, key);
		if (!sa->mac)
			failed = conf_fail(err, &s->loc,
					   "look at openssl.cnf, or the memory",
					   "libcrypto has no %s for us",
					   sa->auth->digest);
	}
	OPENSSL_cleanse(key, sizeof(key));
	return failed;
}

/* Ends, TTL and DSCP are those of a tunnel's header. */
static int check_mode(const struct conf_block *block, const struct conf_stmt *s,
		      struct conf_error *err)
{
	static const char *const outer[] = { "tunnel", "ttl", "dscp" };
	const struct conf_stmt *t;

	if (!conf_find(block, "transport"))
		return conf_find(block, "tunnel") ? 0 :
		       conf_fail(err, &s->loc, "tunnel LOCAL REMOTE, or transport",
				 "%s needs tunnel or transport",
				 s->words[0].text);
	for (size_t i = 0; i < 3; i++) {
		t = conf_find(block, outer[i]);
		if (t)
			return conf_fail(err, &t->loc, "remove one of them",
					 "transport has no %s", outer[i]);
	}
	return 0;
}

static int set_sa(struct ah_sa *sa, const struct conf_stmt *s, int where,
		  struct conf_error *err)
{
	const struct conf_block *block = s->block;

	sa->auth = &ah_auths[0];
	sa->header = (struct nf_tunnel){ .kind = NF_TUNNEL_AH,
					 .ttl = NF_TUNNEL_TTL,
					 .copy_dscp = true };
	sa->next = 1;
	sa->replay = true;
	for (size_t i = 0; i < block->cnt; i++)
		if (set_stmt(sa, block, &block->stmts[i], where, err))
			return -1;
	for (size_t i = 0; i < KEYS; i++)
		if ((keys[i].flags & NEEDED) && !conf_find(block, keys[i].key))
			return conf_fail(err, &s->loc, keys[i].usage,
					 "%s needs %s", s->words[0].text,
					 keys[i].key);
	sa->header.icv_len = sa->auth->icv_len;
	return check_mode(block, s, err) || set_mac(sa, block, err) ? -1 : 0;
}

/* The SPI alone names what comes in; what goes out, the SPI and its receiver
 * (RFC 4301 section 4.1). */
static bool is_same(const struct ah_sa *a, const struct ah_sa *b, int where)
{
	return a->header.spi == b->header.spi &&
	       (where == DECAP || !memcmp(&a->header.remote, &b->header.remote,
					  sizeof(a->header.remote)));
}

static int add_sa(struct ah_sa **sas, size_t *cnt, const struct conf_stmt *s,
		  int where, struct conf_error *err)
{
	struct ah_sa *sa, *grown;

	if (conf_need_words(s, 1, 1, where == ENCAP ? "encap { ... }" :
						      "decap { ... }", err))
		return -1;
	grown = realloc(*sas, (*cnt + 1) * sizeof(*grown));
	if (!grown)
		return conf_fail(err, &s->loc, NULL, "no memory");
	*sas = grown;
	sa = &grown[(*cnt)++];
	memset(sa, 0, sizeof(*sa));
	if (set_sa(sa, s, where, err))
		return -1;
	for (size_t i = 0; i + 1 < *cnt; i++)
		if (is_same(&grown[i], sa, where))
			return conf_fail(err, &conf_find(s->block, "spi")->loc,
					 "give each association its own",
					 "SPI %#x is given twice",
					 sa->header.spi);
	return 0;
}

int ah_configure(struct ah *ah, const struct conf_block *block,
		 struct conf_error *err)
{
	static const char *const known[] = { "encap", "decap", NULL };

	for (size_t i = 0; i < block->cnt; i++) {
		const struct conf_stmt *s = &block->stmts[i];
		int failed;

		if (!strcmp(s->words[0].text, "encap"))
			failed = add_sa(&ah->out, &ah->out_cnt, s, ENCAP, err);
		else if (!strcmp(s->words[0].text, "decap"))
			failed = add_sa(&ah->in, &ah->in_cnt, s, DECAP, err);
		else
			failed = conf_unknown(s, known, err);
		if (failed)
			return -1;
	}
	if (ah->out_cnt + ah->in_cnt)
		return 0;
	return conf_fail(err, &block->loc, "encap { ... } or decap { ... }",
			 "ah without an association");
}

void ah_sas_free(struct ah_sa *sas, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		if (sas[i].expr)
			pcap_freecode(&sas[i].match);
		free(sas[i].expr);
		EVP_MAC_CTX_free(sas[i].mac);
	}
	free(sas);
}
