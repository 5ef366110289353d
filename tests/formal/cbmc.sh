#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of CBMC, the bounded model checker of C: the machine's own, or Debian's package of a release that has a new
# one, unpacked with its libraries into the user's cache and run through its own loader. Through apt alone, with a state of
# its own; from where the machine's Debian sources are; nothing is installed. Status 77 with a word where it cannot be had.
# usage: cbmc.sh
set -euo pipefail
RELEASE=trixie # CBMC 6.6.0
skip() { echo "cbmc.sh: no CBMC: $*" >&2; exit 77; }
if command -v cbmc >/dev/null && cbmc --version | grep -qE '^(6|[7-9])\.'; then command -v cbmc; exit 0; fi
cache=${WEIR_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/weir}
there=$cache/cbmc-$RELEASE
if [ -x "$there/cbmc" ]; then echo "$there/cbmc"; exit 0; fi
command -v apt-get >/dev/null || skip "this machine has no apt-get"
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || skip "cannot write to $cache; WEIR_CACHE=FOLDER names another"
work=$(mktemp -d "$cache/cbmc.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/debs" "$work/sources" "$work/root"
# Repositories of Debian itself, as the machine's sources name them, with another release.
apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)|$(SIGNED_BY)' 'Created-By: Packages' 2>/dev/null |
  awk -F'|' '$4 == "Debian" && $2 !~ /-/ && $3 == "main"' | sort -u >"$work/from" || true
[ -s "$work/from" ] || skip "no apt source of this machine is Debian's"
while IFS='|' read -r uri _ component _ signed; do
  keyring=$signed
  case $keyring in /*) ;; *) keyring=/usr/share/keyrings/debian-archive-keyring.gpg ;; esac
  echo "deb [signed-by=$keyring] $uri $RELEASE $component"
done <"$work/from" | sort -u >"$work/sources/debian.list"
apt=(-q -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work" -o "Dir::Cache::archives=$work/archives"
  -o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$work/sources" -o "APT::Sandbox::User=$(id -un)" -o "Acquire::Languages=none")
apt-get "${apt[@]}" update >"$work/log" 2>&1 || true
(cd "$work/debs" && apt-get "${apt[@]}" download cbmc minisat libc6 libgcc-s1 libstdc++6 zlib1g) >>"$work/log" 2>&1 ||
  skip "apt could not fetch it: $(tail -1 "$work/log")"
for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/root"; done
loader=$(find "$work/root" -name 'ld-linux*.so.*' | head -1)
[ -n "$loader" ] || skip "the packages of $RELEASE have no loader that is known here"
cat >"$work/cbmc" <<'TXT'
#!/bin/sh
# Made by cbmc.sh: Debian's CBMC with its own libraries.
here=$(dirname "$(readlink -f "$0")")
loader=$(find "$here/root" -name 'ld-linux*.so.*' | head -1)
exec "$loader" --library-path "$(find "$here/root/usr/lib" -maxdepth 1 -type d -name '*-linux-gnu*'):$here/root/usr/lib" "$here/root/usr/bin/cbmc" "$@"
TXT
chmod 755 "$work/cbmc"
"$work/cbmc" --version >/dev/null 2>>"$work/log" || skip "what was fetched does not run here: $(tail -1 "$work/log")"
rm -rf "$work/lists" "$work/archives" "$work/debs" "$work"/*.bin
mv "$work" "$there"
trap - EXIT
echo "$there/cbmc"
