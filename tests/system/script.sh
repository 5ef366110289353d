#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The `weir` script in a tree of its own, with a build that only counts: when it builds and when not, in whose folder it
# runs what, and what it says where it cannot.
# usage: script.sh WEIR
set -euo pipefail
weir=$(realpath "$1")
work=$(mktemp -d /tmp/weir-script-XXXXXX)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
fail() { echo "FAILED CHECK: $*"; cat "$work/said" 2>/dev/null; exit 1; }

# A checkout with one source, and stubs for what builds: each leaves a line, and two at a time are an error.
mkdir -p "$work/bin" "$work/tree"/{firmware,hostdrv,rtl-model,sim,tests}
touch "$work/tree/CMakeLists.txt" "$work/tree/sim/a.c" "$work/tree/sim/b.c"
cp "$weir" "$work/tree/weir"
cat >"$work/bin/cmake" <<'TXT'
#!/bin/sh
while [ "$1" != -B ]; do shift; done
touch "$2/CMakeCache.txt"
sleep 0.3
touch "$2/build.ninja" || exit 1
TXT
cat >"$work/bin/ninja" <<TXT
#!/bin/sh
mkdir "$work/running" || { echo two builds at once >>"$work/builds"; exit 1; }
echo "\$*" >>"$work/builds"
sleep 0.3
mkdir -p "\$2/bin"
printf '#!/bin/sh\nif [ "\$1" = where ]; then pwd; fi\n' >"\$2/bin/weirctl"
chmod 755 "\$2/bin/weirctl"
rmdir "$work/running"
TXT
cat >"$work/bin/dpkg-query" <<TXT
#!/bin/sh
echo asked >>"$work/packages"
shift 2
for p; do echo "\$p install ok installed"; done
TXT
chmod 755 "$work"/bin/*
export PATH=$work/bin:$PATH
unset WEIR_BUILD WEIR_JOBS
builds() { if [ -f "$work/builds" ]; then wc -l <"$work/builds"; else echo 0; fi; }
expect() { [ "$(builds)" = "$1" ] || fail "$2: $(builds) builds, not $1: $(cat "$work/builds")"; }
ctl() { (cd "${in:-$work}" && "${tree:-$work/tree}/weir" ctl "$@") >"$work/said" 2>&1; }

# The last comes while the first configures.
for i in 1 2 3 4; do
  [ "$i" != 4 ] || sleep 0.15
  "$work/tree/weir" ctl >"$work/said.$i" 2>&1 &
done
wait
if cat "$work"/said.? | grep -q "from the start"; then fail "one took away what another was making"; fi
expect 1 "four started at the same time"
[ "$(cat "$work"/said.? | grep -c 'waiting for it')" = 3 ] || fail "who waits for another's build says so"

rm -f "$work/packages"
ctl where
expect 1 "nothing has changed"
[ ! -e "$work/packages" ] || fail "packages were looked for although nothing has changed"
[ "$(cat "$work/said")" = "$work" ] || fail "a program runs where the user stands"

sleep 0.02 && touch "$work/tree/sim/a.c"
ctl && expect 2 "a source has changed"
sleep 0.02 && rm "$work/tree/sim/b.c"
ctl && expect 3 "a source is gone"
"$work/tree/weir" build >/dev/null && expect 4 "everything was never built"
ctl && expect 4 "everything was built"
"$work/tree/weir" build firmware >"$work/said" && expect 4 "the firmware is a part of everything"
grep -q "tree/build/firmware.img" "$work/said" || fail "where the firmware is"
sleep 0.02 && touch "$work/tree/sim/a.c"
"$work/tree/weir" build firmware >/dev/null && expect 5 "the firmware alone"
grep -q 'weir_firmware' "$work/builds" || fail "the firmware alone is its target"

mkdir "$work/here"
in=$work/here
(cd "$work/here" && WEIR_BUILD=own "$work/tree/weir" ctl where) >"$work/said" 2>/dev/null
[ -x "$work/here/own/bin/weirctl" ] || fail "WEIR_BUILD is seen from where the user stands"
[ "$(tail -1 "$work/said")" = "$work/here" ] || fail "a program runs where the user stands"
expect 6 "another build folder"

touch "$work/tree/build/stale"
mv "$work/tree" "$work/moved"
tree=$work/moved
ctl && expect 7 "the checkout was moved"
[ ! -e "$work/moved/build/stale" ] || fail "what another place built is still there"
grep -q "once more from the start" "$work/said" || fail "why it builds again"
sed -i 's/x86-64-v3\|native\|x86-64 /x86-64-v9 /' "$work/moved/build/.weir/for"
ctl && expect 8 "a build of another kind of processor"

mkdir "$work/a b" && cp -r "$work/moved" "$work/a b/tree"
tree="$work/a b/tree"
if ctl; then fail "a path with a space went through"; fi
grep -q "has a character that make cannot bear" "$work/said" || fail "why a path with a space is refused"
expect 8 "a path with a space"

# Another user, who may read: runs what is there, is told when it is old, builds elsewhere.
tree=$work/moved
chmod -R a+rX "$work" && chmod a+rwx "$work" && touch "$work/builds" && chmod a+rw "$work/builds" "$work/said"
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else chmod -R a-w "$work/moved" && "$@"; fi; }
(cd /tmp && as "$tree/weir" ctl where) >"$work/said" 2>&1 || fail "another user cannot run what is built"
[ "$(cat "$work/said")" = /tmp ] || fail "where another user stands"
sleep 0.02 && chmod -R u+w "$work/moved" && touch "$work/moved/sim/a.c"
if (cd /tmp && as "$tree/weir" ctl) >"$work/said" 2>&1; then fail "an old build of somebody else's was run"; fi
grep -q "WEIR_BUILD=FOLDER" "$work/said" || fail "what to do about a folder that is not one's own"
expect 8 "a folder that is not one's own"
(cd /tmp && as env WEIR_BUILD="$work/theirs" "$tree/weir" ctl) >"$work/said" 2>&1 || fail "another user cannot build elsewhere"
expect 9 "another user's own folder"
if grep -q "two builds" "$work/builds"; then fail "two builds at once"; fi
echo "nine builds, each when it was due"
