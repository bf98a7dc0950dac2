/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An instance's body, shared by the loader/instance_*.c files. */
#ifndef NFOLD_INSTANCE_PRIV_H
#define NFOLD_INSTANCE_PRIV_H

#include <limits.h>
#include <net/if.h>
#include <stdarg.h>

#include "claims.h"
#include "instance.h"

struct bpf_map;
struct nfold_bpf;

#define INSTANCE_NOTE_MAX 32

struct instance {
	char chain[CHAIN_NAME_MAX + 1];
	char bpffs[PATH_MAX];
	bool wire;
	bool frags;		/* program loaded with BPF_F_XDP_HAS_FRAGS */
	bool attached;
	bool pinned;		/* BPFFS/CHAIN/ is this instance's */

	struct instance_port ports[NFOLD_PORT_MAX];
	uint32_t port_cnt;
	/* Link of a dead daemon on the port, to be taken over; -1 none. */
	int old_link[NFOLD_PORT_MAX];
	int link[NFOLD_PORT_MAX]; /* own links; -1 none */

	struct nfold_bpf *skel;
	uint32_t own_cnt;	/* of maps.own */
	void *joined;		/* the object, if own_cnt; owned */
	size_t joined_size;
	char *verifier_log;	/* of its program; owned */
	struct instance_maps maps;
	struct claims claims;
	char *notes[INSTANCE_NOTE_MAX];
	uint32_t note_cnt;
};

/* Fills err and returns ret, so that `return instance_fail(...)` reads well. */
int instance_fail(struct instance_error *err, int ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What the user should know though it is no error; instance_note(). */
void instance_add_note(struct instance *i, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* instance_port.c: facts and modes of all ports, frags, old links. */
int instance_probe_ports(struct instance *i, const struct chain *c,
			 struct instance_error *err);
/* instance_maps.c: sizes and constants before load, contents after. */
int instance_configure(struct instance *i, const struct chain *c,
		       struct instance_error *err);
int instance_map_all(struct instance *i, struct instance_error *err);
void instance_unmap_all(struct instance *i);
int instance_fill(struct instance *i, const struct chain *c,
		  struct instance_error *err);
/* instance_own.c: NFs' own state functions. */
int instance_own_plan(struct instance *i, const struct chain *c,
		      struct instance_error *err);
int instance_own_open(struct instance *i, struct instance_error *err);
int instance_own_size(struct instance *i);
int instance_own_mmap(struct instance *i, struct instance_error *err);
/* Map of the function's cells; of the instance's object. */
struct bpf_map *instance_own_map(const struct instance *i, uint32_t n);
void instance_own_free(struct instance *i);
/* own_refused.c: the joined program was refused, with i->verifier_log: whose
 * function, where, why. Fills err, returns ret. */
int instance_own_refused(const struct instance *i, int ret,
			 struct instance_error *err);
/* instance_pin.c: everything below BPFFS/CHAIN~new/, then renamed. */
int instance_pin(struct instance *i, struct instance_error *err);
void instance_unpin(struct instance *i);

/* pins.c */
/* Is bpffs on a BPF file system? -errno with err filled if not. */
int pins_check_bpffs(const char *bpffs, struct instance_error *err);
/* PATH below the chain's pins, e.g. "edge", "link_eth0". -ENAMETOOLONG. */
int pins_path(char path[PATH_MAX], const char *bpffs, const char *chain,
	      const char *pin);
/* Unlinks everything in a chain's directory, links first, and the directory.
 * 0 also when there is none. */
int pins_unlink_all(const char *bpffs, const char *chain);
/* Which chain's link put this program on this device? -1, or the link's fd
 * with the chain's name. */
int pins_find_link(const char *bpffs, uint32_t prog_id, uint32_t ifindex,
		   char chain[CHAIN_NAME_MAX + 1]);
/* Has the chain's engine a living process? Its id, or 0. */
uint32_t pins_engine_pid(const char *bpffs, const char *chain);
/* Was the chain's program loaded for packets in several buffers? */
bool pins_frags(const char *bpffs, const char *chain);
/* pins_remove.c: claims_del() of all but those that other pinned chains claim,
 * which are taken out of *c. */
void claims_del_unshared(struct claims *c, const char *bpffs,
			 const char *chain);

#endif
