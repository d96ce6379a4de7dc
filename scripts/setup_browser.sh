#!/bin/sh
# Installs the browser that the test of the docs page looks through, unless there is one.
# CLOISON_CHROMIUM names one that is elsewhere than /usr/bin/chromium.
set -eu

browser=${CLOISON_CHROMIUM:-/usr/bin/chromium}
if [ -x "$browser" ]; then exit 0; fi

as_root=""
if [ "$(id -u)" -ne 0 ]; then as_root="sudo -n"; fi
if command -v apt-get >/dev/null 2>&1 && $as_root true 2>/dev/null; then
  $as_root apt-get update -qq
  $as_root apt-get install -y -qq --no-install-recommends chromium >/dev/null
fi

if [ ! -x "$browser" ]; then
  echo "Cannot find a browser at $browser: install Chromium, or name one in CLOISON_CHROMIUM" >&2
  exit 1
fi
