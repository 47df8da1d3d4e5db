"""`rehearse run` for a person who runs an application again and again, changes its description, and is not alone on its branch."""

import json
import re
import shutil
import subprocess

import pytest

from delivery import until
from harness import program
from sites import describe, living, site_named
from terminal import Terminal

BUILD = "version: 0.2\nphases:\n  build:\n    commands:\n      - {}\n"


@pytest.fixture
def plane(start_server):
    return start_server("--fast-forward")


@pytest.fixture
def mini(tmp_path):
    """An application with one stage behind its source, which succeeds."""
    folder = tmp_path / "mini"
    folder.mkdir()
    (folder / "buildspec.yml").write_text(BUILD.format("true"))
    return folder


def test_the_address_shown_has_the_first_admitted_port(plane, tmp_path):
    done = plane.rehearse("run", site_named(tmp_path, "site", "[{ name: web, ports: [9090, 8080] }]"))
    assert done.stdout.count(":9090") >= 2, done.stdout
    assert f"curl http://{living(plane, 'site')[0]['PublicIpAddress']}:9090" in done.stdout


def test_an_instance_of_an_application_can_ask_for_its_tags(plane, tmp_path):
    plane.rehearse("run", site_named(tmp_path, "site"), "-q")
    assert living(plane, "site")[0]["MetadataOptions"]["InstanceMetadataTags"] == "enabled"


def test_who_must_approve_reads_what_is_asked_and_how_to_answer(plane, mini):
    (mini / "rehearse.yaml").write_text("stages:\n  - build: buildspec.yml\n  - name: Release\n    approve: Ship it to staging?\n")
    command = [program(), "run", mini, "--port", str(plane.port)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=plane.environment())
    line = next(line for line in running.stderr if "waits for approval" in line)
    assert line.endswith("waits for approval: Ship it to staging? (answer: rehearse approve mini)\n")
    plane.rehearse("approve", "mini")
    running.communicate()
    assert running.returncode == 0


def test_why_an_action_failed_is_told_with_its_end(plane, mini):
    (mini / "buildspec.yml").write_text(BUILD.format("sh -c 'exit 7'" + " many words" * 60))
    shown = plane.rehearse("run", mini, check=False).stdout
    assert {"…", "exit"} <= set(shown.split()) and "exit status 7" in " ".join(shown.split()), shown


def git(folder, *words):
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_a_subject_is_shown_without_what_a_terminal_obeys_and_on_one_line(plane, mini):
    git(mini, "init", "-q")
    git(mini, "add", ".")
    git(mini, "commit", "-qm", "\x1b[31mRed\x07 " + "long " * 60)
    shown = plane.rehearse("run", mini).stdout.splitlines()[0]
    assert '"Red long' in shown and '…"' in shown and len(shown) <= 100, shown
    assert shown.isprintable()


def test_stopping_tells_that_what_is_under_way_goes_on(plane, mini):
    (mini / "buildspec.yml").write_text(BUILD.format("echo at work; sleep 600"))
    terminal = Terminal(plane, "run", mini)
    terminal.read("at work")
    terminal.type("\x03")
    terminal.read("[y/N]")
    terminal.type("y\n")
    assert terminal.end() == 130
    assert "under way goes on to its own end Where it is: rehearse status" in " ".join(terminal.shown.split())
    (build,) = plane.client("codebuild").list_builds()["ids"]
    assert plane.client("codebuild").batch_get_builds(ids=[build])["builds"][0]["buildStatus"] == "IN_PROGRESS"


def test_applications_with_instances_of_the_same_name_have_their_own(plane, tmp_path):
    for name in ("one", "two"):
        assert "1 of 1 instance" in plane.rehearse("run", site_named(tmp_path, name)).stdout
    first, second = living(plane, "one"), living(plane, "two")
    assert (len(first), len(second)) == (1, 1) and first[0]["InstanceId"] != second[0]["InstanceId"]
    deploy = plane.client("codedeploy")
    for name, instance in (("one", first[0]), ("two", second[0])):
        (deployment,) = deploy.list_deployments(applicationName=name, deploymentGroupName=f"{name}-Deploy")["deployments"]
        (target,) = deploy.list_deployment_targets(deploymentId=deployment)["targetIds"]
        assert target.endswith(instance["InstanceId"])


@pytest.fixture
def pushed(plane, mini):
    """The commit that somebody else made on the branch after the application's first run; its own execution has ended."""
    plane.rehearse("run", mini, "-q")
    commits = plane.client("codecommit")
    head = commits.get_branch(repositoryName="mini", branchName="main")["branch"]["commitId"]
    where = {"repositoryName": "mini", "branchName": "main", "parentCommitId": head}
    commit = commits.put_file(**where, filePath="other", fileContent=b"of somebody else", commitMessage="By push")["commitId"]
    until(lambda: [one["status"] for one in executions(plane)] == ["Succeeded"] * 2)
    return commit


def executions(plane):
    return plane.client("codepipeline").list_pipeline_executions(pipelineName="mini")["pipelineExecutionSummaries"]


@pytest.mark.parametrize("first, second", [("us-east-1", "eu-west-1"), ("eu-west-1", "us-east-1")])
def test_an_application_in_another_region_is_left_alone(plane, mini, first, second):
    def run(region):
        return subprocess.run([program(), "run", mini], env=plane.environment(region=region), capture_output=True, text=True)

    assert run(first).returncode == 0
    policy = {"RoleName": "mini-build", "PolicyName": "rehearsal"}
    before = plane.client("iam").get_role_policy(**policy)["PolicyDocument"]
    told = f"rehearse: mini is an application in {first}, and AWS_REGION is {second}. Set that, or give this one another name in rehearse.yaml\n"
    done = run(second)
    assert (done.returncode, done.stderr) == (2, told)
    assert plane.client("iam").get_role_policy(**policy)["PolicyDocument"] == before
    assert run(first).returncode == 0


def test_another_folder_of_the_same_name_is_told(plane, mini, tmp_path):
    assert "before" not in plane.rehearse("run", mini).stderr
    other = tmp_path / "elsewhere" / "mini"
    shutil.copytree(mini, other)
    assert f"mini was run from {mini} before; this folder is its next revision. To keep them apart: another name in" in plane.rehearse("run", other).stderr
    assert "before" not in plane.rehearse("run", other).stderr


def test_a_run_that_is_superseded_says_so(plane, mini):
    (mini / "buildspec.yml").write_text(BUILD.format("sleep 600"))
    command = [program(), "run", mini, "--port", str(plane.port)]
    runs = []
    for n, awaited in enumerate(("Build running", "waits until an earlier execution", "waits until an earlier execution")):
        (mini / "n").write_text(str(n))
        runs.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=plane.environment()))
        assert any(awaited in line for line in runs[-1].stderr)
    shown, _ = runs[1].communicate()
    assert runs[1].returncode == 1 and shown.endswith(": a newer execution took its place.\n"), shown
    for run in (runs[0], runs[2]):
        run.terminate()
        run.communicate()


def test_the_verdict_counts_the_instances_of_all_deployments(plane, tmp_path):
    folder = site_named(tmp_path, "shop")
    with (folder / "appspec.yml").open("a") as appspec:
        appspec.write("file_exists_behavior: OVERWRITE\n")
    (folder / "rehearse.yaml").write_text(
        "application: shop\ninstances:\n  - { name: web, count: 2, ports: [80] }\n  - { name: api, ports: [8080] }\n"
        "stages:\n  - { name: Api, deploy: api }\n  - { name: Web, deploy: web }\n  - { name: Again, deploy: web }\n"
    )
    verdict = re.search(r"Running: \w+ on (.*)\.", plane.rehearse("run", folder).stdout)[1]
    assert re.fullmatch(r"3 instances, http://\S+:8080, http://[^\s,]+", verdict), verdict


def test_what_others_pushed_stays_in_the_history(plane, mini, pushed):
    (mini / "more").write_text("of this folder\n")
    done = plane.rehearse("run", mini)
    assert f'main had {pushed[:7]} "By push", which this folder does not have: it stays in the history' in done.stderr
    commits = plane.client("codecommit")
    head = commits.get_branch(repositoryName="mini", branchName="main")["branch"]["commitId"]
    assert commits.get_commit(repositoryName="mini", commitId=head)["commit"]["parents"] == [pushed]
    assert "which this folder" not in plane.rehearse("run", mini).stderr


def test_an_unchanged_folder_after_a_push_of_others_starts_one_execution(plane, mini, pushed):
    done = json.loads(plane.rehearse("run", mini, "--json").stdout)
    newest, by_push, _ = executions(plane)
    assert (newest["pipelineExecutionId"], newest["sourceRevisions"][0]["revisionId"]) == (done["pipelineExecutionId"], done["revision"])
    assert by_push["sourceRevisions"][0]["revisionId"] == pushed


def test_ports_of_instances_follow_the_description(plane, tmp_path):
    site = site_named(tmp_path, "site", "[{ name: web, ports: [80, 8080] }]")
    plane.rehearse("run", site, "-q")
    describe(site, "site", "[{ name: web, ports: [80, 9090] }]")
    assert "web no longer admits port 8080" in plane.rehearse("run", site).stderr
    (group,) = plane.client("ec2").describe_security_groups(GroupNames=["site-web"])["SecurityGroups"]
    assert sorted(rule["FromPort"] for rule in group["IpPermissions"]) == [80, 9090]


def test_the_newest_instances_beyond_the_count_are_terminated(plane, tmp_path):
    plane.rehearse("clock", "held")  # all are launched at one time
    site = site_named(tmp_path, "site")
    plane.rehearse("run", site, "-q")
    (oldest,) = living(plane, "site")
    describe(site, "site", "[{ name: web, count: 2 }]")
    plane.rehearse("run", site, "-q")
    describe(site, "site", "[{ name: web, count: 3 }]")
    assert "3 of 3 instances" in plane.rehearse("run", site).stdout
    newer = {one["InstanceId"] for one in living(plane, "site")} - {oldest["InstanceId"]}
    describe(site, "site", "[{ name: web, count: 1 }]")
    done = plane.rehearse("run", site)
    assert "1 of 1 instance" in done.stdout and "web has 1 instance now, as rehearse.yaml says: terminated" in done.stderr
    assert len(newer) == 2 and all(one in done.stderr for one in newer)
    assert [one["InstanceId"] for one in living(plane, "site")] == [oldest["InstanceId"]]


@pytest.mark.parametrize("changed", ["key: email", "key: { name: id, type: number }", "key: id, sort: time"])
def test_a_table_with_another_key_is_refused_before_anything_is_pushed(plane, mini, changed):
    (mini / "rehearse.yaml").write_text("tables: [{ name: Users, key: id }]\n")
    plane.rehearse("run", mini, "-q")
    (mini / "rehearse.yaml").write_text(f"tables: [{{ name: Users, {changed} }}]\n")
    refused = plane.rehearse("run", mini, check=False)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert "table Users keeps its key id (text)" in refused.stderr and "delete-table --table-name Users" in refused.stderr
    assert len(executions(plane)) == 1


def git(folder, *words):
    identity = ["-c", "user.name=Developer", "-c", "user.email=developer@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def test_a_nested_repository_without_a_commit_is_told_with_its_place_and_what_to_do(plane, mini):
    nested = mini / "with a space" / "library"
    nested.mkdir(parents=True)
    git(nested, "init")
    (nested / "file").write_text("x")
    refused = plane.rehearse("run", mini, check=False)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"rehearse: {nested} is a git repository of its own without a commit, so it can be in no revision. Remove its .git, commit in it, "
        "or name it in .gitignore\n"
    )


def test_files_of_a_nested_repository_are_said_to_be_in_no_revision(plane, mini):
    nested = mini / "library"
    nested.mkdir()
    git(nested, "init")
    git(nested, "commit", "--allow-empty", "-m", "first")
    assert "library is a git repository of its own: as on AWS, its files are in no revision of this one" in plane.rehearse("run", mini).stderr


def asking_for(mini, runtimes):
    (mini / "buildspec.yml").write_text(f"version: 0.2\nphases:\n  install:\n    runtime-versions: {runtimes}\n  build:\n    commands: ['true']\n")


def test_a_runtime_version_that_the_machine_has_not_is_told_by_the_run(plane, mini):
    asking_for(mini, "{ python: 3.7 }")
    done = plane.rehearse("run", mini)
    assert "Build: Python 3.7 is not on this machine: going on with Python 3." in done.stderr
    assert "note      Python 3.7 is not on this machine: going on with Python 3." in done.stdout


def test_a_runtime_that_the_machine_has_not_is_in_the_runs_json(plane, mini):
    asking_for(mini, "{ android: 29 }")
    done = json.loads(plane.rehearse("run", mini, "--json").stdout)
    assert done["stages"][1]["actions"][0]["notes"] == ["Android is not installed on this machine: commands that need it will fail"]


def test_a_run_from_a_hook_leaves_the_index_of_the_commit_alone(plane, mini, tmp_path):
    environment = plane.environment(GIT_INDEX_FILE=str(tmp_path / "index"), GIT_DIR=str(tmp_path / "none"), GIT_AUTHOR_NAME="")
    assert "Succeeded" in plane.rehearse("run", mini, env=environment).stdout
    assert not (tmp_path / "index").exists()


def test_a_folder_that_is_not_there_is_told_as_such(plane, tmp_path):
    refused = plane.rehearse("run", tmp_path / "nowhere", check=False)
    assert refused.stderr == f"rehearse: there is no folder {tmp_path}/nowhere. What to rehearse is the folder of an application\n"
