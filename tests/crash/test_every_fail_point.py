"""A delivery (push, build, deploy on an instance) survives the server's death at every numbered moment, and at random ones.

A crash is `--crash-at N`: the server dies as by kill -9 at the N-th commit or command since its start. After a restart the delivery completes, and what it left (the build's phases, the hooks
that ran, by the instance's own file, the versions in the artifact bucket, the test cases) equals what it leaves undisturbed: nothing lost, nothing done twice.

One plane with one instance serves many crashes: each is a new push. The points are walked by two classes, so that two workers can do it at the same time.
"""

import http.client
import itertools
import json
import random
import subprocess

import pytest

from delivery import HOOKS, Account, build, deploy, journal_of, small_application, source, until, whole_journal_of, write_files
from harness import Server, fresh_account

KILLS, KILLS_A_RUN, SEED = 20, 2, 4
MISSED_MOST = 2  # points in a row that a release did not reach: the next ones are beyond its end


class Delivery:
    def __init__(self, folder, pause_seconds=0.05):
        self.server = Server(folder / "plane").start()
        self.pause_seconds = pause_seconds
        self.account = Account(self.server, fresh_account()).prepare("unit-tests")
        (self.instance,) = self.account.instances()
        self.account.fleet("small")
        self.folder = folder / "source"
        self.pushes = 0
        self.account.pipeline(source(self.account.name), build("unit-tests"), deploy("small", "group"))
        self.account.ended()  # the first execution finds no branch

    def push(self):
        """A push that begins an execution. The server may die under it: then it is pushed again, as a person would."""
        self.pushes += 1
        write_files(self.folder, small_application(f"page {self.pushes}", pause_seconds=self.pause_seconds))
        try:
            self.account.push(self.folder, f"push {self.pushes}")
        except (AssertionError, subprocess.TimeoutExpired):
            until(lambda: self.server.process.poll() is not None, 20, what="the death that cut the push off")
            self.revive()
            self.account.git(self.folder, "push", "-q", self.account.remote(), "HEAD:main")
        return self.account.git(self.folder, "rev-parse", "HEAD").strip()

    def restart_to_crash_at(self, point):
        """The first points are those of the start itself: there the server dies before it answers."""
        self.server.kill()
        try:
            self.server.start("--crash-at", str(point))
        except AssertionError:
            self.revive()

    def revive(self):
        """Starts the server again, once it is dead."""
        if self.server.process.poll() is not None:
            self.server.start()

    def disarm(self):
        """A server that crashes no more, whether the last one died or passed its point by."""
        self.server.restart()

    def asking(self, question):
        """The answer of a server that may die meanwhile."""
        try:
            return question()
        except Exception:
            until(lambda: self.server.process.poll() is not None, 20, what="the death that lost an answer")
            self.revive()
            return None

    def validated(self):
        """How many releases have run their last hook: asked of the instance's own file, as each call to the server would add fail points."""
        return sum(hook == HOOKS[-1] for _, hook in whole_journal_of(self.server, self.instance))

    def execution_of(self, commit):
        def ended():
            self.revive()
            for one in self.asking(self.account.executions) or []:
                if commit in [revision.get("revisionId") for revision in one["sourceRevisions"]]:
                    return one if one["status"] in ("Succeeded", "Failed", "Stopped") else None
            return None

        def validated():
            self.revive()
            return self.validated() >= self.pushes

        until(validated, 60, every=0.02, what=f"the last hook of the release of {commit}")
        return until(ended, 60, every=0.02, what=f"the end of the release of {commit}")

    def traces(self, execution):
        """What a release left: to be the same for each."""
        account = self.account
        actions = [one for one in account.actions() if one["pipelineExecutionId"] == execution["pipelineExecutionId"]]
        ids = {one["actionName"]: one["output"]["executionResult"].get("externalExecutionId") for one in actions}
        (made,) = account.client("codebuild").batch_get_builds(ids=[ids["Build"]])["builds"]
        artifacts = [artifact["s3location"] for one in actions for artifact in one["output"]["outputArtifacts"]]
        versions = [len(account.client("s3").list_object_versions(Bucket=one["bucket"], Prefix=one["key"])["Versions"]) for one in artifacts]
        return {
            "status": execution["status"],
            "actions": [(one["actionName"], one["status"]) for one in actions],
            "phases": [(phase["phaseType"], phase.get("phaseStatus")) for phase in made["phases"]],
            "reports": self.cases_of(made),
            "log": [line for line in account.log(made).splitlines() if line in ("installing", "building")],
            "hooks": journal_of(self.server, self.instance, ids["Deploy"]),
            "versions": versions,
        }

    def cases_of(self, made):
        codebuild = self.account.client("codebuild")
        return [[case["name"] for case in codebuild.describe_test_cases(reportArn=arn)["testCases"]] for arn in made["reportArns"]]

    def counts(self):
        """How much there is of everything: an action done twice would show even where nobody points at it."""
        lists = [
            ("s3", "list_object_versions", "Versions", {"Bucket": self.account.bucket}),
            ("codebuild", "list_builds_for_project", "ids", {"projectName": "unit-tests"}),
            ("codedeploy", "list_deployments", "deployments", {}),
            ("codepipeline", "list_pipeline_executions", "pipelineExecutionSummaries", {"pipelineName": "pipeline"}),
        ]
        pages = {member: self.account.client(service).get_paginator(call).paginate(**wish) for service, call, member, wish in lists}
        return {member: sum(len(page.get(member, [])) for page in found) for member, found in pages.items()}

    def points(self):
        return json.loads(self.server.request("GET", "/_rehearse/health").data)["failPoints"]


@pytest.fixture(scope="class")
def delivery(tmp_path_factory, request):
    delivery = Delivery(tmp_path_factory.mktemp("crash"), request.cls.PAUSE_SECONDS)
    try:
        yield delivery
        delivery.server.stop()
    finally:
        delivery.server.clear()


@pytest.fixture(scope="class")
def undisturbed(delivery):
    """What a release leaves when nothing happens to it, how much it adds, and the fail points it passes."""
    assert delivery.execution_of(delivery.push())["status"] == "Succeeded", delivery.account.why()  # the first one has no ApplicationStop
    before = delivery.counts()
    delivery.server.restart()
    execution = delivery.execution_of(delivery.push())
    points = delivery.points()
    after = delivery.counts()
    added = {key: after[key] - before[key] for key in after}
    return {"traces": delivery.traces(execution), "added": added, "points": points}


def check(delivery, undisturbed, before, execution, what):
    """Equal traces, and nothing more or less of anything; the new counts."""
    assert delivery.traces(execution) == undisturbed["traces"], what
    after = delivery.counts()
    assert {key: after[key] - before[key] for key in after} == undisturbed["added"], what
    return after


def walk(delivery, undisturbed, first):
    """Every other fail point from `first` on, until a release passes fewer of them."""
    crashed = missed = 0
    before = delivery.counts()
    for point in itertools.count(first, 2):
        delivery.restart_to_crash_at(point)
        execution = delivery.execution_of(delivery.push())
        delivery.disarm()
        before = check(delivery, undisturbed, before, execution, f"the crash at fail point {point}")
        reached = f"crash at fail point {point}:" in delivery.server.log()
        crashed += reached
        missed = 0 if reached else missed + 1
        if missed == MISSED_MOST:
            break
    delivery.server.check()
    print(f"{crashed} crashes, the last at fail point {point - 2 * MISSED_MOST}")
    assert crashed >= undisturbed["points"] // 2 * 0.8, "too few points were reached"  # how output is cut into events varies


class TestOddFailPoints:
    PAUSE_SECONDS = 0.05

    def test_a_crash_at_each_loses_nothing_and_repeats_nothing(self, delivery, undisturbed):
        walk(delivery, undisturbed, first=1)


class TestEvenFailPoints:
    PAUSE_SECONDS = 0.05

    def test_a_crash_at_each_loses_nothing_and_repeats_nothing(self, delivery, undisturbed):
        walk(delivery, undisturbed, first=2)


class TestDeathsAtOtherMoments:
    PAUSE_SECONDS = 0.15

    def test_an_undisturbed_release_leaves_these_traces(self, undisturbed):
        traces = undisturbed["traces"]
        assert traces["status"] == "Succeeded"
        assert traces["hooks"] == HOOKS and traces["versions"] == [1, 1] and traces["reports"] == [["passes"]]
        assert undisturbed["added"] == {"Versions": 2, "ids": 1, "deployments": 1, "pipelineExecutionSummaries": 1}
        assert undisturbed["points"] > 80

    def test_random_kills_lose_nothing_and_repeat_nothing(self, delivery, undisturbed):
        chance = random.Random(SEED)
        for _ in range(KILLS // KILLS_A_RUN):
            before = delivery.counts()
            commit = delivery.push()
            for _ in range(KILLS_A_RUN):
                pause(chance.uniform(0, 0.6))
                delivery.server.restart()
            check(delivery, undisturbed, before, delivery.execution_of(commit), "random kills")

    def test_a_build_and_an_instance_go_on_during_the_outage(self, delivery):
        account = delivery.account
        serve(delivery)
        until(lambda: answers(account.address(delivery.instance)), 20, what="the instance's port 80")
        address = account.address(delivery.instance)
        slow = "version: 0.2\nphases:\n  build:\n    commands:\n      - for i in $(seq 40); do echo tick $i; sleep 0.1; done\n"
        account.project("slow", buildspec=slow, source_type="NO_SOURCE")
        started = account.client("codebuild").start_build(projectName="slow")["build"]["id"]
        until(lambda: account.client("codebuild").batch_get_builds(ids=[started])["builds"][0]["currentPhase"] == "BUILD", what="the phase BUILD")
        delivery.server.kill()
        output = delivery.server.data / "sandboxes" / started.partition(":")[2] / "jobs/build/output"
        size = output.stat().st_size
        until(lambda: output.stat().st_size > size + 20, 20, what="output of the build while no server runs")
        assert answers(address)
        delivery.server.start()
        assert account.built(started)["buildStatus"] == "SUCCEEDED"
        ticks = [line for line in account.log(account.built(started)).splitlines() if line.startswith("tick ")]
        assert ticks == [f"tick {i}" for i in range(1, 41)]


def pause(seconds):
    """Lets a release go on for a while: the moment of a kill is what this test is about."""
    subprocess.run(["sleep", f"{seconds:.3f}"], check=True)


def serve(delivery):
    """Something that answers on port 80 of the instance."""
    unit = "[Service]\\nExecStart=/usr/bin/python3 -m http.server 80 --directory /opt/small\\n"
    hook = f"printf '{unit}' > /etc/systemd/system/web.service && systemctl daemon-reload && systemctl restart web.service"
    account = delivery.account
    web = account.described([delivery.instance])[0]["SecurityGroups"][0]["GroupId"]
    account.client("ec2").authorize_security_group_ingress(GroupId=web, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0")
    revision = account.upload("web.zip", small_application(hook=hook, hooks=["ApplicationStart"]))
    made = account.client("codedeploy").create_deployment(applicationName="small", deploymentGroupName="group", revision=revision)
    assert account.deployed(made["deploymentId"])["status"] == "Succeeded"


def answers(address):
    try:
        connection = http.client.HTTPConnection(address, timeout=5)
        connection.request("GET", "/page.txt")
        return connection.getresponse().status == 200
    except OSError:
        return False
