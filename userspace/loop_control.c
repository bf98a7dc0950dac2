/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine's end of the control socket. The parent asks one thing at a time:
 *	{"cmd":"nf"[,"nf":NAME[,"view":NAME,"from":N]]} {"cmd":"dump"}
 *	{"cmd":"flush"[,"sessions":[N]]}
 *	{"cmd":"events"} {"cmd":"alerts"[,"since":N]}
 *	{"cmd":"set","nf":NAME,"texts":[...]} {"cmd":"stop"}
 *	{"cmd":"health","nf":INDEX,"id":N,"up":BOOL,"why":TEXT}
 * and gets what loader/control.h says, with the request's "seq"; stop has no answer but the end, health
 * none.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../loader/control.h"
#include "log.h"
#include "loop_priv.h"

#define STOP_NS UINT64_C(200000000)

int loop_tell(struct loop *l, const char *event, const char *error)
{
	json_t *msg = json_pack("{s:s, s:s*}", "event", event, "error", error);
	int err = msg ? control_send(l->conf->control_fd, msg) : -ENOMEM;

	json_decref(msg);
	return err;
}

/* A probe that can not be sent now is asked for again by route.c. */
void loop_probe(void *ctx, uint32_t ifindex, int family,
		const struct nf_addr *addr)
{
	char text[INET6_ADDRSTRLEN];
	struct loop *l = ctx;
	json_t *msg;

	if (!inet_ntop(family == 4 ? AF_INET : AF_INET6, addr->a, text,
		       sizeof(text)))
		return;
	msg = json_pack("{s:s, s:I, s:i, s:s}", "event", "probe", "ifindex",
			(json_int_t)ifindex, "family", family, "addr", text);
	if (msg)
		control_send(l->conf->control_fd, msg);
	json_decref(msg);
}

static json_t *refusal(int code, const char *text)
{
	return json_pack("{s:b, s:i, s:s}", "ok", 0, "code", code, "error",
			 text);
}

static json_t *request_view(struct loop *l, const json_t *msg,
			    const char *view)
{
	const char *name = json_string_value(json_object_get(msg, "nf"));
	json_int_t from = json_integer_value(json_object_get(msg, "from"));
	json_t *page;

	page = engine_nf_view(l->engine, name ? name : "", view, from);
	if (!page)
		return refusal(3, "no such NF in the chain, or no such view of it");
	return json_pack("{s:b, s:o}", "ok", 1, "page", page);
}

static json_t *request_nf(struct loop *l, const json_t *msg)
{
	const char *name = json_string_value(json_object_get(msg, "nf"));
	const char *view = json_string_value(json_object_get(msg, "view"));
	json_t *nfs;

	if (view)
		return request_view(l, msg, view);
	nfs = engine_nf_show(l->engine, name);
	if (name && !json_object_size(nfs)) {
		json_decref(nfs);
		return refusal(3, "no such NF in the chain: nfold nf list shows them");
	}
	return json_pack("{s:b, s:o}", "ok", 1, "nfs", nfs);
}

static json_t *request_flush(struct loop *l, const json_t *msg)
{
	const json_t *ids = json_object_get(msg, "sessions");
	size_t i, cnt = json_array_size(ids);
	uint32_t *sessions = NULL, n;

	if (ids && !json_is_array(ids))
		return refusal(1, "flush: sessions must be an array of numbers");
	if (ids) {
		sessions = calloc(cnt + 1, sizeof(*sessions));
		if (!sessions)
			return refusal(1, "flush: out of memory");
		for (i = 0; i < cnt; i++)
			sessions[i] = json_integer_value(json_array_get(ids, i));
	}
	n = engine_flush(l->engine, sessions, cnt);
	free(sessions);
	return json_pack("{s:b, s:I}", "ok", 1, "flushed", (json_int_t)n);
}

static json_t *request_alerts(struct loop *l, const json_t *msg)
{
	json_int_t since = json_integer_value(json_object_get(msg, "since"));
	json_t *answer = engine_alerts(l->engine, since < 0 ? 0 : since);

	if (answer)
		json_object_set_new(answer, "ok", json_true());
	return answer;
}

static json_t *request_answer(struct loop *l, const json_t *msg, int fd)
{
	const char *cmd = json_string_value(json_object_get(msg, "cmd"));

	if (cmd && !strcmp(cmd, "set"))
		return loop_set(l, msg, fd);
	if (fd >= 0)
		close(fd);
	if (cmd && !strcmp(cmd, "nf"))
		return request_nf(l, msg);
	if (cmd && !strcmp(cmd, "dump"))
		return json_pack("{s:b, s:o}", "ok", 1, "nfs",
				 engine_nf_dump(l->engine));
	if (cmd && !strcmp(cmd, "events"))
		return json_pack("{s:b, s:o, s:o}", "ok", 1, "registered",
				 engine_event_list(l->engine), "log",
				 engine_event_show(l->engine, 0));
	if (cmd && !strcmp(cmd, "alerts"))
		return request_alerts(l, msg);
	if (cmd && !strcmp(cmd, "flush"))
		return request_flush(l, msg);
	return refusal(1, "engine: unknown request");
}

static int answer_send(struct loop *l, const json_t *msg, json_t *answer)
{
	json_t *seq = json_object_get(msg, "seq");
	int err;

	if (seq)
		json_object_set(answer, "seq", seq);
	err = answer ? control_send(l->conf->control_fd, answer) : -ENOMEM;
	json_decref(answer);
	return err;
}

static void request_handle(struct loop *l, const json_t *msg, int fd)
{
	const char *cmd = json_string_value(json_object_get(msg, "cmd"));

	if (cmd && !strcmp(cmd, "stop")) {
		l->stop_ns = l->now_ns + STOP_NS;
		return;
	}
	if (cmd && !strcmp(cmd, "health")) {
		loop_health(l, msg);
		return;
	}
	if (answer_send(l, msg, request_answer(l, msg, fd)) == -EMSGSIZE)
		answer_send(l, msg,
			    refusal(1, "the answer is too large for one message"));
}

/* Without its parent an engine ends; the chain stays in the kernel. */
void loop_control(struct loop *l)
{
	json_t *msg;
	int fd, err = control_recv_fd(l->conf->control_fd, &msg, &fd, 0);

	if (!err) {
		request_handle(l, msg, fd);
		json_decref(msg);
	} else if (err != -ETIMEDOUT && err != -EAGAIN && err != -EBADMSG) {
		l->gone = true;
	}
}
