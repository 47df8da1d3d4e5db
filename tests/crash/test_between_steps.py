"""kill -9 between two steps of what is done outside the database: the next start finishes it, or clears up what is left of it."""

import fcntl
import itertools
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from delivery import Account, until
from harness import fresh_account

WAITING = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo begun\n      - sleep 1000\n"
# A push lasts until this file is there: git itself waits, in the repository's own hook.
SLOW_HOOK = """#!/bin/sh
touch "{folder}/begun"
while [ ! -e "{folder}/go" ]; do sleep 0.01; done
"""


@pytest.fixture
def account(start_server):
    return Account(start_server(), fresh_account())


@pytest.fixture
def app(account):
    """The folder of its repository."""
    account.prepare()
    made = account.client("codecommit").get_repository(repositoryName="app")["repositoryMetadata"]
    return account.server.data / "git" / f"{made['repositoryId']}.git"


def sandboxes(server):
    """All there are, also those that are being removed; but not the one that is kept for the next build."""
    return [one.name for one in (server.data / "sandboxes").glob("*") if not one.name.startswith(".spare-")]


def begin_build(account):
    account.project("waits", WAITING, "NO_SOURCE")
    build = account.client("codebuild").start_build(projectName="waits")["build"]["id"].partition(":")[2]
    until(lambda: (account.server.data / "sandboxes" / build / "jobs/build/started").exists(), what="the start of the build's job")
    return build


# ---- The lock ----


def switches(server):
    """How often the server has gone to sleep; None once it has ended."""
    status = Path(f"/proc/{server.process.pid}/status").read_text() if server.process.poll() is None else ""
    found = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)
    return int(found[1]) if found else None


def test_a_start_waits_for_what_the_dead_server_was_just_starting(start_server):
    server = start_server()
    died = server.process
    server.kill()
    with open(server.data / "lock") as lock, ThreadPoolExecutor() as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a child has it until it becomes another program
        started = pool.submit(server.start)
        until(lambda: server.process is not died and any(os.path.samefile(one, lock.name) for one in open_files(server)) or started.done(), what="its look at the lock")
        before = switches(server)
        until(lambda: started.done() or switches(server) > before + 3, what="its wait")
        assert not started.done(), server.log()
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert started.result(60).request("GET", "/_rehearse/health").status == 200


def open_files(server):
    try:
        return [one for one in Path(f"/proc/{server.process.pid}/fd").iterdir() if one.exists()]
    except OSError:
        return []


# ---- A push ----


@pytest.fixture
def slow_push(account, app, tmp_path):
    """A push that was cut off by the end of its server and goes on by itself, until `go` is there; the server has started again."""
    hook = app / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(SLOW_HOOK.format(folder=tmp_path))
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    work = tmp_path / "work"
    work.mkdir()
    account.git(work, "init", "-q", "-b", "main")
    account.git(work, "commit", "-q", "--allow-empty", "-m", "One")
    pid = os.spawnvpe(os.P_NOWAIT, "git", ["git", "-C", str(work), "push", "-q", account.remote(), "main"], account.server.environment(key=account.account))
    until((tmp_path / "begun").exists, 20, what="the push")
    account.server.restart()
    os.waitpid(pid, 0)  # cut off
    yield tmp_path / "go"
    (tmp_path / "go").touch()


def test_a_push_that_outlives_the_server_is_told_when_it_has_ended(account, slow_push):
    codecommit = account.client("codecommit")
    assert codecommit.list_branches(repositoryName="app")["branches"] == []
    slow_push.touch()
    until(lambda: codecommit.list_branches(repositoryName="app")["branches"] == ["main"], 20, what="the branch that the push made")


def test_a_server_that_waits_for_such_a_push_ends_when_it_is_told_to(account, slow_push):
    account.server.process.terminate()
    assert account.server.process.wait(20) == 0, account.server.log()
    account.server.check()
    account.server.start()


# ---- Repositories ----


def test_the_folder_of_a_repository_that_was_never_made_or_is_removed_goes_at_the_next_start(account, app):
    nobodys = app.parent / "00000000-0000-4000-8000-000000000000.git"
    (nobodys / "refs").mkdir(parents=True)
    account.server.restart()
    until(lambda: not nobodys.exists(), 20, what="the removal of nobody's folder")
    assert app.is_dir() and account.client("codecommit").list_branches(repositoryName="app")["branches"] == []


# ---- What effects leave ----


def test_a_file_of_an_effect_that_nobody_waits_for_goes_at_the_next_start(account):
    leftover = account.server.data / "effects/source-00000000-0000-4000-8000-000000000000.tar"
    leftover.parent.mkdir(exist_ok=True)
    leftover.write_bytes(b"clone")
    account.server.restart()
    assert not leftover.exists()


# ---- A reset ----


def crash_in_reset(server, point):
    """Resets a server that dies at its `point`-th fail point; false when it lived on. Dead at the start already, it has not begun."""
    try:
        server.restart("--crash-at", str(point))
        server.request("POST", "/_rehearse/reset")
    except (AssertionError, OSError):
        server.process.wait(20)
    lived = server.process.poll() is None
    server.restart()
    return not lived


def crashes_after_the_commit(account):
    """Crashes at each fail point of a reset, until one passes them all. How many of the crashes left an empty plane."""
    server, codecommit = account.server, account.client("codecommit")
    leftover = server.data / "effects/leftover"
    account.prepare()
    build, finished = begin_build(account), 0
    for point in itertools.count(1):
        leftover.parent.mkdir(exist_ok=True)
        leftover.write_bytes(b"clone")
        crashed = crash_in_reset(server, point)
        if codecommit.list_repositories()["repositories"]:
            assert build in sandboxes(server)
            continue
        until(lambda: not sandboxes(server) and not list((server.data / "git").glob("*.git")), 20, what=f"the end of all after a crash at {point}")
        assert not leftover.exists()
        if not crashed:
            return finished
        finished += 1
        account.prepare()
        build = begin_build(account)


def test_a_reset_that_is_cut_off_happens_wholly_or_not_at_all(account):
    # What the build says meanwhile passes fail points, too: a walk may step over the one that is meant.
    assert any(crashes_after_the_commit(account) for _ in range(5)), "no crash came after the commit"


def test_a_reset_leaves_no_files_behind(account, app):
    begin_build(account)
    account.server.request("POST", "/_rehearse/reset")
    until(lambda: not sandboxes(account.server) and not app.exists(), 20, what="the removal of all files")
