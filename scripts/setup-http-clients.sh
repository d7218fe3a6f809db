#!/usr/bin/env bash
# Makes .http-clients/, Python clients of HTTP servers (openai, litellm, schemathesis, llm-comply) that drive ours.
# The project builds, passes its tests and runs without it: packages/sdk/scripts/check-with-http-clients.mjs then skips.
set -euo pipefail
cd "$(dirname "$0")/.."
python3 -m venv .http-clients
.http-clients/bin/pip install -q --upgrade pip
.http-clients/bin/pip install -q openai==3.57.0 litellm==1.110.2 schemathesis==4.32.5 llm-comply==0.5.0
echo "clients ready: .http-clients/bin"
