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

/* An engine may send(), but not sendmsg(): it has nothing to pass. */
static ssize_t packet_send(int fd, const char *text, int pass)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} c = { 0 };
	struct iovec iov = { (char *)text, strlen(text) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (pass < 0)
		return send(fd, text, strlen(text), MSG_NOSIGNAL);
	mh.msg_control = c.buf;
	mh.msg_controllen = sizeof(c.buf);
	cm = CMSG_FIRSTHDR(&mh);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &pass, sizeof(pass));
	return sendmsg(fd, &mh, MSG_NOSIGNAL);
}

int control_send(int fd, const json_t *msg)
{
	return control_send_fd(fd, msg, -1);
}

int control_send_fd(int fd, const json_t *msg, int pass)
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
		if (packet_send(fd, text, pass) >= 0)
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

/* One descriptor has room; what else is sent along the kernel closes. */
static void passed_take(struct msghdr *mh, int *passed)
{
	struct cmsghdr *cm = CMSG_FIRSTHDR(mh);

	if (cm && cm->cmsg_level == SOL_SOCKET &&
	    cm->cmsg_type == SCM_RIGHTS &&
	    cm->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(passed, CMSG_DATA(cm), sizeof(*passed));
}

/* passed NULL: descriptors are not wanted. */
static ssize_t packet_recv(int fd, char *text, int *passed)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} c;
	struct iovec iov = { text, CONTROL_MSG_MAX + 1 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do {
		mh.msg_control = passed ? c.buf : NULL;
		mh.msg_controllen = passed ? sizeof(c.buf) : 0;
		n = recvmsg(fd, &mh, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n >= 0 && passed)
		passed_take(&mh, passed);
	return n;
}

static int packet_parse(const char *text, ssize_t n, json_t **out)
{
	json_error_t je;
	json_t *msg;

	if (n <= 0)
		return n ? -errno : -ENODATA;
	if (n > CONTROL_MSG_MAX)
		return -EBADMSG;
	msg = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
	if (json_is_object(msg)) {
		*out = msg;
		return 0;
	}
	json_decref(msg);
	return -EBADMSG;
}

static int recv_packet(int fd, json_t **out, int *passed, int timeout_ms)
{
	int err = control_wait(fd, timeout_ms);
	char *text;

	if (err)
		return err;
	text = malloc(CONTROL_MSG_MAX + 1);
	if (!text)
		return -ENOMEM;
	err = packet_parse(text, packet_recv(fd, text, passed), out);
	free(text);
	return err;
}

int control_recv(int fd, json_t **out, int timeout_ms)
{
	return recv_packet(fd, out, NULL, timeout_ms);
}

int control_recv_fd(int fd, json_t **out, int *passed, int timeout_ms)
{
	int err;

	*passed = -1;
	err = recv_packet(fd, out, passed, timeout_ms);
	if (err && *passed >= 0) {
		close(*passed);
		*passed = -1;
	}
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
