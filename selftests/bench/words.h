/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A search for some words in all places of a payload (Aho and Corasick, 1975),
 * one table look-up a byte: the work of an inspection, without the rest of one.
 */
#ifndef NFOLD_BENCH_WORDS_H
#define NFOLD_BENCH_WORDS_H

#include <stdint.h>
#include <string.h>

#define WORDS_STATES 128

struct words {
	uint8_t next[WORDS_STATES][256];
	uint8_t hit[WORDS_STATES];	/* a word ends here */
	uint32_t states;
};

static const char *const words_list[] = {
	"/etc/passwd", "cmd.exe", "union select", "<script", "../..",
	"xp_cmdshell", "wget http", "eval(base64", "powershell", NULL,
};

static inline void words_add(struct words *w, const char *word)
{
	uint8_t at = 0;

	for (; *word; word++) {
		uint8_t *next = &w->next[at][(uint8_t)*word];

		if (!*next)
			*next = w->states++;
		at = *next;
	}
	w->hit[at] = 1;
}

/* State by state in the order of their depth, so that where to go on after a
 * mismatch (fail) is known before it is needed. */
static inline void words_link(struct words *w)
{
	uint8_t fail[WORDS_STATES] = { 0 }, queue[WORDS_STATES];
	uint32_t head = 0, tail = 0;

	queue[tail++] = 0;
	while (head < tail) {
		uint8_t at = queue[head++];

		w->hit[at] |= w->hit[fail[at]];
		for (int c = 0; c < 256; c++) {
			uint8_t to = w->next[at][c];
			uint8_t other = at ? w->next[fail[at]][c] : 0;

			if (!to) {
				w->next[at][c] = other;
				continue;
			}
			fail[to] = other;
			queue[tail++] = to;
		}
	}
}

static inline void words_build(struct words *w)
{
	memset(w, 0, sizeof(*w));
	w->states = 1;
	for (int i = 0; words_list[i]; i++)
		words_add(w, words_list[i]);
	words_link(w);
}

/* How often one of the words ends in the bytes. */
static inline uint32_t words_find(const struct words *w, const uint8_t *p,
				  uint32_t len)
{
	uint32_t hits = 0;
	uint8_t at = 0;

	for (uint32_t i = 0; i < len; i++) {
		at = w->next[at][p[i]];
		hits += w->hit[at];
	}
	return hits;
}

#endif
