/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Captures as input: several files, each of what came in by one port, merged by
 * their timestamps; and captures as output. pcap and pcapng, by libpcap.
 *
 * What can not be run is skipped and counted, never guessed: frames that the
 * capture cut short, frames longer than an oracle takes or shorter than an
 * Ethernet header. Time never goes back: a record that is earlier than the one
 * before it gets its time, and is counted. A file that ends within a record, or
 * whose records are garbage, ends there, and is counted.
 */
#ifndef NFOLD_CLI_CAPTURE_H
#define NFOLD_CLI_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#define CAPTURE_FILE_MAX 64

struct capture_input {
	const char *file;
	uint32_t port;		/* index */
};

struct capture_counts {
	uint64_t cut;		/* frame longer than what was captured */
	uint64_t too_long;
	uint64_t too_short;
	uint64_t late;		/* timestamps that went back */
	uint64_t broken;	/* files that ended within a record */
};

struct capture_packet {
	uint64_t ns;		/* since the epoch, never going back */
	uint32_t port;
	const char *file;
	uint64_t record;	/* in the file, from 1, as other tools count */
	const uint8_t *data;	/* until the next call */
	uint32_t len;
};

struct captures;

/* CLI_OK, or the exit code with a message printed. inputs: borrowed. */
int captures_open(struct captures **out, const struct capture_input *inputs,
		  uint32_t cnt);
void captures_close(struct captures *c);
/* The next packet in time; false: no more. */
bool captures_next(struct captures *c, struct capture_packet *p);
const struct capture_counts *captures_counts(const struct captures *c);
json_t *captures_counts_json(const struct captures *c);
/* Says on stderr what was skipped and mended, if anything was. */
void captures_tell(const struct captures *c);

/* The address that most of the frames (of the first 65,536) of a capture are
 * for: the MAC of the port it was taken at. All zero: none. Multicast does not
 * count. CLI_OK or the exit code with a message printed. */
int capture_port_mac(const char *file, uint8_t mac[6]);

/* --- writing: one file a port, nanoseconds --- */

struct capture_out;

/* Makes the directory, or takes it if it is empty; refuses any other. CLI_OK,
 * or the exit code with a message printed. names: of cnt ports. */
int capture_out_open(struct capture_out **out, const char *dir,
		     const char *const *names, uint32_t cnt);
void capture_out_packet(struct capture_out *o, uint32_t port, uint64_t ns,
			const uint8_t *data, uint32_t len);
/* Writes what is buffered. CLI_OK, or CLI_REFUSED with a message printed. */
int capture_out_close(struct capture_out *o);

#endif
