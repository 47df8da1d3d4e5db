"""CodeDeploy with everything that a deployment needs: roles, a bucket, instances, groups, revisions; and words to wait for how it ended."""

import io
import json
import tarfile
import time
import urllib.request
import uuid
import zipfile

import pytest
from botocore.exceptions import ClientError

WAIT_SECONDS = 60
OVER = ("Succeeded", "Failed", "Stopped")


def trusting(host):
    statement = {"Effect": "Allow", "Principal": {"Service": host}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allowing(*actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]})


def appspec(hooks=None, files="  - source: app\n    destination: /opt/app\n", more=""):
    """The text of an appspec with these scripts of hooks: {"BeforeInstall": "before.sh"} or {"BeforeInstall": {"location": …}}."""
    lines = ["version: 0.0", "os: linux", "files:", files.rstrip("\n"), more, "hooks:"]
    for event, script in (hooks or {}).items():
        entry = {"location": script} if isinstance(script, str) else script
        lines.append(f"  {event}:")
        lines += [("    - " if i == 0 else "      ") + f"{key}: {value}" for i, (key, value) in enumerate(entry.items())]
    return "\n".join(line for line in lines if line) + ("" if hooks else " {}") + "\n"


def zipped(files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100755 << 16
            archive.writestr(info, text)
    return data.getvalue()


def tarred(files, mode="w", file_mode=0o755):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(text), file_mode
            archive.addfile(info, io.BytesIO(text.encode()))
    return data.getvalue()


class World:
    """An account with roles, a bucket, and an application to deploy."""

    def __init__(self, aws):
        self.deploy, self.ec2, self.s3, self.iam = aws("codedeploy"), aws("ec2"), aws("s3"), aws("iam")
        self.bucket = f"revisions-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.role = self.make_role("deployer", "codedeploy.amazonaws.com", "ec2:DescribeInstances")
        self.make_role("server", "ec2.amazonaws.com", "s3:GetObject", "s3:GetObjectVersion")
        self.iam.create_instance_profile(InstanceProfileName="server")
        self.iam.add_role_to_instance_profile(InstanceProfileName="server", RoleName="server")
        self.deploy.create_application(applicationName="app")

    def make_role(self, name, host, *actions):
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusting(host))["Role"]
        self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=allowing(*actions))
        return role["Arn"]

    def instances(self, count=1, profile="server", wait=True):
        asked = {"IamInstanceProfile": {"Name": profile}} if profile else {}
        made = self.ec2.run_instances(
            ImageId="ami-0a1b2c3d4e5f60001",
            MinCount=count,
            MaxCount=count,
            InstanceType="t3.micro",
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]}],
            **asked,
        )
        ids = [one["InstanceId"] for one in made["Instances"]]
        if wait:
            self.ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig={"Delay": 1})
        return ids

    def group(self, name="group", **more):
        filters = [{"Key": "Name", "Value": "web", "Type": "KEY_AND_VALUE"}]
        settings = {"ec2TagFilters": filters, "serviceRoleArn": self.role, **more}
        return self.deploy.create_deployment_group(applicationName="app", deploymentGroupName=name, **settings)["deploymentGroupId"]

    def put(self, key, data):
        return self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)

    def revision(self, key, kind="zip", **more):
        return {"revisionType": "S3", "s3Location": {"bucket": self.bucket, "key": key, "bundleType": kind, **more}}

    def start(self, key="r.zip", group="group", kind="zip", location=None, **more):
        revision = self.revision(key, kind, **(location or {}))
        return self.deploy.create_deployment(applicationName="app", deploymentGroupName=group, revision=revision, **more)["deploymentId"]

    def info(self, deployment):
        return self.deploy.get_deployment(deploymentId=deployment)["deploymentInfo"]

    def finish(self, deployment):
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            info = self.info(deployment)
            if info["status"] in OVER:
                return info
            time.sleep(0.05)
        raise AssertionError(f"the deployment did not end: {info} {[self.target(deployment, t) for t in self.targets(deployment)]}")

    def run(self, files, **more):
        key = f"{uuid.uuid4().hex}.zip"
        self.put(key, zipped(files))
        deployment = self.start(key, **more)
        return self.finish(deployment)

    def targets(self, deployment):
        return self.deploy.list_deployment_targets(deploymentId=deployment)["targetIds"]

    def target(self, deployment, instance):
        got = self.deploy.get_deployment_target(deploymentId=deployment, targetId=instance)["deploymentTarget"]
        return got["instanceTarget"]

    def event(self, deployment, name, instance=None):
        target = self.target(deployment, instance or self.targets(deployment)[0])
        return next(event for event in target["lifecycleEvents"] if event["lifecycleEventName"] == name)

    def log(self, deployment, name, instance=None):
        """What the scripts of an event printed: in its diagnostics when they failed, else on a page of the plane's own."""
        shown = self.event(deployment, name, instance)["diagnostics"]["logTail"]
        instance = instance or self.targets(deployment)[0]
        where = f"{self.role.split(':')[4]}/{self.deploy.meta.region_name}/{deployment}"
        with urllib.request.urlopen(f"{self.deploy.meta.endpoint_url}/_rehearse/deployments/{where}") as page:
            return shown or json.load(page)[instance].get(name, "")

    def look(self, command, instance=None):
        """What a command prints on the instance: by a deployment of its own, of another application."""
        name = f"look-{uuid.uuid4().hex[:8]}"
        self.group(name)
        files = {"appspec.yml": appspec({"ValidateService": "look.sh"}, files="  []"), "look.sh": f"#!/bin/sh\n{command}\n"}
        done = self.run(files, group=name)
        assert done["status"] == "Succeeded", done
        lines = self.log(done["deploymentId"], "ValidateService", instance).splitlines()
        return [line.removeprefix("[stdout]") for line in lines if line.startswith("[stdout]")]


def script(text):
    return f"#!/bin/sh\n{text}\n"


def wait_for(condition):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def started(world, deployment, event):
    info = world.info(deployment)
    return info["status"] == "InProgress" and world.event(deployment, event)["status"] == "InProgress"


def begun(world, deployment, event):
    """Like started, for an event so short that it may be over at once."""
    return world.info(deployment)["status"] in ("InProgress", *OVER) and world.event(deployment, event)["status"] != "Pending"


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
