"""What EC2 shows of an instance besides its life: interface, volume, processors, credits, metadata options; and what is refused where it would be ignored."""

import json

import pytest
from delivery import IMAGE, until
from iam_words import allow, document, refused

AMAZON_LINUX_2 = "ami-0a1b2c3d4e5f60002"
VPC_ATTRIBUTES = ["enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics"]


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def run(ec2):
    """run(…) starts one instance and returns what EC2 answered of it; it is terminated with the test."""
    started = []

    def start(**more):
        made = ec2.run_instances(**{"ImageId": IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, **more})["Instances"][0]
        started.append(made["InstanceId"])
        return made

    yield start
    if started:
        ec2.terminate_instances(InstanceIds=started)


@pytest.fixture
def group(ec2):
    return ec2.create_security_group(GroupName="web", Description="Of tests")["GroupId"]


def shown(ec2, made):
    return ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"][0]


def reaches(ec2, made, state):
    return until(lambda: (found := shown(ec2, made))["State"]["Name"] == state and found, what=state)


def said(ec2, made):
    def output():
        text = ec2.get_console_output(InstanceId=made["InstanceId"]).get("Output", "")
        return "the end" in text and text

    return until(output, what="user data")


def test_a_launch_is_answered_before_the_instance_has_a_volume_and_a_public_address(run):
    made = run()
    assert made["BlockDeviceMappings"] == [] and made["PublicDnsName"] == "" and "PublicIpAddress" not in made and "Tags" not in made
    assert made["LaunchTime"].microsecond == 0 and made["MetadataOptions"]["State"] == "pending"
    (interface,) = made["NetworkInterfaces"]
    assert interface["Attachment"]["Status"] == "attaching" and "Association" not in interface
    assert interface["PrivateIpAddresses"] == [
        {"Primary": True, "PrivateDnsName": made["PrivateDnsName"], "PrivateIpAddress": made["PrivateIpAddress"]}
    ]


def test_a_running_instance_shows_its_interface_and_its_root_volume(ec2, run, account):
    found = reaches(ec2, run(), "running")
    (interface,), (mapping,) = found["NetworkInterfaces"], found["BlockDeviceMappings"]
    assert interface["Association"] == {"IpOwnerId": "amazon", "PublicDnsName": found["PublicDnsName"], "PublicIp": found["PublicIpAddress"]}
    assert interface["Attachment"]["Status"] == "attached" and interface["OwnerId"] == account and interface["Groups"] == found["SecurityGroups"]
    assert mapping["DeviceName"] == found["RootDeviceName"] == "/dev/xvda"
    assert mapping["Ebs"]["Status"] == "attached" and mapping["Ebs"]["DeleteOnTermination"] is True
    assert found["CpuOptions"] == {"CoreCount": 1, "ThreadsPerCore": 2} and found["HibernationOptions"] == {"Configured": False}
    assert found["CurrentInstanceBootMode"] == "uefi" and found["BootMode"] == "uefi-preferred"
    assert found["CapacityReservationSpecification"] == {"CapacityReservationPreference": "open"}
    assert found["MaintenanceOptions"] == {"AutoRecovery": "default"} and found["Operator"] == {"Managed": False}


def test_a_terminated_instance_has_lost_its_network_and_its_volume(ec2, run):
    made = run()
    reaches(ec2, made, "running")
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    gone = reaches(ec2, made, "terminated")
    assert gone["NetworkInterfaces"] == gone["BlockDeviceMappings"] == gone["SecurityGroups"] == []
    assert gone["PrivateDnsName"] == gone["PublicDnsName"] == ""
    assert not {"PrivateIpAddress", "PublicIpAddress", "SubnetId", "VpcId"} & gone.keys()
    assert ec2.describe_volumes()["Volumes"] == [] and ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_the_root_volume_is_as_it_was_asked_for(ec2, run):
    root = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp2"}}
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "cost-center", "Value": "cc123"}]}]
    made = run(BlockDeviceMappings=[root], TagSpecifications=tags)
    (volume,) = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [made["InstanceId"]]}])["Volumes"]
    assert (volume["Size"], volume["VolumeType"], volume["Iops"], volume["State"]) == (20, "gp2", 100, "in-use") and "Throughput" not in volume
    assert volume["Tags"] == [{"Key": "cost-center", "Value": "cc123"}] and volume["Attachments"][0]["Device"] == "/dev/xvda"
    assert ec2.describe_volumes(VolumeIds=[volume["VolumeId"]])["Volumes"] == [volume]
    ec2.create_tags(Resources=[volume["VolumeId"]], Tags=[{"Key": "Name", "Value": "root"}])
    told = ec2.describe_tags(Filters=[{"Name": "resource-type", "Values": ["volume"]}])["Tags"]
    assert [(tag["Key"], tag["ResourceId"]) for tag in told] == [("cost-center", volume["VolumeId"]), ("Name", volume["VolumeId"])]
    with refused("InvalidVolume.NotFound", "The volume 'vol-0123456789abcdef0' does not exist.", 400):
        ec2.describe_volumes(VolumeIds=["vol-0123456789abcdef0"])


@pytest.mark.parametrize(
    ("code", "message", "device"),
    [
        ("InvalidBlockDeviceMapping", None, {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 4}}),
        ("InvalidParameterCombination", None, {"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "gp2", "Throughput": 125}}),
        (
            "UnsupportedOperation",
            "RunInstances with a volume at /dev/sdh is not built: an instance has one volume, at /dev/xvda.",
            {"DeviceName": "/dev/sdh", "Ebs": {"VolumeSize": 100}},
        ),
        (
            "UnsupportedOperation",
            "RunInstances with an instance store volume (VirtualName) is not built.",
            {"DeviceName": "/dev/sdc", "VirtualName": "ephemeral1"},
        ),
        ("UnsupportedOperation", "RunInstances with an encrypted volume is not built.", {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}),
        (
            "InvalidParameterCombination",
            "The parameter iops is not supported for gp2 volumes.",
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "gp2", "Iops": 300}},
        ),
        (
            "MissingParameter",
            "The parameter iops must be specified for io1 volumes.",
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "io1", "VolumeSize": 10}},
        ),
    ],
)
def test_a_block_device_that_cannot_be_is_refused(run, code, message, device):
    with refused(code, message, 400):
        run(BlockDeviceMappings=[device])


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("InstanceCreditSpecification.NotSupported", {"InstanceType": "m5.large", "CreditSpecification": {"CpuCredits": "unlimited"}}),
        ("InvalidParameterValue", {"CpuOptions": {"CoreCount": 8, "ThreadsPerCore": 1}}),
        ("UnsupportedOperation", {"NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": False}]}),
        ("InvalidParameterCombination", {"NetworkInterfaces": [{"DeviceIndex": 0}], "SecurityGroupIds": ["sg-0123456789abcdef0"]}),
        ("UnsupportedOperation", {"Placement": {"GroupName": "cluster"}}),
        ("UnsupportedOperation", {"MetadataOptions": {"HttpProtocolIpv6": "enabled"}}),
        ("InvalidParameterValue", {"MetadataOptions": {"HttpTokens": "maybe"}}),
        ("UnsupportedOperation", {"CapacityReservationSpecification": {"CapacityReservationTarget": {"CapacityReservationId": "cr-1"}}}),
        ("UnsupportedOperation", {"EnclaveOptions": {"Enabled": True}}),
    ],
)
def test_an_option_that_would_have_no_effect_is_refused(run, code, asked):
    with refused(code, status=400):
        run(**asked)


def test_processors_and_credits_are_as_they_were_asked_for(ec2, run):
    made = run(CpuOptions={"CoreCount": 1, "ThreadsPerCore": 1}, CreditSpecification={"CpuCredits": "standard"})
    assert made["CpuOptions"] == {"CoreCount": 1, "ThreadsPerCore": 1}
    told = ec2.describe_instance_credit_specifications(InstanceIds=[made["InstanceId"]])
    assert told["InstanceCreditSpecifications"] == [{"InstanceId": made["InstanceId"], "CpuCredits": "standard"}]
    assert ec2.describe_instance_credit_specifications()["InstanceCreditSpecifications"] == []


def test_a_t3_may_use_more_than_it_earned_unless_told_otherwise(ec2, run):
    made = run()
    told = ec2.describe_instance_credit_specifications()["InstanceCreditSpecifications"]
    assert told == [{"InstanceId": made["InstanceId"], "CpuCredits": "unlimited"}]


def test_an_interface_is_found_by_its_instance(ec2, run, group, account):
    made = run(NetworkInterfaces=[{"DeviceIndex": 0, "Description": "of web", "Groups": [group], "AssociatePublicIpAddress": True}])
    (found,) = ec2.describe_network_interfaces(Filters=[{"Name": "attachment.instance-id", "Values": [made["InstanceId"]]}])["NetworkInterfaces"]
    assert found["Description"] == "of web" and found["Groups"] == [{"GroupId": group, "GroupName": "web"}] and found["TagSet"] == []
    assert found["Attachment"]["InstanceOwnerId"] == account and found["RequesterManaged"] is False
    assert ec2.describe_network_interfaces(NetworkInterfaceIds=[found["NetworkInterfaceId"]])["NetworkInterfaces"][0]["MacAddress"] == found["MacAddress"]


ASKING = """#!/bin/sh
at=http://169.254.169.254/latest
echo "without: $(curl -s -o /dev/null -w '%{http_code}' $at/meta-data/instance-id)"
token=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $at/api/token)
echo "tags: $(curl -s -o /dev/null -w '%{http_code}' -H "X-aws-ec2-metadata-token: $token" $at/meta-data/tags/instance)"
echo the end
"""


def test_metadata_answer_without_a_token_where_tokens_are_optional(ec2, run):
    made = run(UserData=ASKING, MetadataOptions={"HttpTokens": "optional"})
    assert made["MetadataOptions"]["InstanceMetadataTags"] == "disabled"  # tags are served to who asked for them
    assert said(ec2, made).splitlines()[:2] == ["without: 200", "tags: 404"]


def test_metadata_can_be_closed_altogether(ec2, run):
    made = run(UserData=ASKING, MetadataOptions={"HttpEndpoint": "disabled"})
    assert said(ec2, made).splitlines()[:2] == ["without: 403", "tags: 403"]


def test_amazon_linux_2_takes_requests_without_a_token_until_that_is_changed(ec2, run):
    made = run(ImageId=AMAZON_LINUX_2)
    assert made["MetadataOptions"]["HttpTokens"] == "optional" and made["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    changed = ec2.modify_instance_metadata_options(InstanceId=made["InstanceId"], HttpTokens="required", HttpPutResponseHopLimit=3)
    assert changed["InstanceMetadataOptions"]["State"] == "pending" and changed["InstanceMetadataOptions"]["HttpTokens"] == "required"
    options = shown(ec2, made)["MetadataOptions"]
    assert (options["State"], options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("applied", "required", 3)


def test_an_instance_that_may_not_be_stopped_is_not(ec2, run):
    made = run(DisableApiStop=True)
    reaches(ec2, made, "running")
    message = f"The instance '{made['InstanceId']}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."
    with refused("OperationNotPermitted", message, 400):
        ec2.stop_instances(InstanceIds=[made["InstanceId"]])
    ec2.modify_instance_attribute(InstanceId=made["InstanceId"], DisableApiStop={"Value": False})
    assert ec2.stop_instances(InstanceIds=[made["InstanceId"]])["StoppingInstances"][0]["CurrentState"]["Name"] == "stopping"


def test_a_start_is_a_launch_of_its_own_time_on_the_volume_of_before(start_server):
    server = start_server()  # its clock is moved, which other tests must not see
    ec2 = server.client("ec2")
    made = ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]
    before = reaches(ec2, made, "running")
    ec2.stop_instances(InstanceIds=[made["InstanceId"]])
    stopped = reaches(ec2, made, "stopped")
    assert stopped["PublicDnsName"] == "" and "Association" not in stopped["NetworkInterfaces"][0]
    server.request("POST", "/_rehearse/clock", json.dumps({"advance": "1m"}))
    ec2.start_instances(InstanceIds=[made["InstanceId"]])
    after = reaches(ec2, made, "running")
    assert after["LaunchTime"] > before["LaunchTime"] and after["UsageOperationUpdateTime"] == before["LaunchTime"]
    assert after["BlockDeviceMappings"] == before["BlockDeviceMappings"]


def test_a_stopped_instance_can_become_another_type(ec2, run):
    made = run(CpuOptions={"CoreCount": 1, "ThreadsPerCore": 1})
    id = made["InstanceId"]
    reaches(ec2, made, "running")
    with refused("IncorrectInstanceState", f"The instance '{id}' is not in the 'stopped' state."):
        ec2.modify_instance_attribute(InstanceId=id, InstanceType={"Value": "t2.medium"})
    ec2.stop_instances(InstanceIds=[id])
    reaches(ec2, made, "stopped")
    with refused("InvalidParameterValue", "Invalid value 'z9.huge' for InstanceType."):
        ec2.modify_instance_attribute(InstanceId=id, InstanceType={"Value": "z9.huge"})
    ec2.modify_instance_attribute(InstanceId=id, InstanceType={"Value": "t2.medium"})
    ec2.start_instances(InstanceIds=[id])
    after = reaches(ec2, made, "running")
    assert (after["InstanceType"], after["CurrentInstanceBootMode"]) == ("t2.medium", "legacy-bios")
    assert after["CpuOptions"] == {"CoreCount": 2, "ThreadsPerCore": 1}


def test_a_group_that_admits_udp_from_everywhere_is_kept_and_no_instance_can_have_it(ec2, run, group):
    rule = {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    assert ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])["SecurityGroupRules"][0]["IpProtocol"] == "udp"
    with refused("UnsupportedOperation"):
        run(SecurityGroupIds=[group])


def test_ways_out_cannot_be_restricted_for_an_instance(ec2, run, group):
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    run(SecurityGroupIds=[group])
    with refused("UnsupportedOperation"):
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
    other = ec2.create_security_group(GroupName="closed", Description="Of tests")["GroupId"]
    ec2.revoke_security_group_egress(GroupId=other, IpPermissions=[everything])
    with refused("UnsupportedOperation"):
        run(SecurityGroupIds=[other])


def test_an_instance_type_tells_what_it_can_do(ec2):
    (small,) = ec2.describe_instance_types(InstanceTypes=["t2.micro"])["InstanceTypes"]
    assert small["VCpuInfo"] == {"DefaultVCpus": 1, "DefaultCores": 1, "DefaultThreadsPerCore": 1, "ValidCores": [1], "ValidThreadsPerCore": [1]}
    assert small["ProcessorInfo"]["SupportedArchitectures"] == ["i386", "x86_64"] and small["NetworkInfo"]["MaximumNetworkInterfaces"] == 2
    assert small["BurstablePerformanceSupported"] is True and small["EbsInfo"]["EbsOptimizedSupport"] == "unsupported"
    burstable = ec2.describe_instance_types(Filters=[{"Name": "burstable-performance-supported", "Values": ["false"]}])["InstanceTypes"]
    assert {one["InstanceType"] for one in burstable} == {"m5.large", "m5.xlarge", "c5.large", "c5.xlarge", "m1.small"}


def test_zones_have_ids_and_images_have_devices(ec2):
    assert ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneId"] == "use1-az1"
    (subnet,) = ec2.describe_subnets(Filters=[{"Name": "availability-zone-id", "Values": ["use1-az1"]}])["Subnets"]
    assert subnet["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "ip-name" and "Tags" not in subnet
    (image,) = ec2.describe_images(ImageIds=[IMAGE])["Images"]
    (device,) = image["BlockDeviceMappings"]
    assert device["Ebs"]["VolumeSize"] == 8 and device["DeviceName"] == image["RootDeviceName"] and image["ImdsSupport"] == "v2.0"
    assert ec2.describe_vpcs()["Vpcs"][0]["DhcpOptionsId"].startswith("dopt-")


def test_the_default_vpc_resolves_names_and_counts_no_addresses(ec2):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    told = [ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name) for name in VPC_ATTRIBUTES]
    assert [one[name[0].upper() + name[1:]]["Value"] for one, name in zip(told, VPC_ATTRIBUTES, strict=True)] == [True, True, False]
    assert told[0].keys() == {"VpcId", "EnableDnsSupport", "ResponseMetadata"}
    with refused("InvalidVpcID.NotFound"):
        ec2.describe_vpc_attribute(VpcId="vpc-0123456789abcdef0", Attribute="enableDnsSupport")


def test_an_attribute_of_a_vpc_is_read_by_who_may_read_that_vpc(server, aws, ec2, account):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    aws("iam").create_user(UserName="reader")
    only = allow("ec2:DescribeVpcAttribute", f"arn:aws:ec2:us-east-1:{account}:vpc/{vpc}")
    aws("iam").put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=document(only))
    key = aws("iam").create_access_key(UserName="reader")["AccessKey"]
    reader = server.client("ec2", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert reader.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")["VpcId"] == vpc
    with refused("UnauthorizedOperation", status=403):
        reader.describe_vpc_attribute(VpcId="vpc-0123456789abcdef0", Attribute="enableDnsSupport")


def test_the_default_vpc_has_a_main_route_table(ec2):
    vpc = ec2.describe_vpcs()["Vpcs"][0]
    main = [{"Name": "association.main", "Values": ["true"]}, {"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    (table,) = ec2.describe_route_tables(Filters=main)["RouteTables"]
    (association,) = table["Associations"]
    assert association["Main"] is True and association["RouteTableId"] == table["RouteTableId"] and table["VpcId"] == vpc["VpcId"]
    assert [(one["DestinationCidrBlock"], one["GatewayId"][:5], one["Origin"]) for one in table["Routes"]] == [
        (vpc["CidrBlock"], "local", "CreateRouteTable"),
        ("0.0.0.0/0", "igw-0", "CreateRoute"),
    ]
    assert ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": ["subnet-1"]}])["RouteTables"] == []
    with refused("InvalidRouteTableID.NotFound"):
        ec2.describe_route_tables(RouteTableIds=["rtb-0123456789abcdef0"])


def test_the_default_vpc_has_an_internet_gateway(ec2):
    vpc = ec2.describe_vpcs()["Vpcs"][0]
    (gateway,) = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}])["InternetGateways"]
    assert (gateway["Attachments"], gateway["OwnerId"]) == ([{"State": "available", "VpcId": vpc["VpcId"]}], vpc["OwnerId"])
    routes = ec2.describe_route_tables()["RouteTables"][0]["Routes"]
    assert gateway["InternetGatewayId"] in [one["GatewayId"] for one in routes]
    with refused("InvalidInternetGatewayID.NotFound", "The internetGateway ID 'igw-0123456789abcdef0' does not exist"):
        ec2.describe_internet_gateways(InternetGatewayIds=["igw-0123456789abcdef0"])


def test_the_default_vpc_has_dhcp_options(ec2, server, account):
    (options,) = ec2.describe_dhcp_options(DhcpOptionsIds=[ec2.describe_vpcs()["Vpcs"][0]["DhcpOptionsId"]])["DhcpOptions"]
    told = {one["Key"]: [value["Value"] for value in one["Values"]] for one in options["DhcpConfigurations"]}
    assert told == {"domain-name": ["ec2.internal"], "domain-name-servers": ["AmazonProvidedDNS"]}
    elsewhere = server.client("ec2", key=account, region="eu-west-1")
    assert elsewhere.describe_dhcp_options(Filters=[{"Name": "value", "Values": ["eu-west-1.compute.internal"]}])["DhcpOptions"]


def test_an_account_tells_its_default_vpc(ec2):
    told = {one["AttributeName"]: one["AttributeValues"] for one in ec2.describe_account_attributes()["AccountAttributes"]}
    assert told["supported-platforms"] == [{"AttributeValue": "VPC"}]
    assert told["default-vpc"] == [{"AttributeValue": ec2.describe_vpcs()["Vpcs"][0]["VpcId"]}]
    (one,) = ec2.describe_account_attributes(AttributeNames=["default-vpc"])["AccountAttributes"]
    assert one["AttributeName"] == "default-vpc"


def test_types_are_offered_in_the_region_and_in_its_zone(ec2):
    (here,) = ec2.describe_instance_type_offerings(Filters=[{"Name": "instance-type", "Values": ["t3.micro"]}])["InstanceTypeOfferings"]
    assert here == {"InstanceType": "t3.micro", "LocationType": "region", "Location": "us-east-1"}
    asked = [{"Name": "location", "Values": ["us-east-1a"]}]
    zones = ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=asked)["InstanceTypeOfferings"]
    assert len(zones) == len(ec2.describe_instance_types()["InstanceTypes"]) and {one["Location"] for one in zones} == {"us-east-1a"}
    assert ec2.describe_instance_type_offerings(LocationType="outpost")["InstanceTypeOfferings"] == []


def test_what_nobody_has_made_is_told_so(ec2):
    assert ec2.describe_addresses()["Addresses"] == []
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert ec2.describe_vpn_gateways()["VpnGateways"] == []
    with refused("InvalidVpcPeeringConnectionID.NotFound", "The vpcPeeringConnection ID 'pcx-0123456789abcdef0' does not exist"):
        ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=["pcx-0123456789abcdef0"])
    with refused("InvalidAddress.NotFound", "Address '192.0.2.1' not found."):
        ec2.describe_addresses(PublicIps=["192.0.2.1"])


def test_the_default_network_can_be_tagged(ec2):
    vpc, subnet = ec2.describe_vpcs()["Vpcs"][0]["VpcId"], ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    table = ec2.describe_route_tables()["RouteTables"][0]["RouteTableId"]
    tags = [{"Key": "Owner", "Value": "me"}]
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    ec2.create_tags(Resources=[vpc, subnet, table, gateway], Tags=tags)
    mine = [{"Name": "tag:Owner", "Values": ["me"]}]
    assert ec2.describe_vpcs(Filters=mine)["Vpcs"][0]["Tags"] == tags
    assert ec2.describe_subnets(Filters=mine)["Subnets"][0]["Tags"] == tags
    assert ec2.describe_route_tables(Filters=mine)["RouteTables"][0]["Tags"] == tags
    told = {(one["ResourceType"], one["ResourceId"]) for one in ec2.describe_tags(Filters=mine)["Tags"]}
    assert told == {("vpc", vpc), ("subnet", subnet), ("route-table", table), ("internet-gateway", gateway)}
    assert ec2.describe_internet_gateways(Filters=mine)["InternetGateways"][0]["Tags"] == tags
    ec2.delete_tags(Resources=[vpc], Tags=tags)
    assert ec2.describe_vpcs(Filters=mine)["Vpcs"] == [] and "Tags" not in ec2.describe_vpcs()["Vpcs"][0]
    with refused("InvalidVpcID.NotFound"):
        ec2.create_tags(Resources=["vpc-0123456789abcdef0"], Tags=tags)


def test_a_running_instance_gets_other_groups_by_its_interface(ec2, run, group):
    made = run()
    (interface,) = reaches(ec2, made, "running")["NetworkInterfaces"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[group])
    found = shown(ec2, made)
    assert [one["GroupId"] for one in found["SecurityGroups"]] == [one["GroupId"] for one in found["NetworkInterfaces"][0]["Groups"]] == [group]
    with refused("UnsupportedOperation"):
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface["NetworkInterfaceId"], SourceDestCheck={"Value": False})
    with refused("InvalidNetworkInterfaceID.NotFound"):
        ec2.modify_network_interface_attribute(NetworkInterfaceId="eni-0123456789abcdef0", Groups=[group])


def test_the_default_network_acl_lets_all_pass(ec2):
    subnet = ec2.describe_subnets()["Subnets"][0]
    asked = [{"Name": "default", "Values": ["true"]}, {"Name": "vpc-id", "Values": [subnet["VpcId"]]}]
    (acl,) = ec2.describe_network_acls(Filters=asked)["NetworkAcls"]
    assert [one["SubnetId"] for one in acl["Associations"]] == [subnet["SubnetId"]] and acl["IsDefault"] is True and acl["Tags"] == []
    entries = [(one["Egress"], one["RuleNumber"], one["RuleAction"], one["Protocol"], one["CidrBlock"]) for one in acl["Entries"]]
    assert entries == [(way, number, action, "-1", "0.0.0.0/0") for way in (True, False) for number, action in ((100, "allow"), (32767, "deny"))]
    with refused("InvalidNetworkAclID.NotFound"):
        ec2.describe_network_acls(NetworkAclIds=["acl-0123456789abcdef0"])
