/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Log lines of nfoldd, to stderr: with a "<N>" priority prefix (sd-daemon(3))
 * unless stderr is a terminal. For starts, ends and failures; what happens to
 * packets is counted, not logged.
 */
#ifndef NFOLD_LOG_H
#define NFOLD_LOG_H

#include <syslog.h>

/* Once, before the first line. who: "nfoldd", "engine edge"; copied. */
void log_open(const char *who);
/* level: LOG_ERR .. LOG_DEBUG. One write(2) a line. */
void log_line(int level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define log_err(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)

#endif
