"""What builds find that many machines lack: packages prepared at set-up, before any network is asked, and the AWS CLI with the build's role."""

import json

import pytest

from delivery import Account
from harness import fresh_account

BUILDSPEC = """version: 0.2
env:
  variables:
    PIP_INDEX_URL: http://127.0.0.1:1/simple
    PIP_RETRIES: "0"
phases:
  build:
    commands:
      - %s
"""


@pytest.fixture(scope="module")
def account(shared_server):
    return Account(shared_server, fresh_account()).prepare()


def run(account, name, command):
    account.project(name, BUILDSPEC % command, "NO_SOURCE")
    build = account.built(account.client("codebuild").start_build(projectName=name)["build"]["id"], seconds=150)
    return build["buildStatus"], account.log(build)


def test_a_prepared_package_is_installed_without_any_network(account):
    status, log = run(account, "prepared", 'pip install --quiet flask && python -c "import flask; print(flask.__file__)"')
    assert status == "SUCCEEDED", log
    assert "dist-packages/flask/__init__.py" in log


def test_a_package_that_is_not_prepared_is_asked_of_the_index(account):
    status, log = run(account, "index", "pip install a-package-that-is-not-prepared")
    assert status == "FAILED" and "127.0.0.1" in log, log


def test_the_aws_cli_is_there_and_is_the_builds_role(account):
    status, log = run(account, "cli", "aws sts get-caller-identity --output json")
    assert status == "SUCCEEDED", log
    caller = json.loads(log[log.index("{\n") : log.index("}\n") + 2])
    assert f"{account.account}:assumed-role/build/" in caller["Arn"]
