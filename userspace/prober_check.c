/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One health check, by libcurl: a connection of its own each time, which is
 * closed at once; no redirect followed, no proxy, nothing kept of the answer. */
#include <arpa/inet.h>
#include <stdio.h>

#include "prober_priv.h"

#define BODY_MAX 65536		/* of an answer: more is not waited for */
#define MS (NF_SEC / 1000)

static size_t body_came(char *data, size_t size, size_t n, void *ctx)
{
	struct probed *p = ctx;

	(void)data;
	p->body += size * n;
	return p->body > BODY_MAX ? 0 : size * n;
}

static void make_url(const struct nf_target *t, char *url, size_t size)
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(t->family == 4 ? AF_INET : AF_INET6, &t->addr, addr,
		  sizeof(addr));
	snprintf(url, size, t->family == 4 ? "http://%s:%u%s" :
					     "http://[%s]:%u%s",
		 addr, t->port, t->check.path);
}

static bool set_headers(struct probed *p)
{
	char line[NF_CHECK_HOST_MAX + 8];
	struct curl_slist *list = curl_slist_append(NULL, "Connection: close");

	p->headers = list;
	if (!list || !p->target.check.host[0])
		return list;
	snprintf(line, sizeof(line), "Host: %s", p->target.check.host);
	return curl_slist_append(list, line);
}

#define SET(option, value) \
	(curl_easy_setopt(p->easy, CURLOPT_##option, value) == CURLE_OK)

static bool set_common(struct probed *p, const char *url)
{
	return SET(URL, url) && SET(PROTOCOLS_STR, "http") &&
	       SET(PROXY, "") && SET(NOPROXY, "*") && SET(NOSIGNAL, 1L) &&
	       SET(PATH_AS_IS, 1L) && SET(FRESH_CONNECT, 1L) &&
	       SET(FORBID_REUSE, 1L) && SET(ERRORBUFFER, p->error) &&
	       SET(PRIVATE, p) &&
	       SET(TIMEOUT_MS, (long)(p->target.check.timeout / MS)) &&
	       SET(CONNECTTIMEOUT_MS, (long)(p->target.check.timeout / MS));
}

static bool set_kind(struct probed *p)
{
	if (p->target.check.kind == NF_CHECK_TCP)
		return SET(CONNECT_ONLY, 1L);
	return set_headers(p) && SET(HTTPHEADER, p->headers) &&
	       SET(USERAGENT, "nfold") && SET(FOLLOWLOCATION, 0L) &&
	       SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       SET(WRITEFUNCTION, body_came) && SET(WRITEDATA, p);
}

static void check_free(CURLM *multi, struct probed *p)
{
	curl_multi_remove_handle(multi, p->easy);
	curl_easy_cleanup(p->easy);
	curl_slist_free_all(p->headers);
	p->easy = NULL;
	p->headers = NULL;
}

bool check_begin(CURLM *multi, struct probed *p)
{
	char url[NF_CHECK_PATH_MAX + 96];

	make_url(&p->target, url, sizeof(url));
	p->body = 0;
	p->error[0] = '\0';
	p->easy = curl_easy_init();
	if (p->easy && set_common(p, url) && set_kind(p) &&
	    curl_multi_add_handle(multi, p->easy) == CURLM_OK)
		return true;
	check_free(multi, p);
	snprintf(p->why, sizeof(p->why), "the check could not be begun");
	return false;
}

/* What is too long was stopped by body_came(): its status has come. */
static bool answer_good(struct probed *p)
{
	const struct nf_check *c = &p->target.check;
	long status = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	snprintf(p->why, sizeof(p->why), "status %ld", status);
	return status >= c->status_first && status <= c->status_last;
}

bool check_end(CURLM *multi, struct probed *p, CURLcode code)
{
	bool good = false;

	if (code == CURLE_WRITE_ERROR && p->body > BODY_MAX)
		code = CURLE_OK;
	if (code != CURLE_OK) {
		snprintf(p->why, sizeof(p->why), "%.90s",
			 p->error[0] ? p->error : curl_easy_strerror(code));
	} else if (p->target.check.kind == NF_CHECK_TCP) {
		snprintf(p->why, sizeof(p->why), "connected");
		good = true;
	} else {
		good = answer_good(p);
	}
	check_free(multi, p);
	return good;
}

void check_abort(CURLM *multi, struct probed *p)
{
	if (p->easy)
		check_free(multi, p);
}
