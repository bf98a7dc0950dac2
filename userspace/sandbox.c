/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox_filter.h"

#define NOBODY 65534

static bool fd_kept(int fd, const int *keep, size_t cnt)
{
	size_t i;

	for (i = 0; i < cnt; i++)
		if (keep[i] == fd)
			return true;
	return fd <= STDERR_FILENO;
}

/* Between two kept descriptors everything goes. */
void sandbox_close_fds(const int *keep, size_t cnt)
{
	int fd, max = -1;
	size_t i;

	for (i = 0; i < cnt; i++)
		if (keep[i] > max)
			max = keep[i];
	for (fd = STDERR_FILENO + 1; fd <= max; fd++)
		if (!fd_kept(fd, keep, cnt))
			close(fd);
	close_range(max < STDERR_FILENO ? STDERR_FILENO + 1 : max + 1, ~0U, 0);
}

/* A directory that is removed before it becomes the root: nothing is in it, and
 * nothing can be made in it. The root is shared by all threads. */
static int sandbox_root(void)
{
	char dir[] = "/tmp/nfoldd-root-XXXXXX";
	int fd, err = 0;

	if (!mkdtemp(dir))
		return -errno;
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rmdir(dir) || fd < 0 || fchdir(fd) || chroot(".") || chdir("/"))
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

/* glibc changes the ids of every thread, and with them go the capabilities of
 * every thread; the bounding set only matters to execve(), which is refused. */
static int sandbox_user(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return -errno;
	return 0;
}

static int sandbox_capabilities(void)
{
	cap_t none = cap_init();
	int err = 0;

	if (!none)
		return -errno;
	if (cap_set_proc(none))
		err = -errno;
	cap_free(none);
	return err;
}

static int sandbox_limit(int what, rlim_t value)
{
	struct rlimit r = { value, value };

	return setrlimit(what, &r) ? -errno : 0;
}

/* poll(2) refuses more entries than RLIMIT_NOFILE, so that it can not be 0:
 * what is open now, and no more, unless files says so. */
static int sandbox_limits(unsigned int files)
{
	int max = dup(STDERR_FILENO), err;

	if (max < 0)
		return -errno;
	close(max);
	for (; fcntl(max, F_GETFD) >= 0 || max < 256; max++)
		;
	err = sandbox_limit(RLIMIT_NOFILE, files ? files : (rlim_t)max);
	if (!err)
		err = sandbox_limit(RLIMIT_NPROC, 0);
	if (!err)
		err = sandbox_limit(RLIMIT_CORE, 0);
	if (!err)
		err = sandbox_limit(RLIMIT_FSIZE, 1 << 30);
	return err;
}

static int sandbox_prctl(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}

int sandbox_enter(enum sandbox_kind kind, unsigned int files,
		  const char **what)
{
	static const struct {
		const char *what;
		int (*step)(void);
	} steps[] = {
		{ "empty root", sandbox_root },
		{ "user nobody", sandbox_user },
		{ "capabilities", sandbox_capabilities },
		{ "no new privileges", sandbox_prctl },
	};
	size_t i;
	int err;

	*what = "limits";
	err = sandbox_limits(files);
	for (i = 0; !err && i < sizeof(steps) / sizeof(steps[0]); i++) {
		*what = steps[i].what;
		err = steps[i].step();
	}
	if (err)
		return err;
	*what = "system call filter";
	return sandbox_filter(kind);
}
