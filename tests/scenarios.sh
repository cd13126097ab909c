#!/bin/sh
# Scenario files from outside: shipped ones and golden cases run and agree with tests/golden/results.csv; broken ones (tests/bad/*.yaml) end with status 2,
# say what is in NAME.stderr and leave no database; the reference in docs/scenarios.md is the program's own.
#   tests/scenarios.sh             run all
#   tests/scenarios.sh --update    write down what the program does now (results of origin `measured`, messages, reference); git diff is the review
: "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}" "${RACKCAST:=$srcdir/rackcast}"
export RACKCAST_DATADIR="$srcdir"
update=no
[ "${1:-}" != --update ] || update=yes
. "$srcdir/tests/lib.sh"
check=$(dirname "$RACKCAST")/tests/golden_check
golden=$srcdir/tests/golden bad=$srcdir/tests/bad reference=$srcdir/docs/scenarios.md
marker='<!-- the reference begins here; make update-golden writes it -->'

# ---- bad input ----

say_bad() { # name: what the program says, with its exit status as the last line; the directory is the scenario's, so that names are short
  (cd "$bad" && "$RACKCAST" run "$1.yaml" -o "$scratch/bad.db" 2>&1 >/dev/null; echo "exit $?") </dev/null | sed "s|$srcdir|SRCDIR|g"
}

refused() {
  rm -f "$scratch/bad.db"
  say_bad "$1" >"$scratch/got"
  if [ $update = yes ]; then
    cp "$scratch/got" "$bad/$1.stderr"
  fi
  diff -u "$bad/$1.stderr" "$scratch/got" && grep -q '^exit 2$' "$scratch/got" && [ ! -e "$scratch/bad.db" ]
}

too_large() {
  { echo "name: large"; yes '# a comment of forty characters, nothing more' | head -n 30000; } >"$scratch/large.yaml"
  "$RACKCAST" run "$scratch/large.yaml" -o "$scratch/bad.db" 2>"$scratch/got"
  [ $? = 2 ] && grep -q 'large.yaml: is larger than 1048576 bytes' "$scratch/got"
}

bad_set() { # message, --set...
  wanted=$1
  shift
  "$RACKCAST" run "$golden/g1.yaml" -o "$scratch/bad.db" "$@" 2>"$scratch/got"
  [ $? = 2 ] && grep -qF -e "$wanted" "$scratch/got" || { cat "$scratch/got"; false; }
}

# ---- good input ----

play() { # file: leaves its database in $scratch/db, the exit status in $status
  scenario=$(basename "$1" .yaml)
  "$RACKCAST" run "$1" -o "$scratch/db/$scenario.db" >"$scratch/db/$scenario.out" 2>"$scratch/err" </dev/null
  status=$?
}

ends_with() { # status, file
  play "$2"
  [ "$status" = "$1" ] || { cat "$scratch/err"; false; }
}

says() { # exit status, pattern of the answer, file and further arguments
  wanted=$1 pattern=$2
  shift 2
  "$RACKCAST" run "$@" -o "$scratch/says.db" >"$scratch/out" 2>"$scratch/err" </dev/null
  status=$?
  [ "$status" = "$wanted" ] && grep -q "$pattern" "$scratch/out" || { cat "$scratch/err" "$scratch/out"; false; }
}

# A shipped scenario that has no feasible option says so in its header: "# Exit: 3".
ships() {
  wanted=$(sed -n 's/^# Exit: *\([0-9]*\).*/\1/p' "$1")
  ends_with "${wanted:-0}" "$1"
}

has_header() {
  for word in Question Command Answer; do
    grep -q "^# $word:" "$1" || return 1
  done
}

agrees() {
  "$check" "$golden/results.csv" "$scratch/db" >"$scratch/got"
  code=$?
  [ $code = 0 ] || cat "$scratch/got"
  return $code
}

reference_is_current() {
  sed "/^$marker\$/q" "$reference" >"$scratch/doc"
  "$RACKCAST" run --help-keys --markdown >>"$scratch/doc"
  if [ $update = yes ]; then
    cp "$scratch/doc" "$reference"
  fi
  diff -u "$reference" "$scratch/doc" >"$scratch/got" || { head -n 20 "$scratch/got"; false; }
}

# The same records at one thread and at several: what is exported differs in nothing.
same_at_any_number_of_threads() {
  for j in 1 3; do
    "$RACKCAST" run "$srcdir/scenarios/expand-fleet.yaml" --set 'work.serving.growth=tri(20, 50, 80) %/yr' --replicas 20 -j $j -o "$scratch/j$j.db" >/dev/null 2>&1 &&
      "$RACKCAST" export "$scratch/j$j.db" --format csv --table metric >"$scratch/j$j.csv" || return 1
  done
  [ "$(wc -l <"$scratch/j1.csv")" -gt 50 ] && cmp "$scratch/j1.csv" "$scratch/j3.csv"
}
replay_same_at_any_number_of_threads() {
  for j in 1 3; do
    "$RACKCAST" run "$srcdir/scenarios/serve-cluster.yaml" --set options.prefix.serve.router=power_of_two -j $j -o "$scratch/r$j.db" >/dev/null 2>&1 &&
      "$RACKCAST" export "$scratch/r$j.db" --format csv --table metric >"$scratch/r$j.csv" || return 1
  done
  [ "$(wc -l <"$scratch/r1.csv")" -gt 500 ] && cmp "$scratch/r1.csv" "$scratch/r3.csv"
}

# Every policy that a scenario may name is one that the engines know.
policies() {
  for set in router=round_robin router=least_tokens router=prefix router=power_of_two decode_router=near queue=priority queue=fair victim=lowest victim=smallest preemption=swap 'admission=queue' 'admission=wait' \
    'prefix_cache=off' 'timeout=200 ms'; do
    "$RACKCAST" run "$srcdir/scenarios/serve-cluster.yaml" --set work.replay.requests=300 --set "options.prefix.serve.${set%%=*}=${set#*=}" --set options.prefix.serve.max_queue=1 \
      --set "options.prefix.serve.max_wait=100 ms" -o "$scratch/policy.db" >/dev/null 2>"$scratch/err" || { cat "$scratch/err"; return 1; }
  done
}

# The examples in the manual are complete scenarios.
manual_runs() {
  awk -v to="$scratch/manual-" '/^```yaml/ { n++; on = 1; next } /^```/ { on = 0 } on { print > (to n ".yaml") } END { exit !n }' "$reference" || return 1
  for f in "$scratch"/manual-*.yaml; do
    "$RACKCAST" run "$f" -o "$scratch/manual.db" >/dev/null 2>"$scratch/err" || { cat "$scratch/err"; return 1; }
  done
}

mkdir "$scratch/db"
for f in "$bad"/*.yaml; do
  case $f in *-b.yaml) continue ;; esac # the other half of a pair
  ok "bad: $(basename "$f")" refused "$(basename "$f" .yaml)"
done
ok "bad: too large" too_large
ok "bad: --set without =" bad_set "--set: got 'horizon', expected KEY=VALUE" --set horizon
ok "bad: --set of an unknown key" bad_set "did you mean 'horizon'?" --set 'horizn=5 yr'
ok "bad: --set into a value" bad_set "horizon.length: no such place" --set 'horizon.length=5 yr'
ok "bad: --set beyond a list" bad_set "options.exact.layers.7.count: no such place" --set options.exact.layers.7.count=2
ok "bad: --set of no YAML" bad_set "--set" --set 'horizon=[5 yr'
ok "variant: R1 on two T4" says 3 "does not fit\|in time" "$srcdir/scenarios/article-infer-2xt4.yaml" --set variant=r1
ok "variant: a distilled model on two T4" says 0 own-2xt4 "$srcdir/scenarios/article-infer-2xt4.yaml" --set variant=distill-7b
ok "variant: R1 on an Orin" says 3 "does not fit\|misses the service level" "$srcdir/scenarios/article-edge-orin.yaml" --set variant=r1
for f in "$golden"/*.yaml; do
  ok "golden: $(basename "$f" .yaml)" ends_with 0 "$f"
done
for f in "$srcdir"/scenarios/*.yaml; do
  ok "header: $(basename "$f")" has_header "$f"
  ok "shipped: $(basename "$f")" ships "$f"
done
if [ $update = yes ]; then
  "$check" --update "$golden/results.csv" "$scratch/db" >"$scratch/csv" && cp "$scratch/csv" "$golden/results.csv"
fi
for server in p4d.24xlarge DGX-A100-320 DGX-A100-640 DGX-H100-640; do
  ok "R1 does not fit one $server" grep -q "DeepSeek-R1 does not fit one $server" "$scratch/db/r1-onprem-vs-p4d.out"
done
ok "threads" same_at_any_number_of_threads
ok "threads of a replay" replay_same_at_any_number_of_threads
ok "results" agrees
ok "policies" policies
ok "reference" reference_is_current
ok "manual" manual_runs
finish
