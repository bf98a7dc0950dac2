/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Facts of a network device, from ioctls and sysfs, in the caller's network
 * namespace. No state.
 */
#ifndef NFOLD_DEVICE_H
#define NFOLD_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct device {
	char name[16];
	uint32_t ifindex;
	uint32_t mtu;
	uint32_t queues;	/* receive queues; at least 1 */
	uint8_t mac[6];
	bool up;
	bool loopback;
	bool ethernet;		/* frames begin with an Ethernet header */
	char driver[32];	/* "" unknown */
};

/* -ENODEV: no such device. */
int device_probe(struct device *d, const char *name);
/* "down" never answers ARP for its addresses. */
bool device_is_up(const char *name);

#endif
