#!/usr/bin/env bash
# Installs Debian's Chromium for the browser tests of packages/react and for apps/bench/react-stream.mjs.
# The project builds, passes its tests and runs without it: tests that want it skip with a reason.
set -euo pipefail
if command -v chromium >/dev/null; then
  echo "chromium is here: $(command -v chromium)"
  exit 0
fi
command -v apt-get >/dev/null || {
  echo "No apt-get here: install Chromium and name it in TRIVIUM_CHROMIUM." >&2
  exit 1
}
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
chromium --version
