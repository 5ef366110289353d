#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What lspci makes of the configuration spaces of the PF and two VFs, line by line. usage: lspci.sh WEIR_SIM GOLDEN
set -eu
command -v lspci >/dev/null || { echo "needs pciutils"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" --lspci "$work/dump" --vfs 2 --dir "$work/d" --quiet
lspci -F "$work/dump" -vvv -n 2>/dev/null | tail -n +1 > "$work/text"
if ! diff -u "$2" "$work/text"; then
  echo "lspci reads something else; when that is right, review it and: cp the new text to $2"
  exit 1
fi
echo "$(grep -c . "$work/text") lines as kept"
