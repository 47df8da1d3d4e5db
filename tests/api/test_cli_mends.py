"""What a person meets at the command line when things are not as they should be: dead servers, denials, rejections, other ports."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from delivery import IMAGE, until
from harness import TOP, clean_environment, free_port, program
from terminal import Terminal

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
    assert (done.returncode, done.stderr) == (2, 'rehearse: shop has no stage or action "Nowhere"; its stages are Source, Build\n')


@pytest.fixture
def elsewhere(tmp_path):
    """elsewhere("run", …) runs a verb with --port and without AWS_ENDPOINT_URL; the plane that it starts keeps its data in a folder with a blank."""
    port = free_port()

    def run(verb, *words, **more):
        return run_alone(verb, *words, "--port", port, **more)

    run.port, run.data = port, tmp_path / "my data"
    yield run
    run("down", "--all")


def flat(shown):
    """Without its layout, which depends on how long a hint is."""
    return " ".join(shown.split()) + " "


def test_hints_of_a_run_work_as_printed(elsewhere, application):
    folder = application("shop", "exit 3")
    shown = flat(elsewhere("run", folder, "--data", elsewhere.data).stdout)
    port = f"--port {elsewhere.port}"
    for hint in (
        f"rehearse logs shop Build {port} ",
        f"rehearse run --retry Build {port} ",
        f"rehearse run {folder} {port} --data '{elsewhere.data}' ",
        f"rehearse status {port} ",
        f'eval "$(rehearse env {port})" ',
        f"rehearse down {port} ",
    ):
        assert hint in shown, shown


def test_hints_are_bare_where_the_bare_command_reaches_the_plane(plane, application):
    shown = flat(plane.rehearse("run", application("shop", "exit 3"), check=False).stdout)
    assert "rehearse logs shop Build again" in shown and "rehearse status pipelines" in shown


def test_a_follower_of_a_server_that_dies_is_told_its_folder_too(plane, application, begin):
    begin("run", application("hall", "sleep 300"))
    while "hall" not in plane.rehearse("status").stdout:
        pass
    logs = begin("logs", "hall", "Build", "--follow")
    while "it has begun" not in logs.stdout.readline():
        pass
    plane.kill()
    assert f"Start one: rehearse up --port {plane.port} --data {plane.data}\n" in logs.communicate(timeout=30)[1]


@pytest.fixture
def gated(plane, application, begin):
    """The pipeline "shop" waits at Release, where "Ready?" is asked."""
    folder = application("shop")
    (folder / "rehearse.yaml").write_text("stages:\n  - build: buildspec.yml\n  - name: Release\n    approve: Ready?\n")
    running = begin("run", folder)
    for line in running.stderr:
        if "Release waits for approval" in line:
            break
    return running


def test_status_shows_the_approval_of_an_older_execution_and_where_the_newer_one_is(plane, gated):
    pipeline = plane.client("codepipeline")
    pipeline.disable_stage_transition(pipelineName="shop", stageName="Build", transitionType="Inbound", reason="a freeze")
    pipeline.start_pipeline_execution(name="shop")
    waits = "waits before Build: its transition is disabled"
    shown = until(lambda: waits in (text := plane.rehearse("status").stdout) and text)
    assert 'waits for approval: Release   rehearse approve shop   "Ready?"\n' in shown, shown
    told = json.loads(plane.rehearse("status", "--json").stdout)["pipelines"][0]
    assert (told["waitsForApproval"], told["waitsBefore"], told["transitionDisabled"]) == (True, "Build", True)
    assert [(one["stage"], one["action"], one["text"]) for one in told["approvals"]] == [("Release", "Release", "Ready?")]


def test_status_never_shows_an_empty_stage(plane, gated):
    plane.client("codepipeline").start_pipeline_execution(name="shop")
    until(lambda: "waits before Release  " in plane.rehearse("status").stdout)


def test_an_approval_hint_names_the_port_where_it_must(plane, gated):
    shown = run_alone("status", "--port", plane.port).stdout
    assert f"rehearse approve shop --port {plane.port} " in shown, shown


def test_logs_after_a_rejection_tell_who_rejected_when_and_why(plane, gated):
    plane.rehearse("reject", "shop", "-m", "The price is wrong")
    assert gated.wait(60) == 1
    shown = plane.rehearse("logs", "shop").stdout
    assert re.fullmatch(r"Release/Release was rejected by arn:aws:iam::\d{12}:root at \d{4}-\S+Z: The price is wrong\n", shown), shown
    assert json.loads(plane.rehearse("logs", "shop", "--json").stdout)["comment"] == "The price is wrong"


def test_status_shows_a_denial_instead_of_nothing(plane):
    iam = plane.client("iam")
    iam.create_user(UserName="narrow")
    key = iam.create_access_key(UserName="narrow")["AccessKey"]
    environment = plane.environment(key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    shown = plane.rehearse("status", env=environment).stdout
    for label, action in (("pipelines", "codepipeline:ListPipelines"), ("instances", "ec2:DescribeInstances")):
        (line,) = [line for line in shown.splitlines() if line.startswith(label)]
        assert action in line and "none" not in line, shown


def test_status_is_folded_between_words_in_a_narrow_terminal(plane, gated):
    whole = plane.rehearse("status", env=plane.environment(LANG="C.UTF-8")).stdout
    terminal = Terminal(plane, "status", columns=60)
    assert terminal.end() == 0
    lines = re.sub(r"\x1b\[\d*m", "", terminal.shown).splitlines()
    assert len(lines) > len(whole.splitlines())
    assert all(len(line) <= 60 or len(line.split()) == 1 for line in lines), lines
    assert set(words_of_pipelines(whole)) <= set(" ".join(lines).split()), lines


def words_of_pipelines(text):
    """Ages and sizes change between two looks."""
    return next(line for line in text.splitlines() if line.startswith("pipelines")).split()


@pytest.fixture
def doctor():
    """doctor("setpriv", …) runs the doctor of a program that lies alone in a folder that every user may read: by subject, its text."""
    folder = Path(tempfile.mkdtemp(prefix="rehearse-alone-"))
    folder.chmod(0o755)
    for name in ("rehearse", "rehearse-keeper"):
        shutil.copy(program().parent / name, folder)
    for library in (TOP / "build/deps/root/usr/lib").glob("*/*.so.*"):  # what the distribution lacks lies beside the program
        shutil.copy(library, folder)

    def run(*before, **environment):
        command = [*before, folder / "rehearse", "doctor", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(LANG="C.UTF-8", LD_LIBRARY_PATH=str(folder), **environment), timeout=120)
        assert done.stdout, done.stderr
        return {one["subject"]: one["text"] for one in json.loads(done.stdout)}

    run.folder = folder
    yield run
    shutil.rmtree(folder)


def test_doctor_speaks_to_an_ordinary_user_in_sentences(doctor):
    told = doctor(*(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []))
    assert told["rung A"] == "rung A needs a server that runs as root"
    assert not [text for text in told.values() if re.search(r"\d+ -|^[a-z_-]+ \d+ ", text)], told


@pytest.mark.skipif(any(os.path.exists(f"{place}/aws") for place in ("/usr/bin", "/usr/local/bin")), reason="this machine has the AWS CLI where sandboxes see it")
def test_doctor_looks_for_the_aws_cli_where_sandboxes_see_it(doctor):
    (doctor.folder / "aws").write_text("#!/bin/sh\necho aws-cli/1.2.3\n")
    (doctor.folder / "aws").chmod(0o755)
    path = f"{doctor.folder}:/usr/bin:/bin"
    assert doctor(PATH=path)["aws"] == "is in PATH, but not in /usr/bin or /usr/local/bin: builds and instances lack it"
    assert "builds and instances lack it" in doctor(PATH="/usr/bin:/bin")["aws"]


@pytest.mark.parametrize(("version", "told"), [("1.28.9", True), ("1.29.0", False), ("2.9.19", True), ("2.13.0", False)])
def test_doctor_knows_an_aws_cli_that_would_call_aws_itself(doctor, version, told):
    (doctor.folder / "aws").write_text(f"#!/bin/sh\necho aws-cli/{version} Python/3.11.2\n")
    (doctor.folder / "aws").chmod(0o755)
    warning = f"aws {version} in PATH does not read AWS_ENDPOINT_URL, as 1.29 and 2.13 do: it would call AWS itself"
    assert doctor(PATH=f"{doctor.folder}:/usr/bin:/bin").get("endpoint") == (warning if told else None)


def test_what_down_advises_names_the_port_and_the_folder(plane):
    ec2 = plane.client("ec2")
    ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)
    until(lambda: ec2.describe_instances()["Reservations"][0]["Instances"][0]["State"]["Name"] == "running")
    told = run_alone("down", "--port", plane.port).stdout
    plane.process.wait(30)
    up, down = f"rehearse up --port {plane.port} --data {plane.data}", f"rehearse down --all --port {plane.port}"
    assert told == f"The control plane has ended; 1 instance goes on with what is deployed. To go on: {up}. To end them: the same, then {down}\n"
