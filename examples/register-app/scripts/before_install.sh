#!/bin/bash
# The machine needs Python with pip; everything else comes with the application.
set -euo pipefail
if ! python3 -m pip --version >/dev/null 2>&1; then
    if command -v dnf >/dev/null; then
        dnf install -y python3-pip
    else
        apt-get install -y python3-pip
    fi
fi
