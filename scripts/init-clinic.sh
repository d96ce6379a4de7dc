#!/usr/bin/env bash
# Adds a clinic to the running stack and prints its id, its database and its first log-in:
#   scripts/init-clinic.sh "Clinique Lyon" "lyon@clinic.fr" "+33456789012"
# What follows the telephone number goes to `cloison clinic create` as it is: --slug, --admin-email, --json.
set -euo pipefail

if (($# < 2)); then
  # shellcheck disable=SC2016
  echo 'Type: scripts/init-clinic.sh "<name>" "<e-mail>" ["<telephone>"] [--slug <short name>]' >&2
  exit 2
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
options=("--name=$1" "--email=$2")
shift 2
if (($# > 0)) && [[ $1 != --* ]]; then
  if [[ -n $1 ]]; then options+=("--phone=$1"); fi
  shift
fi
unset RUST_BACKTRACE
exec "$here/deno.sh" run --quiet --no-prompt --allow-net --allow-read --allow-env='CLOISON_*' --ignore-env \
  "$here/cloison.ts" clinic create "${options[@]}" "$@"
