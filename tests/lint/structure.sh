#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Invariants of docs/ARCHITECTURE.md that a grep can keep: one C++ file, licence heads, layering, no unfinished work.
cd "$WEIR_ROOT" || exit 2
files() { sh tests/lint/files.sh "$@"; }
bad=0
complain() { echo "$1"; bad=1; }

cpp=$(files '*.cpp' '*.cc' '*.cxx' '*.hpp')
[ "$cpp" = "rtl-model/shim/weir_rtl.cpp" ] || complain "C++ files other than the shim: $cpp"

for f in $(files '*.c' '*.h' '*.sv' '*.cpp' '*.def' '*.S' '*.cmake' 'CMakeLists.txt' '*/CMakeLists.txt' '*.sh'); do
  head -3 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || complain "no licence line: $f"
done

# One module, one file, one name.
for f in $(files 'rtl-model/*.sv'); do
  name=$(basename "$f" .sv)
  grep -qE "^(module|package) $name\b" "$f" || complain "$f does not define $name"
done

# Layers call downward only: includes tell.
grep -nE '#include "(control|svc|steer|queue)/' $(files 'firmware/hal/*') && complain "hal includes policy"
grep -nE '#include "weir/(pf|vf|netvsc|netvsp|vstack)' $(files 'hostdrv/core/*' 'hostdrv/bus/*') && complain "core or bus includes a higher layer"
grep -nE '#include "(rc|card|host)\.h"' $(files 'hostdrv/*' | grep -v '^hostdrv/bus/') && complain "the driver knows the simulator"

# Unfinished work has no place in a landing. The pattern is split so that this file does not match itself.
grep -nE '\b(TO''DO|FIX''ME|XX''X)\b' $(files '*.c' '*.h' '*.sv' '*.def' '*.cpp') && complain "unfinished work"
[ "$bad" = 0 ] && echo "structure kept"
exit "$bad"
