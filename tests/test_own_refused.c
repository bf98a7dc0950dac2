/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is read from verifier logs, of kernels that say where (6.9 and later) and
 * of those that do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loader/own_refused.h"

static struct own_refused read_log(const char *log)
{
	struct own_refused r;

	own_refused_read(log, &r);
	return r;
}

/* Linux 6.18. */
static void log_with_places(void **state)
{
	struct own_refused r = read_log(
		"Validating nfold_own_2() func#12...\n"
		"4337: (bf) r2 = r10                   ; R2=fp0 R10=fp0\n"
		"; __sync_fetch_and_add(&c->cell.packets, 1); @ outside_fn.h:16\n"
		"4346: (db) lock *(u64 *)(r0 +0) += r2\n"
		"; c->cnt[v->len + key] = 1; @ outside_fn.h:17\n"
		"4352: (7b) *(u64 *)(r3 +64) = r1\n"
		"R3 unbounded memory access, make sure to bounds check any such access\n"
		"verification time 51 usec\n"
		"stack depth 24+312\n"
		"processed 70574 insns (limit 1000000) max_states_per_insn 22 total_states 3677 peak_states 1898 mark_read 0\n");

	(void)state;
	assert_int_equal(r.number, 2);
	assert_string_equal(r.where, "outside_fn.h:17");
	assert_string_equal(r.source, "c->cnt[v->len + key] = 1;");
	assert_string_equal(r.reason, "R3 unbounded memory access, make sure to bounds check any such access");
}

/* Linux 6.1. */
static void log_without_places(void **state)
{
	struct own_refused r = read_log(
		"Validating nfold_own_0() func#3...\n"
		"; if (c->user@host)\n"
		"11: (7b) *(u64 *)(r3 +64) = r1\n"
		"R0 invalid mem access 'map_value_or_null'\n"
		"processed 12 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n");

	(void)state;
	assert_int_equal(r.number, 0);
	assert_string_equal(r.where, "");
	assert_string_equal(r.source, "if (c->user@host)");
	assert_string_equal(r.reason, "R0 invalid mem access 'map_value_or_null'");
}

/* The source of one function says nothing about the next. */
static void log_of_several_functions(void **state)
{
	struct own_refused r = read_log(
		"Validating nfold_own_1() func#3...\n"
		"; a = b; @ a_fn.h:3\n"
		"Func#3 ('nfold_own_1') is safe for any args that match its prototype\n"
		"Validating ipv4() func#4...\n"
		"the call stack of 9 frames is too deep !\n");

	(void)state;
	assert_int_equal(r.number, -1);
	assert_string_equal(r.source, "");
	assert_string_equal(r.where, "");
	assert_string_equal(r.reason,
			    "the call stack of 9 frames is too deep !");
}

/* The caller's fault, which is that of the function's arguments. */
static void log_of_the_caller(void **state)
{
	struct own_refused r = read_log(
		"Validating steps_run() func#5...\n"
		"Caller passes invalid args into func#12 ('nfold_own_7')\n"
		"processed 12 insns\n");

	(void)state;
	assert_int_equal(r.number, 7);
	r = read_log("Caller passes invalid args into func#12 ('nfold_own_9')\n");
	assert_int_equal(r.number, -1);
}

static void odd_logs(void **state)
{
	static char log[100000];
	struct own_refused r = read_log("");

	(void)state;
	assert_int_equal(r.number, -1);
	assert_string_equal(r.reason, "");
	r = read_log("Validating nfold_own_");
	assert_int_equal(r.number, -1);
	r = read_log("\n\n; \n; @\n;  @ x\n");
	assert_string_equal(r.reason, "");
	memset(log, 'R', sizeof(log) - 1);
	r = read_log(log);
	assert_int_equal(strlen(r.reason), sizeof(r.reason) - 1);
	memcpy(log, "; ", 2);
	r = read_log(log);
	assert_int_equal(strlen(r.source), sizeof(r.source) - 1);
	memset(log + 2, '@', sizeof(log) - 3);
	r = read_log(log);
	assert_string_equal(r.where, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_with_places),
		cmocka_unit_test(log_without_places),
		cmocka_unit_test(log_of_several_functions),
		cmocka_unit_test(log_of_the_caller),
		cmocka_unit_test(odd_logs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
