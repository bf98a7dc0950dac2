/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From chain files to chains on ports, all or nothing: first every engine of
 * the file is started, then every chain attached. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "parent_priv.h"

/* A chain whose engine is dead may be attached anew: its place is taken over,
 * and its flows go on in the kernel until then. */
static int attach_check(struct parent *p, const struct chain_file *f,
			struct instance_error *err)
{
	struct child *c;
	uint32_t i;

	for (i = 0; i < f->cnt; i++) {
		c = parent_find(p, f->chains[i].name);
		if (!c || !c->alive)
			continue;
		snprintf(err->text, sizeof(err->text),
			 "chain %s is attached already: nfold detach %s first",
			 c->chain, c->chain);
		return -EEXIST;
	}
	return 0;
}

static void attach_forget(struct parent *p, const char *chain)
{
	struct child **at, *c;

	for (at = &p->children; (c = *at); at = &c->next) {
		if (strcmp(c->chain, chain))
			continue;
		*at = c->next;
		child_free(c);
		return;
	}
}

static void attach_undo(struct child *list)
{
	struct child *c;

	while ((c = list)) {
		list = c->next;
		instance_detach(c->instance);
		child_free(c);
	}
}

static int attach_start(struct parent *p, const struct chain_file *f, bool fold,
			struct child **list, struct instance_error *err)
{
	struct child *c, **end = list;
	uint32_t i;
	int ret;

	for (i = 0; i < f->cnt; i++) {
		attach_forget(p, f->chains[i].name);
		ret = child_new(&c, &f->chains[i], p->conf->bpffs, p->probe,
				fold, err);
		if (ret)
			return ret;
		*end = c;
		end = &c->next;
	}
	return 0;
}

static void attach_log(const struct child *c)
{
	const struct instance_port *port;
	const char *note;
	uint32_t i, cnt;

	port = instance_ports(c->instance, &cnt);
	for (i = 0; i < cnt; i++)
		log_info("chain %s: port %s attached in %s mode, engine %d",
			 c->chain, port[i].name,
			 port[i].generic ? "generic" : "native", c->pid);
	for (i = 0; (note = instance_note(c->instance, i)); i++)
		log_warn("chain %s: %s", c->chain, note);
}

static json_t *attach_describe(const struct child *list)
{
	const struct instance_port *port;
	json_t *chains = json_array(), *ports, *notes;
	const char *note;
	uint32_t i, cnt;

	for (; list; list = list->next) {
		ports = json_array();
		notes = json_array();
		port = instance_ports(list->instance, &cnt);
		for (i = 0; i < cnt; i++)
			json_array_append_new(ports, json_pack("{s:s, s:s}",
				"name", port[i].name, "mode",
				port[i].generic ? "generic" : "native"));
		for (i = 0; (note = instance_note(list->instance, i)); i++)
			json_array_append_new(notes, json_string(note));
		json_array_append_new(chains, json_pack("{s:s, s:o, s:o}",
			"name", list->chain, "ports", ports, "notes", notes));
	}
	return chains;
}

static int attach_all(struct child *list, struct instance_error *err)
{
	int ret;

	for (; list; list = list->next) {
		ret = instance_attach(list->instance, err);
		if (ret)
			return ret;
		attach_log(list);
	}
	return 0;
}

int parent_attach(struct parent *p, const char *file, bool no_fold,
		  json_t **out, struct instance_error *err)
{
	struct child *list = NULL, **end;
	struct chain_file *f;
	struct conf_error ce = { 0 };
	int ret;

	if (chain_load(&f, file, NULL, &ce)) {
		conf_error_text(err->text, sizeof(err->text), &ce);
		return -EINVAL;
	}
	ret = attach_check(p, f, err);
	if (!ret)
		ret = attach_start(p, f, !no_fold && !p->conf->no_fold, &list,
				   err);
	if (!ret)
		ret = attach_all(list, err);
	chain_file_free(f);
	if (ret) {
		attach_undo(list);
		return ret;
	}
	*out = attach_describe(list);
	for (end = &list; *end; end = &(*end)->next)
		;
	*end = p->children;
	p->children = list;
	return 0;
}

/* XDP goes first, so that nothing is punted to an engine that drains. */
int parent_detach(struct parent *p, const char *chain,
		  struct instance_error *err)
{
	struct child *c = parent_find(p, chain);

	if (!c)
		return pins_remove(p->conf->bpffs, chain, err);
	instance_detach(c->instance);
	attach_forget(p, chain);
	log_info("chain %s: detached", chain);
	return 0;
}
