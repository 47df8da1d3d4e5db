#!/bin/bash
# Stops the running revision; there is none yet at the first deployment.
set -euo pipefail
if systemctl is-active --quiet flaskapp.service; then
    systemctl stop flaskapp.service
fi
