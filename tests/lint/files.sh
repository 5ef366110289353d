#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The project's files that match one of the patterns (`*` goes over slashes too), one a line, seen from the current folder,
# which is the checkout's root: what git knows, or, in an unpacked archive, all but build folders.
# usage: files.sh PATTERN...
known=$(git ls-files 2>/dev/null)
[ -n "$known" ] || known=$(find . -path './build*' -prune -o -type f -print | sed 's,^\./,,' | sort)
printf '%s\n' "$known" | while read -r file; do
  for pattern; do
    # shellcheck disable=SC2254
    case $file in $pattern) echo "$file"; break ;; esac
  done
done
