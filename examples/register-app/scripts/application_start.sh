#!/bin/bash
# Starts the service and waits until it answers.
set -euo pipefail
systemctl daemon-reload
systemctl enable flaskapp.service
systemctl restart flaskapp.service
curl -sf -o /dev/null --retry 30 --retry-delay 1 --retry-connrefused http://127.0.0.1/
