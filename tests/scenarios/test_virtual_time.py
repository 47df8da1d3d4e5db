"""Waiting costs nothing: what takes an hour or a week on AWS ends here within moments of the clock's advance."""

import json
import time
from datetime import datetime, timedelta

import pytest

from delivery import Account, action, pipeline_document, stage, until
from harness import fresh_account

MOMENTS_SECONDS = 10  # generous: sanitizers, a busy machine
SLEEPER = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo it begins\n      - sleep 86400\n"


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


# ---- `rehearse clock`, and what a jump may and may not pass ----

QUIET_SECONDS = 2  # much longer than the quiet period after which a clock that may jump does


def clock(server, *words):
    return json.loads(server.rehearse("clock", *words, "--json").stdout)


def now(server, *words):
    return datetime.fromisoformat(clock(server, *words)["now"].replace("Z", "+00:00"))


def advanced(server):
    """How far plane time is ahead of the wall's, in seconds."""
    return clock(server)["aheadMs"] / 1000


def test_a_held_clock_stands_still_until_it_is_advanced(start_server):
    server = start_server()
    held = clock(server, "held")
    assert held["mode"] == "held"
    wait_for_real_time(0.3)
    assert clock(server)["now"] == held["now"]
    before = now(server)
    assert now(server, "advance", "90m") == before + timedelta(minutes=90)


def test_plane_time_does_not_run_backward_over_a_crash(start_server):
    server = start_server()
    clock(server, "advance", "3d")
    before = now(server)
    server.restart()
    assert now(server) >= before
    assert advanced(server) >= 3 * 86400 - 1


def test_a_jumping_clock_does_not_race_when_nothing_is_waited_for(start_server):
    server = start_server("--fast-forward")
    logs = server.client("logs", key=fresh_account())
    logs.create_log_group(logGroupName="kept-for-a-day")
    logs.put_retention_policy(logGroupName="kept-for-a-day", retentionInDays=1)  # swept in the background, day after day
    wait_for_real_time(QUIET_SECONDS)
    assert clock(server)["mode"] == "jump" and advanced(server) < 60


def test_a_build_at_work_holds_the_clock_and_is_named(start_server):
    account = Account(start_server("--fast-forward"), fresh_account()).prepare()
    account.project("sleeper", buildspec=SLEEPER, source_type="NO_SOURCE")
    codebuild = account.client("codebuild")
    build = codebuild.start_build(projectName="sleeper")["build"]["id"]
    until(lambda: codebuild.batch_get_builds(ids=[build])["builds"][0]["currentPhase"] == "BUILD", what="the phase BUILD")
    wait_for_real_time(QUIET_SECONDS)
    shown = clock(account.server)
    assert "job.run" in [hold["what"] for hold in shown["holds"]] and any(build.partition(":")[2] in hold["for"] for hold in shown["holds"])
    assert codebuild.batch_get_builds(ids=[build])["builds"][0]["buildStatus"] == "IN_PROGRESS"
    clock(account.server, "advance", "61m")
    assert account.built(build, MOMENTS_SECONDS)["buildStatus"] == "TIMED_OUT"


def wait_for_real_time(seconds):
    """Real time passes: what must not happen in it is what these tests are about."""
    deadline = time.monotonic() + seconds
    until(lambda: time.monotonic() >= deadline, seconds + 5, what="the end of the wait")
