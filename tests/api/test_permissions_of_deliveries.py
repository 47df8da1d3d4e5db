"""Least privilege, proved by its lack: one permission less for the build, the deployment or the instance, and the delivery fails naming action and resource."""

import json

import pytest

from delivery import Account, build, deploy, small_application, source, write_files
from harness import DEFAULT_REGION
from iam_words import allow, document

REGION = DEFAULT_REGION


@pytest.fixture
def delivery(server, account):
    return Account(server, account).prepare("unit-tests")


def without(policy, action):
    """The policy, without one action."""
    wanted = json.loads(policy)
    for statement in wanted["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        statement["Action"] = [one for one in actions if one != action]
    return json.dumps({**wanted, "Statement": [one for one in wanted["Statement"] if one["Action"]]})


def take_away(delivery, role, action):
    iam = delivery.client("iam")
    policy = iam.get_role_policy(RoleName=role, PolicyName="what-it-needs")["PolicyDocument"]
    text = policy if isinstance(policy, str) else json.dumps(policy)
    iam.put_role_policy(RoleName=role, PolicyName="what-it-needs", PolicyDocument=without(text, action))


def deliver(delivery, tmp_path):
    delivery.fleet("small")
    write_files(tmp_path / "small", small_application())
    delivery.push(tmp_path / "small")
    delivery.pipeline(source(delivery.name), build("unit-tests"), deploy("small", "group"))


def events_of(delivery, deployment):
    codedeploy = delivery.client("codedeploy")
    (target,) = codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"]
    found = codedeploy.get_deployment_target(deploymentId=deployment, targetId=target)["deploymentTarget"]["instanceTarget"]["lifecycleEvents"]
    return {event["lifecycleEventName"]: event for event in found}


def test_a_build_that_may_not_store_its_artifact_fails(delivery, tmp_path):
    take_away(delivery, "build", "s3:PutObject")
    deliver(delivery, tmp_path)
    assert delivery.ended() == "Failed"
    who = f"arn:aws:sts::{delivery.account}:assumed-role/build/AWSCodeBuild-"
    message = delivery.failure("Build")
    assert "UPLOAD_ARTIFACTS" in message and who in message
    assert "is not authorized to perform: s3:PutObject on resource" in message
    assert f"arn:aws:s3:::{delivery.bucket}/pipeline/BuildArtif/" in message


def test_a_build_that_may_not_write_its_log_fails(delivery, tmp_path):
    take_away(delivery, "build", "logs:CreateLogStream")
    deliver(delivery, tmp_path)
    assert delivery.ended() == "Failed"
    message = delivery.failure("Build")
    assert "ACCESS_DENIED" in message and "is not authorized to perform: logs:CreateLogStream on resource" in message
    assert f"arn:aws:logs:{REGION}:{delivery.account}:log-group:/aws/codebuild/unit-tests:log-stream:" in message


def test_a_deployment_that_may_not_find_its_instances_fails(delivery, tmp_path):
    delivery.instances()
    take_away(delivery, "deploy", "ec2:DescribeInstances")
    deliver(delivery, tmp_path)
    assert delivery.ended() == "Failed"
    (deployment,) = delivery.client("codedeploy").list_deployments()["deployments"]
    assert delivery.failure("Deploy") == f"Deployment {deployment} failed"
    message = delivery.client("codedeploy").get_deployment(deploymentId=deployment)["deploymentInfo"]["errorInformation"]["message"]
    assert f"arn:aws:sts::{delivery.account}:assumed-role/deploy/" in message
    assert "is not authorized to perform: ec2:DescribeInstances" in message


def test_an_instance_that_may_not_read_the_revision_fails(delivery, tmp_path):
    (instance,) = delivery.instances()
    take_away(delivery, "instance", "s3:GetObject")
    deliver(delivery, tmp_path)
    assert delivery.ended() == "Failed"
    (deployment,) = delivery.client("codedeploy").list_deployments()["deployments"]
    failed = events_of(delivery, deployment)["DownloadBundle"]
    assert failed["status"] == "Failed"
    message = failed["diagnostics"]["message"]
    assert f"arn:aws:sts::{delivery.account}:assumed-role/instance/{instance}" in message
    assert "is not authorized to perform: s3:GetObject on resource" in message
    assert f"arn:aws:s3:::{delivery.bucket}/pipeline/BuildArtif/" in message


def test_what_the_application_may_not_do_names_the_instance_and_the_table(delivery, tmp_path):
    """The application itself asks with its instance profile's credentials, as any program on the instance would."""
    (instance,) = delivery.instances()
    take_away(delivery, "instance", "dynamodb:Scan")
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    attributes = [{"AttributeName": "id", "AttributeType": "S"}]
    delivery.client("dynamodb").create_table(TableName="Users", KeySchema=keys, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST")
    delivery.fleet("small")
    look = "#!/bin/sh\npython3 -m pip install --quiet boto3 2>&1 && python3 -c 'import boto3; boto3.client(\"dynamodb\").scan(TableName=\"Users\")' 2>&1\n"
    files = {**small_application(hooks=["ValidateService"]), "hook.sh": look}
    revision = delivery.upload("look.zip", files)
    codedeploy = delivery.client("codedeploy")
    deployment = codedeploy.create_deployment(applicationName="small", deploymentGroupName="group", revision=revision)["deploymentId"]
    assert delivery.deployed(deployment, 120)["status"] == "Failed"
    said = events_of(delivery, deployment)["ValidateService"]["diagnostics"]["logTail"]
    assert "AccessDeniedException" in said
    assert f"arn:aws:sts::{delivery.account}:assumed-role/instance/{instance}" in said
    assert f"is not authorized to perform: dynamodb:Scan on resource: arn:aws:dynamodb:{REGION}:{delivery.account}:table/Users" in said


def test_a_policy_that_denies_is_named_as_such(delivery, tmp_path):
    delivery.client("iam").put_role_policy(
        RoleName="pipeline", PolicyName="no-builds", PolicyDocument=document({**allow("codebuild:StartBuild"), "Effect": "Deny"})
    )
    deliver(delivery, tmp_path)
    assert delivery.ended() == "Failed"
    message = delivery.failure("Build")
    assert "codebuild:StartBuild" in message and "explicit deny" in message
    assert f"arn:aws:codebuild:{REGION}:{delivery.account}:project/unit-tests" in message
