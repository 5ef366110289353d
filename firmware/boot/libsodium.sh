#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of libsodium's source archive, which the boot ROM's Ed25519 is built from, and fetches it first where it is
# not there yet: Debian's source package, by apt alone, with a state of its own. The machine's own apt sources say where from
# and whom to trust; none of them is changed, and no root is needed. What comes is used only if it has the one right SHA-256.
# usage: libsodium.sh [--have]     --have: never fetch, status 1 when it is not there
# Environment: WEIR_CACHE (folder, default the user's cache), WEIR_LIBSODIUM (an archive that is already there).
set -euo pipefail
NAME=libsodium_1.0.18.orig.tar.gz
SHA256=d59323c6b712a1519a5daf710b68f5e7fde57040845ffec53850911f10a5d4f4
cache=${WEIR_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/weir}
file=${WEIR_LIBSODIUM:-$cache/$NAME}

die() {
  echo "libsodium.sh: $*" >&2
  exit 1
}
right() { echo "$SHA256  $1" | sha256sum --check --status 2>/dev/null; }

if [ -n "${WEIR_LIBSODIUM:-}" ]; then
  [ -r "$file" ] || die "WEIR_LIBSODIUM: $file: no such file; name $NAME, or unset it to have apt fetch it"
  right "$file" || die "WEIR_LIBSODIUM: $file is not $NAME: its SHA-256 is not $SHA256"
fi
if [ -r "$file" ] && right "$file"; then
  echo "$file"
  exit 0
fi
[ "${1:-}" != --have ] || exit 1

without="without it there is no check of signatures, so no card is built
  fetch it where there is a network (./weir setup), or give $NAME of Debian's source package libsodium:
  WEIR_LIBSODIUM=FILE ./weir build"
command -v apt-get >/dev/null || die "no apt-get here to fetch $NAME with: $without"
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || die "cannot write to $cache; WEIR_CACHE=FOLDER names another"
work=$(mktemp -d "$cache/apt.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/got" "$work/sources"

# The machine's sources as apt reads them, each as one of source packages. `[...]` of a line and a stanza's other fields stay.
etc=$(apt-config shell D Dir::Etc/d)
eval "$etc"
etc=${D:-/etc/apt/}
for list in "$etc"/sources.list "$etc"/sources.list.d/*.list; do
  [ -r "$list" ] || continue
  sed -nE 's/^[[:space:]]*deb(-src)?[[:space:]]/deb-src /p' "$list" | sort -u >"$work/sources/$(basename "$list" .list).list"
done
for list in "$etc"/sources.list.d/*.sources; do
  [ -r "$list" ] || continue
  sed -E 's/^[Tt]ypes:.*/Types: deb-src/' "$list" >"$work/sources/$(basename "$list")"
done
apt=(apt-get -q -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work" -o "Dir::Cache::archives=$work/archives"
  -o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$work/sources" -o "APT::Sandbox::User=$(id -un)"
  -o "Acquire::Languages=none")
# A source that has no such package, or does not answer, is no matter as long as another one has it.
"${apt[@]}" update >"$work/log" 2>&1 || true
(cd "$work/got" && "${apt[@]}" source --download-only --tar-only libsodium) >>"$work/log" 2>&1 || {
  tail -3 "$work/log" >&2
  die "apt could not fetch $NAME, see above: $without"
}
right "$work/got/$NAME" || die "what apt fetched is not $NAME with the SHA-256 $SHA256: it is not used, and $without"
mv "$work/got/$NAME" "$file"
echo "$file"
