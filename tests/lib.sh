# For test scripts: `ok NAME COMMAND...` runs a test and counts it; `finish` prints the line that ./check adds up.
set -u
tests_passed=0 tests_failed=0

ok() {
  name=$1
  shift
  if "$@"; then
    tests_passed=$((tests_passed + 1))
  else
    tests_failed=$((tests_failed + 1))
    echo "FAIL: $name"
  fi
}

finish() {
  echo "TESTS passed=$tests_passed failed=$tests_failed"
  [ $tests_failed = 0 ] && [ $tests_passed -gt 0 ]
  exit
}

skip() { # 77 tells the harness
  echo "skipped: $*"
  exit 77
}

# A scratch directory in the build tree, removed at the end.
scratch=$(pwd)/$(basename "$0" .sh).scratch.$$
mkdir -p "$scratch" || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
