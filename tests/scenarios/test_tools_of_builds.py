"""What builds find that many machines lack: packages prepared at set-up, before any network is asked, and the AWS CLI with the build's role."""

import json
import subprocess

import pytest

from delivery import Account
from harness import clean_environment, fresh_account, program

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


@pytest.fixture
def without_packages(start_server, tmp_path):
    """A plane for which no packages are prepared."""
    (tmp_path / "wheels").mkdir()
    plane = start_server()
    plane.environment_of_server["REHEARSE_WHEELS"] = str(tmp_path / "wheels")
    return plane.restart("--fast-forward")


def test_a_run_without_packages_and_network_says_what_is_missing_and_the_command(without_packages, tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app/buildspec.yml").write_text(BUILDSPEC.replace('"0"', '"1"') % "pip install flask")
    done = without_packages.rehearse("run", tmp_path / "app", check=False)
    assert done.returncode == 1
    assert "pip reaches no package index, and not all that it wants is prepared" in done.stderr
    assert "pip download -r requirements.txt -d DIR" in " ".join(done.stdout.split())


def test_a_folder_of_packages_that_is_not_there_is_told_at_the_start(tmp_path):
    missing = tmp_path / "none"
    done = subprocess.run([program(), "up", "--data", tmp_path / "data"], capture_output=True, text=True, env=clean_environment(REHEARSE_WHEELS=str(missing)), timeout=60)
    assert done.returncode == 2
    assert done.stderr == f"rehearse: REHEARSE_WHEELS is {missing}, which is no folder: it names the packages that pip takes\n"
