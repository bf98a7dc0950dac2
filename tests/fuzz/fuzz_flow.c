/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzz target: a flow in words is refused with a message, or is one of a port
 * that there is, of a known family and protocol, and the same however the words
 * are cut into arguments.
 */
#include <string.h>

#include <netinet/in.h>

#include "loader/cli/flow_spec.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_cli.h"

#define FLOW_ARGS 24

/* Instead of loader/cli/offline.c. */
int offline_port(const struct offline *o, const char *name)
{
	(void)o;
	if (name[0] == 'p' && (name[1] == '0' || name[1] == '1') && !name[2])
		return name[1] - '0';
	cli_error("chain has no port %s", name);
	return -1;
}

static void flow_check(const struct flow_spec *s)
{
	FUZZ_CHECK(s->port < 2);
	FUZZ_CHECK(s->family == 4 || s->family == 6);
	FUZZ_CHECK(s->family == 6 || (!s->key.saddr[1] && !s->key.daddr[1]));
	switch (s->key.l4proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		break;
	default:
		FUZZ_CHECK(!"protocol");
	}
	FUZZ_CHECK(strlen(s->text) < sizeof(s->text));
}

int FUZZ_ENTRY(const uint8_t *data, size_t size)
{
	struct flow_spec one = { 0 }, many = { 0 };
	char *text = strndup((const char *)data, size);
	char *copy = strdup(text), *argv[FLOW_ARGS], *save;
	unsigned long said = fuzz_cli_said;
	int argc = 0, ret;

	ret = flow_spec_parse(&one, NULL, 1, &text);
	FUZZ_CHECK(ret == CLI_OK || fuzz_cli_said > said);
	if (ret == CLI_OK)
		flow_check(&one);
	for (char *p = strtok_r(copy, " \t", &save); p && argc < FLOW_ARGS;
	     p = strtok_r(NULL, " \t", &save))
		argv[argc++] = p;
	if (argc < FLOW_ARGS && strlen(text) < 500) {
		FUZZ_CHECK(flow_spec_parse(&many, NULL, argc, argv) == ret);
		FUZZ_CHECK(ret || (!memcmp(&one.key, &many.key,
					   sizeof(one.key)) &&
				   one.port == many.port &&
				   one.family == many.family));
	}
	free(copy);
	free(text);
	return 0;
}
