/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The request "set": statements to an NF that runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../chains/conf.h"
#include "../loader/texts.h"
#include "log.h"
#include "loop_priv.h"

static json_t *refuse(int code, const char *text)
{
	return json_pack("{s:b, s:i, s:s}", "ok", 0, "code", code, "error",
			 text);
}

static json_t *refuse_conf(const struct conf_error *err)
{
	char text[2048];

	conf_error_text(text, sizeof(text), err);
	return json_pack("{s:b, s:i, s:s, s:i, s:i}", "ok", 0, "code", 1,
			 "error", text, "line", err->line, "column", err->col);
}

static json_t *set_block(struct loop *l, const char *nf,
			 const struct conf_block *block)
{
	struct conf_error err = { 0 };

	switch (engine_nf_set(l->engine, nf, block, &err)) {
	case 0:
		loop_targets_begin(l);
		log_info("NF %s was changed by nfold nf set", nf);
		return json_pack("{s:b}", "ok", 1);
	case -ENOENT:
		return refuse(3, "no such NF in the chain: nfold nf list shows them");
	case -EOPNOTSUPP:
		return refuse(1, "this NF takes no statements while it runs: change the chain file and attach it again");
	}
	return refuse_conf(&err);
}

static json_t *set_texts(struct loop *l, const char *nf,
			 const struct texts *texts)
{
	struct conf_error err = { 0 };
	struct conf_block *block;
	json_t *answer;

	if (conf_parse_given(&block, texts->files, texts->cnt, &err))
		return refuse_conf(&err);
	answer = set_block(l, nf, block);
	conf_free(block);
	return answer;
}

json_t *loop_set(struct loop *l, const json_t *msg, int fd)
{
	const char *nf = json_string_value(json_object_get(msg, "nf"));
	struct texts texts;
	json_t *answer;
	int err;

	if (!nf || fd < 0) {
		if (fd >= 0)
			close(fd);
		return refuse(1, "set: name an NF, and send the statements along");
	}
	err = texts_open(&texts, msg, fd);
	answer = err ? refuse(1, strerror(-err)) : set_texts(l, nf, &texts);
	texts_free(&texts);
	return answer;
}
