#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the lines of README.md, "By hand", as they are written, in a scratch folder and namespaces of its own. `./weir X`
# is the built program X. usage: readme.sh README PROGRAMS
set -euo pipefail
readme=$(realpath "$1") programs=$(realpath "$2")

if [ -z "${README_INSIDE:-}" ]; then
  [ "$(id -u)" = 0 ] && [ -c /dev/net/tun ] && unshare --net --mount true 2>/dev/null || { echo "needs root, namespaces and /dev/net/tun"; exit 77; }
  command -v ping >/dev/null || { echo "needs ping"; exit 77; }
  # Names of namespaces and devices are ours alone in there, and all ends with it.
  README_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child bash "$0" "$@"
fi

mkdir -p /run/netns
mount -t tmpfs none /run/netns
ip link set lo up
work=$(mktemp -d /tmp/weir-test-XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > weir <<SHIM
#!/bin/sh
command=\$1
shift
case \$command in
  build) exit 0 ;;
  sim|host|guest) exec "$programs/weir-\$command" "\$@" ;;
  ctl) exec "$programs/weirctl" "\$@" ;;
  *) echo "the README has a line that this test does not know: \$command" >&2; exit 1 ;;
esac
SHIM
chmod +x weir

# The block, each line with a word before it of what failed; what begins in the background is remembered.
awk '/^## By hand/ { in_part = 1 } in_part && /^```/ { if (open) exit; open = 1; next } open' "$readme" > lines
[ "$(grep -c ' &\( \|$\)' lines)" = 4 ] || { echo "the block of README.md is not as this test knows it"; exit 1; }
while IFS= read -r line; do
  printf 'line=%q\n%s\n' "$line" "$line"
  case $line in *' &' | *' & '*) echo 'jobs_begun+=($!)' ;; esac
done < lines > script
cat > around <<'AROUND'
set -eE
jobs_begun=()
trap 'echo "README: failed: $line"' ERR
. ./script
line='the programs'"'"' end'
for job in "${jobs_begun[@]}"; do
  status=0
  wait "$job" || status=$?
  [ "$status" = 0 ] || { echo "README: a program that was begun ended with $status"; exit 1; }
done
AROUND
bash around > out 2>&1 || { cat out; exit 1; }

has() { grep -q -- "$1" out || { cat out; echo "README: no '$1' in what the lines say"; exit 1; }; }
[ "$(grep -c ' 0% packet loss' out)" = 4 ] || { cat out; echo "README: a ping was lost"; exit 1; }
has 'vm1 .* attached'
has 'vm2 .* detached'
has 'ledger: balanced'
has 'to VF'
left=$(find . -mindepth 1 ! -name weir ! -name lines ! -name script ! -name around ! -name out ! -path ./parent ! -path './parent/*' ! -path ./card ! -path ./card/lock)
[ -z "$left" ] || { echo "README: left behind: $left"; exit 1; }
sockets=$(find parent card -type s)
[ -z "$sockets" ] || { echo "README: sockets left behind: $sockets"; exit 1; }
