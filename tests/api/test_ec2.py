"""EC2 as real clients see it: the life of instances, what is told about them, security groups, tags, and EC2's own errors."""

import base64
import json
import re

import pytest
from botocore.exceptions import ClientError
from delivery import IMAGE, until
from iam_words import allow, document, refused, trust

ABSENT = "i-0123456789abcdef0"
TYPE = "t3.micro"


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def run(ec2):
    """run(count=2) starts instances and returns what EC2 answered; they are terminated with the test."""
    started = []

    def start(count=1, **more):
        reply = ec2.run_instances(**{"ImageId": IMAGE, "InstanceType": TYPE, "MinCount": count, "MaxCount": count, **more})
        started.extend(instance["InstanceId"] for instance in reply["Instances"])
        return reply

    yield start
    if started:
        ec2.modify_instance_attribute(InstanceId=started[0], DisableApiTermination={"Value": False})
        ec2.terminate_instances(InstanceIds=started)


@pytest.fixture
def one(run):
    """The id of an instance that was just started."""
    return run()["Instances"][0]["InstanceId"]


@pytest.fixture
def group(ec2):
    """The id of an empty security group "web"."""
    return ec2.create_security_group(GroupName="web", Description="Of tests")["GroupId"]


def shown(ec2, instance):
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]


def reaches(ec2, instance, state):
    return until(lambda: (found := shown(ec2, instance))["State"]["Name"] == state and found, what=f"{instance}: {state}")


def console(ec2, instance):
    return ec2.get_console_output(InstanceId=instance).get("Output", "")


def ids_of(reply):
    return [instance["InstanceId"] for reservation in reply["Reservations"] for instance in reservation["Instances"]]


# ---- Running ----


def test_an_instance_is_pending_and_then_runs(ec2, run, account):
    reply = run()
    (made,) = reply["Instances"]
    assert re.fullmatch(r"r-[0-9a-f]{17}", reply["ReservationId"]) and reply["OwnerId"] == account and reply["Groups"] == []
    assert re.fullmatch(r"i-[0-9a-f]{17}", made["InstanceId"])
    assert made["State"] == {"Code": 0, "Name": "pending"} and made["StateReason"] == {"Code": "pending", "Message": "pending"}
    found = reaches(ec2, made["InstanceId"], "running")
    assert found["State"] == {"Code": 16, "Name": "running"} and "StateReason" not in found and found["StateTransitionReason"] == ""
    assert (found["InstanceType"], found["ImageId"], found["AmiLaunchIndex"]) == (TYPE, IMAGE, 0)
    assert found["Placement"] == {"AvailabilityZone": "us-east-1a", "AvailabilityZoneId": "use1-az1", "GroupName": "", "Tenancy": "default"}
    assert found["PrivateDnsName"] == f"ip-{found['PrivateIpAddress'].replace('.', '-')}.ec2.internal"
    assert found["PublicIpAddress"].startswith("127.77.") and found["MetadataOptions"]["HttpTokens"] == "required"
    assert [one["GroupName"] for one in found["SecurityGroups"]] == ["default"] and found["Monitoring"] == {"State": "disabled"}


def test_instances_of_one_request_share_a_reservation_and_have_addresses_of_their_own(ec2, run):
    made = run(2)["Instances"]
    assert [instance["AmiLaunchIndex"] for instance in made] == [0, 1]
    assert len({instance["PrivateIpAddress"] for instance in made}) == 2
    (reservation,) = ec2.describe_instances()["Reservations"]
    assert sorted(one["InstanceId"] for one in reservation["Instances"]) == sorted(one["InstanceId"] for one in made)


def test_a_client_token_starts_instances_once(ec2, run):
    first = run(ClientToken="token-1")
    again = run(ClientToken="token-1")
    assert again["ReservationId"] == first["ReservationId"] and again["Instances"][0]["InstanceId"] == first["Instances"][0]["InstanceId"]
    with refused("IdempotentParameterMismatch", status=400):
        run(ClientToken="token-1", InstanceType="t3.small")
    assert len(ids_of(ec2.describe_instances())) == 1


@pytest.mark.parametrize(
    ("code", "message", "asked"),
    [
        ("InvalidAMIID.NotFound", "The image id '[ami-0123456789abcdef0]' does not exist", {"ImageId": "ami-0123456789abcdef0"}),
        ("InvalidAMIID.Malformed", 'Invalid id: "debian" (expecting "ami-...")', {"ImageId": "debian"}),
        ("InvalidParameterValue", "Invalid value 'z9.huge' for InstanceType.", {"InstanceType": "z9.huge"}),
        ("InvalidParameterValue", None, {"MinCount": 0}),
        ("InvalidParameterValue", None, {"MinCount": 2, "MaxCount": 1}),
        ("InvalidParameterValue", "Invalid BASE64 encoding of user data", None),
        ("InvalidParameterValue", "Invalid availability zone: [mars-1a]", {"Placement": {"AvailabilityZone": "mars-1a"}}),
        ("InvalidGroup.NotFound", "The security group 'sg-0123456789abcdef0' does not exist", {"SecurityGroupIds": ["sg-0123456789abcdef0"]}),
        ("InvalidParameterValue", "Value () for parameter groupId is invalid. The value cannot be empty", {"SecurityGroupIds": [""]}),
        ("InvalidGroupId.Malformed", 'Invalid id: "web" (expecting "sg-...")', {"SecurityGroupIds": ["web"]}),
        ("InvalidSubnetID.NotFound", "The subnet ID 'subnet-0123456789abcdef0' does not exist", {"SubnetId": "subnet-0123456789abcdef0"}),
        (
            "InvalidParameterValue",
            "Value (none) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
            {"IamInstanceProfile": {"Name": "none"}},
        ),
        ("InvalidKeyPair.NotFound", "The key pair 'mine' does not exist", {"KeyName": "mine"}),
        ("UnsupportedOperation", "RunInstances with LaunchTemplate is not built.", {"LaunchTemplate": {"LaunchTemplateName": "x"}}),
    ],
)
def test_what_cannot_run_is_refused(server, ec2, account, run, code, message, asked):
    with refused(code, message, 400):
        if asked is None:
            raw = ec2.meta.events
            raw.register("before-call.ec2.RunInstances", lambda params, **_: params["body"].update(UserData="%%%"))
            run()
        else:
            run(**asked)
    assert ec2.describe_instances()["Reservations"] == []


def test_missing_parameters_are_named(ec2):
    with refused("MissingParameter", "The request must contain the parameter MinCount"):
        ec2.run_instances(ImageId=IMAGE, MaxCount=1)


# ---- Dry runs ----


def test_a_dry_run_tells_that_it_would_have_succeeded_and_changes_nothing(ec2, run, one):
    message = "Request would have succeeded, but DryRun flag is set."
    with refused("DryRunOperation", message, 412):
        run(DryRun=True)
    with refused("DryRunOperation", message, 412):
        ec2.terminate_instances(InstanceIds=[one], DryRun=True)
    with refused("DryRunOperation", message, 412):
        ec2.create_security_group(GroupName="web", Description="x", DryRun=True)
    with refused("DryRunOperation", message, 412):
        ec2.describe_instances(DryRun=True)
    assert ids_of(ec2.describe_instances()) == [one]
    reaches(ec2, one, "running")
    assert [found["GroupName"] for found in ec2.describe_security_groups()["SecurityGroups"]] == ["default"]


def test_a_dry_run_tells_what_would_have_failed(server, aws, ec2, run):
    with refused("InvalidAMIID.NotFound"):
        run(ImageId="ami-0123456789abcdef0", DryRun=True)
    aws("iam").create_user(UserName="dev")
    key = aws("iam").create_access_key(UserName="dev")["AccessKey"]
    dev = server.client("ec2", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    with refused("UnauthorizedOperation", status=403):
        dev.describe_instances(DryRun=True)


# ---- Stop, start, terminate ----


def test_an_instance_stops_and_starts_again_with_its_files(ec2, run):
    made = run(UserData="#!/bin/sh\necho boot >> /var/boots\ncat /var/boots")["Instances"][0]
    id = made["InstanceId"]
    reaches(ec2, id, "running")
    (change,) = ec2.stop_instances(InstanceIds=[id])["StoppingInstances"]
    assert change == {
        "InstanceId": id,
        "PreviousState": {"Code": 16, "Name": "running"},
        "CurrentState": {"Code": 64, "Name": "stopping"},
    }
    stopped = reaches(ec2, id, "stopped")
    assert stopped["StateReason"] == {
        "Code": "Client.UserInitiatedShutdown",
        "Message": "Client.UserInitiatedShutdown: User initiated shutdown",
    }
    assert re.fullmatch(r"User initiated \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\)", stopped["StateTransitionReason"])
    assert "PublicIpAddress" not in stopped and stopped["PrivateIpAddress"] == made["PrivateIpAddress"]
    (change,) = ec2.stop_instances(InstanceIds=[id])["StoppingInstances"]
    assert change["PreviousState"] == change["CurrentState"] == {"Code": 80, "Name": "stopped"}
    (change,) = ec2.start_instances(InstanceIds=[id])["StartingInstances"]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("stopped", "pending")
    again = reaches(ec2, id, "running")
    assert "StateReason" not in again and again["StateTransitionReason"] == "" and again["PublicIpAddress"]


def test_a_terminated_instance_is_shown_and_cannot_come_back(ec2, one):
    reaches(ec2, one, "running")
    (change,) = ec2.terminate_instances(InstanceIds=[one])["TerminatingInstances"]
    assert (change["PreviousState"]["Name"], change["CurrentState"]) == ("running", {"Code": 32, "Name": "shutting-down"})
    gone = reaches(ec2, one, "terminated")
    assert gone["State"]["Code"] == 48 and gone["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    (change,) = ec2.terminate_instances(InstanceIds=[one])["TerminatingInstances"]
    assert change["PreviousState"]["Name"] == change["CurrentState"]["Name"] == "terminated"
    with refused("IncorrectInstanceState", f"The instance '{one}' is not in a state from which it can be started.", 400):
        ec2.start_instances(InstanceIds=[one])
    with refused("IncorrectInstanceState", f"This instance '{one}' is not in a state from which it can be stopped."):
        ec2.stop_instances(InstanceIds=[one])


def test_a_pending_instance_cannot_be_stopped(ec2, run):
    def caught():
        id = run()["Instances"][0]["InstanceId"]
        try:
            ec2.stop_instances(InstanceIds=[id])  # it may run already
        except ClientError as error:
            return id, error.response["Error"]

    id, error = until(caught, what="an instance that is asked while it is pending")
    assert error == {"Code": "IncorrectInstanceState", "Message": f"Instance '{id}' cannot be stopped as it has never reached the 'running' state."}


def test_terminating_twice_takes_nobodys_address_away(ec2, run):
    first = run()["Instances"][0]
    ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    reaches(ec2, first["InstanceId"], "terminated")
    second = run()["Instances"][0]
    ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    third = run()["Instances"][0]
    assert second["PrivateIpAddress"] != third["PrivateIpAddress"]


def test_an_instance_that_shuts_down_keeps_its_address_until_it_is_gone(ec2, run):
    first = run()["Instances"][0]
    reaches(ec2, first["InstanceId"], "running")
    with refused("DryRunOperation"):
        ec2.terminate_instances(InstanceIds=[first["InstanceId"]], DryRun=True)
    ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    second = run()["Instances"][0]
    state = shown(ec2, first["InstanceId"])["State"]["Name"]
    assert second["PrivateIpAddress"] != first["PrivateIpAddress"] or state == "terminated"


def test_one_unknown_instance_stops_the_whole_request(ec2, one):
    reaches(ec2, one, "running")
    with refused("InvalidInstanceID.NotFound", f"The instance ID '{ABSENT}' does not exist", 400):
        ec2.stop_instances(InstanceIds=[one, ABSENT])
    assert shown(ec2, one)["State"]["Name"] == "running"
    with refused("InvalidInstanceID.NotFound", f"The instance IDs '{ABSENT}, i-0123456789abcdef1' do not exist"):
        ec2.terminate_instances(InstanceIds=[ABSENT, "i-0123456789abcdef1"])


@pytest.mark.parametrize(
    ("id", "message"), [("web", 'Invalid id: "web" (expecting "i-...")'), ("i-xyz", 'Invalid id: "i-xyz"'), ("i-123", 'Invalid id: "i-123"')]
)
def test_an_id_that_no_instance_can_have_is_malformed(ec2, id, message):
    for call in (ec2.describe_instances, ec2.stop_instances, ec2.start_instances, ec2.terminate_instances):
        with refused("InvalidInstanceID.Malformed", message, 400):
            call(InstanceIds=[id])


def test_a_protected_instance_is_not_terminated(ec2, run):
    id = run(DisableApiTermination=True)["Instances"][0]["InstanceId"]
    message = f"The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
    with refused("OperationNotPermitted", message, 400):
        ec2.terminate_instances(InstanceIds=[id])
    ec2.modify_instance_attribute(InstanceId=id, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[id])


@pytest.mark.parametrize("word", ["Hibernate", "Force", "SkipOsShutdown"])
def test_another_way_to_stop_is_refused_by_name(ec2, one, word):
    reaches(ec2, one, "running")
    with refused("UnsupportedOperation"):
        ec2.stop_instances(InstanceIds=[one], **{word: True})
    assert shown(ec2, one)["State"]["Name"] == "running"


# ---- Describing ----


def test_filters_choose_instances(ec2, run, group):
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web-1"}, {"Key": "stage", "Value": "test"}]}]
    web = run(TagSpecifications=tags, SecurityGroupIds=[group])["Instances"][0]
    other = run(InstanceType="t3.small")["Instances"][0]

    def found(**filters):
        asked = [{"Name": name.replace("__", ":").replace("_", "-"), "Values": values} for name, values in filters.items()]
        return ids_of(ec2.describe_instances(Filters=asked))

    assert found(tag__Name=["web-*"]) == [web["InstanceId"]]
    assert found(tag_key=["stage"], tag__stage=["prod"]) == []
    assert found(tag_value=["test"]) == [web["InstanceId"]]
    assert found(instance_type=["t3.small", "t3.large"]) == [other["InstanceId"]]
    assert found(private_ip_address=[web["PrivateIpAddress"]]) == [web["InstanceId"]]
    assert found(instance_state_name=["stopped"]) == []
    assert sorted(found(vpc_id=[web["VpcId"]])) == sorted([web["InstanceId"], other["InstanceId"]])
    with refused("InvalidParameterValue", "The filter 'colour' is invalid", 400):
        found(colour=["red"])


def test_instances_are_found_by_whatever_they_tell(ec2, run):
    made = run(InstanceType="t3.small")["Instances"][0]
    interface = made["NetworkInterfaces"][0]

    def found(name, *values):
        return ids_of(ec2.describe_instances(Filters=[{"Name": name, "Values": list(values)}]))

    launched = made["LaunchTime"].strftime("%Y-%m-%dT%H:%M:%S.000Z")
    told = {
        "launch-time": launched,
        "network-interface.attachment.attach-time": launched[:10] + "*",
        "metadata-options.instance-metadata-tags": "disabled",
        "private-dns-name-options.hostname-type": "ip-name",
        "ebs-optimized": "false",
        "network-interface.attachment.device-index": "0",
        "network-interface.private-dns-name": interface["PrivateDnsName"],
        "availability-zone-id": made["Placement"]["AvailabilityZoneId"],
    }
    assert [name for name, value in told.items() if found(name, value) != [made["InstanceId"]]] == []
    assert found("launch-time", "2001-*") == found("ebs-optimized", "true") == []


@pytest.mark.parametrize("name", ["platform", "placement-partition-number", "instance-lifecycle", "spot-instance-request-id", "ipv6-address", "host-id"])
def test_a_filter_by_what_no_instance_has_finds_nothing(ec2, one, name):
    assert ec2.describe_instances(Filters=[{"Name": name, "Values": ["*"]}])["Reservations"] == []


def test_images_are_found_by_their_platform(ec2):
    assert ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "platform", "Values": ["windows"]}])["Images"] == []


@pytest.mark.parametrize("describe", ["describe_instances", "describe_instance_status", "describe_volumes", "describe_network_interfaces"])
def test_an_unknown_filter_is_refused_where_there_is_nothing_to_find(ec2, describe):
    with refused("InvalidParameterValue", "The filter 'colour' is invalid", 400):
        getattr(ec2, describe)(Filters=[{"Name": "colour", "Values": ["red"]}])


def test_statuses_are_found_by_what_they_tell(ec2, one):
    reaches(ec2, one, "running")

    def found(name, value):
        return [status["InstanceId"] for status in ec2.describe_instance_status(Filters=[{"Name": name, "Values": [value]}])["InstanceStatuses"]]

    assert found("instance-status.status", "ok") == found("system-status.reachability", "passed") == [one]
    assert found("instance-status.status", "impaired") == found("event.code", "*") == []


def test_instances_come_in_pages(ec2, run):
    made = [one["InstanceId"] for one in run(7)["Instances"]]
    first = ec2.describe_instances(MaxResults=5)
    second = ec2.describe_instances(MaxResults=5, NextToken=first["NextToken"])
    assert len(ids_of(first)) == 5 and sorted(ids_of(first) + ids_of(second)) == sorted(made) and "NextToken" not in second
    with refused("InvalidParameterValue", "Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5."):
        ec2.describe_instances(MaxResults=4)
    with refused("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults"):
        ec2.describe_instances(MaxResults=5, InstanceIds=made[:1])
    with refused("InvalidNextToken"):
        ec2.describe_instances(MaxResults=5, NextToken="nonsense")


def test_the_status_of_running_instances_is_ok(ec2, one):
    reaches(ec2, one, "running")
    (status,) = ec2.describe_instance_status(InstanceIds=[one])["InstanceStatuses"]
    assert status["InstanceStatus"]["Status"] == status["SystemStatus"]["Status"] == "ok"
    ec2.stop_instances(InstanceIds=[one])
    reaches(ec2, one, "stopped")
    assert ec2.describe_instance_status(InstanceIds=[one])["InstanceStatuses"] == []
    (status,) = ec2.describe_instance_status(InstanceIds=[one], IncludeAllInstances=True)["InstanceStatuses"]
    assert status["InstanceState"]["Name"] == "stopped"


def test_attributes_are_told_one_by_one(ec2, run, group):
    data = "#!/bin/sh\necho hello\n"
    id = run(UserData=data, SecurityGroupIds=[group])["Instances"][0]["InstanceId"]

    def attribute(name):
        return ec2.describe_instance_attribute(InstanceId=id, Attribute=name)

    assert base64.b64decode(attribute("userData")["UserData"]["Value"]).decode() == data
    assert attribute("instanceType")["InstanceType"] == {"Value": TYPE}
    assert attribute("disableApiTermination")["DisableApiTermination"] == {"Value": False}
    assert attribute("instanceInitiatedShutdownBehavior")["InstanceInitiatedShutdownBehavior"] == {"Value": "stop"}
    assert attribute("sourceDestCheck")["SourceDestCheck"] == {"Value": True}
    assert [one["GroupId"] for one in attribute("groupSet")["Groups"]] == [group]
    assert attribute("rootDeviceName")["RootDeviceName"] == {"Value": "/dev/xvda"}
    with refused("InvalidParameterValue"):
        attribute("colour")
    with refused("InvalidInstanceID.NotFound", f"The instance ID '{ABSENT}' does not exist"):
        ec2.describe_instance_attribute(InstanceId=ABSENT, Attribute="userData")


# ---- Inside an instance ----

QUESTIONS = """#!/bin/sh
at=http://169.254.169.254/latest
echo "without: $(curl -s -o /dev/null -w '%{http_code}' $at/meta-data/instance-id)"
token=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $at/api/token)
ask() { echo "$1: $(curl -s -H "X-aws-ec2-metadata-token: $token" $at/$1)"; }
for path in meta-data/instance-id meta-data/placement/region meta-data/tags/instance/Name meta-data/iam/security-credentials/ meta-data/nothing; do ask $path; done
echo "role: $(curl -s -H "X-aws-ec2-metadata-token: $token" $at/meta-data/iam/security-credentials/web | tr -d ' \\n' | grep -o '"Code":"Success","LastUpdated"')"
echo "account: $(curl -s -H "X-aws-ec2-metadata-token: $token" $at/dynamic/instance-identity/document | tr -d ' \\n')"
echo the end
"""


def test_user_data_runs_at_first_boot_and_the_metadata_service_answers_it(ec2, aws, run, account):
    iam = aws("iam")
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web-1"}]}]
    shown = {"InstanceMetadataTags": "enabled"}
    made = run(UserData=QUESTIONS, TagSpecifications=tags, IamInstanceProfile={"Name": "web"}, MetadataOptions=shown)
    id = made["Instances"][0]["InstanceId"]
    said = until(lambda: "the end" in (text := console(ec2, id)) and text, what="user data")
    answers = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    assert answers["without"] == "401"
    assert answers["meta-data/instance-id"] == id and answers["meta-data/placement/region"] == "us-east-1"
    assert answers["meta-data/tags/instance/Name"] == "web-1" and answers["meta-data/iam/security-credentials/"] == "web"
    assert answers["meta-data/nothing"] == "Not Found"
    assert answers["role"] == '"Code":"Success","LastUpdated"'
    identity = json.loads(answers["account"])
    assert (identity["accountId"], identity["instanceId"], identity["imageId"]) == (account, id, IMAGE)


# ---- Instance profiles ----


def test_a_profile_is_for_an_instance_that_runs_or_stands_still(ec2, aws, one):
    aws("iam").create_instance_profile(InstanceProfileName="web")
    ec2.terminate_instances(InstanceIds=[one])
    reaches(ec2, one, "terminated")
    with refused("IncorrectInstanceState", f"The instance '{one}' is not in the 'running' or 'stopped' states."):
        ec2.associate_iam_instance_profile(InstanceId=one, IamInstanceProfile={"Name": "web"})


def test_a_profile_is_associated_once_and_taken_away(ec2, aws, one, account):
    iam = aws("iam")
    iam.create_instance_profile(InstanceProfileName="web")
    reaches(ec2, one, "running")
    made = ec2.associate_iam_instance_profile(InstanceId=one, IamInstanceProfile={"Name": "web"})["IamInstanceProfileAssociation"]
    assert re.fullmatch(r"iip-assoc-[0-9a-f]{17}", made["AssociationId"]) and made["State"] == "associating"
    assert made["IamInstanceProfile"]["Arn"] == f"arn:aws:iam::{account}:instance-profile/web"
    with refused("IncorrectState", f"There is an existing association for instance {one}"):
        ec2.associate_iam_instance_profile(InstanceId=one, IamInstanceProfile={"Name": "web"})
    asked = [{"Name": "instance-id", "Values": [one]}]
    (found,) = ec2.describe_iam_instance_profile_associations(Filters=asked)["IamInstanceProfileAssociations"]
    assert found == {**made, "State": "associated"}
    assert shown(ec2, one)["IamInstanceProfile"] == made["IamInstanceProfile"]
    gone = ec2.disassociate_iam_instance_profile(AssociationId=made["AssociationId"])["IamInstanceProfileAssociation"]
    assert gone["State"] == "disassociating" and "IamInstanceProfile" not in shown(ec2, one)
    with refused("InvalidAssociationID.NotFound"):
        ec2.disassociate_iam_instance_profile(AssociationId=made["AssociationId"])


def test_a_profile_is_replaced_while_the_instance_runs(ec2, aws, one, account):
    for name in ("web", "other"):
        aws("iam").create_instance_profile(InstanceProfileName=name)
    reaches(ec2, one, "running")
    old = ec2.associate_iam_instance_profile(InstanceId=one, IamInstanceProfile={"Name": "web"})["IamInstanceProfileAssociation"]
    new = ec2.replace_iam_instance_profile_association(AssociationId=old["AssociationId"], IamInstanceProfile={"Name": "other"})
    new = new["IamInstanceProfileAssociation"]
    assert new["AssociationId"] != old["AssociationId"] and new["State"] == "associating" and new["InstanceId"] == one
    assert shown(ec2, one)["IamInstanceProfile"]["Arn"] == f"arn:aws:iam::{account}:instance-profile/other"
    with refused("InvalidAssociationID.NotFound"):
        ec2.replace_iam_instance_profile_association(AssociationId=old["AssociationId"], IamInstanceProfile={"Name": "web"})


def test_a_role_may_only_be_passed_by_who_has_iam_pass_role(server, aws, run, account):
    iam = aws("iam")
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    iam.create_user(UserName="dev")
    iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(allow("ec2:*")))
    key = iam.create_access_key(UserName="dev")["AccessKey"]
    dev = server.client("ec2", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    with refused("UnauthorizedOperation", status=403):
        dev.run_instances(ImageId=IMAGE, InstanceType=TYPE, MinCount=1, MaxCount=1, IamInstanceProfile={"Name": "web"})


# ---- Tags ----


def test_tags_are_made_changed_described_and_deleted(ec2, one, group):
    ec2.create_tags(Resources=[one, group], Tags=[{"Key": "stage", "Value": "test"}, {"Key": "empty", "Value": ""}])
    ec2.create_tags(Resources=[one], Tags=[{"Key": "stage", "Value": "prod"}])
    found = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["stage"]}])["Tags"]
    assert found == [
        {"Key": "stage", "ResourceId": one, "ResourceType": "instance", "Value": "prod"},
        {"Key": "stage", "ResourceId": group, "ResourceType": "security-group", "Value": "test"},
    ]
    assert {"Key": "stage", "Value": "prod"} in shown(ec2, one)["Tags"]
    ec2.delete_tags(Resources=[one], Tags=[{"Key": "stage", "Value": "test"}])  # another value: stays
    assert {"Key": "stage", "Value": "prod"} in shown(ec2, one)["Tags"]
    ec2.delete_tags(Resources=[one], Tags=[{"Key": "stage"}])
    assert shown(ec2, one)["Tags"] == [{"Key": "empty", "Value": ""}]
    ec2.delete_tags(Resources=[one])
    assert "Tags" not in shown(ec2, one)


def test_tags_that_nothing_can_have_are_refused(ec2, run, group):
    tag = {"Key": "a", "Value": "x"}
    with refused("UnsupportedOperation", "TagSpecifications for elastic-gpu are not built here."):
        run(TagSpecifications=[{"ResourceType": "elastic-gpu", "Tags": [tag]}])
    with refused("InvalidParameterValue", "Duplicate tag key 'a' specified."):
        run(TagSpecifications=[{"ResourceType": "instance", "Tags": [tag, tag]}])
    with refused("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use"):
        ec2.create_tags(Resources=[group], Tags=[{"Key": "aws:mine", "Value": "x"}])
    with refused("TagLimitExceeded"):
        ec2.create_tags(Resources=[group], Tags=[{"Key": f"k{number}", "Value": "x"} for number in range(51)])
    with refused("InvalidInstanceID.NotFound", f"The instance ID '{ABSENT}' does not exist"):
        ec2.create_tags(Resources=[ABSENT], Tags=[{"Key": "a", "Value": "x"}])
    assert ec2.describe_tags()["Tags"] == []


@pytest.mark.parametrize(
    ("resource", "code", "message"),
    [
        ("thing", "InvalidID", "The ID 'thing' is not valid"),
        ("i-web", "InvalidID", "The ID 'i-web' is not valid"),
        ("vol-0123456789abcdef0", "InvalidVolume.NotFound", "The volume 'vol-0123456789abcdef0' does not exist."),
        ("snap-0123456789abcdef0", "InvalidSnapshot.NotFound", "The snapshot 'snap-0123456789abcdef0' does not exist."),
        ("ami-0123456789abcdef0", "InvalidAMIID.NotFound", "The image ID 'ami-0123456789abcdef0' does not exist"),
        ("sgr-0123456789abcdef0", "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID 'sgr-0123456789abcdef0' does not exist"),
    ],
)
def test_tags_of_what_is_not_there_are_refused(ec2, resource, code, message):
    with refused(code, message):
        ec2.create_tags(Resources=[resource], Tags=[{"Key": "a", "Value": "x"}])


def test_a_public_image_is_tagged_for_the_account_alone(ec2, server):
    tags = [{"Key": "Owner", "Value": "me"}]
    ec2.create_tags(Resources=[IMAGE], Tags=tags)
    assert [(one["ImageId"], one["Tags"]) for one in ec2.describe_images(Filters=[{"Name": "tag:Owner", "Values": ["me"]}])["Images"]] == [(IMAGE, tags)]
    assert ec2.describe_tags()["Tags"] == [{"Key": "Owner", "ResourceId": IMAGE, "ResourceType": "image", "Value": "me"}]
    assert "Tags" not in server.client("ec2", key="222233334444").describe_images(ImageIds=[IMAGE])["Images"][0]


def test_a_rule_of_a_group_is_tagged(ec2, group):
    (rule,) = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    tags = [{"Key": "why", "Value": "updates"}]
    ec2.create_tags(Resources=[rule["SecurityGroupRuleId"]], Tags=tags)
    (shown_rule,) = ec2.describe_security_group_rules(Filters=[{"Name": "tag:why", "Values": ["updates"]}])["SecurityGroupRules"]
    assert (shown_rule["SecurityGroupRuleId"], shown_rule["Tags"]) == (rule["SecurityGroupRuleId"], tags)
    assert [one["ResourceType"] for one in ec2.describe_tags()["Tags"]] == ["security-group-rule"]


def counted(reply):
    return len(next(value for value in reply.values() if isinstance(value, list)))


@pytest.mark.parametrize(
    ("operation", "name", "value", "found"),
    [
        ("describe_volumes", "fast-restored", "false", 1),
        ("describe_instances", "network-interface.requester-managed", "false", 1),
        ("describe_instances", "network-interface.ipv6-native", "true", 0),
        ("describe_instances", "network-interface.association.carrier-ip", "*", 0),
        ("describe_subnets", "ipv6-cidr-block-association.state", "associated", 0),
        ("describe_instance_types", "instance-storage-info.disk.type", "ssd", 0),
    ],
)
def test_what_is_the_same_of_all_is_filtered_by_too(ec2, one, operation, name, value, found):
    assert counted(getattr(ec2, operation)(Filters=[{"Name": name, "Values": [value]}])) == found


def test_types_are_found_by_fractions(ec2):
    clock = [{"Name": "instance-type", "Values": ["t3.*"]}, {"Name": "processor-info.sustained-clock-speed-in-ghz", "Values": ["2.5"]}]
    assert "t3.micro" in [one["InstanceType"] for one in ec2.describe_instance_types(Filters=clock)["InstanceTypes"]]
    slower = [{"Name": "instance-type", "Values": ["t3.micro"]}, {"Name": "ebs-info.ebs-optimized-info.baseline-throughput-in-mbps", "Values": ["10.5"]}]
    assert ec2.describe_instance_types(Filters=slower)["InstanceTypes"] == []


# ---- Security groups ----


def rule(port, *cidrs, protocol="tcp"):
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr} for cidr in cidrs]}


def permissions(ec2, group, which="IpPermissions"):
    return ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0][which]


def test_a_group_begins_with_no_way_in_and_every_way_out(ec2, account):
    made = ec2.create_security_group(
        GroupName="web", Description="Of tests", TagSpecifications=[{"ResourceType": "security-group", "Tags": [{"Key": "a", "Value": "b"}]}]
    )
    assert re.fullmatch(r"sg-[0-9a-f]{17}", made["GroupId"])
    assert made["SecurityGroupArn"] == f"arn:aws:ec2:us-east-1:{account}:security-group/{made['GroupId']}"
    (found,) = ec2.describe_security_groups(GroupNames=["web"])["SecurityGroups"]
    out = {"IpProtocol": "-1", "UserIdGroupPairs": [], "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [], "PrefixListIds": []}
    assert found["IpPermissions"] == [] and found["IpPermissionsEgress"] == [out]
    assert (found["OwnerId"], found["Description"], found["Tags"]) == (account, "Of tests", [{"Key": "a", "Value": "b"}])
    assert found["VpcId"] == ec2.describe_vpcs()["Vpcs"][0]["VpcId"]


def test_the_default_group_admits_its_members_and_stays(ec2, account):
    (default,) = ec2.describe_security_groups()["SecurityGroups"]
    id = default["GroupId"]
    assert default["GroupName"] == "default" and default["Description"] == "default VPC security group"
    assert default["IpPermissions"][0]["UserIdGroupPairs"] == [{"GroupId": id, "UserId": account}]
    with refused("CannotDelete", f'the specified group: "{id}" name: "default" cannot be deleted by a user', 400):
        ec2.delete_security_group(GroupId=id)


def test_a_group_that_cannot_be_made_is_refused(ec2, group):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    with refused("InvalidGroup.Duplicate", f"The security group 'web' already exists for VPC '{vpc}'", 400):
        ec2.create_security_group(GroupName="web", Description="again")
    with refused("InvalidParameterValue", "Cannot use reserved security group name: default"):
        ec2.create_security_group(GroupName="default", Description="x")
    with refused("InvalidParameterValue", "Invalid security group name. Group names may not be in the format sg-*."):
        ec2.create_security_group(GroupName="sg-mine", Description="x")
    with refused("InvalidParameterValue"):
        ec2.create_security_group(GroupName="x" * 256, Description="x")
    with refused("InvalidParameterValue"):
        ec2.create_security_group(GroupName="other", Description="ü")
    with refused("InvalidVpcID.NotFound", "The vpc ID 'vpc-0123456789abcdef0' does not exist"):
        ec2.create_security_group(GroupName="other", Description="x", VpcId="vpc-0123456789abcdef0")
    with refused("MissingParameter", "The request must contain the parameter GroupDescription"):
        ec2.create_security_group(GroupName="other")


def test_rules_of_one_port_are_shown_together_and_are_rules_of_their_own(ec2, group):
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule(80, "0.0.0.0/0", "10.1.2.3/8")])
    assert made["Return"] and [one["CidrIpv4"] for one in made["SecurityGroupRules"]] == ["0.0.0.0/0", "10.0.0.0/8"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="192.168.0.0/16")
    (shown_together,) = permissions(ec2, group)
    assert [one["CidrIp"] for one in shown_together["IpRanges"]] == ["0.0.0.0/0", "10.0.0.0/8", "192.168.0.0/16"]
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    assert len({one["SecurityGroupRuleId"] for one in rules}) == 4 and [one["IsEgress"] for one in rules] == [True, False, False, False]
    gone = ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule(80, "10.0.0.0/8")])["RevokedSecurityGroupRules"]
    assert [one["CidrIpv4"] for one in gone] == ["10.0.0.0/8"]
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[made["SecurityGroupRules"][0]["SecurityGroupRuleId"]])
    (left,) = permissions(ec2, group)
    assert left["IpRanges"] == [{"CidrIp": "192.168.0.0/16"}]


def test_a_rule_may_name_a_group_and_every_protocol(ec2, group, account):
    other = ec2.create_security_group(GroupName="other", Description="x")["GroupId"]
    pairs = [{"GroupId": other, "Description": "from the other"}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": pairs}])
    (found,) = permissions(ec2, group)
    assert "FromPort" not in found and found["UserIdGroupPairs"] == [{"Description": "from the other", "UserId": account, "GroupId": other}]
    with refused("DependencyViolation", f"resource {other} has a dependent object", 400):
        ec2.delete_security_group(GroupId=other)
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": pairs}])
    assert ec2.delete_security_group(GroupId=other)["Return"]


def test_ways_out_are_authorized_and_revoked(ec2, group):
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[rule(443, "0.0.0.0/0")])
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    (left,) = permissions(ec2, group, "IpPermissionsEgress")
    assert (left["FromPort"], left["IpRanges"]) == (443, [{"CidrIp": "0.0.0.0/0"}]) and permissions(ec2, group) == []


@pytest.mark.parametrize(
    ("code", "message", "asked"),
    [
        (
            "InvalidPermission.Duplicate",
            'the specified rule "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW" already exists',
            rule(22, "0.0.0.0/0"),
        ),
        ("InvalidParameterValue", "CIDR block 1.2.3.4/33 is malformed", rule(80, "1.2.3.4/33")),
        ("InvalidParameterValue", "CIDR block anywhere is malformed", rule(80, "anywhere")),
        ("InvalidParameterValue", "Invalid TCP/UDP port range (90:80)", {**rule(80, "0.0.0.0/0"), "FromPort": 90}),
        (
            "InvalidParameterValue",
            "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
            {"IpProtocol": "udp", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        ),
        ("InvalidParameterValue", "The same permission must not appear multiple times", rule(8080, "0.0.0.0/0")),
        ("InvalidPermission.Malformed", None, rule(80, "0.0.0.0/0", protocol="smoke")),
        ("InvalidGroup.NotFound", None, {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-0123456789abcdef0"}]}),
        ("UnsupportedOperation", "Rules with PrefixListIds are not built.", {"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": "pl-1"}]}),
    ],
)
def test_a_rule_that_cannot_be_is_refused_and_changes_nothing(ec2, group, code, message, asked):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule(22, "0.0.0.0/0")])
    before = permissions(ec2, group)
    with refused(code, message, 400):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule(8080, "0.0.0.0/0"), asked])
    assert permissions(ec2, group) == before


@pytest.mark.parametrize("description", ["Café", "Let's", "x" * 256])
def test_a_rule_is_described_in_plain_letters(ec2, group, description):
    rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": description}]}
    message = (
        "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
    )
    with refused("InvalidParameterValue", message, 400):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


@pytest.mark.parametrize(
    ("protocol", "port", "words"), [("50", -1, "protocol: 50"), ("icmp", -1, "ICMP, type: ALL, code: ALL"), ("udp", 53, "UDP, from port: 53, to port: 53")]
)
def test_a_rule_that_is_there_already_is_told_in_the_words_of_its_protocol(ec2, group, protocol, port, words):
    asked = [rule(port, "10.0.0.0/8", protocol=protocol)]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=asked)
    with refused("InvalidPermission.Duplicate", f'the specified rule "peer: 10.0.0.0/8, {words}, ALLOW" already exists', 400):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=asked)


def test_a_rule_that_is_not_there_cannot_be_revoked(ec2, group):
    with refused("InvalidPermission.NotFound", "The specified rule does not exist in this security group.", 400):
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule(80, "0.0.0.0/0")])


def test_a_group_in_use_is_not_deleted_until_its_instances_are_gone(ec2, run, group):
    id = run(SecurityGroups=["web"])["Instances"][0]["InstanceId"]
    with refused("DependencyViolation", f"resource {group} has a dependent object"):
        ec2.delete_security_group(GroupId=group)
    ec2.terminate_instances(InstanceIds=[id])
    reaches(ec2, id, "terminated")
    ec2.delete_security_group(GroupName="web")
    with refused("InvalidGroup.NotFound", f"The security group '{group}' does not exist", 400):
        ec2.describe_security_groups(GroupIds=[group])
    with refused("InvalidGroupId.Malformed", 'Invalid id: "web" (expecting "sg-...")'):
        ec2.describe_security_groups(GroupIds=["web"])


# ---- Facts ----


def test_an_account_has_a_default_vpc_with_a_subnet_in_its_zone(ec2, account):
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    (subnet,) = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    (zone,) = ec2.describe_availability_zones()["AvailabilityZones"]
    assert (vpc["State"], vpc["OwnerId"], subnet["AvailabilityZone"], zone["State"]) == ("available", account, zone["ZoneName"], "available")
    assert ec2.describe_availability_zones(ZoneNames=[zone["ZoneName"]])["AvailabilityZones"] == [zone]
    with refused("InvalidParameterValue", "Invalid availability zone: [mars-1a]"):
        ec2.describe_availability_zones(ZoneNames=["mars-1a"])
    with refused("InvalidVpcID.NotFound", "The vpc ID 'vpc-0123456789abcdef0' does not exist"):
        ec2.describe_vpcs(VpcIds=["vpc-0123456789abcdef0"])


def test_regions_are_those_of_every_account_until_all_are_asked_for(ec2):
    usual = ec2.describe_regions()["Regions"]
    assert len(usual) == 17 and {region["OptInStatus"] for region in usual} == {"opt-in-not-required"}
    every = {region["RegionName"]: region["OptInStatus"] for region in ec2.describe_regions(AllRegions=True)["Regions"]}
    assert len(every) > 17 and every["af-south-1"] == "not-opted-in"
    (one,) = ec2.describe_regions(RegionNames=["eu-west-3"])["Regions"]
    assert one["Endpoint"] == "ec2.eu-west-3.amazonaws.com"
    with refused("InvalidParameterValue", "Invalid region: [us--east-1]", 400):
        ec2.describe_regions(RegionNames=["us--east-1"])


def test_what_is_asked_for_and_not_there_is_not_answered_as_if_it_were(ec2):
    with refused("InvalidParameterValue", "Invalid availability zone-id: [use1-az9]"):
        ec2.describe_availability_zones(ZoneIds=["use1-az9"])
    with refused("InvalidKeyPair.NotFound", "The key pair 'key-0123456789abcdef0' does not exist"):
        ec2.describe_key_pairs(KeyPairIds=["key-0123456789abcdef0"])
    assert ec2.describe_images(ExecutableUsers=["self"])["Images"] == []


def test_groups_of_a_name_are_looked_for_in_the_default_vpc(ec2, group):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    message = f"The security group 'nowhere' does not exist in default VPC '{vpc}'"
    with refused("InvalidGroup.NotFound", message, 400):
        ec2.describe_security_groups(GroupNames=["nowhere"])
    with refused("InvalidGroup.NotFound", message, 400):
        ec2.run_instances(ImageId="ami-0a1b2c3d4e5f60001", InstanceType="t3.micro", MinCount=1, MaxCount=1, SecurityGroups=["nowhere"])
    pair = {"GroupId": group, "UserId": "999999999999"}
    with refused("InvalidGroup.NotFound", f"The security group '{group}' does not exist"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [pair]}])


def test_images_are_found_by_owner_name_and_id(ec2):
    names = [{"Name": "name", "Values": ["al2023-ami-*-x86_64"]}]
    (image,) = ec2.describe_images(Owners=["amazon"], Filters=names)["Images"]
    assert (image["ImageId"], image["State"], image["Architecture"]) == (IMAGE, "available", "x86_64")
    assert ec2.describe_images(ImageIds=[IMAGE])["Images"] == [image]
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    with refused("InvalidAMIID.NotFound", "The image id '[ami-0123456789abcdef0]' does not exist"):
        ec2.describe_images(ImageIds=["ami-0123456789abcdef0"])


def test_instance_types_tell_cores_and_memory_in_pages(ec2):
    (found,) = ec2.describe_instance_types(InstanceTypes=[TYPE])["InstanceTypes"]
    assert (found["VCpuInfo"]["DefaultVCpus"], found["MemoryInfo"]["SizeInMiB"]) == (2, 1024)
    first = ec2.describe_instance_types(MaxResults=5)
    second = ec2.describe_instance_types(MaxResults=5, NextToken=first["NextToken"])
    names = [one["InstanceType"] for one in first["InstanceTypes"] + second["InstanceTypes"]]
    assert len(set(names)) == 10
    with refused("InvalidInstanceType", "The following supplied instance types do not exist: [z9.huge]"):
        ec2.describe_instance_types(InstanceTypes=["z9.huge"])


@pytest.mark.parametrize(
    ("operation", "name"), [("create_vpc", "CreateVpc"), ("describe_nat_gateways", "DescribeNatGateways"), ("allocate_address", "AllocateAddress")]
)
def test_what_is_not_built_says_so_by_name(ec2, operation, name):
    with refused("NotImplemented", f"ec2:{name} is modelled but not built.", 501):
        getattr(ec2, operation)()


def test_the_command_line_runs_and_waits(cli):
    made = json.loads(cli("ec2", "run-instances", "--image-id", IMAGE, "--instance-type", TYPE, "--count", "1"))
    id = made["Instances"][0]["InstanceId"]
    cli("ec2", "wait", "instance-running", "--instance-ids", id)
    query = "Reservations[].Instances[].State.Name"
    assert json.loads(cli("ec2", "describe-instances", "--instance-ids", id, "--query", query)) == ["running"]
    cli("ec2", "terminate-instances", "--instance-ids", id)


# ---- Rules that change ----


@pytest.fixture
def http(ec2):
    """A group with one rule: its id, and the rule's."""
    group = ec2.create_security_group(GroupName="web", Description="Of tests")["GroupId"]
    open_to_all = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "http"}]}
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[open_to_all])
    return group, made["SecurityGroupRules"][0]["SecurityGroupRuleId"]


def rule_of(ec2, rule):
    return ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"][0]


def modify(ec2, group, rule, **to):
    return ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": to}])


def test_a_modified_rule_keeps_its_id(ec2, http):
    group, rule = http
    assert modify(ec2, group, rule, IpProtocol="tcp", FromPort=8080, ToPort=8081, CidrIpv4="10.1.2.3/8")["Return"] is True
    found = rule_of(ec2, rule)
    assert (found["FromPort"], found["ToPort"], found["CidrIpv4"], found["IsEgress"]) == (8080, 8081, "10.0.0.0/8", False)
    assert "Description" not in found


def test_a_modified_rule_keeps_its_kind_of_peer(ec2, http):
    group, rule = http
    with refused("InvalidParameterValue"):
        modify(ec2, group, rule, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIpv6="::/0")
    with refused("InvalidParameterValue"):
        modify(ec2, group, rule, IpProtocol="tcp", FromPort=80, ToPort=80)
    assert rule_of(ec2, rule)["CidrIpv4"] == "0.0.0.0/0"


def test_a_rule_is_not_modified_into_another_one(ec2, http):
    group, rule = http
    other = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[other])
    with refused("InvalidPermission.Duplicate"):
        modify(ec2, group, rule, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIpv4="0.0.0.0/0")


def test_a_rule_that_is_not_the_groups_is_not_modified(ec2, http):
    with refused("InvalidSecurityGroupRuleId.NotFound"):
        modify(ec2, http[0], "sgr-0123456789abcdef0", IpProtocol="-1", CidrIpv4="0.0.0.0/0")


def test_a_rules_description_changes_alone(ec2, http):
    group, rule = http
    ec2.update_security_group_rule_descriptions_ingress(
        GroupId=group, SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": rule, "Description": "by id"}]
    )
    assert rule_of(ec2, rule)["Description"] == "by id"
    same = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "by what it says"}]}
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[same])
    assert rule_of(ec2, rule)["Description"] == "by what it says"
    with refused("InvalidPermission.NotFound"):
        ec2.update_security_group_rule_descriptions_egress(GroupId=group, IpPermissions=[same])
