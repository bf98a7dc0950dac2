/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line's frame: global options, command tables, exit codes, output.
 * A command is a row of a table; one file an object. Single-threaded.
 *
 * stdout carries data, stderr messages. With -j or -p the data are one JSON
 * document.
 */
#ifndef NFOLD_CLI_H
#define NFOLD_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

enum cli_exit {
	CLI_OK = 0,
	CLI_REFUSED = 1,	/* understood, but not done; or it failed */
	CLI_USAGE = 2,
	CLI_NOT_FOUND = 3,	/* no such chain, NF, file */
	CLI_UNREACHABLE = 4,	/* no daemon answers */
};

/* Filled by main() before a command runs. */
struct cli_options {
	bool json;		/* -j or -p */
	bool pretty;		/* -p */
	const char *socket;	/* -S, NFOLD_SOCKET, or the default */
	const char *bpffs;	/* -b, NFOLD_BPFFS, or the default */
};
extern struct cli_options cli_options;

/* A word of the command line. Either run or sub is set. argv of run holds the
 * words after the command word, ended by NULL; the result is the exit code.
 */
struct cmd {
	const char *name;
	int (*run)(int argc, char **argv);
	const struct cmd *sub;	/* the object's commands */
	const char *args;	/* "FILE [no-fold]"; NULL: none */
	const char *summary;	/* one line */
};

/* Runs the row that argv[0] names, whole or by a unique prefix. "help" at each
 * level prints the table. `path` is what was typed so far: "nfold flow". No
 * word at all is the first row, as in bpftool. A row of name NULL ends it. */
int cmd_dispatch(const char *path, const struct cmd *table, int argc,
		 char **argv);
/* The row; or -1 none, -2 ambiguous, -3 "help". */
int cmd_find(const struct cmd *table, const char *word);
void cmd_help(FILE *out, const char *path, const struct cmd *table);
/* Is `word` a prefix (at least one letter) of `keyword`? For the words inside
 * a command: "match", "chain", "no-fold". */
bool cmd_is(const char *word, const char *keyword);

/* To stderr, with "nfold: " before and a newline after. */
void cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same and returns CLI_USAGE. */
int cli_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* To stderr, unless JSON is asked for: what a person should know. */
void cli_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints a document to stdout by -j or -p and drops the reference. Returns
 * CLI_OK, or CLI_REFUSED when stdout can not be written. */
int cli_json(json_t *doc);

/* One request to nfoldd; drops the reference to req. CLI_OK with *reply (new
 * reference), or the exit code, the reason printed. */
int cli_ask(json_t *req, json_t **reply);
/* The same, with a descriptor along, which is closed. */
int cli_ask_fd(json_t *req, int pass, json_t **reply);
/* Is a daemon there? Says nothing. */
bool cli_daemon_alive(void);

/* Objects and top-level commands: their tables and functions. */
extern const struct cmd cmds_chain[];
extern const struct cmd cmds_nf[];
extern const struct cmd cmds_flow[];
extern const struct cmd cmds_event[];
int cmd_monitor(int argc, char **argv);
int cmd_nf_set(int argc, char **argv);	/* loader/cli/nf_set.c */
int cmd_attach(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_feature(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_demo(int argc, char **argv);	/* loader/cli/demo.c */

#endif
