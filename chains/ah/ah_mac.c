// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* HMAC by OpenSSL's libcrypto. All that it loads, it loads while the context is
 * made: the engine gives up its rights before the first packet. What a packet
 * costs is the reset of the context, which keeps the key; OpenSSL 3.0 copies
 * the digest's state for it, a few hundred bytes of the process's own memory.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "ah.h"

const struct ah_auth ah_auths[] = {
	/* RFC 4868 section 2.1.1, RFC 2404 section 3 */
	{ "hmac-sha256-128", "SHA256", 32, 16 },
	{ "hmac-sha1-96", "SHA1", 20, 12 },
};

/* A first value, so that nothing is left to be set up. */
static bool keyed(EVP_MAC_CTX *ctx, const struct ah_auth *auth,
		  const uint8_t *key)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
						 (char *)auth->digest, 0),
		OSSL_PARAM_construct_end(),
	};
	uint8_t out[EVP_MAX_MD_SIZE];
	size_t len;

	return EVP_MAC_init(ctx, key, auth->key_len, params) &&
	       EVP_MAC_final(ctx, out, &len, sizeof(out)) &&
	       EVP_MAC_init(ctx, NULL, 0, NULL);
}

EVP_MAC_CTX *ah_mac_new(const struct ah_auth *auth, const uint8_t *key)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac);
	if (ctx && keyed(ctx, auth, key))
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

bool ah_mac_begin(const struct ah_sa *sa)
{
	return EVP_MAC_init(sa->mac, NULL, 0, NULL);
}

bool ah_mac_add(const struct ah_sa *sa, const void *bytes, size_t len)
{
	return EVP_MAC_update(sa->mac, bytes, len);
}

bool ah_mac_end(const struct ah_sa *sa, uint8_t icv[AH_ICV_MAX])
{
	uint8_t whole[EVP_MAX_MD_SIZE];
	size_t len;

	if (!EVP_MAC_final(sa->mac, whole, &len, sizeof(whole)))
		return false;
	for (int i = 0; i < sa->auth->icv_len; i++)
		icv[i] = whole[i];
	return true;
}
