"""CodeDeploy: applications, groups, configurations, revisions, tags, lists; what each parameter may be, and what is refused."""

import json

import pytest
from botocore import xform_name

from codedeploy_world import World, allowing, appspec, refused, zipped
from iam_words import allow, document


@pytest.fixture
def world(aws):
    return World(aws)


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


def test_a_deployment_of_an_unknown_application_names_the_account(world, account):
    words = refused(world.deploy.create_deployment, applicationName="other", deploymentGroupName="group", revision=world.revision("a.zip"))
    assert words == ("ApplicationDoesNotExistException", f"Applications not found for {account}")


def test_a_deployment_without_a_group_is_refused(world):
    words = refused(world.deploy.create_deployment, applicationName="app", revision=world.revision("a.zip"))
    assert words == ("DeploymentGroupNameRequiredException", "Deployment Group name is missing")


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
        ("onPremisesTagSet", {"onPremisesTagSetList": [[{"Key": "k", "Type": "KEY_ONLY"}]]}),
    ],
)
def test_what_is_not_built_is_refused_by_name(world, member, value):
    group = {"applicationName": "app", "deploymentGroupName": "g", "serviceRoleArn": world.role}
    code, message = refused(world.deploy.create_deployment_group, **group, **{member: value})
    assert (code, member in message) == ("NotImplemented", True)


@pytest.mark.parametrize("kind", ["IN_PLACE", "BLUE_GREEN"])
def test_deployments_behind_a_load_balancer_are_refused_by_name(world, kind):
    group = {"applicationName": "app", "deploymentGroupName": "g", "serviceRoleArn": world.role}
    style = {"deploymentType": kind, "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    balancer = {"elbInfoList": [{"name": "lb"}]}
    code, message = refused(world.deploy.create_deployment_group, **group, deploymentStyle=style, loadBalancerInfo=balancer)
    assert (code, ("BLUE_GREEN" if kind == "BLUE_GREEN" else "WITH_TRAFFIC_CONTROL") in message) == ("NotImplemented", True)


@pytest.mark.parametrize(
    "change, code, message",
    [
        (
            {"ec2TagFilters": [{"Key": "k", "Type": "KEY_ONLY"}], "ec2TagSet": {"ec2TagSetList": [[{"Key": "k", "Type": "KEY_ONLY"}]]}},
            "InvalidEC2TagCombinationException",
            "The request specified both Ec2TagFilters and Ec2TagSet, but only one of these data types can be used in a single call. "
            "Remove one tag specification type, and then try again.",
        ),
        ({"ec2TagFilters": [{"Key": "k", "Value": "v", "Type": "KEY_ONLY"}]}, "InvalidEC2TagException", "Values must not be provided for key-only filters."),
        ({"ec2TagFilters": [{"Key": "k", "Value": "v", "Type": "VALUE_ONLY"}]}, "InvalidEC2TagException", "Keys must not be provided for value-only filters."),
        (
            {"autoRollbackConfiguration": {"enabled": True}},
            "InvalidAutoRollbackConfigException",
            "Deployment Groups need to have at least one event specified when auto rollback is enabled",
        ),
        ({"alarmConfiguration": {"enabled": True}}, "InvalidAlarmConfigException", "Alarm list cannot be null."),
        (
            {"alarmConfiguration": {"enabled": True, "alarms": []}},
            "InvalidAlarmConfigException",
            "Deployment Groups need to have at least one alarms attached if they are monitored.",
        ),
        (
            {"deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"}},
            "InvalidDeploymentStyleException",
            "BLUE_GREEN deployment type not supported with WITHOUT_TRAFFIC_CONTROL option",
        ),
        (
            {"deploymentStyle": {"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"}},
            "InvalidLoadBalancerInfoException",
            "The specification for load balancing in the deployment group is invalid. The deploymentOption value is set to WITH_TRAFFIC_CONTROL, "
            "but no load balancer or target group has been specified in loadBalancerInfo.",
        ),
        (
            {"deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce"},
            "InvalidInputException",
            "Compute platform of deployment config CodeDeployDefault.LambdaAllAtOnce does not match expected compute platform, "
            "correct compute platform should be Server.",
        ),
    ],
)
def test_a_wrong_group_is_refused_in_aws_words(world, change, code, message):
    group = {"applicationName": "app", "deploymentGroupName": "g", "serviceRoleArn": world.role}
    assert refused(world.deploy.create_deployment_group, **group, **change) == (code, message)


@pytest.mark.parametrize(
    "change, code, message",
    [
        ({}, "InvalidMinimumHealthyHostValueException", "minimum healthy hosts argument is missing"),
        (
            {"minimumHealthyHosts": {"type": "FLEET_PERCENT", "value": 100}},
            "InvalidMinimumHealthyHostValueException",
            "The value for the minimum healthy hosts with type of FLEET_PERCENT should be positive and less than 100",
        ),
        (
            {"deploymentConfigName": "CodeDeployDefault.Mine"},
            "InvalidDeploymentConfigNameException",
            "The prefix CodeDeployDefault. is reserved for predefined configuration names",
        ),
        (
            {"trafficRoutingConfig": {"type": "AllAtOnce"}},
            "InvalidTrafficRoutingConfigurationException",
            "Traffic routing configuration should be null for Server deployment configuration",
        ),
    ],
)
def test_a_wrong_configuration_is_refused_in_aws_words(world, change, code, message):
    assert refused(world.deploy.create_deployment_config, **{"deploymentConfigName": "mine", **change}) == (code, message)


def test_what_is_no_platform_is_answered_with_those_that_are(world):
    message = "ComputePlatform 'EC2' is not valid. Valid values are [Server, Lambda, ECS, Kubernetes]"
    assert refused(world.deploy.create_application, applicationName="x", computePlatform="EC2") == ("InvalidComputePlatformException", message)


def test_a_deployment_without_a_usable_revision_is_refused_in_aws_words(world):
    world.group()
    one = {"applicationName": "app", "deploymentGroupName": "group"}
    assert refused(world.deploy.create_deployment, **one) == ("RevisionRequiredException", "RevisionLocation must be specified")
    wrong = refused(world.deploy.create_deployment, **one, revision=world.revision("k", "rar"))
    assert wrong == ("InvalidRevisionException", "BundleType must be either tar, zip or tgz")


def test_a_group_shows_tag_sets_or_filters_never_both(world):
    world.group(ec2TagFilters=[], ec2TagSet=(sets := {"ec2TagSetList": [[{"Key": "a", "Type": "KEY_ONLY"}]]}), onPremisesTagSet={"onPremisesTagSetList": []})
    shown = world.deploy.batch_get_deployment_groups(applicationName="app", deploymentGroupNames=["group"])
    (info,) = shown["deploymentGroupsInfo"]
    assert (info["ec2TagSet"], info["onPremisesTagSet"], shown["errorMessage"]) == (sets, {"onPremisesTagSetList": []}, "")
    assert not {"ec2TagFilters", "onPremisesInstanceTagFilters"} & info.keys()
    change = {"applicationName": "app", "currentDeploymentGroupName": "group"}
    world.deploy.update_deployment_group(**change, ec2TagFilters=(filters := [{"Key": "b", "Type": "KEY_ONLY"}]))
    info = world.deploy.get_deployment_group(applicationName="app", deploymentGroupName="group")["deploymentGroupInfo"]
    assert (info["ec2TagFilters"], info["onPremisesInstanceTagFilters"]) == (filters, [])
    assert not {"ec2TagSet", "onPremisesTagSet"} & info.keys()


def test_revisions_that_are_not_in_s3_are_refused_by_name(world):
    world.group()
    revision = {"revisionType": "GitHub", "gitHubLocation": {"repository": "a/b", "commitId": "c"}}
    code, message = refused(world.deploy.create_deployment, applicationName="app", deploymentGroupName="group", revision=revision)
    assert (code, message) == ("NotImplemented", "Revisions of type GitHub are not built; S3 is.")


@pytest.mark.parametrize(
    "more",
    [
        {"deploymentMode": "RESTART"},
        {"ec2DeploymentOptions": {"autoScalingGroupProcessesToSuspend": ["AZRebalance"]}},
        {"overrideAlarmConfiguration": {"enabled": True, "alarms": [{"name": "a"}]}},
    ],
)
def test_deployments_of_other_kinds_are_refused_by_name(world, more):
    world.group()
    code, message = refused(world.deploy.create_deployment, applicationName="app", deploymentGroupName="group", **more)
    assert (code, next(iter(more)) in message) == ("NotImplemented", True)


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
    built_in = deploy.list_deployment_configs()["deploymentConfigsList"]
    minimum = {"type": "FLEET_PERCENT", "value": 75}
    deploy.create_deployment_config(deploymentConfigName="mine", minimumHealthyHosts=minimum)
    assert deploy.list_deployment_configs()["deploymentConfigsList"] == [*built_in, "mine"]
    assert deploy.get_deployment_config(deploymentConfigName="mine")["deploymentConfigInfo"]["minimumHealthyHosts"] == minimum
    assert "createTime" in deploy.get_deployment_config(deploymentConfigName="mine")["deploymentConfigInfo"]
    wrong = {"type": "FLEET_PERCENT", "value": 101}
    assert refused(deploy.create_deployment_config, deploymentConfigName="x", minimumHealthyHosts=wrong)[0] == "InvalidMinimumHealthyHostValueException"
    assert refused(deploy.create_deployment_config, deploymentConfigName="mine", minimumHealthyHosts=minimum)[0] == "DeploymentConfigAlreadyExistsException"
    world.group(deploymentConfigName="mine")
    assert refused(deploy.delete_deployment_config, deploymentConfigName="mine")[0] == "DeploymentConfigInUseException"
    assert refused(deploy.delete_deployment_config, deploymentConfigName=built_in[0])[0] == "InvalidOperationException"
    deploy.delete_deployment_group(applicationName="app", deploymentGroupName="group")
    deploy.delete_deployment_config(deploymentConfigName="mine")
    assert deploy.list_deployment_configs()["deploymentConfigsList"] == built_in


def test_the_built_in_configurations_of_all_platforms_are_shown(world):
    deploy = world.deploy
    names = deploy.list_deployment_configs()["deploymentConfigsList"]
    infos = {name: deploy.get_deployment_config(deploymentConfigName=name)["deploymentConfigInfo"] for name in names}
    assert {platform: sum(info["computePlatform"] == platform for info in infos.values()) for platform in ("Server", "ECS", "Lambda")} == {
        "Server": 3,
        "ECS": 5,
        "Lambda": 9,
    }
    assert infos["CodeDeployDefault.OneAtATime"]["minimumHealthyHosts"] == {"type": "MOST_CONCURRENCY", "value": 1}
    assert infos["CodeDeployDefault.HalfAtATime"]["minimumHealthyHosts"] == {"type": "FLEET_PERCENT", "value": 50}
    canary = {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 5}}
    assert infos["CodeDeployDefault.LambdaCanary10Percent5Minutes"]["trafficRoutingConfig"] == canary
    linear = {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 10, "linearInterval": 3}}
    assert infos["CodeDeployDefault.ECSLinear10PercentEvery3Minutes"]["trafficRoutingConfig"] == linear
    assert infos["CodeDeployDefault.LambdaAllAtOnce"]["trafficRoutingConfig"] == {"type": "AllAtOnce"}


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
    assert batch["errorMessage"] == f"No application revisions found for: s3://{world.bucket}/none"
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
    assert deploy.batch_get_deployment_instances(deploymentId=good, instanceIds=[instance])["errorMessage"] == ""
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


@pytest.mark.parametrize(
    "tags, code",
    [
        ([], "TagRequiredException"),
        ([{"Key": "", "Value": "1"}], "InvalidTagsToAddException"),
        ([{"Key": "aws:own", "Value": "1"}], "InvalidTagsToAddException"),
        ([{"Key": "k" * 129, "Value": "1"}], "InvalidTagsToAddException"),
        ([{"Key": "k", "Value": "v" * 257}], "InvalidTagsToAddException"),
        ([{"Key": f"k{i}", "Value": "1"} for i in range(51)], "InvalidTagsToAddException"),
    ],
)
def test_tags_that_cannot_be_are_refused(world, account, tags, code):
    arn = f"arn:aws:codedeploy:us-east-1:{account}:application:app"
    assert refused(world.deploy.tag_resource, ResourceArn=arn, Tags=tags)[0] == code
    if tags:
        assert refused(world.deploy.create_application, applicationName="tagged", tags=tags)[0] == code
    assert world.deploy.list_tags_for_resource(ResourceArn=arn)["Tags"] == []


def test_what_has_no_tags_is_refused(world, account):
    arn = f"arn:aws:codedeploy:us-east-1:{account}:"
    assert refused(world.deploy.list_tags_for_resource, ResourceArn=arn + "deploymentconfig:x")[0] == "ArnNotSupportedException"
    assert refused(world.deploy.list_tags_for_resource, ResourceArn=arn + "application:x")[0] == "ApplicationDoesNotExistException"
    assert refused(world.deploy.list_tags_for_resource, ResourceArn=arn + "deploymentgroup:app/x")[0] == "DeploymentGroupDoesNotExistException"
    assert refused(world.deploy.untag_resource, ResourceArn=arn + "application:app", TagKeys=[])[0] == "TagRequiredException"


@pytest.mark.parametrize(
    "operation, arguments",
    [
        ("RegisterOnPremisesInstance", {"instanceName": "x"}),
        ("DeregisterOnPremisesInstance", {"instanceName": "x"}),
        ("GetOnPremisesInstance", {"instanceName": "x"}),
        ("BatchGetOnPremisesInstances", {"instanceNames": ["x"]}),
        ("ListOnPremisesInstances", {}),
        ("AddTagsToOnPremisesInstances", {"instanceNames": ["x"], "tags": [{"Key": "k"}]}),
        ("RemoveTagsFromOnPremisesInstances", {"instanceNames": ["x"], "tags": [{"Key": "k"}]}),
        ("ListGitHubAccountTokenNames", {}),
        ("DeleteGitHubAccountToken", {"tokenName": "x"}),
        ("DeleteResourcesByExternalId", {"externalId": "x"}),
        ("PutLifecycleEventHookExecutionStatus", {"deploymentId": "d-X"}),
    ],
)
def test_operations_of_other_platforms_are_refused_by_name(world, operation, arguments):
    code, message = refused(getattr(world.deploy, xform_name(operation)), **arguments)
    assert (code, operation in message) == ("NotImplemented", True)


@pytest.mark.parametrize(
    "style, message",
    [
        ({"deploymentType": "IN_PLACE"}, "Deployment type or deployment option cannot be null or empty"),
        ({"deploymentOption": "WITHOUT_TRAFFIC_CONTROL"}, "Deployment type or deployment option cannot be null or empty"),
        (
            {"deploymentType": "IN_PLACE", "deploymentOption": "Yes"},
            "Deployment option can only be WITH_TRAFFIC_CONTROL or WITHOUT_TRAFFIC_CONTROL",
        ),
        ({"deploymentType": "Now", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"}, "Deployment type can only be IN_PLACE or BLUE_GREEN"),
    ],
)
def test_a_deployment_style_is_whole_and_known(world, style, message):
    group = {"applicationName": "app", "deploymentGroupName": "g", "serviceRoleArn": world.role}
    assert refused(world.deploy.create_deployment_group, **group, deploymentStyle=style) == ("InvalidDeploymentStyleException", message)


@pytest.mark.parametrize(
    "filters, code",
    [
        ({"sortBy": "name"}, "InvalidSortByException"),
        ({"sortOrder": "up"}, "InvalidSortOrderException"),
        ({"deployed": "perhaps"}, "InvalidDeployedStateFilterException"),
        ({"s3KeyPrefix": "a"}, "BucketNameFilterRequiredException"),
        ({"s3Bucket": ""}, "InvalidBucketNameFilterException"),
        ({"nextToken": "?"}, "InvalidNextTokenException"),
    ],
)
def test_what_revisions_are_listed_by_is_checked(world, filters, code):
    assert refused(world.deploy.list_application_revisions, applicationName="app", **filters)[0] == code


def test_revisions_are_found_by_bucket_and_prefix(world):
    for key in ("a/1.zip", "a/2.zip", "b/1.zip"):
        world.deploy.register_application_revision(applicationName="app", revision=world.revision(key))
    found = world.deploy.list_application_revisions(applicationName="app", s3Bucket=world.bucket, s3KeyPrefix="a/", sortOrder="descending")["revisions"]
    assert [one["s3Location"]["key"] for one in found] == ["a/2.zip", "a/1.zip"]
    assert world.deploy.list_application_revisions(applicationName="app", s3Bucket="another")["revisions"] == []


def test_a_revision_that_is_registered_again_takes_the_new_description(world):
    for description in ("first", "second"):
        world.deploy.register_application_revision(applicationName="app", revision=world.revision("a.zip"), description=description)
    got = world.deploy.get_application_revision(applicationName="app", revision=world.revision("a.zip"))["revisionInfo"]
    assert got["description"] == "second"
    assert len(world.deploy.list_application_revisions(applicationName="app")["revisions"]) == 1


def test_deployments_stay_with_their_group_by_whatever_name(world):
    world.group()
    deployment = world.run({"appspec.yml": appspec()})["deploymentId"]
    world.deploy.update_deployment_group(applicationName="app", currentDeploymentGroupName="group", newDeploymentGroupName="renamed")
    world.deploy.update_application(applicationName="app", newApplicationName="other")
    assert world.deploy.list_deployments(applicationName="other", deploymentGroupName="renamed")["deployments"] == [deployment]


def test_a_new_group_of_an_old_name_has_no_deployments(world):
    world.group()
    world.run({"appspec.yml": appspec()})
    world.deploy.delete_deployment_group(applicationName="app", deploymentGroupName="group")
    world.group()
    assert world.deploy.list_deployments(applicationName="app", deploymentGroupName="group")["deployments"] == []


def test_no_deployment_belongs_to_an_external_resource(world):
    world.group()
    world.run({"appspec.yml": appspec()})
    assert world.deploy.list_deployments(externalId="stack")["deployments"] == []


def test_ids_of_deployments_are_checked_in_batches_too(world):
    deploy = world.deploy
    assert refused(deploy.batch_get_deployments, deploymentIds=[])[0] == "DeploymentIdRequiredException"
    code, message = refused(deploy.batch_get_deployments, deploymentIds=["d-ABCDEFGHI", "x-1"])
    assert (code, message) == ("InvalidDeploymentIdException", "Specified DeploymentId is not in the valid format: x-1")
    assert refused(deploy.batch_get_deployments, deploymentIds=["d-ABCDEFGHI"] * 26)[0] == "BatchLimitExceededException"
    assert deploy.batch_get_deployments(deploymentIds=["d-ABCDEFGHI"])["deploymentsInfo"] == []


def test_instances_have_colours_in_blue_green_deployments_only(world):
    world.group()
    deployment = world.run({"appspec.yml": appspec()})["deploymentId"]
    deploy = world.deploy
    assert refused(deploy.list_deployment_instances, deploymentId=deployment, instanceTypeFilter=["Blue"])[0] == "InvalidDeploymentInstanceTypeException"
    assert refused(deploy.list_deployment_instances, deploymentId=deployment, instanceTypeFilter=["Red"])[0] == "InvalidInstanceTypeException"
    filters = {"ServerInstanceLabel": ["Green"]}
    assert refused(deploy.list_deployment_targets, deploymentId=deployment, targetFilters=filters)[0] == "InvalidDeploymentInstanceTypeException"


def test_long_lists_come_in_pages(world):
    names = sorted(f"app-{i:03}" for i in range(120))
    for name in names:
        world.deploy.create_application(applicationName=name)
    first = world.deploy.list_applications()
    second = world.deploy.list_applications(nextToken=first["nextToken"])
    assert (first["applications"] + second["applications"], "nextToken" in second) == (["app", *names], False)
    assert len(first["applications"]) == 100


def test_a_batch_needs_permission_for_each_that_it_names(world, server, account):
    world.group("open")
    world.group("closed")
    world.deploy.create_application(applicationName="other")
    deployments = [world.run({"appspec.yml": appspec()}, group=name)["deploymentId"] for name in ("open", "closed")]
    here = f"arn:aws:codedeploy:us-east-1:{account}"
    own = allow("codedeploy:*", [f"{here}:application:app", f"{here}:deploymentgroup:app/open"])
    world.iam.create_user(UserName="dev")
    world.iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(own))
    key = world.iam.create_access_key(UserName="dev")["AccessKey"]
    deploy = server.client("codedeploy", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    for call, arguments, arn in (
        (deploy.batch_get_applications, {"applicationNames": ["app", "other"]}, f"{here}:application:other"),
        (deploy.batch_get_deployment_groups, {"applicationName": "app", "deploymentGroupNames": ["open", "closed"]}, f"{here}:deploymentgroup:app/closed"),
        (deploy.batch_get_deployments, {"deploymentIds": deployments}, f"{here}:deploymentgroup:app/closed"),
    ):
        code, message = refused(call, **arguments)
        assert (code.startswith("AccessDenied"), arn in message) == (True, True), message
    assert len(deploy.batch_get_deployments(deploymentIds=deployments[:1])["deploymentsInfo"]) == 1


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
