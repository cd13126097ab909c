#!/bin/sh
# docs/cli.md shows every command's --help as it is: a line `$ rackcast NAME --help` and below it, up to the end of the block, the output.
#   tests/cli_doc.sh            compare
#   tests/cli_doc.sh --update   write the blocks anew, a section for a new command at the end
: "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}" "${RACKCAST:=$srcdir/rackcast}"
export srcdir RACKCAST_DATADIR="$srcdir"
update=no
[ "${1:-}" != --update ] || update=yes
. "$srcdir/tests/lib.sh"
doc=$srcdir/docs/cli.md

renewed() {
  skip=no
  while IFS= read -r line; do
    [ "$line" != '```' ] || skip=no
    [ $skip = yes ] || printf '%s\n' "$line"
    case $line in
      '$ rackcast '*' --help')
        command=${line#'$ rackcast '}
        "$RACKCAST" "${command%' --help'}" --help
        skip=yes;;
    esac
  done <"$doc"
}

blocks_are_current() {
  renewed >"$scratch/cli.md"
  diff -u "$doc" "$scratch/cli.md"
}

missing() {
  "$RACKCAST" help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' | grep -v '^help$' | while read -r name; do
    grep -qF "\$ rackcast $name --help" "$doc" || echo "$name"
  done
}

every_command_has_a_block() {
  ! missing | grep .
}

if [ $update = yes ]; then
  for name in $(missing); do
    printf '\n## %s\n\n```text\n$ rackcast %s --help\n```\n' "$name" "$name" >>"$doc"
  done
  renewed >"$scratch/cli.md" && cp "$scratch/cli.md" "$doc"
  exit
fi
ok "every command is in docs/cli.md" every_command_has_a_block
ok "docs/cli.md shows what --help says" blocks_are_current
finish
