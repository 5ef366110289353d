#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A generated page that is kept in docs/ is what the build generates now. usage: current.sh KEPT GENERATED
cmp -s "$1" "$2" && { echo "current"; exit 0; }
diff "$1" "$2" | head -20
echo "the contract says something else than $1; renew it with:"
echo "  cp $2 $1"
exit 1
