/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Real clients: curl, iperf3, ping; and what a packet costs. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "cli.h"
#include "demo.h"
#include "view.h"

#define HTTP_BATCH 20

/* Lines "SERVER" and "STATUS" in turn. */
static void http_count(struct demo_http *h, char *out)
{
	char *save, *line = strtok_r(out, "\n", &save);

	for (; line; line = strtok_r(NULL, "\n", &save)) {
		if (!strcmp(line, "s1"))
			h->server[0]++;
		else if (!strcmp(line, "s2"))
			h->server[1]++;
		else if (!strcmp(line, "status=200"))
			h->ok++;
	}
}

/* Each request is a connection of its own. Gives up after a batch that was not
 * answered in full: each silence costs two seconds. */
static int http(struct demo *d, struct demo_http *h, const char *host)
{
	int err;

	for (int i = 0; i < DEMO_HTTP; i += HTTP_BATCH) {
		err = demo_run_in(
			d, "cli",
			"curl -s -m 2 -H Connection:close -w status=%%{http_code}\\n http://%s/[1-%d]",
			host, HTTP_BATCH);
		if (err == -EINTR)
			return err;
		http_count(h, d->out);
		demo_say(".");
		if (h->ok < (unsigned int)i + HTTP_BATCH)
			break;
	}
	return 0;
}

static json_t *iperf_sum(json_t *doc, const char *const keys[3])
{
	json_t *end = json_object_get(doc, "end");

	for (int i = 0; i < 3; i++) {
		json_t *sum = json_object_get(end, keys[i]);

		if (sum)
			return sum;
	}
	return NULL;
}

static int iperf(struct demo *d, struct demo_iperf *r, const char *options)
{
	static const char *const keys[3] = { "sum_received", "sum", "" };
	json_t *doc, *sum;
	int err;

	err = demo_run_in(d, "cli", "iperf3 -J -p 5201 %s", options);
	if (err == -EINTR)
		return err;
	doc = json_loads(d->out, 0, NULL);
	sum = iperf_sum(doc, keys);
	r->ok = !err && sum;
	r->mbit_s = json_number_value(json_object_get(sum, "bits_per_second")) /
		    1e6;
	r->lost_percent =
		json_number_value(json_object_get(sum, "lost_percent"));
	json_decref(doc);
	return 0;
}

static int ping(struct demo *d, unsigned int *received, const char *addr)
{
	const char *p;
	int err = demo_run_in(d, "cli", "ping -n -q -c 20 -i 0.02 -W 2 %s",
			      addr);

	if (err == -EINTR)
		return err;
	p = strstr(d->out, "transmitted, ");
	*received = p ? atoi(p + strlen("transmitted, ")) : 0;
	return 0;
}

/* No rule allows telnet: it must time out. */
static int denied(struct demo *d)
{
	int err = demo_run_in(
		d, "cli", "curl -s -m 1 -o /dev/null http://10.1.1.2:23/");

	if (err == -EINTR)
		return err;
	d->denied = err == -EPROTO;
	return 0;
}

int demo_traffic(struct demo *d)
{
	int err;

	demo_say("  HTTP, %d connections: ", 2 * DEMO_HTTP);
	err = http(d, &d->http[0], "198.51.100.80");
	if (!err)
		err = http(d, &d->http[1], "[2001:db8:f::80]");
	if (err)
		return err;
	demo_say(" %u answered\n  TCP, 3 s: ",
		 d->http[0].ok + d->http[1].ok);
	err = iperf(d, &d->tcp, "-t 3 -c 198.51.100.80");
	if (err)
		return err;
	demo_say("%.0f Mbit/s\n  UDP, 3 s at 100 Mbit/s: ", d->tcp.mbit_s);
	err = iperf(d, &d->udp, "-t 3 -u -b 100M -l 1200 -c 198.51.100.80");
	if (err)
		return err;
	demo_say("%.0f Mbit/s, %.2f %% lost\n  ping: ", d->udp.mbit_s,
		 d->udp.lost_percent);
	err = ping(d, &d->pings[0], "10.1.1.2");
	if (!err)
		err = ping(d, &d->pings[1], "2001:db8:1:2::2");
	if (!err)
		err = denied(d);
	if (!err)
		demo_say("%u of 40 answered\n", d->pings[0] + d->pings[1]);
	return err;
}

/* --- what a packet costs --- */

static int prog_time(const struct demo *d, struct demo_cost *c)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	char path[160];
	int fd, err;

	snprintf(path, sizeof(path), "%s/nfold/edge/prog", d->bpffs);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	if (err)
		return -errno;
	c->xdp_ns = info.run_time_ns;
	c->xdp_runs = info.run_cnt;
	return 0;
}

/* First field of schedstat: ns on a CPU, user and system. */
static uint64_t cpu_time(uint32_t pid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/schedstat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	fclose(f);
	return ns;
}

static int cost_now(const struct demo *d, struct demo_cost *c)
{
	struct view v;
	int err;

	memset(c, 0, sizeof(*c));
	if (view_open(&v, "edge"))
		return -ENOENT;
	for (uint32_t i = 0; i < v.maps.stats_rows; i++) {
		const volatile __u64 *p = v.maps.stats[i].packets;

		c->fast += p[NFOLD_REASON_FAST];
		c->slow += p[NFOLD_REASON_SLOW_WALK] +
			   p[NFOLD_REASON_SLOW_ENTRY];
	}
	c->engine_ns = cpu_time(v.maps.meta->engine_pid);
	err = prog_time(d, c);
	view_close(&v);
	return err;
}

/* What the engine uses while no packet comes: it keeps the time, once a
 * millisecond. ns of CPU time in a second. */
static int idle_cost(struct demo *d, uint64_t *ns)
{
	struct demo_cost before, after;
	int err = demo_sleep_ms(500) ? cost_now(d, &before) : -EINTR;

	if (!err)
		err = demo_sleep_ms(1000) ? cost_now(d, &after) : -EINTR;
	if (!err)
		*ns = after.engine_ns - before.engine_ns;
	return err;
}

static uint64_t wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NF_SEC + ts.tv_nsec;
}

static void cost_diff(struct demo_cost *out, const struct demo_cost *before,
		      const struct demo_cost *after, uint64_t idle_ns)
{
	uint64_t engine_ns = after->engine_ns - before->engine_ns;

	*out = (struct demo_cost){
		.xdp_ns = after->xdp_ns - before->xdp_ns,
		.xdp_runs = after->xdp_runs - before->xdp_runs,
		.engine_ns = engine_ns > idle_ns ? engine_ns - idle_ns : 0,
		.fast = after->fast - before->fast,
		.slow = after->slow - before->slow,
	};
}

/* Costs of two seconds of UDP. The kernel's run-time statistics are on only
 * meanwhile: they cost time themselves. */
int demo_measure(struct demo *d, struct demo_cost *cost)
{
	struct demo_cost before, after;
	struct demo_iperf udp;
	uint64_t idle, start;
	int fd, err;

	err = idle_cost(d, &idle);
	if (err)
		return err;
	fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	start = wall_ns();
	err = cost_now(d, &before);
	if (!err)
		err = iperf(d, &udp, "-t 2 -u -b 40M -l 200 -c 198.51.100.80");
	if (!err)
		err = cost_now(d, &after);
	if (fd >= 0)
		close(fd);
	if (!err)
		cost_diff(cost, &before, &after,
			  (wall_ns() - start) * idle / NF_SEC);
	return err;
}
