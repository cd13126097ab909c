#!/bin/sh
# What is there when a program is ended is kept and marked: exit 4, a readable database, and a sweep that is finished by --resume.
: "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}" "${RACKCAST:=$srcdir/rackcast}"
export srcdir RACKCAST_DATADIR="$srcdir"
. "$srcdir/tests/lib.sh"
scenario=$srcdir/scenarios/article-8xa100.yaml
cd "$scratch" || exit 99

sweep() { # fourteen points, one at a time
  "$RACKCAST" sweep "$scenario" --vary site.pue=1.01:1.14:0.01 -j1 -o sweep.db "$@"
}

# Ended by signal $1 as soon as the third point is in the database.
ended_by() {
  (exec "$RACKCAST" sweep "$scenario" --vary site.pue=1.01:1.14:0.01 -j1 -o sweep.db >out 2>log) &
  pid=$!
  until grep -q 'point 3 of' log 2>/dev/null || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
  kill -"$1" $pid
  wait $pid
}

sigterm_gives_4() {
  ended_by TERM
  [ $? = 4 ] && grep -q interrupted log
}

sigint_gives_4() {
  rm -f sweep.db*
  ended_by INT
  [ $? = 4 ]
}

database_is_readable() {
  "$RACKCAST" report sweep.db >answer && grep -q 'article-8xa100' answer
}

kill_leaves_a_readable_database() {
  rm -f sweep.db*
  ended_by KILL
  sleep 0.2 # the last child ends by itself
  database_is_readable
}

resume_finishes() {
  sweep --resume --csv >points.csv 2>log && [ "$(wc -l <points.csv)" = 15 ] && [ "$(cut -d, -f1 points.csv | sort -un | wc -l)" = 15 ] &&
    [ "$(grep -c '^rackcast: point' log)" -lt 14 ] && ! ls sweep.db.part* 2>/dev/null
}

ok "SIGTERM: exit 4" sigterm_gives_4
ok "SIGTERM: the database can be read" database_is_readable
ok "SIGTERM: --resume finishes" resume_finishes
ok "SIGINT: exit 4" sigint_gives_4
ok "SIGINT: --resume finishes" resume_finishes
ok "SIGKILL: the database can be read" kill_leaves_a_readable_database
ok "SIGKILL: --resume finishes" resume_finishes
finish
