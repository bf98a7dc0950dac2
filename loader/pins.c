/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* BPFFS/CHAIN/: what is there, for everybody who has no daemon to ask. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/magic.h>

#include "instance_priv.h"

int pins_path(char path[PATH_MAX], const char *bpffs, const char *chain,
	      const char *pin)
{
	int n = snprintf(path, PATH_MAX, "%s/%s%s%s", bpffs, chain,
			 pin ? "/" : "", pin ? pin : "");

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* The directory itself may not exist yet: the nearest one above that does must
 * be on a BPF file system. */
int pins_check_bpffs(const char *bpffs, struct instance_error *err)
{
	char path[PATH_MAX], *slash;
	struct statfs fs;

	if (snprintf(path, sizeof(path), "%s", bpffs) >= (int)sizeof(path))
		return instance_fail(err, -ENAMETOOLONG, "%s: name too long",
				     bpffs);
	while (statfs(path, &fs)) {
		slash = strrchr(path, '/');
		if (errno != ENOENT || !slash || slash == path)
			return instance_fail(err, -errno, "%s: %s", bpffs,
					     strerror(errno));
		*slash = '\0';
	}
	if ((unsigned long)fs.f_type == BPF_FS_MAGIC)
		return 0;
	return instance_fail(
		err, -ENOTDIR,
		"%s is not on a BPF file system, so nothing can be pinned there. Mount one: mount -t bpf bpf /sys/fs/bpf (ip netns exec hides it: use nsenter --net=/run/netns/NAME), or name another by -b",
		bpffs);
}

static bool pins_name_ok(const char *chain)
{
	return chain[0] && chain[0] != '.' && !strpbrk(chain, "/~") &&
	       strlen(chain) <= CHAIN_NAME_MAX;
}

static int pins_unlink(DIR *dir, bool links)
{
	struct dirent *e;
	int err = 0;

	rewinddir(dir);
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.' ||
		    !strncmp(e->d_name, "link_", 5) != links)
			continue;
		if (unlinkat(dirfd(dir), e->d_name, 0) && errno != ENOENT)
			err = -errno;
	}
	return err;
}

int pins_unlink_all(const char *bpffs, const char *chain)
{
	char path[PATH_MAX];
	int err, err2;
	DIR *dir;

	err = pins_path(path, bpffs, chain, NULL);
	if (err)
		return err;
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	err = pins_unlink(dir, true);
	err2 = pins_unlink(dir, false);
	closedir(dir);
	if (rmdir(path) && !err)
		err = -errno;
	return err ? err : err2;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **pins_list(const char *bpffs)
{
	char **names = calloc(1, sizeof(*names)), **more;
	struct dirent *e;
	size_t cnt = 0;
	DIR *dir;

	dir = names ? opendir(bpffs) : NULL;
	if (!dir)
		return names;
	while ((e = readdir(dir))) {
		char path[PATH_MAX];

		if (!pins_name_ok(e->d_name) ||
		    pins_path(path, bpffs, e->d_name, "meta") ||
		    access(path, F_OK))
			continue;
		more = realloc(names, (cnt + 2) * sizeof(*names));
		if (!more)
			break;
		names = more;
		names[cnt] = strdup(e->d_name);
		if (!names[cnt])
			break;
		names[++cnt] = NULL;
	}
	closedir(dir);
	names[cnt] = NULL;
	qsort(names, cnt, sizeof(*names), by_name);
	return names;
}

/* --- links --- */

static int link_matches(int fd, uint32_t prog_id, uint32_t ifindex)
{
	struct bpf_link_info info = { 0 };
	__u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &len) &&
	       info.type == BPF_LINK_TYPE_XDP && info.prog_id == prog_id &&
	       info.xdp.ifindex == ifindex;
}

static int chain_find_link(const char *bpffs, const char *chain,
			   uint32_t prog_id, uint32_t ifindex)
{
	char path[PATH_MAX];
	struct dirent *e;
	int fd = -1;
	DIR *dir;

	if (pins_path(path, bpffs, chain, NULL))
		return -1;
	dir = opendir(path);
	if (!dir)
		return -1;
	while (fd < 0 && (e = readdir(dir))) {
		if (strncmp(e->d_name, "link_", 5) ||
		    pins_path(path, bpffs, chain, e->d_name))
			continue;
		fd = bpf_obj_get(path);
		if (fd >= 0 && !link_matches(fd, prog_id, ifindex)) {
			close(fd);
			fd = -1;
		}
	}
	closedir(dir);
	return fd;
}

int pins_find_link(const char *bpffs, uint32_t prog_id, uint32_t ifindex,
		   char chain[CHAIN_NAME_MAX + 1])
{
	char **names = pins_list(bpffs);
	int fd = -1;

	for (size_t n = 0; names && names[n]; n++) {
		if (fd < 0) {
			fd = chain_find_link(bpffs, names[n], prog_id, ifindex);
			if (fd >= 0)
				snprintf(chain, CHAIN_NAME_MAX + 1, "%s",
					 names[n]);
		}
		free(names[n]);
	}
	free(names);
	return fd;
}

/* --- the engine's process --- */

/* "PID (COMM) STATE ...": the number may have been given to another process
 * since, and a zombie serves nobody. COMM is "nfold/CHAIN". */
static bool process_is_engine(const char *stat)
{
	const char *comm = strchr(stat, '('), *end = strrchr(stat, ')');

	return comm && end && !strncmp(comm, "(nfold", 6) &&
	       end[1] == ' ' && end[2] != 'Z' && end[2] != 'X';
}

bool instance_engine_alive(const struct nfold_meta *meta)
{
	char path[32], stat[128] = "";
	FILE *f;

	if (!meta->engine_pid)
		return false;
	snprintf(path, sizeof(path), "/proc/%u/stat", meta->engine_pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(stat, sizeof(stat), f))
		stat[0] = '\0';
	fclose(f);
	return process_is_engine(stat);
}

uint32_t pins_engine_pid(const char *bpffs, const char *chain)
{
	struct instance_error err;
	struct instance_maps m;
	uint32_t pid = 0;

	if (pins_open(&m, bpffs, chain, &err))
		return 0;
	if (instance_engine_alive(m.meta))
		pid = m.meta->engine_pid;
	pins_close(&m);
	return pid;
}

bool pins_frags(const char *bpffs, const char *chain)
{
	struct instance_error err;
	struct instance_maps m;
	bool frags;

	if (pins_open(&m, bpffs, chain, &err))
		return false;
	frags = m.meta->frags;
	pins_close(&m);
	return frags;
}
