"""rehearse-build-agent: what a buildspec means, from the unpacked source to the collected artifacts, run as an ordinary process."""

import json
import os
import re
import subprocess
import zipfile

import pytest

from harness import program

AGENT = program().parent / "rehearse-build-agent"
STAMP = re.compile(r"^\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} ", re.M)


class Build:
    """One run of the agent: `log` without the stamps, `records` from the control descriptor."""

    def __init__(self, folder, buildspec, source=None, job=None):
        self.folder = folder
        files = dict(source or {})
        if buildspec is not None:
            files.setdefault("buildspec.yml", buildspec)
        with zipfile.ZipFile(folder / "source.zip", "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        self.source = folder / "work" / "src"
        described = {"sourceFolder": str(self.source), "source": {"archive": "source.zip"}, "artifacts": {"packaging": "ZIP"}, **(job or {})}
        (folder / "job.json").write_text(json.dumps(described))
        control = os.open(folder / "control", os.O_CREAT | os.O_WRONLY)
        done = subprocess.run(["bash", "-c", f'exec "$0" "$1" 3>&{control}', AGENT, folder / "job.json"], capture_output=True, pass_fds=[control], timeout=60)
        os.close(control)
        assert done.stderr == b"" or b"Sanitizer" not in done.stderr, done.stderr.decode()
        self.status = done.returncode
        self.errors = done.stderr.decode()
        self.stamped = done.stdout.decode()
        self.log = STAMP.sub("", self.stamped)
        self.records = [json.loads(line) for line in (folder / "control").read_text().splitlines()]
        assert [record["seq"] for record in self.records] == list(range(1, len(self.records) + 1))

    def of(self, kind):
        return [record for record in self.records if record["type"] == kind]

    def phases(self):
        return {record["phase"]: record["status"] for record in self.of("phase") if record["event"] == "ended"}

    def context(self, phase):
        ended = [record for record in self.of("phase") if record["event"] == "ended" and record["phase"] == phase]
        return ended[0]["contexts"][0]

    def names(self, record):
        return sorted(zipfile.ZipFile(self.folder / record["path"]).namelist())


@pytest.fixture
def build(tmp_path):
    return lambda *words, **more: Build(tmp_path, *words, **more)


def phases(**commands):
    """A buildspec whose phases have these commands."""
    return json.dumps({"version": "0.2", "phases": {name: {"commands": list(words)} for name, words in commands.items()}})


def test_the_log_reads_as_on_aws(build):
    done = build("version: 0.2\nphases:\n  build:\n    commands:\n      - echo one\n      - echo two; exit 4\n")
    assert done.status == 1
    assert re.match(r"\[Container\] 20\d\d/", done.stamped)
    assert done.log.endswith(
        "Phases found in YAML: 1\n BUILD: 2 commands\nPhase complete: DOWNLOAD_SOURCE State: SUCCEEDED\nPhase context status code:  Message: \n"
        "Entering phase INSTALL\nPhase complete: INSTALL State: SUCCEEDED\nPhase context status code:  Message: \n"
        "Entering phase PRE_BUILD\nPhase complete: PRE_BUILD State: SUCCEEDED\nPhase context status code:  Message: \n"
        "Entering phase BUILD\nRunning command echo one\none\n\nRunning command echo two; exit 4\ntwo\n\n"
        "Command did not exit successfully echo two; exit 4 exit status 4\n"
        "Phase complete: BUILD State: FAILED\n"
        "Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: echo two; exit 4. Reason: exit status 4\n"
        "Entering phase POST_BUILD\nPhase complete: POST_BUILD State: SUCCEEDED\nPhase context status code:  Message: \n"
        "Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED\nPhase context status code:  Message: \n")
    assert done.of("final")[0]["status"] == "FAILED"


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_one_shell_keeps_folder_variables_and_functions(build, shell):
    spec = json.loads(phases(install=["mkdir sub && cd sub", "export A=1", "b=2", "f() { echo f$1; }"], build=["basename $PWD; echo $A$b; f 3"]))
    done = build(json.dumps({**spec, "env": {"shell": shell}}))
    assert "sub\n12\nf3\n" in done.log
    assert done.status == 0


@pytest.mark.parametrize("ending,reason", [("exit 5", "exit status 5"), ("set -e; false; true", "exit status 1"), ("kill -9 $$", "signal: killed"),
                                           ("if", "exit status"), ("nonsense-command", "exit status 127")])
def test_a_command_that_ends_the_shell_ends_only_itself(build, ending, reason):
    done = build(phases(build=["mkdir x; cd x; export A=kept", ending], post_build=["echo $A in $(basename $PWD)"]))
    assert done.phases() == {"DOWNLOAD_SOURCE": "SUCCEEDED", "INSTALL": "SUCCEEDED", "PRE_BUILD": "SUCCEEDED", "BUILD": "FAILED", "POST_BUILD": "SUCCEEDED",
                             "UPLOAD_ARTIFACTS": "SUCCEEDED"}
    assert reason in done.context("BUILD")["message"]
    assert "kept in x\n" in done.log


def test_exit_0_is_a_success(build):
    assert build(phases(build=["exit 0", "echo goes on"])).status == 0


def test_version_0_1_gives_each_command_a_shell_of_its_own(build):
    done = build('{"version": 0.1, "environment_variables": {"plaintext": {"V": "v"}}, "phases": {"build": {"commands": ["cd /; A=1", "echo $V-$A-$(basename $PWD)"]}}}')
    assert "v--src\n" in done.log


def test_a_failed_install_or_pre_build_ends_the_build(build, tmp_path):
    done = build(phases(pre_build=["false", "echo never"], build=["echo never"], post_build=["echo never"]))
    assert done.phases() == {"DOWNLOAD_SOURCE": "SUCCEEDED", "INSTALL": "SUCCEEDED", "PRE_BUILD": "FAILED"}
    assert "\nnever\n" not in done.log


def test_on_failure_decides_what_follows(build):
    spec = json.loads(phases(install=["false"], build=["echo built $CODEBUILD_BUILD_SUCCEEDING; false"], post_build=["echo never"]))
    spec["phases"]["install"]["on-failure"] = "CONTINUE"
    spec["phases"]["build"]["on-failure"] = "ABORT"
    done = build(json.dumps(spec))
    assert "built 0\n" in done.log
    assert list(done.phases()) == ["DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD"]
    assert done.status == 1


def test_finally_runs_after_a_failure_and_can_fail_itself(build):
    done = build("version: 0.2\nphases:\n  build:\n    commands: ['false', echo never]\n    finally: [echo cleaned]\n  post_build:\n    commands: ['true']\n    finally: ['false']\n")
    assert "cleaned\n" in done.log and "\nnever\n" not in done.log
    assert done.context("BUILD")["message"] == "Error while executing command: false. Reason: exit status 1"
    assert done.phases()["POST_BUILD"] == "FAILED"


def test_post_build_knows_whether_the_build_succeeds(build):
    assert "state 1\n" in build(phases(post_build=["echo state $CODEBUILD_BUILD_SUCCEEDING"])).log


def test_variables_of_the_job_win_over_those_of_the_buildspec(build):
    spec = '{"version": 0.2, "env": {"variables": {"A": "spec", "B": "spec"}}, "phases": {"build": {"commands": ["echo $A $B \\"$C\\" $CODEBUILD_SRC_DIR"]}}}'
    done = build(spec, job={"environment": {"A": "job", "C": "it's \"q\"\n$x"}})
    assert f"job spec it's \"q\"\n$x {done.source}\n" in done.log


def test_exported_variables_are_read_at_the_end(build):
    spec = json.loads(phases(build=["export TAG=v1", "PLAIN='two\nlines'", "export TAG=v2", "exit 7"]))
    done = build(json.dumps({**spec, "env": {"exported-variables": ["TAG", "PLAIN", "ABSENT", "bad-name"]}}))
    exported = {pair["name"]: pair["value"] for pair in done.of("variables")[0]["exported"]}
    assert exported["TAG"] == "v2"
    assert "ABSENT" not in exported and "bad-name" not in exported


def test_artifacts_are_chosen_by_globs(build):
    source = {"a.py": "a", "sub/b.py": "b", "sub/c.txt": "c", "tests/t.py": "t", ".hidden/x": "h"}
    spec = {"version": "0.2", "phases": {"build": {"commands": ["true"]}}, "artifacts": {"files": ["**/*.py", ".hidden/*"], "exclude-paths": ["tests/**/*"], "name": "app-$(echo 1)-$CODEBUILD_BUILD_SUCCEEDING"}}
    done = build(json.dumps(spec), source)
    artifact = done.of("artifact")[0]
    assert done.names(artifact) == [".hidden/x", "a.py", "sub/b.py"]
    assert artifact["name"] == "app-1-1"
    assert artifact["fileCount"] == 3
    assert "Expanding base directory path: .\nAssembling file list\nExpanding .\nExpanding file paths for base directory .\nAssembling file list\nExpanding **/*.py\nFound 2 file(s)\n" in done.log


def test_base_directory_and_discarded_paths(build):
    source = {"build-1/x/a.txt": "1", "build-2/b.txt": "2"}
    spec = {"version": "0.2", "phases": {"build": {"commands": ["true"]}}, "artifacts": {"files": ["**/*"], "base-directory": "build*", "discard-paths": "yes"}}
    done = build(json.dumps(spec), source)
    assert done.names(done.of("artifact")[0]) == ["a.txt", "b.txt"]


def test_secondary_artifacts_have_zips_of_their_own(build):
    spec = {"version": "0.2", "phases": {"build": {"commands": ["true"]}},
            "artifacts": {"files": ["a"], "secondary-artifacts": {"docs": {"files": ["*"], "base-directory": "docs"}}}}
    done = build(json.dumps(spec), {"a": "a", "docs/d": "d"})
    first, second = done.of("artifact")
    assert done.names(first) == ["a"]
    assert second["identifier"] == "docs" and done.names(second) == ["d"]


def test_a_folder_instead_of_a_zip(build, tmp_path):
    spec = {"version": "0.2", "phases": {"build": {"commands": ["true"]}}, "artifacts": {"files": ["**/*.txt"]}}
    done = build(json.dumps(spec), {"x/a.txt": "aa"}, job={"artifacts": {"packaging": "NONE", "name": "mine"}})
    artifact = done.of("artifact")[0]
    assert artifact["files"] == [{"name": "x/a.txt", "size": 2}] and artifact["name"] == "mine"
    assert (tmp_path / artifact["path"] / "x/a.txt").read_text() == "aa"


@pytest.mark.parametrize("artifacts,message", [({"files": ["none*"]}, "no matching artifact paths found"),
                                               ({"files": ["*"], "base-directory": "dist"}, "no matching base directory path found for dist")])
def test_missing_artifacts_fail_the_phase_as_on_aws(build, artifacts, message):
    done = build(json.dumps({"version": "0.2", "phases": {"build": {"commands": ["true"]}}, "artifacts": artifacts}))
    assert done.phases()["UPLOAD_ARTIFACTS"] == "FAILED"
    assert done.context("UPLOAD_ARTIFACTS") == {"statusCode": "CLIENT_ERROR", "message": message}
    assert done.status == 1


def test_a_job_without_artifacts_collects_none(build):
    done = build(json.dumps({"version": "0.2", "phases": {"build": {"commands": ["true"]}}, "artifacts": {"files": ["none"]}}), job={"artifacts": None})
    assert done.status == 0 and not done.of("artifact")


JUNIT = '<testsuite name="s"><testcase classname="c" name="ok" time="0.5"/><testcase classname="c" name="bad"><failure message="m">t</failure></testcase></testsuite>'


def test_reports_are_parsed(build, tmp_path):
    spec = {"version": "0.2", "phases": {"build": {"commands": ["false"]}}, "reports": {"unit": {"files": ["*.xml"], "base-directory": "out"}}}
    done = build(json.dumps(spec), {"out/a.xml": JUNIT, "out/b.xml": JUNIT})
    report = done.of("report")[0]
    assert report["total"] == 4 and report["statusCounts"] == {"SUCCEEDED": 2, "FAILED": 2, "ERROR": 0, "SKIPPED": 0, "UNKNOWN": 0}
    assert report["durationNs"] == 1_000_000_000
    cases = json.loads((tmp_path / report["path"]).read_text())["testCases"]
    assert cases[1] == {"name": "bad", "prefix": "c", "testSuiteName": "s", "status": "FAILED", "durationInNanoSeconds": 0, "message": "m\nt", "testRawDataPath": "a.xml"}


def test_reports_that_are_missing_or_broken_are_told(build):
    spec = {"version": "0.2", "phases": {"build": {"commands": ["true"]}}, "reports": {"unit": {"files": ["x.xml"]}, "broken": {"files": ["b.xml"]}}}
    done = build(json.dumps(spec), {"b.xml": "<testsuite>"})
    assert "Error in UPLOAD_ARTIFACTS phase: [unit: [report files not found in build]]\n" in done.log
    assert "[broken: [b.xml: 1:12: no element found]]" in done.log
    assert done.context("UPLOAD_ARTIFACTS")["message"] == "Error in UPLOAD_ARTIFACTS phase: [unit: [report files not found in build]]"


@pytest.mark.parametrize("spec,message", [
    (None, "YAML file does not exist"),
    ("version: 0.2\nphases:\n  biuld: {}\n", "Invalid buildspec phase name: BIULD. Expecting: BUILD,INSTALL,POST_BUILD,PRE_BUILD"),
    ("version: 0.2\nphases: [", "did not find expected node content at line 2"),
    ("version: 0.2\nphases: {install: {runtime-versions: {python: 3.99}}}", "Unknown runtime version named '3.99' of python. This build image has the following versions: 3.7, "),
    ("version: 0.2\nphases: {install: {runtime-versions: {pyton: 3.9}}}", "Unknown runtime named 'pyton'. This build image has the following runtimes: python, "),
])
def test_mistakes_in_the_buildspec_fail_the_download(build, spec, message):
    done = build(spec)
    assert list(done.phases()) == ["DOWNLOAD_SOURCE"]
    context = done.context("DOWNLOAD_SOURCE")
    assert context["statusCode"] == "YAML_FILE_ERROR"
    assert context["message"].startswith(message.format(source=done.source))
    assert done.status == 1


def test_a_buildspec_may_be_given_or_lie_elsewhere(build):
    assert "given\n" in build(None, job={"buildspec": {"text": phases(build=["echo given"])}}).log


def test_a_buildspec_at_a_path(build):
    assert "other\n" in build(None, {"ci/other.yml": phases(build=["echo other"])}, job={"buildspec": {"path": "ci/other.yml"}}).log


def test_no_source_is_an_empty_folder(build):
    done = build(None, job={"source": None, "buildspec": {"text": phases(build=["ls -A | wc -l"])}})
    assert "\n0\n" in done.log


def test_a_folder_as_source(build, tmp_path):
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / ".git").mkdir()
    (tmp_path / "given" / "buildspec.yml").write_text(phases(build=["ls -A"]))
    assert ".git\nbuildspec.yml\n" in build(None, job={"source": {"folder": "given"}}).log


def test_a_hostile_source_fails_the_download(build):
    done = build(phases(build=["true"]), {"../evil": "x"})
    context = done.context("DOWNLOAD_SOURCE")
    assert context["statusCode"] == "CLIENT_ERROR" and '"../evil"' in context["message"]
    assert not (done.folder / "work" / "evil").exists()


def test_runtimes_are_mapped_to_what_the_machine_has(build):
    done = build("version: 0.2\nphases: {install: {runtime-versions: {python: latest, golang: 1.x}}, build: {commands: [python -c 'print(6*7)']}}")
    assert "Selecting 'python' runtime version 'latest' based on manual selections...\nUsing Python 3." in done.log
    assert "\n42\n" in done.log


def test_unknown_keys_are_remarked_on(build):
    done = build("version: 0.2\nphases: {build: {commands: ['true']}}\nartifacts: {files: buildspec.yml, type: zip}\n")
    assert "Found possible syntax errors in buildspec: \nIn the section artifacts\n    The following keys cannot be identified:\n        type\n" in done.log
    assert done.status == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_run_as_changes_the_user_and_keeps_the_state(build):
    spec = json.loads(phases(install=["export A=1"], build=["id -un; echo $A; echo $HOME; export B=2"], post_build=["id -un; echo $A$B"]))
    spec["phases"]["build"]["run-as"] = "nobody"
    done = build(json.dumps(spec))
    assert "nobody\n1\n/nonexistent\n" in done.log
    assert "root\n12\n" in done.log


def test_an_unknown_user_fails_the_phase(build):
    spec = json.loads(phases(build=["true"]))
    done = build(json.dumps({**spec, "run-as": "nobody-knows"}))
    assert "\"nobody-knows\" does not exist" in done.context("BUILD")["message"]


def test_commands_have_no_control_descriptor_and_no_input(build):
    done = build(phases(build=["(echo x >&3) 2>/dev/null || echo closed", "cat; echo end of input"]))
    assert "closed\n" in done.log and "end of input\n" in done.log


def test_what_stays_in_the_background_does_not_hold_the_build(build):
    assert build(phases(build=["sleep 300 >/dev/null 2>&1 & echo $! > pid"], post_build=["kill $(cat pid)"])).status == 0


def test_a_wrong_job_is_told(tmp_path):
    (tmp_path / "job.json").write_text('{"sourceFolder": "relative"}')
    done = subprocess.run([AGENT, tmp_path / "job.json"], capture_output=True)
    assert done.returncode == 2 and b"absolute" in done.stderr
