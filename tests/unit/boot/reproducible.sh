#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Reproducible builds: the signed image, built from copies of the sources in two folders of different length, one after the
# other, by one and by two jobs, without the compiler cache, has the same bytes as this build's.
# usage: reproducible.sh SOURCE IMAGE
set -euo pipefail
source=$(realpath "$1") image=$2
work=$(mktemp -d /tmp/weir-same-XXXXXX)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED CHECK: $*"; tail -20 "$work/log" 2>/dev/null; exit 1; }
export CCACHE_DISABLE=1
jobs=1
for folder in a "a/longer+folder/with.another-name"; do
  mkdir -p "$work/$folder/src"
  (cd "$source" && tar -c CMakeLists.txt firmware hostdrv rtl-model) | tar -x -C "$work/$folder/src"
  cmake -G Ninja -B "$work/$folder/build" -S "$work/$folder/src" -DWEIR_RTL=OFF >"$work/log" 2>&1 || fail "it cannot be configured"
  ninja -C "$work/$folder/build" -j "$jobs" weir_firmware >"$work/log" 2>&1 || fail "it does not build"
  cmp "$image" "$work/$folder/build/firmware.img" || fail "the image built in $folder is another"
  jobs=2
done
echo "the same bytes: $(sha256sum <"$image")"
