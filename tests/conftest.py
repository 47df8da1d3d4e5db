"""Fixtures: `server` is shared by the tests of one worker, each test in an account of its own; `start_server` gives servers of one's own."""

import json
import shutil
import subprocess

import pytest

from harness import Server, clean_environment, fresh_account, program, running


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("plane")) as server:
        yield server


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    """A control plane of one module's own: for what all accounts share, such as its clock."""
    with running(tmp_path_factory.mktemp("own")) as server:
        yield server


@pytest.fixture
def server(shared_server):
    """A running control plane, shared with other tests: use it through `aws` or with an `account` of your own."""
    yield shared_server
    shared_server.check()


@pytest.fixture
def account():
    """Twelve digits that are nobody else's; as an access key they mean the root of that account."""
    return fresh_account()


@pytest.fixture
def aws(server, account):
    """aws("s3") is a client of the shared server, as root of this test's account."""
    return lambda service, **settings: server.client(service, key=account, **settings)


@pytest.fixture(scope="session")
def rung():
    """The letter of the rung of isolation that sandboxes have on this machine."""
    done = subprocess.run([program(), "doctor", "--json"], capture_output=True, text=True, env=clean_environment())
    (told,) = [one["text"] for one in json.loads(done.stdout) if one["subject"] == "sandboxes"]
    return told.partition("(rung ")[2][0]


@pytest.fixture
def many_users(rung):
    """For tests of users inside sandboxes: there are several only as root, or with subordinate ids."""
    if rung in "CD":
        pytest.skip(f"on rung {rung} a sandbox has one user: runas and owners have no effect")


@pytest.fixture
def start_server(tmp_path):
    """start_server("--strict") starts a server of this test's own; it ends, checked, with the test."""
    started = []

    def start(*options, folder=None):
        started.append(Server(folder or tmp_path / f"plane-{len(started)}", *options))
        return started[-1].start()

    yield start
    try:
        for server in started:
            server.stop()
    finally:
        for server in started:
            server.clear()


@pytest.fixture
def cli(server, account):
    """cli("s3", "ls") runs the real AWS CLI as root of this test's account and returns what it prints."""

    def run(*words, **more):
        return server.run("aws", *words, env=server.environment(key=account), **more).stdout

    return run


@pytest.fixture
def repository_copy(tmp_path):
    """repository_copy(folder) is a copy of an application under git, with one commit on main."""

    def copy(folder, name="application"):
        target = tmp_path / name
        shutil.copytree(folder, target)
        for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "First version"]):
            identity = ["-c", "user.name=Developer", "-c", "user.email=developer@example.com"]
            subprocess.run(["git", *identity, *command], cwd=target, check=True)
        return target

    return copy
