# Shared by ./quickstart and ./check, which read it in from the top of the checkout: install what is missing, configure, build.
# When all is there nothing is installed, nothing is downloaded and no rights are needed.

say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
have_lib() { have pkg-config && pkg-config --exists "$1"; }
can_link() { # header, linker flags
  probe=./.setup-probe.$$
  printf '#include <stdio.h>\n#include <%s>\nint main(void) { return 0; }\n' "$1" > "$probe.c" &&
    cc -o "$probe" "$probe.c" $2 2>/dev/null
  probed=$?
  rm -f "$probe" "$probe.c"
  return $probed
}

# Debian's names of the packages whose tool or library is not there.
missing_packages() {
  have make || echo make
  have cc || echo gcc
  can_link math.h -lm || echo libc6-dev
  have autoconf || echo autoconf
  have automake || echo automake
  have pkg-config || echo pkg-config
  have gnuplot || echo gnuplot-nox
  have_lib gsl || echo libgsl-dev
  have_lib sqlite3 || echo libsqlite3-dev
  have_lib yaml-0.1 || echo libyaml-dev
  have_lib jansson || echo libjansson-dev
  have_lib cunit || can_link CUnit/CUnit.h -lcunit || echo libcunit1-dev
  can_link csv.h -lcsv || echo libcsv-dev
}

install_packages() {
  root=
  if [ "$(id -u)" != 0 ]; then
    have sudo || { say "These packages are missing and there is no sudo. As root: apt-get install $*"; return 1; }
    root=sudo
  fi
  if ! have apt-get; then
    say "These packages are missing (Debian's names), and there is no apt-get to install them with: $*"
    return 1
  fi
  say "Installing what is missing: $*"
  # Old package lists often do still; an update that fails in part is no reason to give up.
  $root env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2 || say "apt-get update failed; trying with the lists that are there"
  $root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >&2
}

install_missing() {
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  install_packages $missing || return 1
  rm -f Makefile # it was configured without them, if at all
  missing=$(missing_packages)
  [ -z "$missing" ] || { say "Still missing after the installation: $(echo $missing)"; return 1; }
}

# A Makefile made elsewhere (a copied checkout) or before CUnit was there does not count. What changed since then make itself sees.
is_configured() {
  [ -f Makefile ] && grep -q "^abs_top_srcdir = $PWD\$" Makefile && grep -q '^S\["HAVE_CUNIT_TRUE"\]=""$' config.status
}

build() {
  if ! is_configured; then
    [ -x configure ] && [ configure -nt configure.ac ] && [ configure -nt Makefile.am ] || autoreconf -fi || return 1
    ./configure --quiet || return 1
  fi
  make -j"$(nproc 2>/dev/null || echo 2)" >&2
}

# Compilers and gnuplot keep their temporary files in the checkout too.
stay_inside() {
  TMPDIR=$PWD/.tmp.$$
  export TMPDIR
  mkdir -p "$TMPDIR" && trap 'rm -rf "$TMPDIR"' EXIT && trap 'exit 4' HUP INT TERM
}

set_up() { install_missing && stay_inside && build; }
