"""Rung D: a machine that allows no isolation builds all the same, says so, and refuses what it cannot have."""

import pytest

from delivery import Account, until
from harness import Server, fresh_account

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
