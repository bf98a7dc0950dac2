/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "texts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= n;
		}
	}
	return 0;
}

int texts_new(const struct conf_file *files, size_t cnt)
{
	int fd = memfd_create("nfold-texts", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err = fd < 0 ? -errno : 0;

	for (size_t i = 0; !err && i < cnt; i++)
		err = write_all(fd, files[i].text, files[i].len);
	if (!err && fcntl(fd, F_ADD_SEALS, SEALS))
		err = -errno;
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

json_t *texts_json(const struct conf_file *files, size_t cnt)
{
	json_t *list = json_array();

	for (size_t i = 0; i < cnt; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:I}", "name",
						files[i].name, "len",
						(json_int_t)files[i].len));
	return list;
}

/* The sum of the lengths; -1: the message is not as it should be. */
static json_int_t texts_size(const json_t *list)
{
	size_t i, cnt = json_array_size(list);
	json_int_t sum = 0;

	if (!cnt || cnt > TEXTS_MAX)
		return -1;
	for (i = 0; i < cnt; i++) {
		const json_t *o = json_array_get(list, i);
		const json_t *len = json_object_get(o, "len");
		json_int_t n = json_integer_value(len);

		if (!json_is_string(json_object_get(o, "name")) ||
		    !json_is_integer(len) || n < 0 || n > CONF_GIVEN_MAX)
			return -1;
		sum += n;
	}
	return sum > CONF_GIVEN_MAX ? -1 : sum;
}

const char *texts_check(const json_t *msg, int fd)
{
	json_int_t size = texts_size(json_object_get(msg, "texts"));
	struct stat st;
	int seals;

	if (size < 0)
		return "texts: 1 to 64 names and lengths, 16 MiB together";
	if (fd < 0)
		return "texts: no descriptor came with the message";
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS)
		return "texts: the descriptor is not a sealed memfd";
	if (fstat(fd, &st) || st.st_size != size)
		return "texts: the memfd has another size than the message says";
	return NULL;
}

static void texts_name(struct texts *t, const json_t *list)
{
	const char *at = t->map;

	for (size_t i = 0; i < t->cnt; i++) {
		const json_t *o = json_array_get(list, i);

		t->files[i] = (struct conf_file){
			.name = json_string_value(json_object_get(o, "name")),
			.text = at,
			.len = json_integer_value(json_object_get(o, "len")),
		};
		at += t->files[i].len;
	}
}

int texts_open(struct texts *t, const json_t *msg, int fd)
{
	const json_t *list = json_object_get(msg, "texts");
	int err = 0;

	*t = (struct texts){ .cnt = json_array_size(list),
			     .size = texts_size(list) };
	t->files = calloc(t->cnt, sizeof(*t->files));
	if (!t->files) {
		err = -ENOMEM;
	} else if (t->size) {
		t->map = mmap(NULL, t->size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (t->map == MAP_FAILED) {
			err = -errno;
			t->map = NULL;
		}
	}
	close(fd);
	if (!err)
		texts_name(t, list);
	return err;
}

void texts_free(struct texts *t)
{
	if (t->map)
		munmap(t->map, t->size);
	free(t->files);
}
