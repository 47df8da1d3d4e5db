#!/bin/sh
# Starts the application in the foreground; flaskapp.service calls it.
cd "$(dirname "$0")" || exit 1
exec python3 -m gunicorn --config gunicorn_config.py app:app
