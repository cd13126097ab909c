#!/bin/sh
# Every header compiles alone, and twice.
: "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}"
. "$srcdir/tests/lib.sh"
: "${CC:=cc}" "${COMPILE_FLAGS:=-std=gnu11 -D_GNU_SOURCE -I$srcdir}"

compiles() { printf '#include "%s"\n#include "%s"\n' "$1" "$1" | $CC $COMPILE_FLAGS -fsyntax-only -x c -; }

for header in $(cd "$srcdir" && find base sim hwmodels workloads scenarios output cli tests bench -name '*.h' 2>/dev/null | sort); do
  case $header in tests/*) [ "${have_cunit:-yes}" = yes ] || continue ;; esac
  ok "$header" compiles "$header"
done
finish
