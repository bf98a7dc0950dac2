/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line's messages, instead of loader/cli/output.c: counted, and
 * formatted, but not printed. One program has them once.
 */
#ifndef NFOLD_FUZZ_CLI_H
#define NFOLD_FUZZ_CLI_H

#include <stdarg.h>

#include "loader/cli/cli.h"

static unsigned long fuzz_cli_said;

static void fuzz_cli_say(const char *fmt, va_list ap)
{
	char text[2048];

	if (vsnprintf(text, sizeof(text), fmt, ap) > 0)
		fuzz_cli_said++;
}

void cli_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fuzz_cli_say(fmt, ap);
	va_end(ap);
}

int cli_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fuzz_cli_say(fmt, ap);
	va_end(ap);
	return CLI_USAGE;
}

void cli_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fuzz_cli_say(fmt, ap);
	va_end(ap);
}

#endif
