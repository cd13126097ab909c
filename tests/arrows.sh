#!/bin/sh
# The house rules that a compiler does not see: who may include whom, who may allocate, print and exit, and what may not be there at all.
: "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}"
. "$srcdir/tests/lib.sh"

# The sources of the program below the directory $1; tests and benches may do what they like but include from the top.
program_sources() { (cd "$1" && find base sim hwmodels workloads scenarios output cli -name '*.[ch]' 2>/dev/null | sort); }
folders='base sim hwmodels workloads scenarios output cli tests bench docs'
all_sources() { (cd "$1" && find base sim hwmodels workloads scenarios output cli tests bench -name '*.[ch]' 2>/dev/null | sort); }

# Includes as `file line included`, but for the generated config.h.
includes() {
  for f in $(all_sources "$1"); do
    sed -n '/^[[:space:]]*#[[:space:]]*include[[:space:]]*"/{=;s/.*include[[:space:]]*"\([^"]*\)".*/\1/p;}' "$1/$f" |
      awk -v f="$f" 'NR % 2 { line = $0; next } $0 != "config.h" { print f, line, $0 }'
  done
}

# The arrows: base <- sim/kernel <- hwmodels, workloads <- sim <- scenarios, output <- cli. hwmodels and workloads see of sim the kernel alone and
# not each other; output sees of sim the records and the kernel, and nothing of what they were computed with. Prints what breaks them.
wrong_includes() {
  includes "$1" | awk '
    function folder(path) {
      if (path ~ /^sim\/kernel\//) return "kernel"
      if (path == "sim/record.h") return "record"
      sub(/\/.*/, "", path)
      return path
    }
    BEGIN {
      may["base"] = " base "
      may["kernel"] = may["base"] "kernel "
      may["hwmodels"] = may["kernel"] "hwmodels "
      may["workloads"] = may["kernel"] "workloads "
      may["sim"] = may["record"] = may["kernel"] "hwmodels workloads sim record "
      may["scenarios"] = may["sim"] "scenarios "
      may["output"] = may["kernel"] "record output "
      may["cli"] = may["scenarios"] "output cli "
      may["bench"] = may["cli"] "bench "
      may["tests"] = may["bench"] "tests "
    }
    index(may[folder($1)], " " folder($3) " ") == 0 { print $1 ":" $2 ": includes " $3; next }'
  includes "$1" | while read -r file line included; do
    case $included in */*) ;; *) echo "$file:$line: $included is not written from the top" ;; esac
    [ -f "$1/$included" ] || echo "$file:$line: $included does not exist"
  done
}

# The program's sources without comments and strings, every line as file:line:text.
bare_sources() {
  (cd "$1" && awk '{
    if (FNR == 1) comment = 0
    out = ""; quote = ""
    for (i = 1; i <= length($0); i++) {
      c = substr($0, i, 1); two = substr($0, i, 2)
      if (comment) { if (two == "*/") { comment = 0; i++ } continue }
      if (quote != "") { if (c == "\\") i++; else if (c == quote) quote = ""; continue }
      if (two == "/*") { comment = 1; i++; continue }
      if (two == "//") break
      if (c == "\"" || c == "\047") { quote = c; out = out "_"; continue }
      out = out c
    }
    if (out != "") print FILENAME ":" FNR ":" out
  }' $(program_sources .) /dev/null)
}

# Uses of the words $2 (an extended regular expression) in program sources but those matching $3.
uses() {
  [ "${bare_of:-}" = "$1" ] || bare_sources "$1" >"$scratch/bare"
  grep -E ":[0-9]+:(.*[^A-Za-z0-9_.>])?($2)" "$scratch/bare" | grep -Ev "$3"
}

allocations() { uses "$1" '(malloc|calloc|realloc|reallocarray|free|strdup|strndup|asprintf|vasprintf|alloca) *\(' '^base/mem\.c:'; }
output_calls() { uses "$1" '(printf|vprintf|puts|putchar|perror|warnx?|errx?) *\(|std(out|err)([^A-Za-z0-9_]|$)' '^cli/'; }
exits() { uses "$1" '(exit|_exit|_Exit|quick_exit|abort) *\(' '^cli/|^base/mem\.c:'; }
locales() { uses "$1" '(setlocale|uselocale) *\(' '^$'; }
locale_numbers() { uses "$1" '(strtod|strtof|strtold|atof|atoi|atol) *\(' '^base/units\.c:'; }
gsl_handlers() { uses "$1" '(gsl_set_error_handler|gsl_set_error_handler_off) *\(' '^cli/main\.c:'; }

# What ships must not lean on places outside the checkout. (The pattern is written so that this file does not match it.)
outside_places() {
  (cd "$1" && find . \( -name .git -o -name autom4te.cache -o -name 'build-*' -o -name '*.scratch.*' -o -path ./results -o -path ./report \) -prune -o \
    -type f \( -name '*.[ch]' -o -name '*.mk' -o -name '*.am' -o -name '*.ac' -o -name '*.sh' -o -name '*.md' -o -name '*.csv' -o -name '*.yaml' \
    -o -name '*.json' -o -name '*.svg' -o -name '*.cmd' -o -name check -o -name quickstart \) -print | grep -v '^./config' |
    xargs grep -nE '[.][.]/shared|/work[/]|/tmp/w[t]|/tmp/tmp[.]')
}

# What lies in a folder but in no local.mk would be missing from a release. A folder may be listed as a whole.
undistributed() {
  listed=$(cd "$1" && cat Makefile.am $(find $folders -name local.mk 2>/dev/null) 2>/dev/null | tr -s ' \\\n' ' ')
  (cd "$1" && find $folders -type f \( -name '*.[ch]' -o -name '*.csv' -o -name '*.yaml' \
    -o -name '*.json' -o -name '*.jsonl' -o -name '*.sh' -o -name '*.md' -o -name '*.cmd' -o -name '*.gp' \) 2>/dev/null) | sort |
    awk -v listed="$listed" 'BEGIN { n = split(listed, l, " "); for (i = 1; i <= n; i++) is[l[i]] = 1 }
      { f = $0; while (f != "" && !(f in is)) if (!sub(/\/[^\/]*$/, "", f)) f = ""
        if (f == "") print $0 " is in no local.mk" }'
}

# Data that is listed twice cannot be installed.
listed_twice() {
  (cd "$1" && cat $(find $folders -name local.mk 2>/dev/null)) | tr -s ' \\\n' '\n' | grep -E '/.*[.](csv|yaml|json|jsonl|md|svg)$' | sort | uniq -d
}

# Links between pages lead somewhere.
broken_links() {
  (cd "$1" && find *.md docs -name '*.md' 2>/dev/null) | while read -r page; do
    grep -o '](\([^)#:]*\)[)#]' "$1/$page" | sed 's/^](//; s/[)#]$//' | while read -r link; do
      [ -z "$link" ] || [ -e "$1/$(dirname "$page")/$link" ] || echo "$page: $link does not exist"
    done
  done
}

nothing() { # of a function's output, which is shown
  found=$("$1" "$2")
  [ -z "$found" ] || { echo "$found"; return 1; }
}
something() { [ -n "$("$1" "$2")" ]; }

bare_sources "$srcdir" >"$scratch/bare"
bare_of=$srcdir
ok 'includes follow the arrows' nothing wrong_includes "$srcdir"
ok 'memory is allocated in base/mem.c alone' nothing allocations "$srcdir"
ok 'only cli prints' nothing output_calls "$srcdir"
ok 'only cli exits' nothing exits "$srcdir"
ok 'nobody sets a locale' nothing locales "$srcdir"
ok 'numbers are read by base/units alone' nothing locale_numbers "$srcdir"
ok 'the GSL error handler is set once, in main' nothing gsl_handlers "$srcdir"
ok 'nothing leans on places outside the checkout' nothing outside_places "$srcdir"
ok 'no data is listed twice' nothing listed_twice "$srcdir"
ok 'links between pages lead somewhere' nothing broken_links "$srcdir"
ok 'everything is distributed' nothing undistributed "$srcdir"

bare_of=
# Each rule must be able to fail: a file that breaks it, and one that only looks like it.
breaks() { # rule, file, text
  rm -rf "$scratch/tree"
  mkdir -p "$scratch/tree/$(dirname "$2")" "$scratch/tree/sim/kernel" "$scratch/tree/base" "$scratch/tree/hwmodels"
  : > "$scratch/tree/sim/fleet.h"; : > "$scratch/tree/sim/record.h"; : > "$scratch/tree/sim/kernel/engine.h"
  : > "$scratch/tree/base/err.h"; : > "$scratch/tree/hwmodels/catalog.h"
  printf '%s\n' "$3" > "$scratch/tree/$2"
  something "$1" "$scratch/tree"
}
keeps() { ! breaks "$@"; }
ok 'seen: base includes sim' breaks wrong_includes base/x.c '#include "sim/kernel/engine.h"'
ok 'seen: workloads includes hwmodels' breaks wrong_includes workloads/x.c '# include "hwmodels/catalog.h"'
ok 'seen: hwmodels includes sim' breaks wrong_includes hwmodels/x.c '#include "sim/fleet.h"'
ok 'seen: output includes sim beside the records' breaks wrong_includes output/x.c '#include "sim/fleet.h"'
ok 'seen: output includes hwmodels' breaks wrong_includes output/x.c '#include "hwmodels/catalog.h"'
ok 'seen: sim/kernel includes sim' breaks wrong_includes sim/kernel/x.c '#include "sim/record.h"'
ok 'seen: an include from beside' breaks wrong_includes sim/x.c '#include "fleet.h"'
ok 'seen: an include of nothing' breaks wrong_includes sim/x.c '#include "base/nothing.h"'
ok 'allowed: output includes the records' keeps wrong_includes output/x.c '#include "sim/record.h"'
ok 'allowed: sim includes hwmodels' keeps wrong_includes sim/x.c '#include "hwmodels/catalog.h"'
ok 'seen: malloc' breaks allocations sim/x.c 'char *p = malloc (3);'
ok 'allowed: mem_free, sqlite3_free, a member free, a comment, a string' keeps allocations sim/x.c \
  'mem_free(p); sqlite3_free(p); t->free(p); /* free(p) */ s = "free(p)"; // free(p)'
ok 'seen: printf' breaks output_calls output/x.c 'printf("x");'
ok 'seen: stderr' breaks output_calls output/x.c 'fputs("x", stderr);'
ok 'allowed: snprintf, fprintf' keeps output_calls output/x.c 'snprintf(b, 3, "x"); fprintf(f, "x");'
ok 'allowed: printf in cli' keeps output_calls cli/x.c 'printf("x");'
ok 'seen: exit' breaks exits sim/x.c 'exit(1);'
ok 'seen: setlocale' breaks locales cli/x.c 'setlocale(LC_ALL, "");'
ok 'seen: atof' breaks locale_numbers sim/x.c 'x = atof(s);'
ok 'seen: a handler of GSL' breaks gsl_handlers sim/x.c 'gsl_set_error_handler_off();'
outside='.''./shared'
ok 'seen: a path outside' breaks outside_places sim/x.c "/* see $outside/design */"
ok 'seen: a page listed twice' breaks listed_twice docs/local.mk 'DATA += docs/x.md docs/y.md docs/x.md'
ok 'seen: a broken link' breaks broken_links docs/x.md 'see [there](nowhere.md#part)'
ok 'allowed: a link, a web address' keeps broken_links docs/x.md '[self](x.md) [part](#part) [web](https://example.org/x)'
ok 'seen: a source in no local.mk' breaks undistributed sim/x.c ''
listed_folder() { breaks "$@"; printf 'EXTRA_DIST += base \\\n  sim hwmodels tests/data\n' > "$scratch/tree/tests/local.mk"; ! something undistributed "$scratch/tree"; }
ok 'allowed: a listed folder' listed_folder undistributed tests/data/x.csv ''
finish
