/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "load_log.h"

#include <stdarg.h>
#include <string.h>

#include <bpf/libbpf.h>

#define PRINT_MAX 6000		/* bytes */

/* The end of a verifier log is what matters: the buffer keeps the last bytes. */
static char text[64 * 1024];
static size_t len;
static libbpf_print_fn_t before;

static int on_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[16 * 1024];
	size_t n, drop;

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	n = strlen(line);
	if (len + n >= sizeof(text)) {
		drop = len + n + 1 - sizeof(text);
		memmove(text, text + drop, len - drop);
		len -= drop;
	}
	memcpy(text + len, line, n + 1);
	len += n;
	return 0;
}

void load_log_begin(void)
{
	len = 0;
	text[0] = '\0';
	before = libbpf_set_print(on_print);
}

void load_log_end(void)
{
	libbpf_set_print(before);
}

/* The whole of a verifier log can be megabytes; its end says why. */
void load_log_print(FILE *out)
{
	const char *from = text;

	if (len > PRINT_MAX) {
		from = strchr(text + len - PRINT_MAX, '\n');
		fputs("[...]", out);
	}
	fputs(from ? from : text, out);
}

const char *load_log_first(void)
{
	static char line[512];
	const char *p = strstr(text, "libbpf: prog ");
	size_t n;

	if (!p)
		p = strstr(text, "libbpf: ");
	if (!p)
		return "";
	n = strcspn(p, "\n");
	if (n >= sizeof(line))
		n = sizeof(line) - 1;
	memcpy(line, p, n);
	line[n] = '\0';
	return line;
}
