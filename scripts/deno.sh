#!/usr/bin/env bash
# Runs Deno: the one that is installed, where it is recent enough, or the one that npm fetches.
# The arguments never pass through a shell: npx is only asked where its program is.
set -euo pipefail

readonly VERSION=2.9.6

recent() { # is program $1 a Deno of the major version of $VERSION, and not older?
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  [[ $version =~ ^deno\ 2\.([0-9]+)\.([0-9]+) ]] || return 1
  ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] >= 9006))
}

if deno=$(command -v deno) && recent "$deno"; then exec "$deno" "$@"; fi
if ! command -v npx >/dev/null; then
  printf 'Cannot find Deno: install Deno >= %s, or npm\n' "$VERSION" >&2
  exit 1
fi
deno=$(npx -y -p "deno@$VERSION" -c 'command -v deno' </dev/null)
exec "$deno" "$@"
