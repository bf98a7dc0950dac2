#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Each rule of docs/FOLD.md and each hole of docs/TESTING.md names tests that are
# in the tree: see fold_rules.py.
exec "$(dirname "$0")/fold_rules.py"
