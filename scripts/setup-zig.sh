#!/usr/bin/env bash
# Installs the compiler for other platforms (packages/native/scripts/build-platform.mjs) beside the Python oracles.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .oracles/bin/python ] || python3 -m venv .oracles
.oracles/bin/pip install --quiet ziglang==0.17.1
.oracles/bin/python -m ziglang version
