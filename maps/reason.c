// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reason.h"

static const struct {
	const char *word;
	const char *text;
	enum nfold_reason_kind kind;
} reasons[] = {
#define X(id, word, kind, text) { word, text, NFOLD_KIND_##kind },
	NFOLD_REASONS(X)
#undef X
};

const char *reason_word(enum nfold_reason reason)
{
	return reasons[reason].word;
}

const char *reason_text(enum nfold_reason reason)
{
	return reasons[reason].text;
}

enum nfold_reason_kind reason_kind(enum nfold_reason reason)
{
	return reasons[reason].kind;
}
