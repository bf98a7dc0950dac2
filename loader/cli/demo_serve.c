/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What runs in the demo's namespaces: nginx and iperf3 at the servers, nfoldd
 * in the box.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "demo.h"

/* One process each, so that it ends as a whole. Answers with its name. */
static const char nginx_conf[] =
	"daemon off;\n"
	"master_process off;\n"
	"pid %1$s/nginx.pid;\n"
	"error_log %1$s/error.log;\n"
	"events { worker_connections 512; }\n"
	"http {\n"
	"	access_log off;\n"
	"	client_body_temp_path %1$s/body;\n"
	"	proxy_temp_path %1$s/proxy;\n"
	"	fastcgi_temp_path %1$s/fastcgi;\n"
	"	uwsgi_temp_path %1$s/uwsgi;\n"
	"	scgi_temp_path %1$s/scgi;\n"
	"	server {\n"
	"		listen 8080;\n"
	"		listen [::]:8080;\n"
	"		location / { return 200 \"%2$s\\n\"; }\n"
	"	}\n"
	"}\n";

/* Runs the command in `ns` until it succeeds, for 10 s. */
static int wait_for(struct demo *d, const char *ns, const char *what,
		    const char *command)
{
	int err;

	for (int i = 0; i < 100; i++) {
		err = demo_run_in(d, ns, "%s", command);
		if (err != -EPROTO)
			return err;
		if (!demo_sleep_ms(100))
			return -EINTR;
	}
	cli_error("demo: %s does not answer", what);
	demo_show_log(d, what);
	return -ETIMEDOUT;
}

static int start_nginx(struct demo *d, const char *ns)
{
	char dir[96], conf[128], name[24];
	FILE *f;
	int err;

	snprintf(name, sizeof(name), "nginx-%s", ns);
	snprintf(dir, sizeof(dir), "%s/%s", d->dir, name);
	snprintf(conf, sizeof(conf), "%s/nginx.conf", dir);
	if (mkdir(dir, 0755))
		return -errno;
	f = fopen(conf, "we");
	if (!f)
		return -errno;
	fprintf(f, nginx_conf, dir, ns);
	if (fclose(f))
		return -errno;
	err = demo_start_in(d, ns, name, "nginx -p %s -c %s -e %s/start.log",
			    dir, conf, dir);
	if (err)
		return err;
	return wait_for(d, ns, name,
			"curl -s -o /dev/null http://127.0.0.1:8080/");
}

static int start_iperf(struct demo *d, const char *ns)
{
	char name[24];
	int err;

	snprintf(name, sizeof(name), "iperf3-%s", ns);
	err = demo_start_in(d, ns, name, "iperf3 -s -p 5201");
	if (err)
		return err;
	return demo_sleep_ms(200) ? 0 : -EINTR;
}

static int start_nfoldd(struct demo *d)
{
	int err = demo_start_in(d, "box", "nfoldd", "%s -b %s/nfold -S %s",
				d->nfoldd, d->bpffs, d->socket);

	if (err)
		return err;
	for (int i = 0; i < 100; i++) {
		if (cli_daemon_alive())
			return 0;
		if (!demo_sleep_ms(100))
			return -EINTR;
	}
	cli_error("demo: %s does not answer", d->nfoldd);
	demo_show_log(d, "nfoldd");
	return -ETIMEDOUT;
}

int demo_serve(struct demo *d)
{
	int err = start_nginx(d, "s1");

	if (!err)
		err = start_nginx(d, "s2");
	if (!err)
		err = start_iperf(d, "s1");
	if (!err)
		err = start_iperf(d, "s2");
	if (!err)
		err = start_nfoldd(d);
	return err;
}

int demo_attach(struct demo *d, bool fold)
{
	int err = demo_run_in(d, "box", "%s -b %s/nfold -S %s attach %s%s",
			      d->exe, d->bpffs, d->socket, d->chain,
			      fold ? "" : " no-fold");

	if (err == -EPROTO) {
		cli_error("demo: attaching %s failed:\n%s", d->chain, d->out);
		demo_show_log(d, "nfoldd");
	}
	return err;
}

int demo_detach(struct demo *d)
{
	return demo_run_in(d, "box", "%s -b %s/nfold -S %s detach edge", d->exe,
			   d->bpffs, d->socket);
}
