"""Which members IAM's answers have, and what it says when something is missing, word for word."""

import json

import pytest
from iam_words import allow, document, refused, trust

TRUST = trust(Service="ec2.amazonaws.com")
MANAGED = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def policy(iam):
    return iam.create_policy(PolicyName="p", PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]


@pytest.fixture
def role(iam):
    return iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Description="d", Tags=[{"Key": "a", "Value": "1"}])["Role"]


MADE = {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"}
WHOLE = MADE | {"Description", "MaxSessionDuration", "RoleLastUsed", "Tags"}


def test_a_new_role_is_told_by_what_makes_it_one(iam, role):
    assert set(role) == MADE | {"Tags"}
    whole = iam.get_role(RoleName="r")["Role"]
    assert set(whole) == WHOLE and whole["RoleLastUsed"] == {}
    assert set(iam.list_roles()["Roles"][0]) == MADE | {"Description", "MaxSessionDuration"}
    assert set(iam.update_role_description(RoleName="r", Description="new")["Role"]) == MADE | {"Description", "Tags"}


def test_dates_are_whole_seconds(iam, role, policy):
    made = iam.create_user(UserName="u")["User"]["CreateDate"], iam.create_access_key(UserName="u")["AccessKey"]["CreateDate"]
    shown = iam.get_policy(PolicyArn=policy)["Policy"]
    version = iam.get_policy_version(PolicyArn=policy, VersionId="v1")["PolicyVersion"]
    dates = [*made, role["CreateDate"], shown["CreateDate"], shown["UpdateDate"], version["CreateDate"]]
    assert [date.microsecond for date in dates] == [0] * 6


def test_a_role_within_an_instance_profile_is_told_shortly(iam, role):
    iam.create_instance_profile(InstanceProfileName="i")
    iam.add_role_to_instance_profile(InstanceProfileName="i", RoleName="r")
    profile = iam.get_instance_profile(InstanceProfileName="i")["InstanceProfile"]
    assert set(profile["Roles"][0]) == MADE and profile["Tags"] == []
    assert "Tags" not in iam.list_instance_profiles()["InstanceProfiles"][0]


def test_a_policy_tells_description_and_tags_when_it_is_looked_at(iam):
    made = iam.create_policy(PolicyName="p", PolicyDocument=document(allow("s3:*")), Description="d")["Policy"]
    assert not {"Description", "Tags"} & set(made)
    whole = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert (whole["Description"], whole["Tags"]) == ("d", [])
    assert not {"Description", "Tags"} & set(iam.list_policies(Scope="Local")["Policies"][0])
    assert iam.get_policy(PolicyArn=MANAGED)["Policy"]["Tags"] == []


def test_listings_of_users_show_neither_tags_nor_boundaries(iam, policy):
    made = iam.create_user(UserName="u", Tags=[{"Key": "a", "Value": "1"}], PermissionsBoundary=policy)["User"]
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy and made["Tags"]
    assert set(iam.list_users()["Users"][0]) == {"Path", "UserName", "UserId", "Arn", "CreateDate"}


def test_a_boundary_counts_as_use_of_its_policy(iam, policy):
    iam.create_user(UserName="u", PermissionsBoundary=policy)
    told = iam.get_policy(PolicyArn=policy)["Policy"]
    assert (told["AttachmentCount"], told["PermissionsBoundaryUsageCount"]) == (0, 1)
    assert [one["Arn"] for one in iam.list_policies(Scope="Local", PolicyUsageFilter="PermissionsBoundary")["Policies"]] == [policy]
    assert iam.list_entities_for_policy(PolicyArn=policy, PolicyUsageFilter="PermissionsPolicy")["PolicyUsers"] == []
    assert [user["UserName"] for user in iam.list_entities_for_policy(PolicyArn=policy)["PolicyUsers"]] == ["u"]
    with refused("DeleteConflict", "Cannot delete a policy attached to entities."):
        iam.delete_policy(PolicyArn=policy)


def test_entities_of_a_policy_come_in_pages(iam, policy):
    for number in range(3):
        iam.create_user(UserName=f"u{number}")
        iam.attach_user_policy(UserName=f"u{number}", PolicyArn=policy)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="r", PolicyArn=policy)
    pages = list(iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=policy, PaginationConfig={"PageSize": 2}))
    assert [user["UserName"] for page in pages for user in page["PolicyUsers"]] == ["u0", "u1", "u2"]
    assert [role["RoleName"] for page in pages for role in page["PolicyRoles"]] == ["r"] and len(pages) == 2


@pytest.mark.parametrize("name", ["attach_role_policy", "detach_role_policy"])
def test_what_is_no_arn_is_said_to_be_none(iam, role, name):
    with refused("InvalidInput", "ARN longpolicynamebutnoarn is not valid.", 400):
        getattr(iam, name)(RoleName="r", PolicyArn="longpolicynamebutnoarn")


def test_versions_of_a_policy_that_is_not_there(iam, account):
    arn = f"arn:aws:iam::{account}:policy/missing"
    message = f"Policy {arn} version v1 does not exist or is not attachable."
    for call in (iam.get_policy_version, iam.set_default_policy_version, iam.delete_policy_version):
        with refused("NoSuchEntity", message, 404):
            call(PolicyArn=arn, VersionId="v1")
    with refused("NoSuchEntity", f"Policy {arn} was not found."):
        iam.list_policy_versions(PolicyArn=arn)


def test_a_role_that_is_not_in_the_profile(iam, role):
    iam.create_instance_profile(InstanceProfileName="i")
    with refused("NoSuchEntity", "Role r in Instance Profile i cannot be found.", 404):
        iam.remove_role_from_instance_profile(InstanceProfileName="i", RoleName="r")
    with refused("NoSuchEntity", "The role with name missing cannot be found.", 404):
        iam.remove_role_from_instance_profile(InstanceProfileName="i", RoleName="missing")


def test_a_user_is_looked_for_before_the_group(iam):
    with refused("NoSuchEntity", "The user with name nobody cannot be found."):
        iam.add_user_to_group(GroupName="missing", UserName="nobody")
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    iam.remove_user_from_group(GroupName="g", UserName="u")  # who is no member is removed all the same
    with refused("NoSuchEntity", "The group with name missing cannot be found."):
        iam.remove_user_from_group(GroupName="missing", UserName="u")


def test_a_user_is_in_ten_groups_at_most(iam):
    iam.create_user(UserName="u")
    for number in range(11):
        iam.create_group(GroupName=f"g{number}")
    for number in range(10):
        iam.add_user_to_group(GroupName=f"g{number}", UserName="u")
    iam.add_user_to_group(GroupName="g0", UserName="u")  # where it is already
    with refused("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", 409):
        iam.add_user_to_group(GroupName="g10", UserName="u")


def test_keys_are_of_a_user(iam):
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]["AccessKeyId"]
    with refused("ValidationError", "Must specify userName when calling with non-User credentials", 400):
        iam.delete_access_key(AccessKeyId=key)
    with refused("NoSuchEntity", "The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.", 404):
        iam.update_access_key(UserName="u", AccessKeyId="AKIAIOSFODNN7EXAMPLE", Status="Inactive")
    message = "is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key AKIAIOSFODNN7EXAMPLE"
    with pytest.raises(iam.exceptions.ClientError, match=message):
        iam.get_access_key_last_used(AccessKeyId="AKIAIOSFODNN7EXAMPLE")


def test_a_tag_key_stands_once_in_a_request(iam):
    twice = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
    with refused("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.", 400):
        iam.create_user(UserName="u", Tags=twice)


def test_policies_of_aws_are_not_tagged(iam):
    with refused("AccessDenied"):
        iam.tag_policy(PolicyArn=MANAGED, Tags=[{"Key": "a", "Value": "1"}])
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_every_policy_of_aws_could_be_a_customers(iam):
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS")
    for policy in (policy for page in pages for policy in page["Policies"]):
        version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])["PolicyVersion"]
        iam.create_policy(PolicyName=policy["PolicyName"], PolicyDocument=json.dumps(version["Document"]))


def test_documents_come_back_url_encoded(server, iam, account):
    text = document(allow("s3:*", "arn:aws:s3:::b/a b+c/*"))
    iam.create_user(UserName="u")
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=text)
    assert iam.get_user_policy(UserName="u", PolicyName="p")["PolicyDocument"] == json.loads(text)
    seen = []
    iam.meta.events.register("after-call.iam.GetUserPolicy", lambda http_response, **_: seen.append(http_response.content))
    iam.get_user_policy(UserName="u", PolicyName="p")
    assert b"%7B%22Version%22%3A%20%222012-10-17%22" in seen[0] and b"a%20b%2Bc" in seen[0]


@pytest.mark.parametrize(
    "name",
    [
        "service-role/AmazonECSTaskExecutionRolePolicy",
        "AWSCodeDeployRoleForECS",
        "AmazonEC2ContainerRegistryPowerUser",
        "AmazonSSMReadOnlyAccess",
        "IAMUserChangePassword",
    ],
)
def test_policies_of_aws_can_be_attached(iam, role, name):
    iam.attach_role_policy(RoleName="r", PolicyArn=f"arn:aws:iam::aws:policy/{name}")


@pytest.mark.parametrize(
    "name, words, message",
    [
        ("create_user", {"UserName": "bad/name"}, "userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"),
        ("get_role", {"RoleName": "service-role/r"}, "roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"),
        (
            "create_user",
            {"UserName": "u", "Path": "bad"},
            "path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
        ),
    ],
)
def test_names_and_paths_of_the_wrong_letters(iam, name, words, message):
    with refused("ValidationError", f"The specified value for {message}", 400):
        getattr(iam, name)(**words)


def test_a_name_that_is_too_long_is_told_by_its_length(iam):
    name = "u" * 65
    message = f"1 validation error detected: Value '{name}' at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64"
    with refused("ValidationError", message, 400):
        iam.create_user(UserName=name)


def test_a_trust_policy_is_read_back_with_the_roots_of_accounts(iam):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ["123456789012", "arn:aws:iam::210987654321:root"], "Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    (kept,) = [iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]["Statement"]]
    assert kept["Principal"]["AWS"] == ["arn:aws:iam::123456789012:root", "arn:aws:iam::210987654321:root"]
    assert kept["Condition"] == statement["Condition"]


def test_the_root_of_an_account_has_neither_name_nor_path(iam, account):
    root = iam.get_user()["User"]
    assert set(root) == {"UserId", "Arn", "CreateDate"} and root["Arn"] == f"arn:aws:iam::{account}:root"


def test_tags_with_keys_of_aws_are_refused(iam, role):
    with refused("InvalidInput"):
        iam.tag_role(RoleName="r", Tags=[{"Key": "aws:mine", "Value": "1"}])
    assert iam.list_role_tags(RoleName="r")["Tags"] == [{"Key": "a", "Value": "1"}]


def test_a_user_has_no_password_no_devices_and_no_keys_of_other_kinds(iam):
    iam.create_user(UserName="dev")
    assert iam.list_mfa_devices(UserName="dev")["MFADevices"] == []
    assert iam.list_ssh_public_keys(UserName="dev")["SSHPublicKeys"] == []
    assert iam.list_signing_certificates(UserName="dev")["Certificates"] == []
    assert iam.list_service_specific_credentials(UserName="dev")["ServiceSpecificCredentials"] == []
    assert iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"] == []
    for asked in (iam.get_login_profile, iam.delete_login_profile):
        with refused("NoSuchEntity", "Login Profile for User dev cannot be found.", 404):
            asked(UserName="dev")


def test_an_account_has_no_providers_and_no_certificates(iam, account):
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert iam.list_saml_providers()["SAMLProviderList"] == []
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []
    provider = f"arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com"
    with refused("NoSuchEntity", f"OpenIDConnect Provider not found for arn {provider}", 404):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    with refused("NoSuchEntity", "The Server Certificate with name web cannot be found.", 404):
        iam.get_server_certificate(ServerCertificateName="web")


def test_an_account_is_summed_up(iam):
    before = iam.get_account_summary()["SummaryMap"]
    assert (before["Users"], before["UsersQuota"], before["AccountMFAEnabled"], before["PolicySizeQuota"]) == (0, 5000, 0, 6144)
    iam.create_user(UserName="dev")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("s3:Get*")))
    after = iam.get_account_summary()["SummaryMap"]
    assert {name: after[name] for name in after if after[name] != before[name]} == {"Users": 1, "Policies": 1, "PolicyVersionsInUse": 2}


def test_a_password_policy_is_put_as_a_whole_and_deleted(iam, account):
    absent = f"The Password Policy with domain name {account} cannot be found."
    with refused("NoSuchEntity", absent, 404):
        iam.get_account_password_policy()
    iam.update_account_password_policy(MaxPasswordAge=90, RequireNumbers=True)
    iam.update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True, PasswordReusePrevention=24)
    flags = ("RequireNumbers", "RequireUppercaseCharacters", "RequireLowercaseCharacters", "AllowUsersToChangePassword", "HardExpiry", "ExpirePasswords")
    expected = {"MinimumPasswordLength": 14, "RequireSymbols": True, "PasswordReusePrevention": 24, **dict.fromkeys(flags, False)}
    assert iam.get_account_password_policy()["PasswordPolicy"] == expected
    iam.delete_account_password_policy()
    with refused("NoSuchEntity", absent, 404):
        iam.get_account_password_policy()


def test_what_a_user_has_not_is_not_told_of_a_user_who_is_not_there(iam):
    for asked in (iam.list_mfa_devices, iam.list_ssh_public_keys, iam.list_signing_certificates, iam.list_service_specific_credentials):
        with refused("NoSuchEntity", "The user with name nobody cannot be found.", 404):
            asked(UserName="nobody")
