#!/bin/bash
# Installs the packages, and tells the application which region it is in.
set -euo pipefail
cd /opt/flaskapp
pip3 install --quiet -r requirements.txt

metadata=http://169.254.169.254/latest
token=$(curl -sf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" "$metadata/api/token")
region=$(curl -sf -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/placement/region")
echo "AWS_DEFAULT_REGION=$region" >>flaskapp.conf
