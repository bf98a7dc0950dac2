/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An instance: the program specialised for one chain, its maps, its links and
 * its pins. Everything here needs privilege, and nothing here reads a packet.
 * Owner: nfoldd's parent (and `nfold detach`, for the pins of a dead one).
 *
 * Pins, below BPFFS/CHAIN/ (BPFFS default /sys/fs/bpf/nfold, or
 * NFOLD_BPFFS, or option -b):
 *	prog, link_PORT, flows4, flows6, tags4, tags6, overflow4, overflow6, nexthops, ports,
 *	stats, ctl, meta, hosts, edits, tmpls, cells, steps, events, and own_0
 *	and so on for NFs with a state function of their own
 */
#ifndef NFOLD_INSTANCE_H
#define NFOLD_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "../chains/chain.h"
#include "../chains/own.h"
#include "../maps/ctl.h"
#include "../maps/edit.h"
#include "../maps/flow_table.h"
#include "../maps/port.h"
#include "../maps/stats.h"

#define NFOLD_BPFFS_DEFAULT "/sys/fs/bpf/nfold"

struct instance;

/* Message for the user: what, and the remedy. */
struct instance_error {
	char text[1024];
};

struct instance_port {
	char name[16];
	uint32_t ifindex;
	uint32_t mtu;
	uint32_t queues;
	uint8_t mac[6];
	bool generic;		/* what it really got */
	bool outside;
};

/* mmap-ed maps, as the engine and the readers want them. */
struct instance_maps {
	struct nfold_ctl *ctl;
	struct nfold_stats *stats;	/* stats_rows rows; the last is the engine's */
	uint32_t stats_rows;
	struct nfold_port *ports;
	union nfold_nexthop *nexthops;
	struct nfold_meta *meta;
	void *slots4;
	void *slots6;
	__u8 *tags4;		/* NULL for readers */
	__u8 *tags6;
	struct nfold_cell *cells;	/* NULL for readers */
	struct nfold_steps *steps;	/* NULL for readers */
	struct own_cells own[NFOLD_OWN_MAX];	/* not for readers */
	int events_fd;		/* ring buffer; -1 for readers */
	struct nfold_edit *edits;
	uint32_t edit_cnt;
	struct nfold_tmpl *tmpls;
	int overflow4_fd;
	int overflow6_fd;
	int xskmap_fd;		/* -1 for readers */
	int hosts_fd;		/* -1 for readers */
};

/* Probes the ports, loads the specialised program, makes and fills the maps.
 * Nothing is attached or pinned yet. 0 or negative errno with err filled.
 * bpffs "": nothing ever will be, and no BPF file system is needed. */
int instance_load(struct instance **out, const struct chain *c,
		  const char *bpffs, struct instance_error *err);
/* Attaches to every port and pins; all or nothing. Never replaces a program
 * that is not this chain's: names it. Own left-over links of a dead daemon are
 * taken over by bpf_link update. */
int instance_attach(struct instance *i, struct instance_error *err);
/* Detaches, removes the pins and the addresses added for claims. The caller
 * still frees. */
void instance_detach(struct instance *i);
/* Frees without detaching: what is pinned stays. */
void instance_free(struct instance *i);

const struct instance_maps *instance_maps(const struct instance *i);
const struct instance_port *instance_ports(const struct instance *i,
					   uint32_t *cnt);
bool instance_frags(const struct instance *i);
/* Descriptor of the XDP program, for BPF_PROG_TEST_RUN; borrowed. */
int instance_prog_fd(const struct instance *i);
/* n-th thing that the user should know though it is no error (a port without
 * native XDP, a veth's peer without NAPI); NULL: no more. */
const char *instance_note(const struct instance *i, uint32_t n);

/* --- the host's addresses: map "hosts" follows them --- */

/* A netlink socket that becomes readable when an address of this network
 * namespace comes or goes: fd or negative errno. One does for all instances. */
int instance_addr_watch(void);
/* Reads what is pending. True: call instance_hosts_refresh() for each
 * instance. */
bool instance_addr_changed(int fd);
/* 0 or negative errno (-E2BIG: more addresses than the map holds). */
int instance_hosts_refresh(struct instance *i);

/* --- pins, with or without a daemon --- */

/* Opens the pins of a chain read-only. -ENOENT: no such chain. Checks magic
 * and ABI version. */
int pins_open(struct instance_maps *m, const char *bpffs, const char *chain,
	      struct instance_error *err);
void pins_close(struct instance_maps *m);
/* Names of the chains with pins; NULL-terminated, malloc-ed (free each and the
 * array). */
char **pins_list(const char *bpffs);
/* Has the chain's engine a living process? */
bool instance_engine_alive(const struct nfold_meta *meta);
/* Detach by the pins alone: unlink links first, then the rest. -ENOENT: no such
 * chain. Addresses are found in the caller's network namespace only. */
int pins_remove(const char *bpffs, const char *chain,
		struct instance_error *err);

#endif
