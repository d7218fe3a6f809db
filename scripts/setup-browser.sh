#!/usr/bin/env bash
# Installs Debian's Chromium for the browser tests of packages/react and for apps/bench/react-stream.mjs, and fonts with Chinese
# glyphs, without which screenshots of Chinese pages show boxes.
# The project builds, passes its tests and runs without them: tests that want Chromium skip with a reason.
set -euo pipefail
missing=()
command -v chromium >/dev/null || missing+=(chromium)
[ -n "$(fc-list :lang=zh 2>/dev/null)" ] || missing+=(fontconfig fonts-noto-cjk)
if [ ${#missing[@]} -eq 0 ]; then
  echo "chromium is here: $(command -v chromium); fonts for Chinese too"
  exit 0
fi
command -v apt-get >/dev/null || {
  echo "No apt-get here: install ${missing[*]}, and name the browser in TRIVIUM_CHROMIUM." >&2
  exit 1
}
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
chromium --version
