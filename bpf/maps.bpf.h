/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of an instance; names are ABI (pins). Sizes marked "at load" are set
 * by the loader before load.
 */
#ifndef NFOLD_MAPS_BPF_H
#define NFOLD_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/action.h"
#include "maps/ctl.h"
#include "maps/edit.h"
#include "maps/event.h"
#include "maps/flow.h"
#include "maps/port.h"
#include "maps/state.h"
#include "maps/stats.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, NFOLD_BUCKET_SLOTS); /* at load */
	__type(key, __u32);
	__type(value, struct nfold_slot4);
} flows4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, NFOLD_BUCKET_SLOTS); /* at load */
	__type(key, __u32);
	__type(value, struct nfold_slot6);
} flows6 SEC(".maps");

/* Tag indexes of the two (maps/tags.h): an element a bucket. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* at load */
	__type(key, __u32);
	__type(value, __u64);
} tags4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* at load */
	__type(key, __u32);
	__type(value, __u64);
} tags6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024); /* at load */
	__type(key, struct nfold_key4);
	__type(value, __u32);
} overflow4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024); /* at load */
	__type(key, struct nfold_key6);
	__type(value, __u32);
} overflow6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, NFOLD_NEXTHOP_MAX);
	__type(key, __u32);
	__type(value, union nfold_nexthop);
} nexthops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, NFOLD_PORT_MAX);
	__type(key, __u32);
	__type(value, struct nfold_port);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2); /* at load: possible CPUs + 1 */
	__type(key, __u32);
	__type(value, struct nfold_stats);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct nfold_host_key);
	__type(value, __u32);
} hosts SEC(".maps");

/* Edit records and templates (maps/edit.h). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* at load */
	__type(key, __u32);
	__type(value, struct nfold_edit);
} edits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, NFOLD_TMPL_CNT);
	__type(key, __u32);
	__type(value, struct nfold_tmpl);
} tmpls SEC(".maps");

/* Kernel tier of the state functions (maps/state.h). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* at load */
	__type(key, __u32);
	__type(value, struct nfold_cell);
} cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* at load */
	__type(key, __u32);
	__type(value, struct nfold_steps);
} steps_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, NFOLD_EVENT_RING);
} events SEC(".maps");

/* Not for XDP: what a reader of the pins needs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nfold_meta);
} meta SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, NFOLD_PORT_MAX);
	__type(key, __u32);
	__type(value, __u32);
} tx_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, NFOLD_PORT_MAX * NFOLD_QUEUE_MAX);
	__type(key, __u32);
	__type(value, __u32);
} xsks SEC(".maps");

struct nfold_ctl ctl SEC(".data.ctl");

const volatile struct nfold_config config;

#endif
