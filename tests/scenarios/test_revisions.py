"""What of a folder is in a revision: what a push of the developer's own would bring, whoever else runs at the same time and whatever died before."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

BUILD = "version: 0.2\nphases:\n  build:\n    commands:\n      - true\n"


@pytest.fixture
def plane(start_server):
    return start_server("--fast-forward")


@pytest.fixture
def mono(tmp_path):
    """A repository with an application in a folder of it."""
    top = tmp_path / "mono"
    service = top / "service"
    service.mkdir(parents=True)
    (service / "buildspec.yml").write_text(BUILD)
    git(top, "init", "-q")
    return service


def git(folder, *words):
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def files_of(plane, name):
    reply = plane.client("codecommit").get_differences(repositoryName=name, afterCommitSpecifier="main")
    return sorted(one["afterBlob"]["path"] for one in reply["differences"])


def test_what_the_repository_around_ignores_is_in_no_revision(plane, mono):
    (mono.parent / ".gitignore").write_text(".env\nnode_modules/\n*.[oa]\n")
    (mono / ".env").write_text("PASSWORD=x\n")
    (mono / "node_modules").mkdir()
    (mono / "node_modules" / "index.js").write_text("")
    (mono / "a [1].o").write_text("")
    plane.rehearse("run", mono)
    assert files_of(plane, "service") == ["buildspec.yml"]


def test_a_repository_of_another_user_is_said_to_be_asked_nothing(plane, mono):
    (mono.parent / ".gitignore").write_text(".env\n")
    (mono / ".env").write_text("")
    foreign = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    told = plane.rehearse("run", mono, env=plane.environment(**foreign)).stderr
    assert f"{mono.parent} belongs to another user, so git does not say what it ignores beyond the .gitignore of this folder" in told
    assert f"Mend: git config --global --add safe.directory {mono.parent}" in told
    mended = plane.environment(**foreign, GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0=mono.parent)
    assert "another user" not in plane.rehearse("run", mono, env=mended).stderr
    assert files_of(plane, "service") == ["buildspec.yml"]


def test_what_the_developer_tracks_in_spite_of_gitignore_is_in_the_revision(plane, mono):
    (mono / ".gitignore").write_text("dist/\n")
    (mono / "dist").mkdir()
    (mono / "dist" / "kept [1].js").write_text("")
    (mono / "dist" / "left.js").write_text("")
    git(mono, "add", "-f", "dist/kept [1].js")
    plane.rehearse("run", mono)
    assert files_of(plane, "service") == [".gitignore", "buildspec.yml", "dist/kept [1].js"]


def test_what_is_ignored_since_the_last_run_leaves_the_revision(plane, mono):
    (mono / ".env").write_text("PASSWORD=x\n")
    plane.rehearse("run", mono)
    (mono / ".gitignore").write_text(".env\n")
    plane.rehearse("run", mono)
    assert files_of(plane, "service") == [".gitignore", "buildspec.yml"]


def test_a_second_run_names_the_files_that_changed(plane, mono):
    (mono / "old.txt").write_text("")
    plane.rehearse("run", mono)
    (mono / "old.txt").unlink()
    (mono / "né w.txt").write_text("")
    shown = plane.rehearse("run", mono).stdout.splitlines()
    assert "2 files changed since the last run" in shown[0]
    assert shown[1].split(None, 1) == ["changed", "né w.txt, old.txt"]
    (mono / "né w.txt").write_text("once more")
    assert json.loads(plane.rehearse("run", mono, "--json").stdout)["changedFiles"] == ["né w.txt"]


def test_runs_at_the_same_time_succeed_one_after_the_other(plane, mono):
    for n in range(3):
        (mono / "n").write_text(str(n))
        with ThreadPoolExecutor() as pool:
            done = list(pool.map(lambda _: plane.rehearse("run", mono, check=False), range(4)))
        assert [one.returncode for one in done] == [0] * 4, [one.stderr for one in done]


def test_a_run_that_was_killed_among_git_commands_is_not_in_the_way_of_the_next(plane, mono):
    plane.rehearse("run", mono)
    repository = plane.data / "applications" / "service.git"
    for lock in ("index.lock", "HEAD.lock", "refs/heads/main.lock"):
        (repository / lock).touch()
    (mono / "new").touch()
    plane.rehearse("run", mono)
    assert files_of(plane, "service") == ["buildspec.yml", "new"]
