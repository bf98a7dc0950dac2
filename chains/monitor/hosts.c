// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "hosts.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "../siphash.h"
#include "monitor.h"

struct hosts {
	struct siphash_key secret;	/* senders choose the addresses */
	struct host *pool;
	uint32_t *buckets;	/* index + 1 */
	uint32_t bucket_mask;
	uint32_t max;
	uint32_t end;		/* pool entries ever used */
	uint32_t known;
	uint32_t unused;	/* list by host.chain: index + 1 */
	struct host *quiet;	/* without refs, the longest first */
	struct host others;
	uint64_t made_room;
};

struct hosts *hosts_new(uint32_t max)
{
	struct hosts *h = calloc(1, sizeof(*h));
	uint32_t buckets = 16;

	if (!h)
		return NULL;
	while (buckets < max)
		buckets *= 2;
	h->max = max;
	h->bucket_mask = buckets - 1;
	h->pool = calloc(max, sizeof(*h->pool));
	h->buckets = calloc(buckets, sizeof(*h->buckets));
	if (h->pool && h->buckets && !nf_random(&h->secret, sizeof(h->secret)))
		return h;
	hosts_free(h);
	return NULL;
}

void hosts_free(struct hosts *h)
{
	if (!h)
		return;
	free(h->pool);
	free(h->buckets);
	free(h);
}

static uint32_t *bucket_of(struct hosts *h, uint8_t family,
			   const struct nf_addr *addr)
{
	uint8_t key[sizeof(*addr) + 1];

	memcpy(key, addr, sizeof(*addr));
	key[sizeof(*addr)] = family;
	return &h->buckets[siphash(key, sizeof(key), &h->secret) &
			   h->bucket_mask];
}

static uint32_t index_of(const struct hosts *h, const struct host *host)
{
	return host - h->pool;
}

static struct host *find(struct hosts *h, uint32_t bucket, uint8_t family,
			 const struct nf_addr *addr)
{
	for (; bucket; bucket = h->pool[bucket - 1].chain) {
		struct host *host = &h->pool[bucket - 1];

		if (host->family == family &&
		    !memcmp(&host->addr, addr, sizeof(*addr)))
			return host;
	}
	return NULL;
}

/* The longest quiet host goes to others. */
static void make_room(struct hosts *h)
{
	struct host *host = h->quiet;
	uint32_t *at = bucket_of(h, host->family, &host->addr);
	uint32_t id = index_of(h, host) + 1;

	count_add(&h->others.sent, &host->sent);
	count_add(&h->others.received, &host->received);
	while (*at != id)
		at = &h->pool[*at - 1].chain;
	*at = host->chain;
	DL_DELETE(h->quiet, host);
	memset(host, 0, sizeof(*host));
	host->chain = h->unused;
	h->unused = id;
	h->known--;
	h->made_room++;
}

static struct host *room(struct hosts *h)
{
	struct host *host;

	if (h->known == h->max && h->quiet)
		make_room(h);
	if (h->known == h->max)
		return NULL;
	h->known++;
	if (!h->unused)
		return &h->pool[h->end++];
	host = &h->pool[h->unused - 1];
	h->unused = host->chain;
	return host;
}

static struct host *add(struct hosts *h, uint8_t family,
			const struct nf_addr *addr)
{
	struct host *host = room(h);
	uint32_t *bucket;

	if (!host)
		return NULL;
	bucket = bucket_of(h, family, addr);
	*host = (struct host){ .addr = *addr, .family = family,
			       .chain = *bucket };
	*bucket = index_of(h, host) + 1;
	return host;
}

struct host *hosts_get(struct hosts *h, uint8_t family,
		       const struct nf_addr *addr)
{
	struct host *host = find(h, *bucket_of(h, family, addr), family, addr);

	if (!host)
		host = add(h, family, addr);
	else if (!host->refs)
		DL_DELETE(h->quiet, host);
	if (!host)
		host = &h->others;
	host->refs++;
	return host;
}

void hosts_put(struct hosts *h, struct host *host)
{
	if (!--host->refs && host != &h->others)
		DL_APPEND(h->quiet, host);
}

void hosts_open_clear(struct hosts *h)
{
	static const struct nf_count zero;

	for (uint32_t i = 0; i < h->end; i++)
		h->pool[i].open_sent = h->pool[i].open_received = zero;
	h->others.open_sent = h->others.open_received = zero;
}

void hosts_open_add(struct host *from, struct host *to,
		    const struct nf_count *c)
{
	count_add(&from->open_sent, c);
	count_add(&to->open_received, c);
}

uint32_t hosts_end(const struct hosts *h)
{
	return h->end;
}

const struct host *hosts_at(const struct hosts *h, uint32_t index)
{
	return h->pool[index].family ? &h->pool[index] : NULL;
}

const struct host *hosts_others(const struct hosts *h)
{
	return &h->others;
}

json_t *hosts_show(const struct hosts *h)
{
	return json_pack("{s:i, s:i, s:I}", "known", (int)h->known, "max",
			 (int)h->max, "made_room", (json_int_t)h->made_room);
}

static json_t *host_json(const struct host *host)
{
	struct nf_count sent = host->sent, received = host->received;
	char text[INET6_ADDRSTRLEN] = "others";

	count_add(&sent, &host->open_sent);
	count_add(&received, &host->open_received);
	if (host->family)
		inet_ntop(host->family == 4 ? AF_INET : AF_INET6, &host->addr,
			  text, sizeof(text));
	return json_pack("{s:s, s:i, s:o, s:o}", "address", text, "flows",
			 (int)host->refs, "sent", count_json(&sent),
			 "received", count_json(&received));
}

static int by_address(const void *a, const void *b)
{
	const struct host *x = *(const struct host *const *)a;
	const struct host *y = *(const struct host *const *)b;

	if (x->family != y->family)
		return x->family - y->family;
	return memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

json_t *hosts_dump(const struct hosts *h)
{
	const struct host **all = calloc(h->known + 1, sizeof(*all));
	json_t *list = json_array();
	uint32_t n = 0;

	for (uint32_t i = 0; all && i < h->end; i++)
		if (h->pool[i].family)
			all[n++] = &h->pool[i];
	if (n)
		qsort(all, n, sizeof(*all), by_address);
	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(list, host_json(all[i]));
	json_array_append_new(list, host_json(&h->others));
	free(all);
	return list;
}
