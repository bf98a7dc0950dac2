/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rule sets from text, for tests of the ids NF. Include it after cmocka.h. */
#ifndef NFOLD_TESTS_IDS_RULES_H
#define NFOLD_TESTS_IDS_RULES_H

#include <stdlib.h>
#include <string.h>

#include "chains/ids/rules.h"

/* NULL with *err: refused. */
static inline struct ids_rules *rules_try(const char *text,
					  struct conf_error *err)
{
	static const struct conf_loc loc = { .file = "test.chain", .line = 1 };
	struct ids_rules *set = ids_rules_new();
	struct conf_source *src = conf_text_copy("test.rules", text,
						 strlen(text), err);

	assert_non_null(set);
	if (!src || ids_rules_read(set, src, err) ||
	    ids_rules_finish(set, &loc, err)) {
		ids_rules_free(set);
		return NULL;
	}
	return set;
}

static inline struct ids_rules *rules_of(const char *text)
{
	struct conf_error err = { 0 };
	struct ids_rules *set = rules_try(text, &err);

	if (!set) {
		conf_error_print(stderr, &err);
		fail_msg("refused: %s", text);
	}
	return set;
}

#endif
