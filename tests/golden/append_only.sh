#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every line of the kept snapshot must stand in the generated one: the contract may grow, never change.
# usage: append_only.sh KEPT GENERATED
gone=$(grep -vxFf "$2" "$1")
if [ -n "$gone" ]; then
  echo "the contract changed; these lines of $1 are gone or different:"
  echo "$gone"
  exit 1
fi
new=$(grep -vxFf "$1" "$2" | wc -l)
echo "contract intact, $new lines newer than the snapshot"
