/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

static char log_who[64] = "nfoldd";
static bool log_prefix;

void log_open(const char *who)
{
	snprintf(log_who, sizeof(log_who), "%s", who);
	log_prefix = !isatty(STDERR_FILENO);
}

static size_t log_add(size_t size, size_t len, int n)
{
	if (n < 0)
		return len;
	return len + n < size - 1 ? len + n : size - 2;
}

void log_line(int level, const char *fmt, ...)
{
	char line[1400];
	size_t len = 0;
	va_list ap;
	ssize_t n;

	if (log_prefix)
		len = log_add(sizeof(line), len,
			      snprintf(line, sizeof(line), "<%d>", level));
	len = log_add(sizeof(line), len,
		      snprintf(line + len, sizeof(line) - len, "%s: ", log_who));
	va_start(ap, fmt);
	len = log_add(sizeof(line), len,
		      vsnprintf(line + len, sizeof(line) - len, fmt, ap));
	va_end(ap);
	line[len++] = '\n';
	n = write(STDERR_FILENO, line, len);
	(void)n;	/* nobody left to tell */
}
