/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzz target: any file is refused with a message, or is a capture whose records
 * are frames that an oracle takes, whole, with times that never go back. Read
 * twice at the same time, merged, each record comes twice.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "chains/nf.h"
#include "loader/cli/capture.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_cli.h"
#include "userspace/oracle.h"

static uint64_t capture_try(const char *path, uint32_t cnt)
{
	const struct capture_input in[2] = { { path, 0 }, { path, 1 } };
	uint64_t packets = 0, before = 0, of_port[2] = { 0 };
	unsigned long said = fuzz_cli_said;
	uint8_t copy[ORACLE_FRAME_MAX];
	struct capture_packet p;
	struct captures *c;

	if (captures_open(&c, in, cnt)) {
		FUZZ_CHECK(fuzz_cli_said > said);
		return 0;
	}
	while (captures_next(c, &p)) {
		FUZZ_CHECK(p.len >= ORACLE_FRAME_MIN);
		FUZZ_CHECK(p.len <= ORACLE_FRAME_MAX);
		FUZZ_CHECK(p.ns >= before && p.port < cnt && p.record);
		memcpy(copy, p.data, p.len);
		before = p.ns;
		of_port[p.port]++;
		packets++;
	}
	FUZZ_CHECK(cnt == 1 || of_port[0] == of_port[1]);
	json_decref(captures_counts_json(c));
	captures_tell(c);
	captures_close(c);
	return packets;
}

int FUZZ_ENTRY(const uint8_t *data, size_t size)
{
	char path[64];
	uint8_t mac[6];
	uint64_t once;
	int fd = memfd_create("capture", 0);

	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	once = capture_try(path, 1);
	FUZZ_CHECK(capture_try(path, 2) == 2 * once);
	if (!capture_port_mac(path, mac))
		FUZZ_CHECK(!(mac[0] & 1));
	close(fd);
	return 0;
}
