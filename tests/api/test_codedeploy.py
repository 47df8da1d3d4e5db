"""CodeDeploy: real deployments by appspec hooks onto real instances."""

import re
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from codedeploy_world import World, allowing, appspec, begun, refused, script, started, tarred, trusting, wait_for, zipped

EVENTS = ["ApplicationStop", "DownloadBundle", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart", "ValidateService"]
HOOKS = ["ApplicationStop", "BeforeInstall", "AfterInstall", "ApplicationStart", "ValidateService"]


@pytest.fixture
def world(aws):
    return World(aws)


def test_a_revision_is_deployed_by_all_its_hooks(world):
    (instance,) = world.instances()
    world.group()
    scripts = {f"{event}.sh": script(f"echo this is {event}; echo careful >&2") for event in HOOKS}
    files = {"appspec.yml": appspec({event: f"{event}.sh" for event in HOOKS}), "app/hello": "hello\n", **scripts}
    info = world.run(files, description="The first")
    assert info["status"] == "Succeeded"
    assert info["deploymentOverview"] == {"Pending": 0, "InProgress": 0, "Succeeded": 1, "Failed": 0, "Skipped": 0, "Ready": 0}
    assert (info["creator"], info["description"]) == ("user", "The first")
    assert (info["deploymentStatusMessages"], info["instanceTerminationWaitTimeStarted"]) == ([], False)
    assert (info["fileExistsBehavior"], info["updateOutdatedInstancesOnly"], info["computePlatform"]) == ("DISALLOW", False, "Server")
    assert re.fullmatch("d-[A-Z0-9]{9}", info["deploymentId"])
    assert info["createTime"] <= info["startTime"] <= info["completeTime"]
    target = world.target(info["deploymentId"], instance)
    assert target["status"] == "Succeeded"
    assert [event["lifecycleEventName"] for event in target["lifecycleEvents"]] == EVENTS
    assert all(event["status"] == "Succeeded" and event["startTime"] <= event["endTime"] for event in target["lifecycleEvents"])
    told = {"errorCode": "Success", "scriptName": "", "message": "Succeeded: ", "logTail": ""}
    assert all(event["diagnostics"] == told for event in target["lifecycleEvents"])
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
    failed, again = bad["deploymentId"], rollback["deploymentId"]
    told = f"Deployment {failed} terminated. Automatic rollback is triggered with a DeploymentId {again}."
    assert bad["rollbackInfo"] == {"rollbackDeploymentId": again, "rollbackMessage": told}
    told = f"Deployment {again} is triggered to roll back deployment {failed}."
    assert rollback["rollbackInfo"] == {"rollbackTriggeringDeploymentId": failed, "rollbackMessage": told}
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
        ("gone.sh", None, "ScriptMissing", "Script does not exist at specified location: {archive}/gone.sh"),
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
    group = world.group()
    files = {"appspec.yml": appspec({"BeforeInstall": entry}), "app/x": "x", **({"s.sh": text} if text else {})}
    info = world.run(files)
    diagnostics = world.event(info["deploymentId"], "BeforeInstall")["diagnostics"]
    archive = rf"/\S*/codedeploy-agent/deployment-root/{group}/{info['deploymentId']}/deployment-archive"
    return info["status"], diagnostics["errorCode"], re.sub(archive, "{archive}", diagnostics["message"])


@pytest.mark.parametrize(
    "data, event, words",
    [
        (zipped({"readme": "no appspec"}), "BeforeInstall", "did not find an AppSpec file"),
        (zipped({"appspec.yml": "version: 0.0\nos: linux\nhoks: {}\n"}), "BeforeInstall", 'appspec.yml:3: the section "hoks" is unknown'),
        (zipped({"appspec.yml": "version: 1.0\nos: linux\n"}), "BeforeInstall", "invalid version value (1.0)"),
        (zipped({"appspec.yml": "version: 0.0\nos: linux\nfiles\n"}), "BeforeInstall", "(<unknown>): could not find expected ':' while scanning a"),
        (zipped({"appspec.yml": appspec({"Bogus": "x.sh"})}), "Install", 'appspec.yml file contains unknown lifecycle events: ["Bogus"]'),
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
    assert info["errorInformation"]["message"].startswith("The deployment failed because no instances were found for your deployment group. Check your")


def test_the_service_role_must_be_allowed_to_describe_instances(world):
    world.instances()
    world.group()
    world.iam.put_role_policy(RoleName="deployer", PolicyName="own", PolicyDocument=allowing("ec2:RunInstances"))
    info = world.run({"appspec.yml": appspec()})
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "IAM_ROLE_PERMISSIONS")
    words = f"The IAM role {world.role} does not give you permission to perform operations in the following AWS service: AmazonEC2. Contact your AWS"
    assert info["errorInformation"]["message"].startswith(words)
    assert "is not authorized to perform: ec2:DescribeInstances" in info["errorInformation"]["message"]


def test_a_service_role_that_is_gone_fails_the_deployment(world):
    world.instances()
    world.group()
    world.iam.delete_role_policy(RoleName="deployer", PolicyName="own")
    world.iam.delete_role(RoleName="deployer")
    error = world.run({"appspec.yml": appspec()})["errorInformation"]
    assert (error["code"], world.role in error["message"]) == ("IAM_ROLE_MISSING", True)


def test_a_service_role_that_no_longer_trusts_codedeploy_fails_the_deployment(world):
    world.instances()
    world.group()
    world.iam.update_assume_role_policy(RoleName="deployer", PolicyDocument=trusting("ec2.amazonaws.com"))
    error = world.run({"appspec.yml": appspec()})["errorInformation"]
    words = f"AWS CodeDeploy does not have the permissions required to assume the role {world.role}."
    assert (error["code"], error["message"].startswith(words)) == ("IAM_ROLE_PERMISSIONS", True)


def test_a_revision_that_is_not_in_the_bucket_fails_the_download(world):
    world.instances()
    world.group()
    world.iam.put_role_policy(RoleName="server", PolicyName="own", PolicyDocument=allowing("s3:GetObject", "s3:ListBucket"))
    info = world.finish(world.start("nowhere.zip"))
    failed = world.event(info["deploymentId"], "DownloadBundle")
    told = {"errorCode": "UnknownError", "scriptName": "", "message": "The specified key does not exist.", "logTail": ""}
    assert (info["status"], failed["status"], failed["diagnostics"]) == ("Failed", "Failed", told)


def test_a_revision_is_unpacked_as_the_type_it_is_said_to_be(world):
    world.instances()
    world.group()
    world.put("r.zip", zipped({"appspec.yml": appspec()}))
    info = world.finish(world.start("r.zip", kind="tgz"))
    message = world.event(info["deploymentId"], "DownloadBundle")["diagnostics"]["message"]
    assert (info["status"], message.startswith("Error extracting tar archive: 2")) == ("Failed", True)


def test_only_outdated_instances_are_deployed_to_when_that_is_asked_for(world):
    (first,) = world.instances()
    world.group()
    world.put("r.zip", zipped({"appspec.yml": appspec(), "app/x": "x"}))
    assert world.finish(world.start("r.zip"))["status"] == "Succeeded"
    (second,) = world.instances()
    info = world.finish(world.start("r.zip", updateOutdatedInstancesOnly=True))
    assert (info["status"], info["updateOutdatedInstancesOnly"]) == ("Succeeded", True)
    assert world.targets(info["deploymentId"]) == [second]
    nobody = world.finish(world.start("r.zip", updateOutdatedInstancesOnly=True))
    assert (nobody["status"], nobody["errorInformation"]["code"]) == ("Failed", "NO_INSTANCES")
    world.put("new.zip", zipped({"appspec.yml": appspec(), "app/x": "y"}))
    everybody = world.finish(world.start("new.zip", updateOutdatedInstancesOnly=True))
    assert (everybody["status"], sorted(world.targets(everybody["deploymentId"]))) == ("Succeeded", sorted([first, second]))


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
    group = world.deploy.get_deployment_group(applicationName="app", deploymentGroupName="group")["deploymentGroupInfo"]
    attempt = group["lastAttemptedDeployment"]
    assert (attempt["deploymentId"], attempt["status"], "endTime" in attempt) == (deployment, "InProgress", False)
    assert world.deploy.stop_deployment(deploymentId=deployment)["status"] == "Pending"
    info = world.finish(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert world.event(deployment, "AfterInstall")["status"] == "Failed"
    assert world.event(deployment, "ApplicationStart")["status"] == "Skipped"
    assert world.look("pgrep -c sleep || true") == ["0"]
    with pytest.raises(ClientError) as over:
        world.deploy.stop_deployment(deploymentId=deployment)
    assert over.value.response["Error"]["Code"] == "DeploymentAlreadyCompletedException"


def test_what_only_a_blue_green_deployment_waits_for_is_refused_in_place(world):
    world.instances()
    world.group()
    world.put("r.zip", zipped({"appspec.yml": appspec({"AfterInstall": "s.sh"}), "app/x": "x", "s.sh": script("exec sleep 600")}))
    deployment = world.start("r.zip")
    wait_for(lambda: started(world, deployment, "AfterInstall"))
    for call in (world.deploy.continue_deployment, world.deploy.skip_wait_time_for_instance_termination):
        assert refused(call, deploymentId=deployment)[0] == "UnsupportedActionForDeploymentTypeException"
    world.deploy.stop_deployment(deploymentId=deployment)
    world.finish(deployment)
    for call in (world.deploy.continue_deployment, world.deploy.skip_wait_time_for_instance_termination):
        assert refused(call, deploymentId=deployment) == (
            "DeploymentAlreadyCompletedException",
            f"Deployment {deployment} is already in terminal state: Stopped",
        )


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
        wait_for(lambda event=event: begun(world, deployment, event))
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
    assert details["output"]["executionResult"]["externalExecutionSummary"] == f"Deployment {deployment} failed"
    world.put("app.zip", zipped({"appspec.yml": appspec({"ValidateService": "v.sh"}), "v.sh": script("test -f /opt/app/x"), "app/x": "x"}))
    pipeline.start_pipeline_execution(name="p")
    wait_for(lambda: end() == "Succeeded")
