# SPDX-License-Identifier: Apache-2.0
# Sourced: sets FILES to all RTL of the card, packages first.
cd "$WEIR_ROOT/rtl-model" || exit 2
FILES="$WEIR_GEN/weir_abi_pkg.sv $WEIR_GEN/weir_top_pkg.sv $(ls top/*_pkg.sv) $(ls */*_pkg.sv | grep -v '^top/') $WEIR_GEN/weir_ctrl_rom.sv $(ls */*.sv | grep -v -e '_pkg.sv$' -e '^formal/')"
