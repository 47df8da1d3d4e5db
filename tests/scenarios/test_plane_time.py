"""Programs in builds and on instances see plane time, and what they sign then is accepted."""

import json
import time

import pytest

from delivery import Account, until
from harness import fresh_account, running
from iam_words import allow, document

WEEK_SECONDS = 7 * 86400
SLACK_SECONDS = 300  # between two looks at a clock, on a busy machine
SIGNER = (
    'import boto3, datetime; s = boto3.session.Session(); '
    'boto3.client("s3").put_object(Bucket="BUCKET", Key="KEY", Body=b"signed"); '
    'left = s.get_credentials()._expiry_time - datetime.datetime.now(datetime.timezone.utc); print("left", int(left.total_seconds()))'
)
SCRIPT = """date +now\\ %s
su - USER -c 'date +again\\ %s'
python3 -m pip install --quiet boto3
cat > /tmp/sign.py <<'END'
SIGNER
END
python3 /tmp/sign.py
"""


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    """An account of a plane whose clock is a week ahead."""
    with running(tmp_path_factory.mktemp("ahead"), "--fast-forward") as server:
        reply = server.request("POST", "/_rehearse/clock", json.dumps({"advance": "7d"}), {"Content-Type": "application/json"})
        assert reply.status == 200
        yield Account(server, fresh_account()).prepare()


def script(plane, key, user):
    return SCRIPT.replace("SIGNER", SIGNER).replace("BUCKET", plane.bucket).replace("KEY", key).replace("USER", user)


def numbers(text):
    """The numbers that the script printed, by their name."""
    lines = [line.split() for line in text.splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[0] in ("now", "again", "left")}


def assert_a_week_ahead(text):
    said, ahead = numbers(text), time.time() + WEEK_SECONDS
    assert abs(said["now"] - ahead) < SLACK_SECONDS, text
    assert abs(said["again"] - ahead) < SLACK_SECONDS, text
    assert 900 < said["left"] <= 6 * 3600, text


def test_a_build_sees_plane_time_and_signs_with_it(plane):
    spec = {"version": 0.2, "phases": {"build": {"commands": [script(plane, "from-build", "codebuild-user")]}}}
    plane.project("ahead", buildspec=json.dumps(spec, indent=1), source_type="NO_SOURCE")
    build = plane.client("codebuild").start_build(projectName="ahead")["build"]["id"]
    ended = plane.built(build)
    log = plane.log(ended)
    assert ended["buildStatus"] == "SUCCEEDED", log
    assert_a_week_ahead(log)
    assert plane.client("s3").get_object(Bucket=plane.bucket, Key="from-build")["Body"].read() == b"signed"
    (phase,) = [one for one in ended["phases"] if one["phaseType"] == "BUILD"]
    assert ended["startTime"] <= phase["startTime"] <= phase["endTime"] <= ended["endTime"]


def test_an_instance_sees_plane_time_and_signs_with_it(plane):
    plane.permit("instance", document(allow("s3:PutObject", f"arn:aws:s3:::{plane.bucket}/*")))
    ec2 = plane.client("ec2")
    wish = {"ImageId": "ami-0a1b2c3d4e5f60001", "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1}
    data = "#!/bin/sh\n" + script(plane, "from-instance", "ec2-user") + "echo the end\n"
    instance = ec2.run_instances(**wish, IamInstanceProfile={"Name": "instance"}, UserData=data)["Instances"][0]["InstanceId"]

    def console():
        said = ec2.get_console_output(InstanceId=instance).get("Output", "")
        return said if "the end" in said else None

    said = until(console, what="the end of the user data")
    assert_a_week_ahead(said)
    assert plane.client("s3").get_object(Bucket=plane.bucket, Key="from-instance")["Body"].read() == b"signed"
