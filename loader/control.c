/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A packet is charged to the sender's buffer whole, with its overhead. */
static void control_buffers(int fd)
{
	int size = 2 * CONTROL_MSG_MAX;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

int control_send(int fd, const json_t *msg)
{
	char *text = json_dumps(msg, JSON_COMPACT);
	bool grown = false;
	int err;

	if (!text)
		return -ENOMEM;
	if (strlen(text) > CONTROL_MSG_MAX) {
		free(text);
		return -EMSGSIZE;
	}
	for (;;) {
		err = 0;
		if (send(fd, text, strlen(text), MSG_NOSIGNAL) >= 0)
			break;
		err = -errno;
		/* The default buffer holds about 200 KB. */
		if (err == -EMSGSIZE && !grown) {
			control_buffers(fd);
			grown = true;
		} else if (err != -EINTR) {
			break;
		}
	}
	free(text);
	return err;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static int control_wait(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t end = now_ms() + timeout_ms;
	int64_t left = timeout_ms;
	int n;

	for (;;) {
		n = poll(&p, 1, timeout_ms < 0 ? -1 : left);
		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
		left = end - now_ms();
		if (left < 0)
			left = 0;
	}
}

int control_recv(int fd, json_t **out, int timeout_ms)
{
	json_error_t je;
	json_t *msg;
	char *text;
	ssize_t n;
	int err;

	err = control_wait(fd, timeout_ms);
	if (err)
		return err;
	text = malloc(CONTROL_MSG_MAX + 1);
	if (!text)
		return -ENOMEM;
	do {
		n = recv(fd, text, CONTROL_MSG_MAX + 1, 0);
	} while (n < 0 && errno == EINTR);
	err = n < 0 ? -errno : n == 0 ? -ENODATA : 0;
	if (!err && n > CONTROL_MSG_MAX)
		err = -EBADMSG;
	if (!err) {
		msg = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
		if (json_is_object(msg)) {
			*out = msg;
		} else {
			json_decref(msg);
			err = -EBADMSG;
		}
	}
	free(text);
	return err;
}

static int control_address(struct sockaddr_un *sa, const char *path)
{
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sa->sun_path))
		return -ENAMETOOLONG;
	strcpy(sa->sun_path, path);
	return 0;
}

int control_connect(const char *path)
{
	struct sockaddr_un sa;
	int fd, err;

	err = control_address(&sa, path);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* A socket file that nobody listens on refuses; any other answer means that
 * it is in use, or is no socket. */
static int control_remove_stale(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = control_connect(path);
	if (fd >= 0) {
		close(fd);
		return -EADDRINUSE;
	}
	if (fd != -ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(path) ? -errno : 0;
}

/* The mode is set before the socket is listened on. */
int control_listen(const char *path)
{
	struct sockaddr_un sa;
	int fd, err;

	err = control_address(&sa, path);
	if (!err)
		err = control_remove_stale(path);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) ||
	    chmod(path, 0660) || listen(fd, 16)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}
