/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ids NF in an engine: rules from text, packets with payload, what it told.
 * Include it first.
 */
#ifndef NFOLD_TESTS_IDS_BOX_H
#define NFOLD_TESTS_IDS_BOX_H

#include "tests/engine_box.h"

#include <stdio.h>
#include <unistd.h>

#include "chains/conf.h"
#include "chains/ids/ids.h"

extern const struct nf_ops ids_ops;

static uint64_t told_cnt;	/* alerts that were looked at */
static uint32_t sent[2][65536];	/* bytes of TCP, by direction and the client's
				 * port */

/* Compiles ids { rules <text in a file>; extra } into nf. 0, or -1 with *err. */
static inline int ids_nf_try(struct nf *nf, const char *rules,
			     const char *extra, struct conf_error *err)
{
	char path[] = "/tmp/nfold-ids-XXXXXX", *text;
	struct conf_block *tree = NULL;
	int fd = mkstemp(path), failed;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, rules, strlen(rules)), strlen(rules));
	close(fd);
	assert_true(asprintf(&text, "ids { rules \"%s\"; %s }", path, extra) > 0);
	failed = conf_parse(&tree, "test.chain", text, err);
	if (!failed) {
		nf->ops = &ids_ops;
		failed = ids_ops.init(nf, tree->stmts[0].block, err);
		conf_free(tree);
	}
	free(text);
	unlink(path);
	return failed;
}

static inline void ids_nf(struct nf *nf, const char *rules, const char *extra)
{
	struct conf_error err = { 0 };

	if (!ids_nf_try(nf, rules, extra, &err))
		return;
	conf_error_print(stderr, &err);
	fail_msg("refused: %s", rules);
}

/* A chain of one ids. */
static inline void ids_start(bool fold, const char *rules, const char *extra)
{
	memset(&box, 0, sizeof(box));
	told_cnt = 0;
	memset(sent, 0, sizeof(sent));
	nf_random_fixed();
	ids_nf(&box.nf[0], rules, extra);
	box.nfs[0] = &box.nf[0];
	strcpy(box.chain.ports[0].name, "lan0");
	strcpy(box.chain.ports[1].name, "wan0");
	box_start_nfs(fold, 64, 1);
}

static inline void ids_stop(void)
{
	struct nf nf[BOX_NFS];
	uint32_t cnt = box.chain.nf_cnt;

	memcpy(nf, box.nf, sizeof(nf));
	teardown(NULL);
	for (uint32_t i = 0; i < cnt; i++)
		if (nf[i].ops == &ids_ops)
			ids_ops.exit(&nf[i]);
}

/* What an alert is about: "12", "12!" of a limit, "differs" of a stream. */
static inline size_t alert_word(json_t *a, char *to, size_t size)
{
	const char *word = json_string_value(json_object_get(a, "stream"));

	if (word)
		return snprintf(to, size, "%s", word);
	return snprintf(to, size, "%lld%s",
			(long long)json_integer_value(json_object_get(a, "sid")),
			json_is_true(json_object_get(a, "limit")) ? "!" : "");
}

/* Of those told since the last call: "12 7". */
static inline const char *told(void)
{
	static char text[1024];
	json_t *answer = engine_alerts(box.e, told_cnt), *one;
	size_t i, n = 0;

	text[0] = 0;
	json_array_foreach(json_object_get(answer, "alerts"), i, one) {
		n += snprintf(text + n, sizeof(text) - n, "%s", n ? " " : "");
		n += alert_word(json_object_get(one, "alert"), text + n,
				sizeof(text) - n);
	}
	told_cnt = json_integer_value(json_object_get(answer, "next"));
	json_decref(answer);
	return text;
}

/* From 10.0.0.2:sport to 198.51.100.80:80, and the answer: the next bytes of the
 * connection. */
static inline struct pkt asks(uint8_t proto, uint16_t sport, const char *payload)
{
	struct pkt f = request(proto, sport);

	f.flags = TCP_ACK;
	f.data = (const uint8_t *)payload;
	f.payload = strlen(payload);
	f.seq = 1000 + sent[0][sport];
	sent[0][sport] += proto == IPPROTO_TCP ? f.payload : 0;
	return f;
}

static inline struct pkt says(uint8_t proto, uint16_t dport, const char *payload)
{
	struct pkt f = asks(proto, 80, payload);

	memcpy(f.dst, f.src, 4);
	set_addr(f.src, "198.51.100.80");
	f.dport = dport;
	f.seq = 5000 + sent[1][dport];
	sent[1][dport] += proto == IPPROTO_TCP ? f.payload : 0;
	return f;
}

static inline json_int_t shown(const char *key)
{
	json_t *j = ids_ops.show(&box.nf[0]);
	json_int_t n = json_integer_value(json_object_get(j, key));

	json_decref(j);
	return n;
}

#endif
