#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# firmware/boot/libsodium.sh with an apt-get that only pretends: what it asks for, what it takes and what it refuses. The same
# checks then fail on copies of it that take anything, or that change or forget a source.
# usage: libsodium.sh SCRIPT
set -euo pipefail
work=$(mktemp -d /tmp/weir-libsodium-XXXXXX)
trap 'rm -rf "$work"' EXIT
script=$(realpath "$1")
good=$("$script")
mkdir -p "$work/bin" "$work/etc/sources.list.d"
printf 'deb [signed-by=/k] http://one.invalid/debian stable main\n# deb http://off.invalid x main\n' >"$work/etc/sources.list"
printf 'Types: deb\nURIs: http://two.invalid/debian\nSuites: stable\nComponents: main\nSigned-By: /k\n' >"$work/etc/sources.list.d/two.sources"
cat >"$work/bin/apt-config" <<TXT
#!/bin/sh
echo "D='$work/etc/'"
TXT
cat >"$work/bin/apt-get" <<TXT
#!/bin/bash
for a; do case \$a in Dir::Etc::sourceparts=*) cat "\${a#*=}"/* >"$work/asked" ;; esac; done
echo "\$*" >>"$work/calls"
case " \$* " in *" source "*) [ ! -e "$work/offline" ] && cp "$work/answer" libsodium_1.0.18.orig.tar.gz ;; esac
TXT
chmod 755 "$work"/bin/*
export PATH=$work/bin:$PATH WEIR_CACHE=$work/cache
unset WEIR_LIBSODIUM
fail() { echo "FAILED CHECK: $*"; exit 1; }
said() { grep -q "$1" "$work/said" || fail "it does not say '$1': $(cat "$work/said")"; }

checks() ( # of the script $1
  rm -rf "$work/cache" "$work/calls" "$work/offline"
  cksum "$work"/etc/sources.list "$work"/etc/sources.list.d/* >"$work/before"
  echo "something else" >"$work/answer"
  ! "$1" >"$work/said" 2>&1 || fail "another archive was taken"
  said "is not used"
  [ ! -e "$work/cache/libsodium_1.0.18.orig.tar.gz" ] || fail "another archive is kept"
  touch "$work/offline"
  ! "$1" >"$work/said" 2>&1 || fail "without a network nothing was wrong"
  said "no card is built"
  rm "$work/offline"
  cp "$good" "$work/answer"
  [ "$("$1")" = "$work/cache/libsodium_1.0.18.orig.tar.gz" ] || fail "where the archive is"
  cmp -s "$good" "$work/cache/libsodium_1.0.18.orig.tar.gz" || fail "the archive is not whole"
  [ "$(ls "$work/cache")" = libsodium_1.0.18.orig.tar.gz ] || fail "something is left in the cache: $(ls "$work/cache")"
  [ "$(grep -c '^deb-src \[signed-by=/k\] http://one.invalid/debian stable main$' "$work/asked")" = 1 ] || fail "the line of sources.list"
  [ "$(grep -c '^Types: deb-src$' "$work/asked")" = 1 ] || fail "the stanza of sources.list.d"
  if grep -E 'off.invalid|^deb |^Types: deb$' "$work/asked"; then fail "a source that is off, or of binaries, was asked"; fi
  cksum "$work"/etc/sources.list "$work"/etc/sources.list.d/* | cmp -s - "$work/before" || fail "a source of the system has changed"
  calls=$(wc -l <"$work/calls")
  "$1" --have >/dev/null || fail "what is there is not found"
  "$1" >/dev/null && [ "$(wc -l <"$work/calls")" = "$calls" ] || fail "what is there was fetched again"
  echo x >>"$work/cache/libsodium_1.0.18.orig.tar.gz"
  ! "$1" --have >/dev/null || fail "a damaged archive was taken"
  echo other >"$work/other"
  ! WEIR_LIBSODIUM=$work/other "$1" >"$work/said" 2>&1 || fail "WEIR_LIBSODIUM may name anything"
  said "its SHA-256 is not"
)
checks "$script"

caught() { # SED WORDS: the script changed by SED fails the check that says WORDS
  sed "$1" "$script" >"$work/mutant"
  chmod 755 "$work/mutant"
  if cmp -s "$script" "$work/mutant"; then fail "does not change the script any more: $1"; fi
  if checks "$work/mutant" >"$work/verdict" 2>&1; then fail "nobody sees $1"; fi
  grep -q "$2" "$work/verdict" || fail "$1 is seen, but not by '$2': $(cat "$work/verdict")"
}
caught 's/^right() .*/right() { [ -e "$1" ]; }/' "another archive was taken"
caught 's/deb-src \/p/deb \/p/' "the line of sources.list"
caught 's/\^\[\[:space:\]\]\*deb/^[#[:space:]]*deb/' "a source that is off"
caught 's/^trap .*//' "something is left in the cache"
echo "kept"
