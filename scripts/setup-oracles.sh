#!/usr/bin/env bash
# Makes .oracles/, the Python environment of the independent oracles (fixture scripts, evaluations, the MCP client).
# The project builds, passes its tests and runs without it: tests that want it skip with a reason.
set -euo pipefail
cd "$(dirname "$0")/.."
python3 -m venv .oracles
.oracles/bin/pip install -q --upgrade pip
.oracles/bin/pip install -q -r scripts/oracle-requirements.txt
echo "oracles ready: .oracles/bin/python"
