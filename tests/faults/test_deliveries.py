"""The n-th spawn, write, fsync, allocation, open, rename, removal, read, accept or use of a socket of the server fails while somebody pushes, builds, and releases through a pipeline.

Nothing hangs: each ends as it should, or fails and says why; what is acknowledged stays, and the next one goes well. Restarts of the server in between are allowed where the fault has ended it.
REHEARSE_ALL_FAULTS=1 walks every n; ordinary runs take a sample.
"""

import os

import pytest
from delivery import Account, action, pipeline_document, stage, until, zip_of
from faults.faulty import FOR_EVER, FaultyServer
from harness import fresh_account

ALL = bool(os.environ.get("REHEARSE_ALL_FAULTS"))
SAMPLES = 3
PATIENCE_SECONDS = 30
KINDS = ["spawn", "write", "fsync", "alloc", *(["open", "rename", "remove", "read", "accept", "socket"] if ALL else [])]
BUILDSPEC = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo built\n"


def told(result):
    """What an action says of its failure: the provider's summary, or the service's own message."""
    return result.get("externalExecutionSummary") or result["errorDetails"].get("message")


class Scenarios:
    def __init__(self, folder):
        self.folder = folder
        self.server = FaultyServer(folder / "plane").start()
        self.account = Account(self.server, fresh_account()).prepare()
        self.account.project("tiny", buildspec=BUILDSPEC, source_type="NO_SOURCE")
        self.account.permit("pipeline", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}')
        self.pipeline()
        self.source = folder / "source"
        self.source.mkdir()
        self.runs = self.deaths = 0
        self.why = None  # the last one failed

    def client(self, service):
        return self.account.client(service)

    def pipeline(self):
        """From a zip in one bucket to files in another."""
        bucket, self.site = self.account.bucket, f"site-{self.account.account}"
        self.client("s3").create_bucket(Bucket=self.site)
        settings = {"S3Bucket": bucket, "S3ObjectKey": "in/app.zip", "PollForSourceChanges": "false"}
        fetch = stage("Source", action("Source", "S3", "Fetch", settings, outputArtifacts=["App"]))
        target = {"BucketName": self.site, "Extract": "true"}
        put = stage("Deploy", action("Deploy", "S3", "Put", target, inputArtifacts=["App"]))
        self.client("codepipeline").create_pipeline(pipeline=pipeline_document("copy", self.account.pipeline_role, bucket, fetch, put))

    def alive(self):
        """Asked while a fault is armed and the server may have died of it: it is then started again."""
        if self.server.is_dead():
            self.deaths += self.server.revive()

    def settle(self):
        """A server that is just dying is no living one."""
        until(lambda: self.server.is_dead() or self.server.is_healthy(), 20, what="a server that lives or is dead")
        self.alive()

    def asking(self, question):
        """The answer, or None: the server refused with a 5xx, or died under the question."""
        try:
            return question()
        except Exception as error:
            refused = getattr(error, "response", None) or {}
            assert refused.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500, error
            self.settle()
            return None

    # -- the scenarios: each returns whether it went well, and asserts that it says so truly --

    def push(self):
        self.runs += 1
        (self.source / "file").write_text(f"{self.runs}\n" * 2000)
        try:
            commit = self.account.push(self.source, f"push {self.runs}")
        except AssertionError as refused:
            self.why, commit = str(refused), None
            assert "fatal" in self.why or "error" in self.why or "rejected" in self.why, refused
        self.server.disarm()
        self.settle()
        if commit:
            assert self.client("codecommit").get_branch(repositoryName="app", branchName="main")["branch"]["commitId"] == commit
        return bool(commit)

    def build(self):
        started = self.asking(lambda: self.client("codebuild").start_build(projectName="tiny")["build"]["id"])
        if not started:
            self.why = "it was not started"
            return False

        def ended():
            self.alive()
            build = (self.asking(lambda: self.client("codebuild").batch_get_builds(ids=[started])["builds"]) or [{}])[0]
            return build if build.get("buildComplete") else None

        build = until(ended, PATIENCE_SECONDS, what="the end of the build")
        self.server.disarm()
        self.settle()
        if build["buildStatus"] == "SUCCEEDED":
            assert "built\n" in self.account.log(build)
            return True
        contexts = [context for phase in build["phases"] for context in phase.get("contexts", [])]
        self.why = [context["message"] for context in contexts if context.get("message")]
        assert self.why, f"it failed and does not say why: {build['phases']}"
        return False

    def release(self):
        self.runs += 1
        text = f"release {self.runs}"
        self.server.hold(lambda: self.client("s3").put_object(Bucket=self.account.bucket, Key="in/app.zip", Body=zip_of({"page.txt": text})))
        started = self.asking(lambda: self.client("codepipeline").start_pipeline_execution(name="copy")["pipelineExecutionId"])
        if not started:
            self.why = "it was not started"
            return False

        def ended():
            self.alive()
            wish = {"pipelineName": "copy", "pipelineExecutionId": started}
            found = self.asking(lambda: self.client("codepipeline").get_pipeline_execution(**wish)["pipelineExecution"]["status"])
            return found if found in ("Succeeded", "Failed", "Stopped") else None

        status = until(ended, PATIENCE_SECONDS, what="the end of the execution")
        self.server.disarm()
        self.settle()
        if status == "Succeeded":
            found = self.client("s3").get_object(Bucket=self.site, Key="page.txt")["Body"].read()
            assert found.decode() == text
            return True
        actions = [one for one in self.account.actions("copy") if one["pipelineExecutionId"] == started and one["status"] == "Failed"]
        self.why = [told(one["output"]["executionResult"]) for one in actions]
        assert self.why and all(self.why), f"it failed and does not say why: {actions}"
        return False


@pytest.fixture(scope="module")
def shared_scenarios(tmp_path_factory):
    scenarios = Scenarios(tmp_path_factory.mktemp("deliveries"))
    try:
        yield scenarios
        scenarios.server.stop()
    finally:
        scenarios.server.clear()


@pytest.fixture
def scenarios(shared_scenarios):
    shared_scenarios.server.revive()
    return shared_scenarios


def walk(scenarios, run, kind):
    server = scenarios.server
    server.arm(kind, FOR_EVER)
    assert run(), f"it must go well undisturbed: {scenarios.why}"
    count = server.count(kind)
    points = range(1, count + 1, 1 if ALL else -(-count // SAMPLES) or 1)
    failed = good = scenarios.deaths = 0
    for number in points:
        server.arm(kind, number)
        good += run()
        failed += server.failed() > 0
        scenarios.deaths += server.revive()
        assert not ALL or run(), f"after {kind} {number} had failed, the next one did not go well: {scenarios.why}"
    assert run(), f"the next one did not go well: {scenarios.why}"
    server.check()
    print(f"{kind}: {count} calls, {len(points)} points, {failed} failed, {good} went well all the same, the server ended {scenarios.deaths} times")


@pytest.mark.parametrize("kind", KINDS)
def test_a_push_is_refused_or_complete_whatever_fails(scenarios, kind):
    walk(scenarios, scenarios.push, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_build_ends_whatever_fails(scenarios, kind):
    walk(scenarios, scenarios.build, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_release_ends_whatever_fails(scenarios, kind):
    walk(scenarios, scenarios.release, kind)
