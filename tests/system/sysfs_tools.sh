#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Stock lspci, setpci and shell against the live PCI tree of `weir-sim --sysfs`. usage: sysfs_tools.sh WEIR_SIM
set -u
[ "$(id -u)" = 0 ] && [ -w /dev/fuse ] || { echo "needs root and /dev/fuse"; exit 77; }
command -v lspci >/dev/null && command -v setpci >/dev/null || { echo "needs pciutils"; exit 77; }
work=$(mktemp -d)
sim=""
finish() { [ -n "$sim" ] && kill "$sim" 2>/dev/null && wait "$sim"; rm -f "$work"/d/lock "$work"/log; rmdir "$work"/d "$work"/pci "$work" 2>/dev/null; }
trap finish EXIT
die() { echo "$1"; exit 1; }
want() { [ "$2" = "$3" ] || die "$1: '$2', expected '$3'"; }

"$1" --sysfs "$work/pci" --dir "$work/d" --vfs 0 > "$work/log" 2>&1 &
sim=$!
for _ in $(seq 300); do grep -q ready "$work/log" && break; sleep 0.1; done
grep -q ready "$work/log" || { cat "$work/log"; die "the simulator does not start"; }
pf=$work/pci/devices/0000:01:00.0
pci() { "$1" -O sysfs.path="$work/pci" "${@:2}" 2>/dev/null; }

want "one function" "$(pci lspci -n | wc -l)" 1
want "PF" "$(pci lspci -n)" "01:00.0 0200: 1234:5e10"
want "totalvfs" "$(cat "$pf/sriov_totalvfs")" 64
echo 20 > "$pf/sriov_numvfs" || die "cannot enable VFs"
want "PF and VFs" "$(pci lspci -n | wc -l)" 21
want "VF 19 (ARI: device 2, function 4)" "$(pci lspci -n -s 01:02.4)" "01:02.4 0200: 1234:5e11"
(echo 3 > "$pf/sriov_numvfs") 2>/dev/null && die "VFs were enabled twice (rules 1.15)"
(echo 65 > "$pf/sriov_numvfs") 2>/dev/null && die "65 VFs"
pci lspci -vvv -s 01:00.0 | grep -q "Number of VFs: 20" || die "lspci -vvv does not see the VFs"
pci lspci -vvv -s 01:00.0 | grep -q "Region 0: Memory at 100000000 (64-bit, non-prefetchable) \[size=2M\]" || die "BAR"
# Writes through setpci reach the card, and only what is writable changes (pcie 20).
pci setpci -s 01:00.1 COMMAND=ffff
want "a VF's command" "$(pci setpci -s 01:00.1 COMMAND)" 0004
pci setpci -s 01:00.0 CAP_EXP+8.W=1010
want "device control" "$(pci setpci -s 01:00.0 CAP_EXP+8.W)" 1010
echo 1 > "$work/pci/devices/0000:01:00.1/reset" || die "reset"
want "command after a reset" "$(pci setpci -s 01:00.1 COMMAND)" 0000
want "the ABI register" "$(od -A n -t x4 -N 4 "$work/pci/devices/0000:01:00.1/resource0" | tr -d ' ')" 00000001
pci setpci -s 01:00.0 ECAP_SRIOV+8.W=0010 # VF Enable off, behind the kernel's back, so to speak
want "functions after VF Enable = 0" "$(pci lspci -n | wc -l)" 1
kill "$sim"
wait "$sim"
want "exit status (2: a TLP rule was broken)" $? 0
sim=""
[ ! -e "$work/pci" ] || die "the folder is left"
echo "lspci and setpci work live"
