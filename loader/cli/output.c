/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What all commands print with: messages, JSON, the daemon's answers. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../control.h"
#include "cli.h"

/* Attaching loads programs and waits for engines: seconds on a slow machine. */
#define ANSWER_TIMEOUT_MS 60000

struct cli_options cli_options;

static void message(const char *fmt, va_list ap)
{
	fputs("nfold: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void cli_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
}

int cli_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
	return CLI_USAGE;
}

void cli_note(const char *fmt, ...)
{
	va_list ap;

	if (cli_options.json)
		return;
	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
}

int cli_json(json_t *doc)
{
	size_t flags = cli_options.pretty ? JSON_INDENT(2) : JSON_COMPACT;
	int ret = CLI_OK;

	if (!doc || json_dumpf(doc, stdout, flags | JSON_ENCODE_ANY) ||
	    fputc('\n', stdout) == EOF || fflush(stdout)) {
		cli_error("writing JSON: %s", strerror(errno));
		ret = CLI_REFUSED;
	}
	json_decref(doc);
	return ret;
}

static int unreachable(int err)
{
	cli_error("nfoldd does not answer at %s: %s. Start it (nfoldd), or name its socket by -S",
		  cli_options.socket, strerror(-err));
	return CLI_UNREACHABLE;
}

static int refused(const json_t *reply)
{
	const char *text = json_string_value(json_object_get(reply, "error"));
	json_int_t code = json_integer_value(json_object_get(reply, "code"));

	cli_error("%s", text ? text : "nfoldd refused and gave no reason");
	return code == CLI_NOT_FOUND ? CLI_NOT_FOUND : CLI_REFUSED;
}

static int ask(json_t *req, int pass, json_t **reply)
{
	int fd, err;

	fd = control_connect(cli_options.socket);
	if (fd < 0) {
		json_decref(req);
		return unreachable(fd);
	}
	err = req ? control_send_fd(fd, req, pass) : -ENOMEM;
	json_decref(req);
	if (!err)
		err = control_recv(fd, reply, ANSWER_TIMEOUT_MS);
	close(fd);
	if (err)
		return unreachable(err);
	if (json_is_true(json_object_get(*reply, "ok")))
		return CLI_OK;
	err = refused(*reply);
	json_decref(*reply);
	return err;
}

int cli_ask(json_t *req, json_t **reply)
{
	return ask(req, -1, reply);
}

int cli_ask_fd(json_t *req, int pass, json_t **reply)
{
	int ret = ask(req, pass, reply);

	close(pass);
	return ret;
}

bool cli_daemon_alive(void)
{
	int fd = control_connect(cli_options.socket);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}
