"""Waiting costs nothing: what takes an hour or a week on AWS ends here within moments of the clock's advance."""

import json
import time

import pytest

from delivery import Account, action, pipeline_document, stage, until
from harness import Server, fresh_account

MOMENTS_SECONDS = 10  # generous: sanitizers, a busy machine
SLEEPER = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo it begins\n      - sleep 86400\n"


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("time")).start()
    try:
        yield server
        server.stop()
    finally:
        server.clear()


@pytest.fixture(scope="module")
def plane(own_server):
    return Account(own_server, fresh_account()).prepare()


def advance(server, by):
    reply = server.request("POST", "/_rehearse/clock", json.dumps({"advance": by}), {"Content-Type": "application/json"})
    assert reply.status == 200, reply.data
    return json.loads(reply.data)


def test_an_hour_of_building_times_out_in_a_moment(plane):
    plane.project("sleeper", buildspec=SLEEPER, source_type="NO_SOURCE")
    codebuild = plane.client("codebuild")
    build = codebuild.start_build(projectName="sleeper")["build"]["id"]
    until(lambda: codebuild.batch_get_builds(ids=[build])["builds"][0]["currentPhase"] == "BUILD", what="the phase BUILD")
    advance(plane.server, "58m")
    assert codebuild.batch_get_builds(ids=[build])["builds"][0]["buildStatus"] == "IN_PROGRESS"
    began = time.monotonic()
    advance(plane.server, "3m")
    ended = plane.built(build, MOMENTS_SECONDS)
    assert time.monotonic() - began < MOMENTS_SECONDS
    assert ended["buildStatus"] == "TIMED_OUT"
    assert (ended["endTime"] - ended["startTime"]).total_seconds() >= 3600
    (phase,) = [one for one in ended["phases"] if one.get("phaseStatus") == "TIMED_OUT"]
    assert phase["phaseType"] == "BUILD" and phase["contexts"][0]["statusCode"] == "BUILD_TIMED_OUT"


def test_an_approval_that_nobody_gives_is_a_rejection_after_seven_days(plane):
    plane.client("s3").put_object(Bucket=plane.bucket, Key="in/app.zip", Body=b"PK\x05\x06" + bytes(18))
    settings = {"S3Bucket": plane.bucket, "S3ObjectKey": "in/app.zip", "PollForSourceChanges": "false"}
    plane.permit("pipeline", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}')
    fetch = stage("Source", action("Source", "S3", "Fetch", settings, outputArtifacts=["App"]))
    gate = stage("Gate", action("Approval", "Manual", "Ask", {}))
    wish = pipeline_document("gated", plane.pipeline_role, plane.bucket, fetch, gate)
    pipeline = plane.client("codepipeline")
    pipeline.create_pipeline(pipeline=wish)

    def waiting():
        states = pipeline.get_pipeline_state(name="gated")["stageStates"][1]["actionStates"]
        return states[0].get("latestExecution", {}).get("token")

    until(waiting, what="the approval's turn")
    advance(plane.server, "6d")
    assert plane.executions("gated")[0]["status"] == "InProgress"
    began = time.monotonic()
    advance(plane.server, "25h")
    assert plane.ended(name="gated", seconds=MOMENTS_SECONDS) == "Failed"
    assert time.monotonic() - began < MOMENTS_SECONDS
    assert "10080 minutes" in plane.failure("Ask", "gated")
