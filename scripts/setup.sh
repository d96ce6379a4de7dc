#!/usr/bin/env bash
# Finds, or installs, the programs the stack is made of: PostgreSQL, PgBouncer and openssl. Says nothing when all are there.
# Writes `.data/tools.env`, which `scripts/stack/tools.ts` reads. CLOISON_PG_BIN and CLOISON_PGBOUNCER name programs to use instead.
set -euo pipefail
# What is built here must be runnable by the unprivileged user that the servers run as, whatever the caller's mask.
umask 022

readonly MIN_POSTGRES=15   # CREATE DATABASE … STRATEGY wal_log, and no CREATE on schema public for everybody
readonly MIN_PGBOUNCER=121 # 1.21: prepared statements and auth_dbname

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
data=$root/.data
log=$data/setup.log
tools=$data/tools

say() { printf '%s\n' "$*" >&2; }
fail() { say "Cannot set up the stack: $*"; exit 1; }

# --- what is there -------------------------------------------------------------------------------------------------

postgres_major() { # of the programs in directory $1; fails unless all that the stack calls are there
  local program version
  for program in postgres initdb psql pg_dump pg_restore; do [[ -x $1/$program ]] || return 1; done
  version=$("$1/postgres" --version 2>/dev/null) || return 1
  [[ $version =~ \)\ ([0-9]+) ]] && printf '%s' "${BASH_REMATCH[1]}"
}

find_postgres() { # the newest one that is recent enough
  local dir major best=0 found=''
  local candidates=("${CLOISON_PG_BIN:-}")
  if [[ -z ${CLOISON_PG_BIN:-} ]]; then
    candidates=(/usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin)
    if command -v pg_config >/dev/null; then candidates+=("$(pg_config --bindir 2>/dev/null || true)"); fi
  fi
  for dir in "${candidates[@]}"; do
    major=$(postgres_major "$dir") || continue
    if ((major >= MIN_POSTGRES && major > best)); then best=$major found=$dir; fi
  done
  printf '%s' "$found"
}

pgbouncer_recent() { # is program $1 PgBouncer, does it start, and is it recent enough?
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  [[ $version =~ PgBouncer\ ([0-9]+)\.([0-9]+) ]] || return 1
  ((BASH_REMATCH[1] * 100 + BASH_REMATCH[2] >= MIN_PGBOUNCER))
}

find_pgbouncer() {
  local program
  local candidates=("${CLOISON_PGBOUNCER:-}")
  if [[ -z ${CLOISON_PGBOUNCER:-} ]]; then
    candidates=("$tools/pgbouncer/pgbouncer" /usr/sbin/pgbouncer "$(command -v pgbouncer || true)"
      /opt/homebrew/bin/pgbouncer /opt/homebrew/opt/pgbouncer/bin/pgbouncer /usr/local/opt/pgbouncer/bin/pgbouncer)
  fi
  for program in "${candidates[@]}"; do
    if [[ -x $program ]] && pgbouncer_recent "$program"; then printf '%s' "$program"; return; fi
  done
}

detect() {
  pg_bin=$(find_postgres)
  pgbouncer=$(find_pgbouncer)
  openssl=$(command -v openssl || true)
  [[ -n $pg_bin && -n $pgbouncer && -n $openssl ]]
}

write_env() {
  local lines
  printf -v lines 'PG_BIN=%s\nPGBOUNCER=%s' "$pg_bin" "$pgbouncer"
  if [[ -f $data/tools.env && $(<"$data/tools.env") == "$lines" ]]; then return; fi
  mkdir -p "$data"
  printf '%s\n' "$lines" >"$data/tools.env.$$"
  mv -f "$data/tools.env.$$" "$data/tools.env"
}

# --- Debian and Ubuntu ---------------------------------------------------------------------------------------------

become_root=() # how to run what needs root
need_root() {
  if ((EUID == 0)); then return; fi
  if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; }; }; then
    become_root=(sudo)
  else
    fail "packages must be installed, which needs root. Type as root, then try again: $root/scripts/setup.sh"
  fi
}

as_root() { ${become_root[@]+"${become_root[@]}"} "$@"; }

is_installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

apt_updated=''
install_packages() { # asks for root only when one is missing
  local package missing=() command
  for package in "$@"; do
    if ! is_installed "$package"; then missing+=("$package"); fi
  done
  if ((${#missing[@]} == 0)); then return; fi
  command="apt-get update && apt-get install ${missing[*]}"
  need_root
  if [[ -z $apt_updated ]]; then
    as_root apt-get update >>"$log" 2>&1 || fail "apt-get update failed (see .data/setup.log). Type as root: $command"
    apt_updated=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "${missing[@]}" >>"$log" 2>&1 ||
    fail "apt could not install packages (see .data/setup.log). Type as root: $command"
}

# Debian's server package makes and starts a cluster on port 5432 unless a drop-in says no. It is there for the installation only.
readonly drop_in=/etc/postgresql-common/createcluster.d/cloison.conf
remove_drop_in() {
  as_root rm -f "$drop_in"
  as_root rmdir --ignore-fail-on-non-empty /etc/postgresql-common/createcluster.d 2>/dev/null || true
}

install_postgres_apt() {
  local major
  say 'Installing PostgreSQL (no default cluster is made)…'
  need_root
  install_packages postgresql-common
  major=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1)
  if ((${major:-0} < MIN_POSTGRES)); then
    fail "this system offers PostgreSQL ${major:-(none)}, at least $MIN_POSTGRES is needed. Install one and type: CLOISON_PG_BIN=<its bin folder> scripts/setup.sh"
  fi
  trap remove_drop_in EXIT
  as_root mkdir -p "${drop_in%/*}"
  printf 'create_main_cluster = false\n' | as_root tee "$drop_in" >/dev/null
  install_packages "postgresql-$major" "postgresql-client-$major"
  remove_drop_in
  trap - EXIT
}

publish_pgbouncer() { # moves the finished program $1 into place in one step, so that half a build is never found
  local ready=$tools/pgbouncer.$$
  mkdir -p "$ready"
  install -m 0755 "$1" "$ready/pgbouncer"
  pgbouncer_recent "$ready/pgbouncer" || { rm -rf "$ready"; return 1; }
  rm -rf "$tools/pgbouncer"
  mv "$ready" "$tools/pgbouncer"
}

# The package would register a service that starts with the machine: its program alone is taken out of it, its libraries are installed.
unpack_pgbouncer() {
  local work=$tools/unpack.$$ libraries
  say 'Installing PgBouncer (its program, without its service)…'
  mapfile -t libraries < <(apt-cache depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances pgbouncer |
    sed -n 's/^ *Depends: \(lib[^ <]*\)$/\1/p')
  if ((${#libraries[@]})); then install_packages "${libraries[@]}"; fi
  mkdir -p "$work"
  (cd "$work" && apt-get download -o APT::Sandbox::User=root pgbouncer && dpkg -x ./pgbouncer_*.deb unpacked) >>"$log" 2>&1 ||
    { rm -rf "$work"; fail 'apt could not fetch PgBouncer (see .data/setup.log). Type as root: apt-get install pgbouncer'; }
  publish_pgbouncer "$work/unpacked/usr/sbin/pgbouncer" || { rm -rf "$work"; fail 'the packaged PgBouncer does not run here. Type as root: apt-get install pgbouncer'; }
  rm -rf "$work"
}

# The next release's source, from the archive this machine already trusts; Debian's security patches come with it.
build_pgbouncer() {
  local release=$1 next=$2 work=$tools/build.$$ keyring=/usr/share/keyrings/debian-archive-keyring.gpg options='' private
  say "Building PgBouncer from Debian $next's source package (about a minute)…"
  install_packages build-essential pkg-config libevent-dev libssl-dev libc-ares-dev debian-archive-keyring
  if [[ -f $keyring ]]; then options="[signed-by=$keyring] "; fi
  mkdir -p "$work"/{lists/partial,cache/archives/partial,parts}
  # shellcheck disable=SC2016 # the names in $(…) are apt's
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u |
    while read -r uri suite component; do
      case $component:$suite in
        "main:$release") printf 'deb-src %s%s %s main\n' "$options" "$uri" "$next" ;;
        "main:$release-security") printf 'deb-src %s%s %s-security main\n' "$options" "$uri" "$next" ;;
      esac
    done >"$work/sources.list"
  grep -q " $next main" "$work/sources.list" ||
    { rm -rf "$work"; fail "no entry for $release in apt's sources. Build PgBouncer >= 1.21 and type: CLOISON_PGBOUNCER=<its path> scripts/setup.sh"; }
  private=(-o "Dir::Etc::sourcelist=$work/sources.list" -o "Dir::Etc::sourceparts=$work/parts" -o "Dir::State::lists=$work/lists"
    -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root -o APT::Update::Post-Invoke-Success::=true)
  if ! (
    cd "$work"
    apt-get "${private[@]}" update
    apt-get "${private[@]}" --only-source source pgbouncer
    cd pgbouncer-*/
    ./configure --prefix=/usr --with-cares --without-pam --without-systemd
    make -j2 pgbouncer
  ) >>"$log" 2>&1; then
    fail "PgBouncer could not be built in ${work#"$root/"} (see .data/setup.log). Type: CLOISON_PGBOUNCER=<path of one >= 1.21> scripts/setup.sh"
  fi
  publish_pgbouncer "$(echo "$work"/pgbouncer-*/pgbouncer)" || fail "the PgBouncer built in ${work#"$root/"} does not run (see .data/setup.log)"
  rm -rf "$work"
}

pgbouncer_candidate() { apt-cache policy pgbouncer | sed -n 's/^ *Candidate: *\((none)\)\{0,1\}//p'; }

install_pgbouncer_apt() {
  local candidate release=''
  candidate=$(pgbouncer_candidate)
  if [[ -z $candidate && -z $apt_updated ]]; then
    need_root
    as_root apt-get update >>"$log" 2>&1 || true
    apt_updated=yes
    candidate=$(pgbouncer_candidate)
  fi
  if [[ $candidate =~ ^([0-9]+)\.([0-9]+) ]] && ((BASH_REMATCH[1] * 100 + BASH_REMATCH[2] >= MIN_PGBOUNCER)); then
    unpack_pgbouncer
    return
  fi
  if [[ -r /etc/os-release ]]; then release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release); fi
  case $release in
    bookworm) build_pgbouncer bookworm trixie ;;
    *) fail "this system offers PgBouncer ${candidate:-(none)}, at least 1.21 is needed. Build it and type: CLOISON_PGBOUNCER=<its path> scripts/setup.sh" ;;
  esac
}

install_with_apt() {
  if [[ -z $openssl ]]; then install_packages openssl; fi
  if [[ -z $pg_bin ]]; then install_postgres_apt; fi
  if [[ -z $pgbouncer ]]; then install_pgbouncer_apt; fi
}

# --- macOS ---------------------------------------------------------------------------------------------------------

install_with_brew() {
  local formulas=()
  if [[ -z $pg_bin ]]; then formulas+=(postgresql@17); fi
  if [[ -z $pgbouncer ]]; then formulas+=(pgbouncer); fi
  if [[ -z $openssl ]]; then formulas+=(openssl@3); fi
  say "Installing ${formulas[*]} with Homebrew…"
  HOMEBREW_NO_AUTO_UPDATE=1 brew install --quiet "${formulas[@]}" >>"$log" 2>&1 ||
    fail "Homebrew failed (see .data/setup.log). Type: brew install ${formulas[*]}"
}

# --------------------------------------------------------------------------------------------------------------------

if detect; then write_env; exit 0; fi
if [[ -n ${CLOISON_PG_BIN:-} && -z $pg_bin ]]; then fail "CLOISON_PG_BIN=$CLOISON_PG_BIN holds no PostgreSQL >= $MIN_POSTGRES. Type: unset CLOISON_PG_BIN"; fi
if [[ -n ${CLOISON_PGBOUNCER:-} && -z $pgbouncer ]]; then fail "CLOISON_PGBOUNCER=$CLOISON_PGBOUNCER is no PgBouncer >= 1.21. Type: unset CLOISON_PGBOUNCER"; fi

mkdir -p "$tools"
if command -v flock >/dev/null; then # two that start at once install once
  exec 9>"$data/setup.lock"
  flock 9
  if detect; then write_env; exit 0; fi
  rm -rf "$tools"/{build,unpack,pgbouncer}.[0-9]* # what an interrupted run left
fi
: >"$log"

if command -v apt-get >/dev/null; then
  install_with_apt
elif command -v brew >/dev/null; then
  install_with_brew
elif [[ $(uname -s) == Darwin ]]; then
  fail 'Homebrew is missing. Install it, then type: brew install postgresql@17 pgbouncer'
else
  fail "install PostgreSQL >= $MIN_POSTGRES and PgBouncer >= 1.21, then type: CLOISON_PG_BIN=<bin folder> CLOISON_PGBOUNCER=<path> scripts/setup.sh"
fi
if ! detect; then fail 'a program is still missing after the installation (see .data/setup.log)'; fi
write_env
