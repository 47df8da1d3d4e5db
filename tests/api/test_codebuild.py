"""CodeBuild's projects and report groups, and what it refuses: members, defaults, orders, pages, codes and messages as AWS gives them."""

import json

import pytest

from building import ENVIRONMENT, Builder, buildspec
from iam_words import allow, document, refused, trust

INVALID = "InvalidInputException"
MISSING = "ResourceNotFoundException"
UNTRUSTED = (
    "CodeBuild is not authorized to perform: sts:AssumeRole on service role. Please verify that: 1) The provided service role exists, 2) The role name is "
    "case-sensitive and matches exactly, and 3) The role has the necessary trust policy configured."
)

SUBMODULES = {"fetchSubmodules": False}
OF_A_PIPELINE = {"source": {"type": "CODEPIPELINE"}, "artifacts": {"type": "CODEPIPELINE"}}
SECONDARY = {"type": "S3", "location": "b", "artifactIdentifier": "other"}
VARIABLE = {"name": "KEY", "value": "1"}


@pytest.fixture
def builder(aws, account):
    return Builder(aws, account)


@pytest.fixture
def codebuild(builder):
    return builder.codebuild


# ---- Projects ----


def test_a_project_has_aws_defaults(builder, account):
    assert "tags" not in builder.project()
    (project,) = builder.codebuild.batch_get_projects(names=["app"])["projects"]
    assert project.pop("created") == project.pop("lastModified")
    assert project == {
        "name": "app",
        "arn": f"arn:aws:codebuild:us-east-1:{account}:project/app",
        "source": {"type": "NO_SOURCE", "buildspec": buildspec(), "insecureSsl": False},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "cache": {"type": "NO_CACHE"},
        "environment": {**ENVIRONMENT, "environmentVariables": [], "privilegedMode": False, "imagePullCredentialsType": "CODEBUILD"},
        "serviceRole": builder.role,
        "timeoutInMinutes": 60,
        "queuedTimeoutInMinutes": 480,
        "encryptionKey": f"arn:aws:kms:us-east-1:{account}:alias/aws/s3",
        "tags": [],
        "badge": {"badgeEnabled": False},
        "projectVisibility": "PRIVATE",
    }


def test_artifacts_in_s3_take_the_projects_name(builder):
    artifacts = builder.project(artifacts={"type": "S3", "location": "bucket"})["artifacts"]
    assert artifacts == {
        "type": "S3", "location": "bucket", "name": "app", "namespaceType": "NONE", "packaging": "NONE", "encryptionDisabled": False,
    }  # fmt: skip


def test_a_project_whose_artifacts_are_not_encrypted_has_no_key_by_default(builder):
    assert "encryptionKey" not in builder.project(artifacts={"type": "S3", "location": "bucket", "encryptionDisabled": True})


def test_artifacts_of_a_pipeline_are_not_packaged(builder):
    project = builder.project(source={"type": "CODEPIPELINE"}, artifacts={"type": "CODEPIPELINE"})
    assert project["artifacts"] == {"type": "CODEPIPELINE", "name": "app", "packaging": "NONE", "encryptionDisabled": False}
    assert project["source"] == {"type": "CODEPIPELINE", "insecureSsl": False}


def test_variables_are_plain_text_unless_they_say_otherwise(builder):
    environment = builder.project(environment={**ENVIRONMENT, "environmentVariables": [{"name": "A", "value": "1"}]})["environment"]
    assert environment["environmentVariables"] == [{"name": "A", "value": "1", "type": "PLAINTEXT"}]


def test_a_project_keeps_what_it_was_given(builder):
    given = {
        "description": "Builds it",
        "sourceVersion": "refs/heads/main",
        "timeoutInMinutes": 5,
        "queuedTimeoutInMinutes": 6,
        "tags": [{"key": "team", "value": "blue"}],
        "concurrentBuildLimit": 2,
    }
    project = builder.project(**given)
    assert {name: project[name] for name in given} == given


def test_logs_in_s3_are_shown_as_disabled(builder):
    config = builder.project(logsConfig={"cloudWatchLogs": {"status": "ENABLED", "groupName": "g"}})["logsConfig"]
    assert config == {"cloudWatchLogs": {"status": "ENABLED", "groupName": "g"}, "s3Logs": {"status": "DISABLED", "encryptionDisabled": False}}


def test_a_name_can_be_taken_once(builder, account):
    builder.project()
    with refused("ResourceAlreadyExistsException", f"Project already exists: arn:aws:codebuild:us-east-1:{account}:project/app", 400):
        builder.project()


def test_an_update_changes_what_it_names_and_nothing_else(builder, codebuild):
    before = builder.project(description="old", tags=[{"key": "a", "value": "1"}])
    codebuild.update_project(name="app", description="new", tags=[{"key": "b", "value": "2"}])
    after = codebuild.batch_get_projects(names=["app"])["projects"][0]
    assert after.pop("lastModified") >= before.pop("lastModified")
    assert after == {**before, "description": "new", "tags": [{"key": "b", "value": "2"}]}


def test_an_update_of_the_environment_has_its_defaults_again(builder, codebuild):
    builder.project()
    environment = codebuild.update_project(name="app", environment={**ENVIRONMENT, "image": "other"})["project"]["environment"]
    assert environment["image"] == "other" and environment["imagePullCredentialsType"] == "CODEBUILD"


def test_an_update_is_checked_as_a_whole(builder, codebuild):
    builder.project()
    with refused(INVALID, "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE"):
        codebuild.update_project(name="app", artifacts={"type": "CODEPIPELINE"})


def test_a_limit_of_builds_is_taken_away_by_minus_one(builder, codebuild):
    builder.project(concurrentBuildLimit=3)
    assert "concurrentBuildLimit" not in codebuild.update_project(name="app", concurrentBuildLimit=-1)["project"]


def test_an_unknown_project_is_not_updated(builder, codebuild, account):
    with refused(MISSING, f"Project cannot be found: arn:aws:codebuild:us-east-1:{account}:project/none"):
        codebuild.update_project(name="none", description="x")


def test_deleting_a_project_that_is_not_there_is_no_error(codebuild):
    codebuild.delete_project(name="none")


def test_a_deleted_project_is_gone(builder, codebuild):
    builder.project()
    codebuild.delete_project(name="app")
    assert codebuild.list_projects()["projects"] == []


def test_a_project_is_deleted_by_its_arn(builder, codebuild):
    project = builder.project()
    codebuild.delete_project(name=project["arn"].replace("us-east-1", "eu-west-1"))
    assert codebuild.list_projects()["projects"] == ["app"]
    codebuild.delete_project(name=project["arn"])
    assert codebuild.list_projects()["projects"] == []


def test_a_project_is_deleted_by_who_may_delete_that_one(server, aws, builder, codebuild):
    one, two = builder.project("one"), builder.project("two")
    aws("iam").create_user(UserName="cleaner")
    aws("iam").put_user_policy(UserName="cleaner", PolicyName="p", PolicyDocument=document(allow("codebuild:DeleteProject", one["arn"])))
    key = aws("iam").create_access_key(UserName="cleaner")["AccessKey"]
    cleaner = server.client("codebuild", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    with refused("AccessDeniedException"):
        cleaner.delete_project(name=two["arn"])
    cleaner.delete_project(name=one["arn"])
    assert codebuild.list_projects()["projects"] == ["two"]


def test_projects_are_found_by_name_and_by_arn(builder, codebuild):
    one, two = builder.project("one"), builder.project("two")
    reply = codebuild.batch_get_projects(names=["two", one["arn"], "none"])
    assert [project["name"] for project in reply["projects"]] == ["two", "one"] and reply["projectsNotFound"] == ["none"]


@pytest.fixture
def three_projects(builder, codebuild):
    """Made in the order b, a, c; a changed last."""
    for name in ("bb", "aa", "cc"):
        builder.project(name)
    codebuild.update_project(name="aa", description="later")
    return codebuild


@pytest.mark.parametrize(
    "settings,names",
    [
        ({}, ["aa", "bb", "cc"]),
        ({"sortOrder": "DESCENDING"}, ["cc", "bb", "aa"]),
        ({"sortBy": "NAME", "sortOrder": "ASCENDING"}, ["aa", "bb", "cc"]),
        ({"sortBy": "CREATED_TIME"}, ["bb", "aa", "cc"]),
        ({"sortBy": "CREATED_TIME", "sortOrder": "DESCENDING"}, ["cc", "aa", "bb"]),
        ({"sortBy": "LAST_MODIFIED_TIME"}, ["bb", "cc", "aa"]),
    ],
)
def test_projects_are_listed_in_the_order_asked_for(three_projects, settings, names):
    assert three_projects.list_projects(**settings)["projects"] == names


def test_a_list_of_projects_has_pages_of_a_hundred(builder, codebuild):
    names = [f"p{number:03d}" for number in range(101)]
    for name in names:
        builder.project(name)
    first = codebuild.list_projects()
    assert first["projects"] == names[:100]
    second = codebuild.list_projects(nextToken=first["nextToken"])
    assert second["projects"] == names[100:] and "nextToken" not in second
    pages = codebuild.get_paginator("list_projects").paginate()
    assert [name for page in pages for name in page["projects"]] == names


def test_a_token_that_nobody_gave_is_refused(codebuild):
    with refused(INVALID, "Invalid next token"):
        codebuild.list_projects(nextToken="mine")


def test_the_cli_makes_and_shows_a_project(builder, cli):
    settings = builder.settings("from-cli")
    words = ["--source", json.dumps(settings["source"]), "--artifacts", "type=NO_ARTIFACTS", "--service-role", builder.role]
    environment = "type=LINUX_CONTAINER,image=aws/codebuild/standard:7.0,computeType=BUILD_GENERAL1_SMALL"
    made = cli("codebuild", "create-project", "--name", "from-cli", *words, "--environment", environment, "--tags", "key=team,value=blue")
    assert json.loads(made)["project"]["tags"] == [{"key": "team", "value": "blue"}]
    assert json.loads(cli("codebuild", "list-projects", "--sort-by", "NAME")) == {"projects": ["from-cli"]}


# ---- What is wrong with a project ----


@pytest.mark.parametrize(
    "change,message",
    [
        ({"source": {"type": "S3"}}, "Project source location is required"),
        ({"source": {"type": "CODECOMMIT"}}, "Project source location is required"),
        ({"source": {"type": "NO_SOURCE", "buildspec": "version: 0.2", "location": "b"}}, "Invalid input: source location must be empty for source type NO_SOURCE"),
        ({"source": {"type": "S3", "location": "b/k.zip", "reportBuildStatus": False}}, "Source type S3 does not support ReportBuildStatus"),
        ({"source": {"type": "S3", "location": "b/k.zip", "gitSubmodulesConfig": SUBMODULES}}, "Git submodules config is not supported for S3 source"),
        ({**OF_A_PIPELINE, "source": {"type": "CODEPIPELINE", "gitSubmodulesConfig": SUBMODULES}}, "Git submodules config is not supported for CodePipeline source"),
        ({"source": {"type": "S3", "location": "bucket-only"}}, "Invalid project source: location must be a valid S3 source"),
        ({"source": {"type": "CODECOMMIT", "location": "app"}}, "Invalid project source: location must be a valid CodeCommit source"),
        ({"source": {"type": "NO_SOURCE"}}, "Project source buildspec is required when using NO_SOURCE source type"),
        ({"source": {"type": "CODEPIPELINE"}}, "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE"),
        ({"artifacts": {"type": "CODEPIPELINE"}}, "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE"),
        ({"artifacts": {"type": "S3"}}, "Invalid artifacts: location is required"),
        ({"artifacts": {"type": "NO_ARTIFACTS", "encryptionDisabled": True}}, "Invalid artifacts: artifact type NO_ARTIFACTS should have null encryptionDisabled"),
        ({"secondaryArtifacts": [{"type": "S3", "location": "b"}]}, "Invalid input: artifactIdentifier is required for secondary artifacts"),
        ({"secondaryArtifacts": [{**SECONDARY, "type": "NO_ARTIFACTS"}]}, "Invalid input: artifactType NO_ARTIFACTS is not allowed for secondaryArtifacts"),
        ({"secondaryArtifacts": [SECONDARY, {**SECONDARY, "path": "other"}]}, "Invalid input: artifactIdentifier cannot be duplicated"),
        (
            {"secondaryArtifacts": [{**SECONDARY, "artifactIdentifier": f"a{number}"} for number in range(13)]},
            "Invalid input: the maximum number of artifact definitions in secondaryArtifacts is 12",
        ),
        ({"description": "d" * 256}, "Max description length is 255"),
        ({"name": "my app"}, "Only alphanumeric characters, dash, and underscore are supported"),
        ({"source": {"type": "Github"}}, "Invalid type provided: Project source type"),
        ({"artifacts": {"type": "Disk"}}, "Invalid type provided: Artifact type"),
        ({"name": "n" * 151}, "Project name length cannot be greater than 150 characters"),
        ({"environment": {**ENVIRONMENT, "computeType": "LARGE"}}, "Invalid compute type provided"),
        ({"environment": {**ENVIRONMENT, "computeType": "BUILD_LAMBDA_1GB"}}, "Invalid compute type provided"),
        ({"environment": {**ENVIRONMENT, "environmentVariables": [VARIABLE, VARIABLE]}}, "EnvironmentVariable name cannot be duplicated"),
        (
            {"environment": {**ENVIRONMENT, "environmentVariables": [{"name": "CODEBUILD_MINE", "value": "1"}]}},
            "No user environment variables can start with CODEBUILD_",
        ),
        (
            {"environment": {**ENVIRONMENT, "imagePullCredentialsType": "SERVICE_ROLE"}},
            "Invalid input: cannot use a CodeBuild curated image with imagePullCredentialsType SERVICE_ROLE",
        ),
        ({"encryptionKey": "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3"}, "Invalid encryption key: region does not match current region"),
        ({"logsConfig": {"s3Logs": {"status": "ENABLED"}}}, "Invalid logsConfig: s3Logs location must be provided if status is 'ENABLED'"),
        ({"cache": {"type": "S3"}}, "Invalid cache: location must be a valid S3 bucket, followed by slash and the prefix"),
        ({"badgeEnabled": True}, "Build badges are not supported for projects with no source"),
        ({"badgeEnabled": True, "source": {"type": "S3", "location": "b/k.zip"}}, "Build badges are not supported for S3 source"),
        ({**OF_A_PIPELINE, "badgeEnabled": True}, "Build badges are not supported for CodePipeline source"),
        ({"artifacts": {"type": "NO_ARTIFACTS", "location": "b"}}, "Invalid artifacts: artifact type NO_ARTIFACTS should have null location"),
        ({"artifacts": {"type": "NO_ARTIFACTS", "name": "a"}}, "Invalid artifacts: artifact type NO_ARTIFACTS should have null output name"),
        ({"serviceRole": "build"}, "Invalid service role"),
        ({"serviceRole": "arn:aws:iam::123456789012:role/build"}, "Invalid service role: Service role account ID does not match caller's account"),
        ({"concurrentBuildLimit": 0}, "Project level concurrent builds limit should be greater than 0"),
    ],
)
def test_a_wrong_project_is_refused_in_aws_words(builder, change, message):
    with refused(INVALID, message, 400):
        builder.project(**change)


def test_a_role_that_does_not_exist_is_refused(builder):
    with refused(INVALID, UNTRUSTED):
        builder.project(serviceRole=builder.role + "-none")


def test_a_role_that_does_not_trust_codebuild_is_refused(builder):
    role = builder.iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))["Role"]["Arn"]
    with refused(INVALID, UNTRUSTED):
        builder.project(serviceRole=role)


def test_a_role_may_trust_codebuild_for_one_project_alone(builder, account):
    conditions = {
        "StringEquals": {"aws:SourceAccount": account},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:codebuild:us-east-1:{account}:project/app"},
    }
    statement = {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": conditions}
    builder.iam.update_assume_role_policy(RoleName="build", PolicyDocument=document(statement))
    assert builder.built(buildspec())["buildStatus"] == "SUCCEEDED"
    with refused(INVALID, UNTRUSTED):
        builder.project("other")


@pytest.mark.parametrize("minutes", [4, 2161])
def test_a_time_out_outside_of_the_limits_is_refused(builder, minutes):
    with refused(INVALID):
        builder.project(timeoutInMinutes=minutes)


@pytest.mark.parametrize(
    "change,named",
    [
        ({"source": {"type": "GITHUB", "location": "https://github.com/a/b"}}, "GITHUB"),
        ({"source": {"type": "S3", "location": "bucket/folder/"}}, "folders in S3"),
        ({"source": {"type": "CODECOMMIT", "location": "https://x/v1/repos/a", "gitSubmodulesConfig": {"fetchSubmodules": True}}}, "gitSubmodulesConfig"),
        ({"secondarySources": [{"type": "S3", "location": "b/k.zip", "sourceIdentifier": "other"}]}, "secondarySources"),
        ({"environment": {**ENVIRONMENT, "type": "ARM_CONTAINER"}}, "ARM_CONTAINER"),
        ({"environment": {**ENVIRONMENT, "computeType": "CUSTOM_INSTANCE_TYPE"}}, "CUSTOM_INSTANCE_TYPE"),
        ({"environment": {**ENVIRONMENT, "privilegedMode": True}}, "privilegedMode"),
        ({"environment": {**ENVIRONMENT, "fleet": {"fleetArn": "arn:aws:codebuild:us-east-1:1:fleet/f"}}}, "fleet"),
        ({"environment": {**ENVIRONMENT, "environmentVariables": [{"name": "KEY", "value": "/a", "type": "PARAMETER_STORE"}]}}, "PARAMETER_STORE"),
        ({"environment": {**ENVIRONMENT, "environmentVariables": [{"name": "KEY", "value": "a", "type": "SECRETS_MANAGER"}]}}, "SECRETS_MANAGER"),
        ({"cache": {"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}}, "LOCAL"),
        ({"cache": {"type": "S3", "location": "bucket/cache"}}, "Project cache of type S3"),
        ({"vpcConfig": {"vpcId": "vpc-1", "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}}, "vpcConfig"),
        ({"badgeEnabled": True, "source": {"type": "CODECOMMIT", "location": "https://x/v1/repos/a"}}, "badgeEnabled"),
        ({"buildBatchConfig": {"serviceRole": "arn:aws:iam::123456789012:role/b"}}, "buildBatchConfig"),
        ({"fileSystemLocations": [{"type": "EFS", "location": "fs:/", "mountPoint": "/mnt", "identifier": "efs"}]}, "fileSystemLocations"),
        ({"logsConfig": {"s3Logs": {"status": "ENABLED", "location": "bucket/logs"}}}, "logs in S3"),
        ({"autoRetryLimit": 2}, "autoRetryLimit"),
        ({"source": {"type": "S3", "location": "b/k.zip", "buildspec": "arn:aws:s3:::b/buildspec.yml"}}, "Buildspecs in S3"),
    ],
)
def test_what_is_not_built_is_refused_by_its_name(builder, change, named):
    with pytest.raises(builder.codebuild.exceptions.ClientError) as error:
        builder.project(**change)
    assert error.value.response["Error"]["Code"] == "NotImplemented" and named in error.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "operation,arguments",
    [
        ("start_build_batch", {"projectName": "app"}),
        ("create_webhook", {"projectName": "app"}),
        ("create_fleet", {"name": "f", "baseCapacity": 1, "environmentType": "LINUX_CONTAINER", "computeType": "BUILD_GENERAL1_SMALL"}),
        ("invalidate_project_cache", {"projectName": "app"}),
        ("describe_code_coverages", {"reportArn": "arn:aws:codebuild:us-east-1:1:report/g:1"}),
        ("start_sandbox", {"projectName": "app"}),
    ],
)
def test_an_operation_that_is_not_built_says_so(codebuild, operation, arguments):
    with pytest.raises(codebuild.exceptions.ClientError) as error:
        getattr(codebuild, operation)(**arguments)
    assert error.value.response["Error"]["Code"] == "NotImplemented"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_curated_images_are_those_of_linux(codebuild):
    platforms = codebuild.list_curated_environment_images()["platforms"]
    images = {one["platform"]: one["languages"][0]["images"][0]["name"] for one in platforms}
    assert images == {"AMAZON_LINUX_2": "aws/codebuild/amazonlinux-x86_64-standard:5.0", "UBUNTU": "aws/codebuild/standard:7.0"}
    assert {one["languages"][0]["language"] for one in platforms} == {"STANDARD"}


def test_a_curated_image_tells_its_versions(codebuild):
    platforms = codebuild.list_curated_environment_images()["platforms"]
    images = [image for platform in platforms for image in platform["languages"][0]["images"]]
    assert [image["versions"] for image in images] == [
        ["aws/codebuild/amazonlinux-x86_64-standard:5.0-23.05.22"],
        ["aws/codebuild/standard:7.0-24.10.29"],
    ]
    assert [image["description"] for image in images] == [
        "AWS CodeBuild - Docker image based on Amazon Linux 2023 (x86_64) with multiple language support",
        "AWS CodeBuild - Docker image based on Ubuntu 22.04 with multiple language support",
    ]


# ---- Builds that are not there ----


def test_an_unknown_project_has_no_build_to_start(codebuild, account):
    with refused(MISSING, f"Project cannot be found: arn:aws:codebuild:us-east-1:{account}:project/none", 400):
        codebuild.start_build(projectName="none")


def test_an_unknown_project_has_no_builds_to_list(codebuild, account):
    with refused(MISSING, f"The provided project arn:aws:codebuild:us-east-1:{account}:project/none does not exist"):
        codebuild.list_builds_for_project(projectName="none")


@pytest.mark.parametrize("operation,arguments", [("stop_build", {"id": "app"}), ("retry_build", {"id": "app"}), ("batch_get_builds", {"ids": ["app"]})])
def test_an_id_without_a_build_in_it_is_refused(codebuild, operation, arguments):
    with refused(INVALID, "Invalid build ID provided"):
        getattr(codebuild, operation)(**arguments)


@pytest.mark.parametrize("operation", ["stop_build", "retry_build"])
def test_an_unknown_build_is_told(codebuild, operation):
    with refused(MISSING, "Build app:none does not exist"):
        getattr(codebuild, operation)(id="app:none")


def test_builds_that_are_not_found_are_listed(codebuild):
    reply = codebuild.batch_get_builds(ids=["app:none"])
    assert reply["builds"] == [] and reply["buildsNotFound"] == ["app:none"]


def test_no_more_than_a_hundred_builds_are_asked_for_at_once(codebuild):
    with refused(INVALID):
        codebuild.batch_get_builds(ids=["app:x"] * 101)


# ---- Permissions ----


def test_a_batch_is_allowed_for_each_of_its_projects(builder, server, account):
    builder.project("mine")
    builder.project("other")
    user = builder.iam.create_user(UserName="ann")["User"]["UserName"]
    statement = {"Effect": "Allow", "Action": "codebuild:BatchGetProjects", "Resource": f"arn:aws:codebuild:us-east-1:{account}:project/mine"}
    builder.iam.put_user_policy(UserName=user, PolicyName="mine", PolicyDocument=document(statement))
    key = builder.iam.create_access_key(UserName=user)["AccessKey"]
    codebuild = server.client("codebuild", key["AccessKeyId"], key["SecretAccessKey"])
    assert len(codebuild.batch_get_projects(names=["mine"])["projects"]) == 1
    with pytest.raises(codebuild.exceptions.ClientError) as error:
        codebuild.batch_get_projects(names=["mine", "other"])
    assert error.value.response["Error"]["Code"] == "AccessDeniedException" and "project/other" in error.value.response["Error"]["Message"]


def test_another_role_for_a_build_must_be_allowed_to_be_passed(builder, server):
    builder.project()
    builder.iam.create_user(UserName="ann")
    statement = {"Effect": "Allow", "Action": "codebuild:*", "Resource": "*"}
    builder.iam.put_user_policy(UserName="ann", PolicyName="builds", PolicyDocument=document(statement))
    key = builder.iam.create_access_key(UserName="ann")["AccessKey"]
    codebuild = server.client("codebuild", key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(codebuild.exceptions.ClientError) as error:
        codebuild.start_build(projectName="app", serviceRoleOverride=builder.role)
    assert error.value.response["Error"]["Code"] == "AccessDeniedException" and "iam:PassRole" in error.value.response["Error"]["Message"]
    assert codebuild.start_build(projectName="app")["build"]["initiator"] == "ann"


# ---- Report groups ----

NO_EXPORT = {"exportConfigType": "NO_EXPORT"}


def test_a_report_group_is_made_and_shown(codebuild, account):
    made = codebuild.create_report_group(name="unit", type="TEST", exportConfig=NO_EXPORT)["reportGroup"]
    arn = f"arn:aws:codebuild:us-east-1:{account}:report-group/unit"
    assert made.pop("created") == made.pop("lastModified")
    assert made == {"arn": arn, "name": "unit", "type": "TEST", "exportConfig": NO_EXPORT, "status": "ACTIVE"}
    shown = codebuild.batch_get_report_groups(reportGroupArns=[arn, arn + "-none"])
    assert [group["name"] for group in shown["reportGroups"]] == ["unit"] and shown["reportGroupsNotFound"] == [arn + "-none"]


def test_a_report_group_is_made_once(codebuild):
    made = codebuild.create_report_group(name="unit", type="TEST", exportConfig=NO_EXPORT)["reportGroup"]
    with refused("ResourceAlreadyExistsException", f"Report group already exists: {made['arn']}"):
        codebuild.create_report_group(name="unit", type="TEST", exportConfig=NO_EXPORT)


def test_a_report_groups_tags_change(codebuild):
    arn = codebuild.create_report_group(name="unit", type="TEST", exportConfig=NO_EXPORT)["reportGroup"]["arn"]
    changed = codebuild.update_report_group(arn=arn, tags=[{"key": "a", "value": "1"}])["reportGroup"]
    assert changed["tags"] == [{"key": "a", "value": "1"}] and changed["exportConfig"] == NO_EXPORT


def test_report_groups_are_listed_in_order_and_in_pages(codebuild):
    arns = {name: codebuild.create_report_group(name=name, type="TEST", exportConfig=NO_EXPORT)["reportGroup"]["arn"] for name in ("bb", "aa", "cc")}
    assert codebuild.list_report_groups()["reportGroups"] == [arns["aa"], arns["bb"], arns["cc"]]
    newest = codebuild.list_report_groups(sortBy="CREATED_TIME", sortOrder="DESCENDING", maxResults=2)
    assert newest["reportGroups"] == [arns["cc"], arns["aa"]]
    rest = codebuild.list_report_groups(sortBy="CREATED_TIME", sortOrder="DESCENDING", maxResults=2, nextToken=newest["nextToken"])
    assert rest["reportGroups"] == [arns["bb"]] and "nextToken" not in rest


def test_a_deleted_report_group_is_gone(codebuild):
    arn = codebuild.create_report_group(name="unit", type="TEST", exportConfig=NO_EXPORT)["reportGroup"]["arn"]
    codebuild.delete_report_group(arn=arn)
    assert codebuild.list_report_groups()["reportGroups"] == []


def test_coverage_reports_are_refused_by_name(codebuild):
    with refused("NotImplemented", "Report groups of type CODE_COVERAGE are not built; TEST is."):
        codebuild.create_report_group(name="cover", type="CODE_COVERAGE", exportConfig=NO_EXPORT)


def test_exporting_reports_is_refused_by_name(codebuild):
    with refused("NotImplemented", "Exporting reports to S3 is not built; NO_EXPORT is."):
        codebuild.create_report_group(name="unit", type="TEST", exportConfig={"exportConfigType": "S3", "s3Destination": {"bucket": "b"}})


def test_a_report_group_without_reports_has_no_trend(codebuild, account):
    arn = codebuild.create_report_group(name="unit", type="TEST", exportConfig=NO_EXPORT)["reportGroup"]["arn"]
    trend = codebuild.get_report_group_trend(reportGroupArn=arn, trendField="DURATION")
    assert trend["stats"] == {} and trend["rawData"] == []
    with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
        codebuild.get_report_group_trend(reportGroupArn=arn + "s", trendField="DURATION")


def test_trends_of_coverage_are_refused_by_name(codebuild):
    arn = codebuild.create_report_group(name="unit", type="TEST", exportConfig=NO_EXPORT)["reportGroup"]["arn"]
    with pytest.raises(codebuild.exceptions.ClientError, match="NotImplemented.*Trends of code coverage are not built"):
        codebuild.get_report_group_trend(reportGroupArn=arn, trendField="LINE_COVERAGE")


def test_nothing_is_shared(codebuild):
    assert codebuild.list_shared_projects(sortBy="ARN")["projects"] == []
    assert codebuild.list_shared_report_groups(sortOrder="DESCENDING")["reportGroups"] == []


def test_test_cases_of_an_unknown_report_are_not_found(codebuild, account):
    arn = f"arn:aws:codebuild:us-east-1:{account}:report/unit:1"
    with refused(MISSING, f"Report {arn} does not exist"):
        codebuild.describe_test_cases(reportArn=arn)
