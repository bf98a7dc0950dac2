/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Control messages: one JSON object each way over a SOCK_SEQPACKET Unix socket,
 * one message a packet, at most CONTROL_MSG_MAX bytes. Used between nfold and
 * nfoldd's parent (path: option -S, NFOLD_SOCKET, default
 * /run/nfold/nfoldd.sock, mode 0660), and between parent and engine child
 * (socketpair).
 *
 * nfold -> parent, and the reply's members beside "ok":
 *	{"cmd":"attach","file":ABS_PATH[,"no_fold":true]} -> "chains":[{"name",
 *		"ports":[{"name","mode":"native"|"generic"}],
 *		"notes":[TEXT of instance_note() for the user]}]
 *	{"cmd":"detach","chain":NAME}
 *	{"cmd":"status"} -> "version","pid","chains":[{"name","engine_pid",
 *		"alive":bool,"fold":bool}]
 *	{"cmd":"nf","chain":NAME[,"nf":NAME]} -> "nfs":{NAME:{...}}
 *	{"cmd":"nf","chain":NAME,"nf":LABEL,"view":NAME[,"from":N]} ->
 *		"page":{...} (nf_ops.view)
 *	{"cmd":"dump","chain":NAME} -> "nfs":{NAME:{...}} (engine_nf_dump)
 *	{"cmd":"events","chain":NAME} -> "registered":[...],"log":{"began":N,
 *		"events":[...]} (engine_event_list, engine_event_show)
 *	{"cmd":"alerts","chain":NAME,"since":N} -> "raised":N,"next":N,"missed":N,
 *		"alerts":[...] (engine_alerts)
 *	{"cmd":"flush","chain":NAME[,"sessions":[N...]]} -> "flushed":N
 *	{"cmd":"set","chain":NAME,"nf":NAME,"texts":[{"name","len":N}...]}, and
 *		a memfd of the texts along with it (loader/texts.h): statements
 *		first, then the files they name
 * On refusal: {"ok":false,"code":1|3,"error":"text for the user"}.
 *
 * engine -> parent, no reply:
 *	{"event":"ready"} | {"event":"failed","error":TEXT}
 *	{"event":"probe","ifindex":N,"family":4|6,"addr":"text"}
 *	{"event":"targets",...}: userspace/prober.h
 */
#ifndef NFOLD_CONTROL_H
#define NFOLD_CONTROL_H

#include <jansson.h>

#define CONTROL_MSG_MAX (1 << 20)
#define CONTROL_SOCKET_DEFAULT "/run/nfold/nfoldd.sock"

/* 0 or negative errno. */
int control_send(int fd, const json_t *msg);
/* Waits timeout_ms (-1: for ever). -ENODATA: peer closed; -ETIMEDOUT;
 * -EBADMSG: not a JSON object. *out: new reference. */
int control_recv(int fd, json_t **out, int timeout_ms);
/* The same, with a descriptor that goes along; -1: none. Who receives it owns
 * it, as a copy of the sender's. */
int control_send_fd(int fd, const json_t *msg, int pass);
int control_recv_fd(int fd, json_t **out, int *passed, int timeout_ms);
int control_connect(const char *path);	/* fd or negative errno */
int control_listen(const char *path);	/* fd or negative errno; removes a
					 * socket that nobody listens on */

#endif
