/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "../../chains/nf.h"
#include "../../userspace/oracle.h"
#include "cli.h"

#define MAC_RECORDS 65536
#define MAC_MAX 64		/* different addresses told apart */

struct capture {
	const struct capture_input *in;
	pcap_t *pcap;
	bool has;		/* head and data are the next record */
	uint64_t record;	/* its number, from 1 */
	struct pcap_pkthdr *head;
	const u_char *data;
};

struct captures {
	struct capture v[CAPTURE_FILE_MAX];
	uint32_t cnt;
	uint64_t now;		/* ns, of the last packet */
	struct capture *taken;	/* whose record was given out last */
	struct capture_counts counts;
};

static int open_refused(const char *file, const char *why)
{
	const char *sep = strncmp(why, file, strlen(file)) ? ": " : "";

	cli_error("%s%s%s", *sep ? file : "", sep, why);
	return CLI_REFUSED;
}

static int capture_open(pcap_t **out, const char *file)
{
	char err[PCAP_ERRBUF_SIZE] = "";
	int type;

	if (access(file, R_OK)) {
		cli_error("%s: %s", file, strerror(errno));
		return errno == ENOENT ? CLI_NOT_FOUND : CLI_REFUSED;
	}
	*out = pcap_open_offline_with_tstamp_precision(
		file, PCAP_TSTAMP_PRECISION_NANO, err);
	if (!*out)
		return open_refused(file, err);
	type = pcap_datalink(*out);
	if (type == DLT_EN10MB)
		return CLI_OK;
	cli_error("%s: link type %s, and only Ethernet can be run. Capture at a port, not at \"any\": tcpdump -Q in -s 0 -i PORT -w FILE",
		  file, pcap_datalink_val_to_name(type) ?
				pcap_datalink_val_to_name(type) : "unknown");
	pcap_close(*out);
	return CLI_REFUSED;
}

static bool usable(struct captures *c, const struct pcap_pkthdr *h)
{
	if (h->caplen < h->len)
		c->counts.cut++;
	else if (h->caplen > ORACLE_FRAME_MAX)
		c->counts.too_long++;
	else if (h->caplen < ORACLE_FRAME_MIN)
		c->counts.too_short++;
	else
		return true;
	return false;
}

/* To the file's next record that can be run. */
static void capture_read(struct captures *c, struct capture *f)
{
	int ret;

	do {
		ret = pcap_next_ex(f->pcap, &f->head, &f->data);
		f->record++;
	} while (ret == 1 && !usable(c, f->head));
	f->has = ret == 1;
	if (ret != PCAP_ERROR)
		return;
	c->counts.broken++;
	cli_error("%s: %s: what follows is not read", f->in->file,
		  pcap_geterr(f->pcap));
}

/* tv_usec holds ns at this precision; garbage may be anything. */
static uint64_t head_ns(const struct pcap_pkthdr *h)
{
	if (h->ts.tv_sec < 0 || h->ts.tv_usec < 0 ||
	    (uint64_t)h->ts.tv_sec > INT64_MAX / NF_SEC - 8)
		return 0;
	return (uint64_t)h->ts.tv_sec * NF_SEC + h->ts.tv_usec;
}

int captures_open(struct captures **out, const struct capture_input *inputs,
		  uint32_t cnt)
{
	struct captures *c = calloc(1, sizeof(*c));
	int ret = CLI_OK;

	if (!c) {
		cli_error("out of memory");
		return CLI_REFUSED;
	}
	while (c->cnt < cnt && !ret) {
		struct capture *f = &c->v[c->cnt];

		f->in = &inputs[c->cnt];
		ret = capture_open(&f->pcap, f->in->file);
		if (ret)
			break;
		c->cnt++;
		capture_read(c, f);
	}
	if (ret)
		captures_close(c);
	else
		*out = c;
	return ret;
}

void captures_close(struct captures *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->cnt; i++)
		pcap_close(c->v[i].pcap);
	free(c);
}

/* Of equal times, the file that was named first. */
static struct capture *earliest(struct captures *c)
{
	struct capture *best = NULL;

	for (uint32_t i = 0; i < c->cnt; i++)
		if (c->v[i].has &&
		    (!best || head_ns(c->v[i].head) < head_ns(best->head)))
			best = &c->v[i];
	return best;
}

bool captures_next(struct captures *c, struct capture_packet *p)
{
	struct capture *f;
	uint64_t ns;

	if (c->taken)
		capture_read(c, c->taken);
	f = c->taken = earliest(c);
	if (!f)
		return false;
	ns = head_ns(f->head);
	if (ns < c->now)
		c->counts.late++;
	else
		c->now = ns;
	*p = (struct capture_packet){
		.ns = c->now,
		.port = f->in->port,
		.file = f->in->file,
		.record = f->record,
		.data = f->data,
		.len = f->head->caplen,
	};
	return true;
}

const struct capture_counts *captures_counts(const struct captures *c)
{
	return &c->counts;
}

json_t *captures_counts_json(const struct captures *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "cut",
			 (json_int_t)c->counts.cut, "too_long",
			 (json_int_t)c->counts.too_long, "too_short",
			 (json_int_t)c->counts.too_short, "late",
			 (json_int_t)c->counts.late, "broken_files",
			 (json_int_t)c->counts.broken);
}

void captures_tell(const struct captures *c)
{
	const struct {
		uint64_t cnt;
		const char *what;
	} rows[] = {
		{ c->counts.cut, "records skipped: cut short when they were captured (tcpdump -s 0)" },
		{ c->counts.too_long, "records skipped: longer than a frame buffer, merged by GRO perhaps (ethtool -K PORT gro off)" },
		{ c->counts.too_short, "records skipped: shorter than an Ethernet header" },
		{ c->counts.late, "timestamps went back: taken as equal to the one before" },
		{ c->counts.broken, "captures end within a record" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].cnt)
			cli_note("%llu %s", (unsigned long long)rows[i].cnt,
				 rows[i].what);
}

/* --- whose capture is it? --- */

struct mac_count {
	uint8_t mac[6];
	uint32_t cnt;
};

static void count_mac(struct mac_count *v, const u_char *dmac)
{
	int i;

	for (i = 0; i < MAC_MAX && v[i].cnt; i++)
		if (!memcmp(v[i].mac, dmac, sizeof(v[i].mac)))
			break;
	if (i == MAC_MAX)
		return;
	memcpy(v[i].mac, dmac, sizeof(v[i].mac));
	v[i].cnt++;
}

int capture_port_mac(const char *file, uint8_t mac[6])
{
	struct mac_count v[MAC_MAX] = { 0 };
	struct pcap_pkthdr *head;
	const u_char *data;
	uint32_t best = 0;
	pcap_t *pcap;
	int ret = capture_open(&pcap, file);

	if (ret)
		return ret;
	for (uint32_t n = 0; n < MAC_RECORDS &&
			     pcap_next_ex(pcap, &head, &data) == 1; n++)
		if (head->caplen >= ORACLE_FRAME_MIN && !(data[0] & 1))
			count_mac(v, data);
	pcap_close(pcap);
	memset(mac, 0, 6);
	for (int i = 0; i < MAC_MAX; i++) {
		if (v[i].cnt <= best)
			continue;
		best = v[i].cnt;
		memcpy(mac, v[i].mac, 6);
	}
	return CLI_OK;
}
