#!/bin/sh
# Command line cases. tests/cli/NAME.cmd is run by sh in an empty directory of its own, with `rackcast` in the PATH and the source tree
# as $srcdir; what it writes must be NAME.stdout and NAME.stderr (no file = nothing written), and its exit status NAME.exit (no file = 0).
# The source tree is written as SRCDIR and that directory as HERE; trailing blanks do not matter.
#   tests/cli.sh [NAME...]         run all cases or these; a failure shows the difference
#   tests/cli.sh --update [NAME...]  write down what the program does now; git diff is the review
: "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}" "${RACKCAST:=$srcdir/rackcast}"
export srcdir RACKCAST_DATADIR="$srcdir"
update=no
[ "${1:-}" != --update ] || { update=yes; shift; }
. "$srcdir/tests/lib.sh"
PATH=$(dirname "$RACKCAST"):$PATH
cases=$srcdir/tests/cli

run_case() { # leaves stdout, stderr and exit in $scratch/got
  rm -rf "$scratch/run" "$scratch/got"
  mkdir "$scratch/run" "$scratch/got"
  (cd "$scratch/run" && sh "$cases/$1.cmd") >"$scratch/got/raw.stdout" 2>"$scratch/got/raw.stderr" </dev/null
  echo $? >"$scratch/got/exit"
  for s in stdout stderr; do
    sed -e "s|$scratch/run|HERE|g" -e "s|$srcdir|SRCDIR|g" -e 's/[[:space:]]*$//' "$scratch/got/raw.$s" >"$scratch/got/$s"
  done
}

expected() { # case, part
  if [ -e "$cases/$1.$2" ]; then
    sed "s/[[:space:]]*$//" "$cases/$1.$2"
  elif [ "$2" = exit ]; then
    echo 0
  fi
}

as_expected() {
  run_case "$1"
  same=0
  for part in exit stderr stdout; do
    expected "$1" "$part" >"$scratch/want"
    diff -u "$scratch/want" "$scratch/got/$part" >"$scratch/diff" && continue
    same=1
    echo "--- $1: $part, wanted and got"
    sed 1,2d "$scratch/diff"
  done
  return $same
}

write_down() {
  run_case "$1"
  for part in exit stderr stdout; do
    rm -f "$cases/$1.$part"
    case $part in
      exit) [ "$(cat "$scratch/got/exit")" = 0 ] || cp "$scratch/got/exit" "$cases/$1.exit" ;;
      *) [ ! -s "$scratch/got/$part" ] || cp "$scratch/got/$part" "$cases/$1.$part" ;;
    esac
  done
}

[ $# -gt 0 ] || set -- $(cd "$cases" && ls *.cmd | sed 's/\.cmd$//')
for name in "$@"; do
  if [ $update = yes ]; then
    write_down "$name"
  else
    ok "$name" as_expected "$name"
  fi
done
[ $update = yes ] || finish
