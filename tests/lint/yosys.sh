#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The narrow front end must read and elaborate the whole card too, so that formal and area runs see the same design.
. "$(dirname "$0")/rtl_files.sh"
yosys -q -Q -p "read_verilog -sv $(echo $FILES); hierarchy -check -top weir_top; proc; check" && echo "elaborated: $(echo "$FILES" | wc -w) files"
