#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# docs/INTEGRATION.md is what the sources say, and no NF needs more lines than the
# paper's: see integration.py.
exec "$(dirname "$0")/integration.py" --check
