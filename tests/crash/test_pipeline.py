"""Every fail point of a pipeline's execution: the server dies there, starts again, and the execution ends as if nothing had happened, each thing done once."""

import json
import shutil
import time

import botocore.exceptions
import pytest

from api.test_codepipeline import FINAL, Plane, Repository, action, from_codecommit, stage, until
from harness import Server

FILES = {"index.html": "<h1>one</h1>", "css/site.css": "h1 {}", "app.js": "1"}
GATE = stage("Gate", action("Approval", "Manual", "Ask"))
GONE = (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError)


def source_of(plane, kind, aws):
    if kind == "s3":
        plane.push(FILES)
        return plane.source()
    plane.allow("pipeline", "s3:*", "codecommit:*")
    Repository(aws).commit("First", **FILES)
    return from_codecommit(poll="false")


def prepared(folder, account, kind):
    """A data folder with a pipeline (source, approval, deployment file by file) that has never run; the buckets keep every version."""
    server = Server(folder).start()
    aws = lambda service: server.client(service, key=account)  # noqa: E731
    plane = Plane(aws, account)
    for bucket in (plane.store, plane.site):
        plane.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    plane.create(source_of(plane, kind, aws), GATE, plane.deploy(Extract="true", ObjectKey="v1"))
    plane.token()
    plane.pipeline.stop_pipeline_execution(pipelineName="app", pipelineExecutionId=plane.executions()[0]["pipelineExecutionId"], abandon=True)
    plane.finish()
    server.kill()  # (stopping would tidy up)
    return plane


class Run:
    """One execution on a copy of the prepared folder, through deaths of the server."""

    def __init__(self, folder, prepared_folder, plane, crash_at=None):
        shutil.copytree(prepared_folder / "data", folder / "data")
        self.server, self.plane, self.crash_at = Server(folder), plane, crash_at

    def start(self):
        options = ["--crash-at", str(self.crash_at)] if self.crash_at else []
        self.crash_at = None
        try:
            self.server.start(*options)
        except AssertionError:  # it died while starting
            self.server.start()

    def clients(self):
        self.plane.pipeline, self.plane.s3 = (self.server.client(service, key=self.plane.account) for service in ("codepipeline", "s3"))

    def insist(self, question):
        """Asks until there is an answer, over the server's death."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                return question()
            except GONE:
                self.server.process.wait()
                self.server.start()
                self.clients()
        raise AssertionError("no answer")

    def answer(self, execution):
        token = self.latest(execution).get("token")
        if token:  # else an answer was heard, and its reply lost
            self.plane.answer("Approved", token)

    def go(self):
        self.start()
        self.clients()
        execution = self.insist(lambda: self.plane.pipeline.start_pipeline_execution(name="app", clientRequestToken="once"))["pipelineExecutionId"]
        self.insist(lambda: until(lambda: self.plane.status(execution) in FINAL or "token" in self.latest(execution)))
        self.insist(lambda: self.answer(execution))
        status = self.insist(lambda: until(lambda: (status := self.plane.status(execution)) in FINAL and status))
        assert status == "Succeeded", self.insist(self.plane.action_errors)

    def latest(self, execution):
        state = self.plane.state("Gate")
        mine = state.get("latestExecution", {}).get("pipelineExecutionId") == execution
        return state["actionStates"][0].get("latestExecution", {}) if mine else {}

    def outcome(self):
        """What is there afterwards, without names and times that differ from run to run."""
        details = self.plane.pipeline.list_action_executions(pipelineName="app")["actionExecutionDetails"]
        executions = [(one["status"], one["trigger"]["triggerType"]) for one in self.plane.executions()]
        site = [one["Key"] for one in self.plane.s3.list_object_versions(Bucket=self.plane.site).get("Versions", [])]
        store = len(self.plane.s3.list_object_versions(Bucket=self.plane.store).get("Versions", []))
        return json.dumps([[(one["actionName"], one["status"]) for one in details], executions, sorted(site), store])

    def points(self):
        return self.insist(lambda: self.plane.executions() and json.loads(self.server.request("GET", "/_rehearse/health").data)["failPoints"])


def outcome_of(run):
    try:
        run.go()
        outcome, points = run.insist(run.outcome), run.points()
        run.server.check()
        return outcome, points
    finally:
        run.server.kill()
        shutil.rmtree(run.server.folder)


@pytest.mark.parametrize("kind", ["s3", "codecommit"])
def test_every_crash_is_survived(tmp_path, account, kind):
    plane = prepared(tmp_path / "prepared", account, kind)
    expected, points = outcome_of(Run(tmp_path / "whole", tmp_path / "prepared", plane))
    assert points > 15
    for number in range(1, points + 1):
        outcome, _ = outcome_of(Run(tmp_path / f"crash-{number}", tmp_path / "prepared", plane, crash_at=number))
        assert outcome == expected, f"after a crash at fail point {number}"
