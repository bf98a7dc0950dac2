/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A network namespace of the process's own with ports in it, for what runs a
 * chain offline (nfold verify, replay, explain; the tests): veths under the
 * chain's port names whose peers stay down, so that nothing is ever sent or
 * received and the kernel gives them no address. Goes away with the process.
 */
#ifndef NFOLD_PRIVATE_NET_H
#define NFOLD_PRIVATE_NET_H

#include <stdint.h>

#include "instance.h"

struct private_port {
	char name[16];		/* "lo" is there already: left as it is */
	uint8_t mac[6];		/* all zero: the kernel's choice */
	uint32_t mtu;		/* 0: 1500 */
};

/* Moves the calling thread into a new network namespace and makes the ports.
 * Once per process, before threads. 0 or negative errno with err filled. */
int private_net_enter(const struct private_port *ports, uint32_t cnt,
		      struct instance_error *err);

#endif
