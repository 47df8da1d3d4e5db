"""IAM as real clients see it: entities and their lists, what AWS says when something is wrong, and that policies decide about calls."""

import json
import urllib.parse

import pytest
from iam_words import allow, deny, document, refused, trust

SERVICE_TRUST = trust(Service="codebuild.amazonaws.com")


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def user(server, iam):
    """A user "dev" and clients with its access key: user("sts")."""
    iam.create_user(UserName="dev")
    key = iam.create_access_key(UserName="dev")["AccessKey"]
    return lambda service, **more: server.client(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"], **more)


def test_a_user_is_made_shown_renamed_and_deleted(iam, account):
    made = iam.create_user(UserName="Alice", Path="/team/")["User"]
    assert made["Arn"] == f"arn:aws:iam::{account}:user/team/Alice"
    assert made["UserId"].startswith("AIDA") and len(made["UserId"]) == 21
    assert iam.get_user(UserName="alice")["User"] == made  # names do not differ by case
    iam.update_user(UserName="Alice", NewUserName="Bob", NewPath="/")
    assert iam.get_user(UserName="Bob")["User"]["Arn"] == f"arn:aws:iam::{account}:user/Bob"
    iam.delete_user(UserName="Bob")
    with refused("NoSuchEntity", "The user with name Bob cannot be found.", 404):
        iam.get_user(UserName="Bob")


def test_a_name_is_taken_once(iam):
    iam.create_user(UserName="alice")
    with refused("EntityAlreadyExists", "User with name ALICE already exists.", 409):
        iam.create_user(UserName="ALICE")


def test_lists_come_in_pages_and_by_path(iam):
    for number in range(5):
        iam.create_user(UserName=f"u{number}", Path="/even/" if number % 2 == 0 else "/odd/")
    first = iam.list_users(MaxItems=2)
    assert [user["UserName"] for user in first["Users"]] == ["u0", "u1"] and first["IsTruncated"]
    iam.delete_user(UserName="u1")  # a page goes on where it stood, whatever was deleted
    second = iam.list_users(MaxItems=10, Marker=first["Marker"])
    assert [user["UserName"] for user in second["Users"]] == ["u2", "u3", "u4"] and not second["IsTruncated"]
    assert [user["UserName"] for user in iam.list_users(PathPrefix="/odd/")["Users"]] == ["u3"]
    with refused("ValidationError"):
        iam.list_users(Marker="%%%")


def test_access_keys_sign_and_can_be_switched_off(server, iam, account):
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    sts = server.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/alice"
    iam.update_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403):
        sts.get_caller_identity()
    iam.update_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"], Status="Active")
    sts.get_caller_identity()
    iam.delete_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"])
    with refused("InvalidClientTokenId"):
        sts.get_caller_identity()


def test_a_wrong_secret_does_not_match(server, iam):
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
    with refused("SignatureDoesNotMatch", status=403):
        server.client("sts", key=key, secret="guessed").get_caller_identity()


def test_a_user_has_two_keys_at_most(iam):
    iam.create_user(UserName="alice")
    keys = [iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"] for _ in range(2)]
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409):
        iam.create_access_key(UserName="alice")
    assert sorted(item["AccessKeyId"] for item in iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]) == sorted(keys)
    assert iam.get_access_key_last_used(AccessKeyId=keys[0])["AccessKeyLastUsed"]["ServiceName"] == "N/A"


def test_what_still_holds_something_is_not_deleted(iam):
    iam.create_user(UserName="alice")
    iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document(allow("s3:*")))
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409):
        iam.delete_user(UserName="alice")
    iam.delete_user_policy(UserName="alice", PolicyName="p")
    iam.attach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    with refused("DeleteConflict", "Cannot delete entity, must detach all policies first."):
        iam.delete_user(UserName="alice")


def test_a_role_keeps_its_trust_policy_description_and_session_length(iam, account):
    made = iam.create_role(RoleName="build", AssumeRolePolicyDocument=SERVICE_TRUST, Description="builds", MaxSessionDuration=7200)["Role"]
    assert made["Arn"] == f"arn:aws:iam::{account}:role/build" and made["RoleId"].startswith("AROA")
    role = iam.get_role(RoleName="build")["Role"]
    assert role["AssumeRolePolicyDocument"] == json.loads(SERVICE_TRUST)
    assert (role["Description"], role["MaxSessionDuration"]) == ("builds", 7200)
    iam.update_role(RoleName="build", Description="", MaxSessionDuration=3600)
    iam.update_assume_role_policy(RoleName="build", PolicyDocument=trust(Service="ec2.amazonaws.com"))
    role = iam.get_role(RoleName="build")["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["build"]
    iam.delete_role(RoleName="build")


@pytest.mark.parametrize(
    "policy, message",
    [
        ("{", "This policy contains invalid Json"),
        (document({**json.loads(SERVICE_TRUST)["Statement"][0], "Action": "s3:*"}), "AssumeRole policy may only specify STS AssumeRole actions."),
        (document(allow("s3:*")), "Has prohibited field Resource"),
        (document({**json.loads(SERVICE_TRUST)["Statement"][0], "Resource": "*"}), "Has prohibited field Resource"),
        (trust(AWS="bob"), 'Invalid principal in policy: "AWS":"bob"'),
    ],
)
def test_a_malformed_trust_policy_is_refused(iam, policy, message):
    with refused("MalformedPolicyDocument", message, 400):
        iam.create_role(RoleName="build", AssumeRolePolicyDocument=policy)


def test_a_trust_policy_names_only_who_is_there(iam, account):
    arn = f"arn:aws:iam::{account}:user/nobody"
    with refused("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"'):
        iam.create_role(RoleName="build", AssumeRolePolicyDocument=trust(AWS=arn))


def test_inline_policies_come_back_as_they_were_put(iam):
    iam.create_role(RoleName="build", AssumeRolePolicyDocument=SERVICE_TRUST)
    text = document(allow(["s3:GetObject"], "arn:aws:s3:::b/*"))
    iam.put_role_policy(RoleName="build", PolicyName="one", PolicyDocument=text)
    assert iam.get_role_policy(RoleName="build", PolicyName="one")["PolicyDocument"] == json.loads(text)
    assert iam.list_role_policies(RoleName="build")["PolicyNames"] == ["one"]
    with refused("NoSuchEntity", "The role policy with name two cannot be found."):
        iam.get_role_policy(RoleName="build", PolicyName="two")
    with refused("MalformedPolicyDocument", "Policy statement must contain resources."):
        iam.put_role_policy(RoleName="build", PolicyName="bad", PolicyDocument=document({"Effect": "Allow", "Action": "s3:*"}))
    with refused("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role build"):
        iam.put_role_policy(RoleName="build", PolicyName="big", PolicyDocument=document(allow(["s3:Get" + "x" * 100] * 100)))


def test_managed_policies_have_versions(iam, account):
    made = iam.create_policy(PolicyName="p", PolicyDocument=document(allow("s3:GetObject")), Description="d")["Policy"]
    arn = made["Arn"]
    assert arn == f"arn:aws:iam::{account}:policy/p" and made["DefaultVersionId"] == "v1" and made["AttachmentCount"] == 0
    version = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("s3:PutObject")), SetAsDefault=True)["PolicyVersion"]
    assert version["VersionId"] == "v2" and version["IsDefaultVersion"]
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"]["Statement"][0]["Action"] == "s3:PutObject"
    assert [item["VersionId"] for item in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v2", "v1"]
    with refused("DeleteConflict", "Cannot delete the default version of a policy."):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=arn)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    for number in (3, 4, 5, 6):
        assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("s3:*")))["PolicyVersion"]["VersionId"] == f"v{number}"
    with refused("LimitExceeded"):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("s3:*")))
    with refused("EntityAlreadyExists", "A policy called P already exists. Duplicate names are not allowed."):
        iam.create_policy(PolicyName="P", PolicyDocument=document(allow("s3:*")))


def test_policies_are_attached_counted_and_detached(iam):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]
    iam.create_role(RoleName="build", AssumeRolePolicyDocument=SERVICE_TRUST)
    iam.attach_role_policy(RoleName="build", PolicyArn=arn)
    iam.attach_role_policy(RoleName="build", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSCodeDeployRole")
    attached = iam.list_attached_role_policies(RoleName="build")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["p", "AWSCodeDeployRole"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert [role["RoleName"] for role in iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]] == ["build"]
    assert [policy["PolicyName"] for policy in iam.list_policies(Scope="Local", OnlyAttached=True)["Policies"]] == ["p"]
    with refused("DeleteConflict", "Cannot delete a policy attached to entities."):
        iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", "Policy arn:aws:iam::aws:policy/NoSuch does not exist or is not attachable."):
        iam.attach_role_policy(RoleName="build", PolicyArn="arn:aws:iam::aws:policy/NoSuch")
    iam.detach_role_policy(RoleName="build", PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} was not found."):
        iam.detach_role_policy(RoleName="build", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)


def test_policies_of_aws_can_be_read_but_not_changed(iam):
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    statement = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]["Document"]["Statement"][0]
    assert statement == allow(["*"])
    with refused("AccessDenied"):
        iam.delete_policy(PolicyArn=arn)
    names = [policy["PolicyName"] for page in iam.get_paginator("list_policies").paginate(Scope="AWS", MaxItems=7) for policy in page["Policies"]]
    assert {"AdministratorAccess", "AmazonS3ReadOnlyAccess", "AWSCodeDeployRole"} <= set(names) and len(names) == len(set(names))


def test_instance_profiles_hold_one_role(iam, account):
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    profile = iam.create_instance_profile(InstanceProfileName="web-profile")["InstanceProfile"]
    assert profile["Arn"] == f"arn:aws:iam::{account}:instance-profile/web-profile" and profile["Roles"] == []
    iam.add_role_to_instance_profile(InstanceProfileName="web-profile", RoleName="web")
    assert iam.get_instance_profile(InstanceProfileName="web-profile")["InstanceProfile"]["Roles"][0]["RoleName"] == "web"
    with refused("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"):
        iam.add_role_to_instance_profile(InstanceProfileName="web-profile", RoleName="web")
    with refused("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first."):
        iam.delete_role(RoleName="web")
    assert [item["InstanceProfileName"] for item in iam.list_instance_profiles_for_role(RoleName="web")["InstanceProfiles"]] == ["web-profile"]
    iam.remove_role_from_instance_profile(InstanceProfileName="web-profile", RoleName="web")
    iam.delete_instance_profile(InstanceProfileName="web-profile")
    with refused("NoSuchEntity", "Instance Profile web-profile cannot be found."):
        iam.get_instance_profile(InstanceProfileName="web-profile")


def test_tags_are_put_replaced_and_removed(iam):
    iam.create_role(RoleName="build", AssumeRolePolicyDocument=SERVICE_TRUST, Tags=[{"Key": "team", "Value": "red"}])
    iam.tag_role(RoleName="build", Tags=[{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "test"}])
    assert iam.list_role_tags(RoleName="build")["Tags"] == [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "test"}]
    iam.untag_role(RoleName="build", TagKeys=["team"])
    assert iam.get_role(RoleName="build")["Role"]["Tags"] == [{"Key": "stage", "Value": "test"}]


def test_service_linked_roles_are_made_by_service(iam, account):
    role = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]
    assert role["Arn"] == f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    with refused("UnmodifiableEntity"):
        iam.delete_role(RoleName="AWSServiceRoleForAutoScaling")
    task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForAutoScaling")["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"


def test_a_user_without_policies_may_do_nothing(user, account):
    message = (
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::{account}:user/ "
        "because no identity-based policy allows the iam:ListUsers action"
    )
    with refused("AccessDenied", message, 403):
        user("iam").list_users()
    assert user("sts").get_caller_identity()["Arn"].endswith("user/dev")  # which needs no permission


def test_a_policy_put_now_decides_about_the_next_call(iam, user, account):
    iam.put_user_policy(UserName="dev", PolicyName="read", PolicyDocument=document(allow("iam:GetUser", f"arn:aws:iam::{account}:user/${{aws:username}}")))
    assert user("iam").get_user()["User"]["UserName"] == "dev"
    iam.create_user(UserName="other")
    message = (
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: iam:GetUser on resource: user other "
        "because no identity-based policy allows the iam:GetUser action"
    )
    with refused("AccessDenied", message):
        user("iam").get_user(UserName="other")
    iam.put_user_policy(UserName="dev", PolicyName="no", PolicyDocument=document(deny("iam:Get*")))
    with refused(
        "AccessDenied",
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: iam:GetUser on resource: user dev "
        "with an explicit deny in an identity-based policy",
    ):
        user("iam").get_user()
    iam.delete_user_policy(UserName="dev", PolicyName="no")
    user("iam").get_user()


def test_a_new_default_version_decides_for_all_who_have_the_policy(iam, user):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document(allow("iam:ListUsers")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="dev", PolicyArn=arn)
    user("iam").list_users()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("iam:ListRoles")), SetAsDefault=True)
    user("iam").list_roles()
    with refused("AccessDenied"):
        user("iam").list_users()


def test_groups_give_their_policies_to_members(iam, user):
    iam.create_group(GroupName="admins")
    iam.attach_group_policy(GroupName="admins", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    iam.add_user_to_group(GroupName="admins", UserName="dev")
    user("iam").list_users()
    assert [member["UserName"] for member in iam.get_group(GroupName="admins")["Users"]] == ["dev"]
    assert [group["GroupName"] for group in iam.list_groups_for_user(UserName="dev")["Groups"]] == ["admins"]
    with refused("DeleteConflict", "Cannot delete entity, must remove users from group first."):
        iam.delete_group(GroupName="admins")
    iam.remove_user_from_group(GroupName="admins", UserName="dev")
    with refused("AccessDenied"):
        user("iam").list_users()


def test_a_permissions_boundary_limits(iam, user, account):
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=document(allow("iam:ListRoles")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="dev", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    user("iam").list_users()
    iam.put_user_permissions_boundary(UserName="dev", PermissionsBoundary=boundary)
    user("iam").list_roles()
    message = (
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::{account}:user/ "
        "because no permissions boundary allows the iam:ListUsers action"
    )
    with refused("AccessDenied", message):
        user("iam").list_users()
    assert iam.get_user(UserName="dev")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    iam.delete_user_permissions_boundary(UserName="dev")
    user("iam").list_users()


def test_conditions_see_tags_of_principal_and_request(iam, user):
    condition = {"StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"}}
    iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(allow(["iam:CreateUser", "iam:TagUser"], Condition=condition)))
    iam.tag_user(UserName="dev", Tags=[{"Key": "team", "Value": "red"}])
    user("iam").create_user(UserName="mate", Tags=[{"Key": "team", "Value": "red"}])
    with refused("AccessDenied"):
        user("iam").create_user(UserName="stranger", Tags=[{"Key": "team", "Value": "blue"}])


def test_giving_a_role_to_an_instance_profile_needs_pass_role(iam, user, account):
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    iam.create_instance_profile(InstanceProfileName="p")
    iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(allow("iam:AddRoleToInstanceProfile")))
    message = (
        f"User: arn:aws:iam::{account}:user/dev is not authorized to perform: iam:PassRole on resource: arn:aws:iam::{account}:role/web "
        "because no identity-based policy allows the iam:PassRole action"
    )
    with refused("AccessDenied", message):
        user("iam").add_role_to_instance_profile(InstanceProfileName="p", RoleName="web")
    passed = allow("iam:PassRole", f"arn:aws:iam::{account}:role/web", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}})
    iam.put_user_policy(UserName="dev", PolicyName="pass", PolicyDocument=document(passed))
    user("iam").add_role_to_instance_profile(InstanceProfileName="p", RoleName="web")


def test_the_simulator_says_what_the_policies_say(iam, user, account):
    iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document(allow("s3:Get*", "arn:aws:s3:::b/*"), deny("s3:GetObjectAcl")))
    results = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{account}:user/dev",
        ActionNames=["s3:GetObject", "s3:GetObjectAcl", "s3:PutObject"],
        ResourceArns=["arn:aws:s3:::b/k"],
    )["EvaluationResults"]
    assert [item["EvalDecision"] for item in results] == ["allowed", "explicitDeny", "implicitDeny"]
    custom = iam.simulate_custom_policy(PolicyInputList=[document(allow("ec2:*"))], ActionNames=["ec2:RunInstances", "s3:GetObject"])
    assert [item["EvalDecision"] for item in custom["EvaluationResults"]] == ["allowed", "implicitDeny"]


def test_the_simulator_tells_which_statement_decided_and_where_it_stands(iam):
    flat = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    lines = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
    {
      "Effect": "Deny",
      "Action": "s3:Put*",
      "Resource": "*"
    }
  ]
}"""
    told = iam.simulate_custom_policy(PolicyInputList=[flat, lines], ActionNames=["s3:GetObject", "s3:PutObject", "sqs:SendMessage"])["EvaluationResults"]
    assert [result["MatchedStatements"] for result in told] == [
        [
            {
                "SourcePolicyId": "PolicyInputList.1",
                "SourcePolicyType": "IAM Policy",
                "StartPosition": {"Line": 1, "Column": 38},
                "EndPosition": {"Line": 1, "Column": 87},
            }
        ],
        [
            {
                "SourcePolicyId": "PolicyInputList.2",
                "SourcePolicyType": "IAM Policy",
                "StartPosition": {"Line": 4, "Column": 61},
                "EndPosition": {"Line": 9, "Column": 6},
            }
        ],
        [],
    ]


def test_a_single_statement_of_a_simulation_begins_behind_its_brace(iam):
    single = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}}'
    (told,) = iam.simulate_custom_policy(PolicyInputList=[single], ActionNames=["dynamodb:CreateBackup"])["EvaluationResults"]
    (match,) = told["MatchedStatements"]
    assert (match["StartPosition"], match["EndPosition"]) == ({"Line": 1, "Column": 38}, {"Line": 1, "Column": len(single)})


def test_the_simulator_names_policies_of_a_user_and_keys_that_nobody_gave(iam, user, account):
    iam.put_user_policy(UserName="dev", PolicyName="own", PolicyDocument=document(allow("s3:Get*", Condition={"Bool": {"aws:SecureTransport": "true"}})))
    iam.attach_user_policy(UserName="dev", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    arn, secure = f"arn:aws:iam::{account}:user/dev", {"ContextKeyName": "aws:SecureTransport", "ContextKeyType": "boolean", "ContextKeyValues": ["true"]}
    asked = {"PolicySourceArn": arn, "ActionNames": ["s3:GetObject", "sqs:SendMessage"]}
    without, queue = iam.simulate_principal_policy(**asked)["EvaluationResults"]
    assert (without["EvalDecision"], without["MissingContextValues"]) == ("implicitDeny", ["aws:SecureTransport"])
    assert queue["MatchedStatements"][0]["SourcePolicyId"] == "AmazonSQSFullAccess" and queue["MissingContextValues"] == []
    given = iam.simulate_principal_policy(**asked, ContextEntries=[secure])["EvaluationResults"][0]
    assert given["MatchedStatements"][0]["SourcePolicyId"] == "user_dev_own" and given["MissingContextValues"] == []
    page = iam.simulate_principal_policy(**asked, MaxItems=1)
    assert page["IsTruncated"] and len(page["EvaluationResults"]) == 1
    rest = iam.simulate_principal_policy(**asked, Marker=page["Marker"])
    assert [result["EvalActionName"] for result in rest["EvaluationResults"]] == ["sqs:SendMessage"]


def test_accounts_do_not_see_each_other(server, iam, account):
    iam.create_user(UserName="alice")
    other = server.client("iam", key=f"{(int(account) + 500000) % 10**12:012d}")
    assert other.list_users()["Users"] == []
    with refused("NoSuchEntity"):
        other.get_user(UserName="alice")


def test_the_account_alias(iam):
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias="demo")
    assert iam.list_account_aliases()["AccountAliases"] == ["demo"]
    iam.delete_account_alias(AccountAlias="demo")


def test_what_is_not_built_says_so(iam):
    with refused("NotImplemented", status=501):
        iam.create_saml_provider(SAMLMetadataDocument="x" * 1000, Name="p")


def test_everything_is_there_after_kill_9(start_server):
    server = start_server()
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document(allow("iam:ListUsers")))
    server.restart()
    alice = server.client("iam", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert [user["UserName"] for user in alice.list_users()["Users"]] == ["alice"]
    with refused("AccessDenied"):
        alice.list_roles()


def test_strict_refuses_keys_that_the_plane_did_not_issue(start_server):
    server = start_server("--strict")
    with refused("InvalidClientTokenId"):
        server.client("iam").list_users()


def test_an_unsigned_call_is_refused(server):
    body = urllib.parse.urlencode({"Action": "ListUsers", "Version": "2010-05-08"})
    reply = server.request("POST", "/", body, {"Content-Type": "application/x-www-form-urlencoded", "Host": "iam.amazonaws.com"})
    assert reply.status == 403 and b"<Code>MissingAuthenticationToken</Code>" in reply.data


def test_the_command_line_works(cli):
    cli("iam", "create-user", "--user-name", "alice")
    assert json.loads(cli("iam", "get-user", "--user-name", "alice", "--output", "json"))["User"]["UserName"] == "alice"
