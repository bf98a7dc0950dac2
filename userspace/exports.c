// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "exports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t address_of(struct sockaddr_storage *ss,
			    const struct nf_collector *c)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (c->family == 4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(c->port);
		memcpy(&in->sin_addr, &c->addr, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(c->port);
	memcpy(&in6->sin6_addr, &c->addr, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

static int open_one(const struct nf_collector *c)
{
	struct sockaddr_storage ss;
	socklen_t len = address_of(&ss, c);
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			IPPROTO_UDP);
	int err;

	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&ss, len))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int open_failed(const struct nf *nf, int err, char *text, size_t size)
{
	const struct nf_collector *c = &nf->collector;
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(c->family == 4 ? AF_INET : AF_INET6, &c->addr, addr,
		  sizeof(addr));
	snprintf(text, size, "%s: collector %s port %u: %s%s", nf->ops->name,
		 addr, c->port, strerror(-err),
		 err == -ENETUNREACH ? ": the host needs a route to it first" :
				       "");
	return err;
}

int exports_open(struct exports *x, struct nf **nfs, char *text, size_t size)
{
	memset(x->fd, 0xff, sizeof(x->fd));
	for (uint32_t i = 0; nfs[i]; i++) {
		if (!nfs[i]->collector.family)
			continue;
		x->fd[i] = open_one(&nfs[i]->collector);
		if (x->fd[i] < 0)
			return open_failed(nfs[i], x->fd[i], text, size);
	}
	return 0;
}

int exports_send(void *ctx, uint32_t nf, const void *msg, size_t len)
{
	const struct exports *x = ctx;

	if (x->fd[nf] < 0)
		return -ENOTCONN;
	return send(x->fd[nf], msg, len, MSG_NOSIGNAL) < 0 ? -errno : 0;
}
