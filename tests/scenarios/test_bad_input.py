"""Bad input: each with a precise error, and nothing lost. Deployments' share is in tests/api/test_codedeploy.py."""

import io
import os
import subprocess
import zipfile

import pytest
from botocore.exceptions import ClientError

from delivery import Account, action, pipeline_document, source, stage, until, zip_of
from harness import Server, fresh_account, program
from iam_words import refused

MARKED = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo still here\n"


@pytest.fixture
def plane(own_server):
    plane = Account(own_server, fresh_account()).prepare()
    plane.project("any", buildspec=MARKED, source_type="NO_SOURCE")
    return plane


def run(plane, seconds=60, **overrides):
    build_id = plane.client("codebuild").start_build(projectName="any", **overrides)["build"]["id"]
    return plane.built(build_id, seconds)


def from_s3(plane, data):
    plane.client("s3").put_object(Bucket=plane.bucket, Key="source.zip", Body=data)
    return run(plane, sourceTypeOverride="S3", sourceLocationOverride=f"{plane.bucket}/source.zip")


def bad_phase(made):
    found = [phase for phase in made["phases"] if phase.get("phaseStatus") not in (None, "SUCCEEDED")]
    assert found, made["phases"]
    return found[0]["phaseType"], found[0]["contexts"][0]["statusCode"], found[0]["contexts"][0]["message"]


# ---- Buildspecs ----


@pytest.mark.parametrize(
    "buildspec, words",
    [
        ("version: 0.2\nphases: [\n", ["did not find expected node content at line 2"]),
        ("version: 0.2\nphases:\n  test:\n    commands: [ls]\n", ["Invalid buildspec phase name: TEST", "BUILD,INSTALL,POST_BUILD,PRE_BUILD"]),
        ("version: 9\nphases:\n  build:\n    commands: [ls]\n", ["version"]),
        ("version: 0.2\n", ["phases"]),
        ("version: 0.2\nphases:\n  build:\n    commands:\n      - echo: no\n", ["line 5"]),
    ],
)
def test_a_malformed_buildspec_fails_before_anything_runs(plane, buildspec, words):
    made = run(plane, buildspecOverride=buildspec)
    phase, code, message = bad_phase(made)
    assert (made["buildStatus"], phase, code) == ("FAILED", "DOWNLOAD_SOURCE", "YAML_FILE_ERROR")
    for word in words:
        assert word in message


def test_a_command_that_exits_with_1_fails_its_phase(plane):
    made = run(plane, buildspecOverride=MARKED.replace("echo still here", "exit 1"))
    phase, code, message = bad_phase(made)
    assert (phase, code) == ("BUILD", "COMMAND_EXECUTION_ERROR") and "exit status 1" in message


def test_a_build_that_forks_without_end_is_ended_and_the_plane_goes_on(plane):
    bomb = MARKED.replace("phases:", "env:\n  shell: bash\nphases:").replace("echo still here", "while true; do sleep 600 & done")
    made = run(plane, seconds=120, buildspecOverride=bomb)
    assert made["buildStatus"] in ("FAILED", "FAULT")
    assert "processes" in plane.log(made) or "processes" in str(made["phases"])
    assert run(plane)["buildStatus"] == "SUCCEEDED"


# ---- Archives ----


def bomb():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("buildspec.yml", MARKED)
        with archive.open("zeros", "w", force_zip64=True) as entry:
            for _ in range(80):
                entry.write(bytes(8 * 1024 * 1024))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data, words",
    [
        (lambda: zip_of({"buildspec.yml": MARKED, "../../outside": "x"}), "../../outside"),
        (lambda: zip_of({"buildspec.yml": MARKED, "page": "x" * 1000})[:-40], ""),
        (lambda: b"no archive at all", ""),
        (bomb, ""),
    ],
    ids=["traversal", "truncated", "no archive", "bomb"],
)
def test_a_bad_archive_fails_the_download_of_the_source(plane, data, words):
    made = from_s3(plane, data())
    phase, code, message = bad_phase(made)
    assert (made["buildStatus"], phase) == ("FAILED", "DOWNLOAD_SOURCE")
    assert code == "CLIENT_ERROR" and words in message


# ---- Pipelines ----


def test_artifacts_that_feed_each_other_are_refused(plane):
    one = action("Build", "CodeBuild", "One", {"ProjectName": "any"}, inputArtifacts=["B"], outputArtifacts=["A"])
    two = action("Build", "CodeBuild", "Two", {"ProjectName": "any"}, inputArtifacts=["A"], outputArtifacts=["B"])
    wish = pipeline_document("cycle", plane.pipeline_role, plane.bucket, source(plane.name), stage("Cycle", one, two))
    with refused("InvalidActionDeclarationException"):
        plane.client("codepipeline").create_pipeline(pipeline=wish)
    assert plane.client("codepipeline").list_pipelines()["pipelines"] == []


def test_an_unknown_provider_is_refused_by_name(plane):
    wish = pipeline_document("odd", plane.pipeline_role, plane.bucket, source(plane.name), stage("Odd", action("Build", "Carpenter", "Saw", {})))
    with pytest.raises(ClientError) as caught:
        plane.client("codepipeline").create_pipeline(pipeline=wish)
    assert "Carpenter" in caught.value.response["Error"]["Message"]


# ---- The machine ----


def test_a_second_server_on_one_data_folder_is_refused(own_server):
    words = [program(), "up", "--port", "0", "--data", own_server.data]
    second = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=30)
    assert second.returncode not in (0, None)
    assert str(own_server.data) in second.stderr
    assert own_server.request("GET", "/_rehearse/health").status == 200


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk takes root")
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder]).returncode:
        pytest.skip("no tmpfs can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_refuses_writes_and_loses_nothing(small_disk):
    server = Server(small_disk).start()
    try:
        s3 = server.client("s3")
        s3.create_bucket(Bucket="full")
        kept = fill(s3)
        assert 0 < len(kept) < 100
        assert server.request("GET", "/_rehearse/health").status == 200
        for key in kept:
            assert s3.get_object(Bucket="full", Key=key)["Body"].read() == key.encode() * 100_000
        subprocess.run(["mount", "-o", "remount,size=48m", small_disk], check=True)
        until(lambda: stored(s3, "after"), 20, what="a write once there is room again")
        server.restart()
        assert s3.get_object(Bucket="full", Key=kept[0])["Body"].read() == kept[0].encode() * 100_000
        server.stop()
    finally:
        server.clear()


def test_on_a_full_disk_down_of_everything_says_that_nothing_was_ended(small_disk):
    server = Server(small_disk).start()
    try:
        server.client("s3").create_bucket(Bucket="full")
        with open(small_disk / "filler", "wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
            while True:
                filler.write(b"x" * 4096)
        refused = server.rehearse("down", "--all", check=False)
        assert (refused.returncode, refused.stderr) == (2, "rehearse: nothing was ended: database or disk is full\n")
        (small_disk / "filler").unlink()
        until(lambda: server.rehearse("down", "--all", check=False).returncode == 0, 20, what="its end once there is room again")
    finally:
        server.clear()


def stored(s3, key):
    try:
        s3.put_object(Bucket="full", Key=key, Body=key.encode() * 100_000)
        return True
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
        return False


def fill(s3):
    """Stores objects until one is refused; the keys of those that were acknowledged."""
    kept = []
    while len(kept) < 100 and stored(s3, f"object-{len(kept):03d}"):
        kept.append(f"object-{len(kept):03d}")
    return kept
