/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chain files, second half: tree to chains. What a chain is: its ports, its
 * options, its NFs in order.
 */
#ifndef NFOLD_CHAIN_H
#define NFOLD_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "../maps/ctl.h"
#include "../maps/port.h"
#include "conf.h"
#include "nf.h"

#define CHAIN_NAME_MAX 31

struct chain_port {
	char name[16];		/* device */
	bool outside;
	struct conf_loc loc;
};

enum chain_attach_mode { CHAIN_AUTO, CHAIN_NATIVE, CHAIN_GENERIC };

struct chain_timeouts {		/* ns; RFC 5382, 4787, 7857 defaults */
	uint64_t udp;		/* 300 s */
	uint64_t icmp;		/* 60 s */
	uint64_t other;		/* 600 s */
	uint64_t tcp_established; /* 7440 s */
	uint64_t tcp_transitory; /* 240 s: opening, half closed both ways, RST */
};

struct chain_nf {
	const struct nf_ops *ops;
	const struct conf_block *block; /* in the tree; empty block if `nat;` */
	struct conf_loc loc;
};

struct chain {
	char name[CHAIN_NAME_MAX + 1];
	struct chain_port ports[NFOLD_PORT_MAX];
	uint32_t port_cnt;
	bool wire;		/* wire mode; else router mode */
	enum chain_attach_mode mode;
	bool onmiss_pass;	/* on-miss pass */
	bool onfull_drop;	/* on-full drop; else new flows stay slow */
	bool unhandled_pass;	/* unhandled pass */
	bool own_time;		/* ctl.now_ns is the state functions' clock: set
				 * by tests and by replay, not by a file */
	uint32_t table_size;	/* flow directions per family */
	struct chain_timeouts timeouts;
	struct chain_nf nfs[NFOLD_NF_MAX];
	uint32_t nf_cnt;
	struct conf_loc loc;
};

/* Sessions an engine takes: one a direction of each family's table, and some
 * beyond, which are slow when it is full. */
static inline uint32_t chain_session_max(const struct chain *c)
{
	return 2 * c->table_size + 4096;
}

/* A loaded chain file: the tree and the chains in it. */
struct chain_file {
	struct conf_block *tree;
	struct chain *chains;
	uint32_t cnt;
};

/* Parses, gives meaning, and runs each NF's init and exit once to check its
 * block. 0, or -1 with err filled. text as in conf_parse. */
int chain_load(struct chain_file **out, const char *file, const char *text,
	       struct conf_error *err);
void chain_file_free(struct chain_file *f);

/* Canonical text: loads to the same chain. Defines and includes are expanded,
 * defaults that were not written stay out. Malloc-ed; NULL: no memory. */
char *chain_print(const struct chain *c);

/* Instances of the NFs, initialised, in chain order, NULL at the end (array
 * and NFs owned by the caller: chain_nfs_free). NULL with err filled. */
struct nf **chain_nfs_new(const struct chain *c, struct conf_error *err);
void chain_nfs_free(struct nf **nfs);

#endif
