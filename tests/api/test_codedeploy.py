"""CodeDeploy: real deployments by appspec hooks onto real instances."""

import io
import json
import tarfile
import time
import uuid
import zipfile
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

WAIT_SECONDS = 60
EVENTS = ["ApplicationStop", "DownloadBundle", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart", "ValidateService"]
OVER = ("Succeeded", "Failed", "Stopped")
HOOKS = ["ApplicationStop", "BeforeInstall", "AfterInstall", "ApplicationStart", "ValidateService"]


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


def tarred(files, mode="w"):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(text), 0o755
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
        return self.event(deployment, name, instance)["diagnostics"]["logTail"]

    def look(self, command, instance=None):
        """What a command prints on the instance: by a deployment of its own, of another application."""
        name = f"look-{uuid.uuid4().hex[:8]}"
        self.group(name)
        files = {"appspec.yml": appspec({"ValidateService": "look.sh"}, files="  []"), "look.sh": f"#!/bin/sh\n{command}\n"}
        done = self.run(files, group=name)
        assert done["status"] == "Succeeded", done
        lines = self.log(done["deploymentId"], "ValidateService", instance).splitlines()
        return [line.removeprefix("[stdout]") for line in lines if line.startswith("[stdout]")]


@pytest.fixture
def world(aws):
    return World(aws)


def script(text):
    return f"#!/bin/sh\n{text}\n"


def test_a_revision_is_deployed_by_all_its_hooks(world):
    (instance,) = world.instances()
    world.group()
    scripts = {f"{event}.sh": script(f"echo this is {event}; echo careful >&2") for event in HOOKS}
    files = {"appspec.yml": appspec({event: f"{event}.sh" for event in HOOKS}), "app/hello": "hello\n", **scripts}
    info = world.run(files, description="The first")
    assert info["status"] == "Succeeded"
    assert info["deploymentOverview"] == {"Pending": 0, "InProgress": 0, "Succeeded": 1, "Failed": 0, "Skipped": 0, "Ready": 0}
    assert (info["creator"], info["description"]) == ("user", "The first")
    assert info["createTime"] <= info["startTime"] <= info["completeTime"]
    target = world.target(info["deploymentId"], instance)
    assert target["status"] == "Succeeded"
    assert [event["lifecycleEventName"] for event in target["lifecycleEvents"]] == EVENTS
    assert all(event["status"] == "Succeeded" and event["startTime"] <= event["endTime"] for event in target["lifecycleEvents"])
    assert all(event["diagnostics"]["errorCode"] == "Success" for event in target["lifecycleEvents"])
    expected = "LifecycleEvent - AfterInstall\nScript - AfterInstall.sh\n[stdout]this is AfterInstall\n[stderr]careful\n"
    assert sorted(world.log(info["deploymentId"], "AfterInstall").splitlines()) == sorted(expected.splitlines())
    assert world.log(info["deploymentId"], "ApplicationStop") == ""
    assert world.look("cat /opt/app/hello") == ["hello"]


def test_tar_and_tgz_revisions_are_deployed(world):
    world.instances()
    world.group()
    for kind, mode in (("tar", "w"), ("tgz", "w:gz")):
        world.put(f"r.{kind}", tarred({"appspec.yml": appspec(), "app/kind": kind}, mode))
        assert world.finish(world.start(f"r.{kind}", kind=kind))["status"] == "Succeeded"
        assert world.look("cat /opt/app/kind") == [kind]


def test_the_next_revision_stops_the_last_one_by_its_own_scripts_and_removes_its_files(world):
    world.instances()
    group = world.group()
    hooks = appspec({"ApplicationStop": "stop.sh"})
    first = world.run({"appspec.yml": hooks, "app/old": "1", "app/both": "1", "stop.sh": script("echo stop of first; env | sort")})
    second = world.run({"appspec.yml": hooks, "app/new": "2", "app/both": "2", "stop.sh": script("echo stop of second")})
    assert (first["status"], second["status"]) == ("Succeeded", "Succeeded")
    log = world.log(second["deploymentId"], "ApplicationStop").splitlines()
    assert "[stdout]stop of first" in log
    for line in ("LIFECYCLE_EVENT=ApplicationStop", "APPLICATION_NAME=app", "DEPLOYMENT_GROUP_NAME=group", f"DEPLOYMENT_GROUP_ID={group}"):
        assert f"[stdout]{line}" in log
    assert f"[stdout]DEPLOYMENT_ID={second['deploymentId']}" in log
    assert f"[stdout]BUNDLE_BUCKET={world.bucket}" in log
    assert world.look("cd /opt/app && echo * $(cat both)") == ["both new 2"]
    assert second["previousRevision"] == first["revision"]
    info = world.deploy.get_deployment_group(applicationName="app", deploymentGroupName="group")["deploymentGroupInfo"]
    assert info["targetRevision"] == second["revision"]
    assert info["lastSuccessfulDeployment"]["deploymentId"] == info["lastAttemptedDeployment"]["deploymentId"] == second["deploymentId"]
    assert info["lastSuccessfulDeployment"]["status"] == "Succeeded"


def test_a_failing_script_fails_the_deployment_and_the_last_good_revision_comes_back(world):
    (instance,) = world.instances()
    world.group(autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]})
    good = world.run({"appspec.yml": appspec(), "app/version": "good"})
    bad = world.run({"appspec.yml": appspec({"AfterInstall": "after.sh"}), "app/version": "bad", "after.sh": script("echo no >&2; exit 7")})
    assert bad["status"] == "Failed"
    assert bad["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    assert bad["errorInformation"]["message"].startswith("The overall deployment failed because too many individual instances failed deployment")
    target = world.target(bad["deploymentId"], instance)
    assert target["status"] == "Failed"
    assert [event["status"] for event in target["lifecycleEvents"]] == ["Succeeded"] * 4 + ["Failed", "Skipped", "Skipped"]
    diagnostics = target["lifecycleEvents"][4]["diagnostics"]
    assert diagnostics["errorCode"] == "ScriptFailed"
    assert diagnostics["scriptName"] == "after.sh"
    assert diagnostics["message"] == "Script at specified location: after.sh failed with exit code 7"
    assert diagnostics["logTail"].endswith("Script - after.sh\n[stderr]no\n")
    rollback = world.finish(bad["rollbackInfo"]["rollbackDeploymentId"])
    assert (rollback["status"], rollback["creator"]) == ("Succeeded", "codeDeployRollback")
    assert rollback["rollbackInfo"]["rollbackTriggeringDeploymentId"] == bad["deploymentId"]
    assert rollback["revision"] == good["revision"]
    assert world.look("cat /opt/app/version") == ["good"]


def test_without_a_good_revision_nothing_is_rolled_back(world):
    world.instances()
    world.group(autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]})
    bad = world.run({"appspec.yml": appspec({"BeforeInstall": "b.sh"}), "b.sh": script("exit 1")})
    assert bad["status"] == "Failed"
    assert "rollbackDeploymentId" not in bad["rollbackInfo"]
    assert "no revision that was deployed successfully" in bad["rollbackInfo"]["rollbackMessage"]


@pytest.mark.parametrize(
    "entry, text, code, message",
    [
        ("gone.sh", None, "ScriptMissing", "Script does not exist at specified location: gone.sh"),
        ({"location": "s.sh", "timeout": 1}, script("sleep 60"), "ScriptTimedOut", "Script at specified location: s.sh failed to complete in 1 seconds"),
        ({"location": "s.sh", "timeout": 1}, script("sleep 60 & exit 0"), "UnknownError", "Script at specified location: s.sh failed to close STDOUT"),
    ],
)
def test_what_is_wrong_with_a_script_is_said(world, entry, text, code, message):
    assert outcome_of_hook(world, entry, text) == ("Failed", code, message)


def test_a_script_runs_as_the_user_it_names(world, many_users):
    message = "Script at specified location: s.sh run as user nobody failed with exit code 3"
    outcome = outcome_of_hook(world, {"location": "s.sh", "runas": "nobody"}, script("test $(id -un) = nobody && exit 3"))
    assert outcome == ("Failed", "ScriptFailed", message)


def outcome_of_hook(world, entry, text):
    """Status, error code and message of a deployment whose BeforeInstall is `entry`, the script s.sh holding `text`."""
    world.instances()
    world.group()
    files = {"appspec.yml": appspec({"BeforeInstall": entry}), "app/x": "x", **({"s.sh": text} if text else {})}
    info = world.run(files)
    diagnostics = world.event(info["deploymentId"], "BeforeInstall")["diagnostics"]
    return info["status"], diagnostics["errorCode"], diagnostics["message"]


@pytest.mark.parametrize(
    "data, event, words",
    [
        (zipped({"readme": "no appspec"}), "BeforeInstall", "did not find an AppSpec file"),
        (zipped({"appspec.yml": "version: 0.0\nos: linux\nhoks: {}\n"}), "BeforeInstall", 'appspec.yml:3: the section "hoks" is unknown'),
        (zipped({"appspec.yml": "version: 1.0\nos: linux\n"}), "BeforeInstall", "invalid version value (1.0)"),
        (zipped({"appspec.yml": appspec({"Install": "x.sh"})}), "BeforeInstall", "Install is reserved"),
        (zipped({"appspec.yml": appspec(files="  - source: gone\n    destination: /opt/app\n")}), "Install", "No such file or directory"),
        (zipped({"../../evil": "x"}), "DownloadBundle", "../../evil"),
        (zipped({"appspec.yml": appspec()})[:-30], "DownloadBundle", "bundle"),
        (b"this is no archive", "DownloadBundle", "bundle"),
    ],
)
def test_a_bad_revision_fails_the_event_that_finds_it_so(world, data, event, words):
    world.instances()
    world.group()
    world.put("bad.zip", data)
    info = world.finish(world.start("bad.zip"))
    assert info["status"] == "Failed"
    failed = world.event(info["deploymentId"], event)
    assert (failed["status"], failed["diagnostics"]["errorCode"]) == ("Failed", "UnknownError")
    assert words in failed["diagnostics"]["message"]


def test_files_that_are_there_already_are_refused_kept_or_replaced(world):
    world.instances()
    world.group()
    assert world.look("mkdir -p /opt/app; echo mine > /opt/app/file") == []
    files = {"appspec.yml": appspec(), "app/file": "theirs"}
    refused = world.run(files)
    message = world.event(refused["deploymentId"], "Install")["diagnostics"]["message"]
    assert message == "The deployment failed because a specified file already exists at this location: /opt/app/file"
    assert world.run(files, fileExistsBehavior="RETAIN")["status"] == "Succeeded"
    assert world.look("cat /opt/app/file") == ["mine"]
    assert world.run({**files, "appspec.yml": appspec(more="file_exists_behavior: OVERWRITE")})["status"] == "Succeeded"
    assert world.look("cat /opt/app/file") == ["theirs"]


def test_permissions_are_set(world, many_users):
    world.instances()
    world.group()
    permissions = 'permissions:\n  - object: /opt/app\n    pattern: "*.sh"\n    owner: nobody\n    group: nogroup\n    mode: 750\n    type: [file]'
    files = {"appspec.yml": appspec(more=permissions), "app/a.sh": "x", "app/b.txt": "x", "app/below/c.sh": "x"}
    assert world.run(files)["status"] == "Succeeded"
    shown = world.look("cd /opt/app && stat -c '%n %a %U %G' a.sh b.txt below/c.sh")
    assert shown == ["a.sh 750 nobody nogroup", "b.txt 755 root root", "below/c.sh 755 root root"]


def test_a_deployment_to_no_instance_fails(world):
    world.group()
    info = world.run({"appspec.yml": appspec()})
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "NO_INSTANCES")


def test_the_service_role_must_be_allowed_to_describe_instances(world):
    world.instances()
    world.group()
    world.iam.put_role_policy(RoleName="deployer", PolicyName="own", PolicyDocument=allowing("ec2:RunInstances"))
    info = world.run({"appspec.yml": appspec()})
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "IAM_ROLE_PERMISSIONS")
    assert "is not authorized to perform: ec2:DescribeInstances" in info["errorInformation"]["message"]


def test_the_instances_role_must_be_allowed_to_get_the_revision(world):
    world.instances()
    world.group()
    world.iam.put_role_policy(RoleName="server", PolicyName="own", PolicyDocument=allowing("s3:ListBucket"))
    world.put("r.zip", zipped({"appspec.yml": appspec()}))
    info = world.finish(world.start("r.zip"))
    failed = world.event(info["deploymentId"], "DownloadBundle")
    assert (info["status"], failed["status"], failed["diagnostics"]["errorCode"]) == ("Failed", "Failed", "UnknownError")
    assert "is not authorized to perform: s3:GetObject" in failed["diagnostics"]["message"]
    assert f"arn:aws:s3:::{world.bucket}/r.zip" in failed["diagnostics"]["message"]


def test_an_instance_without_a_profile_has_no_credentials(world):
    world.instances(profile=None)
    world.group()
    info = world.run({"appspec.yml": appspec()})
    assert info["status"] == "Failed"
    assert "Missing credentials" in world.event(info["deploymentId"], "ApplicationStop")["diagnostics"]["message"]


def test_the_version_and_the_etag_of_a_revision_are_kept_to(world):
    world.instances()
    world.group()
    world.s3.put_bucket_versioning(Bucket=world.bucket, VersioningConfiguration={"Status": "Enabled"})
    old = world.put("r.zip", zipped({"appspec.yml": appspec(), "app/v": "old"}))
    world.put("r.zip", zipped({"appspec.yml": appspec(), "app/v": "new"}))
    wrong = world.finish(world.start("r.zip", location={"eTag": old["ETag"]}))
    message = world.event(wrong["deploymentId"], "DownloadBundle")["diagnostics"]["message"]
    assert message.startswith("Expected deployment artifact bundle etag " + old["ETag"].strip('"') + " but was actually")
    right = world.finish(world.start("r.zip", location={"eTag": old["ETag"], "version": old["VersionId"]}))
    assert right["status"] == "Succeeded"
    assert world.look("cat /opt/app/v") == ["old"]


# ---- Several instances


def failing_on(instance):
    """A hook that fails on this instance and on no other."""
    ask = "T=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)"
    me = "I=$(curl -sf -H \"X-aws-ec2-metadata-token: $T\" http://169.254.169.254/latest/meta-data/instance-id)"
    return script(f'{ask}\n{me}\necho "I am $I"\n[ "$I" != {instance} ]')


def statuses(world, deployment):
    return [world.target(deployment, instance)["status"] for instance in world.targets(deployment)]


def test_one_at_a_time_stops_at_the_first_failure_and_rolls_back(world):
    world.instances(2)
    world.group(autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]})
    good = world.run({"appspec.yml": appspec(), "app/v": "good"})
    first, second = world.targets(good["deploymentId"])
    files = {"appspec.yml": appspec({"ValidateService": "v.sh"}), "app/v": "bad"}
    bad = world.run({**files, "v.sh": failing_on(first)})
    assert (bad["status"], statuses(world, bad["deploymentId"])) == ("Failed", ["Failed", "Skipped"])
    assert bad["deploymentOverview"]["Skipped"] == 1
    assert all(event["status"] == "Skipped" for event in world.target(bad["deploymentId"], second)["lifecycleEvents"])
    rollback = world.finish(bad["rollbackInfo"]["rollbackDeploymentId"])
    assert (rollback["status"], statuses(world, rollback["deploymentId"])) == ("Succeeded", ["Succeeded", "Succeeded"])


def test_one_at_a_time_succeeds_when_only_the_last_instance_fails(world):
    world.instances(2)
    world.group()
    first, second = world.targets(world.run({"appspec.yml": appspec(), "app/v": "1"})["deploymentId"])
    files = {"appspec.yml": appspec({"ValidateService": "v.sh"}), "app/v": "2"}
    info = world.run({**files, "v.sh": failing_on(second)})
    assert (info["status"], statuses(world, info["deploymentId"])) == ("Succeeded", ["Succeeded", "Failed"])
    again = world.run({**files, "v.sh": failing_on("nobody")})
    assert world.targets(again["deploymentId"]) == [second, first], "the instance that failed is the first to be deployed to"


def test_half_at_a_time_keeps_half_of_the_instances_healthy(world):
    world.instances(3)
    world.group(deploymentConfigName="CodeDeployDefault.HalfAtATime")
    order = world.targets(world.run({"appspec.yml": appspec(), "app/v": "1"})["deploymentId"])
    files = {"appspec.yml": appspec({"ValidateService": "v.sh"}), "app/v": "2"}
    info = world.run({**files, "v.sh": failing_on(order[0])})
    assert (info["status"], statuses(world, info["deploymentId"])) == ("Failed", ["Failed", "Skipped", "Skipped"])


def test_all_at_once_needs_one_that_succeeds(world):
    world.instances(2)
    world.group(deploymentConfigName="CodeDeployDefault.AllAtOnce")
    order = world.targets(world.run({"appspec.yml": appspec(), "app/v": "1"})["deploymentId"])
    files = {"appspec.yml": appspec({"ValidateService": "v.sh"}), "app/v": "2"}
    info = world.run({**files, "v.sh": failing_on(order[0])})
    assert (info["status"], sorted(statuses(world, info["deploymentId"]))) == ("Succeeded", ["Failed", "Succeeded"])


def test_a_minimum_that_leaves_no_instance_to_deploy_to_cannot_start(world):
    world.instances(2)
    minimum = {"type": "HOST_COUNT", "value": 2}
    world.deploy.create_deployment_config(deploymentConfigName="both", minimumHealthyHosts=minimum)
    world.group(deploymentConfigName="both")
    info = world.run({"appspec.yml": appspec()})
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "HEALTH_CONSTRAINTS_INVALID")


# ---- Stop, restart


def wait_for(condition):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def started(world, deployment, event):
    info = world.info(deployment)
    return info["status"] == "InProgress" and world.event(deployment, event)["status"] == "InProgress"


def test_a_stop_ends_the_running_script(world):
    world.instances()
    world.group()
    world.put("r.zip", zipped({"appspec.yml": appspec({"AfterInstall": "s.sh"}), "app/x": "x", "s.sh": script("echo begun; exec sleep 600")}))
    deployment = world.start("r.zip")
    wait_for(lambda: started(world, deployment, "AfterInstall"))
    with pytest.raises(ClientError) as busy:
        world.start("r.zip")
    assert busy.value.response["Error"]["Code"] == "DeploymentLimitExceededException"
    assert deployment in busy.value.response["Error"]["Message"]
    assert world.deploy.stop_deployment(deploymentId=deployment)["status"] == "Pending"
    info = world.finish(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert world.event(deployment, "AfterInstall")["status"] == "Failed"
    assert world.event(deployment, "ApplicationStart")["status"] == "Skipped"
    assert world.look("pgrep -c sleep || true") == ["0"]
    with pytest.raises(ClientError) as over:
        world.deploy.stop_deployment(deploymentId=deployment)
    assert over.value.response["Error"]["Code"] == "DeploymentAlreadyCompletedException"


def test_a_kill_of_the_server_loses_nothing_and_runs_nothing_twice(start_server):
    server = start_server()
    world = World(server.client)
    world.instances()
    world.group()
    hooks = {event: f"{event}.sh" for event in HOOKS}
    scripts = {f"{event}.sh": script(f"echo {event} >> /root/journal; sleep 0.4") for event in HOOKS}
    world.put("r.zip", zipped({"appspec.yml": appspec(hooks), "app/x": "x", **scripts}))
    deployment = world.start("r.zip")
    for event in ("BeforeInstall", "ApplicationStart"):
        wait_for(lambda event=event: started(world, deployment, event))
        server.restart()
    assert world.finish(deployment)["status"] == "Succeeded"
    assert world.look("cat /root/journal") == HOOKS[1:]


def test_a_stop_may_ask_for_a_rollback(world):
    world.instances()
    world.group()
    good = world.run({"appspec.yml": appspec(), "app/v": "good"})
    world.put("r.zip", zipped({"appspec.yml": appspec({"AfterInstall": "s.sh"}), "app/v": "bad", "s.sh": script("exec sleep 600")}))
    deployment = world.start("r.zip")
    wait_for(lambda: started(world, deployment, "AfterInstall"))
    world.deploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    info = world.finish(deployment)
    rollback = world.finish(info["rollbackInfo"]["rollbackDeploymentId"])
    assert (info["status"], rollback["status"], rollback["revision"]) == ("Stopped", "Succeeded", good["revision"])
    assert world.look("cat /opt/app/v") == ["good"]


def test_failures_of_application_stop_can_be_ignored(world):
    world.instances()
    world.group()
    files = {"appspec.yml": appspec({"ApplicationStop": "stop.sh"}), "app/x": "x", "stop.sh": script("exit 9")}
    assert world.run(files)["status"] == "Succeeded"
    assert world.run(files)["status"] == "Failed"
    info = world.run(files, ignoreApplicationStopFailures=True)
    assert (info["status"], info["ignoreApplicationStopFailures"]) == ("Succeeded", True)
    assert world.event(info["deploymentId"], "ApplicationStop")["status"] == "Failed"


def test_an_instance_that_does_not_run_is_waited_for_five_minutes(start_server):
    world = World(start_server("--fast-forward").client)
    (instance,) = world.instances()
    world.ec2.stop_instances(InstanceIds=[instance])
    world.ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1})
    world.group()
    info = world.run({"appspec.yml": appspec()})
    assert (info["status"], info["completeTime"] - info["startTime"] >= timedelta(minutes=5)) == ("Failed", True)
    message = world.event(info["deploymentId"], "ApplicationStop")["diagnostics"]["message"]
    assert message.startswith("CodeDeploy agent was not able to receive the lifecycle event.")


def test_a_pipeline_deploys_and_hears_how_it_ended(world, aws):
    world.instances()
    world.group()
    role = world.make_role("pipeline", "codepipeline.amazonaws.com", "s3:*", "codedeploy:*")
    world.s3.put_bucket_versioning(Bucket=world.bucket, VersioningConfiguration={"Status": "Enabled"})
    world.put("app.zip", zipped({"appspec.yml": appspec({"ValidateService": "v.sh"}), "v.sh": script("test -f /opt/app/x"), "app/y": "y"}))

    def stage(name, category, provider, settings, **more):
        kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
        return {"name": name, "actions": [{"name": name, "actionTypeId": kind, "configuration": settings, **more}]}

    source = {"S3Bucket": world.bucket, "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"}
    target = {"ApplicationName": "app", "DeploymentGroupName": "group"}
    stages = [
        stage("Source", "Source", "S3", source, outputArtifacts=[{"name": "App"}]),
        stage("Deploy", "Deploy", "CodeDeploy", target, inputArtifacts=[{"name": "App"}]),
    ]
    pipeline = aws("codepipeline")
    store = {"type": "S3", "location": world.bucket}
    pipeline.create_pipeline(pipeline={"name": "p", "roleArn": role, "artifactStore": store, "stages": stages})

    def end():
        runs = pipeline.list_pipeline_executions(pipelineName="p")["pipelineExecutionSummaries"]
        return runs[0]["status"] if runs[0]["status"] in ("Succeeded", "Failed") else None

    wait_for(end)
    details = pipeline.list_action_executions(pipelineName="p")["actionExecutionDetails"][0]
    assert (end(), details["actionName"]) == ("Failed", "Deploy")
    deployment = details["output"]["executionResult"]["externalExecutionId"]
    assert world.info(deployment)["errorInformation"]["message"] in details["output"]["executionResult"]["errorDetails"]["message"]
    world.put("app.zip", zipped({"appspec.yml": appspec({"ValidateService": "v.sh"}), "v.sh": script("test -f /opt/app/x"), "app/x": "x"}))
    pipeline.start_pipeline_execution(name="p")
    wait_for(lambda: end() == "Succeeded")


# ---- What is asked for without a deployment


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_applications_are_made_renamed_and_deleted(world):
    deploy = world.deploy
    made = deploy.create_application(applicationName="other", tags=[{"Key": "a", "Value": "1"}])
    info = deploy.get_application(applicationName="other")["application"]
    assert (info["applicationId"], info["computePlatform"], info["linkedToGitHub"]) == (made["applicationId"], "Server", False)
    code, message = refused(deploy.create_application, applicationName="other")
    assert (code, "other" in message) == ("ApplicationAlreadyExistsException", True)
    world.group("moves")
    deploy.update_application(applicationName="app", newApplicationName="renamed")
    assert deploy.list_applications()["applications"] == ["other", "renamed"]
    assert deploy.list_deployment_groups(applicationName="renamed")["deploymentGroups"] == ["moves"]
    both = deploy.batch_get_applications(applicationNames=["other", "renamed"])["applicationsInfo"]
    assert [one["applicationName"] for one in both] == ["other", "renamed"]
    deploy.delete_application(applicationName="other")
    deploy.delete_application(applicationName="other")
    assert refused(deploy.get_application, applicationName="other") == ("ApplicationDoesNotExistException", "No application found for name: other")


def test_each_parameter_has_its_own_error(world):
    deploy = world.deploy
    world.group()
    assert refused(deploy.create_application)[0] == "ApplicationNameRequiredException"
    assert refused(deploy.create_application, applicationName="a b")[0] == "InvalidApplicationNameException"
    assert refused(deploy.create_application, applicationName="x", computePlatform="Moon")[0] == "InvalidComputePlatformException"
    group = {"applicationName": "app", "deploymentGroupName": "g2", "serviceRoleArn": world.role}
    assert refused(deploy.create_deployment_group, **{**group, "applicationName": "none"})[0] == "ApplicationDoesNotExistException"
    assert refused(deploy.create_deployment_group, **{**group, "deploymentGroupName": "a/b"})[0] == "InvalidDeploymentGroupNameException"
    assert refused(deploy.create_deployment_group, **{**group, "deploymentGroupName": "group"})[0] == "DeploymentGroupAlreadyExistsException"
    assert refused(deploy.create_deployment_group, **group, deploymentConfigName="none")[0] == "DeploymentConfigDoesNotExistException"
    assert refused(deploy.create_deployment_group, **group, ec2TagFilters=[{"Key": "k", "Type": "BOTH"}])[0] == "InvalidEC2TagException"
    both = {"ec2TagFilters": [{"Key": "k", "Type": "KEY_ONLY"}], "ec2TagSet": {"ec2TagSetList": [[{"Key": "k", "Type": "KEY_ONLY"}]]}}
    assert refused(deploy.create_deployment_group, **group, **both)[0] == "InvalidEC2TagCombinationException"
    rollback = {"enabled": True, "events": []}
    assert refused(deploy.create_deployment_group, **group, autoRollbackConfiguration=rollback)[0] == "InvalidAutoRollbackConfigException"
    one = {"applicationName": "app", "deploymentGroupName": "group"}
    assert refused(deploy.create_deployment, **one)[0] == "RevisionRequiredException"
    assert refused(deploy.create_deployment, **one, revision={"revisionType": "S3"})[0] == "InvalidRevisionException"
    assert refused(deploy.create_deployment, **one, revision=world.revision("k", "rar"))[0] == "InvalidRevisionException"
    behavior = {"fileExistsBehavior": "PERHAPS"}
    assert refused(deploy.create_deployment, **one, revision=world.revision("k"), **behavior)[0] == "InvalidFileExistsBehaviorException"
    assert refused(deploy.create_deployment, **{**one, "deploymentGroupName": "no"}, revision=world.revision("k"))[0] == "DeploymentGroupDoesNotExistException"
    assert refused(deploy.get_deployment)[0] == "DeploymentIdRequiredException"
    assert refused(deploy.get_deployment, deploymentId="x")[0] == "InvalidDeploymentIdException"
    assert refused(deploy.get_deployment, deploymentId="d-ABCDEFGHI") == ("DeploymentDoesNotExistException", "The deployment d-ABCDEFGHI could not be found")
    assert refused(deploy.list_deployments, applicationName="app")[0] == "DeploymentGroupNameRequiredException"
    assert refused(deploy.list_deployments, includeOnlyStatuses=["Odd"])[0] == "InvalidDeploymentStatusException"
    assert refused(deploy.list_applications, nextToken="?")[0] == "InvalidNextTokenException"


@pytest.mark.parametrize(
    "member, value",
    [
        ("onPremisesInstanceTagFilters", [{"Key": "k", "Type": "KEY_ONLY"}]),
        ("autoScalingGroups", ["asg"]),
        ("triggerConfigurations", [{"triggerName": "t"}]),
        ("loadBalancerInfo", {"elbInfoList": [{"name": "lb"}]}),
        ("alarmConfiguration", {"enabled": True, "alarms": [{"name": "a"}]}),
        ("deploymentStyle", {"deploymentType": "BLUE_GREEN"}),
        ("deploymentStyle", {"deploymentOption": "WITH_TRAFFIC_CONTROL"}),
    ],
)
def test_what_is_not_built_is_refused_by_name(world, member, value):
    group = {"applicationName": "app", "deploymentGroupName": "g", "serviceRoleArn": world.role}
    code, message = refused(world.deploy.create_deployment_group, **group, **{member: value})
    assert (code, (member if member != "deploymentStyle" else next(iter(value.values()))) in message) == ("NotImplemented", True)


def test_revisions_that_are_not_in_s3_are_refused_by_name(world):
    world.group()
    revision = {"revisionType": "GitHub", "gitHubLocation": {"repository": "a/b", "commitId": "c"}}
    code, message = refused(world.deploy.create_deployment, applicationName="app", deploymentGroupName="group", revision=revision)
    assert (code, message) == ("NotImplemented", "Revisions of type GitHub are not built; S3 is.")


def test_a_role_that_codedeploy_may_not_assume_is_refused(world):
    other = world.make_role("other", "ec2.amazonaws.com", "s3:GetObject")
    group = {"applicationName": "app", "deploymentGroupName": "g"}
    code, message = refused(world.deploy.create_deployment_group, **group, serviceRoleArn=other)
    assert (code, message) == ("InvalidRoleException", f"AWS CodeDeploy does not have the permissions required to assume the role {other}.")
    assert refused(world.deploy.create_deployment_group, **group)[0] == "RoleRequiredException"


def test_groups_are_changed_renamed_and_deleted(world):
    deploy = world.deploy
    made = world.group()
    sets = {"ec2TagSetList": [[{"Key": "a", "Value": "1", "Type": "KEY_AND_VALUE"}], [{"Key": "b", "Type": "KEY_ONLY"}]]}
    change = {"applicationName": "app", "currentDeploymentGroupName": "group", "newDeploymentGroupName": "new"}
    deploy.update_deployment_group(**change, deploymentConfigName="CodeDeployDefault.AllAtOnce", ec2TagSet=sets)
    info = deploy.get_deployment_group(applicationName="app", deploymentGroupName="new")["deploymentGroupInfo"]
    assert (info["deploymentGroupId"], info["deploymentConfigName"], info["ec2TagSet"]) == (made, "CodeDeployDefault.AllAtOnce", sets)
    assert (info.get("ec2TagFilters", []), info["computePlatform"]) == ([], "Server")
    assert info["deploymentStyle"] == {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"}
    batch = deploy.batch_get_deployment_groups(applicationName="app", deploymentGroupNames=["new", "group"])
    assert ([one["deploymentGroupName"] for one in batch["deploymentGroupsInfo"]], "group" in batch["errorMessage"]) == (["new"], True)
    deploy.delete_deployment_group(applicationName="app", deploymentGroupName="new")
    assert deploy.list_deployment_groups(applicationName="app")["deploymentGroups"] == []


def test_instances_are_chosen_by_tag_sets(world):
    first, second = world.instances(2)
    world.ec2.create_tags(Resources=[second], Tags=[{"Key": "Stage", "Value": "prod"}])
    sets = [[{"Key": "Name", "Value": "web", "Type": "KEY_AND_VALUE"}], [{"Key": "Stage", "Type": "KEY_ONLY"}, {"Value": "test", "Type": "VALUE_ONLY"}]]
    world.group(ec2TagFilters=[], ec2TagSet={"ec2TagSetList": sets})
    info = world.run({"appspec.yml": appspec(), "app/x": "x"})
    assert (info["status"], world.targets(info["deploymentId"])) == ("Succeeded", [second])


def test_configurations_are_built_in_or_ones_own(world):
    deploy = world.deploy
    built_in = ["CodeDeployDefault.AllAtOnce", "CodeDeployDefault.HalfAtATime", "CodeDeployDefault.OneAtATime"]
    minimum = {"type": "FLEET_PERCENT", "value": 75}
    deploy.create_deployment_config(deploymentConfigName="mine", minimumHealthyHosts=minimum)
    assert deploy.list_deployment_configs()["deploymentConfigsList"] == [*built_in, "mine"]
    assert deploy.get_deployment_config(deploymentConfigName="mine")["deploymentConfigInfo"]["minimumHealthyHosts"] == minimum
    one = deploy.get_deployment_config(deploymentConfigName=built_in[2])["deploymentConfigInfo"]["minimumHealthyHosts"]
    assert one == {"type": "MOST_CONCURRENCY", "value": 1}
    wrong = {"type": "FLEET_PERCENT", "value": 101}
    assert refused(deploy.create_deployment_config, deploymentConfigName="x", minimumHealthyHosts=wrong)[0] == "InvalidMinimumHealthyHostValueException"
    assert refused(deploy.create_deployment_config, deploymentConfigName="mine", minimumHealthyHosts=minimum)[0] == "DeploymentConfigAlreadyExistsException"
    world.group(deploymentConfigName="mine")
    assert refused(deploy.delete_deployment_config, deploymentConfigName="mine")[0] == "DeploymentConfigInUseException"
    assert refused(deploy.delete_deployment_config, deploymentConfigName=built_in[0])[0] == "InvalidOperationException"
    deploy.delete_deployment_group(applicationName="app", deploymentGroupName="group")
    deploy.delete_deployment_config(deploymentConfigName="mine")
    assert deploy.list_deployment_configs()["deploymentConfigsList"] == built_in


def test_revisions_are_registered_and_remembered(world):
    deploy = world.deploy
    world.instances()
    world.group()
    for key in ("a.zip", "b.zip"):
        deploy.register_application_revision(applicationName="app", revision=world.revision(key), description=f"revision {key}")
    world.put("a.zip", zipped({"appspec.yml": appspec(), "app/x": "x"}))
    assert world.finish(world.start("a.zip"))["status"] == "Succeeded"
    listed = deploy.list_application_revisions(applicationName="app", sortBy="registerTime", sortOrder="ascending")["revisions"]
    assert listed == [world.revision("a.zip"), world.revision("b.zip")]
    assert deploy.list_application_revisions(applicationName="app", deployed="include")["revisions"] == [world.revision("a.zip")]
    assert deploy.list_application_revisions(applicationName="app", deployed="exclude")["revisions"] == [world.revision("b.zip")]
    got = deploy.get_application_revision(applicationName="app", revision=world.revision("a.zip"))["revisionInfo"]
    assert (got["description"], got["deploymentGroups"]) == ("revision a.zip", ["group"])
    assert got["registerTime"] <= got["firstUsedTime"] <= got["lastUsedTime"]
    batch = deploy.batch_get_application_revisions(applicationName="app", revisions=[world.revision("b.zip"), world.revision("none")])
    assert [one["revisionLocation"] for one in batch["revisions"]] == [world.revision("b.zip")]
    assert refused(deploy.get_application_revision, applicationName="app", revision=world.revision("none"))[0] == "RevisionDoesNotExistException"


def test_deployments_and_their_instances_are_listed(world):
    (instance,) = world.instances()
    world.group()
    good = world.run({"appspec.yml": appspec(), "app/x": "x"})["deploymentId"]
    bad = world.run({"appspec.yml": appspec({"BeforeInstall": "no.sh"})})["deploymentId"]
    deploy = world.deploy
    assert deploy.list_deployments()["deployments"] == [bad, good]
    group = {"applicationName": "app", "deploymentGroupName": "group"}
    assert deploy.list_deployments(**group, includeOnlyStatuses=["Succeeded"])["deployments"] == [good]
    since = deploy.get_deployment(deploymentId=bad)["deploymentInfo"]["createTime"]
    assert deploy.list_deployments(**group, createTimeRange={"start": since})["deployments"] == [bad]
    assert [one["status"] for one in deploy.batch_get_deployments(deploymentIds=[good, bad])["deploymentsInfo"]] == ["Succeeded", "Failed"]
    assert deploy.list_deployment_targets(deploymentId=bad, targetFilters={"TargetStatus": ["Succeeded"]})["targetIds"] == []
    assert deploy.list_deployment_instances(deploymentId=bad, instanceStatusFilter=["Failed"])["instancesList"] == [instance]
    targets = deploy.batch_get_deployment_targets(deploymentId=good, targetIds=[instance])["deploymentTargets"]
    assert (targets[0]["deploymentTargetType"], targets[0]["instanceTarget"]["targetId"]) == ("InstanceTarget", instance)
    summary = deploy.get_deployment_instance(deploymentId=good, instanceId=instance)["instanceSummary"]
    assert (summary["instanceId"].endswith(f"instance/{instance}"), summary["status"]) == (True, "Succeeded")
    summaries = deploy.batch_get_deployment_instances(deploymentId=good, instanceIds=[instance, "i-none"])
    assert ([one["status"] for one in summaries["instancesSummary"]], "i-none" in summaries["errorMessage"]) == (["Succeeded"], True)
    assert refused(deploy.get_deployment_target, deploymentId=good, targetId="i-none")[0] == "DeploymentTargetDoesNotExistException"


def test_tags_come_and_go(world, account):
    deploy = world.deploy
    world.group()
    for arn in (f"arn:aws:codedeploy:us-east-1:{account}:application:app", f"arn:aws:codedeploy:us-east-1:{account}:deploymentgroup:app/group"):
        deploy.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        deploy.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "3"}])
        deploy.untag_resource(ResourceArn=arn, TagKeys=["b"])
        assert deploy.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "3"}]
    assert refused(deploy.list_tags_for_resource, ResourceArn="arn:aws:s3:::x")[0] == "InvalidArnException"


def test_who_may_not_pass_the_role_may_not_make_a_group(world, server):
    world.iam.create_user(UserName="dev")
    world.iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=allowing("codedeploy:*"))
    key = world.iam.create_access_key(UserName="dev")["AccessKey"]
    deploy = server.client("codedeploy", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    arguments = {"applicationName": "app", "deploymentGroupName": "g", "serviceRoleArn": world.role}
    code, message = refused(deploy.create_deployment_group, **arguments)
    assert code.startswith("AccessDenied")
    assert f"iam:PassRole on resource: {world.role}" in message


def test_the_command_line_deploys_as_in_the_guide(world, cli):
    world.instances()
    world.group()
    world.put("r.zip", zipped({"appspec.yml": appspec(), "app/x": "x"}))
    location = f"bucket={world.bucket},key=r.zip,bundleType=zip"
    words = ["--application-name", "app", "--deployment-group-name", "group", "--s3-location", location]
    made = json.loads(cli("deploy", "create-deployment", *words, "--output", "json"))
    assert world.finish(made["deploymentId"])["status"] == "Succeeded"
    cli("deploy", "wait", "deployment-successful", "--deployment-id", made["deploymentId"])
