/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "offline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../private_net.h"
#include "view.h"

static int load_failed(const struct conf_error *err)
{
	conf_error_print(stderr, err);
	return CLI_REFUSED;
}

static int load_file(struct offline *o)
{
	struct conf_error err = { 0 };

	if (access(o->file, R_OK)) {
		cli_error("%s: %s", o->file, strerror(errno));
		return errno == ENOENT ? CLI_NOT_FOUND : CLI_REFUSED;
	}
	return chain_load(&o->cf, o->file, NULL, &err) ? load_failed(&err) :
							 CLI_OK;
}

/* A running chain's canonical text is among its pins. */
static int load_pinned(struct offline *o)
{
	struct conf_error err = { 0 };
	struct view v;
	int ret = view_open(&v, o->pinned);

	if (ret)
		return ret;
	if (chain_load(&o->cf, o->pinned, v.maps.meta->text, &err))
		ret = load_failed(&err);
	view_close(&v);
	return ret;
}

static int pick_chain(struct offline *o)
{
	const char *name = o->chain_name;

	if (!name && o->cf->cnt == 1)
		o->chain = o->cf->chains;
	for (uint32_t i = 0; name && i < o->cf->cnt; i++)
		if (!strcmp(o->cf->chains[i].name, name))
			o->chain = &o->cf->chains[i];
	if (o->chain)
		return CLI_OK;
	cli_error(name ? "%s: no chain %s in it. There are:" :
			 "%s: several chains: say which by chain-name NAME:",
		  o->file ? o->file : o->pinned, name);
	for (uint32_t i = 0; i < o->cf->cnt; i++)
		cli_error("  %s", o->cf->chains[i].name);
	return name ? CLI_NOT_FOUND : CLI_USAGE;
}

int offline_port(const struct offline *o, const char *name)
{
	for (uint32_t i = 0; i < o->chain->port_cnt; i++)
		if (!strcmp(o->chain->ports[i].name, name))
			return i;
	cli_error("chain %s has no port %s. Its ports:", o->chain->name, name);
	for (uint32_t i = 0; i < o->chain->port_cnt; i++)
		cli_error("  %s", o->chain->ports[i].name);
	return -1;
}

static int make_route(struct offline *o, uint32_t n)
{
	struct conf_word w = { .text = o->route_words[n].prefix };
	struct oracle_route *r = &o->route_v[n];
	struct conf_error err;
	int port;

	if (conf_prefix(&w, &r->family, &r->net, &r->len, &err))
		return cli_usage("route %s: %s%s%s", w.text, err.message,
				 err.hint[0] ? ": " : "", err.hint);
	port = offline_port(o, o->route_words[n].port);
	if (port < 0)
		return CLI_USAGE;
	r->port = port;
	return CLI_OK;
}

static int make_routes(struct offline *o)
{
	int ret = CLI_OK;

	o->routes.v = o->route_v;
	o->routes.port_cnt = o->chain->port_cnt;
	if (o->chain->wire && o->routes.cnt)
		return cli_usage("chain %s is a wire: it asks no route",
				 o->chain->name);
	if (!o->chain->wire && !o->routes.cnt && o->chain->port_cnt > 2)
		return cli_usage("chain %s has %u ports, and the routes of its host are not known here: say which destinations leave by which port: route PREFIX PORT, more than once if need be; route 0.0.0.0/0 PORT and route ::/0 PORT for all others",
				 o->chain->name, o->chain->port_cnt);
	for (uint32_t n = 0; n < o->routes.cnt && !ret; n++)
		ret = make_route(o, n);
	return ret;
}

int offline_load(struct offline *o)
{
	int ret;

	/* Before any NF is initialised. */
	nf_random_fixed();
	ret = o->file ? load_file(o) : load_pinned(o);
	if (!ret)
		ret = pick_chain(o);
	if (!ret)
		ret = make_routes(o);
	for (uint32_t i = 0; i < o->in_cnt && !ret; i++) {
		int port = offline_port(o, o->in_port[i]);

		if (port < 0)
			return CLI_USAGE;
		o->in[i].port = port;
	}
	return ret;
}

/* A router takes only what is for its ports' addresses. */
static int port_mac(const struct offline *o, uint32_t port, uint8_t mac[6])
{
	static const uint8_t none[6];
	int ret = CLI_OK;

	memcpy(mac, none, sizeof(none));
	for (uint32_t i = 0; i < o->in_cnt && !ret; i++)
		if (o->in[i].port == port && !memcmp(mac, none, sizeof(none)))
			ret = capture_port_mac(o->in[i].file, mac);
	if (!memcmp(mac, none, sizeof(none)))
		memcpy(mac, (uint8_t[]){ 2, 0, 0, 0, 0, port }, sizeof(none));
	return ret;
}

int offline_start(struct offline *o)
{
	struct private_port ports[NFOLD_PORT_MAX] = { 0 };
	struct instance_error err;
	int ret;

	for (uint32_t i = 0; i < o->chain->port_cnt; i++) {
		memcpy(ports[i].name, o->chain->ports[i].name,
		       sizeof(ports[i].name));
		ret = port_mac(o, i, ports[i].mac);
		if (ret)
			return ret;
	}
	if (private_net_enter(ports, o->chain->port_cnt, &err)) {
		cli_error("%s", err.text);
		return CLI_REFUSED;
	}
	ret = oracle_socket_new(&o->socket, ports[0].name);
	if (!ret)
		return CLI_OK;
	cli_error("AF_XDP socket: %s", strerror(-ret));
	return CLI_REFUSED;
}

int offline_oracle(struct offline *o, bool fold, struct oracle **out)
{
	const struct oracle_conf conf = {
		.chain = o->chain,
		.fold = fold,
		.socket = o->socket,
		.routes = &o->routes,
	};
	struct instance_error err;

	if (!oracle_new(out, &conf, &err))
		return CLI_OK;
	cli_error("%s", err.text);
	return CLI_REFUSED;
}

void offline_end(struct offline *o)
{
	oracle_socket_free(o->socket);
	chain_file_free(o->cf);
	for (uint32_t i = 0; i < o->in_cnt; i++)
		free(o->in_port[i]);
}
