"""Rung D: a machine that allows no isolation builds all the same, says so, and refuses what it cannot have."""

import os
import subprocess

import pytest

from delivery import Account, until
from harness import TOP, Server, clean_environment, free_port, fresh_account, program

SPEC = """version: 0.2
phases:
  build:
    commands:
      - echo "$CODEBUILD_SRC_DIR"
      - date +%s > made.txt
artifacts:
  files: made.txt
"""


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("d"))
    server.environment_of_server = {"REHEARSE_RUNG": "D"}
    try:
        yield Account(server.start(), fresh_account()).prepare()
        server.stop()
    finally:
        server.clear()


def test_a_build_runs_in_its_own_folder_and_says_that_nothing_isolates_it(plane):
    plane.project("plain", buildspec=SPEC, source_type="NO_SOURCE")
    ended = plane.built(plane.client("codebuild").start_build(projectName="plain")["build"]["id"])
    log = plane.log(ended)
    assert ended["buildStatus"] == "SUCCEEDED", log
    assert "Not isolated (rung D): this build runs as plain processes of the host" in log
    assert f"{plane.server.data}/sandboxes/" in log


def test_an_instance_is_refused_with_what_it_lacks(plane):
    ec2 = plane.client("ec2")
    wish = {"ImageId": "ami-0a1b2c3d4e5f60001", "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1}
    instance = ec2.run_instances(**wish)["Instances"][0]["InstanceId"]
    until(lambda: plane.described([instance])[0]["State"]["Name"] == "terminated", what="the refusal")
    why = plane.described([instance])[0]["StateReason"]
    assert why["Code"] == "Server.InternalError"
    assert "an instance needs files, a network and units of its own, and rung D (not isolated) has none of them" in why["Message"]


@pytest.fixture
def in_chroot(tmp_path):
    """in_chroot(words...) runs a command in a chroot that shows all of this machine: there the kernel makes no user namespaces."""
    root = tmp_path / "root"
    root.mkdir()
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-current-user", "--keep-caps"]
    without_rights = "setpriv --inh-caps=-all --ambient-caps=-all" if os.geteuid() else ""
    enter = [*namespace, "sh", "-c", f'mount --rbind / "$0" && exec chroot "$0" {without_rights} "$@"', root]

    def run(*words):
        return subprocess.run([str(word) for word in [*enter, *words]], capture_output=True, text=True, timeout=60, env=clean_environment(LANG="C.UTF-8"))

    return run


def test_in_a_chroot_a_run_with_instances_is_refused_in_one_line(in_chroot, repository_copy, tmp_path):
    port, application = free_port(), repository_copy(TOP / "examples/register-app")
    try:
        done = in_chroot(program(), "run", application, "--port", port, "--data", tmp_path / "data")
        assert done.returncode == 2
        (told,) = [line for line in done.stderr.splitlines() if line.startswith("rehearse: ")]
        assert "rung D (not isolated) has none of them" in told
        assert "forbids user namespaces to this process (it is in a chroot," in told
    finally:
        in_chroot(program(), "down", "--all", "--port", port)
