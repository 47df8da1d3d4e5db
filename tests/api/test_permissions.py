"""Permissions across services: what a user, a session, another account and nobody may do with a bucket."""

import urllib.error
import urllib.request

import pytest
from iam_words import allow, deny, document, refused, trust

BUCKET = "shared-things"


@pytest.fixture
def bucket(aws, account):
    """A bucket of this test's account with one object, and its name."""
    name = f"{BUCKET}-{account}"
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="dir/a b+ü.txt", Body=b"hello")
    return name


@pytest.fixture
def user(server, aws):
    """A client maker for a user "dev", and its access key."""
    iam = aws("iam")
    iam.create_user(UserName="dev")
    key = iam.create_access_key(UserName="dev")["AccessKey"]
    return lambda service, **more: server.client(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"], **more)


def put_policy(aws, *statements):
    aws("iam").put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(*statements))


def get(client, bucket):
    return client.get_object(Bucket=bucket, Key="dir/a b+ü.txt")["Body"].read()


def fetch(url, **more):
    """Status and body of a plain request."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **more)) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_reads_and_writes_obey_the_users_policy(aws, user, bucket, account):
    put_policy(aws, allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/dir/*"))
    s3 = user("s3")
    assert get(s3, bucket) == b"hello"
    s3.put_object(Bucket=bucket, Key="dir/x", Body=b"x" * 100_000)
    who = f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: "
    with refused("AccessDenied", who + f's3:PutObject on resource: "arn:aws:s3:::{bucket}/x" because no identity-based policy allows the s3:PutObject action', 403):
        s3.put_object(Bucket=bucket, Key="x", Body=b"x")
    with refused("AccessDenied", who + f's3:ListBucket on resource: "arn:aws:s3:::{bucket}" because no identity-based policy allows the s3:ListBucket action'):
        s3.list_objects_v2(Bucket=bucket)
    with refused("AccessDenied", who + "s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action"):
        s3.list_buckets()


def test_a_bucket_policy_admits_and_denies(aws, user, bucket, account):
    dev = {"AWS": f"arn:aws:iam::{account}:user/dev"}
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=document({**allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"), "Principal": dev}))
    assert get(user("s3"), bucket) == b"hello"
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=document({**deny("s3:GetObject", f"arn:aws:s3:::{bucket}/*"), "Principal": dev}))
    put_policy(aws, allow("s3:*"))
    with refused("AccessDenied"):
        get(user("s3"), bucket)


def test_another_account_is_admitted_by_both_sides(server, aws, user, bucket, account):
    other = f"{(int(account) + 500000) % 10**12:012d}"
    guest = server.client("s3", key=other)
    with refused("AccessDenied"):
        get(guest, bucket)
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=document({**allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"), "Principal": {"AWS": other}}))
    assert get(guest, bucket) == b"hello"


def test_a_session_of_a_role_reads_what_role_and_session_allow(server, aws, bucket, account):
    iam = aws("iam")
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust(AWS=account))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")

    def session(**more):
        credentials = aws("sts").assume_role(RoleArn=role, RoleSessionName="reading", **more)["Credentials"]
        return server.client("s3", key=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"], token=credentials["SessionToken"])

    assert get(session(), bucket) == b"hello"
    with refused("AccessDenied"):
        session().put_object(Bucket=bucket, Key="x", Body=b"x")
    with refused("AccessDenied"):
        get(session(Policy=document(allow("s3:ListBucket"))), bucket)


def test_presigned_urls_act_as_who_signed(aws, user, bucket):
    put_policy(aws, allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    s3 = user("s3", signature_version="s3v4")
    place = {"Bucket": bucket, "Key": "dir/a b+ü.txt"}
    url = s3.generate_presigned_url("get_object", Params=place)
    assert fetch(url) == (200, b"hello")
    assert fetch(url.replace("Expires=3600", "Expires=3601"))[0] == 403
    assert fetch(s3.generate_presigned_url("put_object", Params=place), data=b"x", method="PUT")[0] == 403  # the user may not put
    status, body = fetch(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=999999"))
    assert status == 400 and b"AuthorizationQueryParametersError" in body


def test_nobody_reads_only_what_is_open(server, aws, bucket):
    url = f"{server.url}/{bucket}/dir/a%20b%2B%C3%BC.txt"
    status, body = fetch(url)
    assert status == 403 and b"<Message>Access Denied</Message>" in body
    aws("s3").delete_public_access_block(Bucket=bucket)
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=document({**allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"), "Principal": "*"}))
    assert fetch(url) == (200, b"hello")
    assert fetch(f"{server.url}/{bucket}?list-type=2")[0] == 403


def test_a_wrong_secret_reads_nothing(server, aws, bucket):
    aws("iam").create_user(UserName="dev")
    key = aws("iam").create_access_key(UserName="dev")["AccessKey"]["AccessKeyId"]
    message = "The request signature we calculated does not match the signature you provided. Check your key and signing method."
    with refused("SignatureDoesNotMatch", message, 403):
        get(server.client("s3", key=key, secret="wrong"), bucket)


def test_json_services_refuse_with_their_own_code(aws, user):
    with refused("AccessDeniedException", status=400):
        user("dynamodb").describe_table(TableName="t")


def test_a_role_that_may_not_be_passed_is_refused_in_the_words_of_the_service_that_was_asked(aws, user, account):
    aws("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=trust(Service="codebuild.amazonaws.com"))
    role = f"arn:aws:iam::{account}:role/worker"
    put_policy(aws, allow(["codebuild:*", "codedeploy:*"]))
    message = (
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: iam:PassRole on resource: {role} "
        "because no identity-based policy allows the iam:PassRole action"
    )
    with refused("AccessDeniedException", message, 400):
        user("codebuild").create_project(
            name="app",
            serviceRole=role,
            source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"},
        )
    with refused("AccessDeniedException", message, 400):
        user("codedeploy").create_deployment_group(applicationName="app", deploymentGroupName="g", serviceRoleArn=role)


def test_a_profile_that_may_not_be_passed_is_refused_as_ec2_refuses(aws, user, account):
    iam = aws("iam")
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    put_policy(aws, allow("ec2:*"))
    message = (
        "You are not authorized to perform this operation. "
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: iam:PassRole on resource: arn:aws:iam::{account}:role/web "
        "because no identity-based policy allows the iam:PassRole action"
    )
    with refused("UnauthorizedOperation", message, 403):
        user("ec2").run_instances(ImageId="ami-0c101f26f147fa7fd", MinCount=1, MaxCount=1, IamInstanceProfile={"Name": "web"})


def test_every_table_of_a_batch_is_asked_for(aws, user, account):
    tables = [f"table-{number}" for number in range(12)]
    for name in tables:
        keys = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
        aws("dynamodb").create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **keys)
    everything = {name: {"Keys": [{"id": {"S": "a"}}]} for name in tables}
    put_policy(aws, allow("dynamodb:BatchGetItem", f"arn:aws:dynamodb:us-east-1:{account}:table/*"))
    assert set(user("dynamodb").batch_get_item(RequestItems=everything)["Responses"]) == set(tables)
    last = f"arn:aws:dynamodb:us-east-1:{account}:table/table-11"
    put_policy(aws, allow("dynamodb:BatchGetItem"), deny("dynamodb:BatchGetItem", last))
    with refused("AccessDeniedException", status=400):
        user("dynamodb").batch_get_item(RequestItems=everything)


def bucket_of(aws, account):
    aws("s3").create_bucket(Bucket=f"bucket-{account}")
    return f"bucket-{account}"


def test_every_role_of_a_pipeline_must_be_passed(aws, user, account):
    iam, arn = aws("iam"), f"arn:aws:iam::{account}:role"
    iam.create_role(RoleName="main", AssumeRolePolicyDocument=trust(Service="codepipeline.amazonaws.com"))
    iam.put_role_policy(RoleName="main", PolicyName="p", PolicyDocument=document(allow("sts:AssumeRole")))
    for number in range(12):
        iam.create_role(RoleName=f"r{number}", AssumeRolePolicyDocument=trust(AWS=f"{arn}/main"))
    approval = {"actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}}
    source = {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"}
    fetch = {"name": "Fetch", "actionTypeId": source, "configuration": {"S3Bucket": bucket_of(aws, account), "S3ObjectKey": "k"}, "outputArtifacts": [{"name": "A"}]}
    asks = [{"name": f"Ask{n}", **approval, "roleArn": f"{arn}/r{n}"} for n in range(12)]
    stages = [{"name": "Source", "actions": [fetch]}, {"name": "Ask", "actions": asks}]
    pipeline = {"name": "p", "roleArn": f"{arn}/main", "artifactStore": {"type": "S3", "location": fetch["configuration"]["S3Bucket"]}, "stages": stages}
    put_policy(aws, allow("codepipeline:*"), allow("iam:PassRole"), deny("iam:PassRole", f"{arn}/r11"))
    with refused("AccessDeniedException", status=400):
        user("codepipeline").create_pipeline(pipeline=pipeline)
    put_policy(aws, allow("codepipeline:*"), allow("iam:PassRole"))
    assert user("codepipeline").create_pipeline(pipeline=pipeline)["pipeline"]["name"] == "p"


def for_one(service, arn):
    """A trust policy for a service, on behalf of one of its resources."""
    condition = {"ArnEquals": {"aws:SourceArn": arn}}
    return document({"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": condition})


def test_a_role_may_trust_codedeploy_for_one_group_alone(aws, account):
    arn = f"arn:aws:codedeploy:us-east-1:{account}:deploymentgroup:app/web"
    role = aws("iam").create_role(RoleName="deploy", AssumeRolePolicyDocument=for_one("codedeploy", arn))["Role"]["Arn"]
    deploy = aws("codedeploy")
    deploy.create_application(applicationName="app")
    deploy.create_deployment_group(applicationName="app", deploymentGroupName="web", serviceRoleArn=role)
    with refused("InvalidRoleException"):
        deploy.create_deployment_group(applicationName="app", deploymentGroupName="other", serviceRoleArn=role)


def test_a_role_may_trust_codepipeline_for_one_pipeline_alone(aws, account):
    arn = f"arn:aws:codepipeline:us-east-1:{account}:p"
    role = aws("iam").create_role(RoleName="main", AssumeRolePolicyDocument=for_one("codepipeline", arn))["Role"]["Arn"]
    source = {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"}
    fetch = {"name": "Fetch", "actionTypeId": source, "configuration": {"S3Bucket": bucket_of(aws, account), "S3ObjectKey": "k"}, "outputArtifacts": [{"name": "A"}]}
    ask = {"name": "Ask", "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}}
    stages = [{"name": "Source", "actions": [fetch]}, {"name": "Ask", "actions": [ask]}]
    pipeline = {"roleArn": role, "artifactStore": {"type": "S3", "location": fetch["configuration"]["S3Bucket"]}, "stages": stages}
    assert aws("codepipeline").create_pipeline(pipeline={"name": "p", **pipeline})["pipeline"]["name"] == "p"
    with refused("InvalidStructureException", f"CodePipeline is not authorized to perform AssumeRole on role {role}"):
        aws("codepipeline").create_pipeline(pipeline={"name": "other", **pipeline})


LAUNCH = {"ImageId": "ami-0a1b2c3d4e5f60001", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}


@pytest.fixture
def instances(aws):
    """The ids of two instances, the second tagged stage=test."""
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "stage", "Value": "test"}]}]
    made = [aws("ec2").run_instances(**LAUNCH, **more)["Instances"][0]["InstanceId"] for more in ({}, {"TagSpecifications": tags})]
    yield made
    aws("ec2").terminate_instances(InstanceIds=made)


def told(account, action, resource):
    return (
        "You are not authorized to perform this operation. "
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


def test_every_instance_of_a_request_is_asked_for(aws, user, account, instances):
    arns = [f"arn:aws:ec2:us-east-1:{account}:instance/{id}" for id in instances]
    put_policy(aws, allow("ec2:RebootInstances", arns[0]))
    with refused("DryRunOperation"):
        user("ec2").reboot_instances(InstanceIds=instances[:1], DryRun=True)
    with refused("UnauthorizedOperation", told(account, "ec2:RebootInstances", arns[1]), 403):
        user("ec2").reboot_instances(InstanceIds=instances)


def test_the_tags_of_an_instance_decide(aws, user, account, instances):
    put_policy(aws, allow("ec2:TerminateInstances", "*", Condition={"StringEquals": {"ec2:ResourceTag/stage": "test"}}))
    with refused("DryRunOperation"):
        user("ec2").terminate_instances(InstanceIds=instances[1:], DryRun=True)
    with refused("UnauthorizedOperation", told(account, "ec2:TerminateInstances", f"arn:aws:ec2:us-east-1:{account}:instance/{instances[0]}")):
        user("ec2").terminate_instances(InstanceIds=instances[:1])


def test_a_launch_needs_all_that_it_is_made_of(aws, user, account):
    where = f"arn:aws:ec2:us-east-1:{account}"
    parts = [f"{where}:instance/*", "arn:aws:ec2:us-east-1::image/*", f"{where}:network-interface/*", f"{where}:security-group/*", f"{where}:subnet/*"]
    put_policy(aws, allow("ec2:RunInstances", parts))
    with refused("UnauthorizedOperation", told(account, "ec2:RunInstances", f"{where}:volume/*"), 403):
        user("ec2").run_instances(**LAUNCH)
    put_policy(aws, allow("ec2:RunInstances", [*parts, f"{where}:volume/*"]))
    with refused("DryRunOperation"):
        user("ec2").run_instances(**LAUNCH, DryRun=True)
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "stage", "Value": "test"}]}]
    with refused("UnauthorizedOperation", told(account, "ec2:CreateTags", f"{where}:instance/*"), 403):
        user("ec2").run_instances(**LAUNCH, TagSpecifications=tags)


def test_tags_are_asked_for_by_resource_and_key(aws, user, account, instances):
    put_policy(aws, allow("ec2:CreateTags", "*", Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["stage"]}}))
    user("ec2").create_tags(Resources=instances, Tags=[{"Key": "stage", "Value": "prod"}])
    with refused("UnauthorizedOperation", told(account, "ec2:CreateTags", f"arn:aws:ec2:us-east-1:{account}:instance/{instances[0]}"), 403):
        user("ec2").create_tags(Resources=instances, Tags=[{"Key": "owner", "Value": "me"}])


def test_a_group_is_asked_for_by_its_id_and_by_its_name(aws, user, account):
    group = aws("ec2").create_security_group(GroupName="web", Description="Of tests")["GroupId"]
    put_policy(aws, allow("ec2:*", "*"), deny("ec2:DeleteSecurityGroup", f"arn:aws:ec2:us-east-1:{account}:security-group/{group}"))
    for asked in ({"GroupId": group}, {"GroupName": "web"}):
        with refused("UnauthorizedOperation", status=403):
            user("ec2").delete_security_group(**asked)


def test_listing_tables_is_about_all_tables(aws, user, account):
    put_policy(aws, allow("dynamodb:GetItem", "*"))
    message = f"arn:aws:dynamodb:us-east-1:{account}:table/* because no identity-based policy allows the dynamodb:ListTables action"
    with refused("AccessDeniedException", f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: dynamodb:ListTables on resource: {message}", 400):
        user("dynamodb").list_tables()
