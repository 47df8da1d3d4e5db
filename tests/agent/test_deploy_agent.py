"""rehearse-deploy-agent: what an AppSpec file means on an instance, run as an ordinary process; in the words of the CodeDeploy agent."""

import json
import os
import subprocess

import pytest

from codedeploy_world import appspec, script, tarred, zipped
from harness import program

AGENT = program().parent / "rehearse-deploy-agent"
DEPLOY = ["DownloadBundle", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart", "ValidateService"]
GROUP = "group-id"


class Instance:
    """Where the agent works: `deploy` makes a deployment, and answers with how each event ended."""

    def __init__(self, folder):
        self.folder, self.root, self.count = folder, folder / "root", 0
        self.target = folder / "opt"

    def archive(self):
        return self.root / GROUP / f"d-{self.count}" / "deployment-archive"

    def deploy(self, files, kind="zip", events=DEPLOY, **job):
        self.count += 1
        bundle = files if isinstance(files, bytes) else tarred(files) if kind == "tar" else zipped(files)
        (self.folder / "bundle").write_bytes(bundle)
        described = {"deploymentId": f"d-{self.count}", "groupId": GROUP, "events": events, "bundle": "bundle", "bundleType": kind, "root": str(self.root)}
        (self.folder / "job.json").write_text(json.dumps({**described, **job}))
        control = os.open(self.folder / "control", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        command = ["bash", "-c", f'exec "$0" "$1" 3>&{control}', AGENT, self.folder / "job.json"]
        done = subprocess.run(command, capture_output=True, pass_fds=[control], timeout=60)
        os.close(control)
        assert done.stderr == b"" or b"Sanitizer" not in done.stderr, done.stderr.decode()
        records = [json.loads(line) for line in (self.folder / "control").read_text().splitlines()]
        return {record["event"]: record for record in records if record["what"] == "ended"}

    def install(self, files, more="", source="app", **job):
        """Deploys with a files section that copies `source` to the target."""
        where = f"  - source: {source}\n    destination: {self.target}\n"
        return self.deploy({"appspec.yml": appspec(files=where, more=more), **files}, **job)["Install"]


@pytest.fixture
def instance(tmp_path):
    return Instance(tmp_path)


def test_a_missing_script_is_named_by_where_it_should_be(instance):
    ended = instance.deploy({"appspec.yml": appspec({"BeforeInstall": "scripts/gone.sh"}, files="  []")})["BeforeInstall"]
    assert (ended["errorCode"], ended["scriptName"]) == ("ScriptMissing", "scripts/gone.sh")
    assert ended["message"] == f"Script does not exist at specified location: {instance.archive()}/scripts/gone.sh"


def test_a_revision_without_appspec_is_told_where_it_was_looked_for(instance):
    ended = instance.deploy({"readme": "x"})["BeforeInstall"]
    assert ended["errorCode"] == "UnknownError"
    assert ended["message"] == (
        "The CodeDeploy agent did not find an AppSpec file within the unpacked revision directory at revision-relative path "
        f'"appspec.yml". The revision was unpacked to directory "{instance.archive()}", and the AppSpec file was expected but not found at path '
        f'"{instance.archive()}/appspec.yml". Consult the AWS CodeDeploy Appspec documentation for more information at '
        "http://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html"
    )


@pytest.mark.parametrize(
    "data, kind, words",
    [
        (tarred({"appspec.yml": appspec()}), "zip", "Zip end of central directory signature not found"),
        (zipped({"appspec.yml": appspec()}), "tar", "Error extracting tar archive: 2"),
        (tarred({"appspec.yml": appspec()}), "tgz", "Error extracting tar archive: 2"),
    ],
)
def test_a_bundle_that_is_not_of_its_type_is_refused(instance, data, kind, words):
    ended = instance.deploy(data, kind)["DownloadBundle"]
    assert (ended["ok"], ended["errorCode"]) == (False, "UnknownError")
    assert ended["message"].startswith(words)


def test_a_compressed_tar_is_unpacked_as_tar_too(instance):
    assert instance.deploy(tarred({"appspec.yml": appspec(files="  []")}, "w:gz"), "tar")["ValidateService"]["ok"]


def test_a_success_says_so(instance):
    ended = instance.deploy({"appspec.yml": appspec({"BeforeInstall": "b.sh"}, files="  []"), "b.sh": script("echo hello")})["BeforeInstall"]
    assert (ended["errorCode"], ended["scriptName"], ended["message"]) == ("Success", "", "Succeeded: ")
    assert ended["logTail"] == "LifecycleEvent - BeforeInstall\nScript - b.sh\n[stdout]hello\n"


def test_a_script_without_its_bit_is_made_executable(instance):
    files = {"appspec.yml": appspec({"BeforeInstall": "b.sh"}, files="  []"), "b.sh": script("echo hello")}
    assert instance.deploy(tarred(files, file_mode=0o644), "tar")["BeforeInstall"]["ok"]


def test_the_log_keeps_its_last_four_kilobytes(instance):
    text = script("i=0; while [ $i -lt 400 ]; do echo line $i of many; i=$((i + 1)); done; exit 1")
    ended = instance.deploy({"appspec.yml": appspec({"BeforeInstall": "b.sh"}, files="  []"), "b.sh": text})["BeforeInstall"]
    assert len(ended["logTail"]) <= 4096 and ended["logTail"].endswith("[stdout]line 399 of many\n")


def test_output_that_is_no_text_is_told_all_the_same(instance):
    text = script("printf 'caf\\303\\251 \\377\\376 end\\n'; exit 1")
    ended = instance.deploy({"appspec.yml": appspec({"BeforeInstall": "b.sh"}, files="  []"), "b.sh": text})["BeforeInstall"]
    assert ended["errorCode"] == "ScriptFailed"
    assert "[stdout]café " in ended["logTail"] and ended["logTail"].endswith(" end\n")


def test_two_sources_for_one_destination_are_refused_before_anything_is_copied(instance):
    twice = f"  - source: a/f\n    destination: {instance.target}\n  - source: b/f\n    destination: {instance.target}\n"
    ended = instance.deploy({"appspec.yml": appspec(files=twice), "a/f": "1", "b/f": "2"})["Install"]
    first, second, place = instance.archive() / "a/f", instance.archive() / "b/f", instance.target / "f"
    assert ended["message"] == (
        f"The deployment failed because the application specification file specifies two source files named {second} and {first} for the same "
        f"destination ({place}). Remove one of the source file paths from the AppSpec file, and then try again."
    )
    assert not instance.target.exists()


def test_a_file_where_a_folder_is_made_is_refused(instance):
    both = f"  - source: a\n    destination: {instance.target}\n  - source: b\n    destination: {instance.target}\n"
    ended = instance.deploy({"appspec.yml": appspec(files=both), "a/x/f": "1", "b/x": "2"})["Install"]
    assert ended["message"] == (
        f"The deployment failed because the application specification file calls for installing the file {instance.archive()}/b/x, but a file with "
        f"that name already exists at the location ({instance.target}/x). Update your AppSpec file or directory structure, and then try again."
    )


def test_a_folder_where_a_file_is_made_is_refused(instance):
    both = f"  - source: b\n    destination: {instance.target}\n  - source: a\n    destination: {instance.target}\n"
    ended = instance.deploy({"appspec.yml": appspec(files=both), "a/x/f": "1", "b/x": "2"})["Install"]
    assert ended["message"] == (
        "The deployment failed because the application specification file includes an mkdir command more than once for the same destination path "
        f"({instance.target}/x) from ({instance.archive()}/b/x). Update the files section of the AppSpec file, and then try again."
    )


def test_permissions_given_twice_are_refused_before_anything_is_copied(instance):
    twice = f"permissions:\n  - object: {instance.target}\n    mode: 644\n  - object: {instance.target}/f\n    mode: 600"
    ended = instance.install({"app/f": "x"}, more=twice)
    assert ended["message"] == (
        f"The deployment failed because the permissions setting for ({instance.target}/f) is specified more than once in the application "
        "specification file. Update the files section of the AppSpec file, and then try again."
    )
    assert not instance.target.exists()


@pytest.mark.parametrize(
    "member, words",
    [
        ('pattern: "*.sh"', "includes an object ({file}) with an invalid pattern (*.sh), such as a pattern for a file applied to a directory."),
        ('except: ["a"]', 'the except parameter for a pattern in the permissions section (["a"]) for the object named {file} contains an invalid format.'),
    ],
)
def test_a_pattern_for_a_single_file_is_refused(instance, member, words):
    ended = instance.install({"app/f": "x"}, more=f"permissions:\n  - object: {instance.target}/f\n    mode: 644\n    {member}")
    assert words.format(file=instance.target / "f") in ended["message"]
    assert not ended["ok"]


def test_a_folder_that_was_there_before_has_permissions_set_below_it_only(instance):
    instance.target.mkdir(mode=0o755)
    ended = instance.install({"app/f": "x", "app/sub/g": "y"}, more=f"permissions:\n  - object: {instance.target}\n    mode: 700\n    type: [directory]")
    modes = [oct((instance.target / path).stat().st_mode & 0o777) for path in (".", "f", "sub")]
    assert (ended["ok"], modes) == (True, ["0o755", "0o755", "0o700"])


@pytest.mark.parametrize(
    "of_appspec, of_deployment, left",
    [
        (None, None, None),
        (None, "OVERWRITE", "theirs"),
        (None, "RETAIN", "mine"),
        ("OVERWRITE", "DISALLOW", "theirs"),
        ("RETAIN", "OVERWRITE", "mine"),
        ("DISALLOW", "OVERWRITE", None),
    ],
)
def test_what_the_appspec_says_of_files_that_exist_goes_before_what_the_deployment_says(instance, of_appspec, of_deployment, left):
    instance.target.mkdir()
    file = instance.target / "f"
    file.write_text("mine")
    more = f"file_exists_behavior: {of_appspec}" if of_appspec else ""
    ended = instance.install({"app/f": "theirs"}, more=more, **({"fileExists": of_deployment} if of_deployment else {}))
    assert (ended["ok"], file.read_text()) == (left is not None, left or "mine")
    if not left:
        assert ended["message"] == f"The deployment failed because a specified file already exists at this location: {file}"


def test_the_next_install_removes_what_the_last_one_made_and_nothing_else(instance):
    assert instance.install({"app/f": "1", "app/sub/g": "1"})["ok"]
    (instance.target / "sub/own").write_text("mine")
    assert instance.install({"app/h": "2"})["ok"]
    left = sorted(str(path.relative_to(instance.target)) for path in instance.target.rglob("*"))
    assert left == ["h", "sub", "sub/own"]


def test_application_stop_runs_the_scripts_of_the_last_success_and_not_of_a_failure(instance):
    hooks = {"ApplicationStop": "stop.sh", "ValidateService": "check.sh"}
    for name, status in (("first", 0), ("second", 1)):
        files = {"appspec.yml": appspec(hooks, files="  []"), "stop.sh": script(f"echo stop of {name}"), "check.sh": script(f"exit {status}")}
        assert instance.deploy(files)["ValidateService"]["ok"] == (status == 0)
    ended = instance.deploy({"appspec.yml": appspec(hooks)}, events=["ApplicationStop"])["ApplicationStop"]
    assert ended["logTail"].endswith("[stdout]stop of first\n")


def test_five_revisions_are_kept_and_the_last_success_always(instance):
    assert instance.deploy({"appspec.yml": appspec(files="  []")})["ValidateService"]["ok"]
    broken = {"appspec.yml": appspec({"ValidateService": "v.sh"}, files="  []"), "v.sh": script("exit 1")}
    for _ in range(7):
        assert not instance.deploy(broken)["ValidateService"]["ok"]
    kept = {path.name for path in (instance.root / GROUP).iterdir()}
    assert {"d-1", "d-8"} <= kept and len(kept) <= 6


def test_a_script_sees_the_environment_of_the_agent(instance):
    files = {"appspec.yml": appspec({"AfterInstall": "e.sh"}, files="  []"), "e.sh": script('echo "$LIFECYCLE_EVENT $DEPLOYMENT_ID"; test -z "$BUNDLE_ETAG"')}
    ended = instance.deploy(files, environment={"DEPLOYMENT_ID": "d-X"})["AfterInstall"]
    assert ended["logTail"].endswith("[stdout]AfterInstall d-X\n")


@pytest.mark.parametrize(
    "text, words",
    [
        ("version: 0.0\nos: plan9\n", "specifies an unsupported operating system (plan9)"),
        ("version: 0.0\nos: linux\npermissions:\n  - object: /x\n    mode: 8\n", "the permissions mode (008) in the application specification file contains"),
    ],
)
def test_a_mistake_in_the_appspec_is_told_as_the_agent_tells_it(instance, text, words):
    ended = instance.deploy({"appspec.yml": text})["BeforeInstall"]
    assert (ended["errorCode"], ended["scriptName"], words in ended["message"]) == ("UnknownError", "", True), ended["message"]


def test_unknown_events_are_found_when_it_installs(instance):
    ended = instance.deploy({"appspec.yml": "version: 0.0\nos: linux\nhooks:\n  AfterInstal:\n    - location: x\n  Bogus:\n"})
    assert ended["BeforeInstall"]["errorCode"] == "Success"
    assert ended["Install"]["message"] == 'appspec.yml file contains unknown lifecycle events: ["AfterInstal", "Bogus"]'
