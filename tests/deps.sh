#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# deps.sh PACKAGE...: install what is missing of Debian's packages. Services
# that packages would start are not started.
set -eu
missing=
for p in "$@"; do
	[ "$(dpkg-query -Wf '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
		missing="$missing $p"
done
[ -n "$missing" ] || exit 0
[ "$(id -u)" = 0 ] || {
	echo "make deps: needs root to install:$missing" >&2
	exit 1
}
policy=/usr/sbin/policy-rc.d made=
[ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' > $policy; chmod +x $policy; made=1; }
trap '[ -z "$made" ] || rm -f $policy' EXIT
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
