"""The words of IAM's refusals: what is named, which policy denies, what tags and services' roles need; and the condition keys that every request has."""

import pytest
from iam_words import allow, deny, document, refused, trust

TRUST = trust(Service="ec2.amazonaws.com")
SERVICE_ROLE = "AWSServiceRoleForAutoScaling"


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def dev(server, iam):
    iam.create_user(UserName="dev")
    key = iam.create_access_key(UserName="dev")["AccessKey"]
    return lambda service: server.client(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"])


def let(iam, *statements):
    iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(*statements))


@pytest.mark.parametrize(
    "operation, resource, asked",
    [
        ("GetRole", "role web", {"RoleName": "web"}),
        ("AttachRolePolicy", "role web", {"RoleName": "web", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ("ListInstanceProfilesForRole", "role web", {"RoleName": "web"}),
        ("GetUser", "user other", {"UserName": "other"}),
        ("GetUser", "user dev", {}),
        ("ListAccessKeys", "user other", {"UserName": "other"}),
        ("ListAccessKeys", "user nulldev", {}),
        ("AddUserToGroup", "group g", {"GroupName": "g", "UserName": "other"}),
        ("AddRoleToInstanceProfile", "instance profile i", {"InstanceProfileName": "i", "RoleName": "web"}),
        ("GetPolicy", "policy arn:aws:iam::aws:policy/ReadOnlyAccess", {"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ("CreatePolicy", "policy p", {"PolicyName": "p", "PolicyDocument": "{}"}),
        ("ListPolicies", "policy path /", {}),
        ("CreateRole", "arn:aws:iam::{account}:role/a/new", {"RoleName": "new", "Path": "/a/", "AssumeRolePolicyDocument": TRUST}),
        ("CreateUser", "arn:aws:iam::{account}:user/new", {"UserName": "new"}),
        ("ListRoles", "arn:aws:iam::{account}:role/", {}),
        (
            "CreateServiceLinkedRole",
            "arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/" + SERVICE_ROLE,
            {"AWSServiceName": "autoscaling.amazonaws.com"},
        ),
    ],
)
def test_what_is_there_is_named_by_its_kind_and_name(dev, account, operation, resource, asked):
    message = (
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: iam:{operation} on resource: {resource.format(account=account)} "
        f"because no identity-based policy allows the iam:{operation} action"
    )
    client = dev("iam")
    method = next(method for method, name in client.meta.method_to_api_mapping.items() if name == operation)
    with refused("AccessDenied", message, 403):
        getattr(client, method)(**asked)


def test_a_managed_policy_that_denies_is_named(iam, dev, account):
    arn = iam.create_policy(PolicyName="no", PolicyDocument=document(deny("iam:*")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="dev", PolicyArn=arn)
    who = f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: iam:GetRole on resource: role web "
    with refused("AccessDenied", f"{who}with an explicit deny in an identity-based policy: {arn}"):
        dev("iam").get_role(RoleName="web")


def test_a_boundary_that_denies_is_named(iam, dev, account):
    arn = iam.create_policy(PolicyName="edge", PolicyDocument=document(allow("*"), deny("iam:GetRole")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="dev", PermissionsBoundary=arn)
    let(iam, allow("iam:*"))
    who = f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: iam:GetRole on resource: role web "
    with refused("AccessDenied", f"{who}with an explicit deny in a permissions boundary: {arn}"):
        dev("iam").get_role(RoleName="web")


def test_what_is_made_with_tags_must_be_allowed_to_have_them(iam, dev, account):
    let(iam, allow("iam:CreateRole"))
    dev("iam").create_role(RoleName="plain", AssumeRolePolicyDocument=TRUST)
    message = (
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: iam:TagRole on resource: arn:aws:iam::{account}:role/web "
        "because no identity-based policy allows the iam:TagRole action"
    )
    with refused("AccessDenied", message):
        dev("iam").create_role(RoleName="web", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "a", "Value": "1"}])


@pytest.mark.parametrize(
    "operation, asked",
    [
        ("attach_role_policy", {"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ("put_role_policy", {"PolicyName": "p", "PolicyDocument": document(allow("*"))}),
        ("update_assume_role_policy", {"PolicyDocument": TRUST}),
        ("add_role_to_instance_profile", {"InstanceProfileName": "i"}),
        ("delete_role", {}),
    ],
)
def test_the_role_of_a_service_is_changed_by_nobody(iam, operation, asked):
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    iam.create_instance_profile(InstanceProfileName="i")
    message = f"Cannot perform the operation on the protected role '{SERVICE_ROLE}' - this role is only modifiable by AWS"
    with refused("UnmodifiableEntity", message, 400):
        getattr(iam, operation)(RoleName=SERVICE_ROLE, **asked)


def test_the_role_of_a_service_trusts_it(iam):
    made = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]["AssumeRolePolicyDocument"]
    assert made["Statement"] == [{"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": ["autoscaling.amazonaws.com"]}}]


def test_tags_of_what_is_there_decide(iam, dev):
    for name, team in (("ours", "red"), ("theirs", "blue")):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "team", "Value": team}])
    let(iam, allow("iam:GetRole", Condition={"StringEquals": {"iam:ResourceTag/team": "red"}}))
    dev("iam").get_role(RoleName="ours")
    with refused("AccessDenied"):
        dev("iam").get_role(RoleName="theirs")


@pytest.mark.parametrize(
    "operator, key, value",
    [("Bool", "aws:ViaAWSService", "false"), ("StringEquals", "aws:ResourceAccount", "{account}"), ("Null", "aws:MultiFactorAuthPresent", "true")],
)
def test_a_users_own_request_has_these_keys(iam, dev, account, operator, key, value):
    let(iam, allow("*"), deny("iam:ListUsers", Condition={operator: {key: value.format(account=account)}}))
    with refused("AccessDenied"):
        dev("iam").list_users()
    dev("iam").list_roles()


def test_a_session_is_known_to_have_no_second_factor(server, aws, iam, account):
    role = iam.create_role(RoleName="work", AssumeRolePolicyDocument=trust(AWS=account))["Role"]["Arn"]
    statements = [allow("*"), deny("iam:ListUsers", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})]
    iam.put_role_policy(RoleName="work", PolicyName="p", PolicyDocument=document(*statements))
    made = aws("sts").assume_role(RoleArn=role, RoleSessionName="s1")["Credentials"]
    session = server.client("iam", key=made["AccessKeyId"], secret=made["SecretAccessKey"], token=made["SessionToken"])
    session.list_roles()
    with refused("AccessDenied"):
        session.list_users()


@pytest.mark.parametrize(
    "resource, message",
    [
        ("arn:aws:iam:us-east-1:123456789012:role/r", "IAM resource arn:aws:iam:us-east-1:123456789012:role/r cannot contain region information."),
        ("arn:aws:s3:us-east-1::bucket", "Resource arn:aws:s3:us-east-1::bucket can not contain region information."),
        (
            "arn:aws:iam::123456789012:roles/r",
            'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, '
            "policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.",
        ),
    ],
)
def test_resources_that_cannot_be_are_told(iam, resource, message):
    with refused("MalformedPolicyDocument", message, 400):
        iam.create_policy(PolicyName="p", PolicyDocument=document(allow("*", resource)))


@pytest.mark.parametrize("resource", ["arn:aws:iam::123456789012:*", "arn:aws:iam::*:ro*", "arn:aws:iam::123456789012:role/a/*", "arn:aws:s3:::b/*"])
def test_resources_with_wildcards_may_be(iam, resource):
    iam.create_policy(PolicyName="p", PolicyDocument=document(allow("*", resource)))


def test_a_trust_policy_names_everybody_as_an_account(iam):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    with refused("MalformedPolicyDocument", 'AssumeRolepolicy contained an invalid principal: "STAR":"*".', 400):
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=document(statement))
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(AWS="*"))


def test_a_trust_policy_is_told_of_the_element_that_it_cannot_have(iam):
    statement = {"Effect": "Allow", "Principle": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    with refused("MalformedPolicyDocument", "Unknown field Principle", 400):
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=document(statement))


@pytest.mark.parametrize("operation", ["list_policies", "list_roles"])
def test_a_path_prefix_begins_with_a_slash(iam, operation):
    message = (
        "The specified value for pathPrefix is invalid. It must begin with the / character and contain only alphanumeric characters and/or / characters."
    )
    with refused("ValidationError", message, 400):
        getattr(iam, operation)(PathPrefix="foo")
