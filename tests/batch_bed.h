/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A Local MAT, a packet and a runner of batches, for tests of batches alone. */
#ifndef NFOLD_TESTS_BATCH_BED_H
#define NFOLD_TESTS_BATCH_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "maps/parse.h"
#include "tests/payload_nf.h"
#include "tests/pkt.h"
#include "userspace/batch.h"

#define MSEC 1000000L
#define RECORDS 16

/* userspace/pkt.h and tests/pkt.h both have an enum pkt_csum. */
void pkt_init(struct nf_pkt *pkt, uint8_t *data, uint32_t len,
	      const struct nfold_parse *p);

static uint64_t rng;

static inline uint32_t pick(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 16) % n;
}

static inline void seed(void)
{
	const char *env = getenv("NFOLD_SEED");
	uint64_t value = env ? strtoull(env, NULL, 0) : (uint64_t)time(NULL);

	printf("# NFOLD_SEED=%llu\n", (unsigned long long)value);
	rng = value * 1000003 + 1;
}

static inline uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* --- a Local MAT and a packet --- */

struct bed {
	struct lmat_record records[RECORDS];
	struct lmat m;
	struct batch_runner *x;
	uint8_t bytes[PKT_MAX];
	struct nf_pkt pkt;
};

static inline void bed_init(struct bed *bed, unsigned int workers)
{
	memset(bed, 0, sizeof(*bed));
	bed->m.records = bed->records;
	bed->m.cap = RECORDS;
	assert_int_equal(batch_runner_new(&bed->x, workers), 0);
}

static inline void bed_free(struct bed *bed)
{
	batch_runner_free(bed->x);
}

static inline void add_function(struct bed *bed, uint8_t nf,
			 const struct state_function *sf, void *arg)
{
	bed->records[bed->m.cnt++] = (struct lmat_record){
		.nf = nf, .kind = LMAT_FUNCTION, .function = sf, .arg = arg,
	};
}

static inline void add_probe(struct bed *bed, uint8_t nf, struct probe *p)
{
	add_function(bed, nf, probe_function(p), p);
}

static inline void add_action(struct bed *bed, uint8_t nf, struct header_action ha)
{
	bed->records[bed->m.cnt++] = (struct lmat_record){
		.nf = nf, .kind = LMAT_ACTION, .action = ha,
	};
}

static inline struct nf_addr addr4(const char *text)
{
	struct nf_addr a = { { 0 } };

	inet_pton(AF_INET, text, a.a);
	return a;
}

static inline void add_daddr(struct bed *bed, uint8_t nf, const char *text)
{
	struct nf_addr a = addr4(text);

	add_action(bed, nf, ha_modify_addr(NFOLD_FIELD_DADDR, &a));
}

static inline struct pkt request(uint32_t payload, uint8_t fill)
{
	return (struct pkt){
		.family = 4, .proto = IPPROTO_TCP, .ttl = 64,
		.src = { 10, 0, 0, 2 }, .dst = { 198, 51, 100, 80 },
		.sport = 4000, .dport = 80, .payload = payload, .fill = fill,
	};
}

static inline void bed_packet(struct bed *bed, const struct pkt *k)
{
	uint32_t len = pkt_build(k, bed->bytes);
	struct nfold_parse p;

	assert_int_equal(nfold_parse(bed->bytes, bed->bytes + len, 0, &p),
			 NFOLD_REASON_NONE);
	pkt_init(&bed->pkt, bed->bytes, len, &p);
}

static inline bool bed_run(struct bed *bed, struct batch_result *r)
{
	return batch_run(bed->x, &bed->m, &bed->pkt, NULL, r);
}

#endif
