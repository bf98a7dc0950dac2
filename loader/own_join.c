/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "own_join.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "instance_priv.h"
#include "load_log.h"
/* Needs the types above. */
#include "bpf/nfold_own.skel.h"

/* libbpf 1.1's linker knows files only, by name. */
struct file {
	int fd;
	char path[32];
};

static int file_new(struct file *f)
{
	f->fd = memfd_create("nfold-own", MFD_CLOEXEC);
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
	return f->fd < 0 ? -errno : 0;
}

static int write_all(int fd, const void *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n <= 0)
			return n ? -errno : -EIO;
		bytes = (const char *)bytes + n;
		size -= n;
	}
	return 0;
}

/* The names with X, in the symbols and in BTF, each a string of its own or the
 * end of one. */
static void set_number(char *bytes, size_t size, int number)
{
	char *p = bytes, *end = bytes + size;

	while ((p = memmem(p, end - p, OWN_CELLS, sizeof(OWN_CELLS)))) {
		p += sizeof(OWN_CELLS);
		p[-2] = '0' + number;
	}
}

static int add(struct bpf_linker *l, const void *bytes, size_t size, int number)
{
	char *copy = malloc(size);
	struct file f;
	int ret = copy ? file_new(&f) : -ENOMEM;

	if (ret) {
		free(copy);
		return ret;
	}
	memcpy(copy, bytes, size);
	if (number >= 0)
		set_number(copy, size, number);
	ret = write_all(f.fd, copy, size);
	if (!ret)
		ret = bpf_linker__add_file(l, f.path, NULL);
	close(f.fd);
	free(copy);
	return ret;
}

static int add_all(struct bpf_linker *l, const struct own_cells *own, int cnt,
		   struct instance_error *err)
{
	size_t size;
	const void *bytes = nfold_own_bpf__elf_bytes(&size);
	int ret = add(l, bytes, size, -1);

	if (ret)
		return instance_fail(err, ret, "joining the program: %s: %s",
				     strerror(-ret), load_log_first());
	for (int i = 0; i < cnt; i++) {
		bytes = own[i].own->object(&size);
		ret = add(l, bytes, size, i);
		if (ret)
			return instance_fail(
				err, ret,
				"NF %s: its own function can not be joined with the program: %s: %s",
				own[i].nf, strerror(-ret), load_log_first());
	}
	return 0;
}

static int read_all(void **out, size_t *size, int fd)
{
	struct stat st;
	char *bytes;

	if (fstat(fd, &st))
		return -errno;
	bytes = malloc(st.st_size);
	if (!bytes)
		return -ENOMEM;
	if (pread(fd, bytes, st.st_size, 0) != st.st_size) {
		free(bytes);
		return -EIO;
	}
	*out = bytes;
	*size = st.st_size;
	return 0;
}

static int join(void **out, size_t *size, const struct file *f,
		const struct own_cells *own, int cnt,
		struct instance_error *err)
{
	struct bpf_linker *l = bpf_linker__new(f->path, NULL);
	int ret = l ? 0 : -errno;

	if (!ret) {
		ret = add_all(l, own, cnt, err);
		if (ret) {
			bpf_linker__free(l);
			return ret;
		}
		ret = bpf_linker__finalize(l);
		bpf_linker__free(l);
	}
	if (!ret)
		ret = read_all(out, size, f->fd);
	if (ret)
		return instance_fail(err, ret, "joining the program: %s: %s",
				     strerror(-ret), load_log_first());
	return 0;
}

int own_join(void **out, size_t *size, const struct own_cells *own, int cnt,
	     struct instance_error *err)
{
	struct file f;
	int ret = 0;

	for (int i = 0; i < cnt && !ret; i++)
		ret = own_check(&own[i], err);
	if (ret)
		return ret;
	ret = file_new(&f);
	if (ret)
		return instance_fail(err, ret, "joining the program: memfd: %s",
				     strerror(-ret));
	load_log_begin();
	ret = join(out, size, &f, own, cnt, err);
	load_log_end();
	close(f.fd);
	return ret;
}
