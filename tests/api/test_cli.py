"""The verbs of `rehearse` against a real server."""

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from delivery import IMAGE, until
from harness import clean_environment, free_port, program
from terminal import Terminal

MINI = """version: 0.2
phases:
  build:
    commands:
      - mkdir -p out
      - cp report.xml out/
reports:
  unit:
    files: ['report.xml']
    base-directory: out
"""
GOOD = '<testsuite><testcase classname="a" name="one"/></testsuite>'
BAD = """<testsuite><testcase classname="a" name="adds"><failure message="AssertionError: assert 3 == 4">
tests/test_sum.py:5: AssertionError</failure></testcase></testsuite>"""


@pytest.fixture
def plane(start_server):
    return start_server("--fast-forward")


@pytest.fixture
def mini(tmp_path):
    """An application with one stage behind its source, whose unit test succeeds."""
    folder = tmp_path / "mini"
    folder.mkdir()
    (folder / "buildspec.yml").write_text(MINI)
    (folder / "report.xml").write_text(GOOD)
    return folder


def run_alone(*words):
    """The program without any server."""
    return subprocess.run([program(), *words], capture_output=True, text=True, env=clean_environment(LANG="C.UTF-8"), timeout=60)


def test_an_unreachable_plane_is_told_with_what_to_do():
    port = str(free_port())
    done = run_alone("status", "--port", port)
    assert done.returncode == 2
    assert done.stderr == f"rehearse: no control plane answers at http://127.0.0.1:{port}. Start one: rehearse up --port {port}\n"


def test_every_verb_has_help_with_an_example_first():
    verbs = [line.split()[0] for line in run_alone("help").stdout.splitlines() if line.startswith("  ")]
    assert {"run", "up", "status", "logs", "approve", "reject", "clock", "doctor", "env", "reset", "down", "help"} <= set(verbs)
    for verb in verbs:
        assert run_alone(verb, "--help").stdout.startswith(("rehearse " + verb, "eval ")), verb


def test_status_lists_services_and_what_was_asked_for_in_vain(plane):
    services = json.loads(plane.rehearse("status", "--services", "--json").stdout)
    assert "CreateRole" in services["iam"]
    plane.run("aws", "kms", "create-key", check=False)
    assert "kms:CreateKey" in plane.rehearse("status", "--unsupported").stdout
    assert plane.rehearse("status").stdout.startswith("control plane   http://127.0.0.1:")


def test_env_is_what_the_aws_cli_needs(plane):
    command = f'eval "$({program()} env --port {plane.port})" && aws sts get-caller-identity --query Account --output text'
    environment = clean_environment(PATH=plane.environment()["PATH"])
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == "000000000000\n", done.stderr


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


def environment_of(plane, **before):
    """What is different in a shell after `rehearse env`."""
    command = f'eval "$({program()} env --port {plane.port})" && env'
    done = subprocess.run(["sh", "-c", command], env=clean_environment(**before), capture_output=True, text=True, timeout=60, check=True)
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def test_env_tells_the_region_to_sdks_that_read_either_name(plane):
    environment = environment_of(plane, AWS_REGION="eu-central-1")
    assert (environment["AWS_REGION"], environment["AWS_DEFAULT_REGION"]) == ("us-east-1", "us-east-1")


def test_env_takes_back_what_is_left_of_work_with_aws(plane):
    environment = environment_of(plane, AWS_PROFILE="production", AWS_SESSION_TOKEN="of AWS")
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(environment)


def test_the_clock_is_shown_and_moved(plane):
    before = moment(json.loads(plane.rehearse("clock", "--json").stdout)["now"])
    after = moment(json.loads(plane.rehearse("clock", "advance", "7d", "--json").stdout)["now"])
    assert 0 <= after - before - 7 * 86400_000 < 60_000
    assert "held" in plane.rehearse("clock", "held").stdout
    refused = plane.rehearse("clock", "sideways", check=False)
    assert refused.returncode == 2 and "not \"sideways\"" in refused.stderr


def test_reset_empties_the_plane(plane):
    plane.run("aws", "s3", "mb", "s3://bucket")
    plane.rehearse("reset")
    assert plane.run("aws", "s3", "ls").stdout == ""


def test_down_ends_the_server(plane):
    assert plane.rehearse("down").stdout == "The control plane has ended.\n"
    assert plane.process.wait(10) == 0


def test_run_succeeds_then_fails_with_the_test_that_failed(plane, mini):
    first = plane.rehearse("run", mini)
    assert "1 test passed" in first.stdout and "Succeeded in" in first.stdout and "What to try next" in first.stdout
    (mini / "report.xml").write_text(BAD)
    (mini / "buildspec.yml").write_text(MINI.replace("xml out/\n", "xml out/\n      - exit 1\n"))
    second = plane.rehearse("run", mini, check=False)
    assert second.returncode == 1
    for word in ("2 files changed since the last run", "1 of 1 tests failed", "tests/test_sum.py:5", "expected  4", "got       3", "rehearse logs mini Build"):
        assert word in second.stdout, second.stdout


@pytest.fixture
def site(tmp_path):
    """An application that is only deployed; its hook checks what was installed."""
    folder = tmp_path / "site"
    folder.mkdir()
    hooks = "hooks:\n  ValidateService:\n    - location: check.sh\n"
    (folder / "appspec.yml").write_text(f"version: 0.0\nos: linux\nfiles:\n  - source: page\n    destination: /opt/site\n{hooks}")
    (folder / "check.sh").write_text("#!/bin/sh\necho looking at the page\ngrep -q good /opt/site/page\n")
    (folder / "page").write_text("good\n")
    return folder


def deployments_of(plane, name):
    client = plane.client("codedeploy")
    ids = client.list_deployments(applicationName=name, deploymentGroupName=f"{name}-Deploy")["deployments"]
    infos = [client.get_deployment(deploymentId=one)["deploymentInfo"] for one in ids]
    return sorted(infos, key=lambda info: info["createTime"])


def test_a_deployment_that_fails_is_rolled_back_before_the_run_ends(plane, site):
    assert plane.rehearse("run", site).returncode == 0
    (site / "page").write_text("bad\n")
    failed = plane.rehearse("run", site, check=False)
    assert failed.returncode == 1
    assert "0 of 1 instance, rolled back" in failed.stdout, failed.stdout
    assert "Failed at Deploy" in failed.stdout and "Rolled back: the last good revision is on 1 instance again" in failed.stdout
    good, bad, rollback = deployments_of(plane, "site")
    assert [one["status"] for one in (good, bad, rollback)] == ["Succeeded", "Failed", "Succeeded"]
    assert (rollback["creator"], rollback["revision"]) == ("codeDeployRollback", good["revision"])


def test_a_first_deployment_that_fails_has_nothing_to_go_back_to(plane, site):
    (site / "page").write_text("bad\n")
    failed = plane.rehearse("run", site, "--json", check=False)
    assert failed.returncode == 1
    deploy = json.loads(failed.stdout)["stages"][1]["actions"][0]
    assert (deploy["state"], "rollback" in deploy) == ("failed", False)
    assert len(deployments_of(plane, "site")) == 1


def test_logs_of_a_deployment_show_the_hooks_that_went_well_too(plane, site):
    plane.rehearse("run", site, "-q")
    assert "[stdout]looking at the page" in plane.rehearse("logs", "site", "Deploy").stdout


def test_an_unchanged_folder_runs_again_and_tells_json(plane, mini):
    plane.rehearse("run", mini, "-q")
    done = json.loads(plane.rehearse("run", mini, "--json").stdout)
    assert done["state"] == "succeeded" and [stage["name"] for stage in done["stages"]] == ["Source", "Build"]
    executions = json.loads(plane.run("aws", "codepipeline", "list-pipeline-executions", "--pipeline-name", "mini").stdout)
    assert len(executions["pipelineExecutionSummaries"]) == 2


def test_logs_of_a_build(plane, mini):
    plane.rehearse("run", mini, "-q")
    assert "Running command mkdir -p out" in plane.rehearse("logs", "mini", "Build").stdout
    refused = plane.rehearse("logs", "mini", "Bild", check=False)
    assert refused.returncode == 2 and refused.stderr == 'rehearse: mini has no stage or action "Bild"; its stages are Source, Build\n'


def test_an_approval_is_answered(plane, mini):
    (mini / "rehearse.yaml").write_text("stages:\n  - build: buildspec.yml\n  - name: Release\n    approve: Ready?\n")
    command = [program(), "run", mini, "--port", str(plane.port)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=plane.environment())
    for line in running.stderr:
        if "Release waits for approval" in line:
            break
    assert "waits for approval: Release" in plane.rehearse("status").stdout
    assert plane.rehearse("approve", "mini", "-m", "yes").stdout == "Approved: Release of mini\n"
    assert running.wait(60) == 0
    running.communicate()


def test_a_mistake_in_the_application_file_is_told_with_its_place(mini):
    (mini / "rehearse.yaml").write_text("application: mini\nstags: []\n")
    done = run_alone("run", str(mini))
    assert done.returncode == 2
    assert done.stderr == 'rehearse: rehearse.yaml:2:1: unknown key "stags" in the application (did you mean "stages"?)\n'


def test_run_starts_a_plane_of_its_own(mini, tmp_path):
    port = str(free_port())
    done = run_alone("run", str(mini), "--port", port, "--data", str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    assert f"Started a control plane at http://127.0.0.1:{port}" in done.stderr
    assert run_alone("down", "--all", "--port", port).returncode == 0


def test_first_runs_at_the_same_time_share_one_plane(mini, tmp_path):
    port, data = str(free_port()), str(tmp_path / "data")
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: run_alone("run", str(mini), "--port", port, "--data", data), range(2)))
    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    assert sum("Started a control plane" in one.stderr for one in done) == 1
    assert run_alone("down", "--all", "--port", port).returncode == 0


def interrupt_and_answer(plane, mini, answer):
    """Runs in a terminal, types ^C while the build waits, and answers the question. Returns the exit status and what the terminal showed."""
    (mini / "buildspec.yml").write_text(MINI.replace("- mkdir", "- echo at work\n      - sleep 600\n      - mkdir"))
    terminal = Terminal(plane, "run", mini)
    terminal.read("at work")
    terminal.type("\x03")
    terminal.read("[y/N]")
    terminal.type(answer)
    return terminal.end(), terminal.shown


def status_of(plane, name):
    executions = json.loads(plane.run("aws", "codepipeline", "list-pipeline-executions", "--pipeline-name", name).stdout)
    return executions["pipelineExecutionSummaries"][0]["status"]


def test_an_interrupted_run_may_leave_the_pipeline_going(plane, mini):
    status, shown = interrupt_and_answer(plane, mini, "n\n")
    assert status == 130 and "The pipeline goes on" in shown
    assert status_of(plane, "mini") == "InProgress"


def test_an_interrupted_run_may_stop_the_pipeline(plane, mini):
    status, shown = interrupt_and_answer(plane, mini, "y\n")
    assert status == 130 and "The pipeline goes on" not in shown
    assert status_of(plane, "mini") in ("Stopping", "Stopped")


def test_status_tells_the_size_of_the_data_and_what_holds_the_clock(plane, mini):
    interrupt_and_answer(plane, mini, "n\n")
    shown = plane.rehearse("status").stdout
    assert re.search(r"data \S+ \(\d+(\.\d)? [kM]B\)", shown), shown
    assert "in progress at Build" in shown
    assert re.search(r"(job.run|sandbox.create) for codebuild.build mini-Build:", shown), shown


def test_reset_removes_what_effects_left_on_the_disk(plane):
    left = plane.folder / "data" / "effects" / "left"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_text("of an execution that is gone")
    plane.rehearse("reset")
    until(lambda: not left.exists())


def test_an_application_is_made_anew_after_a_reset_over_http(plane, mini):
    plane.rehearse("run", mini, "-q")
    plane.request("POST", "/_rehearse/reset")
    assert plane.rehearse("run", mini).returncode == 0


def test_the_data_folder_shows_in_no_work_tree(plane, mini):
    subprocess.run(["git", "init", "-q", plane.folder], check=True)
    shown = subprocess.run(["git", "status", "--porcelain", "--", "data"], cwd=plane.folder, capture_output=True, text=True, check=True)
    assert plane.data.exists() and shown.stdout == ""


def test_down_of_everything_leaves_no_process_behind(start_server):
    server = start_server()
    ec2 = server.client("ec2")
    ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)
    until(lambda: ec2.describe_instances()["Reservations"][0]["Instances"][0]["State"]["Name"] == "running", what="the instance")
    server.rehearse("down", "--all")
    until(lambda: not server.keepers(), 20, what="the end of all processes")
