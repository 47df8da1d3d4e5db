"""An event at which the server crashes is handled again by the next start. When it crashes again it is set aside: the third start goes on without it, says so, and serves everybody else."""

import json

import pytest
from delivery import Account, until
from harness import Server, fresh_account

TINY = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo built\n"
EVENT = "effect codebuild.build/"  # what a sandbox or job tells to its build
ABORTED = -6


class Plane:
    """With one build that is under way when the server crashes, `crashes` times at the same event."""

    def __init__(self, folder, crashes):
        self.server = Server(folder, "--fast-forward").start("--crash-on", EVENT)
        self.account = Account(self.server, fresh_account()).prepare()
        self.account.project("tiny", buildspec=TINY, source_type="NO_SOURCE")
        self.build = self.start_build()
        self.ends = [self.crash()]
        while len(self.ends) < crashes:
            try:
                self.server.start("--crash-on", EVENT)
            except AssertionError:
                pass  # it crashed before it answered
            self.ends.append(self.crash())
        self.server.start()

    def start_build(self):
        return self.account.client("codebuild").start_build(projectName="tiny")["build"]["id"]

    def crash(self):
        until(lambda: self.server.process.poll() is not None, 20, what="the crash")
        return self.server.process.returncode

    def set_aside(self):
        return json.loads(self.server.rehearse("status", "--json").stdout)["clock"]["setAside"]


@pytest.fixture
def plane(tmp_path):
    made = []

    def make(crashes):
        made.append(Plane(tmp_path / "plane", crashes))
        return made[-1]

    yield make
    for one in made:
        try:
            one.server.stop()
        finally:
            one.server.clear()


def test_an_event_that_crashed_the_server_once_is_handled_again(plane):
    once = plane(crashes=1)
    assert once.ends == [ABORTED]
    assert f"the server crashed while it handled {EVENT}" in once.server.log()
    assert once.account.built(once.build)["buildStatus"] == "SUCCEEDED"
    assert once.set_aside() == []


def test_an_event_that_crashed_the_server_twice_is_set_aside_and_reported(plane):
    twice = plane(crashes=2)
    assert twice.ends == [ABORTED, ABORTED]
    (event,) = until(twice.set_aside, 20, what="the report")
    assert event["id"].startswith(EVENT) and twice.build.partition(":")[2] in event["id"] and event["crashes"] == 2
    lines = [line for line in twice.server.rehearse("status").stdout.splitlines() if line.startswith("set aside")]
    assert lines and event["id"] in lines[0] and "crashed the server 2 times" in lines[0]
    assert f"set aside, since it crashed the server before: {event['id']}" in twice.server.log()
    assert twice.account.built(twice.start_build())["buildStatus"] == "SUCCEEDED", "the builds of others go on"
    assert twice.account.built(twice.build)["buildStatus"] in ("TIMED_OUT", "FAULT"), "what waited for the event ends by its time-out, to which the clock jumps"
