#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The whole card must be clean with -Wall, but for the waivers with their reasons.
. "$(dirname "$0")/rtl_files.sh"
# shellcheck disable=SC2086
verilator --lint-only -Wall lint/waivers.vlt $FILES --top weir_sim_top && echo "clean: $(echo "$FILES" | wc -w) files"
