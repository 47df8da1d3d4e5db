"""Mistakes that people make at the command line: one sentence each that says what is wrong, what there is instead, and what to do."""

import json
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from harness import clean_environment, free_port, program
from terminal import Terminal

BUILD = "version: 0.2\nphases:\n  build:\n    commands:\n      - {}\n"


@pytest.fixture(scope="module")
def plane(own_server):
    """A plane with a pipeline named shop that has run and succeeded."""
    folder = own_server.folder / "shop"
    folder.mkdir()
    (folder / "buildspec.yml").write_text(BUILD.format("true"))
    own_server.rehearse("run", folder, "-q")
    return own_server


@pytest.fixture
def site(tmp_path):
    """An application that is only deployed, with a hook."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/hook.sh").write_text("#!/bin/sh\necho done\n")
    (tmp_path / "site/appspec.yml").write_text("version: 0.0\nos: linux\nhooks:\n  AfterInstall: [{ location: hook.sh }]\n")
    return tmp_path / "site"


def refused(plane, *words):
    done = plane.rehearse(*words, check=False)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, done
    return done.stderr.removeprefix("rehearse: ").strip()


@pytest.mark.parametrize("verb", ["logs", "approve", "reject"])
def test_a_pipeline_that_is_not_there_is_told_with_those_that_are(plane, verb):
    assert refused(plane, verb, "shpo") == 'there is no pipeline "shpo" (did you mean "shop"?); there is: shop'


def test_where_there_is_no_pipeline_at_all_the_way_to_one_is_told(start_server):
    assert refused(start_server(), "logs", "shop") == 'there is no pipeline "shop", nor any other. To make one: rehearse run'


def test_a_stage_without_a_log_tells_what_it_did(plane):
    assert refused(plane, "logs", "shop", "Source") == "Source/Source has no log: CodeCommit succeeded, and said: The folder as it is"


def test_a_stage_that_succeeded_cannot_be_retried_and_the_run_is_named(plane):
    told = refused(plane, "run", plane.folder / "shop", "--retry", "Build")
    assert told == "stage Build of shop succeeded: there is nothing to retry. To run all of it again: rehearse run"


def test_a_plane_of_somebody_else_is_told_with_the_way_to_an_own_one(plane):
    kept = plane.data.rename(plane.folder / "elsewhere")
    try:
        told = refused(plane, "run", plane.folder / "shop")
    finally:
        kept.rename(plane.data)
    assert told == (
        f"the control plane at http://127.0.0.1:{plane.port} keeps everything in {plane.data}, which you cannot write to: "
        f"it is another user's, or another machine's. To have one of your own: --port {plane.port + 1}"
    )


def test_a_folder_that_cannot_be_made_is_told_with_the_way_around(plane):
    told = refused(plane, "run", plane.folder / "shop", "--port", str(free_port()), "--data", "/proc/nowhere")
    assert told == "make folder /proc/nowhere: No such file or directory. To keep everything elsewhere: --data FOLDER"


def test_a_report_that_nobody_gets_is_no_success(plane):
    command = [program(), "run", plane.folder / "shop", "--json", "-q"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, env=plane.environment(), stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and "the report: " in done.stderr and "No space left on device" in done.stderr, done


def test_git_that_is_missing_is_told_with_the_command_that_brings_it(plane, tmp_path):
    (tmp_path / "env").symlink_to("/usr/bin/env")
    command = [program(), "run", plane.folder / "shop", "--port", str(plane.port)]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        2,
        "rehearse: git is missing: a revision is made and pushed with it. Mend: sudo apt-get install git\n",
    )


def test_a_clock_is_not_set_back(plane):
    assert refused(plane, "clock", "advance", "-5m") == '"-5m" is no duration; write 7d, 90m, 1h30m, 45s or 250ms'


def test_a_port_that_is_taken_is_told_with_its_owner_and_the_next(plane, tmp_path):
    told = refused(plane, "up", "--port", plane.port, "--data", tmp_path / "data")
    owner = f"process {plane.process.pid} (rehearse)"
    assert told == f"port {plane.port} is taken by {owner}. Stop it, or: rehearse up --port {plane.port + 1}"


def test_a_server_elsewhere_that_is_no_plane_is_told_as_such():
    with HTTPServer(("127.0.0.2", 0), BaseHTTPRequestHandler) as other:
        Thread(target=other.handle_request).start()
        url = f"http://127.0.0.2:{other.server_port}"
        done = subprocess.run([program(), "status"], env={"AWS_ENDPOINT_URL": url}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, f"rehearse: what answers at {url} is no control plane\n")


def test_a_region_that_is_none_is_refused(plane, tmp_path):
    told = refused(plane, "up", "--port", free_port(), "--data", tmp_path / "data", "--region", "")
    assert told == '--region takes a name like us-east-1, not ""'


def test_an_unknown_option_is_told_with_those_that_are_there(plane):
    assert refused(plane, "down", "--everything") == "unknown option --everything; options are --port, --json, --no-color, --all"


def test_a_script_with_line_ends_of_windows_is_told_before_it_fails(plane, site):
    (site / "hook.sh").write_bytes(b"#!/bin/sh\r\necho done\r\n")
    done = plane.rehearse("run", site, check=False)
    assert done.returncode == 1
    assert "hook.sh has the line ends of Windows: Linux finds no interpreter named in its first line. Mend: sed -i 's/\\r$//' hook.sh" in done.stderr


def test_a_key_of_the_buildspec_that_nobody_reads_is_told_by_the_run(plane, tmp_path):
    (tmp_path / "typo").mkdir()
    (tmp_path / "typo/buildspec.yml").write_text(BUILD.format("true") + "    comands: ['false']\n")
    done = plane.rehearse("run", tmp_path / "typo")
    assert 'the buildspec has a key in phases/build that nobody reads: comands (did you mean "commands"?)' in " ".join(done.stdout.split())


def test_a_run_behind_a_disabled_transition_says_what_it_waits_for(plane, site):
    plane.rehearse("run", site, "-q")
    way = {"pipelineName": "site", "stageName": "Deploy", "transitionType": "Inbound"}
    plane.client("codepipeline").disable_stage_transition(**way, reason="lunch")
    running = subprocess.Popen([program(), "run", site], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=plane.environment())
    assert any("Deploy waits: the transition to this stage is disabled" in line for line in running.stderr)
    plane.client("codepipeline").enable_stage_transition(**way)
    assert running.wait(60) == 0
    running.communicate()


def test_a_run_behind_another_execution_says_so(plane, tmp_path):
    folder = tmp_path / "queue"
    folder.mkdir()
    (folder / "buildspec.yml").write_text(BUILD.format("test ! -e wait || sleep 600"))
    (folder / "wait").write_text("")
    first = subprocess.Popen([program(), "run", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=plane.environment())
    assert any("Build running" in line for line in first.stderr)
    (folder / "wait").unlink()
    second = subprocess.Popen([program(), "run", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=plane.environment())
    assert any("Build waits until an earlier execution has left this stage" in line for line in second.stderr)
    builds = plane.client("codebuild")
    (build,) = builds.list_builds_for_project(projectName="queue-Build")["ids"]
    builds.stop_build(id=build)
    assert (first.wait(60), second.wait(60)) == (1, 0)
    for one in (first, second):
        one.communicate()


@pytest.mark.parametrize("words", [["help", "run"], ["doctor"], ["status"], ["clock"]])
def test_no_line_is_wider_than_a_narrow_terminal(plane, words):
    terminal = Terminal(plane, *words, columns=40, NO_COLOR="1")
    assert terminal.end() == 0
    commands = {one.get("remedy") for one in json.loads(plane.rehearse("doctor", "--json").stdout)}  # whole, to be copied
    wide = [line for line in terminal.shown.splitlines() if len(line) > 40 and " " in line.strip() and line.strip() not in commands]
    assert not wide


@pytest.mark.parametrize("left", ["", "echo 2 > lock"], ids=["no lock", "a lock that nobody holds"])
def test_a_control_plane_of_another_machine_is_not_ended_here(plane, left):
    elsewhere = 'mount -t tmpfs none "$0" && cd "$0" && { ' + (left or "true") + '; } && exec "$@"'
    words = ["unshare", "--mount", "--map-root-user", "sh", "-c", elsewhere, plane.data, program(), "down", "--port", plane.port]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env=clean_environment(LANG="C.UTF-8"), timeout=60)
    told = f"rehearse: http://127.0.0.1:{plane.port} keeps its data in {plane.data}, which is another user's, "
    told += "or of another machine or container: end it where it was started\n"
    assert (done.returncode, done.stderr) == (2, told)
    assert plane.request("GET", "/_rehearse/health").status == 200
