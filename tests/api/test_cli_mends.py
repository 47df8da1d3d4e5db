"""What a person meets at the command line when things are not as they should be: dead servers, denials, rejections, other ports."""

import os
import subprocess

import pytest

from harness import clean_environment, free_port, program

BUILD = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo it has begun\n      - {}\n"


def run_alone(*words, **more):
    """The program without AWS_ENDPOINT_URL."""
    command = [str(word) for word in (program(), *words)]
    return subprocess.run(command, capture_output=True, text=True, env=clean_environment(LANG="C.UTF-8"), timeout=60, **more)


@pytest.fixture
def plane(start_server):
    return start_server("--fast-forward")


@pytest.fixture
def application(tmp_path):
    """application("shop", command) is a folder whose build runs that command."""

    def make(name, command="true"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "buildspec.yml").write_text(BUILD.format(command))
        return folder

    return make


@pytest.fixture
def begin(plane):
    """begin("logs", …) starts a verb against the plane; what still runs at the end is ended."""
    begun = []

    def start(*words):
        command = [str(word) for word in (program(), *words)]
        begun.append(subprocess.Popen(command, env=plane.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return begun[-1]

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def test_a_verb_without_operands_says_so_of_the_first():
    assert run_alone("status", "foo").stderr == 'rehearse: status takes no operand, but got "foo"\n'


def test_a_retry_without_a_plane_starts_none(tmp_path):
    port = free_port()
    done = run_alone("run", "--retry", "Build", "--port", port, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"rehearse: no control plane answers at http://127.0.0.1:{port}, so there is nothing to retry\n"
    assert not os.listdir(tmp_path)


def test_logs_that_are_followed_wait_for_the_stage_and_tell_of_a_server_that_dies(plane, application, begin):
    begin("run", application("hall", "sleep 300"))
    while "hall" not in plane.rehearse("status").stdout:
        pass
    logs = begin("logs", "hall", "Build", "--follow")
    for line in logs.stdout:
        if line.endswith("it has begun\n"):
            break
    plane.kill()
    _, errors = logs.communicate(timeout=30)
    assert logs.returncode == 2
    assert errors.startswith(f"rehearse: no control plane answers at {plane.url}.")


def test_a_stage_that_the_pipeline_has_not_is_not_waited_for(plane, application):
    plane.rehearse("run", application("shop"))
    done = plane.rehearse("logs", "shop", "Nowhere", "--follow", check=False)
    assert (done.returncode, done.stderr) == (2, 'rehearse: shop has run no stage or action "Nowhere" yet\n')


@pytest.fixture
def elsewhere(tmp_path):
    """elsewhere("run", …) runs a verb with --port and without AWS_ENDPOINT_URL; the plane that it starts keeps its data in a folder with a blank."""
    port = free_port()

    def run(verb, *words, **more):
        return run_alone(verb, *words, "--port", port, **more)

    run.port, run.data = port, tmp_path / "my data"
    yield run
    run("down", "--all")


def test_hints_of_a_run_work_as_printed(elsewhere, application):
    folder = application("shop", "exit 3")
    shown = elsewhere("run", folder, "--data", elsewhere.data).stdout
    port = f"--port {elsewhere.port}"
    for hint in (
        f"rehearse logs shop Build {port}\n",
        f"rehearse run --retry Build {port}\n",
        f"rehearse run {folder} {port} --data '{elsewhere.data}' ",
        f"rehearse status {port} ",
        f'eval "$(rehearse env {port})" ',
        f"rehearse down {port} ",
    ):
        assert hint in shown, shown


def test_hints_are_bare_where_the_bare_command_reaches_the_plane(plane, application):
    shown = plane.rehearse("run", application("shop", "exit 3"), check=False).stdout
    assert "rehearse logs shop Build\n" in shown and "rehearse status  " in shown


def test_a_follower_of_a_server_that_dies_is_told_its_folder_too(plane, application, begin):
    begin("run", application("hall", "sleep 300"))
    while "hall" not in plane.rehearse("status").stdout:
        pass
    logs = begin("logs", "hall", "Build", "--follow")
    while "it has begun" not in logs.stdout.readline():
        pass
    plane.kill()
    assert f"Start one: rehearse up --port {plane.port} --data {plane.data}\n" in logs.communicate(timeout=30)[1]
