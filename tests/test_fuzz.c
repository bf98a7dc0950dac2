/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Replays what the fuzzers were given and what they found: every file below
 * tests/fuzz/corpus/TARGET and tests/fuzz/regress/TARGET, whole and cut short.
 * A target that finds something wrong aborts, with its place on stderr.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#define FUZZ_ENTRY fuzz_conf
#include "tests/fuzz/fuzz_conf.c"
#undef FUZZ_ENTRY
#define FUZZ_ENTRY fuzz_block
#include "tests/fuzz/fuzz_block.c"
#undef FUZZ_ENTRY
#define FUZZ_ENTRY fuzz_capture
#include "tests/fuzz/fuzz_capture.c"
#undef FUZZ_ENTRY
#define FUZZ_ENTRY fuzz_flow
#include "tests/fuzz/fuzz_flow.c"
#undef FUZZ_ENTRY
#define FUZZ_ENTRY fuzz_fold
#include "tests/fuzz/fuzz_fold.c"
#undef FUZZ_ENTRY
#define FUZZ_ENTRY fuzz_ids
#include "tests/fuzz/fuzz_ids.c"
#undef FUZZ_ENTRY
#define FUZZ_ENTRY fuzz_ipfilter
#include "tests/fuzz/fuzz_ipfilter.c"
#undef FUZZ_ENTRY
#define FUZZ_ENTRY fuzz_parse
#include "tests/fuzz/fuzz_parse.c"
#undef FUZZ_ENTRY
#define FUZZ_ENTRY fuzz_stream
#include "tests/fuzz/fuzz_stream.c"

#define INPUT_MAX (1 << 20)

static uint8_t input[INPUT_MAX];

static size_t read_input(const char *path)
{
	FILE *in = fopen(path, "r");
	size_t n;

	if (!in) {
		perror(path);
		abort();
	}
	n = fread(input, 1, sizeof(input), in);
	fclose(in);
	return n;
}

/* All of it, and its halves, quarters and so on. Returns the files replayed. A
 * target without findings has no folder for them. */
static int replay(const char *dir, int (*target)(const uint8_t *, size_t))
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[512];
	int cnt = 0;

	if (!d)
		return 0;
	while ((e = readdir(d))) {
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (stat(path, &st) || !S_ISREG(st.st_mode) ||
		    *e->d_name == '.')
			continue;
		for (size_t n = read_input(path); n; n /= 2)
			target(input, n);
		cnt++;
	}
	closedir(d);
	return cnt;
}

int main(void)
{
	static const struct {
		const char *name, *dir;
		int (*target)(const uint8_t *, size_t);
		int least;	/* files that must be there */
	} sets[] = {
		{ "golden chain files", "tests/golden", fuzz_conf, 100 },
		{ "chain files' corpus", "tests/fuzz/corpus/conf", fuzz_conf, 20 },
		{ "chain files' findings", "tests/fuzz/regress/conf", fuzz_conf, 0 },
		{ "NFs' blocks' corpus", "tests/fuzz/corpus/block", fuzz_block, 20 },
		{ "NFs' blocks' findings", "tests/fuzz/regress/block", fuzz_block, 0 },
		{ "captures' corpus", "tests/fuzz/corpus/capture", fuzz_capture, 15 },
		{ "captures' findings", "tests/fuzz/regress/capture", fuzz_capture, 0 },
		{ "flows in words' corpus", "tests/fuzz/corpus/flow", fuzz_flow, 20 },
		{ "flows in words' findings", "tests/fuzz/regress/flow", fuzz_flow, 0 },
		{ "folds' corpus", "tests/fuzz/corpus/fold", fuzz_fold, 40 },
		{ "folds' findings", "tests/fuzz/regress/fold", fuzz_fold, 0 },
		{ "ids rules' corpus", "tests/fuzz/corpus/ids", fuzz_ids, 30 },
		{ "ids rules' findings", "tests/fuzz/regress/ids", fuzz_ids, 0 },
		{ "ipfilter rules' corpus", "tests/fuzz/corpus/ipfilter", fuzz_ipfilter, 20 },
		{ "ipfilter rules' findings", "tests/fuzz/regress/ipfilter", fuzz_ipfilter, 0 },
		{ "packets' corpus", "tests/fuzz/corpus/parse", fuzz_parse, 20 },
		{ "packets' findings", "tests/fuzz/regress/parse", fuzz_parse, 0 },
		{ "streams' corpus", "tests/fuzz/corpus/stream", fuzz_stream, 20 },
		{ "streams' findings", "tests/fuzz/regress/stream", fuzz_stream, 0 },
	};
	int n = sizeof(sets) / sizeof(*sets), failed = 0;

	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		int cnt = replay(sets[i].dir, sets[i].target);
		bool ok = cnt >= sets[i].least;

		printf("%sok %d - fuzz inputs do no harm: %s, %d files\n",
		       ok ? "" : "not ", i + 1, sets[i].name, cnt);
		fflush(stdout);
		failed |= !ok;
	}
	return failed;
}
