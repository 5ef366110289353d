#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# C sources as clang-format would write them.
cd "$WEIR_ROOT" || exit 2
files() { sh tests/lint/files.sh "$@"; }
files '*.c' '*.h' '*.cpp' | xargs -r clang-format --dry-run -Werror && echo "formatted"
